"""Server-sent events: what changed, to every open page, as the person there may see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from bot.sandbox.page import shapes
from bot.sandbox.page.traffic import Traffic
from bot.sandbox.workspace import Change, Message

if TYPE_CHECKING:
    from bot.sandbox.server import StandInSlack

LOOKS_EVERY: Final = 0.15
"""Seconds between two looks at the traffic, while a page is open: nobody tells of that."""
ALIVE_EVERY: Final = 15.0
"""Seconds of silence after which a comment keeps the connection, and shows whether it is still there."""

Told = tuple[str, Callable[[], Any]]
"""The event's name, and what makes its data: only when it is sent, since whoever tells of a change may not be through with it."""


class Stream:
    def __init__(self, slack: StandInSlack, traffic: Traffic) -> None:
        self._slack = slack
        self._traffic = traffic
        self._open: dict[asyncio.Queue[Told | None], str] = {}
        self._somebody = asyncio.Event()

    async def running(self, _app: web.Application) -> AsyncIterator[None]:
        """For aiohttp's cleanup_ctx."""
        self._slack.workspace.watchers.append(self._changed)
        watching = asyncio.create_task(self._watch_traffic())
        yield
        self._slack.workspace.watchers.remove(self._changed)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching

    async def end(self, _app: web.Application) -> None:
        """For aiohttp's on_shutdown: open pages are let go, so that stopping need not wait for them."""
        for queue in [*self._open]:
            queue.put_nowait(None)

    async def serve(self, request: web.Request, user: str) -> web.StreamResponse:
        """GET: events until either side goes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        queue: asyncio.Queue[Told | None] = asyncio.Queue()
        self._open[queue] = user
        self._somebody.set()
        try:
            # The page reads everything anew at this, so that nothing is missed between two connections.
            await response.write(_event("hello", {}))
            while (told := await self._next(queue)) is not None:
                name, data = told
                await response.write(_event(name, data()))
        except ConnectionError:
            pass
        finally:
            del self._open[queue]
            if not self._open:
                self._somebody.clear()
        return response

    async def _next(self, queue: asyncio.Queue[Told | None]) -> Told | None:
        try:
            async with asyncio.timeout(ALIVE_EVERY):
                return await queue.get()
        except TimeoutError:
            return "", dict

    def tell(self, name: str, data: Callable[[], Any], *, only: str | None = None) -> None:
        for queue, user in self._open.items():
            if only in {None, user}:
                queue.put_nowait((name, data))

    async def _watch_traffic(self) -> None:
        while True:
            await self._somebody.wait()
            for entry in self._traffic.fresh():
                self.tell("traffic", partial(dict, entry))
            await asyncio.sleep(LOOKS_EVERY)

    def _changed(self, change: Change) -> None:
        if not self._open:
            return
        workspace = self._slack.workspace
        match change.kind:
            case "posted" | "edited" if change.message is not None:
                if message := workspace.messages.get(change.message):
                    self._show(message)
                    parent = workspace.messages.get((message.channel, message.thread_ts or ""))
                    if parent is not None and parent is not message:
                        self._show(parent)
            case "deleted" if change.message is not None:
                channel, ts = change.message
                self.tell("deleted", partial(dict, channel=channel, ts=ts))
            case "view" | "view_closed":
                self.tell("modals", partial(shapes.modals, self._slack.core, change.user or ""), only=change.user)
            case "home":
                self.tell("home", partial(shapes.home, workspace, change.user or ""), only=change.user)
            case "file":
                for message in workspace.messages.values():
                    if message.files:
                        self._show(message)
            case "channel":
                self.tell("channels", dict)
            case _:
                pass

    def _show(self, message: Message) -> None:
        workspace = self._slack.workspace

        def shape() -> shapes.Json:
            return shapes.message(workspace, message, shapes.replies(workspace, message))

        for user in set(self._open.values()):
            if shapes.sees(workspace, message, user):
                self.tell("message", shape, only=user)


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() if name else b": alive\n\n"
