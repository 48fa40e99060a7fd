"""Generated queries and texts, and a Slack workspace to escape them in."""

import random
from datetime import UTC, date, datetime
from typing import Final

from hypothesis import strategies as st

from bot.sandbox.workspace import User, Workspace
from store.domain.grammar.history import FIRST_DAY, KEYWORDS, LAST_DAY
from store.domain.query import MAX_DAYS, Cursor, HistoryQuery, Window
from store.domain.words import EDGES, INVISIBLE, LONG_DASHES, QUOTES

SPECIAL: Final = "".join(sorted(QUOTES)) + LONG_DASHES + INVISIBLE + "-,=<>&;|\\`@#!/:. \t\n\xa0\u3000"
"""Characters that mean something to the grammar or to Slack."""

PIECES: Final = (
    *SPECIAL,
    *("history", "help", "acme", "Acme Corp", "pi", "me", "Sam Lee", "nudge", "plan", "usr_1"),
    *("--actor", "--not-actor", "--type", "--field", "--from", "--to", "--30d", "—7d", "--before", "--open", "--table"),
    *("2026-01-31", "2026-02-30", "1763900000123456.12", "01/02/2026", "12", "0", "9" * 20),
    *("<@U123|sam>", "<#C1|>", "<http://acme.com|acme.com>", "<mailto:", "<!here>", "<@", "<http://"),
    *("&amp;", "&lt;", "&gt;", "&amp;lt;", "&quot;", "\\;", '\\"', "--", '"', "'", "O'Brien", "O’Brien"),
    *("é", "e\u0301", "ß", "İ", "株", "👩\u200d👧", "\U0010ffff", "\x1b", "\x7f", "\0", "\ud800"),
)

readable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
"""Every character but those that no database keeps."""

text = st.text(st.one_of(st.sampled_from(SPECIAL), readable), max_size=20)
names = st.one_of(text, st.sampled_from(["Acme Corp", "O'Brien", "&lt;", '"', "a\\", "--30d", "=", "<@U1>"])).filter(
    lambda name: bool(name.strip(EDGES))
)
mentions = st.from_regex(r"<@[UW][0-9A-Z]{1,10}>", fullmatch=True)
references = st.builds("{}:{}".format, st.sampled_from(["user", "contact", "integration", "api", "system"]), names)
actors = st.one_of(
    st.sampled_from(sorted(KEYWORDS)),
    st.sampled_from(sorted(f"@{word}" for word in KEYWORDS)),
    mentions,
    references,
    names.filter(lambda name: name.casefold() not in KEYWORDS),
)
types = st.one_of(st.sampled_from(["nudge", "task", "customer.field_changed"]), names.map(str.casefold))
days = st.dates(FIRST_DAY, LAST_DAY)


def _dated(first: date | None, last: date | None) -> Window | None:
    if first is None and last is None:
        return None
    if first and last and first > last:
        first, last = last, first
    return Window(since=first, until=last)


windows = st.one_of(
    st.none(),
    st.integers(1, MAX_DAYS).map(lambda count: Window(days=count)),
    st.builds(_dated, st.none() | days, st.none() | days),
)
cursors = st.builds(
    Cursor,
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis adds the zone
    st.integers(0, 10**18 - 1),
)


def _several(each: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(each, unique=True, max_size=4).map(tuple)


filters = st.builds(
    HistoryQuery,
    customer=st.none() | names,
    actors=_several(actors),
    not_actors=_several(actors),
    types=_several(types),
    not_types=_several(types),
    fields=_several(names),
    window=windows,
)
"""Every valid filter."""


@st.composite
def queries(draw: st.DrawFn) -> HistoryQuery:
    """Every valid query: a filter, and where the reader stands in it."""
    shown = draw(filters)
    match draw(st.sampled_from(["first", "older", "newer"])):
        case "older":
            shown = shown.older_than(draw(cursors))
        case "newer":
            shown = shown.newer_than(draw(cursors))
    for seq in draw(st.lists(st.integers(1, 10**18 - 1), unique=True, max_size=5)):
        shown = shown.toggled(seq)
    return HistoryQuery(**{name: getattr(shown, name) for name in shown.__slots__} | {"table": draw(st.booleans())})


def odd_text(source: random.Random, most: int = 4000) -> str:
    """Pieces of commands and single characters at random, of any length up to `most`."""
    pieces: list[str] = []
    length, wanted = 0, int(most ** source.random())
    while length < wanted:
        piece = source.choice(PIECES) if source.random() < 0.8 else chr(source.randrange(0x110000))
        piece += source.choice(("", "", " "))
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces)[:most]


def a_workspace() -> Workspace:
    """As much of a Slack workspace as escaping needs: one person whose handle can be typed, no channels."""
    sam = User("U000000001", "Sam Lee", "sam", "T1")
    pivotal = User("U000000002", "Pivotal", "pivotal", "T1", bot=True)
    found = Workspace(
        clock=lambda: datetime(2026, 3, 4, 12, tzinfo=UTC),
        team_id="T1",
        team_domain="acme-hq",
        enterprise_id=None,
        app_id="A1",
        bot_id="B1",
        bot_user=pivotal,
    )
    found.users = {user.id: user for user in (sam, pivotal)}
    return found
