"""The time that a call takes in the database: the statements that the Store sent, sent once more on a bare connection of the driver."""

import json
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event

from tests.bench.places import sqlite_path


class Statement(NamedTuple):
    text: str
    parameters: tuple[Any, ...]

    @property
    def reads_the_log(self) -> bool:
        return "FROM activity" in self.text or "LATERAL" in self.text or "CROSS JOIN" in self.text

    @property
    def counts(self) -> bool:
        """feed.count: a number, or seqs up to a limit, in no order."""
        return self.reads_the_log and self.text.startswith(
            ("SELECT count(*)", "SELECT activity.seq", "SELECT activity_field.seq", "SELECT part.seq")
        )


@contextmanager
def sent() -> Iterator[list[Statement]]:
    """The queries that the Store sends meanwhile, in order."""
    found: list[Statement] = []

    def sending(_c: object, _cursor: object, text: str, parameters: Any, _context: object, _many: object) -> None:
        if text.startswith(("SELECT", "WITH")):
            found.append(Statement(text, tuple(parameters)))

    event.listen(sa.Engine, "before_cursor_execute", sending)
    try:
        yield found
    finally:
        event.remove(sa.Engine, "before_cursor_execute", sending)


class Bare(Protocol):
    """A connection of the driver alone."""

    async def seconds(self, statements: Sequence[Statement]) -> float: ...

    def worked(self) -> float:
        """Seconds for which a processor has worked for this connection so far, in the database alone: no others on the machine are in it,
        and no wait. NaN where the system does not tell.
        """
        ...

    async def keys(self, statement: Statement) -> int:
        """What it reads: on PostgreSQL rows of its index scans, on SQLite steps of its virtual machine."""
        ...


class _Asyncpg:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._schedule = Path(f"/proc/{connection.get_server_pid()}/schedstat")

    def worked(self) -> float:
        try:
            return int(self._schedule.read_text().split()[0]) / 1e9
        except OSError:
            return math.nan

    async def seconds(self, statements: Sequence[Statement]) -> float:
        began = time.perf_counter()
        for text, parameters in statements:
            await self._connection.fetch(text, *parameters)
        return time.perf_counter() - began

    async def keys(self, statement: Statement) -> int:
        explained = await self._connection.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}", *statement.parameters
        )
        return sum(_rows_read(json.loads(explained)[0]["Plan"]))


def _rows_read(node: dict[str, Any]) -> Iterator[int]:
    if "Index" in node["Node Type"] or node["Node Type"] == "Seq Scan":
        each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        yield round(each * node["Actual Loops"])
    for child in node.get("Plans", ()):
        yield from _rows_read(child)


class _Sqlite3:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def worked(self) -> float:
        return time.thread_time()

    async def seconds(self, statements: Sequence[Statement]) -> float:
        began = time.perf_counter()
        for text, parameters in statements:
            self._connection.execute(text, parameters).fetchall()
        return time.perf_counter() - began

    async def keys(self, statement: Statement) -> int:
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        self._connection.set_progress_handler(step, 1)
        self._connection.execute(*statement).fetchall()
        self._connection.set_progress_handler(None, 0)
        return steps


@asynccontextmanager
async def bare(url: str) -> AsyncIterator[Bare]:
    if url.startswith("postgresql"):
        asynchronous = await asyncpg.connect(url.replace("+asyncpg", ""))
        yield _Asyncpg(asynchronous)
        await asynchronous.close()
    else:
        connection = sqlite3.connect(sqlite_path(url), isolation_level=None)
        yield _Sqlite3(connection)
        connection.close()
