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
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError

from bot import metrics
from bot.answers import GOVERNMENT_HOOKS, HOOKS, Answers, Budget, Hooks, Tasks
from bot.api import routes as api
from bot.blocks.controls import EXPORT
from bot.caller import Caller
from bot.directory import Clock, Directory
from bot.dispatch import Dispatch
from bot.errors import explained
from bot.gate import Gate
from bot.jobs.apply import Applier
from bot.jobs.audience import Audience
from bot.jobs.deliver import Deliverer, Timing
from bot.jobs.exports import Exporter, Leases
from bot.jobs.nudges import Nudger
from bot.jobs.outside import Outside
from bot.jobs.recall import Recaller
from bot.jobs.schedule import TICK, Jobs
from bot.jobs.speaking import Speaking
from bot.jobs.watches import Watcher
from bot.listeners import command, customer, edit, export, forms, history, home, nudges, people, unlinked, watches
from bot.listeners.form_kinds import form_kinds
from bot.listeners.form_kinds.nudge import nudge_forms
from bot.listeners.typed import Writing
from bot.metrics import Metrics
from bot.settings import Misconfigured, Settings, SlackAccess, is_loopback
from bot.slack import TIMEOUT, Identity, Slack, Unreachable, web_client
from bot.socket import connected
from bot.uploads import Uploads
from bot.web import SlackEvents, application, listening
from bot.webhooks.routes import Secrets, Webhooks
from store import Store
from store.domain.erasure import RETOLD, SHARED, TAKEN_BACK, WITHDRAW
from store.domain.errors import Refused, code
from store.domain.nudge import NUDGED, POST
from store.domain.usage import PROGRAM
from store.domain.watch import WATCH
from store.engine import JOB, connect
from store.schema import HEAD, check, migrate, version
from store.timed import Timed

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
        slack = Slack(web_client(settings.slack_api_url, http), _token_of(access.bot_token))
        identity, ours = await _bound(store, slack, access.bot_token)
        directory = Directory(store, slack, clock, budget.person)
        hooks = Hooks(http, _origins(settings.slack_api_url))
        answers = Answers(hooks, tasks, Gate(store, directory.admitted).admitted, store.keep_queries, budget, program)
        bolt = Dispatch(
            measured.acked,
            name="pivotal",
            client=web_client(settings.slack_api_url, http),
            authorize=_authorizer(identity),
            process_before_response=True,
            request_verification_enabled=False,  # bot/web.py has checked the signature on the raw bytes
            raise_error_for_unhandled_request=True,  # otherwise Bolt logs the request's body
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        bolt.error(_unhandled)
        writing = Writing(store, directory)
        shown = history.History(writing, clock)
        watcher = Watcher(store, directory, lambda: jobs.wake("deliver"))
        outside = Outside(store)
        recaller = Recaller(store, slack, lambda: jobs.wake("deliver"))
        renderers = {
            SHARED: shown.shared,
            WITHDRAW: shown.withdrawn,
            NUDGED: outside.nudge,
            RETOLD: outside.retold,
            WATCH: watcher.told,
            **Speaking(store).renderers(),
        }
        deliverer = Deliverer(store, slack, renderers, timing, {POST}, {TAKEN_BACK: recaller.delete_file})
        asking = forms.Forms(writing, slack)
        asking.add(form_kinds(writing))
        edits = edit.Edits(writing, asking, lambda: jobs.wake("recall"))
        customers = customer.Customers(writing, asking)
        uploads = Uploads(http, _stand_in(settings.slack_api_url))
        exporter = Exporter(store, slack, uploads, Audience(store, slack, directory), leases=leases)
        nudger = Nudger(store, clock, lambda: jobs.wake("deliver"), lease=timing.lease)
        jobs = Jobs(
            tasks,
            {
                "nudge": nudger.drain,
                "watch": watcher.drain,
                "recall": recaller.drain,
                "deliver": deliverer.drain,
                "export": exporter.drain,
                "apply": Applier(store, lease=timing.lease).drain,
                "forget": store.deliveries.forget,
                "forget answers": store.programs.forget,
            },
        )

        def export_is_due() -> None:
            jobs.wake("export")
            exporter.look()

        exporting = export.Exporting(writing, shown, slack, export_is_due)
        strangers = unlinked.Unlinked(writing, partial(jobs.wake, "apply"))
        woken = nudges.Woken(look=partial(jobs.wake, "nudge"), send=partial(jobs.wake, "deliver"))
        nudging = nudges.Nudges(writing, asking, slack, shown, clock, woken)
        asking.add(nudge_forms(nudging, clock))
        watching = watches.Watches(writing, slack)
        handlers = {
            "help": command.helping(program),
            "history": shown.typed,
            **edits.handlers(),
            **customers.handlers(),
            **strangers.handlers(),
            **exporting.handlers(),
            **nudging.handlers(),
            **watching.handlers(),
        }
        command.register(bolt, program, answers, handlers)
        history.register(bolt, answers, shown, deliverer, store, program, {EXPORT: exporting.clicked})
        export.register(bolt, answers, exporting)
        edit.register(bolt, answers, edits)
        forms.register(bolt, answers, asking)
        customer.register(bolt, answers, shown, asking)
        home.register(bolt, answers, home.Home(asking, slack))
        unlinked.register(bolt, answers, strangers, writing)
        nudges.register(bolt, answers, nudging)
        watches.register(bolt, answers, watching)
        people.register(bolt, directory)
        webhooks = Webhooks(
            store,
            webhook_secrets(settings),
            await secrets_of_workspaces(settings, store),
            clock,
            ours,
            partial(jobs.wake, "apply"),
        )
        events = (
            None
            if access.signing_secret is None
            else SlackEvents(bolt, access.signing_secret.get_secret_value(), clock)
        )
        try:
            rejected = {"webhooks": lambda: webhooks.rejected, "slack": lambda: events.rejected if events else 0}
            telling = metrics.route(
                measured, settings.metrics_key, store.figures, rejected, lambda: answers.turns.turned_away
            )
            more = [*webhooks.routes(), *api.routes(store, clock, partial(jobs.wake, "deliver"))]
            caller = Caller(settings.metrics_key)
            site = application(ready, events.handle if events else None, [telling, *more], caller.may_see)
            monitor = application(ready, routes=[telling], may_see=caller.may_see)
            yield App(
                web=site,
                monitor=monitor,
                bolt=bolt,
                deliverer=deliverer,
                nudger=nudger,
                watcher=watcher,
                recaller=recaller,
                jobs=jobs,
            )
        finally:
            await exporter.close()
            await tasks.drain(LEFT_OVER)


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


def _token_of(token: SecretStr) -> Callable[[str], Awaitable[str]]:
    async def token_of(_workspace: str) -> str:
        return token.get_secret_value()

    return token_of


async def _bound(store: Store, slack: Slack, token: SecretStr) -> tuple[Identity | None, str | None]:
    """Ask Slack whose token this is, and bind the only workspace to that team, once. Who is bound already starts without Slack, too.

    returns  who we are there, None while Slack does not say; and which workspace is that team's, None where there are several besides
    """
    try:
        identity = await slack.identity(token.get_secret_value())
    except Unreachable:
        try:
            ours = await store.default_workspace()
        except Refused:
            log.warning(
                "Slack cannot be reached, and does not say whose token this is; going on for all workspaces here"
            )
            return None, None
        if ours.slack_team_id is None:
            raise
        log.warning("Slack cannot be reached; going on with the team that this database belongs to")
        return None, ours.id
    ours_already = await store.workspace_of(identity.team_id)  # read first: a start need not wait for whoever writes
    return identity, ours_already or (await store.bind_workspace(identity.team_id, identity.enterprise_id)).id


def _authorizer(identity: Identity | None) -> Callable[..., Awaitable[AuthorizeResult]]:
    """What Bolt wants to know of a request's team. Whether we serve that team and that person, Directory decides; and Slack is called
    from bot/slack.py alone, so no token is needed here.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        bot_user_id = None if identity is None else identity.bot_user_id
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_user_id=bot_user_id)

    return authorize


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
    database = Timed(connect(settings.database_url), measured.queried)
    patient = Timed(connect(settings.database_url, patience=JOB), measured.queried)
    try:
        # Patiently: whoever starts again after a crash meets other processes that are at work.
        if database.dialect == "sqlite" and (await patient.read(version) or "") < HEAD:
            await migrate(patient)
        await check(patient)
        async with AsyncExitStack() as stack:
            ready = partial(check, database)
            store = Store(database, patient)
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
