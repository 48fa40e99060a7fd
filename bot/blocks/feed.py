"""Page → the feed: the summary, the controls, the entries, the way to older and newer ones."""

from collections.abc import Iterator

from bot import limits
from bot.blocks import activity, kit, phrases
from bot.blocks.controls import GO, controls
from bot.blocks.kit import Block, Message
from bot.blocks.links import Links
from store.domain.activity import Activity, printed
from store.domain.query import Page

OWN = "history:own"
"""Of the button on a shared feed that opens the reader's own, with controls."""

ROOM = limits.MESSAGE_JSON_SOFT
COLUMNS = ("When", "Actor", "Event type", "Field", "Old", "New", "Onboarding")
TABLE_ENTRIES = 20
"""Entries on a page of the table view."""
CELLS = (120, 60, 30, 15)
"""Characters of a cell: as many as the message has room for."""


def feed(page: Page, mark: str, *, sharing: bool) -> Message:
    """The feed for its reader's eyes. mark: new in every message."""
    if page.query.table and page.entries:
        return _table(page, mark, sharing=sharing)
    return _listed(page, mark, sharing=sharing)


def shared(page: Page, mark: str, by: str) -> Message:
    """The feed for a channel: for reading, with one button for whoever wants their own. by: who shared it."""
    links = Links(mark)
    text = f"{kit.one_line(by)} shared: {phrases.summary(page)}"
    blocks = [kit.section(kit.plain(text))]
    for each in page.entries:
        blocks += activity.entry(each, page.names, page.reader.zone, None)
    own = kit.button("Open and filter", OWN, links.value(page.query.bare()))
    return Message(text, (*blocks, kit.actions(own)), kept=links.kept)


def _listed(page: Page, mark: str, *, sharing: bool) -> Message:
    links = Links(mark)
    text = phrases.summary(page)
    above = [kit.section(kit.plain(text)), *controls(page, links, sharing=sharing)]
    below = list(_paging(page, links)) if page.entries else _nothing(page, links)
    entries = [_entry(page, each, links) for each in page.entries]
    blocks = [*above, *(block for pair in entries for block in pair), *below]
    opened = [each for each in page.entries if each.seq in page.query.opened]
    if not opened:
        return Message(text, tuple(blocks), kept=links.kept)
    room = (ROOM - kit.size(blocks)) // len(opened)
    told = {each.seq: activity.details(each, page.names, page.reader.zone, 10**9) for each in opened}
    if len(opened) == 1 and kit.size([told[opened[0].seq]]) > room:
        return _alone(page, opened[0], text, links)
    blocks = above
    for each, pair in zip(page.entries, entries, strict=True):
        blocks += pair
        if each.seq in told:
            blocks.append(activity.details(each, page.names, page.reader.zone, room))
    return Message(text, (*blocks, *below), kept=links.kept)


def _entry(page: Page, each: Activity, links: Links) -> tuple[Block, Block]:
    label = "Close" if each.seq in page.query.opened else "Details"
    described = f"{label} of entry {each.seq}"
    button = kit.button(label, f"{GO}:open{each.seq}", links.value(page.query.toggled(each.seq)), described=described)
    return activity.entry(each, page.names, page.reader.zone, button)


def _alone(page: Page, each: Activity, text: str, links: Links) -> Message:
    """An entry whose details need the whole message."""
    back = kit.button("Back to the list", f"{GO}:open{each.seq}", links.value(page.query.toggled(each.seq)))
    around = [
        kit.section(kit.plain(text)),
        *activity.entry(each, page.names, page.reader.zone, None),
        kit.actions(back),
    ]
    room = ROOM - kit.size(around) - 2
    details = activity.details(each, page.names, page.reader.zone, room)
    return Message(text, (*around[:-1], details, around[-1]), kept=links.kept)


def _paging(page: Page, links: Links) -> Iterator[Block]:
    buttons = []
    if page.newer is not None:
        buttons.append(kit.button("← Newer", f"{GO}:newer", links.value(page.query.newer_than(page.newer))))
    if page.older is not None:
        buttons.append(kit.button("Older →", f"{GO}:older", links.value(page.query.older_than(page.older))))
    if buttons:
        yield kit.actions(*buttons)


def _nothing(page: Page, links: Links) -> list[Block]:
    """What to do about an empty page, as words and as buttons."""
    query = page.query
    wider = {
        "actor": ("Any actor", query.filtered(actors=())),
        "not-actor": ("Leave nobody out", query.filtered(not_actors=())),
        "type": ("Any type", query.filtered(types=())),
        "not-type": ("Leave no type out", query.filtered(not_types=())),
        "field": ("Any field", query.filtered(fields=())),
        "window": ("All time", query.within(None)),
    }
    buttons = [kit.button(wider[name][0], f"{GO}:widen:{name}", links.value(wider[name][1])) for name in page.widen]
    if query.before or query.after:
        buttons.append(kit.button("To the newest", f"{GO}:newest", links.value(query.first_page())))
    told = kit.section(kit.plain(phrases.advice(page)))
    return [told, kit.actions(*buttons)] if buttons else [told]


# --- the table --------------------------------------------------------------------------------------------------------


def _table(page: Page, mark: str, *, sharing: bool) -> Message:
    """One row per changed field, as in an export; as a list, where Slack has no such block yet or it would not fit."""
    listed = _listed(page, f"{mark}L", sharing=sharing)
    links = Links(mark)
    text = phrases.summary(page)
    around = [kit.section(kit.plain(text)), *controls(page, links, sharing=sharing), *_paging(page, links)]
    at = len(around) - (1 if page.older or page.newer else 0)
    for cell in CELLS:
        rows = [COLUMNS, *(row for each in page.entries for row in _rows(page, each, cell))]
        if len(rows) > limits.DATA_TABLE_ROWS_OLD:
            break
        table = kit.data_table(kit.cut(text, 150), rows, page_size=min(len(rows) - 1, 20))
        blocks = (*around[:at], table, *around[at:])
        if kit.size(blocks) <= ROOM:
            return Message(text, blocks, fallback=listed, kept={**links.kept, **listed.kept})
    return listed


def _rows(page: Page, each: Activity, most: int) -> Iterator[tuple[str, ...]]:
    at = phrases.when(each.occurred_at, page.reader.zone)
    lead = (at, kit.cut(phrases.who(each, page.names), most), each.kind)
    onboarding = kit.cut(kit.one_line(each.onboarding_id or ""), most)
    if not each.changes:
        yield (*lead, "", "", kit.cut(kit.one_line(each.text or ""), most), onboarding)
    for change in each.changes:
        old, new = (kit.cut(kit.one_line(printed(side, page.names)), most) for side in (change.old, change.new))
        yield (*lead, kit.cut(kit.one_line(change.field), most), old, new, onboarding)
