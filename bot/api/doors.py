"""Who may come in, and how often: key, scope, rate. Every address of the API is behind this."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from bot.api import problems
from bot.api.problems import Problem
from bot.limiter import Limiter
from store import Store
from store.access import KEY, ApiKey, Scope

PER_MINUTE: Final = 300
"""Requests of one key."""

Answer = Callable[[web.Request, ApiKey], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Clock = Callable[[], datetime]


class Doors:
    """per_minute: requests of one key."""

    def __init__(self, store: Store, limiter: Limiter, per_minute: int) -> None:
        self._store = store
        self._limiter = limiter
        self._per_minute = per_minute

    def behind(self, scope: Scope, answer: Answer) -> Handler:
        """The handler that answers whoever holds a key with this scope. Nothing it raises gets past it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                key = await self._admitted(request)
                with structlog.contextvars.bound_contextvars(workspace=key.workspace, actor=str(key.actor)):
                    self._allow(key, scope)
                    return await answer(request, key)
            except Exception as error:  # noqa: BLE001 - the one place where any exception becomes an answer of the API
                return problems.answer(error)

        return handle

    async def _admitted(self, request: web.Request) -> ApiKey:
        """The key is taken from the header only: addresses are written down in too many places."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        looks = KEY.fullmatch(text.strip())
        if looks and self._limiter.is_used_up(said_to_be := f"key_{looks[1]}", self._per_minute):
            self._refuse(said_to_be)  # without asking the database whether it is one: a flood must be cheap
        key = await self._store.access.admitted(text.strip()) if scheme.casefold() == "bearer" else None
        if key is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "No valid API key. Send `Authorization: Bearer pvk_…`; `pivotal apikey create` makes one.",
                {"WWW-Authenticate": "Bearer"},
            )
        return key

    def _allow(self, key: ApiKey, scope: Scope) -> None:
        self._refuse(key.id)
        if scope not in key.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, f"This key has no scope `{scope}`.")

    def _refuse(self, key_id: str) -> None:
        if wait := self._limiter.wait({key_id: self._per_minute}):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"More than {self._per_minute} requests in a minute.",
                {"Retry-After": str(wait.seconds)},
            )
