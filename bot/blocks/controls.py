"""HistoryQuery → the filter rows of the feed. Every control carries the query it leads to, or the one that its selection changes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bot.blocks import kit, phrases
from bot.blocks.kit import Block, Element
from bot.blocks.links import Links
from store.domain.query import HistoryQuery, Page, Window

ACTORS = "history:filter:actors"
TYPES = "history:filter:types"
WINDOW = "history:filter:window"
FROM = "history:filter:from"
TO = "history:filter:to"
MENU = "history:menu"
GO = "history:go"
"""Of buttons that lead to the query in their value."""

SHARE, TABLE, COMMAND = "share", "table", "command"

LISTED = 12
"""So many choices are shown in a select; of more, a button tells the number and drops them."""
CUSTOM = "custom"
ALL = "all"
PRESETS = (("Last 7 days", "7"), ("Last 30 days", "30"), ("Last 90 days", "90"), ("All time", ALL), ("Custom…", CUSTOM))
CUSTOM_DAYS = 30
"""What a custom range begins as, where the window before had no days."""


def controls(page: Page, links: Links, *, sharing: bool) -> Iterator[Block]:
    """The rows above the entries. sharing: whether there is a channel to share to."""
    query = page.query
    yield kit.actions(
        kit.multi_search(ACTORS, _placeholder("Actors", query.actors), _chosen_actors(page)),
        kit.multi_search(TYPES, _placeholder("Event types", query.types), _chosen_types(query)),
        _window(query),
        kit.overflow(MENU, list(_menu(query, sharing=sharing))),
        block_id=links.block_id(query),
    )
    if query.window is not None and query.window.days is None:
        yield kit.actions(
            kit.datepicker(FROM, "From", _iso(query.window.since)),
            kit.datepicker(TO, "To", _iso(query.window.until)),
            block_id=links.block_id(query),
        )
    if removable := list(_removable(page, links)):
        yield kit.actions(*removable)


def _placeholder(name: str, chosen: tuple[str, ...]) -> str:
    return f"{name}: {len(chosen)} chosen" if len(chosen) > LISTED else name


def _chosen_actors(page: Page) -> list[Element]:
    words = page.query.actors if len(page.query.actors) <= LISTED else ()
    return [actor_option(phrases.actor_name(word, page.names), word) for word in words]


def _chosen_types(query: HistoryQuery) -> list[Element]:
    return [kit.option(word, word) for word in query.types] if len(query.types) <= LISTED else []


def actor_option(label: str, word: str) -> Element:
    return kit.option(kit.one_line(label) or word, word)


def _window(query: HistoryQuery) -> Element:
    options = [kit.option(label, value) for label, value in PRESETS]
    days = None if query.window is None else query.window.days
    if days is not None and str(days) not in dict(map(reversed, PRESETS)):  # type: ignore[arg-type]  # pairs of text
        options.insert(0, kit.option(f"Last {days} days", str(days)))
    wanted = ALL if query.window is None else CUSTOM if days is None else str(days)
    return kit.select(WINDOW, "Dates", options, next(each for each in options if each["value"] == wanted))


def window_chosen(page_window: Window | None, value: str, today: Window) -> Window | None:
    """The window that a choice among the presets leads to.

    today   the reader's day, as both ends of a window
    """
    if value == ALL:
        return None
    if value != CUSTOM:
        return Window(days=int(value))
    if page_window is not None and page_window.days is None:
        return page_window
    days = CUSTOM_DAYS if page_window is None or page_window.days is None else page_window.days
    assert today.until is not None
    return replace(today, since=today.until - timedelta(days=days))


def _menu(query: HistoryQuery, *, sharing: bool) -> Iterator[Element]:
    if sharing:
        yield kit.option("Share to this channel", SHARE)
    yield kit.option("List view" if query.table else "Table view", TABLE)
    yield kit.option("Copy as command", COMMAND)


def _removable(page: Page, links: Links) -> Iterator[Element]:
    """A button for each filter that no select shows, and one for all of them."""
    query = page.query
    hidden = [
        (query.actors if len(query.actors) > LISTED else (), "by", query.filtered(actors=())),
        (query.types if len(query.types) > LISTED else (), "type", query.filtered(types=())),
        (query.not_actors, "not by", query.filtered(not_actors=())),
        (query.not_types, "not", query.filtered(not_types=())),
        (query.fields, "field", query.filtered(fields=())),
    ]
    for number, (words, lead, without) in enumerate(hidden):
        if words:
            said = phrases.either([kit.one_line(phrases.actor_name(word, page.names)) for word in words], 2)
            yield kit.button(f"✕ {lead} {said}", f"{GO}:drop{number}", links.value(without))
    bare = HistoryQuery(customer=query.customer, table=query.table)
    if query.bare() != bare.bare():
        yield kit.button("Clear filters", f"{GO}:clear", links.value(bare))


def _iso(day: object) -> str | None:
    return None if day is None else str(day)
