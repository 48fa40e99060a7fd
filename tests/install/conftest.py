"""The app as several workspaces install it: processes that take turns, a stand-in Slack with two teams, and a person with a browser."""

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import App, build
from bot.install.routes import COOKIE
from bot.sandbox import StandInSlack
from bot.settings import Distribution, Settings, SlackAccess
from bot.web import listening
from store import Store
from store.engine import connect
from store.schema import check
from store.sealing import Keys
from tests.bot.conftest import LONG, UNHURRIED, UNHURRIED_EXPORTS, Clock
from tests.bot.test_log import lines as lines  # noqa: PLC0414 - a fixture
from tests.builders import a_customer, an_activity
from tests.conftest import STEADY, apps_url

PUBLIC: Final = "https://pivotal.example.com/"
RAW_KEY: Final = secrets.token_bytes(32)
A_LOOK: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a browser was answered."""

    status: int
    text: str
    to: str
    set_cookie: str


@dataclass
class Browser:
    http: aiohttp.ClientSession
    many: "Many"
    cookie: str | None = None

    async def opens(self, url: str) -> Seen:
        headers = {} if self.cookie is None else {"Cookie": f"{COOKIE}={self.cookie}"}
        async with self.http.get(url, headers=headers, allow_redirects=False) as answer:
            given = answer.headers.get("Set-Cookie", "")
            if found := re.match(rf'{COOKIE}="?([^";]+)"?;', given):
                self.cookie = found[1]
            return Seen(answer.status, await answer.text(), answer.headers.get("Location", ""), given)

    async def sets_out(self, team: StandInSlack, process: int = 0) -> str:
        """As far as the address to which Slack sends the browser back, at this process."""
        begun = await self.opens(f"{self.many.origins[process]}/slack/install")
        assert begun.status == 302
        back = (await self.opens(f"{begun.to}&team={team.team_id}")).to
        assert back.startswith(f"{PUBLIC}slack/oauth_redirect?")
        return back

    async def comes_back(self, address: str, process: int = -1) -> Seen:
        return await self.opens(address.replace(PUBLIC, f"{self.many.origins[process]}/"))

    async def installs(self, team: StandInSlack) -> Seen:
        """Set out at one process, and come back to another, where there are several."""
        return await self.comes_back(await self.sets_out(team))


@dataclass
class Many:
    """Two teams at one address of Slack's, and the processes that serve them."""

    acme: StandInSlack
    globex: StandInSlack
    store: Store
    database_url: str
    clock: Clock
    http: aiohttp.ClientSession
    stack: AsyncExitStack
    apps: list[App] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)

    async def starts(self) -> App:
        """One more process."""
        database = connect(apps_url(self.database_url), patience=STEADY)
        self.stack.push_async_callback(database.close)
        many = Distribution(client_id=self.acme.oauth.client_id, client_secret=SecretStr(self.acme.oauth.client_secret))
        signing = SecretStr(self.acme.signing_secret)
        app = await self.stack.enter_async_context(
            build(
                Settings(slack_api_url=self.acme.api_url, public_url=PUBLIC),
                SlackAccess(bot_token=None, signing_secret=signing, app_token=None, many=many),
                Store(database, keys=Keys([RAW_KEY])),
                ready=partial(check, database),
                clock=self.clock,
                budget=LONG,
                timing=UNHURRIED,
                leases=UNHURRIED_EXPORTS,
            )
        )
        self.apps.append(app)
        self.origins.append(await self.stack.enter_async_context(listening(app.web, "127.0.0.1", 0, A_LOOK)))
        for slack in (self.acme, self.globex):
            slack.connect_app(*(f"{origin}/slack/events" for origin in self.origins))
        return app

    async def does(self, app: App, *jobs: str) -> None:
        """What these jobs of a process do at a tick."""
        for name in jobs:
            await app.workers.jobs._jobs[name].run()

    def browser(self) -> Browser:
        return Browser(self.http, self)

    async def workspace(self, slack: StandInSlack) -> str:
        found = await self.store.workspace_of(slack.team_id)
        assert found is not None
        return found

    async def remembers(self, slack: StandInSlack, customer: str, count: int) -> None:
        """A customer with so many activities, in the workspace of this team."""
        workspace = await self.workspace(slack)
        ident = await a_customer(self.store, workspace, customer)
        await self.store.record(workspace, ident, [an_activity() for _ in range(count)])

    async def reads(self, slack: StandInSlack, customer: str) -> str:
        """What a person of this team reads of a customer."""
        handle = {each.name: each for each in slack.workspace.users.values()}
        user = handle.get("Sam Lee") or slack.add_user("Sam Lee")
        return (await slack.as_user(user).says(f"/pivotal history {customer}")).text

    @property
    def calls(self) -> int:
        """Of Slack, so far."""
        return len(self.acme.calls) + len(self.globex.calls)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def many(database_url: str, store: Store, clock: Clock) -> AsyncIterator[Many]:
    """One process runs, and no team has installed the app yet."""
    how = {"clock": clock, "signature_clock": clock, "ack_within": A_LOOK, "patience": A_LOOK}
    async with AsyncExitStack() as stack:
        acme, globex = [
            await stack.enter_async_context(StandInSlack(team_id=team_id, team_domain=domain, **how))  # type: ignore[arg-type]
            for team_id, domain in (("T0ACME", "acme"), ("T0GLOBEX", "globex"))
        ]
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        acme.oauth.redirect_urls = (f"{PUBLIC}slack/oauth_redirect",)
        acme.adjoin(globex)
        for slack in (acme, globex):
            slack.oauth.end_all()
        many = Many(acme, globex, store, database_url, clock, http, stack)
        await many.starts()
        yield many
        assert [*acme.refusals, *globex.refusals] == []
