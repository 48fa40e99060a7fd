"""`python -m tests.soak [--minutes 30] [--seed N]`: R22. A day's work of a team against PostgreSQL, two web processes and two workers.

In the middle the database is restarted, and a web process and a worker are killed. Then nothing may be lost or there twice, no error in a
log that is not of those moments, and memory and open files as they were.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import aiohttp

from bot.sandbox import StandInSlack
from store import Store
from store.actors import Person
from store.domain.activity import Ref, Source
from store.domain.query import HistoryQuery
from store.domain.record import By
from tests.bench.places import Server, opened, places
from tests.full.commands import UNLIMITED
from tests.full.nudges import READER
from tests.full.processes import environment
from tests.soak.traffic import SECRET, Team
from tests.soak.vitals import Watched, looking, watched

PEOPLE: Final = 10
CUSTOMERS: Final = 100
GROWTH: Final = 0.05
STEP: Final = 0.1
"""What it may grow by in all, when it does another's work as well for the first time."""
FILES: Final = 30
"""So many more may be open at the end than at first: the pool grows by ten where there is much to do, and people come and go."""
WARM_UP: Final = 0.25
"""Part of the time, but at most ten minutes, of each life of a process."""
AFTERWARDS: Final = timedelta(seconds=20)
"""For so long after a restart or a kill an error in a log is of that."""
SETTLED_WITHIN: Final = 300.0


@dataclass(slots=True)
class Troubles:
    """What was done to the processes, and when."""

    moments: list[datetime] = field(default_factory=list)

    def explain(self, at: datetime) -> bool:
        return any(moment <= at <= moment + AFTERWARDS for moment in self.moments)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    with places("postgres") as (place,), tempfile.TemporaryDirectory(prefix="pivotal-soak-") as folder:
        assert isinstance(place, Server)
        faults = asyncio.run(soak(place, asked.minutes, asked.seed, Path(folder)))
    for fault in faults:
        print(f"BROKEN, seed {asked.seed}: {fault}")
    return 1 if faults else 0


async def soak(place: Server, minutes: float, seed: int, folder: Path) -> list[str]:
    """Returns what does not hold."""
    loop = asyncio.get_running_loop()
    url = await place.fresh()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandInSlack())
        store, workspace = await stack.enter_async_context(opened(url, job=True))
        await store.set_settings(workspace, {**UNLIMITED, "nudges.per_day": 1000})
        variables = {**environment(slack, url), "STRIPE_WEBHOOK_SECRET": SECRET}
        webs = [await stack.enter_async_context(watched("web", n, folder, variables)) for n in (1, 2)]
        workers = [await stack.enter_async_context(watched("worker", n, folder, variables)) for n in (1, 2)]
        slack.connect_app(*(f"{each.address}/slack/events" for each in webs))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        team = await _team(slack, store, workspace, random.Random(seed))
        until = loop.time() + minutes * 60
        troubles = Troubles()
        processes = [*webs, *workers]
        async with asyncio.TaskGroup() as group:
            group.create_task(team.commands(until))
            group.create_task(team.deliveries(http, [each.address for each in webs], until))
            group.create_task(team.pi(until))
            group.create_task(looking(processes, until))
            group.create_task(_trouble(place, team, webs[0], workers[0], minutes * 60, troubles))
        faults = await _judged(team, slack)
        warm_up = timedelta(seconds=min(600.0, WARM_UP * minutes * 60))
        faults += [fault for each in processes for fault in _well(each, warm_up, troubles)]
    return faults


async def _team(slack: StandInSlack, store: Store, workspace: str, chance: random.Random) -> Team:
    users = [slack.add_user(f"Person {number}", tz="UTC") for number in range(PEOPLE)]
    room = slack.add_channel("customer-success", members=users)
    known = await store.remember(workspace, Person(slack_user_id=users[0].id, name=users[0].name, zone="UTC"))
    by = By(actor=Ref.parse(known.ref), source=Source.CLI)
    customers = []
    for number in range(CUSTOMERS):
        customers.append(f"customer-{number}")
        await store.records.add_customer(workspace, f"Customer {number}", (), by)
    people = [slack.as_user(user) for user in users]
    for number in range(3):
        await people[0].says(f"/pivotal watch customer-{number} --type field_changed", channel=room)
    return Team(store, workspace, people, customers, room, by, chance)


async def _trouble(
    place: Server, team: Team, web: Watched, worker: Watched, seconds: float, troubles: Troubles
) -> None:
    """At two fifths of the time the database is restarted; at a half one of each kind is killed, and started again."""
    await asyncio.sleep(seconds * 0.4)
    async with team.calm:
        troubles.moments.append(datetime.now(UTC))
        await place.restart()
        troubles.moments.append(datetime.now(UTC))
    await asyncio.sleep(seconds * 0.1)
    troubles.moments.append(datetime.now(UTC))
    await asyncio.gather(web.kill(), worker.kill())


async def _judged(team: Team, slack: StandInSlack) -> list[str]:
    """What was lost, or is there twice."""
    became, faults = team.became, []
    await _settled(team)
    plans: Counter[str] = Counter()
    synced = nudged = 0
    for customer in await team.store.customer_choices(team.workspace, "", 10_000):
        page = await team.store.history(team.workspace, HistoryQuery(customer.id), READER, limit=1_000_000)
        plans.update(f"{change.new}" for each in page.entries for change in each.changes if change.field == "plan")
        synced += sum(each.kind == "integration.sync_write" for each in page.entries)
        nudged += sum(each.kind == "pi.nudge" for each in page.entries)
    twice = [plan for plan, times in plans.items() if times > 1]
    lost = became.saved - plans.keys()
    untrue = became.refused & plans.keys()
    posts = [
        each.metadata["event_payload"]["delivery_id"] for each in slack.workspace.messages.values() if each.metadata
    ]
    repeated = [ident for ident, times in Counter(posts).items() if times > 1]
    checked = await team.store.verify(team.workspace)
    found = {
        "changed twice by one command": twice,
        "answered as saved, and not there": lost,
        "answered that nothing was changed, and changed": untrue,
        "posted twice": repeated,
        "the chains do not hold": checked.faults,
        "deliveries of Stripe that were taken and not applied once": []
        if synced == len(became.delivered)
        else [synced],
        "nudges that are not recorded once": [] if nudged == became.nudges else [nudged],
    }
    faults += [f"{what}: {list(which)[:5]}" for what, which in found.items() if which]
    told = ", ".join(f"{count:,} {what}" for what, count in became.told.most_common())
    print(f"people read {told}")
    print(
        f"{len(became.saved):,} changes saved, {synced:,} deliveries of {len(became.delivered):,} applied, {nudged:,} nudges of "
        f"{became.nudges:,} recorded, {len(posts):,} messages posted, {checked.activities:,} activities in chains"
    )
    return faults


async def _settled(team: Team) -> None:
    """Until nothing is left to be sent or applied."""
    async with asyncio.timeout(SETTLED_WITHIN):
        while True:
            figures = await team.store.figures()
            waiting = [count for (_, state), count in {**figures.outbox, **figures.inbox}.items() if state != "failed"]
            nudges = await team.store.nudging.health(team.workspace, datetime.now(UTC))
            if not sum(waiting) and not nudges.due:
                return
            await asyncio.sleep(1)


def _well(process: Watched, warm_up: timedelta, troubles: Troubles) -> list[str]:
    """What is not as it was at first, and what it complained of that is of no restart of ours."""
    growth, in_all = process.growth(warm_up, troubles.moments), process.growth_in_all(warm_up)
    before, after = process.files(warm_up)
    unexplained = [said for at, said in process.complaints() if not troubles.explain(at)]
    grown = "too short to say" if growth is None else f"{growth:+.1%}, {in_all:+.1%} with its troubles"
    memory = " ".join(f"{each / 2**20:.0f}" for each in process.fifths())
    print(
        f"{process.name}: memory {grown} (MiB, by fifths of its life: {memory}), files {before:.0f} to {after:.0f}, "
        f"{len(process.lives)} lives, {len(unexplained)} errors that nothing explains"
    )
    faults = [f"{process.name}: {said}" for said in unexplained[:3]]
    if growth is not None and growth > GROWTH:
        faults.append(f"{process.name}: its memory has grown by {growth:.1%}")
    if in_all > STEP:
        faults.append(f"{process.name}: its memory has grown by {in_all:.1%} in all")
    if after > before + FILES:
        faults.append(f"{process.name}: {before:.0f} open files, then {after:.0f}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
