"""Paging: a place in the history stays that place, whatever is added meanwhile."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from store import Store
from store.domain.activity import Activity
from store.domain.query import Cursor, HistoryQuery, Window
from store.engine import Database
from tests.builders import NOW, a_customer, a_line, a_reader, an_activity, imported


@pytest.mark.promise(id="R15")
async def test_each_old_row_is_seen_once_while_rows_are_added(
    store: Store, elsewhere: Database, workspace: str, full: bool
) -> None:
    """Newer ones, older ones, and ones of the very same moment."""
    customer = await a_customer(store, workspace, ref="acme")
    length = 10_000 if full else 400
    times = [(NOW - timedelta(seconds=at * 37 % 1000)).isoformat() for at in range(length)]
    await imported(store, workspace, *(a_line(occurred_at=time, text=f"old {at}") for at, time in enumerate(times)))
    done, came = asyncio.Event(), asyncio.Event()

    async def adds() -> None:
        for number in itertools.count():
            ago = timedelta(seconds=number * 13 % 2000 - 500)
            await Store(elsewhere).record(workspace, customer, [an_activity(occurred_at=NOW - ago, text="new")])
            came.set()
            if done.is_set():
                break

    adding = asyncio.create_task(adds())
    query = HistoryQuery(customer)
    seen: list[Activity] = []
    page = await store.history(workspace, query, a_reader())
    while True:
        seen += page.entries
        assert page.total >= min(length, 1001)
        if page.older is None:
            break
        came.clear()
        await asyncio.wait_for(came.wait(), 60)
        page = await store.history(workspace, query.older_than(page.older), a_reader())
    done.set()
    await adding
    assert sorted(str(entry.text) for entry in seen if entry.text != "new") == sorted(
        f"old {at}" for at in range(length)
    )
    assert len({entry.seq for entry in seen}) == len(seen)
    places = [Cursor.of(entry) for entry in seen]
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize("role", ["owner", "walled"])
async def test_a_page_and_its_total_are_of_one_moment(
    store: Store, database: Database, elsewhere: Database, workspace: str, role: str
) -> None:
    """What a filter shows and how much it says there is never disagree; where the database keeps workspaces apart, and where it need not."""
    if role == "owner":
        store = Store(database)
    customer = await a_customer(store, workspace)
    done = asyncio.Event()

    async def adds() -> None:
        while not done.is_set():
            await Store(elsewhere).record(workspace, customer, [an_activity(), an_activity()])

    adding = asyncio.create_task(adds())
    await asyncio.sleep(0.05)
    query = HistoryQuery(customer, actors=("pi",))
    for limit in (2, 5, 400) * 20:
        page = await store.history(workspace, query, a_reader(), limit=limit)
        if page.older is None:
            assert page.total == len(page.entries)
        newest = max((entry.seq for entry in page.entries), default=0)
        assert page.total == min(newest, 1001)
        assert page.total % 2 == 0 or page.total == 1001
    done.set()
    await adding


async def test_newer_pages_lead_back_to_what_has_come_since(store: Store, workspace: str) -> None:
    customer = await a_customer(store, workspace)
    await store.record(workspace, customer, [an_activity(text=f"{at}") for at in range(1, 8)])
    query, reader = HistoryQuery(customer), a_reader()
    first = await store.history(workspace, query, reader, limit=3)
    assert first.older is not None
    second = await store.history(workspace, query.older_than(first.older), reader, limit=3)
    assert [entry.text for entry in second.entries] == ["4", "3", "2"]
    await store.record(workspace, customer, [an_activity(text=f"{at}") for at in range(8, 10)])
    assert second.newer is not None
    between = await store.history(workspace, query.newer_than(second.newer), reader, limit=3)
    assert [entry.text for entry in between.entries] == ["7", "6", "5"]
    assert between.newer is not None
    top = await store.history(workspace, query.newer_than(between.newer), reader, limit=3)
    assert [entry.text for entry in top.entries] == ["9", "8", "7"]
    assert top.newer is None
    assert top.query == query


async def test_a_page_that_the_window_has_left_behind_leads_to_the_first(store: Store, workspace: str) -> None:
    customer = await a_customer(store, workspace)
    new = [an_activity(occurred_at=NOW - timedelta(days=days)) for days in (1, 6)]
    await store.record(workspace, customer, new)
    query = HistoryQuery(customer, window=Window(days=7))
    first = await store.history(workspace, query, a_reader(), limit=1)
    assert first.older is not None
    later = a_reader(now=NOW + timedelta(days=3))
    page = await store.history(workspace, query.older_than(first.older), later, limit=1)
    assert [entry.seq for entry in page.entries] == [1]
    assert (page.older, page.newer, page.total, page.query.before) == (None, None, 1, None)


async def test_pages_go_back_before_1970(store: Store, workspace: str) -> None:
    customer = await a_customer(store, workspace, ref="acme")
    times = [f"19{year}-06-01T00:00:00Z" for year in (61, 69, 70, 71)]
    await imported(store, workspace, *(a_line(occurred_at=time) for time in times))
    query, found = HistoryQuery(customer), []
    page = await store.history(workspace, query, a_reader(), limit=1)
    while page.older is not None:
        found += [entry.occurred_at.year for entry in page.entries]
        page = await store.history(workspace, query.older_than(Cursor.parse(str(page.older))), a_reader(), limit=1)
    assert [*found, page.entries[0].occurred_at.year] == [1971, 1970, 1969, 1961]
