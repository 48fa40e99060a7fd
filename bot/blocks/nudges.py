"""The schedules of a workspace, and how nudging goes."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot import limits
from bot.blocks import kit, phrases
from bot.blocks.kit import Block, Message
from bot.blocks.nudge import usually
from store.domain.nudge import Health, NudgeState
from store.domain.scope import Scope

MENU: Final = "nudges:menu"
RUN: Final = "nudges:run"
NEW: Final = "schedule"
"""The form that makes one."""
EDIT: Final = "edit"
SHOWN: Final = 30


def listed(rows: Sequence[tuple[int, str, str, str | None, str]], new: kit.Element) -> Message:
    """rows: (number, what it does, state, channel's id, who made it). new: the button that opens the form."""
    text = f"{len(rows)} schedules" if len(rows) != 1 else "1 schedule"
    if not rows:
        text = "Pi does not nudge yet: no schedule is set. Every weekday at 9 is a good beginning."
    blocks: list[Block] = [kit.section(kit.plain(text))]
    for number, what, state, channel, who in rows[:SHOWN]:
        turn = ("Resume", "active") if state == "paused" else ("Pause", "paused")
        options = [kit.option(label, f"{number} {to}") for label, to in (("Edit…", EDIT), turn, ("Delete", "deleted"))]
        told = f"{number}. {what}" + (" (paused)" if state == "paused" else "")
        where = f"in <#{channel}>" if channel else "where each customer belongs: its channel, else its owner"
        pair = [
            kit.section(kit.plain(told, 300), accessory=kit.overflow(f"{MENU}:{number}", options)),
            kit.context(kit.mrkdwn(where), kit.plain(f"by {who}", 100)),
        ]
        if kit.size([*blocks, *pair]) > limits.MESSAGE_JSON_SOFT - 600:
            break
        blocks += pair
    blocks.append(kit.actions(new, kit.button("Run now", RUN, "now")))
    return Message(text, tuple(blocks))


def what_it_does(
    kind: str, cadence: str, zone: str, kinds: Sequence[str], scope: Scope, names: Mapping[str, str]
) -> str:
    """`Nudges weekdays 09:00 (Europe/Berlin): risk, of customers tagged vip`."""
    lead = "Digest" if kind == "digest" else "Nudges"
    rest = [", ".join(kinds) or "risk and attention"]
    if scope.customer:
        rest.append(f"of {phrases.shown(names.get(scope.customer, scope.customer), 80)}")
    if scope.owner:
        rest.append(f"of customers of {phrases.shown(names.get(scope.owner, scope.owner), 80)}")
    if scope.tag:
        rest.append(f"of customers tagged {phrases.shown(scope.tag, 60)}")
    return f"{lead} {cadence} ({zone}): {', '.join(rest)}"


SAID: Final = {
    NudgeState.DONE: "done",
    NudgeState.SNOOZED: "snoozed",
    NudgeState.DISMISSED: "dismissed",
    NudgeState.CLEARED: "resolved by themselves",
    NudgeState.FAILED: "refused by Slack",
}


def health(found: Health, days: int, errors: Sequence[str]) -> Message:
    """errors: what was refused, in sentences; admins only see them."""
    now = (
        f"Standing {found.standing}, snoozed {found.snoozed}, held {found.held}. "
        f"Deliveries: {found.due} due, {found.pending} pending, {found.uncertain} uncertain, {found.failed} failed."
    )
    ended = (
        ", ".join(f"{count} {SAID[state]}" for state, count in found.outcomes.items() if state in SAID) or "none ended"
    )
    lately = f"In the last {days} days: {ended}."
    if often := usually(found.usually):
        lately += f" Half of them within {often}."
    blocks = [kit.section(kit.plain(now)), kit.section(kit.plain(lately))]
    if found.reasons:
        reasons = [[kit.run(phrases.shown(each, 200))] for each in found.reasons]
        blocks += [kit.section(kit.plain("Why some were dismissed:")), kit.bullets(*reasons)]
    if errors:
        blocks += [kit.section(kit.plain("What Slack refused:")), kit.bullets(*([kit.run(each)] for each in errors))]
    return Message(f"{now} {lately}", tuple(blocks))
