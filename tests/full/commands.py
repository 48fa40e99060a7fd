"""R5: commands that set fields, while the web process is killed: the record is what the log says, and what was answered "saved" is in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from bot.sandbox import StandInSlack
from bot.sandbox.person import Person
from bot.sandbox.transport import NoAnswer
from store import Store
from store.domain.activity import Ref, Source
from store.domain.query import HistoryQuery
from store.domain.record import By
from tests.bench.places import Place, opened
from tests.full.nudges import READER
from tests.full.processes import Server, environment, server, worker
from tests.records.replay import on_record, replayed

CLIENTS: Final = 8
CUSTOMERS: Final = 20
PATIENCE: Final = 1800.0
UNLIMITED: Final = {"limits.user_per_minute": 0, "limits.workspace_per_minute": 0}


@dataclass(frozen=True, slots=True)
class Trial:
    commands: int
    kills: int


TRIALS: Final = {"quick": Trial(commands=100, kills=3), "full": Trial(commands=2000, kills=100)}


@dataclass(slots=True)
class Office:
    """`pivotal serve` and a worker, installed in a Slack. url: of their database."""

    url: str
    slack: StandInSlack
    store: Store
    workspace: str
    web: Server
    job: Server


@asynccontextmanager
async def office(place: Place) -> AsyncIterator[Office]:
    url = await place.fresh()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandInSlack())
        store, workspace = await stack.enter_async_context(opened(url, job=True))
        await store.set_settings(workspace, UNLIMITED)
        variables = environment(slack, url)
        job = await stack.enter_async_context(worker(variables))
        web = await stack.enter_async_context(server(variables))
        await job.is_ready()
        slack.connect_app(f"{web.address}/slack/events")
        yield Office(url, slack, store, workspace, web, job)


@dataclass(slots=True)
class Said:
    """What became of the commands. saved: customer and value, where it was answered so. sent: how many reached somebody, or may have."""

    saved: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0


async def run(place: Place, size: str, seed: int) -> str:
    trial = TRIALS[size]
    chance = Random(seed)
    async with office(place) as at:
        by = By(actor=Ref.parse("user:usr_full"), source=Source.CLI)
        for number in range(CUSTOMERS):
            await at.store.records.add_customer(at.workspace, f"Customer {number}", (), by)
        people = [at.slack.as_user(at.slack.add_user(f"Client {number}", tz="UTC")) for number in range(CLIENTS)]
        said = Said()
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(_client(person, said, at.web, trial, chance))
            group.create_task(_killer(at.web, trial, chance))
        await at.web.stop()
        for number in range(CUSTOMERS):
            await _judged(at, f"customer-{number}", said)
        faults = (await at.store.verify(at.workspace)).faults
        assert faults == (), f"the chains do not hold: {faults}"
    return f"{said.sent} commands, {len(said.saved)} answered, {CLIENTS} clients, {at.web.kills} kills"


async def _client(person: Person, said: Said, web: Server, trial: Trial, chance: Random) -> None:
    number = 0
    while said.sent < trial.commands or web.kills < trial.kills:
        number += 1
        tag = f"{person.user.id}n{number}x"
        customer = f"customer-{chance.randrange(CUSTOMERS)}"
        try:
            shown = await person.says(f"/pivotal set {customer} plan={tag} health={chance.randrange(101)} tags=+{tag}")
        except NoAnswer as nothing:
            if nothing.delivery.error == "dispatch_failed":  # nobody listens, or whoever did has just been killed
                await asyncio.sleep(0.2)
                continue
        else:
            if tag in shown.plain:
                said.saved.append((customer, tag))
        said.sent += 1
        await asyncio.sleep(chance.uniform(0, 0.1))


async def _killer(web: Server, trial: Trial, chance: Random) -> None:
    for _ in range(trial.kills):
        await asyncio.sleep(chance.uniform(0.1, 1.5))
        await web.kill()
        await web.is_ready()


async def _judged(at: Office, customer: str, said: Said) -> None:
    page = await at.store.history(at.workspace, HistoryQuery(customer), READER, limit=100_000)
    held = await on_record(at.store.records, at.workspace, page.customer.id)
    told = replayed(reversed(page.entries))
    assert told == held, f"{customer}: the log says {told}, the record {held}"
    plans = [change.new for each in page.entries for change in each.changes if change.field == "plan"]
    assert len(plans) == len(set(plans)), f"{customer}: a command counted twice"
    lost = {tag for of, tag in said.saved if of == customer} - set(plans)
    assert not lost, f"{customer}: answered as saved, and not in the log: {lost}"
