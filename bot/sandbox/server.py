"""The stand-in as a whole: a Slack workspace on a port of loopback, and the levers on it."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

from aiohttp import web

from bot import limits
from bot.sandbox import payloads
from bot.sandbox.core import Core, Refusal
from bot.sandbox.endpoints import Endpoints
from bot.sandbox.faults import Faults
from bot.sandbox.methods import METHODS, people
from bot.sandbox.oauth import OAuth
from bot.sandbox.person import Person
from bot.sandbox.scopes import GRANTED
from bot.sandbox.sockets import Sockets
from bot.sandbox.transport import FORM, Delivery, Transport
from bot.sandbox.web_api import MAX_BODY, OPEN, Call, WebApi, read
from bot.sandbox.workspace import Change, Channel, Clock, Message, User, UserGroup, Workspace, utc_now

LOOPBACK: Final = "127.0.0.1"


class StandInSlack:
    """A Slack workspace that this process serves, with one app installed in it.

    clock            the workspace's time: of messages, and of all that expires.
    signature_clock  the time that signatures carry: this machine's, unless the app checks against another one.
    scopes           what the app was granted; `scopes` can be changed later on.
    should_escape    whether commands arrive with `<@U…|sam>` for @sam, as the manifest's setting of that name asks for.
    ack_within       how long an ack may take before the person reads operation_timeout.
    patience         how long a person looks at the screen for an answer after the ack.
    routes           more routes to serve beside Slack's.
    """

    def __init__(
        self,
        *,
        clock: Clock = utc_now,
        signature_clock: Clock = utc_now,
        scopes: Iterable[str] = GRANTED,
        team_id: str = "T0PIVOTAL",
        team_domain: str = "pivotal",
        enterprise_id: str | None = None,
        should_escape: bool = True,
        ack_within: timedelta = limits.ACK,
        patience: timedelta = timedelta(seconds=5),
        port: int = 0,
        routes: Iterable[web.RouteDef] = (),
    ) -> None:
        self.team_id = team_id
        self.enterprise_id = enterprise_id
        self.app_id = "A0PIVOTAL"
        self.bot_token = "xoxb-sandbox"  # noqa: S105 - opens nothing but this stand-in
        self.app_token = "xapp-sandbox"  # noqa: S105 - as above
        self.signing_secret = "sandbox-signing-secret"  # noqa: S105 - as above
        self.bot_user = User("U0PIVOTAL", "Pivotal", "pivotal", team_id, bot=True)
        self.should_escape = should_escape
        self.patience = patience
        self.workspace = Workspace(clock, team_id, team_domain, enterprise_id, self.app_id, "B0PIVOTAL", self.bot_user)
        self.workspace.users[self.bot_user.id] = self.bot_user
        self.core = Core(self.workspace, bot_token=self.bot_token, app_token=self.app_token, scopes=scopes)
        self.sockets = Sockets(self.core)
        self.transport = Transport(
            signing_secret=self.signing_secret,
            clock=clock,
            signature_clock=signature_clock,
            sockets=self.sockets,
            ack_within=ack_within,
        )
        self.oauth = OAuth(self.core, "U0INSTALLER")
        more = {"apps.connections.open": self.sockets.open_url, "oauth.v2.access": self.oauth.access}
        self.api = WebApi(self.core, {**METHODS, **more})
        self.endpoints = Endpoints(self.core, self.api)
        self._teams: list[StandInSlack] = [self]
        """Those at the same address."""
        self._port = port
        self._routes = [*routes]
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._called),
                web.get("/oauth/v2/authorize", self._authorize),
                web.get("/socket", self.sockets.handle),
                web.post("/hooks/{team}/{interaction}/{secret}", self._respond),
                web.post("/upload/v1/{file}", self.endpoints.upload),
                *self._routes,
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()
        self.core.origin = f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.sockets.disconnect("link_disabled")
        await self.transport.close()
        assert self._runner is not None
        await self._runner.cleanup()

    # --- several teams at one address ---

    def adjoin(self, other: Self) -> None:
        """Another team, with the same app in its settings, that is reached at this one's address, too. It runs already."""
        other.core.origin = self.origin
        other.oauth.redirect_urls = self.oauth.redirect_urls
        self._teams.append(other)

    async def _called(self, request: web.Request) -> web.StreamResponse:
        """By the token, or by what the token is asked for with, Slack knows the team."""
        arguments, token = await read(request)
        whose = [
            each
            for each in self._teams
            if (each.oauth.knows(arguments) if request.match_info["method"] in OPEN else each.core.knows(token))
        ]
        return await (whose or [self])[0].api.handle(request)

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        """The person lets the app into the team that `team` names, as Slack's own page takes it; else into this one."""
        asked = request.query.get("team", self.team_id)
        team = next((each for each in self._teams if each.team_id == asked), self)
        return await team.oauth.authorize(request)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        team = next((each for each in self._teams if each.team_id == request.match_info["team"]), self)
        return await team.endpoints.respond(request)

    @property
    def origin(self) -> str:
        """http://127.0.0.1:PORT, which response_urls and upload URLs share with `api_url`."""
        return self.core.origin

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api/"

    @property
    def faults(self) -> Faults:
        return self.core.faults

    @property
    def scopes(self) -> set[str]:
        return self.core.scopes

    @property
    def calls(self) -> list[Call]:
        """Every call of the app, oldest first: Web API methods, `response_url` and `upload`."""
        return self.api.calls

    def calls_of(self, method: str) -> list[Call]:
        return [each for each in self.calls if each.method == method]

    @property
    def deliveries(self) -> list[Delivery]:
        """Every request to the app, oldest first."""
        return self.transport.deliveries

    @property
    def refusals(self) -> list[Refusal]:
        """Everything that Slack refused for its content. A test may want it empty at its end."""
        return self.core.refusals

    def add_user(self, name: str, **facts: Any) -> User:
        """A person of this workspace, or of another with `team_id=`. The handle is the first name when that is free.

        facts   handle, email, tz, restricted, ultra_restricted, bot, deleted, admin, owner, team_id, stranger.
        """
        taken = {each.handle for each in self.workspace.users.values()}
        first, whole = name.split(maxsplit=1)[0].casefold(), name.casefold().replace(" ", ".")
        handle = facts.pop("handle", first if first not in taken else whole)
        user = User(self.workspace.new_id("U"), name, handle, facts.pop("team_id", self.team_id), **facts)
        self.workspace.users[user.id] = user
        return user

    def add_channel(self, name: str, *, members: Iterable[User] = (), private: bool = False, **facts: Any) -> Channel:
        """facts   app_is_member (True), ext_shared, pending_ext_shared, org_shared, archived."""
        kind = self.workspace.new_id("G" if private else "C")
        channel = Channel(kind, name, "private" if private else "public", {each.id for each in members}, **facts)
        self.workspace.channels[channel.id] = channel
        return channel

    def add_group(self, name: str, *, members: Iterable[User] = (), **facts: Any) -> UserGroup:
        """A user group. facts   handle, disabled."""
        handle = facts.pop("handle", name.casefold().replace(" ", "-"))
        group = UserGroup(self.workspace.new_id("S"), name, handle, {each.id for each in members}, **facts)
        self.workspace.groups[group.id] = group
        return group

    async def change_user(self, user: User, **facts: Any) -> Delivery:
        """Other facts of the same person: made an admin, deactivated, gone to another zone; the app is told by `user_change`."""
        changed = self.workspace.change_user(user, **facts)
        return await self.event({"type": "user_change", "user": people.shape(self.core, changed)})

    def as_user(self, user: User) -> Person:
        return Person(self, user)

    def dm(self, user: User) -> Channel:
        """The direct messages between this person and the app."""
        return self.workspace.dm(user.id)

    def messages_in(self, channel: Channel, *, ephemeral: bool = False) -> list[Message]:
        """What stands in a channel, oldest first; what only one person sees, too, when asked for."""
        found = [each for each in self.workspace.messages.values() if each.channel == channel.id]
        return [each for each in found if ephemeral or each.ephemeral_to is None]

    def connect_app(self, *urls: str) -> None:
        """The app's request URL for commands, interactivity, options and events; several processes take turns."""
        self.transport.connect(*urls)

    def revoke(self, token: str) -> None:
        """From now on calls with it are answered `token_revoked`."""
        self.core.revoked.add(token)

    async def uninstall(self, *, told: Iterable[str] = ("tokens_revoked", "app_uninstalled")) -> list[Delivery]:
        """The app is taken out of the workspace: its tokens are worth nothing from then on. told: of what it hears, in this order."""
        self.oauth.end_all()
        says: Mapping[str, Mapping[str, Any]] = {
            "tokens_revoked": {"tokens": {"oauth": [], "bot": [self.bot_user.id]}},
            "app_uninstalled": {},
        }
        return [await self.event({"type": kind, **says[kind]}) for kind in told]

    async def event(
        self,
        event: Mapping[str, Any],
        *,
        event_id: str | None = None,
        retry: int = 0,
        retry_reason: str = "http_timeout",
        ext_shared: bool = False,
    ) -> Delivery:
        """Send an event of the Events API. retry: 1-3, with the same event_id, as Slack repeats what was not acked."""
        envelope = payloads.event_envelope(
            self.core, dict(event), event_id=event_id or self.workspace.new_id("Ev"), ext_shared=ext_shared
        )
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": retry_reason} if retry else {}
        return await self.transport.deliver("event", envelope, headers=headers)

    async def event_until_acked(self, event: Mapping[str, Any]) -> list[Delivery]:
        """Send an event, and once more as long as it is not acked, three times at most: Slack's redelivery, without its waiting.

        returns  all deliveries. `x-slack-no-retry: 1` on an answer ends them.
        """
        event_id = self.workspace.new_id("Ev")
        sent = [await self.event(event, event_id=event_id)]
        while len(sent) <= limits.EVENT_RETRIES and sent[-1].may_be_retried:
            reason = sent[-1].retry_reason
            sent.append(await self.event(event, event_id=event_id, retry=len(sent), retry_reason=reason))
        return sent

    async def send(
        self,
        body: bytes | Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        sign: bool = True,
        signed_at: int | None = None,
    ) -> Delivery:
        """Send any body to the request URL; a mapping goes as a form, values that are no text as JSON in it. Headers given here win."""
        payload: Mapping[str, Any] = {}
        if not isinstance(body, bytes):
            payload = body
            body = urlencode(
                {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}
            ).encode()
        headers = {"Content-Type": FORM, **(headers or {})}
        return await self.transport.send("raw", payload, body, headers=headers, sign=sign, signed_at=signed_at)

    async def replay(self, delivery: Delivery) -> Delivery:
        """Send an earlier request again, byte for byte with its old signature, as an eavesdropper would."""
        return await self.transport.send(
            delivery.kind, delivery.payload, delivery.body, headers=delivery.headers, sign=False
        )

    async def until(self, ready: Callable[[], bool], *, within: timedelta | None = None) -> None:
        """Wait until this is so; it is asked again at every change and call. raises TimeoutError, by default after `patience`."""
        changed = asyncio.Event()

        def watcher(_change: Change) -> None:
            changed.set()

        self.workspace.watchers.append(watcher)
        self.api.watchers.append(changed.set)
        try:
            async with asyncio.timeout((within or self.patience).total_seconds()):
                while not ready():
                    await changed.wait()
                    changed.clear()
        finally:
            self.workspace.watchers.remove(watcher)
            self.api.watchers.remove(changed.set)
