"""GET /slack/install → Slack's page → GET /slack/oauth_redirect: a person lets the app into a workspace.

The state is a secret that is good once, within ten minutes, in the browser that set out: that has another secret, in a cookie. The address to
come back to is fixed. Whatever is not as it must be is one sentence, and nothing is installed.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from slack_sdk.oauth import AuthorizeUrlGenerator

from bot.errors import explained
from bot.install import pages
from bot.install.granting import granted
from bot.limiter import Limiter
from bot.manifest import OPTIONAL_SCOPES, REDIRECT, SCOPES
from bot.slack import Json, SlackOAuth
from store import Store
from store.domain.errors import PivotalError, Refused
from store.install_states import LIFETIME, Return

log = structlog.get_logger()

COOKIE: Final = "__Host-pivotal-install"
"""A browser takes a cookie of such a name only by HTTPS, and from this host alone."""
BROWSER: Final = re.compile(r"[A-Za-z0-9_-]{43}")
PER_MINUTE: Final = 60
"""How many may set out, and come back, in each process: each leaves a row for ten minutes."""


class Install:
    """authorize_url: of Slack's page. public_url: ours, with a slash at its end."""

    def __init__(
        self,
        store: Store,
        oauth: SlackOAuth,
        *,
        client_id: str,
        authorize_url: str,
        public_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._oauth = oauth
        self._redirect_uri = f"{public_url}{REDIRECT}"
        self._page = AuthorizeUrlGenerator(
            client_id=client_id,
            scopes=[*SCOPES, *OPTIONAL_SCOPES],
            redirect_uri=self._redirect_uri,
            authorization_url=authorize_url,
        )
        self._clock = clock
        self._limiter = Limiter()

    def routes(self) -> Sequence[web.RouteDef]:
        # Not by HEAD: whoever only looks leaves no row.
        return [
            web.get("/slack/install", self.begin, allow_head=False),
            web.get(f"/{REDIRECT}", self.end, allow_head=False),
        ]

    async def begin(self, request: web.Request) -> web.Response:
        if self._limiter.wait({"begin": PER_MINUTE}):
            return _shown(pages.refused(pages.BUSY), HTTPStatus.TOO_MANY_REQUESTS)
        browser = _browser(request) or secrets.token_urlsafe(32)  # two windows of one browser may both be on the way
        try:
            state = await self._store.installing.begin(browser)
        except PivotalError as error:
            return _shown(pages.refused(str(explained(error))), HTTPStatus.SERVICE_UNAVAILABLE)
        answer = web.Response(
            status=HTTPStatus.FOUND, headers={**pages.HEADERS, "Location": self._page.generate(state)}
        )
        answer.set_cookie(
            COOKIE,
            browser,
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="Lax",  # it comes along when Slack's page sends the browser back
        )
        return answer

    async def end(self, request: web.Request) -> web.Response:
        if self._limiter.wait({"end": PER_MINUTE}):
            return _shown(pages.refused(pages.BUSY), HTTPStatus.TOO_MANY_REQUESTS)
        try:
            return await self._ended(request.query, _browser(request))
        except PivotalError as error:
            return _shown(pages.refused(str(explained(error))), HTTPStatus.SERVICE_UNAVAILABLE)

    async def _ended(self, told: Mapping[str, str], browser: str | None) -> web.Response:
        back = await self._store.installing.use(told.get("state", ""), browser or "")
        if back is not Return.GOOD:
            log.info("an installation went astray", reason=back.name)
            return _shown(pages.refused(pages.STRAYED[back]), HTTPStatus.BAD_REQUEST)
        if not told.get("code"):
            log.info("an installation was not finished at Slack's page")
            denied = told.get("error") == "access_denied"
            return _shown(pages.refused(pages.DENIED if denied else pages.UNFINISHED), HTTPStatus.BAD_REQUEST)
        answer, at = await self._oauth.access(code=told["code"], redirect_uri=self._redirect_uri)
        return await self._kept(answer, at or self._clock())

    async def _kept(self, answer: Json, at: datetime) -> web.Response:
        try:
            grant = granted(answer, at)
        except Refused:
            # What we have no use for. Where it is only the database that fails, the token may be the one that is in use: Slack gives the
            # same again to who installs the app once more.
            with suppress(PivotalError):
                await self._oauth.revoke(str(answer.get("access_token", "")))
            raise
        workspace = await self._store.installing.install(grant)
        log.info("installed", workspace=workspace, team=grant.team_id)
        return _shown(pages.installed(grant.team_name, grant.scopes), HTTPStatus.OK)


def _browser(request: web.Request) -> str | None:
    found = request.cookies.get(COOKIE, "")
    return found if BROWSER.fullmatch(found) else None


def _shown(page: str, status: HTTPStatus) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html", headers=pages.HEADERS)
