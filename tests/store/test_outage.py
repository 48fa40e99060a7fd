"""When the database does not answer: people are told in time and truly, and it is back as soon as it is back."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import asyncpg
import pytest
import sqlalchemy as sa

from store import Store
from store.domain.errors import Conflict, MaybeSaved, Unavailable
from store.domain.query import HistoryQuery
from store.engine import Database, connect, parse_url
from tests.builders import a_customer, a_reader, an_activity, history
from tests.store.proxy import Proxy, way_to
from tests.waiting import until

pytestmark = pytest.mark.promise(id="R10")
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SOON = 20.0
"""Seconds: far over what a person waits, far under what the drivers and servers wait by themselves (a minute and more)."""


async def told(asked: Awaitable[object]) -> type[BaseException]:
    """What whoever asked is told; in time."""
    started = time.monotonic()
    try:
        await asked
    except (Unavailable, MaybeSaved, Conflict) as error:
        assert time.monotonic() - started < SOON
        return type(error)
    pytest.fail("it was answered")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """As the app has it: with the patience of a person."""
    database = connect(database_url)
    yield database
    await database.close()


@pytest.fixture
async def store(database: Database) -> Store:
    """By the same connections."""
    return Store(database)


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    async with way_to(database_url) as proxy:
        yield proxy


@pytest.fixture
async def far(proxy: Proxy) -> AsyncIterator[Database]:
    """The database, by a way that can fail."""
    database = connect(proxy.url)
    yield database
    proxy.thaw()
    await database.close()


@pytest.fixture
async def customer(store: Store, workspace: str) -> str:
    return await a_customer(store, workspace)


async def count(store: Store, workspace: str, customer: str) -> int:
    return len((await history(store, workspace, HistoryQuery(customer))).entries)


@on_postgresql
async def test_a_server_that_refuses_is_told_at_once(
    proxy: Proxy, far: Database, workspace: str, customer: str
) -> None:
    store = Store(far)
    assert await store.record(workspace, customer, [an_activity()]) == [1]
    await proxy.close()
    assert await told(store.find_customer(workspace, customer)) is Unavailable
    assert await told(store.record(workspace, customer, [an_activity()])) is Unavailable
    assert await told(store.record(workspace, customer, [an_activity(), an_activity()])) is Unavailable
    await proxy.open()
    assert await store.record(workspace, customer, [an_activity()]) == [2]


@on_postgresql
async def test_a_server_that_never_answered_is_told_in_time(
    proxy: Proxy, far: Database, workspace: str, customer: str
) -> None:
    proxy.freeze()
    asked = [Store(far).find_customer(workspace, customer) for _ in range(5)]
    assert await asyncio.gather(*map(told, asked)) == [Unavailable] * 5


@on_postgresql
async def test_a_server_that_froze_is_told_in_time_and_used_when_it_thaws(
    store: Store, proxy: Proxy, far: Database, workspace: str, customer: str
) -> None:
    """Reads say that nothing was changed; a write that had been sent, that it may have been. More of them than the pool has."""
    there = Store(far)
    await asyncio.gather(*(there.find_customer(workspace, customer) for _ in range(10)))
    proxy.freeze()
    reads = [told(there.find_customer(workspace, customer)) for _ in range(30)]
    assert set(await asyncio.gather(*reads)) == {Unavailable}
    writes = [told(there.record(workspace, customer, [an_activity()])) for _ in range(30)]
    assert set(await asyncio.gather(*writes)) <= {Unavailable, MaybeSaved}
    proxy.thaw()
    started = time.monotonic()
    while True:
        try:
            await asyncio.gather(*(there.record(workspace, customer, [an_activity(text="after")]) for _ in range(15)))
            break
        except (Unavailable, MaybeSaved):
            assert time.monotonic() - started < SOON
    page = await history(store, workspace, HistoryQuery(customer))
    assert sum(entry.text == "after" for entry in page.entries) >= 15
    assert (await store.verify(workspace)).faults == ()


@on_postgresql
@pytest.mark.promise(id="R11")
async def test_a_restarted_server_costs_no_error(proxy: Proxy, far: Database, workspace: str, customer: str) -> None:
    there = Store(far)
    for _ in range(4):
        await asyncio.gather(*(there.find_customer(workspace, customer) for _ in range(10)))
        proxy.cut()
        await asyncio.sleep(0.05)
        assert await there.record(workspace, customer, [an_activity()]) != [None]
        await there.history(workspace, HistoryQuery(customer), a_reader())


@on_postgresql
@pytest.mark.parametrize("delivered", [True, False])
async def test_a_commit_whose_answer_was_lost_may_have_been_saved(
    store: Store, proxy: Proxy, far: Database, workspace: str, customer: str, delivered: bool
) -> None:
    proxy.cut_at(b"COMMIT;", delivered=delivered)
    saving = Store(far).record(workspace, customer, [an_activity(), an_activity()])
    assert await told(saving) is MaybeSaved
    await settled(store, workspace, customer, 2 if delivered else 0)
    # one alone is a statement without a transaction around it
    proxy.cut_at(b"INSERT INTO activity", delivered=delivered)
    assert await told(Store(far).record(workspace, customer, [an_activity()])) is MaybeSaved
    assert (await store.verify(workspace)).faults == ()


async def settled(store: Store, workspace: str, customer: str, expected: int) -> None:
    """The server may still be at it when the client has given up."""

    async def there_are() -> bool:
        return await count(store, workspace, customer) == expected

    await until(there_are)


@on_postgresql
async def test_what_was_lost_before_the_commit_changed_nothing(
    store: Store, proxy: Proxy, far: Database, workspace: str, customer: str
) -> None:
    for words in (b"WITH", b"BEGIN"):
        proxy.cut_at(words, delivered=True)
        new = [an_activity(), an_activity()]
        assert await told(Store(far).record(workspace, customer, new)) is Unavailable
    assert await count(store, workspace, customer) == 0


@on_postgresql
async def test_a_statement_that_takes_too_long_is_given_up(database: Database, store: Store, workspace: str) -> None:
    def slow(connection: sa.Connection) -> None:
        connection.execute(sa.text("SELECT pg_sleep(20)"))

    assert set(await asyncio.gather(*(told(database.read(slow)) for _ in range(25)))) == {Unavailable}
    assert await told(database.write(slow)) is Unavailable
    assert await told(database.write(slow, alone=True)) is MaybeSaved
    await asyncio.gather(*(store.default_workspace() for _ in range(25)))


@on_postgresql
async def test_a_server_that_ends_our_connection_is_told_as_an_outage(database: Database, elsewhere: Database) -> None:
    def slow(connection: sa.Connection) -> None:
        connection.execute(sa.text("SELECT pg_sleep(1)"))

    def ended(connection: sa.Connection) -> None:
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
        )

    for asked, outcome in ((database.read(slow), Unavailable), (database.write(slow), Unavailable),
                           (database.write(slow, alone=True), MaybeSaved)):  # fmt: skip
        asking = asyncio.create_task(told(asked))
        while not asking.done():
            await asyncio.sleep(0.05)
            await elsewhere.write(ended, alone=True)
        assert await asking is outcome


@on_postgresql
async def test_no_connection_left_no_role_or_no_database_is_an_outage(database_url: str, database: Database) -> None:
    url = parse_url(database_url)

    def plain_role(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"CREATE ROLE {url.database}_plain LOGIN CONNECTION LIMIT 1")

    await database.write(plain_role)
    plain = url.set(username=f"{url.database}_plain")
    taken = await asyncpg.connect(host=url.query["host"], user=plain.username, database=url.database)
    for other in (plain, url.set(username="nobody"), url.set(database="nowhere")):
        there = connect(other.render_as_string(hide_password=False))
        assert await told(Store(there).default_workspace()) is Unavailable
        await there.close()
    await taken.close()


@on_postgresql
async def test_two_who_wait_for_each_other_are_told_to_try_again(
    store: Store, elsewhere: Database, workspace: str
) -> None:
    first, second = await a_customer(store, workspace, "First"), await a_customer(store, workspace, "Second")

    def both(one: str, other: str) -> Awaitable[None]:
        def work(connection: sa.Connection) -> None:
            for customer in (one, other):
                connection.execute(
                    sa.text("UPDATE customer SET version = version + 1 WHERE id = :id"), {"id": customer}
                )
                connection.execute(sa.text("SELECT pg_sleep(0.3)"))

        return elsewhere.write(work)

    outcomes = await asyncio.gather(both(first, second), both(second, first), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]


@pytest.mark.parametrize("alone", [True, False])
async def test_a_mistake_of_ours_is_not_an_outage(database: Database, alone: bool) -> None:
    """It is raised as it is, so that it gets a reference and somebody looks at it."""

    def misspelled(connection: sa.Connection) -> None:
        connection.execute(sa.text("SELEKT 1"))

    def missing(connection: sa.Connection) -> None:
        connection.execute(sa.text("SELECT 1 FROM nowhere"))

    def twice(connection: sa.Connection) -> None:
        connection.execute(sa.text("INSERT INTO workspace SELECT * FROM workspace"))

    def half_a_character(connection: sa.Connection) -> None:
        connection.execute(sa.text("SELECT 1 FROM workspace WHERE name = :name"), {"name": "\ud800"})

    def ours(connection: sa.Connection) -> None:
        raise ZeroDivisionError

    for mistake in (misspelled, missing, twice, half_a_character, ours):
        with pytest.raises((sa.exc.DBAPIError, UnicodeEncodeError, ZeroDivisionError)):
            await database.write(mistake, alone=alone)
        if mistake is not twice:
            with pytest.raises((sa.exc.DBAPIError, UnicodeEncodeError, ZeroDivisionError)):
                await database.read(mistake)


@asynccontextmanager
async def locked(database_url: str) -> AsyncIterator[sqlite3.Connection]:
    """The file, held by another who writes."""
    held = sqlite3.connect(str(parse_url(database_url).database), isolation_level=None)
    try:
        held.execute("BEGIN IMMEDIATE")
        yield held
        held.rollback()
    finally:
        held.close()


@on_sqlite
async def test_a_locked_file_is_told_in_time_to_all_who_wait(
    store: Store, database_url: str, workspace: str, customer: str
) -> None:
    async with locked(database_url):
        writes = [told(store.record(workspace, customer, [an_activity()])) for _ in range(12)]
        assert set(await asyncio.gather(*writes)) == {Unavailable}
        assert await count(store, workspace, customer) == 0  # reading goes on
    assert await store.record(workspace, customer, [an_activity()]) == [1]


@on_sqlite
async def test_a_lock_that_is_soon_let_go_is_waited_for(
    store: Store, database_url: str, workspace: str, customer: str
) -> None:
    async with locked(database_url) as held:
        writing = [asyncio.create_task(store.record(workspace, customer, [an_activity()])) for _ in range(5)]
        await asyncio.sleep(0.3)
        held.rollback()
        assert sorted(await asyncio.gather(*writing)) == [[1], [2], [3], [4], [5]]


@on_sqlite
@pytest.mark.promise(id="R12")
async def test_a_full_disk_refuses_writes_keeps_all_that_was_saved_and_recovers(
    store: Store, database: Database, elsewhere: Database, workspace: str, customer: str
) -> None:
    def cap(connection: sa.Connection) -> None:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {used + 30}")

    def uncap(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    await database.write(cap)
    saved = 0
    while True:
        try:
            await store.record(workspace, customer, [an_activity(text="x" * 4000)])
        except Unavailable:
            break
        saved += 1
    assert saved > 3
    for _ in range(3):
        assert await told(store.record(workspace, customer, [an_activity(text="x" * 4000)])) is Unavailable
        assert await count(store, workspace, customer) == saved

    def whole(connection: sa.Connection) -> str:
        return str(connection.exec_driver_sql("PRAGMA integrity_check").scalar_one())

    assert await elsewhere.read(whole) == "ok"
    await database.write(uncap)
    assert await store.record(workspace, customer, [an_activity(text="x" * 4000)]) == [saved + 1]
    assert (await store.verify(workspace)).faults == ()


@on_sqlite
async def test_a_file_that_cannot_be_opened_is_an_outage(
    tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> None:
    there = connect(f"sqlite:///{tmp_path_factory.mktemp('gone')}/no/such/folder/pivotal.db")
    assert await told(Store(there).default_workspace()) is Unavailable
    await there.close()
