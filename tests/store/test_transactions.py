"""Transactions: a piece of work is done whole or not at all, alone or among others, also when nobody waits for it any more."""

import asyncio
import sqlite3
import sys
import textwrap
import threading
import time
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import Callable
from random import Random

import pytest
import sqlalchemy as sa

from store import Store
from store.domain.errors import Unavailable
from store.domain.query import HistoryQuery
from store.engine import ANSWER, JOB, Database, Patience, connect, parse_url
from tests.builders import a_customer, a_reader, an_activity, history


def increments(connection: sa.Connection) -> None:
    """Read, then write: what is lost where two can have read the same."""
    last = "FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    found = int(connection.execute(sa.text(f"SELECT name FROM workspace {last}")).scalar_one() or 0)
    connection.execute(sa.text("UPDATE workspace SET name = :name"), {"name": str(found + 1)})


def counted(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SELECT name FROM workspace")).scalar_one())


def set_to(name: str) -> Callable[[sa.Connection], None]:
    def work(connection: sa.Connection) -> None:
        connection.execute(sa.text("UPDATE workspace SET name = :name"), {"name": name})

    return work


async def test_increments_by_two_processes_and_many_tasks_are_all_there(
    database_url: str, database: Database, full: bool
) -> None:
    """Python's own SQLite driver loses a third of them in silence."""
    await database.write(set_to("0"))
    turns = 400 if full else 40
    program = f"""
        import asyncio
        from store.engine import JOB, connect
        from tests.store.test_transactions import increments

        async def main():
            database = connect({database_url!r}, patience=JOB)
            for _ in range({turns // 4}):
                await asyncio.gather(*(database.write(increments) for _ in range(4)))
            await database.close()

        asyncio.run(main())
    """
    others = [
        await create_subprocess_exec(sys.executable, "-c", textwrap.dedent(program), stderr=PIPE) for _ in range(2)
    ]
    for other in others:
        _, errors = await other.communicate()
        assert other.returncode == 0, errors.decode()
    assert await database.read(counted) == str(2 * turns)


async def test_two_sets_of_connections_in_one_process_lose_nothing_either(
    database: Database, elsewhere: Database
) -> None:
    await database.write(set_to("0"))
    await asyncio.gather(*(one.write(increments) for one in (database, elsewhere) for _ in range(15)))
    assert await elsewhere.read(counted) == "30"


async def test_work_that_fails_leaves_nothing_behind(database: Database) -> None:
    """Neither a change, nor a connection that is missing afterwards, nor a transaction that was left open in it."""
    await database.write(set_to("before"))

    def fails(connection: sa.Connection) -> None:
        connection.execute(sa.text("UPDATE workspace SET name = 'half'"))
        connection.execute(sa.text("SELECT 1 FROM nowhere"))

    def raises(connection: sa.Connection) -> None:
        connection.execute(sa.text("UPDATE workspace SET name = 'half'"))
        raise LookupError

    for work in (fails, raises):
        outcomes = await asyncio.gather(*(database.write(work) for _ in range(25)), return_exceptions=True)
        assert not [outcome for outcome in outcomes if outcome is None]
    assert await database.read(counted) == "before"
    await database.write(set_to("after"))
    assert set(await asyncio.gather(*(database.read(counted) for _ in range(25)))) == {"after"}


async def test_reading_changes_nothing(database: Database) -> None:
    await database.write(set_to("before"))
    with pytest.raises(Unavailable):  # what a file or a server says that takes no writes
        await database.read(set_to("after"))
    assert await database.read(counted) == "before"
    await database.write(set_to("after"))
    assert await database.read(counted) == "after"


async def test_all_that_one_piece_of_work_reads_is_of_one_moment(database: Database, elsewhere: Database) -> None:
    await database.write(set_to("before"))
    loop = asyncio.get_running_loop()

    def reads_twice(connection: sa.Connection) -> tuple[str, str]:
        first = counted(connection)
        if connection.dialect.name == "postgresql":
            # in the loop's own thread: the other writes, while this one waits for the server
            changing = loop.create_task(elsewhere.write(set_to("meanwhile")))
            while not changing.done():
                connection.execute(sa.text("SELECT pg_sleep(0.02)"))
        else:
            asyncio.run_coroutine_threadsafe(elsewhere.write(set_to("meanwhile")), loop).result()
        return first, counted(connection)

    assert await database.read(reads_twice) == ("before", "before")
    assert await database.read(counted) == "meanwhile"


async def test_whoever_stops_waiting_leaves_whole_writes(
    store: Store, database: Database, workspace: str, full: bool
) -> None:
    """Cancelled at any moment: what was begun is finished or was never begun; nothing is halved, no connection is lost."""
    customer, random = await a_customer(store, workspace), Random(9)
    answered = 0
    for turn in range(400 if full else 40):
        pair = [an_activity(text=f"{turn} a"), an_activity(text=f"{turn} b")]
        writing = asyncio.create_task(store.record(workspace, customer, pair if turn % 2 else pair[:1]))
        await asyncio.sleep(random.choice([0, 0.0005, 0.002, 0.005]))
        writing.cancel()
        try:
            await writing
            answered += 1
        except asyncio.CancelledError:
            continue
    await store.record(workspace, customer, [an_activity(text="last")])
    texts = {str(entry.text) for entry in (await history(store, workspace, HistoryQuery(customer))).entries}
    pairs = {
        text.partition(" ")[0]
        for text in texts
        if text.partition(" ")[0].isdecimal() and int(text.partition(" ")[0]) % 2
    }
    assert all({f"{turn} a", f"{turn} b"} <= texts for turn in pairs)
    assert len(texts) > answered
    assert (await store.verify(workspace)).faults == ()
    await asyncio.gather(*(store.history(workspace, HistoryQuery(customer), a_reader()) for _ in range(25)))


async def test_whoever_stops_reading_leaves_the_connections_to_others(database: Database, store: Store) -> None:
    def slow(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_sleep(0.5)"))
        else:
            loop = (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT max(i) FROM n"
            )
            connection.execute(sa.text(loop)).all()

    for _ in range(3):
        reading = [asyncio.create_task(database.read(slow)) for _ in range(20)]
        await asyncio.sleep(0.05)
        for one in reading:
            one.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    await asyncio.gather(*(store.default_workspace() for _ in range(25)))


async def test_closing_waits_for_what_is_being_written(database_url: str, elsewhere: Database) -> None:
    database = connect(database_url, patience=JOB)
    await database.write(set_to("before"))
    writing = asyncio.create_task(database.write(set_to("after")))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await database.close()
    assert await elsewhere.read(counted) in {"before", "after"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_waits_for_a_file_has_it_when_it_is_let_go_for_a_moment(database_url: str) -> None:
    """As an import does between two batches. Whoever asks ten times a second misses that moment, and is told that the database is busy."""
    database = connect(database_url, patience=JOB)
    held, ended = threading.Event(), threading.Event()
    times = 0

    def holds() -> None:
        nonlocal times
        other = sqlite3.connect(str(parse_url(database_url).database), isolation_level=None, timeout=60)
        while not ended.is_set():
            other.execute("BEGIN IMMEDIATE")
            times += 1
            held.set()
            time.sleep(0.6)
            other.execute("COMMIT")
            time.sleep(0.01)
        other.close()

    holding = asyncio.create_task(asyncio.to_thread(holds))
    waited = []
    for number in range(4):
        held.clear()
        await asyncio.to_thread(held.wait)
        before = times
        await database.write(set_to(str(number)))
        waited.append(times - before)
    ended.set()
    await holding
    await database.close()
    assert sum(waited) < 8


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("patience, busy_ms", [(ANSWER, 1200), (JOB, 5000)])
async def test_every_connection_to_a_file_is_set_up(database_url: str, patience: Patience, busy_ms: int) -> None:
    database = connect(database_url, patience=patience)

    def pragmas(connection: sa.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "recursive_triggers", "busy_timeout")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names}

    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "recursive_triggers": 1,
        "busy_timeout": 5,
    }
    assert await database.write(pragmas) == expected
    reads = {**expected, "busy_timeout": busy_ms}
    assert list(await asyncio.gather(*(database.read(pragmas) for _ in range(8)))) == [reads] * 8
    assert await database.alter(pragmas) == {**expected, "foreign_keys": 0}
    await database.close()
