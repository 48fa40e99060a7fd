"""Settings in, process up: `serve` and `work` run until they are told to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from bot.app import App, build
from bot.databases import opened
from bot.jobs.deliver import Timing
from bot.jobs.exports import Leases
from bot.jobs.schedule import TICK
from bot.metrics import Metrics
from bot.settings import Settings, SlackAccess
from bot.socket import connected
from bot.web import listening
from store import Store
from store.engine import ANSWER, JOB
from store.schema import HEAD, check, migrate, version
from store.sealing import Keys

log = structlog.get_logger()

UNDER_WAY: Final = timedelta(seconds=3)
"""How long a request that has begun may take once the process is told to stop."""


async def serve(
    settings: Settings, *, socket: bool = False, worker: bool | None = None, stop: asyncio.Event | None = None
) -> None:
    """Run until SIGTERM, SIGINT or `stop`, then finish what is under way.

    worker  whether the jobs run in this process; None: on SQLite they do
    raises  PivotalError, when it cannot start: something is missing or malformed, or the database is of another schema
    """
    access = settings.require_slack(socket=socket)
    async with _started(settings, access) as (stack, app, dialect):
        url = await stack.enter_async_context(listening(app.web, settings.host, settings.port, UNDER_WAY))
        if dialect == "sqlite" if worker is None else worker:
            await stack.enter_async_context(app.workers.jobs.ticking())
        if socket and access.app_token is not None:
            await stack.enter_async_context(connected(app.bolt, access.app_token))
        stopped = stop or _stopped_by_signal()
        log.info("serving", url=url, socket=socket)
        await stopped.wait()
        log.info("stopping")


async def work(
    settings: Settings,
    *,
    stop: asyncio.Event | None = None,
    timing: Timing = Timing(),  # noqa: B008 - frozen
    leases: Leases = Leases(),  # noqa: B008 - frozen
    every: timedelta = TICK,
    monitored: bool = False,
) -> None:
    """Run the jobs until SIGTERM, SIGINT or `stop`. Raises as `serve` does.

    every      how often it looks what is due
    monitored  whether it answers at the settings' host and port: /healthz, /readyz and /metrics
    """
    access = settings.require_slack_token()
    async with _started(settings, access, timing, leases) as (stack, app, _):
        url = None
        if monitored:
            url = await stack.enter_async_context(listening(app.monitor, settings.host, settings.port, UNDER_WAY))
        await stack.enter_async_context(app.workers.jobs.ticking(every))
        stopped = stop or _stopped_by_signal()
        log.info("working", url=url)
        await stopped.wait()
        log.info("stopping")


@asynccontextmanager
async def _started(
    settings: Settings,
    access: SlackAccess,
    timing: Timing = Timing(),  # noqa: B008 - frozen
    leases: Leases = Leases(),  # noqa: B008 - frozen
) -> AsyncIterator[tuple[AsyncExitStack, App, str]]:
    """The parts on the database that the environment names, which is migrated (SQLite) or checked, and closed at the end."""
    measured = Metrics()
    database, patient = (
        opened(settings.database_url, settings.database_read_url, patience, measured) for patience in (ANSWER, JOB)
    )
    try:
        # Patiently: whoever starts again after a crash meets other processes that are at work.
        if database.dialect == "sqlite" and (await patient.read(version) or "") < HEAD:
            await migrate(patient)
        await check(patient)
        async with AsyncExitStack() as stack:
            ready = partial(check, database, running=True)
            store = Store(database, patient, Keys(settings.secret_keys))
            app = await stack.enter_async_context(
                build(settings, access, store, ready=ready, timing=timing, leases=leases, measured=measured)
            )
            yield stack, app, database.dialect
    finally:
        await database.close()
        await patient.close()


def _stopped_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
