"""A program with a key, and the server it calls."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDictProxy

from bot.api.routes import routes
from bot.web import application, listening
from store import Store
from store.access import Scope
from tests.builders import imported
from tests.export.slices import lines

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Said:
    """What the server answered."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.body
        found: list[dict[str, Any]] = self.json["data"]
        return found

    @property
    def problem(self) -> str:
        """The detail of an error, which has one shape everywhere."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.headers
        assert self.json["status"] == self.status
        found: str = self.json["detail"]
        return found


@dataclass
class Program:
    url: str
    http: aiohttp.ClientSession
    store: Store
    workspace: str
    key: str = field(repr=False)

    async def calls(self, method: str, path: str, *, key: str | None = None, **request: Any) -> Said:
        headers = {"Authorization": f"Bearer {key or self.key}", **request.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        async with self.http.request(method, f"{self.url}{path}", headers=headers, **request) as answer:
            return Said(answer.status, answer.headers, await answer.read())

    async def gets(self, path: str, **request: Any) -> Said:
        return await self.calls("GET", path, **request)

    async def posts(self, path: str, body: Any, **request: Any) -> Said:
        return await self.calls("POST", path, json=body, **request)

    async def key_with(self, *scopes: Scope, customer: str | None = None, lifetime: timedelta | None = None) -> str:
        _, text = await self.store.access.create(
            self.workspace, "Another", scopes, customer=customer, lifetime=lifetime
        )
        return text

    async def follows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All pages, by their cursors."""
        found: list[dict[str, Any]] = []
        while True:
            said = await self.gets(path, params=params)
            found += said.data
            if said.json["next_cursor"] is None:
                return found
            params["cursor"] = said.json["next_cursor"]


Serve = Callable[..., Any]


@pytest.fixture
async def serve(store: Store, workspace: str) -> AsyncIterator[Serve]:
    """A server with these limits, and a program with a key for all."""
    async with AsyncExitStack() as stack:

        async def served(*, per_minute: int = 0) -> Program:
            async def ready() -> None:
                pass

            app = application(ready, routes=routes(store, lambda: NOW, lambda: None, per_minute=per_minute))
            url = await stack.enter_async_context(listening(app, "127.0.0.1", 0, timedelta(seconds=1)))
            http = await stack.enter_async_context(aiohttp.ClientSession())
            _, key = await store.access.create(workspace, "Till", [Scope.READ, Scope.WRITE])
            return Program(url, http, store, workspace, key)

        yield served


@pytest.fixture
async def program(serve: Serve, store: Store, workspace: str) -> Program:
    """With the customer Acme Corp, whose history leaves nothing out."""
    await imported(store, workspace, *lines(seed=5))
    found: Program = await serve()
    return found
