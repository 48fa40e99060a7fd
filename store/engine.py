"""Database URL → a Database, which runs functions over a synchronous Core connection, one transaction each.

PostgreSQL runs each in one greenlet, on asyncpg: SQLAlchemy's `run_sync` takes three, to connect, run and close. SQLite runs them on one writer thread and a few reading threads: a whole
transaction is then one hop, and the file's one lock is waited for in one place. What is brief needs no hop at all.
"""

import asyncio
import json
import math
import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from store.domain.errors import Unavailable, UsageError
from store.failures import reraised
from store.tables import Instant
from store.wall import NOBODYS, enter, is_walled, see_whether_walled

T = TypeVar("T")
Work = Callable[[sa.Connection], T]
Query = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a database is waited for.

    statement    for one statement, or for the turn of a transaction
    lock         for the lock of an SQLite file
    connection   for a connection, from the pool or to the server
    bulk         much is written at once: an SQLite file gets more memory
    """

    statement: timedelta
    lock: timedelta
    connection: timedelta = timedelta(seconds=1)
    bulk: bool = False


ANSWER = Patience(timedelta(milliseconds=1500), lock=timedelta(milliseconds=1200))
"""While a person waits."""
JOB = Patience(timedelta(minutes=10), lock=timedelta(seconds=5), bulk=True)
"""Where nobody does: import, verify, migrate."""

IDLE = timedelta(seconds=5)
"""After which a pooled connection is asked whether it is still there."""

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

WITH_NAMES = (
    *("activity", "contact", "contact_name", "comment", "customer", "onboarding", "task", "saved_query"),
    *("outbox", "inbox", "nudge"),
)
"""Tables in which a contact may have been named."""


class Database(Protocol):
    """A place where work is done, in a transaction of its own.

    All raise Unavailable when nothing can have been changed, MaybeSaved when the commit's outcome is unknown, and Conflict when two
    writers stood in each other's way.
    """

    @property
    def dialect(self) -> str: ...

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
        """All that the work reads is of one moment; it can change nothing.

        workspace  whose rows it is about, NOBODYS or ACROSS. Where the database keeps workspaces apart by itself, it sees no others.
        brief      a few look-ups, each of which may be of a moment of its own: PostgreSQL need not be told where the work begins and ends, and
                   SQLite does it at once. It may be done a second time when that takes too long.
        """
        ...

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        """Commit what the work did, or nothing. workspace: as for `read`. alone: it is a single statement, which needs no transaction
        around it.
        """
        ...

    async def alter(self, work: Work[T]) -> T:
        """Like write, for a change of the schema: foreign keys are not enforced meanwhile (SQLite), and it may take its time."""
        ...

    async def scrub(self) -> bool:
        """Let go of what deleted and overwritten rows have left behind in the files. Returns False while somebody who reads holds on to it."""
        ...

    async def close(self) -> None: ...


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> str:
    """JSON in one spelling: what is stored is, to the byte, what is hashed."""
    return _CANONICAL.encode(value)


def parse_url(text: str) -> sa.URL:
    """Any usual spelling of a database URL → the one with our driver.

    raises UsageError, for what is neither SQLite nor PostgreSQL, or asks for something that our driver cannot do.
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # ValueError: a port that is no number
        raise UsageError(
            "The database URL cannot be read.",
            "Write sqlite:///pivotal.db or postgresql://user:password@host/database.",
        ) from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite")
        case "sqlite":
            raise UsageError("An SQLite database needs a file.", "Write sqlite:///pivotal.db.")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+asyncpg", query=_for_asyncpg(url.query))
        case other:
            raise UsageError(f"{other} is not a database Pivotal knows.", "Use SQLite or PostgreSQL.")


_UNDERSTOOD = {"host", "port", "ssl", "direct_tls", "passfile", "target_session_attrs", "krbsrvname", "gsslib"}
_WITHOUT_EFFECT = {"application_name", "channel_binding", "connect_timeout", "gssencmode"}
"""Settings of libpq that hosters put into their URLs; our driver has none of them, or we set it ourselves."""


def _for_asyncpg(query: Query) -> Query:
    """The settings of a PostgreSQL URL in the driver's words: libpq's `sslmode` is its `ssl`."""
    found = {
        "ssl" if name == "sslmode" else name: value for name, value in query.items() if name not in _WITHOUT_EFFECT
    }
    if unknown := sorted(found.keys() - _UNDERSTOOD):
        raise UsageError(f"The database URL sets {unknown[0]}, which Pivotal does not know.", "Leave it out.")
    return found


def connect(url: str, *, patience: Patience = ANSWER) -> Database:
    """A Database for this URL; nothing is opened before its first use."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, patience)
    return PostgresDatabase(parsed, patience)


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

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:  # noqa: ARG002
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


SNAPSHOT: Final[Mapping[str, Any]] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""How PostgreSQL reads all of one moment."""


class PostgresDatabase:
    dialect = "postgresql"

    def __init__(self, url: sa.URL, patience: Patience) -> None:
        # AUTOCOMMIT, so that neither the ping of an idle connection nor a statement alone is wrapped in a transaction.
        self._alone: AsyncEngine = create_async_engine(
            url,
            json_serializer=canonical,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            pool_size=10,
            max_overflow=10,
            pool_timeout=patience.connection.total_seconds(),
            connect_args={
                "timeout": patience.connection.total_seconds(),
                "command_timeout": patience.statement.total_seconds(),
            },
        )
        see_whether_walled(self._alone.sync_engine)
        _hand_out_no_dead_connections(self._alone.sync_engine)
        _wait_for_no_goodbye(self._alone.sync_engine)
        # A page is several statements, and must not tear (decisions/0003-one-snapshot.md).
        self._reading = self._alone.execution_options(**SNAPSHOT)
        self._writing = self._alone.execution_options(isolation_level="READ COMMITTED")
        # COPY goes past SQLAlchemy, and fails with the driver's own errors.
        driver = self._alone.dialect.loaded_dbapi.asyncpg
        self._failures = (DBAPIError, PoolTimeoutError, OSError, driver.PostgresError, driver.InternalClientError)
        self._writes: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
        def asked() -> T:
            with (self._alone if brief else self._reading).sync_engine.connect() as connection:
                if brief and is_walled(connection):  # who is asking is said at the beginning of a transaction
                    connection.execution_options(**SNAPSHOT)
                enter(connection, workspace)
                return work(connection)

        try:
            return await greenlet_spawn(asked)
        except self._failures as error:
            reraised(error)

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        # Who asked may be cancelled; the commit is not: it runs to its end in a task of its own.
        return await asyncio.shield(self._kept(self._write(work, workspace, alone=alone)))

    def _kept(self, running: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(running)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return task

    async def _write(self, work: Work[T], workspace: str, *, alone: bool) -> T:
        committing = False

        def in_transaction(connection: sa.Connection) -> T:
            nonlocal committing
            with connection.begin() as transaction:
                enter(connection, workspace)
                result = work(connection)
                committing = True
                transaction.commit()
                return result

        def done() -> T:
            nonlocal committing
            with (self._alone if alone else self._writing).sync_engine.connect() as connection:
                if not alone:
                    return in_transaction(connection)
                if is_walled(connection):
                    return in_transaction(connection.execution_options(isolation_level="READ COMMITTED"))
                committing = True
                return work(connection)

        try:
            return await greenlet_spawn(done)
        except self._failures as error:
            reraised(error, committing=committing)

    async def alter(self, work: Work[T]) -> T:
        return await self.write(work)

    async def scrub(self) -> bool:
        async with self._alone.connect() as connection:
            for table in WITH_NAMES:
                await connection.exec_driver_sql(f"VACUUM {table}")
        return True

    async def close(self) -> None:
        if self._writes:
            await asyncio.wait(self._writes)
        await self._alone.dispose()


def _hand_out_no_dead_connections(engine: sa.Engine) -> None:
    """What the pool's pre-ping does, for a round trip less: asyncpg has seen by itself that the server closed a connection. Only one that
    was idle is asked, since in between a network may have dropped it without a word (decisions/0012-writes.md).
    """

    @event.listens_for(engine, "checkin")
    def used(_connection: object, record: sa.pool.ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def is_there(connection: Any, record: sa.pool.ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise sa.exc.DisconnectionError
        if time.monotonic() - record.info.get("used", math.inf) > IDLE.total_seconds():
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise sa.exc.DisconnectionError from error


def _wait_for_no_goodbye(engine: sa.Engine) -> None:
    """A connection that failed is dropped at once. Its polite end would wait for an answer from a server that has just given none."""

    @event.listens_for(engine, "invalidate")
    def drop(connection: Any, _record: object, _error: object) -> None:
        connection.driver_connection.terminate()


def database_clock(connection: sa.Connection) -> datetime:
    """The database's own clock. On SQLite that is this machine's, read by the database to the millisecond."""
    found: datetime = connection.execute(_NOW[connection.dialect.name]).scalar_one()
    return found


_UNIX_MS = sa.func.round(
    (sa.func.julianday("now") - 2440587.5) * 86_400_000
)  # days since noon of 4714 BC, less those to 1970
CLOCKS: Mapping[str, sa.ColumnElement[datetime]] = {
    "postgresql": sa.func.clock_timestamp(type_=Instant),
    "sqlite": sa.type_coerce(sa.cast(_UNIX_MS, sa.BigInteger) * 1000, Instant),
}
"""By dialect, for a statement that needs the time beside something else."""
_NOW = {dialect: sa.select(clock) for dialect, clock in CLOCKS.items()}
