"""Nudges in the hands of several processes: pressed twice, after a long night, with clocks that disagree."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.sandbox import Shown
from store import tables
from store.domain.query import HistoryQuery
from tests.bot.conftest import Clock, Pivotal


@pytest.fixture
async def pi(pivotal: Pivotal) -> Pivotal:
    """On a Wednesday morning to come; nobody has said how many nudges are too many."""
    values = {"nudges.zone": "UTC", "nudges.per_day": 500, "nudges.channel": pivotal.room.id}
    await pivotal.store.set_settings(pivotal.workspace, values)
    await pivotal.asks_without_end()
    ahead = datetime.now(UTC) + timedelta(days=7)
    pivotal.clock.now = (ahead - timedelta(days=(ahead.weekday() - 2) % 7)).replace(hour=9, minute=0, second=0)
    return pivotal


async def fallen(pi: Pivotal, customers: int) -> None:
    """So many customers of whom Pi has something to say."""
    for number in range(customers):
        await pi.says(f'/pivotal customer add "Customer {number}" health=90')
        await pi.says(f"/pivotal set customer-{number} health=50")


async def nudges(pi: Pivotal, customers: int, kind: str = "pi.nudge") -> list[int]:
    """How many each customer's history has."""
    pages = [await pi.page(HistoryQuery(f"customer-{number}", types=(kind,))) for number in range(customers)]
    return [len(page.entries) for page in pages]


@pytest.mark.promise(id="R7")
async def test_every_nudge_that_two_people_press_at_once_is_done_once(pi: Pivotal, full: bool) -> None:
    many = 200 if full else 12
    await fallen(pi, many)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await pi.starts()
    ada = pi.joins("Ada Byron")
    seen = {
        person: {each.text: each for each in person.sees(pi.room) if "Health" in each.text} for person in (pi.sam, ada)
    }
    assert len(seen[ada]) == many

    async def presses(shown: Shown, later: float) -> None:
        await asyncio.sleep(later)
        await shown.press("Done")

    for text in seen[ada]:
        await asyncio.gather(presses(seen[pi.sam][text], 0), presses(seen[ada][text], 0.02))
    await pi.slack.until(lambda: already(pi) == many, within=timedelta(seconds=20))
    await pi.looks()
    assert await nudges(pi, many, "pi.nudge_done") == [1] * many
    assert all("Done by" in each.now().plain for each in seen[ada].values())


def already(pi: Pivotal) -> int:
    told = pi.slack.messages_in(pi.room, ephemeral=True)
    return sum("already done by" in each.text for each in told)


@pytest.mark.promise(id="R18")
async def test_after_a_night_without_workers_each_is_nudged_once(pi: Pivotal, full: bool) -> None:
    """Every hour's slots of every schedule are due at once, and five customers are the news of each."""
    schedules = 84 if full else 8
    await fallen(pi, 5)
    for _ in range(schedules):
        await pi.says("/pivotal nudges hourly")
    await pi.says(f"/pivotal nudges digest hourly <#{pi.room.id}|room>")
    second = pi.app
    await pi.starts()
    pi.clock.passes(timedelta(hours=6))
    await asyncio.gather(pi.app.workers.nudger.drain(), second.workers.nudger.drain())
    await pi.looks()
    assert await nudges(pi, 5) == [1] * 5
    posted = Counter(each.text.startswith("Customer") for each in pi.slack.messages_in(pi.room))
    assert (posted[True], posted[False]) == (5, 1), "five nudges, and one summary"
    slots = await states(pi)
    assert slots == {"done": schedules + 1, "skipped": 5 * (schedules + 1)}
    pi.clock.passes(timedelta(hours=40))
    await pi.looks()
    assert await nudges(pi, 5) == [1] * 5
    assert (await states(pi))["done"] == 2 * (schedules + 1)


async def states(pi: Pivotal) -> Counter[str]:
    s = tables.slot.c
    mine = sa.select(s.state).where(s.workspace_id == pi.workspace)
    return Counter(await pi.database.read(lambda c: c.execute(mine).scalars().all()))


@pytest.mark.promise(id="R17")
@pytest.mark.parametrize("apart", [timedelta(minutes=-10), timedelta(minutes=3), timedelta(minutes=10)])
async def test_processes_whose_clocks_disagree_post_once_and_in_order(pi: Pivotal, apart: timedelta) -> None:
    await fallen(pi, 6)
    await pi.says("/pivotal nudges daily 09:30")
    ours, first = pi.clock, pi.app
    pi.clock = off = Clock(ours.now + apart)
    second = await pi.starts()
    for _ in range(4):
        ours.passes(timedelta(minutes=15))
        off.passes(timedelta(minutes=15))
        await asyncio.gather(first.workers.nudger.drain(), second.workers.nudger.drain())
        off.passes(timedelta(minutes=-5))  # somebody sets it back
        await asyncio.gather(*(app.workers.nudger.drain() for app in (second, first)))
        await asyncio.gather(*(app.workers.deliverer.drain() for app in (second, first)))
    await pi.looks()
    assert await nudges(pi, 6) == [1] * 6
    assert len(pi.slack.messages_in(pi.room)) == 6
    assert (await pi.store.verify(pi.workspace)).faults == ()
    for number in range(6):
        entries = (await pi.page(HistoryQuery(f"customer-{number}"))).entries
        by_seq = sorted(entries, key=lambda each: each.seq)
        assert [each.recorded_at for each in by_seq] == sorted(each.recorded_at for each in by_seq)
