"""Settings in, process up: `build` is the one place where the parts meet."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError

from bot import features, metrics
from bot.answers import GOVERNMENT_HOOKS, HOOKS, Answers, Budget, Hooks, Tasks
from bot.api import routes as api
from bot.caller import Caller
from bot.databases import opened
from bot.directory import Clock, Directory
from bot.dispatch import Dispatch
from bot.errors import explained
from bot.gate import Gate
from bot.jobs.deliver import Deliverer, Timing
from bot.jobs.exports import Leases
from bot.jobs.nudges import Nudger
from bot.jobs.recall import Recaller
from bot.jobs.schedule import TICK, Jobs
from bot.jobs.watches import Watcher
from bot.listeners import history
from bot.listeners.typed import Writing
from bot.metrics import Metrics
from bot.settings import Misconfigured, Settings, SlackAccess, is_loopback
from bot.slack import TIMEOUT, web_client
from bot.socket import connected
from bot.speaker import Speaker, speaker
from bot.uploads import Uploads
from bot.web import SlackEvents, application, listening
from bot.webhooks.routes import Secrets, Webhooks
from bot.workers import workers
from store import Store
from store.domain.errors import code
from store.domain.usage import PROGRAM
from store.engine import ANSWER, JOB
from store.schema import HEAD, check, migrate, version
from store.sealing import Keys

log = structlog.get_logger()

UNDER_WAY: Final = timedelta(seconds=3)
"""How long a request that has begun may take once the process is told to stop."""
LEFT_OVER: Final = timedelta(seconds=6)
"""How long what runs on after its request may take then. Together less than the 10 s in which we promise to be gone."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts, put together and connected to Slack."""

    monitor: web.Application
    """What a worker shows of itself."""
    web: web.Application
    bolt: AsyncApp
    deliverer: Deliverer
    nudger: Nudger
    watcher: Watcher
    recaller: Recaller
    jobs: Jobs


@asynccontextmanager
async def build(
    settings: Settings,
    access: SlackAccess,
    store: Store,
    *,
    ready: Callable[[], Awaitable[None]],
    clock: Clock = utc_now,
    program: str = PROGRAM,
    budget: Budget = Budget(),  # noqa: B008 - frozen
    timing: Timing = Timing(),  # noqa: B008 - frozen
    leases: Leases = Leases(),  # noqa: B008 - frozen
    measured: Metrics | None = None,
) -> AsyncIterator[App]:
    """Put the parts together. On the way out, what still runs for somebody is brought to its end.

    ready     raises PivotalError while the database does not answer or is of another schema
    measured  what /metrics tells beside the acks; None: nothing
    """
    tasks = Tasks()
    measured = measured or Metrics()
    async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
        speaks = await speaker(
            access,
            store,
            http,
            api_url=settings.slack_api_url,
            public_url=settings.public_url,
            tasks=tasks,
            clock=clock,
        )
        slack = speaks.slack
        directory = Directory(store, slack, clock, budget.person)
        hooks = Hooks(http, _origins(settings.slack_api_url))
        answers = Answers(hooks, tasks, Gate(store, directory.admitted).admitted, store.keep_queries, budget, program)
        writing = Writing(store, directory)
        shown = history.History(writing, clock)
        working = workers(
            store=store,
            slack=slack,
            directory=directory,
            uploads=Uploads(http, _stand_in(settings.slack_api_url)),
            shown=shown,
            clock=clock,
            tasks=tasks,
            timing=timing,
            leases=leases,
            removed=measured.removed,
            more=speaks.jobs,
        )
        bolt = _bolt(measured, settings.slack_api_url, http, speaks)
        features.register(
            bolt,
            store=store,
            slack=slack,
            directory=directory,
            answers=answers,
            writing=writing,
            shown=shown,
            workers=working,
            clock=clock,
            program=program,
        )
        webhooks = Webhooks(
            store,
            webhook_secrets(settings),
            await secrets_of_workspaces(settings, store),
            clock,
            speaks.home,
            partial(working.jobs.wake, "apply"),
        )
        signing = access.signing_secret
        events = None if signing is None else SlackEvents(bolt, signing.get_secret_value(), clock)
        try:
            rejected = {"webhooks": lambda: webhooks.rejected, "slack": lambda: events.rejected if events else 0}
            telling = metrics.route(
                measured, settings.metrics_key, store.figures, rejected, lambda: answers.turns.turned_away
            )
            doors = [*webhooks.routes(), *api.routes(store, clock, partial(working.jobs.wake, "deliver"))]
            caller = Caller(settings.metrics_key)
            routes = [telling, *doors, *speaks.routes]
            yield App(
                web=application(
                    ready,
                    events.handle if events else None,
                    routes,
                    caller.may_see,
                    https=settings.is_reached_by_https,
                ),
                monitor=application(ready, routes=[telling], may_see=caller.may_see),
                bolt=bolt,
                deliverer=working.deliverer,
                nudger=working.nudger,
                watcher=working.watcher,
                recaller=working.recaller,
                jobs=working.jobs,
            )
        finally:
            await working.exporter.close()
            await tasks.drain(LEFT_OVER)


def _bolt(measured: Metrics, api_url: str, http: aiohttp.ClientSession, speaks: Speaker) -> Dispatch:
    bolt = Dispatch(
        measured.acked,
        name="pivotal",
        client=web_client(api_url, http),
        authorize=speaks.authorizer(),
        process_before_response=True,
        request_verification_enabled=False,  # bot/web.py has checked the signature on the raw bytes
        raise_error_for_unhandled_request=True,  # otherwise Bolt logs the request's body
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    bolt.error(_unhandled)
    return bolt


def webhook_secrets(settings: Settings) -> Secrets:
    return _secrets(settings.hubspot_client_secret, settings.stripe_webhook_secret, settings.public_url)


async def secrets_of_workspaces(settings: Settings, store: Store) -> Mapping[str, Secrets]:
    """raises Misconfigured, when they name a workspace that does not exist"""
    for workspace in settings.webhook_secrets:
        if not await store.deliveries.may_come_for(workspace):
            raise Misconfigured(
                f"WEBHOOK_SECRETS names the workspace {code(workspace)}, which is not in this database."
            )
    return {
        workspace: _secrets(own.hubspot, own.stripe, settings.public_url)
        for workspace, own in settings.webhook_secrets.items()
    }


def _secrets(hubspot: SecretStr | None, stripe: SecretStr | None, public_url: str | None) -> Secrets:
    """Several Stripe secrets, between commas, hold at once while one is rolled."""
    return Secrets(
        hubspot=hubspot.get_secret_value() if hubspot else None,
        stripe=[each.strip() for each in stripe.get_secret_value().split(",")] if stripe else (),
        public_url=public_url,
    )


async def _unhandled(error: Exception) -> BoltResponse:
    if isinstance(error, BoltUnhandledRequestError):
        log.warning("nothing here handles such a request", kind=error.request.body.get("type", "command"))
        return BoltResponse(status=404)
    explained(error)
    return BoltResponse(status=500)


def _stand_in(api_url: str) -> tuple[str, ...]:
    """Where files may go besides Slack's own hosts."""
    parts = urlsplit(api_url)
    return (f"{parts.scheme}://{parts.netloc}/",) if is_loopback(api_url) else ()


def _origins(api_url: str) -> tuple[str, ...]:
    """Where response_urls may lead: Slack's host, that of its government cloud, or the stand-in on this machine."""
    parts = urlsplit(api_url)
    if is_loopback(api_url):
        return (HOOKS, f"{parts.scheme}://{parts.netloc}/")
    return (GOVERNMENT_HOOKS,) if (parts.hostname or "").endswith("slack-gov.com") else (HOOKS,)


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
            await stack.enter_async_context(app.jobs.ticking())
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
        await stack.enter_async_context(app.jobs.ticking(every))
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
