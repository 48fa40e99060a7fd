"""What others do between two statements of one page tears nothing: they record, remove a contact for good, or what is old goes."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import event
from sqlalchemy.util import await_only

from store import Store, ranges, retention
from store.actors import Person
from store.domain.activity import Activity, Change, Ref, Source
from store.domain.query import COUNTED, Cursor, HistoryQuery, Page, Window
from store.domain.record import By
from store.engine import Database, PostgresDatabase, SqliteDatabase
from store.ranges import MANY
from tests.aging import grown_old
from tests.builders import a_customer, a_reader, an_activity

ACTORS = tuple(f"user:usr_{n:02}" for n in range(30))
KINDS = ("customer.field_changed", "customer.status_changed", "task.created", "pi.nudge", "acme.call")
NAMES = tuple(f"Zyx{letter * 3} Qwert{letter * 3}" for letter in "abcdefghijklmnopqrstuvwx")
"""Of contacts whom entries name, to be removed one after the other."""
OLD, ALL = 45, 90
"""Entries that may go, and all there are at first."""
LIMIT = 10
NOW = datetime.now(UTC)
READER = a_reader(now=NOW)

FILTERS = {
    "everything": HistoryQuery(),
    "an actor": HistoryQuery(actors=ACTORS[:1]),
    "many ranges": HistoryQuery(actors=ACTORS[1:]),
    "many ranges, but some": HistoryQuery(actors=ACTORS, not_actors=ACTORS[:3]),
    "not an actor": HistoryQuery(not_actors=ACTORS[:2]),
    "an actor or a source": HistoryQuery(actors=(*ACTORS[:2], "slack")),
    "not a source": HistoryQuery(not_actors=("slack",)),
    "fields, by actors": HistoryQuery(fields=("plan", "tier"), actors=ACTORS[:15]),
    "a type, in a window": HistoryQuery(types=("field_changed",), window=Window(days=3650)),
}
Meanwhile = Callable[[], Awaitable[object]]


@contextmanager
def before_statement(number: int, database: Database, meanwhile: Meanwhile) -> Iterator[list[int]]:
    """`meanwhile` is done before the statement of this number that is asked to read. Gives how many were asked, as its only item."""
    assert isinstance(database, PostgresDatabase | SqliteDatabase)
    engine = database._alone.sync_engine if isinstance(database, PostgresDatabase) else database._reading
    loop, asked = asyncio.get_running_loop(), [0]

    async def done() -> None:
        await meanwhile()

    def between(*_: object) -> None:
        asked[0] += 1
        if asked[0] - 1 == number and database.dialect == "postgresql":
            await_only(done())
        elif asked[0] - 1 == number:  # it is read in a thread
            asyncio.run_coroutine_threadsafe(done(), loop).result()

    def too_slow(*_: object) -> None:
        raise sqlite3.OperationalError("interrupted")

    # At once, SQLite would read it without a moment for others: so it is read as it is where that takes too long.
    listens = [(engine, between)] + ([(database._brief, too_slow)] if isinstance(database, SqliteDatabase) else [])
    for place, listener in listens:
        event.listen(place, "before_cursor_execute", listener)
    try:
        yield asked
    finally:
        for place, listener in listens:
            event.remove(place, "before_cursor_execute", listener)


@dataclass
class Others:
    """Those who do something meanwhile. removed: the first seqs that are gone."""

    store: Store
    workspace: str
    customer: str
    by: By
    removed: int = 0
    names: list[str] = field(default_factory=lambda: list(NAMES))

    async def record(self) -> None:
        """Something new, something late, and something of the very moment of others."""
        ago = (timedelta(), timedelta(days=21), timedelta(days=20, seconds=3))
        new = [an_activity(actor=Ref.parse(ACTORS[1]), occurred_at=NOW - each, text="new") for each in ago]
        await self.store.record(self.workspace, self.customer, new)

    async def erase(self) -> None:
        if self.names:
            await self.store.records.erase_contact(self.workspace, self.customer, self.names.pop(), self.by)

    async def retain(self) -> None:
        self.removed += await self.store.retention._piece(self.workspace, self.customer)


@pytest.fixture
async def others(store: Store, elsewhere: Database, database: Database, workspace: str) -> Others:
    known = await store.remember(workspace, Person(slack_user_id="U1", name="Sam Lee"))
    by = By(actor=Ref.parse(known.ref), source=Source.SLACK)
    customer = await a_customer(store, workspace)
    new = [
        an_activity(
            KINDS[n % 5],
            actor=Ref.parse(ACTORS[n * 7 % 30]),
            source=Source.SLACK if n % 4 else Source.API,
            changes=[Change(name, "a", f"{n}") for name in (("plan",), ("tier",), ("plan", "tier"))[n % 3]],
            text=f"spoke to {NAMES[n % len(NAMES)]}",
            occurred_at=NOW - timedelta(days=500 if n < OLD else 20, seconds=n // 6),
        )
        for n in range(ALL)
    ]
    await store.record(workspace, customer, new)
    for name in NAMES:
        await store.records.add_contact(workspace, customer, name, None, by)
    await grown_old(database, workspace, customer, *[400] * OLD)
    await store.set_settings(workspace, {"retention_days": 365})
    return Others(Store(elsewhere), workspace, customer, by)


def test_a_filter_is_of_many_ranges() -> None:
    assert (len(ACTORS) - 1) * len(KINDS) > MANY


@pytest.fixture
def _few_near(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A filter of many ranges is first looked for among so few entries that often they do not suffice."""
    ranges._near.cache_clear()
    monkeypatch.setattr(ranges, "NEAR", LIMIT + 2)
    yield
    ranges._near.cache_clear()


@pytest.mark.usefixtures("_few_near")
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("what", ["record", "erase", "retain"])
async def test_between_two_statements_of_a_page(
    database: Database, others: Others, name: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there all the time is there once, in its place; nothing fails. As the owner: on PostgreSQL no transaction is around it."""
    monkeypatch.setattr(retention, "PIECE", 2)
    store = Store(database)
    query = replace(FILTERS[name], customer=others.customer)
    before = list((await store.history(others.workspace, query, READER, limit=1000)).entries)
    assert len(before) > 2
    old = [each for each in before if each.seq <= OLD]
    places = [before[len(before) // 2], old[len(old) // 2], old[-1]]
    starts = [query, *(query.older_than(Cursor.of(each)) for each in places)]
    starts += [query.newer_than(Cursor.of(each)) for each in places]
    for number in count():
        start = starts[number % len(starts)]
        with before_statement(number // len(starts), database, getattr(others, what)) as asked:
            page = await store.history(others.workspace, start, READER, limit=LIMIT)
        is_whole(page, [each for each in before if each.seq > others.removed])
        if number // len(starts) > asked[0]:
            break
    assert (await store.verify(others.workspace)).faults == ()


async def test_a_page_counts_what_it_shows(
    store: Store, database: Database, elsewhere: Database, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it goes before the count is asked."""
    monkeypatch.setattr(retention, "PAUSE", 0)
    customer = await a_customer(store, workspace)
    await store.record(workspace, customer, [an_activity() for _ in range(2 * LIMIT)])
    await grown_old(database, workspace, customer, days=400)
    await store.set_settings(workspace, {"retention_days": 365})
    count_asked = 2  # behind the customer and the entries
    with before_statement(count_asked, database, lambda: Store(elsewhere).retention.remove(workspace)):
        page = await Store(database).history(workspace, HistoryQuery(customer), READER, limit=LIMIT)
    assert len(page.entries) == LIMIT
    assert page.total >= LIMIT


def is_whole(page: Page, there: list[Activity]) -> None:
    """there: what the filter means, and was there before the page and after it."""
    places = [Cursor.of(each) for each in page.entries]
    assert places == sorted(set(places), reverse=True)
    assert page.total >= len(page.entries)
    assert min(COUNTED + 1, len(there)) <= page.total
    newest = places[0] if page.query.after is not None and places else Cursor(datetime.max.replace(tzinfo=UTC), 0)
    oldest = places[-1] if page.older is not None else Cursor(datetime.min.replace(tzinfo=UTC), 0)
    before, after = page.query.before or newest, page.query.after or oldest

    def is_of_the_page(place: Cursor) -> bool:
        if page.query.before is not None:
            return oldest <= place < before
        return after < place <= newest if page.query.after is not None else oldest <= place

    known = {each.seq for each in there}
    wanted = [each.seq for each in there if is_of_the_page(Cursor.of(each))]
    assert [each.seq for each in page.entries if each.seq in known] == wanted
