"""`build` is the one place where the parts meet."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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
from bot.directory import Clock, Directory
from bot.dispatch import Dispatch
from bot.errors import explained
from bot.gate import Gate
from bot.jobs.deliver import Timing
from bot.jobs.exports import Leases
from bot.listeners import history
from bot.listeners.typed import Writing
from bot.metrics import Metrics
from bot.settings import Misconfigured, Settings, SlackAccess, is_loopback
from bot.slack import TIMEOUT, web_client
from bot.speaker import Speaker, speaker
from bot.uploads import Uploads
from bot.web import SlackEvents, application
from bot.webhooks.routes import Secrets, Webhooks
from bot.workers import Workers, workers
from store import Store
from store.domain.errors import code
from store.domain.usage import PROGRAM

log = structlog.get_logger()

LEFT_OVER: Final = timedelta(seconds=6)
"""How long what runs on after its request may take once the process is told to stop. With UNDER_WAY (processes.py) less than the 10 s in which we
promise to be gone.
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts, put together and connected to Slack. monitor: what a worker shows of itself."""

    monitor: web.Application
    web: web.Application
    bolt: AsyncApp
    workers: Workers


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
    tasks, measured, api_url = Tasks(), measured or Metrics(), settings.slack_api_url
    async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
        speaks = await speaker(
            access, store, http, api_url=api_url, public_url=settings.public_url, tasks=tasks, clock=clock
        )
        directory = Directory(store, speaks.slack, clock, budget.person)
        hooks, gate = Hooks(http, _origins(api_url)), Gate(store, directory.admitted)
        answers = Answers(hooks, tasks, gate.admitted, store.keep_queries, budget, program)
        writing = Writing(store, directory)
        shown = history.History(writing, clock)
        working = workers(
            store=store,
            slack=speaks.slack,
            directory=directory,
            uploads=Uploads(http, _stand_in(api_url)),
            shown=shown,
            clock=clock,
            tasks=tasks,
            timing=timing,
            leases=leases,
            removed=measured.removed,
            more=speaks.jobs,
        )
        bolt = _bolt(measured, api_url, http, speaks)
        features.register(
            bolt,
            store=store,
            slack=speaks.slack,
            directory=directory,
            answers=answers,
            writing=writing,
            shown=shown,
            workers=working,
            clock=clock,
            program=program,
        )
        try:
            webhooks = await _webhooks(settings, store, clock, speaks.home, partial(working.jobs.wake, "apply"))
            events = _events(bolt, access.signing_secret, clock)
            rejected = {"webhooks": lambda: webhooks.rejected, "slack": lambda: events.rejected if events else 0}
            telling = metrics.route(
                measured, settings.metrics_key, store.figures, rejected, lambda: answers.turns.turned_away
            )
            api_routes = api.routes(store, clock, partial(working.jobs.wake, "deliver"))
            may_see = Caller(settings.metrics_key).may_see
            yield App(
                web=application(
                    ready,
                    events.handle if events else None,
                    [telling, *webhooks.routes(), *api_routes, *speaks.routes],
                    may_see,
                    https=settings.is_reached_by_https,
                ),
                monitor=application(ready, routes=[telling], may_see=may_see),
                bolt=bolt,
                workers=working,
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


async def _webhooks(
    settings: Settings, store: Store, clock: Clock, home: str | None, came: Callable[[], None]
) -> Webhooks:
    """raises Misconfigured, when the settings name a workspace that does not exist"""
    for workspace in settings.webhook_secrets:
        if not await store.deliveries.may_come_for(workspace):
            raise Misconfigured(
                f"WEBHOOK_SECRETS names the workspace {code(workspace)}, which is not in this database."
            )
    homes = _secrets(settings.hubspot_client_secret, settings.stripe_webhook_secret, settings.public_url)
    others = {
        workspace: _secrets(own.hubspot, own.stripe, settings.public_url)
        for workspace, own in settings.webhook_secrets.items()
    }
    return Webhooks(store, homes, others, clock, home, came)


def _secrets(hubspot: SecretStr | None, stripe: SecretStr | None, public_url: str | None) -> Secrets:
    """Several Stripe secrets, between commas, hold at once while one is rolled."""
    return Secrets(
        hubspot=hubspot.get_secret_value() if hubspot else None,
        stripe=[each.strip() for each in stripe.get_secret_value().split(",")] if stripe else (),
        public_url=public_url,
    )


def _events(bolt: AsyncApp, signing_secret: SecretStr | None, clock: Clock) -> SlackEvents | None:
    """None, where Slack does not call us but we hold a line to it."""
    return None if signing_secret is None else SlackEvents(bolt, signing_secret.get_secret_value(), clock)


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
