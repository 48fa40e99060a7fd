"""The Web API over HTTP: arguments in each encoding that Slack takes, tokens, faults, and the log of calls."""

import asyncio
import json
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from aiohttp import web

from bot.sandbox.core import Core, SlackError
from bot.sandbox.faults import Fault
from bot.sandbox.scopes import needed

JSON_ARGUMENTS: Final = frozenset({"attachments", "blocks", "files", "metadata", "view"})
MAX_BODY: Final = 64 * 1024 * 1024
OPEN: Final = frozenset({"oauth.v2.access"})
"""Methods to which the app says who it is by its client id and secret."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a Web API method, or one use of `response_url` or `upload`. Token left out."""

    method: str
    arguments: Mapping[str, Any]
    at: datetime
    ms: float
    status: int
    """0: the connection was dropped."""
    answer: Any
    fault: Fault | None = None


class Arguments:
    """A call's arguments, decoded. Each accessor raises SlackError `invalid_arguments` for what is missing or of another type."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {key: value for key, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str | None = None) -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str | int | float):
            raise SlackError(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
            )
        return str(value)

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError) as error:
            raise SlackError("invalid_arguments") from error

    def flag(self, name: str) -> bool:
        return self.values.get(name) in (True, 1, "1", "true", "True")

    def json(self, name: str) -> Any:
        """A structure, which form encoding carries as text. None when it is absent."""
        value = self.values.get(name)
        if not isinstance(value, str) or name not in JSON_ARGUMENTS:
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise SlackError("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from error


def kinds_of(arguments: Arguments) -> list[str]:
    """What the argument `types` asks for, in the workspace's words: public, private, im, mpim."""
    return [each.strip().removesuffix("_channel") for each in arguments.text("types", "public_channel").split(",")]


Method = Callable[[Core, Arguments], dict[str, Any]]


class WebApi:
    def __init__(self, core: Core, methods: Mapping[str, Method]) -> None:
        self._core = core
        self._methods = methods
        self.calls: list[Call] = []
        self.watchers: list[Callable[[], None]] = []
        """Called after every call."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """POST or GET /api/{method}."""
        method = request.match_info["method"]
        values, token = await read(request)

        async def carry_out() -> tuple[int, Any]:
            return 200, self._carry_out(method, token, Arguments(values))

        return await self.logged(request, method, values, carry_out)

    def _carry_out(self, method: str, token: str | None, arguments: Arguments) -> dict[str, Any]:
        try:
            self._authenticate(method, token)
            self._authorize(method, arguments)
            answer = self._methods.get(method, _unknown)(self._core, arguments)
        except SlackError as error:
            return error.body()
        return {"ok": True, **answer}

    def _authenticate(self, method: str, token: str | None) -> None:
        if method in OPEN:
            return
        if not token:
            raise SlackError("not_authed")
        if token in self._core.revoked:
            raise SlackError("token_revoked")
        app_token, tokens = self._core.app_token, self._core.tokens
        if token not in ({app_token} if method == "apps.connections.open" else tokens):
            raise SlackError("not_allowed_token_type" if token in {app_token, *tokens} else "invalid_auth")
        ends = tokens.get(token)
        if ends is not None and ends <= self._core.workspace.clock():
            raise SlackError("token_expired")
        if method == "auth.revoke":
            del tokens[token]
            self._core.revoked.add(token)

    def _authorize(self, method: str, arguments: Arguments) -> None:
        scopes = self._core.scopes
        missing = [each for each in needed(method, self._kinds(arguments)) if each not in scopes]
        if missing:
            raise SlackError("missing_scope", needed=",".join(missing), provided=",".join(sorted(scopes)))

    def _kinds(self, arguments: Arguments) -> list[str]:
        """The kinds of conversations that a call is about."""
        if "channel" in arguments:
            channel = self._core.workspace.channels.get(arguments.text("channel"))
            return [channel.kind] if channel is not None else []
        if "users" in arguments:
            return ["mpim" if "," in arguments.text("users") else "im"]
        return kinds_of(arguments)

    async def logged(
        self,
        request: web.Request,
        method: str,
        arguments: Mapping[str, Any],
        carry_out: Callable[[], Awaitable[tuple[int, Any]]],
    ) -> web.StreamResponse:
        """Carry a call out, or the fault that befalls it, and keep a record of both."""
        started, at = time.monotonic(), self._core.workspace.clock()
        fault = self._core.faults.next(method)
        status, answer = 200, None
        if fault and fault.delay:
            await asyncio.sleep(fault.delay.total_seconds())
        if fault and fault.status != 200:
            if fault.accepted:
                await carry_out()
            status, answer = fault.status, {"ok": False, "error": fault.error or "internal_error"}
        elif fault and fault.error:
            answer = {"ok": False, "error": fault.error, **fault.details}
        else:
            status, answer = await carry_out()
        dropped = fault is not None and fault.drop
        ms = (time.monotonic() - started) * 1000
        self.calls.append(Call(method, arguments, at, ms, 0 if dropped else status, answer, fault))
        for watcher in [*self.watchers]:
            watcher()
        if dropped and request.transport is not None:
            request.transport.abort()
        headers = {
            "x-oauth-scopes": ",".join(sorted(self._core.scopes)),
            "Date": format_datetime(at.astimezone(UTC), usegmt=True),
        }
        if fault and fault.retry_after_seconds is not None:
            headers["Retry-After"] = str(fault.retry_after_seconds)
        if isinstance(answer, dict):
            return web.json_response(answer, status=status or 500, headers=headers)
        return web.Response(text=str(answer), status=status or 500, headers=headers)


def _unknown(_core: Core, _arguments: Arguments) -> dict[str, Any]:
    raise SlackError("unknown_method")


async def read(request: web.Request) -> tuple[dict[str, Any], str | None]:
    """The arguments from query and body, and the token from the header or, failing that, from them. A client's id and secret are arguments."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        values |= body if isinstance(body, dict) else {}
    else:
        values |= dict(await request.post())
    in_body = values.pop("token", None)
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        client_id, _, client_secret = b64decode(header.removeprefix("Basic ")).decode().partition(":")
        return values | {"client_id": client_id, "client_secret": client_secret}, in_body
    return values, header.removeprefix("Bearer ") if header else in_body
