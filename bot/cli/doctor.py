"""`pivotal doctor`: whether everything that a process needs is as it must be, a line each, with what to do about it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp

from bot import settings
from bot.cli import terminal
from bot.cli.database import located
from bot.manifest import WITHOUT, missing
from bot.settings import Settings
from bot.slack import TIMEOUT, Slack, web_client
from store import Store
from store.domain.errors import PivotalError, Refused
from store.engine import Database, connect, database_clock
from store.installing import Installation
from store.schema import HEAD, check
from store.sealing import Keys
from store.settings import mapping_text
from store.wall import NOBODYS, is_walled

SKEW: Final = timedelta(seconds=30)
"""By how much this machine's clock may differ from another's."""


@dataclass(frozen=True, slots=True)
class Line:
    """good: None for what is as somebody may want it, and worth knowing."""

    good: bool | None
    what: str
    says: str

    def __str__(self) -> str:
        mark = {True: "ok  ", None: "note", False: "BAD "}[self.good]
        return f"{mark}  {self.what}: {self.says}"


def run() -> int:
    """Print all lines. Returns 1, when something is not as it must be."""
    return terminal.run(_run())


async def _run() -> int:
    try:
        environment = settings.read()
    except PivotalError as error:
        terminal.output().print(str(Line(False, "environment", terminal.sentence(error))))
        return 1
    good = True
    async for line in _examined(environment):
        terminal.output().print(terminal.shown(str(line)))
        good = good and line.good is not False
    return 0 if good else 1


async def _examined(environment: Settings) -> AsyncIterator[Line]:
    yield Line(True, "environment", "it can be read")
    store = None
    async with _database(environment) as (database, broken):
        if broken is not None:
            yield Line(False, "database", broken)
        else:
            store = Store(database, keys=Keys(environment.secret_keys))
            yield Line(True, "database", f"it answers, and is at schema {HEAD}")
            yield _compared("the database's clock", await database.read(database_clock), datetime.now(UTC))
            async for line in _beside(environment, database):
                yield line
        async for line in _slack(environment, store):
            yield line
        for line in _doors(environment):
            yield line
        if store is not None:
            async for line in _workspace(environment, store):
                yield line


@asynccontextmanager
async def _database(environment: Settings) -> AsyncIterator[tuple[Database, str | None]]:
    """The database, and what is wrong with it."""
    database = connect(environment.database_url)
    broken = None
    try:
        located("DATABASE_URL", environment.database_url, new=False)
        await check(database)
    except PivotalError as error:
        broken = terminal.sentence(error)
    try:
        yield database, broken
    finally:
        await database.close()


async def _beside(environment: Settings, database: Database) -> AsyncIterator[Line]:
    """What a larger installation has besides: two roles, a replica."""
    if database.dialect == "postgresql":
        walled = await database.read(is_walled, NOBODYS)
        alone = "kept apart by Pivotal alone, for DATABASE_URL is the owner's. Two roles keep more apart: see README, PostgreSQL."
        yield Line(walled or None, "workspaces", "PostgreSQL keeps them apart" if walled else alone)
    if environment.database_read_url is not None:
        replica = connect(environment.database_read_url)
        try:
            await check(replica)
        except PivotalError as error:
            yield Line(
                False, "DATABASE_READ_URL", f"{terminal.sentence(error)} Histories come from the primary meanwhile."
            )
        else:
            yield Line(True, "DATABASE_READ_URL", "it answers, and has this program's tables")
        finally:
            await replica.close()


def _compared(what: str, theirs: datetime, ours: datetime) -> Line:
    apart = abs(theirs - ours)
    if apart <= SKEW:
        return Line(True, what, "it agrees with this machine's")
    return Line(
        False,
        what,
        f"it is {apart.total_seconds():.0f} s from this machine's. Set both by NTP; signatures expire by it.",
    )


async def _slack(environment: Settings, store: Store | None) -> AsyncIterator[Line]:
    if environment.for_many:
        async for line in _of_many(environment, store):
            yield line
        return
    if environment.slack_bot_token is None:
        yield Line(
            False, "SLACK_BOT_TOKEN", "it is missing: it stands in your Slack app's settings under OAuth & Permissions."
        )
        return
    token = environment.slack_bot_token.get_secret_value()

    async def token_of(_workspace: str) -> str:
        return token

    async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
        slack = Slack(web_client(environment.slack_api_url, http), token_of)
        try:
            found = await slack.installed(token)
        except PivotalError as error:
            yield Line(
                False, "SLACK_BOT_TOKEN", f"{error} Install the app again, and set the token that it then shows."
            )
            return
        yield Line(True, "SLACK_BOT_TOKEN", f"it is of team {found.identity.team_id}")
        if found.at is not None:
            yield _compared("Slack's clock", found.at, datetime.now(UTC))
        for line in _scopes(found.scopes):
            yield line
        if store is None:
            return
        ours = await store.workspace_of(found.identity.team_id)
        if ours is None:
            yield await _not_bound(store, found.identity.team_id)
            return
        channel = (await store.settings(ours)).nudges.channel
        if channel is not None:
            yield await _channel(slack, ours, channel)


async def _of_many(environment: Settings, store: Store | None) -> AsyncIterator[Line]:
    """Of the workspaces that have installed the app by themselves."""
    lacking = environment.lacks_tokens(answers=True)
    for sentence in lacking:
        yield Line(False, "SLACK_CLIENT_ID", sentence)
    if not lacking:
        yield Line(True, "SLACK_CLIENT_ID", f"workspaces install the app at {environment.public_url}slack/install")
    for each in () if store is None else await store.installing.listed():
        if each.installed_at is not None and each.left_at is None:
            async for line in _installed(environment, store, each):
                yield line


async def _installed(environment: Settings, store: Store | None, each: Installation) -> AsyncIterator[Line]:
    assert store is not None
    try:
        token = await store.installing.token(each.workspace)
    except PivotalError as error:
        yield Line(False, each.workspace, terminal.sentence(error))
        return
    if token is None or token.expired:
        yield Line(
            False, each.workspace, "its token has ended. Start `pivotal worker`, or install the app there again."
        )
        return
    text = token.text

    async def token_of(_workspace: str) -> str:
        return text

    async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
        try:
            found = await Slack(web_client(environment.slack_api_url, http), token_of).installed(text)
        except PivotalError as error:
            yield Line(False, each.workspace, f"{error} Install the app there again.")
            return
    yield Line(True, each.workspace, f"the app is installed in team {found.identity.team_id}")
    for line in _scopes(found.scopes):
        if line.good is not True:
            yield Line(line.good, f"{each.workspace} {line.what}", line.says)


async def _not_bound(store: Store, team_id: str) -> Line:
    """What is to be said where no workspace is of the token's team yet."""
    try:
        only = await store.default_workspace()
    except Refused:
        return Line(
            False,
            "workspace",
            f"there are several here, and none is of team {team_id}: set the token of one that is, or another DATABASE_URL.",
        )
    if only.slack_team_id is None:
        return Line(True, "workspace", "it belongs to no team yet; the first start binds it to the token's")
    return Line(
        False,
        "workspace",
        f"this database belongs to team {only.slack_team_id}: set that team's token, or another DATABASE_URL.",
    )


async def _channel(slack: Slack, workspace: str, channel: str) -> Line:
    try:
        shared = await slack.is_shared_outside(workspace, channel)
    except PivotalError as error:
        return Line(False, "nudges.channel", str(error))
    if shared:
        return Line(
            False, "nudges.channel", "people outside your company read it, so nothing is posted there. Choose another."
        )
    return Line(True, "nudges.channel", "it can be seen, and is internal")


def _scopes(granted: frozenset[str]) -> Iterator[Line]:
    needed, optional = missing(granted)
    if needed:
        yield Line(
            False,
            "scopes",
            f"{', '.join(needed)} {'is' if len(needed) == 1 else 'are'} missing. Paste what `pivotal manifest` prints into the app's "
            "manifest, and install it again.",
        )
    else:
        yield Line(True, "scopes", "all that are needed are granted")
    for scope in optional:
        yield Line(None, "scopes", f"without {scope} {WITHOUT[scope]}")


def _doors(environment: Settings) -> Iterator[Line]:
    """By which ways something comes in."""
    signing, app = environment.slack_signing_secret, environment.slack_app_token
    if signing is None and app is None:
        yield Line(
            False, "Slack", "neither SLACK_SIGNING_SECRET (for HTTP) nor SLACK_APP_TOKEN (for Socket Mode) is set."
        )
    elif signing is None:
        yield Line(None, "Slack", "SLACK_SIGNING_SECRET is not set: start with `pivotal serve --socket`")
    else:
        yield Line(True, "SLACK_SIGNING_SECRET", "it is set; a request with a wrong signature is refused")
    for name, secret in (
        ("HUBSPOT_CLIENT_SECRET", environment.hubspot_client_secret),
        ("STRIPE_WEBHOOK_SECRET", environment.stripe_webhook_secret),
    ):
        address = f"/webhooks/{name.partition('_')[0].lower()}"
        if secret is None:
            yield Line(None, name, f"it is not set: {address} answers 404")
        elif environment.for_many:
            yield Line(None, name, f"{address} is no workspace's where each has its own token: set WEBHOOK_SECRETS")
        elif environment.public_url is None and name.startswith("HUBSPOT"):
            yield Line(False, name, "HubSpot signs its address: set PUBLIC_URL, too.")
        else:
            yield Line(True, name, f"it is set: {address} takes what is signed by it")


async def _workspace(environment: Settings, store: Store) -> AsyncIterator[Line]:
    try:
        own = await store.settings((await store.default_workspace()).id)
    except Refused:
        yield Line(
            None,
            "workspace",
            "there are several here. The short webhook addresses are of the one whose SLACK_BOT_TOKEN is set (they answer 404 as long as Slack "
            "does not say which, or none is set); each other one has its own, by WEBHOOK_SECRETS",
        )
    else:
        yield Line(None, "mapping", mapping_text(own.mapping) or "the usual: each property feeds the field of its name")
    for ident in environment.webhook_secrets:
        if await store.deliveries.may_come_for(ident):
            yield Line(True, "WEBHOOK_SECRETS", f"{ident} is in this database")
        else:
            yield Line(False, "WEBHOOK_SECRETS", f"{ident} is not in this database. Leave it out.")
