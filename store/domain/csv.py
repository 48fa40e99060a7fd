"""CSV that a spreadsheet opens as it was meant: every cell quoted, none of them a formula, and the original can be had back.

Spreadsheets run a cell that begins with one of `=+-@`, and skip invisible characters before it. Such a cell gets one apostrophe in front;
so does one that begins with an apostrophe, so that dropping one leading apostrophe undoes it for every cell.
"""

import re
from collections.abc import Iterable
from typing import Final

SKIPPED: Final = (
    " \u00a0\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters that may stand, unseen, before the one that counts."""
ACTIVE: Final = "=+-@\t\r\n'＝＋－＠"
"""Characters that a harmless cell does not begin with."""
GUARD: Final = "'"
MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark, by which Excel knows UTF-8."""

_SUSPECT: Final = frozenset(SKIPPED + ACTIVE)
_GUARDED: Final = re.compile(f"[{re.escape(SKIPPED)}]*[{re.escape(ACTIVE)}]")


def guarded(text: str) -> str:
    return GUARD + text if _GUARDED.match(text) else text


def original(cell: str) -> str:
    """What `guarded` made this cell of."""
    return cell.removeprefix(GUARD)


def cell(text: str) -> str:
    """NUL, which no spreadsheet reads, becomes U+FFFD."""
    if text[:1] in _SUSPECT:
        text = guarded(text)
    if '"' in text or "\0" in text:
        text = text.replace('"', '""').replace("\0", "\ufffd")
    return f'"{text}"'


def line(cells: Iterable[str]) -> str:
    """One record, with its line's end."""
    return ",".join(map(cell, cells)) + "\r\n"
