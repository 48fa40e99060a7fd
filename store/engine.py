"""Database URL → a Database, which runs functions over a synchronous Core connection, one transaction each.

PostgreSQL runs them through the async engine's `run_sync`. SQLite runs them on one writer thread and a few reading threads: a whole
transaction is then one hop, and the file's one lock is waited for in one place.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from sqlite3 import Connection as SqliteConnection
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from store.domain.errors import MaybeSaved, PivotalError, Unavailable, UsageError
from store.tables import Instant

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

ANSWER = timedelta(milliseconds=1500)
"""How long a statement may take while a person waits."""
JOB = timedelta(minutes=10)
"""How long one may take where nobody does: import, verify, migrate."""

SQLITE_READERS = 4


class Database(Protocol):
    """A place where work is done, in a transaction of its own.

    Both raise Unavailable when nothing can have been changed, and MaybeSaved when the commit's outcome is unknown.
    """

    @property
    def dialect(self) -> str: ...

    async def read(self, work: Work[T]) -> T: ...

    async def write(self, work: Work[T], *, alone: bool = False) -> T:
        """Commit what the work did, or nothing. alone: it is a single statement, which needs no transaction around it."""
        ...

    async def alter(self, work: Work[T]) -> T:
        """Like write, for a change of the schema: foreign keys are not enforced meanwhile (SQLite), and it may take its time."""
        ...

    async def close(self) -> None: ...


def canonical(value: object) -> str:
    """JSON in one spelling: what is stored is, to the byte, what is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parse_url(text: str) -> sa.URL:
    """Any usual spelling of a database URL → the one with our driver.

    raises UsageError, for what is neither SQLite nor PostgreSQL.
    """
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
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
            return url.set(drivername="postgresql+asyncpg")
        case other:
            raise UsageError(f"{other} is not a database Pivotal knows.", "Use SQLite or PostgreSQL.")


def connect(url: str, *, patience: timedelta = ANSWER) -> Database:
    """A Database for this URL; nothing is opened before its first use. patience: how long one statement may take."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, patience)
    return PostgresDatabase(parsed, patience)


class SqliteDatabase:
    dialect = "sqlite"

    def __init__(self, url: sa.URL, patience: timedelta) -> None:
        self._url = url
        # An answer waits for the file's lock for 1.2 s of its 1.5 s; a job has 5 s.
        busy_ms = 1200 if patience <= ANSWER else 5000
        self._writing = _sqlite_engine(url, "BEGIN IMMEDIATE", busy_ms, 1)
        self._reading = _sqlite_engine(url, "BEGIN", busy_ms, SQLITE_READERS)
        self._writer = ThreadPoolExecutor(1, "pivotal-write")
        self._readers = ThreadPoolExecutor(SQLITE_READERS, "pivotal-read")

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, _in_transaction, self._reading, work)

    async def write(self, work: Work[T], *, alone: bool = False) -> T:  # noqa: ARG002 - SQLite needs its transaction anyway
        # A thread's work is not undone by cancelling who waits for it: it commits, or fails, as a whole.
        return await asyncio.get_running_loop().run_in_executor(self._writer, _in_transaction, self._writing, work)

    async def alter(self, work: Work[T]) -> T:
        engine = _sqlite_engine(self._url, "BEGIN IMMEDIATE", 30_000, 1, foreign_keys=False)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writer, _in_transaction, engine, work)
        finally:
            engine.dispose()

    async def close(self) -> None:
        for pool in (self._writer, self._readers):
            pool.shutdown(wait=True)
        self._writing.dispose()
        self._reading.dispose()


def _sqlite_engine(url: sa.URL, begin: str, busy_ms: int, size: int, *, foreign_keys: bool = True) -> sa.Engine:
    engine = sa.create_engine(
        url,
        json_serializer=canonical,
        poolclass=sa.QueuePool,
        pool_size=size,
        max_overflow=0,
        # A connection is used by one thread at a time, but not always by the same one.
        connect_args={"check_same_thread": False, "timeout": busy_ms / 1000},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = (
            None  # Python's driver would begin only at the first write, and lose updates in silence
        )
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={foreign_keys:d}",
            "secure_delete=ON",
            "recursive_triggers=ON",
            f"busy_timeout={busy_ms}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _in_transaction(engine: sa.Engine, work: Work[T]) -> T:
    try:
        with engine.begin() as connection:
            return work(connection)
    except (DBAPIError, PoolTimeoutError) as error:
        raise sorted_out(error) from error


class PostgresDatabase:
    dialect = "postgresql"

    def __init__(self, url: sa.URL, patience: timedelta) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url,
            json_serializer=canonical,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            pool_timeout=1.0,
            connect_args={"timeout": 1.0, "command_timeout": patience.total_seconds()},
        )
        self._alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writes: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[T]) -> T:
        try:
            async with self._alone.connect() as connection:
                return await connection.run_sync(work)
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            raise sorted_out(error) from error

    async def write(self, work: Work[T], *, alone: bool = False) -> T:
        # Who asked may be cancelled; the commit is not: it runs to its end in a task of its own.
        return await asyncio.shield(self._kept(self._write_alone(work) if alone else self._write(work)))

    def _kept(self, running: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(running)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return task

    async def _write(self, work: Work[T]) -> T:
        committing = False
        try:
            async with self._engine.connect() as connection, connection.begin() as transaction:
                result = await connection.run_sync(work)
                committing = True
                await transaction.commit()
                return result
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            raise sorted_out(error, committing=committing) from error

    async def _write_alone(self, work: Work[T]) -> T:
        sent = False
        try:
            async with self._alone.connect() as connection:
                sent = True
                return await connection.run_sync(work)
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            raise sorted_out(error, committing=sent) from error

    async def alter(self, work: Work[T]) -> T:
        return await self.write(work)

    async def close(self) -> None:
        if self._writes:
            await asyncio.wait(self._writes)
        await self._engine.dispose()


def sorted_out(error: Exception, *, committing: bool = False) -> Exception:
    """What a failure of the database means to whoever waits: not reachable, of unknown outcome, or a bug of ours (returned as it is)."""
    if isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError | sa.exc.DataError | PivotalError):
        return error
    if isinstance(error, DBAPIError) and not (error.connection_invalidated or _passing(error)):
        return error
    return MaybeSaved() if committing else Unavailable()


def _passing(error: DBAPIError) -> bool:
    """Locked, out of space, shutting down, timed out: not the statement's fault."""
    return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or isinstance(
        error.__cause__, TimeoutError | OSError
    )


def database_clock(connection: sa.Connection) -> datetime:
    """The database's own clock. On SQLite that is this machine's, read by the database to the millisecond."""
    found: datetime = connection.execute(_CLOCKS[connection.dialect.name]).scalar_one()
    return found


_UNIX_MS = sa.func.round(
    (sa.func.julianday("now") - 2440587.5) * 86_400_000
)  # days since noon of 4714 BC, less those to 1970
_CLOCKS = {
    "postgresql": sa.select(sa.func.clock_timestamp(type_=Instant)),
    "sqlite": sa.select(sa.type_coerce(sa.cast(_UNIX_MS, sa.BigInteger) * 1000, Instant)),
}
