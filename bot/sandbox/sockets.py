"""Socket Mode: apps.connections.open, the websockets, and the envelopes that go over them."""

import asyncio
import itertools
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from bot import limits
from bot.sandbox.core import Core
from bot.sandbox.web_api import Arguments


class Sockets:
    """The app's open connections. Each envelope goes to one of them, in turn."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._turn = itertools.count()
        self._any = asyncio.Event()
        self.in_use = False
        """Whether the app has come by Socket Mode, though it may be between two connections now."""
        self._waiting: dict[str, asyncio.Future[Any]] = {}

    async def until_connected(self, within: timedelta = timedelta(seconds=10)) -> None:
        """Wait until the app holds a socket open. raises TimeoutError."""
        async with asyncio.timeout(within.total_seconds()):
            await self._any.wait()

    def open_url(self, core: Core, _arguments: Arguments) -> dict[str, Any]:
        """The method apps.connections.open. It always gives a URL; the socket behind it says when there are too many."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return {"url": f"{core.origin.replace('http', 'ws', 1)}/socket?ticket={ticket}"}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The websocket behind such a URL, which is good once."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="invalid ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._open) >= limits.SOCKETS:
            await _end(socket, "too_many_websockets")
            return socket
        hello = {
            "type": "hello",
            "num_connections": len(self._open) + 1,
            "connection_info": {"app_id": self._core.workspace.app_id},
        }
        await socket.send_json(hello)
        self._open.append(socket)
        self._any.set()
        self.in_use = True
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._acked(message.data)
        finally:
            self._open.remove(socket)
            if not self._open:
                self._any.clear()
        return socket

    async def send(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        retry_attempt: int = 0,
        retry_reason: str = "",
    ) -> tuple[str, Any]:
        """Send one envelope → its id and the payload of its ack, None when the ack carried none.

        raises ConnectionError, when no socket takes it. Waits for the ack for ever: the caller sets the limit.
        """
        if not self._open:
            raise ConnectionError("no socket is open")
        envelope: dict[str, Any] = {
            "envelope_id": str(uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry_attempt, "retry_reason": retry_reason}
        acked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = acked
        try:
            await self._open[next(self._turn) % len(self._open)].send_json(envelope)
            return envelope["envelope_id"], await acked
        finally:
            del self._waiting[envelope["envelope_id"]]

    def _acked(self, text: str) -> None:
        told = json.loads(text)
        acked = self._waiting.get(told.get("envelope_id", ""))
        if acked is not None and not acked.done():
            acked.set_result(told.get("payload"))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Slack recycles every connection: a message, then the close."""
        for socket in [*self._open]:
            await _end(socket, reason)


async def _end(socket: web.WebSocketResponse, reason: str) -> None:
    await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}})
    await socket.close()
