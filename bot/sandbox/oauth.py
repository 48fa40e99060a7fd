"""How the app comes into a workspace: the page on which a person lets it in, the code that it gets for that, and tokens that may expire.

The person presses Allow at once, unless `refuses`. A code is good once, for ten minutes. With rotation a token lasts twelve hours, a refresh
token is good once, and of a workspace's tokens the two newest are.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.core import Core, SlackError
from bot.sandbox.web_api import Arguments

CODE: Final = timedelta(minutes=10)
ALIVE: Final = 2


@dataclass(slots=True)
class _Code:
    redirect_uri: str
    scopes: frozenset[str]
    given_at: datetime
    used: bool = False


class OAuth:
    """redirect_urls: those in the app's settings; one that is sent has to begin with one of them. declined: optional scopes that the person
    leaves out. org_wide: the person lets the app into the whole organization.
    """

    def __init__(self, core: Core, authed_user: str) -> None:
        self._core = core
        self._authed_user = authed_user
        self.client_id = "1234.5678"
        self.client_secret = "sandbox-client-secret"  # noqa: S105 - opens nothing but this stand-in
        self.redirect_urls: tuple[str, ...] = ()
        self.rotates = False
        self.lifetime = timedelta(hours=12)
        """Of a token, where it rotates."""
        self.refuses = False
        self.org_wide = False
        self.declined: frozenset[str] = frozenset()
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, bool] = {}
        """Refresh tokens, and whether each was used."""

    async def authorize(self, request: web.Request) -> web.Response:
        """GET /oauth/v2/authorize: back to the app at once, with a code or with what the person decided."""
        asked = request.query
        if asked.get("client_id") != self.client_id:
            return web.Response(status=400, text="invalid_client_id")
        redirect_uri = asked.get("redirect_uri", "")
        if not redirect_uri.startswith(self.redirect_urls or ("\0",)):
            return web.Response(status=400, text="bad_redirect_uri")
        scopes = frozenset(filter(None, asked.get("scope", "").split(",")))
        if not scopes:
            return web.Response(status=400, text="invalid_scope")
        back = {"state": asked["state"]} if "state" in asked else {}
        if self.refuses:
            back["error"] = "access_denied"
        else:
            back["code"] = f"{self._core.workspace.team_id}.{secrets.token_hex(16)}"
            self._codes[back["code"]] = _Code(redirect_uri, scopes - self.declined, self._core.workspace.clock())
        return web.Response(status=302, headers={"Location": f"{redirect_uri}?{urlencode(back)}"})

    def knows(self, arguments: Mapping[str, Any]) -> bool:
        """Whether a code or a refresh token is one of this workspace."""
        return arguments.get("code") in self._codes or arguments.get("refresh_token") in self._refresh

    def access(self, _core: Core, arguments: Arguments) -> dict[str, Any]:
        """oauth.v2.access: a code for a token, or a refresh token for the next."""
        if arguments.text("client_id", "") != self.client_id:
            raise SlackError("invalid_client_id")
        if arguments.text("client_secret", "") != self.client_secret:
            raise SlackError("bad_client_secret")
        match arguments.text("grant_type", "authorization_code"):
            case "refresh_token":
                self._used_up(arguments.text("refresh_token", ""))
            case "authorization_code":
                self._core.scopes = set(self._redeemed(arguments))
            case _:
                raise SlackError("invalid_grant_type")
        return self._granted()

    def _redeemed(self, arguments: Arguments) -> frozenset[str]:
        code = self._codes.get(arguments.text("code", ""))
        if code is None or self._core.workspace.clock() - code.given_at > CODE:
            raise SlackError("invalid_code")
        if code.used:
            raise SlackError("code_already_used")
        if arguments.text("redirect_uri", "") != code.redirect_uri:
            raise SlackError("bad_redirect_uri")
        code.used = True
        return code.scopes

    def _used_up(self, refresh_token: str) -> None:
        if self._refresh.get(refresh_token, True):
            raise SlackError("invalid_refresh_token")
        self._refresh[refresh_token] = True

    def _granted(self) -> dict[str, Any]:
        workspace, told = self._core.workspace, {}
        token = f"xoxb-{workspace.team_id}-{secrets.token_hex(12)}"
        ends = None
        if self.rotates:
            token = f"xoxe.{token}"
            refresh = f"xoxe-1-{workspace.team_id}-{secrets.token_hex(12)}"
            self._refresh[refresh] = False
            ends = workspace.clock() + self.lifetime
            told = {"refresh_token": refresh, "expires_in": int(self.lifetime.total_seconds())}
            expiring = [each for each, until in self._core.tokens.items() if until is not None]
            for old in expiring[: len(expiring) - (ALIVE - 1)]:
                self._end(old)
        self._core.tokens[token] = ends
        enterprise = {"id": workspace.enterprise_id, "name": workspace.team_domain} if workspace.enterprise_id else None
        return {
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(sorted(self._core.scopes)),
            "bot_user_id": workspace.bot_user.id,
            "app_id": workspace.app_id,
            "team": None if self.org_wide else {"id": workspace.team_id, "name": workspace.team_domain},
            "enterprise": enterprise,
            "is_enterprise_install": self.org_wide,
            "authed_user": {"id": self._authed_user},
            **told,
        }

    def _end(self, token: str) -> None:
        del self._core.tokens[token]
        self._core.revoked.add(token)

    def end_all(self) -> None:
        """The app was taken out of the workspace: no token is worth anything any more."""
        for token in list(self._core.tokens):
            self._end(token)
        self._refresh = dict.fromkeys(self._refresh, True)
