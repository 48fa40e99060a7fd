"""Page → the feed: the summary, the controls, the entries, the way to older and newer ones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import add
from typing import Final

from bot.blocks import activity, kit, phrases
from bot.blocks.controls import GO, controls, no_older, paging
from bot.blocks.fit import FITS, ROOM, Fit, Frame, fitting, shares
from bot.blocks.kit import Block, Element, Message
from bot.blocks.links import Links
from bot.blocks.receipt import REVERT, seqs_of
from bot.blocks.table import table
from store.domain.activity import Activity
from store.domain.query import HistoryQuery, Page
from store.domain.record import revertible

OWN: Final = "history:own"
"""Of the button on a shared feed that opens the reader's own, with controls."""
BUTTON: Final = 200
"""Bytes of one."""


def feed(page: Page, mark: str, *, sharing: bool) -> Message:
    """The feed for its reader's eyes. mark: new in every message. sharing: whether there is a channel to share to."""
    if page.query.table and page.entries:
        return table(page, mark, sharing=sharing)
    opened = [each for each in page.entries if each.seq in page.query.opened]
    names, zone = page.names, page.reader.zone
    needed = [activity.needs(each, names, zone) for each in opened]
    least = [min(need, activity.LEAST) for need, _ in needed]
    frame = fitting(partial(_frame, page, mark, sharing=sharing), ROOM - sum(least))
    if not opened:
        return frame.closed
    room = ROOM - frame.size - sum(least)
    if len(opened) == 1 and needed[0][1] > room + least[0]:
        return _alone(page, opened[0], mark)
    if room < 0:
        here = tuple(seq for seq in page.query.opened if any(each.seq == seq for each in opened))
        last = here[-max(1, len(here) + room // (activity.LEAST + BUTTON)) :]
        return feed(replace(page, query=replace(page.query, opened=last)), mark, sharing=sharing)
    more = shares([most - given for (_, most), given in zip(needed, least, strict=True)], room)
    rooms = zip(opened, map(add, least, more), strict=True)
    return frame.opened({each.seq: activity.details(each, names, zone, share) for each, share in rooms})


def shared(page: Page, mark: str, by: str) -> Message:
    """The feed for a channel: for reading, with one button for whoever wants their own. by: who shared it."""

    def made(fit: Fit) -> Frame:
        links = Links(mark, fit.link)
        text = f"{phrases.shown(by, fit.name)} shared: {phrases.summary(page, fit.name, fit.names)}"
        own = kit.button("Open and filter", OWN, links.value(page.query.bare()))
        entries = {each.seq: activity.entry(each, page.names, page.reader.zone, fit) for each in page.entries}
        return Frame(text, [kit.section(kit.plain(text))], entries, [*no_older(page), kit.actions(own)], links)

    return fitting(made).closed


def _frame(page: Page, mark: str, fit: Fit, *, sharing: bool) -> Frame:
    links = Links(mark, fit.link)
    text = phrases.summary(page, fit.name, fit.names)
    above = [kit.section(kit.plain(text)), *controls(page, links, fit, sharing=sharing)]
    closed = replace(page.query, opened=())
    entries = {each.seq: _entry(page, each, links, fit, closed) for each in page.entries}
    if page.entries:
        below = [*no_older(page), *_reverting(page, page.entries), *paging(page, links)]
    else:
        below = _nothing(page, links)
    return Frame(text, above, entries, below, links)


def _reverting(page: Page, entries: Sequence[Activity], *beside: Element) -> Iterator[Block]:
    """A row with a button for each opened entry that can be taken back. beside: what else stands in it."""
    can = [each for each in entries if each.seq in page.query.opened and revertible(each)]
    buttons = [
        kit.button(f"Revert entry {each.seq}", f"{REVERT}:{each.seq}", seqs_of(page.customer, [each.seq]))
        for each in can
    ]
    if beside or buttons:
        yield kit.actions(*beside, *buttons)


def _entry(page: Page, each: Activity, links: Links, fit: Fit, closed: HistoryQuery) -> tuple[Block, Block]:
    """closed: the page's query with no entry opened."""
    label = "Close" if each.seq in page.query.opened else "Details"
    value = links.opening(closed, page.query.opened_after(each.seq))
    button = kit.button(label, f"{GO}:open{each.seq}", value, described=f"{label} of entry {each.seq}")
    return activity.entry(each, page.names, page.reader.zone, fit, button)


def _alone(page: Page, each: Activity, mark: str) -> Message:
    """An entry whose details need the whole message."""
    fit = FITS[2]
    links = Links(mark, fit.link)
    text = phrases.summary(page, fit.name, fit.names)
    back = kit.button("Back to the list", f"{GO}:open{each.seq}", links.value(page.query.toggled(each.seq)))
    entry = activity.entry(each, page.names, page.reader.zone, fit)
    frame = Frame(text, [kit.section(kit.plain(text))], {each.seq: entry}, list(_reverting(page, [each], back)), links)
    room = ROOM - frame.size
    return frame.opened({each.seq: activity.details(each, page.names, page.reader.zone, room)})


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
    told = kit.section(kit.plain(phrases.advice(page)))
    return [told, kit.actions(*buttons)] if buttons else [told]
