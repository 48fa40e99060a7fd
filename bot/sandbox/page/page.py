"""The page's own server: what it shows, what is done on it, and the files that it consists of."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.sandbox.page import emoji, shapes
from bot.sandbox.page.acts import Acts, Impossible
from bot.sandbox.page.completion import Completions
from bot.sandbox.page.declared import Declared
from bot.sandbox.page.guard import guarded, with_headers
from bot.sandbox.page.reading import Reading, rows
from bot.sandbox.page.shapes import Json
from bot.sandbox.page.stream import Stream
from bot.sandbox.page.traffic import Traffic
from bot.sandbox.workspace import File

if TYPE_CHECKING:
    from bot.sandbox.server import StandInSlack

HERE: Final = Path(__file__).parent
STYLES: Final = ("tokens", "layout", "messages", "blocks", "controls", "dialogs", "inspector")
MODULES: Final = sorted(each.relative_to(HERE / "static").as_posix() for each in (HERE / "static").rglob("*.js"))
"""Asked for at once, rather than one after another as the browser comes upon their names."""


class Page:
    """advance: moves the workspace's clock forward, and gives the time then; None, where time cannot be moved."""

    def __init__(
        self,
        slack: StandInSlack,
        completions: Completions,
        declared: Declared,
        *,
        advance: Callable[[timedelta], datetime] | None = None,
    ) -> None:
        self._completions = completions
        self._declared = declared
        self._advance = advance
        self._acts = Acts(slack, commands=declared.commands, events=declared.events)
        self._reading = Reading(slack, declared)
        self._traffic = Traffic(slack)
        self._stream = Stream(slack, self._traffic)
        self.token = secrets.token_urlsafe(24)
        """What a change must carry. It stands in the page alone."""
        self._run = secrets.token_hex(4)

    def application(self) -> web.Application:
        app = web.Application(middlewares=[guarded(self.token)])
        app.on_response_prepare.append(with_headers)
        app.on_shutdown.append(self._stream.end)
        app.cleanup_ctx.append(self._stream.running)
        app.add_routes(
            [
                web.get("/", self._index),
                web.static("/static", HERE / "static"),
                web.get("/emoji", self._emoji),
                web.get("/state", self._state),
                web.get("/messages", self._messages),
                web.get("/thread", self._thread),
                web.get("/stream", self._streamed),
                web.get("/complete", self._complete),
                web.get("/files/{file}", self._download),
                web.get("/files/{file}/rows", self._rows),
                web.post("/do/{what}", self._do),
            ]
        )
        return app

    # --- what is shown ---

    async def _index(self, _request: web.Request) -> web.Response:
        templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
        text = templates.get_template("page.html").render(
            title=self._declared.title, token=self.token, styles=STYLES, modules=MODULES
        )
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _emoji(self, _request: web.Request) -> web.Response:
        return web.json_response(emoji.TABLE)

    async def _state(self, request: web.Request) -> web.Response:
        of_this_run = {
            "run": self._run,
            "can_advance": self._advance is not None,
            "traffic": self._traffic.recent(),
        }
        return web.json_response(self._reading.state(self._me(request)) | of_this_run)

    async def _messages(self, request: web.Request) -> web.Response:
        channel, before = request.query.get("channel", ""), request.query.get("before", "")
        return web.json_response(self._reading.messages(self._me(request), channel, before))

    async def _thread(self, request: web.Request) -> web.Response:
        channel, ts = request.query.get("channel", ""), request.query.get("ts", "")
        return web.json_response(self._reading.thread(self._me(request), channel, ts))

    async def _streamed(self, request: web.Request) -> web.StreamResponse:
        return await self._stream.serve(request, self._me(request))

    async def _complete(self, request: web.Request) -> web.Response:
        found = await self._completions.complete(request.query.get("typed", ""))
        return web.json_response([asdict(each) for each in found])

    async def _download(self, request: web.Request) -> web.Response:
        file = self._file(request)
        kept = (each if (each.isascii() and each.isalnum()) or each in "._- " else "_" for each in file.name)
        headers = {"Content-Disposition": f'attachment; filename="{"".join(kept)}"'}
        return web.Response(body=file.content, content_type="application/octet-stream", headers=headers)

    async def _rows(self, request: web.Request) -> web.Response:
        file = self._file(request)
        return web.json_response(rows(file.name, file.content or b""))

    def _file(self, request: web.Request) -> File:
        found = self._reading.file(self._me(request), request.match_info["file"])
        if found is None:
            raise web.HTTPNotFound
        return found

    def _me(self, request: web.Request) -> str:
        cast = [each.user for each in self._declared.cast]
        wanted = request.query.get("as", cast[0])
        if wanted not in cast:
            raise web.HTTPBadRequest(text="nobody to act as")
        return wanted

    # --- what is done ---

    async def _do(self, request: web.Request) -> web.Response:
        """POST /do/{what}?as=USER with JSON. Answers {}; {"failed"} with what the person then reads."""
        act = self._doing.get(request.match_info["what"])
        if act is None:
            raise web.HTTPNotFound
        try:
            told = await request.json()
        except ValueError:
            raise web.HTTPBadRequest(text="JSON, please") from None
        if not isinstance(told, dict):
            raise web.HTTPBadRequest(text="an object, please")
        try:
            return web.json_response(await act(self._me(request), told))
        except Impossible as error:
            return web.json_response({"failed": str(error)})

    @property
    def _doing(self) -> Mapping[str, Callable[[str, Json], Awaitable[Json]]]:
        acts = self._acts
        return {
            "say": lambda me, told: acts.say(me, _text(told, "channel"), _text(told, "text"), told.get("thread")),
            "use": lambda me, told: acts.use(
                me, _surface(told), *_ids(told), told.get("value"), quiet=told.get("quiet") is True
            ),
            "options": lambda me, told: acts.options(me, _surface(told), *_ids(told), _text(told, "typed")),
            "submit": lambda me, told: acts.submit(me, _text(told, "view")),
            "close": lambda me, told: acts.close(me, _text(told, "view")),
            "home": lambda me, _told: acts.home(me),
            "shortcut": lambda me, told: acts.shortcut(
                me, _text(told, "callback_id"), told.get("channel"), told.get("ts")
            ),
            "dismiss": lambda me, told: acts.dismiss(me, _text(told, "channel"), _text(told, "ts")),
            "advance": self._moved,
        }

    async def _moved(self, _me: str, told: Json) -> Json:
        hours = told.get("hours")
        if self._advance is None or not isinstance(hours, int) or not 1 <= hours <= 24 * 31:
            raise Impossible("The clock moves forward by 1 hour to 31 days at a time.")
        now = shapes.millis(self._advance(timedelta(hours=hours)))
        self._stream.tell("clock", partial(dict, now=now))
        return {"now": now}


def _text(told: Json, key: str) -> str:
    value = told.get(key)
    if not isinstance(value, str):
        raise web.HTTPBadRequest(text=f"{key} must be text")
    return value


def _ids(told: Json) -> tuple[str, str]:
    return _text(told, "block_id"), _text(told, "action_id")


def _surface(told: Json) -> Json:
    surface = told.get("surface")
    if not isinstance(surface, dict):
        raise web.HTTPBadRequest(text="surface must be an object")
    return surface
