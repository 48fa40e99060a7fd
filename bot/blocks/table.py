"""Page → the table view: one row per changed field, as in an export; where Slack has no such block yet, a plain list of sections."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from bot import limits
from bot.blocks import kit, phrases
from bot.blocks.controls import controls, no_older, paging
from bot.blocks.fit import ROOM, Fit, Frame, fitting
from bot.blocks.kit import Block, Message
from bot.blocks.links import Links
from store.domain.activity import Activity
from store.domain.query import Cursor, Page
from store.domain.rows import rows

ENTRIES: Final = 20
"""Entries on a page, where they have room."""
COLUMNS: Final = ("When", "Actor", "Event type", "Field", "Old", "New", "Onboarding")
CELLS: Final = (120, 60, 30)
"""Characters of a cell: as many as the message has room for; when that is not enough, there are fewer entries."""
CAPTION: Final = 150
AROUND: Final = 4_000
"""Bytes of the message around the table."""


def table(page: Page, mark: str, *, sharing: bool) -> Message:
    """page: has entries. Those that have no room are left to the next page."""
    around = partial(_frame, mark=mark, sharing=sharing)
    listed = fitting(partial(around, page, mark=f"{mark}L")).closed
    room = ROOM - fitting(partial(around, _part(page, 1), alone=True), AROUND).size

    def drawn(entries: int, cell: int) -> Block:
        body = [row for each in _part(page, entries).entries for row in _rows(page, each, cell)]
        caption = kit.beginning(phrases.summary(page), CAPTION)
        return kit.data_table(caption, [COLUMNS, *body], page_size=min(len(body), ENTRIES))

    def fits(entries: int, cell: int) -> bool:
        block = drawn(entries, cell)
        return len(block["rows"]) <= limits.DATA_TABLE_ROWS_OLD and kit.size([block]) <= room

    whole = len(page.entries)
    cell = next((each for each in CELLS if fits(whole, each)), CELLS[-1])
    shown = bisect_left(range(1, whole + 1), True, key=lambda entries: not fits(entries, cell))
    if not shown:
        return listed
    frame = fitting(partial(around, _part(page, shown), alone=True), AROUND)
    blocks = (*frame.above, drawn(shown, cell), *frame.below)
    return Message(frame.text, blocks, fallback=listed, kept={**frame.links.kept, **listed.kept})


def _frame(page: Page, fit: Fit, *, mark: str, sharing: bool, alone: bool = False) -> Frame:
    """alone: without the entries, for which a table stands in."""
    links = Links(mark, fit.link)
    text = phrases.summary(page, fit.name, fit.names)
    above = [kit.section(kit.plain(text)), *controls(page, links, fit, sharing=sharing)]
    told = {} if alone else {each.seq: [_listed(page, each, fit)] for each in page.entries}
    return Frame(text, above, told, [*no_older(page), *paging(page, links)], links)


def _listed(page: Page, each: Activity, fit: Fit) -> Block:
    line = kit.cut(phrases.line(each, page.names, fit.value), fit.line)
    return kit.section(kit.plain(f"{phrases.when(each.occurred_at, page.reader.zone)} · {line}"))


def _part(page: Page, entries: int) -> Page:
    """So many entries of the page, those nearest to where the reader came from, and the way to the rest."""
    if entries == len(page.entries):
        return page
    if page.query.after is not None:
        shown = page.entries[-entries:]
        return replace(page, entries=shown, newer=Cursor.of(shown[0]))
    shown = page.entries[:entries]
    return replace(page, entries=shown, older=Cursor.of(shown[-1]))


def _rows(page: Page, each: Activity, most: int) -> Iterator[Sequence[str]]:
    """The rows of the export, as far as they have room. most: characters of a cell."""
    lead = (phrases.when(each.occurred_at, page.reader.zone), phrases.who(each, page.names, most), each.kind)
    for row in rows(each, page.names):
        cells = (row.field, row.old_value, row.new_value, row.onboarding_id)
        yield (*lead, *(kit.beginning(cell, most) for cell in cells))
