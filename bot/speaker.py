"""For whom this process speaks to Slack: for one workspace, by the token in the environment; or for all that have installed the app."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.authorization import AuthorizeResult

from bot.answers import Tasks
from bot.directory import Clock
from bot.install.routes import Install
from bot.install.tokens import Tokens
from bot.jobs.schedule import Work
from bot.settings import Distribution, SlackAccess
from bot.slack import Credentials, Identity, Slack, SlackOAuth, Unreachable, web_client
from store import Store
from store.domain.errors import Refused

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """home       the workspace of the team whose token stands in the environment; None, where it is not known, or there is no such token
    bot_user_id  who we are there, as far as Slack has said
    routes       by which workspaces install the app
    jobs         what has to be done for their tokens
    """

    slack: Slack
    home: str | None
    bot_user_id: str | None
    routes: Sequence[web.RouteDef] = ()
    jobs: Mapping[str, Work] = field(default_factory=dict)

    def authorizer(self) -> Callable[..., Awaitable[AuthorizeResult]]:
        """What Bolt wants to know of a request's team. Whether we serve that team and that person, Directory decides; and Slack is called
        from bot/slack.py alone, so no token is needed here.
        """

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_user_id=self.bot_user_id)

        return authorize


async def speaker(
    access: SlackAccess,
    store: Store,
    http: aiohttp.ClientSession,
    *,
    api_url: str,
    public_url: str | None,
    tasks: Tasks,
    clock: Clock,
) -> Speaker:
    """api_url, public_url: where Slack is reached, and where we are.

    raises  Refused, when the token in the environment is of a team that is not here; NotOpened, when a key is missing; what Slack and the
            database may raise
    """
    if access.many is not None:
        await store.installing.check_keys()  # otherwise what is due would be given up for want of a token
        oauth = SlackOAuth(web_client(api_url, http), _credentials(access.many))
        tokens = Tokens(store, oauth, tasks, clock)
        # A worker needs no address: nobody installs anything there.
        routes = () if public_url is None else _routes(access.many, store, oauth, api_url, public_url, clock)
        slack = Slack(web_client(api_url, http), tokens.of)
        return Speaker(slack=slack, home=None, bot_user_id=None, routes=routes, jobs={"exchange tokens": tokens.drain})
    assert access.bot_token is not None
    slack = Slack(web_client(api_url, http), _token_of(access.bot_token))
    identity, home = await _bound(store, slack, access.bot_token)
    return Speaker(slack=slack, home=home, bot_user_id=None if identity is None else identity.bot_user_id)


def _credentials(many: Distribution) -> Credentials:
    return Credentials(many.client_id, many.client_secret.get_secret_value())


def _routes(
    many: Distribution, store: Store, oauth: SlackOAuth, api_url: str, public_url: str, clock: Clock
) -> Sequence[web.RouteDef]:
    return Install(
        store,
        oauth,
        client_id=many.client_id,
        authorize_url=urljoin(api_url, "/oauth/v2/authorize"),
        public_url=public_url,
        clock=clock,
    ).routes()


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
