"""A customer with a history that leaves nothing out, and filters to stack over it."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from store.domain.query import HistoryQuery, Window

FIRST: Final = datetime(2026, 10, 1, tzinfo=UTC)
ACTORS: Final = ("pi", "hubspot", "slack", "Sam Lee", "Ann Lee", "=cmd|' /C calc'!A0", "api")
TYPES: Final = ("customer.field_changed", "pi.nudge", "task", "comment", "acme.rang_up", "integration")
FIELDS: Final = ("plan", "owner", "tags", "health_score", "-strange", "comment")

VALUES: Final[Sequence[Any]] = (
    *(
        "Starter",
        "Growth",
        "",
        '=HYPERLINK("http://x")',
        "+49 30 1234",
        "-5",
        "@sum",
        "'quoted'",
        '"',
        "a,b",
        "two\nlines",
    ),
    *("\ufeff=1", "\u200b \u00a0-1", "＝1", "tab\tinside", "\ttab", "株式会社", "👩\u200d👧", " ", "null", "true"),
    *(0, -7, 3.5, 1e16, 10**30, True, False, None),
    *(["vip", "trial"], ["=x", "B", "a", "ä"], [], {"user": "sam"}, {"contact": "ann"}, {"contact": "gone"}),
)


def lines(seed: int, many: int = 120) -> list[dict[str, Any]]:
    """The lines of an import: people, contacts (one of them erased), and activities of every shape."""
    r = random.Random(seed)
    actors = [
        {"type": "pi", "id": "pi"},
        {"type": "integration", "id": "hubspot", "name": "HubSpot"},
        {"type": "user", "id": "sam", "name": "Sam Lee"},
        {"type": "user", "id": "evil", "name": "=cmd|' /C calc'!A0"},
        {"type": "contact", "id": "ann"},
        {"type": "contact", "id": "gone"},
        {"type": "api", "id": "key_x", "name": "Till"},
    ]
    kinds = (
        "customer.field_changed",
        "pi.nudge",
        "task.created",
        "task.completed",
        "comment.added",
        "acme.rang_up",
        "integration.sync_write",
    )
    happened = [
        {
            "type": "activity",
            "customer": "acme",
            "occurred_at": (
                FIRST + timedelta(seconds=r.randint(0, 4_000_000), microseconds=r.choice((0, 1, 999_999)))
            ).isoformat(),
            "actor": r.choice(actors),
            "source": r.choice(("slack", "hubspot", "import", "api", "pi")),
            "event_type": r.choice(kinds),
            "onboarding_id": r.choice((None, "onb-1", "=onb")),
            "text": r.choice((None, "A text", "=text", "two\r\nlines")),
            "changes": [
                {"field": r.choice(FIELDS), "old": r.choice(VALUES), "new": r.choice(VALUES)}
                for _ in range(r.choice((0, 1, 1, 2, 5)))
            ],
        }
        for _ in range(many)
    ]
    return [
        {"type": "customer", "ref": "acme", "name": "Acme Corp", "domain": "acme.com"},
        {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann Lee", "email": "ann@acme.com"},
        {"type": "contact", "customer": "acme", "ref": "gone", "state": "removed"},
        *happened,
    ]


def _some(words: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), unique=True, max_size=3).map(tuple)


def _range(first: date, days: int) -> Window:
    return Window(since=first, until=first + timedelta(days=days))


filters: Final = st.builds(
    HistoryQuery,
    customer=st.just("acme"),
    actors=_some(ACTORS),
    not_actors=_some(ACTORS),
    types=_some(TYPES),
    not_types=_some(TYPES[:3]),
    fields=_some(FIELDS),
    window=st.one_of(
        st.none(),
        st.integers(1, 60).map(lambda days: Window(days=days)),
        st.builds(_range, st.dates(date(2026, 9, 25), date(2026, 11, 20)), st.integers(0, 30)),
    ),
)
"""Every stack of filters that can be answered for this customer."""
