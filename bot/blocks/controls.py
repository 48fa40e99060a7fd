"""HistoryQuery → the filter rows of the feed. Every control carries the query it leads to, or the one that its selection changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from bot import limits
from bot.blocks import kit, phrases
from bot.blocks.fit import Fit
from bot.blocks.kit import Block, Element
from bot.blocks.links import Links
from store.domain.query import Choice, HistoryQuery, Page, Window

ACTORS = "history:filter:actors"
TYPES = "history:filter:types"
WINDOW = "history:filter:window"
FROM = "history:filter:from"
TO = "history:filter:to"
MENU = "history:menu"
GO = "history:go"
"""Of buttons that lead to the query in their value."""

SHARE, EXPORT, TABLE, COMMAND = "share", "export", "table", "command"

WAYS = {"me": "Me", "slack": "Anybody, via Slack", "api": "Anything, via the API"}
"""What the words that name nobody are called where they are chosen."""
LABEL = 22
"""Characters of a name on a button."""
CUSTOM = "custom"
ALL = "all"
PRESETS = (("Last 7 days", "7"), ("Last 30 days", "30"), ("Last 90 days", "90"), ("All time", ALL), ("Custom…", CUSTOM))
CUSTOM_DAYS = 30
"""What a custom range begins as, where the window before had no days."""


def controls(page: Page, links: Links, fit: Fit, *, sharing: bool) -> Iterator[Block]:
    """The rows above the entries. sharing: whether there is a channel to share to."""
    query = page.query
    yield kit.actions(
        _search(ACTORS, "Actors", query.actors, _actor_options(page), fit),
        _search(TYPES, "Event types", query.types, [kit.option(word, word) for word in query.types], fit),
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
    if removable := list(_removable(page, links, fit)):
        yield kit.actions(*removable)


def _search(action_id: str, name: str, words: Sequence[str], options: Sequence[Element], fit: Fit) -> Element:
    """A select for any number of words of the query. options: one for each, as far as Slack can hold it."""
    if len(words) <= fit.listed and len(options) == len(words):
        return kit.multi_search(action_id, name, options)
    return kit.multi_search(action_id, f"{name}: {len(words)} chosen", ())


def _actor_options(page: Page) -> Sequence[Element]:
    return actor_options(
        Choice(WAYS.get(word) or phrases.actor_name(word, page.names), word) for word in page.query.actors
    )


def actor_options(choices: Iterable[Choice]) -> list[Element]:
    """Those whose words Slack can hold in an option. Any other actor can be filtered by typing the name."""
    return [
        kit.option(kit.one_line(each.label) or each.word, each.word)
        for each in choices
        if len(each.word) <= limits.OPTION_VALUE
    ]


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
    yield kit.option("Export to CSV", EXPORT)
    yield kit.option("List view" if query.table else "Table view", TABLE)
    yield kit.option("Copy as command", COMMAND)


def _removable(page: Page, links: Links, fit: Fit) -> Iterator[Element]:
    """A button for each filter that no select shows, and one for all of them."""
    query = page.query
    unseen = len(query.actors) > fit.listed or len(_actor_options(page)) < len(query.actors)
    hidden = [
        (query.actors if unseen else (), "by", "actors"),
        (query.types if len(query.types) > fit.listed else (), "type", "types"),
        (query.not_actors, "not by", "not_actors"),
        (query.not_types, "not", "not_types"),
        (query.fields, "field", "fields"),
    ]
    for number, (words, lead, name) in enumerate(hidden):
        if words:
            said = phrases.either(phrases.actor_names(words, page.names, LABEL), 2)
            without = query.filtered(**{name: ()})
            yield kit.button(f"✕ {lead} {said}", f"{GO}:drop{number}", links.value(without))
    if query.is_filtered:
        bare = HistoryQuery(customer=query.customer, table=query.table)
        yield kit.button("Clear filters", f"{GO}:clear", links.value(bare))


def no_older(page: Page) -> Iterator[Block]:
    """Where entries have been removed for their age, below the oldest that is kept."""
    if page.kept_since is not None and page.older is None:
        yield kit.context(kit.plain(phrases.kept(page.kept_since, page.reader.zone)))


def paging(page: Page, links: Links) -> Iterator[Block]:
    buttons = []
    if page.newer is not None:
        buttons.append(kit.button("← Newer", f"{GO}:newer", links.value(page.query.newer_than(page.newer))))
    if page.older is not None:
        buttons.append(kit.button("Older →", f"{GO}:older", links.value(page.query.older_than(page.older))))
    if buttons:
        yield kit.actions(*buttons)


def _iso(day: object) -> str | None:
    return None if day is None else str(day)
