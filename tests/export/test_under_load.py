"""R14 in its quick form: an export is complete and of one moment, while rows are added; and it takes no memory."""

import asyncio
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bot.acme import ACME
from tests.bot.conftest import Pivotal
from tests.builders import a_line, an_activity
from tests.cli.conftest import ROOT, environment
from tests.export.files import received

ROWS = 4_000


def numbered(many: int, text: str | None = None) -> list[dict[str, Any]]:
    """Lines of an import, each of one row that can be told from all others by its onboarding."""
    return [a_line(event_type="acme.rang_up", onboarding_id=f"row-{n}", text=text) for n in range(1, many + 1)]


async def remembers_many(pivotal: Pivotal, lines: list[dict[str, Any]]) -> None:
    await pivotal.imports(ACME)
    for start in range(0, len(lines), 500):
        await pivotal.imports(*lines[start : start + 500])


async def test_it_is_complete_and_of_one_moment_while_rows_are_added(pivotal: Pivotal) -> None:
    await remembers_many(pivotal, numbered(ROWS))
    stop = asyncio.Event()
    added = ROWS

    async def keeps_adding() -> None:
        nonlocal added
        while not stop.is_set():
            await pivotal.remembers("acme", an_activity(onboarding_id=f"row-{added + 1}"))
            added += 1

    adding = asyncio.create_task(keeps_adding())
    await pivotal.says("/pivotal export acme")
    (file,) = await received(pivotal, within=60)
    stop.set()
    await adding
    told = re.search(r"up to entry ([0-9]+)", file.message.text)
    assert told is not None
    last = int(told[1])
    assert ROWS <= last < added
    assert file.is_told_by_its_receipt()
    assert sorted(int(row.onboarding_id.removeprefix("row-")) for row in file.rows) == list(range(1, last + 1))


MEASURED = """
import asyncio, json, resource, sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
from bot.exports import Tally, unnamed_file
from store import Store
from store.domain.query import HistoryQuery, Reader
from store.engine import JOB, connect

def peak() -> float:
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024

async def main() -> None:
    database = connect(sys.argv[1], patience=JOB)
    store = Store(database)
    workspace = (await store.default_workspace()).id
    reader = Reader(now=datetime.now(UTC), zone=ZoneInfo("UTC"))
    await store.history(workspace, HistoryQuery("acme"), reader)
    idle = peak()
    with unnamed_file() as file:
        tally = Tally(file.write)
        await store.exports.write(workspace, HistoryQuery("acme"), reader, tally, told=lambda rows: None)
    print(json.dumps([tally.rows, tally.size_bytes, peak() - idle]))
    await database.close()

asyncio.run(main())
"""


async def test_however_many_rows_it_takes_no_more_memory(pivotal: Pivotal, tmp_path: Path) -> None:
    """performance.md 4: at most 16 MiB over the idle process."""
    await remembers_many(pivotal, numbered(ROWS * 2, "A long story. " * 300))
    script = tmp_path / "measured.py"
    script.write_text(MEASURED)
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(script), pivotal.database_url],
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=timedelta(minutes=2).total_seconds(),
        check=True,
    )
    rows, size_bytes, over_idle_mib = json.loads(ran.stdout)
    assert rows == ROWS * 2
    assert size_bytes > 32 * 1024 * 1024
    assert over_idle_mib < 16
