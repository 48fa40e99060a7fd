"""The app as people meet it: the real server behind signed requests, the stand-in Slack, and customers with a history."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot.answers import Budget
from bot.app import App, build
from bot.jobs.deliver import Timing
from bot.jobs.exports import Leases
from bot.metrics import Metrics
from bot.sandbox import Channel, Person, Shown, StandInSlack
from bot.settings import Settings, SlackAccess
from bot.socket import connected
from bot.web import listening
from store import Store, tables
from store.domain.activity import Activity, NewActivity
from store.domain.query import HistoryQuery, Page, Reader
from store.engine import Database, connect, database_clock
from store.schema import check
from store.timed import Timed
from tests.builders import imported
from tests.conftest import STEADY, apps_url

LONG: Final = Budget(timedelta(seconds=20), timedelta(seconds=25), timedelta(seconds=20))
"""Nobody gives up because the machine stood still; how fast an answer is, the benchmarks tell."""
UNHURRIED: Final = Timing(spare=timedelta(0), doubt=timedelta(0), between_posts=timedelta(milliseconds=5))
"""Posts follow one another at once; a lease lasts longer than any test, however busy the machine is."""
QUICK: Final = replace(UNHURRIED, lease=timedelta(milliseconds=60))
"""For a test that sees leases end. On a busy machine a post may take longer, and then stands there twice, as it does in Slack."""
UNHURRIED_EXPORTS: Final = Leases(beat=timedelta(milliseconds=100), doubt=timedelta(milliseconds=10))


@dataclass
class Clock:
    """Business time: it stands still until a test moves it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def passes(self, time: timedelta) -> None:
        self.now += time


@asynccontextmanager
async def served(
    database: Database,
    slack: StandInSlack,
    clock: Clock,
    *,
    budget: Budget = LONG,
    timing: Timing = UNHURRIED,
    leases: Leases = UNHURRIED_EXPORTS,
    program: str = "/pivotal",
    socket: bool = False,
    metrics_key: SecretStr | None = None,
) -> AsyncIterator[tuple[App, str]]:
    """One process of the app on loopback, installed in this Slack. Gives it and its request URL, which Socket Mode does not use."""
    app_token = SecretStr(slack.app_token)
    access = SlackAccess(
        bot_token=SecretStr(slack.bot_token),
        signing_secret=None if socket else SecretStr(slack.signing_secret),
        app_token=app_token if socket else None,
    )
    measured = Metrics()
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(
            build(
                Settings(slack_api_url=slack.api_url, metrics_key=metrics_key),
                access,
                Store(Timed(database, measured.queried)),
                ready=partial(check, database, running=True),
                clock=clock,
                budget=budget,
                timing=timing,
                leases=leases,
                program=program,
                measured=measured,
            )
        )
        url = await stack.enter_async_context(listening(app.web, "127.0.0.1", 0, timedelta(seconds=1)))
        if socket:
            await stack.enter_async_context(connected(app.bolt, app_token))
            await slack.sockets.until_connected()
        yield app, f"{url}/slack/events"


@dataclass
class Pivotal:
    """The app in a workspace, the person who uses it unless another is named, and the room where they do.

    store   the test's own look into the database; every process has connections of its own
    app     the process that was started last
    """

    slack: StandInSlack
    database: Database
    store: Store
    workspace: str
    clock: Clock
    database_url: str
    sam: Person
    room: Channel
    app: App = field(init=False)
    urls: list[str] = field(default_factory=list)
    _processes: list[AsyncExitStack] = field(default_factory=list)

    async def starts(self, **how: Any) -> App:
        """Start a process, behind the second wall. From then on requests go to all that run, in turn. how: as `served` takes it."""
        stack = AsyncExitStack()
        self._processes.append(stack)
        database = how.pop("database", None) or connect(apps_url(self.database_url), patience=STEADY)
        stack.push_async_callback(database.close)
        self.app, url = await stack.enter_async_context(served(database, self.slack, self.clock, **how))
        if not how.get("socket"):
            self.urls.append(url)
        self.slack.connect_app(*self.urls)
        return self.app

    async def stops(self) -> None:
        """Stop every process, each as SIGTERM does."""
        while self._processes:
            await self._processes.pop().aclose()
        self.urls.clear()

    async def restarts(self, **how: Any) -> None:
        await self.stops()
        await self.starts(**how)

    def joins(self, name: str, **facts: Any) -> Person:
        """Another person of the Slack workspace, in the room too."""
        user = self.slack.add_user(name, **facts)
        self.room.members.add(user.id)
        return self.slack.as_user(user)

    async def says(self, text: str, *, person: Person | None = None, channel: Channel | None = None) -> Shown:
        return await (person or self.sam).says(text, channel=channel or self.room)

    async def looks(self) -> None:
        """What the worker does at a tick: look, then send; until nothing is due that another, which the app has woken, may be at."""
        async with asyncio.timeout(60):
            while True:
                await self.app.workers.nudger.drain()
                await self.app.workers.watcher.drain()
                await self.app.workers.deliverer.drain()
                schedules = (await self.store.nudging.health(self.workspace, self.clock())).due
                if not schedules and not await self.database.read(self._to_be_sent):
                    return
                await asyncio.sleep(0.02)

    async def recalls(self) -> None:
        """Work off what was erased until nothing is left of it; what has to wait is looked at again at once."""
        e = tables.erasure.c
        left = sa.and_(e.workspace_id == self.workspace, e.done_at.is_(None))
        at_once = tables.erasure.update().where(left).values(due_at=e.created_at)
        async with asyncio.timeout(60):
            while True:
                await self.app.workers.recaller.drain()
                await self.looks()
                if not await self.database.read(lambda c: c.execute(sa.select(e.id).where(left)).all()):
                    return
                await self.database.write(lambda c: c.execute(at_once))

    def _to_be_sent(self, connection: sa.Connection) -> int:
        o = tables.outbox.c
        due = sa.and_(o.state == "pending", o.due_at <= database_clock(connection))
        mine = sa.and_(o.workspace_id == self.workspace, sa.or_(due, o.state == "sending"))
        return connection.execute(sa.select(sa.func.count()).select_from(tables.outbox).where(mine)).scalar_one()

    async def asks_without_end(self) -> None:
        """One person asks more often than a person does."""
        await self.store.set_settings(self.workspace, {"limits.user_per_minute": 0, "limits.workspace_per_minute": 0})

    async def imports(self, *lines: Mapping[str, Any] | str) -> None:
        """Import lines of a file, as text or as what that text says."""
        said = [json.loads(line) if isinstance(line, str) else line for line in lines]
        await imported(self.store, self.workspace, *said)

    async def remembers(self, customer: str, *happened: NewActivity) -> list[int | None]:
        found = await self.store.find_customer(self.workspace, customer)
        return await self.store.record(self.workspace, found.id, happened)

    async def page(self, query: HistoryQuery, **reader: Any) -> Page:
        """Up to 1,000 of a query's activities on one page, read past the app."""
        asked = Reader(**{"now": self.clock(), "zone": ZoneInfo("UTC"), **reader})
        return await self.store.history(self.workspace, query, asked, limit=1000)

    async def history(self, customer: str) -> Sequence[Activity]:
        return (await self.page(HistoryQuery(customer))).entries


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[StandInSlack]:
    # Whoever looks on waits as long as a busy machine may take.
    long = timedelta(seconds=30)
    async with StandInSlack(clock=clock, signature_clock=clock, ack_within=long, patience=long) as slack:
        yield slack


@pytest.fixture
async def installed(
    database_url: str, database: Database, store: Store, workspace: str, slack: StandInSlack, clock: Clock
) -> AsyncIterator[Pivotal]:
    """All that `pivotal` has, but for a process: the test starts it as it needs it."""
    sam = slack.add_user("Sam Lee", tz="Europe/Berlin")
    room = slack.add_channel("customer-success", members=[sam])
    pivotal = Pivotal(slack, database, store, workspace, clock, database_url, slack.as_user(sam), room)
    try:
        yield pivotal
    finally:
        await pivotal.stops()
    assert slack.refusals == []


@pytest.fixture
async def pivotal(installed: Pivotal) -> Pivotal:
    """One process of the app. Every test ends with nothing that Slack refused for its content."""
    await installed.starts()
    return installed
