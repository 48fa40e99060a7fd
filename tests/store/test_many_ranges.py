"""A filter of very many actors and types: its page is looked for among the newest entries first, and is found wherever it is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from store import Store
from store.domain.activity import Activity, NewActivity, Ref
from store.domain.query import HistoryQuery, Window
from store.ranges import MANY, NEAR
from tests.builders import a_customer, a_reader, an_activity

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
KINDS = tuple(f"audit.kind_{n}" for n in range(12))
EARLY, LATE = (tuple(f"user:usr_{when}{n}" for n in range(12)) for when in ("early", "late"))
NOW_AND_THEN = "user:usr_nowandthen"
"""Among the newest entries, and too seldom to fill a page."""
SEVERAL = 35
"""Entries of those who were early: some pages. All others are newer than that, and more than are looked at first."""

Fits = Callable[[Activity], bool]

QUERIES: dict[str, tuple[HistoryQuery, Fits]] = {
    "among the newest": (HistoryQuery(actors=LATE), lambda each: str(each.actor) in LATE),
    "long ago only": (HistoryQuery(actors=EARLY), lambda each: str(each.actor) in EARLY),
    "long ago and now and then": (
        HistoryQuery(actors=(*EARLY, NOW_AND_THEN)),
        lambda each: str(each.actor) in {*EARLY, NOW_AND_THEN},
    ),
    "all but one": (HistoryQuery(not_actors=LATE[:1]), lambda each: str(each.actor) != LATE[0]),
    "all but one, and all but one type": (
        HistoryQuery(not_actors=LATE[:1], not_types=KINDS[:1]),
        lambda each: str(each.actor) != LATE[0] and each.kind != KINDS[0],
    ),
    "in days that end before the newest": (
        HistoryQuery(actors=(*EARLY, *LATE), window=Window(since=BEGIN.date(), until=BEGIN.date())),
        lambda each: each.occurred_at < BEGIN + timedelta(days=1) and str(each.actor) != NOW_AND_THEN,
    ),
}


def made() -> list[NewActivity]:
    """Ten minutes between two of them; their types and actors in no step with each other."""

    def actor(number: int) -> str:
        if number < SEVERAL:
            return EARLY[number % 12]
        return NOW_AND_THEN if number % 60 == 59 else LATE[number * 7 % 11]

    return [
        an_activity(
            KINDS[number * 5 % 12],
            actor=Ref.parse(actor(number)),
            occurred_at=BEGIN + timedelta(minutes=10 * number),
        )
        for number in range(SEVERAL + NEAR + 50)
    ]


def test_these_filters_are_of_very_many_ranges() -> None:
    assert (len(EARLY) - 1) * (len(KINDS) - 1) > MANY


@pytest.mark.parametrize("name", QUERIES)
async def test_every_page_is_what_the_filter_means_there_and_back(store: Store, workspace: str, name: str) -> None:
    customer = await a_customer(store, workspace)
    await store.record(workspace, customer, made())
    everything = await store.history(workspace, HistoryQuery(customer), a_reader(), limit=1000)
    query, fits = QUERIES[name]
    wanted = [each.seq for each in everything.entries if fits(each)]
    query = (
        HistoryQuery(customer)
        .filtered(actors=query.actors, not_actors=query.not_actors, not_types=query.not_types)
        .within(query.window)
    )
    page = await store.history(workspace, query, a_reader())
    pages = [page]
    while page.older is not None:
        page = await store.history(workspace, query.older_than(page.older), a_reader())
        pages.append(page)
    assert [each.seq for page in pages for each in page.entries] == wanted
    assert {page.total for page in pages} == {len(wanted)}
    for newer in reversed(pages[:-1]):
        assert page.newer is not None
        page = await store.history(workspace, query.newer_than(page.newer), a_reader())
        assert page.entries == newer.entries
