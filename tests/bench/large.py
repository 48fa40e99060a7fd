"""Sections 3 and 4 at their full size: a customer with a million of ten million activities. `verify` and single writes besides.

The databases are made by millions.py. Where a folder is given to keep them in, a later run finds them there, with what the runs before it
wrote: some thousand activities.
"""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from store.domain.activity import Change, NewActivity, Source
from store.domain.errors import PivotalError
from tests.bench import exporting, feed, millions
from tests.bench.commands import ran
from tests.bench.histories import Size
from tests.bench.measure import Operation, Pace, interleaved, timed
from tests.bench.places import KeptPlace, Place, migrated
from tests.bench.report import Report
from tests.bench.shelves import Shelf, opened_shelf
from tests.bench.write_limits import KIND, SAM

ROWS: Final = 10_000_000
ROOM: Final = {"sqlite": 1_600, "postgresql": 3_000}
"""Bytes on disk that an activity takes while it is loaded: itself, its indexes, what sorts them, and PostgreSQL's log."""
PROCESSES: Final = 2
TIMES: Final = 300
"""How often a page is read: of so many, the slowest three do not count in p99."""
LITTLE: Final = Size(10_000)
WRITING: Final = Pace(rounds=9, seconds=0.4)
EXPORTING: Final = Pace(rounds=3, seconds=0.0, warm=1, least=1)


class NoRoom(PivotalError):
    """The disk is too small for what was asked for."""


def make_room(keep: Path | None, dialects: Sequence[str], rows: int) -> None:
    """See that there is a folder for the databases, and room. Those that are kept in it already count as room.

    raises  NoRoom
    """
    folder, there = Path(tempfile.gettempdir()), 0
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        folder, there = keep, sum(file.stat().st_size for file in keep.rglob("*") if file.is_file())
    need, free = sum(ROOM[dialect] for dialect in dialects) * rows, shutil.disk_usage(folder).free + there
    if need > free:
        raise NoRoom(
            f"{rows:,} activities need {need / 1e9:.0f} GB of disk in {folder}, where {free / 1e9:.0f} GB are free.",
            "Give a folder on another disk with `--keep`, or fewer with `--rows`.",
        )


async def run(found: Sequence[KeptPlace], report: Report, rows: int) -> None:
    for place in found:
        async with AsyncExitStack() as stack:
            large = await stack.enter_async_context(stocked(place, report, Size(rows)))
            little = await stack.enter_async_context(stocked(place, report, LITTLE))
            await feed.stacked(place, report, large, little, TIMES)
            await feed.depth(place, report, large)
            await _write(place, report, large)
            await exporting.run(place, EXPORTING, report, large)
            await _verify(place, report, large)


@asynccontextmanager
async def stocked(place: KeptPlace, report: Report, size: Size) -> AsyncIterator[Shelf]:
    """A database of this size: that of an earlier run, at the schema of this one, or a new one."""
    name = f"large_{size.rows}"
    url = await place.shelved(name)
    if url is None:
        new = await place.fresh()
        seconds = await millions.load(new, size, PROCESSES)
        url = await place.shelve(new, name)
        cells = [(part, f"{taken:.0f}") for part, taken in seconds.items()]
        report.table(f"Loading {size.rows:,} activities, {place.name}", ("part", "seconds"), cells)
    else:
        await migrated(url)
    async with opened_shelf(place, url, size) as shelf:
        yield shelf


async def _write(place: Place, report: Report, shelf: Shelf) -> None:
    """One change with its activity, to the big customer and to a small one."""
    arms = {}
    for name, customer in (("a small customer", "small-1"), ("the big customer", "big")):
        ident = (await shelf.store.find_customer(shelf.workspace, customer)).id
        arms[name] = timed(_recorded(shelf, ident))
    found = await interleaved(arms, WRITING)
    report.arms(f"One write, {place.name}, {shelf.size.rows:,} activities", found.values(), found["a small customer"])


def _recorded(shelf: Shelf, customer_id: str) -> Operation:
    numbers = itertools.count()

    async def run(n: int) -> None:
        for number in itertools.islice(numbers, n):
            changes = (Change("plan", f"Plan {number}", f"Plan {number + 1}"),)
            change = NewActivity(kind=KIND, actor=SAM, source=Source.SLACK, changes=changes)
            await shelf.store.record(shelf.workspace, customer_id, [change])

    return run


async def _verify(place: Place, report: Report, shelf: Shelf) -> None:
    """`pivotal verify`, of the big customer and of everything."""
    heads = await shelf.store.heads(shelf.workspace)
    big = (await shelf.store.find_customer(shelf.workspace, "big")).id
    idle = (await asyncio.to_thread(ran, shelf.url, "verify", "small-1")).peak
    rows = []
    for name, arguments, activities in (
        ("the big customer", ("big",), sum(head.seq for head in heads if head.customer_id == big)),
        ("all customers", (), sum(head.seq for head in heads)),
    ):
        done = await asyncio.to_thread(ran, shelf.url, "verify", *arguments)
        rate = activities / done.seconds
        rows.append((name, f"{activities:,}", f"{done.seconds:.0f}", f"{rate:,.0f}", f"{done.peak - idle:.1f}"))
    head = ("pivotal verify", "activities", "seconds", "per second", "MiB over a small customer")
    report.table(f"Verify, {place.name}", head, rows)
