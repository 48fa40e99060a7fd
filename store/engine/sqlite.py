"""A database in a file: one thread writes, a few read, and what is brief is read by the loop's own.

A whole transaction is one hop then, and the file's one lock is waited for in one place.
"""

import asyncio
import math
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from store.domain.errors import Unavailable
from store.engine.database import Patience, T, Work
from store.engine.spelling import canonical
from store.failures import reraised
from store.wall import NOBODYS

LOOK = timedelta(milliseconds=5)
"""How often the lock of an SQLite file is asked for. SQLite itself asks ten times a second at last, and so never finds free what an import lets go
for a moment (decisions/0057-the-lock-of-a-file.md).
"""

SQLITE_READERS = 4
AT_ONCE = timedelta(milliseconds=5)
"""How long a brief reading of SQLite may hold up all others of its process. Most take a tenth of that (decisions/0056-read-at-once.md)."""
STEPS: Final = 1000
"""Of SQLite's virtual machine, between two looks at the clock: a tenth of a millisecond, where nothing has to come from a disk."""

BULK = ("cache_size=-65536", "wal_autocheckpoint=16384")
"""Where much is written at once: 64 MiB of pages are kept in memory instead of 2, and 64 MiB written to the log before they are copied
into the file instead of 4. An import takes two thirds of the processor time then (decisions/0011-import.md).
"""


class SqliteDatabase:
    dialect = "sqlite"

    def __init__(self, url: sa.URL, patience: Patience) -> None:
        self._url = url
        self._patience = patience
        self._writing = _sqlite_engine(url, "BEGIN IMMEDIATE", patience.lock, 1, bulk=patience.bulk)
        self._reading = _sqlite_engine(url, "BEGIN", patience.lock, SQLITE_READERS, query_only=True)
        self._brief = _sqlite_engine(url, "BEGIN", timedelta(0), 1, query_only=True)
        event.listen(self._brief, "connect", self._end_in_time)
        self._end_at = math.inf
        self._writer = ThreadPoolExecutor(1, "pivotal-write")
        self._readers = ThreadPoolExecutor(SQLITE_READERS, "pivotal-read")

    # A file is its process's alone: SQLite has no roles, and so no second wall.

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:  # noqa: ARG002 - nobody is kept apart in a file
        if brief and (done := self._done_at_once(work)):
            return done[0]
        return await self._run(self._readers, self._reading, work)

    def _done_at_once(self, work: Work[T]) -> tuple[T] | None:
        """What the work gives, read by the loop's own thread; None where that takes too long, or goes wrong."""
        self._end_at = time.monotonic() + AT_ONCE.total_seconds()
        try:
            with self._brief.begin() as connection:
                return (work(connection),)
        except (DBAPIError, sqlite3.Error):
            return None

    def _end_in_time(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.set_progress_handler(lambda: time.monotonic() > self._end_at, STEPS)

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:  # noqa: ARG002 - SQLite needs its transaction anyway
        # A thread's work is not undone by cancelling who waits for it: it commits, or fails, as a whole.
        return await self._run(self._writer, self._writing, work)

    async def _run(self, threads: ThreadPoolExecutor, engine: sa.Engine, work: Work[T]) -> T:
        # Whoever stands behind others that wait for the lock is told as soon as they are: nobody waits for the sum.
        turn_by = time.monotonic() + self._patience.statement.total_seconds()
        return await asyncio.get_running_loop().run_in_executor(threads, _in_transaction, engine, work, turn_by)

    async def alter(self, work: Work[T]) -> T:
        engine = _sqlite_engine(self._url, "BEGIN IMMEDIATE", timedelta(seconds=30), 1, foreign_keys=False)
        try:
            return await self._run(self._writer, engine, work)
        finally:
            engine.dispose()

    async def scrub(self) -> bool:
        # `secure_delete` has overwritten the pages; the write-ahead log still has the old ones.
        return await asyncio.get_running_loop().run_in_executor(
            self._writer, _truncate_log, self._writing, self._patience.lock
        )

    async def close(self) -> None:
        for pool in (self._writer, self._readers):
            pool.shutdown(wait=True)
        for engine in (self._writing, self._reading, self._brief):
            engine.dispose()


def _sqlite_engine(
    url: sa.URL,
    begin: str,
    lock: timedelta,
    size: int,
    *,
    foreign_keys: bool = True,
    query_only: bool = False,
    bulk: bool = False,
) -> sa.Engine:
    engine = sa.create_engine(
        url,
        json_serializer=canonical,
        hide_parameters=True,  # an error tells its statement, and not what people have typed into it
        poolclass=sa.QueuePool,
        pool_size=size,
        max_overflow=0,
        # A connection is used by one thread at a time, but not always by the same one.
        connect_args={"check_same_thread": False, "timeout": lock.total_seconds()},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # Python's driver would begin only at the first write, and lose updates in silence.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={foreign_keys:d}",
            "secure_delete=ON",
            "recursive_triggers=ON",
            _busy_timeout(lock if query_only else LOOK),
            f"query_only={query_only:d}",
            *(BULK if bulk else ()),
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        if query_only:  # nothing is locked, so nothing can fail that SQLAlchemy would have to tell of
            connection.connection.cursor().execute(begin)
        else:
            _begin(connection, begin, lock)

    return engine


def _begin(connection: sa.Connection, statement: str, lock: timedelta) -> None:
    """Have the file's lock as soon as it is free, and before everything else; who holds it does so for a whole transaction."""
    cursor = connection.connection.cursor()
    end = time.monotonic() + lock.total_seconds()
    while time.monotonic() < end:
        try:
            cursor.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # whatever it is busy with, such as its recovery
                break
        else:
            return
    connection.exec_driver_sql(statement)  # so that SQLAlchemy tells what is wrong


def _in_transaction(engine: sa.Engine, work: Work[T], turn_by: float) -> T:
    """turn_by: when, by the monotonic clock, whoever asked no longer waits for the work to begin."""
    if time.monotonic() > turn_by:
        raise Unavailable
    try:
        with engine.begin() as connection:
            return work(connection)
    except (DBAPIError, PoolTimeoutError) as error:
        reraised(error)


def _truncate_log(engine: sa.Engine, lock: timedelta) -> bool:
    raw = engine.raw_connection()
    cursor = raw.cursor()
    try:
        cursor.execute(f"PRAGMA {_busy_timeout(lock)}")
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        cursor.execute(f"PRAGMA {_busy_timeout(LOOK)}")
        raw.close()


def _busy_timeout(wait: timedelta) -> str:
    return f"busy_timeout={wait // timedelta(milliseconds=1)}"
