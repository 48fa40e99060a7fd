"""What is read off a feed, and what a person does with one."""

import re
from typing import Final

from bot.sandbox import Shown
from bot.sandbox.inputs import controls

COUNT: Final = re.compile(r"([\d,]+\+?|No) activit(?:y|ies)")
ENTRY: Final = re.compile(r"history:go:open(\d+)")


def count(shown: Shown) -> str:
    """The number in the summary line: `73`, `1,000+`, `No`."""
    found = COUNT.search(shown.text)
    assert found is not None, shown.text
    return found[1]


def seqs(shown: Shown) -> list[int]:
    """The entries of a list, newest first, by their number in the log."""
    found = (ENTRY.fullmatch(each.element["action_id"]) for each in controls(shown.blocks))
    return [int(each[1]) for each in found if each]


def table(shown: Shown) -> list[list[str]]:
    """The rows of a table, without its header."""
    block = next(each for each in shown.blocks if each["type"] == "data_table")
    return [[cell["text"] for cell in row] for row in block["rows"][1:]]


async def to_the_end(shown: Shown) -> list[int]:
    """Every entry from here on, page by page."""
    found = seqs(shown)
    while "Older →" in shown.buttons:
        shown = await shown.click("Older →")
        found += seqs(shown)
    return found


def command(shown: Shown) -> str:
    """The command in a box to copy from."""
    box = next(each for each in shown.blocks[-1]["elements"] if each["type"] == "rich_text_preformatted")
    return str(box["elements"][0]["text"])
