"""A database that takes no more: what cannot be written down is not posted either."""

import asyncio
from functools import partial

import pytest

from bot.app import App
from store.domain.errors import Unavailable
from store.domain.query import HistoryQuery
from store.engine import T, Work, connect
from store.timed import name_of
from store.wall import NOBODYS
from tests.bot.conftest import QUICK, Pivotal
from tests.bot.slow import Held
from tests.builders import NEVER_QUIET
from tests.conftest import STEADY
from tests.waiting import until

CUSTOMERS = 4


class Full(Held):
    """As with the last page of a disk: who claims still finds room, who records what became of it does not."""

    full = False

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        if self.full and name_of(work).endswith("settle"):
            raise Unavailable
        return await super().write(work, workspace, alone=alone)


@pytest.mark.promise(id="R12")
async def test_a_worker_stops_posting_what_it_cannot_record(installed: Pivotal) -> None:
    """What it had posted before it knew, it tries to write down before it does anything else."""
    pivotal, room = installed, installed.room
    disk = Full(connect(pivotal.database_url, patience=STEADY))
    app = await pivotal.starts(database=disk, timing=QUICK)
    await pivotal.store.set_settings(
        pivotal.workspace, {**NEVER_QUIET, "nudges.zone": "UTC", "nudges.channel": room.id}
    )
    for number in range(CUSTOMERS):
        await pivotal.says(f'/pivotal customer add "Customer {number}" health=90')
        await pivotal.says(f"/pivotal set customer-{number} health=50")
    disk.full = True
    await pivotal.says("/pivotal nudges run now")
    await app.workers.nudger.drain()
    await until(partial(is_refused, app))  # what another has woken may be at it
    await asyncio.sleep(0.5)
    before = posts(pivotal)
    for _ in range(5):
        assert await is_refused(app)
        await asyncio.sleep(QUICK.lease.total_seconds() * 2)
    assert before == posts(pivotal) < CUSTOMERS
    disk.full = False
    await pivotal.looks()
    assert posts(pivotal) == CUSTOMERS
    for number in range(CUSTOMERS):
        told = await pivotal.page(HistoryQuery(f"customer-{number}", types=("pi.nudge",)))
        assert len(told.entries) == 1


async def is_refused(app: App) -> bool:
    """Whether the worker's next round ends since something cannot be recorded."""
    try:
        await app.workers.deliverer.drain()
    except Unavailable:
        return True
    return False


def posts(pivotal: Pivotal) -> int:
    return sum(each.text.startswith("Customer") for each in pivotal.slack.messages_in(pivotal.room))
