"""Behind pgbouncer, the second wall and prepared statements hold (decisions/0047-poolers.md)."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from store import Store
from store.domain.query import HistoryQuery
from store.engine import Database, connect, parse_url
from store.wall import is_walled
from tests.builders import a_customer, an_activity, another_workspace, history
from tests.conftest import APP, STEADY, str_url

PGBOUNCER: Final = shutil.which("pgbouncer")
PORT: Final = 6432
"""Of a socket in a folder of its own: nobody else has it."""

pytestmark = [
    pytest.mark.promise(id="S6"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
    pytest.mark.skipif(PGBOUNCER is None, reason="no pgbouncer on this machine: `apt-get install pgbouncer`"),
]


def knows_prepared_statements() -> bool:
    """Since 1.21 it keeps track of them, so that each transaction may get another connection."""
    assert PGBOUNCER is not None
    said = subprocess.run([PGBOUNCER, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    assert found, said
    return (int(found[1]), int(found[2])) >= (1, 21)


@pytest.fixture
async def pooled(database_url: str) -> AsyncIterator[Database]:
    """The database as the running program has it, through a pooler with fewer connections than are asked for at once."""
    with TemporaryDirectory(prefix="pivotal-pooler-", dir="/tmp", ignore_cleanup_errors=True) as name:
        server = parse_url(database_url)
        _prepare(Path(name), str(server.query["host"]))
        async with _running(Path(name)):
            url = server.set(username=APP, query={"host": name, "port": str(PORT)})
            database = connect(str_url(url), patience=STEADY)
            yield database
            await database.close()


def _prepare(folder: Path, host: str) -> None:
    """A pooler does not run as root; who runs the server reaches its socket."""
    user = Path(host).owner() if os.getuid() == 0 else None
    mode, connections = ("transaction", 3) if knows_prepared_statements() else ("session", 30)
    (folder / "users.txt").write_text(f'"{APP}" ""\n')
    (folder / "pgbouncer.ini").write_text(_settings(folder, host, user, mode, connections))
    if user:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)


def _settings(folder: Path, host: str, user: str | None, mode: str, connections: int) -> str:
    lines = {
        "unix_socket_dir": folder,
        "listen_port": PORT,
        "auth_type": "trust",
        "auth_file": folder / "users.txt",
        "logfile": folder / "log",
        "pool_mode": mode,
        "default_pool_size": connections,
        **({"max_prepared_statements": 200} if mode == "transaction" else {}),
        **({"user": user} if user else {}),
    }
    said = "\n".join(f"{name} = {value}" for name, value in lines.items())
    return f"[databases]\n* = host={host}\n[pgbouncer]\n{said}\n"


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[None]:
    assert PGBOUNCER is not None
    process = await asyncio.create_subprocess_exec(PGBOUNCER, str(folder / "pgbouncer.ini"))
    try:
        async with asyncio.timeout(60):
            while not (folder / f".s.PGSQL.{PORT}").exists():
                assert process.returncode is None, "it has ended: see what it says above"
                await asyncio.sleep(0.02)
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_many_at_once_see_their_own_workspace_and_nothing_else(
    pooled: Database, store: Store, database: Database, workspace: str
) -> None:
    other = await another_workspace(database, "T0THEIRS")
    customers = {each: await a_customer(store, each, f"Acme of {each}", ref="acme") for each in (workspace, other)}
    assert await pooled.read(is_walled, workspace)
    through = Store(pooled)

    async def writes_and_reads(each: str, number: int) -> None:
        await through.record(each, customers[each], [an_activity(text=f"{each} {number}")])
        page = await history(through, each, HistoryQuery("acme"))
        assert {str(entry.text).split()[0] for entry in page.entries} == {each}
        assert f"{each} {number}" in {entry.text for entry in page.entries}

    await asyncio.gather(*(writes_and_reads(each, number) for number in range(20) for each in customers))
    for each in customers:
        assert (await history(through, each, HistoryQuery("acme"))).total == 20
        assert (await through.verify(each)).faults == ()
