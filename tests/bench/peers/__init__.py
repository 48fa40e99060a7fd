"""What peers do: django-auditlog, django-pghistory and django-simple-history, from the optional dependency group `bench`.

They run in a process of their own (`__main__.py`), since Django wants one to itself; it is told by lines of JSON which arm to run how often,
and answers with the seconds that this took.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from importlib.util import find_spec

from tests.bench.measure import Timed
from tests.bench.places import Place
from tests.bench.report import Report

NEEDED = {
    "django": "django",
    "auditlog": "django-auditlog",
    "pghistory": "django-pghistory",
    "simple_history": "django-simple-history",
}


async def arms(
    stack: AsyncExitStack, place: Place, what: str, report: Report, rows: int = 0, share: int = 10
) -> dict[str, Timed]:
    """The peers' arms on a new database of theirs; none, and a printed line, where they are not installed.

    what  `writes`, or `feed`: then there are `rows` entries, one of `share` of them about one object
    """
    missing = [name for module, name in NEEDED.items() if find_spec(module) is None]
    if missing:
        report.left_out(f"{', '.join(missing)} (not installed: `pip install --group bench`).")
        return {}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.peers", await place.empty(), what, str(rows), str(share)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    stack.push_async_callback(_ended, child)
    return {name: _told(child, name) for name in json.loads(await _heard(child))}


def _told(child: asyncio.subprocess.Process, name: str) -> Timed:
    async def run(n: int) -> float:
        assert child.stdin is not None
        child.stdin.write(json.dumps([name, n]).encode() + b"\n")
        return float(json.loads(await _heard(child)))

    return run


async def _heard(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise RuntimeError("the peers' process ended; what it wrote stands above")
    return line


async def _ended(child: asyncio.subprocess.Process) -> None:
    assert child.stdin is not None
    child.stdin.close()
    await child.wait()
