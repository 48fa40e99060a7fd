"""R1 to R4: a nudge that is due is recorded once and posted once, whoever is killed or frozen, and whatever Slack answers."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox import StandInSlack
from bot.sandbox.faults import Fault, rate_limited
from store import Store
from store.actors import Person
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.query import HistoryQuery, Reader
from store.domain.record import By
from store.domain.scope import Scope
from store.nudging import Terms
from store.nudging.schedules import ONCE
from tests.bench.places import Place, opened
from tests.full.processes import Workers, environment, workers
from tests.full.worker import TIMING

CHANNELS = 20
READER = Reader(now=datetime.now(UTC), zone=ZoneInfo("UTC"))
PATIENCE = 600.0
"""Seconds in which everything has to be sent once nobody is killed any more."""


@dataclass(frozen=True, slots=True)
class Trial:
    """kills, stops: how many. choose: what befalls a call of Slack's."""

    nudges: int
    kills: int = 0
    stops: int = 0
    choose: Callable[[random.Random, str], Fault | None] | None = None


def dropped(chance: random.Random, method: str) -> Fault | None:
    """R3: 20 % of posts are accepted and the connection dropped, 5 % answered 5xx, 10 % come late."""
    if method != "chat.postMessage":
        return None
    befalls = chance.random()
    if befalls < 0.20:
        return Fault(drop=True)
    if befalls < 0.25:
        return Fault(status=503)
    return Fault(delay=timedelta(milliseconds=400)) if befalls < 0.35 else None


def limited(chance: random.Random, method: str) -> Fault | None:
    """R4: half of the calls are told to wait."""
    return rate_limited(1) if method == "chat.postMessage" and chance.random() < 0.5 else None


TRIALS = {
    "R1": {"quick": Trial(40, kills=8), "full": Trial(1000, kills=200)},
    "R2": {"quick": Trial(30, stops=2), "full": Trial(1000, stops=100)},
    "R3": {"quick": Trial(40, choose=dropped), "full": Trial(1000, kills=50, choose=dropped)},
    "R4": {"quick": Trial(40, choose=limited), "full": Trial(500, choose=limited)},
}


async def run(promise: str, place: Place, size: str, seed: int) -> str:
    """Returns what was run, in words. Raises AssertionError when the promise does not hold."""
    trial = TRIALS[promise][size]
    chance = random.Random(seed)
    url = await place.fresh()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandInSlack())
        store, workspace = await stack.enter_async_context(opened(url, job=True))
        await prepared(store, workspace, slack, trial.nudges)
        slack.faults.history_lag = timedelta(milliseconds=chance.randrange(500))
        if trial.choose is not None:
            choose = trial.choose
            slack.faults.choose = lambda method: choose(chance, method)
        crew = await stack.enter_async_context(workers(environment(slack, url), 3, chance))
        await _troubled(crew, slack, trial)
        slack.faults.choose = lambda _method: None
        await until_sent(store, workspace, trial.nudges)
        await judged(store, workspace, slack, trial.nudges)
    return f"{trial.nudges} nudges, 3 workers, {crew.kills} kills, {crew.stops} stops"


async def prepared(store: Store, workspace: str, slack: StandInSlack, count: int) -> None:
    """Customers whose health has just fallen, each with a channel, and a schedule that is due."""
    sam = slack.add_user("Sam Lee", tz="UTC")
    rooms = [slack.add_channel(f"room-{number}", members=[sam]) for number in range(CHANNELS)]
    known = await store.remember(workspace, Person(slack_user_id=sam.id, name="Sam Lee", zone="UTC"))
    by = By(actor=Ref.parse(known.ref), source=Source.CLI)
    await store.set_settings(workspace, {"nudges.per_day": 1000})
    for number in range(count):
        score = (
            Assignment("health", "90", ("90",)),
            Assignment("tags", f"room-{number % CHANNELS}", (f"room-{number % CHANNELS}",)),
        )
        made = await store.records.add_customer(workspace, f"Customer {number}", score, by)
        await store.records.edit(workspace, made.customer.id, [Assignment("health", "50", ("50",))], by)
    for room in rooms:
        terms = Terms(kind=ONCE, channel=room.id, scope=Scope(tag=room.name))
        await store.nudging.add_schedule(workspace, terms, zone="UTC", by=by, now=datetime.now(UTC))


async def _troubled(crew: Workers, slack: StandInSlack, trial: Trial) -> None:
    """Kills and stops at random moments while there is something to send; half of the kills follow upon a post that was accepted."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while crew.kills < trial.kills or crew.stops < trial.stops:
        assert loop.time() - began < PATIENCE, "there was no time left to kill"
        await asyncio.sleep(crew.chance.uniform(0.05, 0.6))
        if crew.kills < trial.kills:
            if crew.chance.random() < 0.5:
                await _a_post(slack)
            await crew.kill_one()
        if crew.stops < trial.stops:
            await crew.stop_one(TIMING.lease.total_seconds() * 1.5)


async def _a_post(slack: StandInSlack) -> None:
    """Until the next message is accepted: its sender has not heard of that yet. Not for ever."""
    count = len(slack.workspace.messages)
    for _ in range(200):
        if len(slack.workspace.messages) > count:
            return
        await asyncio.sleep(0.005)


async def until_sent(store: Store, workspace: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await store.nudging.health(workspace, datetime.now(UTC) - timedelta(days=1))
            if found.standing == count and not (found.due or found.pending or found.uncertain):
                return
            await asyncio.sleep(0.2)


async def judged(store: Store, workspace: str, slack: StandInSlack, count: int) -> None:
    """So many were posted, each once, and recorded where they stand."""
    posted = {each.key: each for each in slack.workspace.messages.values() if each.metadata is not None}
    deliveries = Counter(each.metadata["event_payload"]["delivery_id"] for each in posted.values() if each.metadata)
    twice = [ident for ident, times in deliveries.items() if times > 1]
    assert not twice, f"posted twice: {twice}"
    assert len(deliveries) == count, f"{len(deliveries)} deliveries were posted of {count}"
    rows: list[Any] = []
    for number in range(count):
        query = HistoryQuery(f"customer-{number}", types=("pi.nudge",))
        rows += (await store.history(workspace, query, READER)).entries
    assert len(rows) == count, f"{len(rows)} nudges were recorded of {count}"
    places = {(each.channel, each.ts) for each in posted.values()}
    astray = [row.refs for row in rows if (row.refs["channel"], row.refs["ts"]) not in places]
    assert not astray, f"recorded where no message stands: {astray}"
