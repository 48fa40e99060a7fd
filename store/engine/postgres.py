"""A database on a server, by asyncpg: each piece of work runs in one greenlet. SQLAlchemy's `run_sync` takes three, to connect, run and close."""

import asyncio
import math
import time
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from store.engine.database import Patience, T, Work
from store.engine.spelling import canonical
from store.failures import reraised
from store.tables import WITH_NAMES
from store.wall import NOBODYS, enter, is_walled, see_whether_walled

IDLE = timedelta(seconds=5)
"""After which a pooled connection is asked whether it is still there."""

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
