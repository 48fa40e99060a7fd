"""What can be typed: from usage.py to the blocks of `/pivotal help`."""

from collections.abc import Sequence

from bot.blocks import kit
from bot.blocks.kit import Message
from bot.blocks.problem import with_code
from store.domain.usage import FILTERS, PROGRAM, USAGE, Usage

LEAD = "Who changed what, when, from what to what."


def help_on(usage: Usage | None, program: str = PROGRAM) -> Message:
    """One command in full, or, with None, all of them."""
    return _one(usage, program) if usage else _all(USAGE, program)


def _all(usages: Sequence[Usage], program: str) -> Message:
    lines = [[kit.run(f"{program} {each.synopsis}", code=True), kit.run(f"\n{each.purpose}\n")] for each in usages]
    more = list(with_code(f"`{program} help history` tells more about one, with its filters."))
    return Message(f"{LEAD} {program} help", (kit.rich([kit.run(f"{LEAD}\n", bold=True)], *lines, more),))


def _one(usage: Usage, program: str) -> Message:
    sections = [[kit.run(f"{program} {usage.synopsis}", code=True)], [kit.run(f"{usage.purpose}\n")]]
    filters = [[kit.run(each.synopsis, code=True), kit.run(f"  {each.purpose}")] for each in FILTERS]
    examples = [[kit.run(f"{program} {each}", code=True)] for each in usage.examples]
    blocks = [kit.rich(*sections)]
    if "FILTER" in usage.synopsis:
        blocks.append(kit.bullets(*filters))
    blocks.append(kit.rich([kit.run("For example", bold=True)], *examples))
    return Message(f"{program} {usage.synopsis}", tuple(blocks))
