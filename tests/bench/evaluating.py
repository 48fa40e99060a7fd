"""One evaluation of all customers in a process of its own, whose memory is then its own: `python -m tests.bench.evaluating URL`.

Prints its seconds, those of one statement that reads the same rows, and how many MiB its memory grew by.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from store import Store, tables
from store.domain.nudge import NudgeKind
from store.engine import JOB, connect
from store.nudging.schedules import NUDGES, Schedule
from tests.bench.commands import own_peak

BATCH: Final = 500
ROUNDS: Final = 3
NOW: Final = datetime.now(UTC)
EVERYBODY: Final = Schedule(
    id="sch_bench", number=1, kind=NUDGES, kinds=tuple(NudgeKind), zone="UTC", made_by="", state="active", through=NOW
)


async def evaluated(store: Store, workspace: str) -> int:
    """As the worker does it. Returns for how many customers there would be something to do."""
    after, count = "", 0
    while batch := await store.nudging.batch(workspace, after, BATCH):
        count += len(await store.nudging.concerned(workspace, batch, EVERYBODY, NOW))
        after = batch[-1]
    return count


def read_once(connection: sa.Connection) -> None:
    """Every activity of every customer, by one statement, a few at a time."""
    a = tables.activity.c
    columns = (a.customer_id, a.seq, a.occurred_at, a.type, a.actor, a.subject, a.changes)
    with connection.execution_options(yield_per=1000).execute(sa.select(*columns)) as rows:
        for _ in rows:
            pass


async def best(work: Callable[[], object]) -> float:
    """The seconds of the quickest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await work()  # type: ignore[misc]  # each is asynchronous
        times.append(time.perf_counter() - began)
    return min(times)


async def main(url: str) -> None:
    database = connect(url, patience=JOB)
    store = Store(database)
    workspace = (await store.default_workspace()).id
    idle = own_peak()
    ours = await best(lambda: evaluated(store, workspace))
    grown = own_peak() - idle
    once = await best(lambda: database.read(read_once))
    print(ours, once, grown)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
