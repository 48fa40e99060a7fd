"""A brief reading of SQLite is done at once, and holds nobody up: what takes long, or has to wait, is done by a thread."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from store.domain.errors import NotFound
from store.engine import Database, parse_url

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n"
"""Far more than SQLite does in the time that it has for what is brief."""


pytestmark = pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # PostgreSQL reads elsewhere in any case


def asking(statement: str, threads: list[str]) -> Callable[[sa.Connection], int]:
    def work(connection: sa.Connection) -> int:
        threads.append(threading.current_thread().name)
        return int(connection.execute(sa.text(statement)).scalar_one())

    return work


async def test_what_is_brief_is_done_by_whoever_asks(database: Database) -> None:
    threads: list[str] = []
    assert await database.read(asking("SELECT 7", threads), brief=True) == 7
    assert await database.read(asking("SELECT 8", threads)) == 8
    assert threads == [threading.current_thread().name, "pivotal-read_0"]


async def test_what_takes_too_long_is_done_by_a_thread(database: Database) -> None:
    threads: list[str] = []
    assert await database.read(asking(LONG, threads), brief=True) == 3_000_000
    assert await database.read(asking("SELECT 7", threads), brief=True) == 7, "the next one has its time again"
    me = threading.current_thread().name
    assert threads == [me, "pivotal-read_0", me]


async def test_nobody_waits_for_a_lock_but_who_asked(database: Database, database_url: str) -> None:
    """While a file is restored, or its log is recovered, it is another's alone."""
    other = sqlite3.connect(str(parse_url(database_url).database), isolation_level=None, check_same_thread=False)
    for statement in ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN IMMEDIATE", "UPDATE workspace SET name = 'x'", "COMMIT"):
        other.execute(statement)
    threads: list[str] = []
    reading = asyncio.create_task(database.read(asking("SELECT count(*) FROM workspace", threads), brief=True))
    await asyncio.sleep(0)
    other.close()
    assert await reading == 1
    assert threads[-1] == "pivotal-read_0"


async def test_what_the_work_finds_wrong_is_told_once(database: Database) -> None:
    threads: list[str] = []

    def work(_connection: sa.Connection) -> None:
        threads.append(threading.current_thread().name)
        raise NotFound("There is no such customer.")

    with pytest.raises(NotFound):
        await database.read(work, brief=True)
    assert threads == [threading.current_thread().name]
