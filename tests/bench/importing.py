"""Section 5: `pivotal import` of a file, against COPY or `executemany` of the same rows into the same tables and indexes."""

import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from tests.bench import histories
from tests.bench.histories import Size
from tests.bench.measure import Arm
from tests.bench.places import Place
from tests.bench.report import Line, Report
from tests.bench.write_limits import sqlite_connection

OURS = "pivotal import"
NEED, NOISE = 0.5, 0.3
GROWTH = {"sqlite": 1.5, "postgresql": 1.15}
"""Peak memory of the whole file against that of a quarter of it. Python's own heap is not quite the same twice, and of SQLite's 64 MiB of pages
a quarter of a small file fills a part: of 200,000 lines, where both fill all of it, the peak is the same.
"""

REFERRED = ("workspace", "actor", "customer", "external_id")
FILLED = {"activity": "occurred_at, seq", "activity_field": "occurred_at, seq", "inbound_key": "recorded_at, key"}
"""What an import of activities fills, and an order close to that in which it came."""

Copy = Callable[[str], Awaitable[float]]
"""Fill the migrated database of this URL; gives the seconds that the log itself took."""


async def run(place: Place, rounds: int, report: Report, size: Size) -> None:
    with tempfile.TemporaryDirectory(prefix="pivotal-bench-") as folder:
        file, quarter = Path(folder) / "all.jsonl", Path(folder) / "quarter.jsonl"
        written(file, size)
        written(quarter, Size(size.rows // 4, size.share))
        source = await place.fresh()
        imported(source, file)
        name = "COPY" if place.dialect == "postgresql" else "executemany"
        copied = await _copying(source, Path(folder)) if place.dialect == "postgresql" else _inserting(source)
        rates: dict[str, list[float]] = {name: [], OURS: []}
        peaks = []
        for _ in range(rounds):
            url = await place.fresh()
            rates[name].append(size.rows / await copied(url))
            await place.drop(url)
            url = await place.fresh()
            seconds, peak = imported(url, file)
            rates[OURS].append(size.rows / seconds)
            peaks.append(peak)
            await place.drop(url)
        url = await place.fresh()
        _, small_peak = imported(url, quarter)
    limit, mine = (Arm(arm, tuple(found)) for arm, found in rates.items())
    report.arms(f"5. Import of {size.rows:,} activities, {place.name}", (limit, mine), limit)
    report.reach(
        Line(f"{place.name}: {OURS} against {name}", mine.ratio(limit), NEED, NOISE),
        Line(
            f"{place.name}: peak memory, MiB {max(peaks):.0f}, against a quarter of the file",
            max(peaks) / small_peak,
            GROWTH[place.dialect],
            0.1,
            at_most=True,
        ),
    )


def written(file: Path, size: Size) -> None:
    with file.open("wb") as content:
        content.writelines(line + b"\n" for line in histories.lines(size))


def imported(url: str, file: Path) -> tuple[float, float]:
    """Run the command. Gives its seconds, from start to end, and its peak memory in MiB; nan, where the system does not tell it."""
    began = time.perf_counter()
    command = (sys.executable, "-m", "bot", "import", str(file))
    process = subprocess.Popen(command, env=os.environ | {"DATABASE_URL": url}, stdout=subprocess.DEVNULL)
    peak = math.nan
    while process.poll() is None:
        peak = _peak(process.pid) or peak
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{OURS} ended with {process.returncode}; what it said stands above")
    return seconds, peak


def _peak(pid: int) -> float | None:
    """MiB, of a process that runs. What is told of one that has ended begins with the memory of whoever started it: of this bench."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    return int(found[1]) / 1024 if found else None


async def _copying(source: str, folder: Path) -> Copy:
    connection = await asyncpg.connect(source.replace("+asyncpg", ""))
    for table in (*REFERRED, *FILLED):
        await connection.copy_from_table(table, output=folder / table)
    await connection.close()

    async def copied(url: str) -> float:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        await connection.execute("DELETE FROM workspace")
        for table in REFERRED:
            await connection.copy_to_table(table, source=folder / table)
        began = time.perf_counter()
        for table in FILLED:
            await connection.copy_to_table(table, source=folder / table)
        seconds = time.perf_counter() - began
        await connection.close()
        return seconds

    return copied


def _inserting(source: str) -> Copy:
    connection = sqlite_connection(source)
    rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in REFERRED}
    rows |= {
        table: connection.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
        for table, order in FILLED.items()
    }
    connection.close()

    async def inserted(url: str) -> float:
        connection = sqlite_connection(url)
        connection.execute("DELETE FROM workspace")
        for table in REFERRED:
            _insert(connection, table, rows[table])
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for table in FILLED:
            _insert(connection, table, rows[table])
        connection.execute("COMMIT")
        seconds = time.perf_counter() - began
        connection.close()
        return seconds

    return inserted


def _insert(connection: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
