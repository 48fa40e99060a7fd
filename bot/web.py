"""The web server: bytes in, limits first, then the signature, then Bolt. One aiohttp application carries every route."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic_core import from_json
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot import signature
from bot.connections import HEADER_TIME, Connection
from bot.errors import explained, new_reference
from bot.https import refused_in_the_clear, told_to_stay
from store.domain.errors import PivotalError

log = structlog.get_logger()

SLACK_BODY: Final = 256 * 1024
"""Bytes of a request from Slack; its own have a few thousand."""
BODY_TIME: Final = timedelta(seconds=10)
MANY: Final = 1024
"""Connections that may wait to be taken."""

REQUEST_ID: Final = web.RequestKey("request id", str)


async def body_of(request: web.Request, limit: int, within: timedelta = BODY_TIME) -> bytes:
    """The request's bytes. Raises 413 as soon as there are more than that, 408 when they take longer, 415 when they are compressed."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPUnsupportedMediaType
    if (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)
    read = bytearray()
    came = request.content.is_eof()  # with the header, as Slack's do: nothing has to be waited for
    try:
        async with nullcontext() if came else asyncio.timeout(within.total_seconds()):
            async for chunk in request.content.iter_any():
                read += chunk
                if len(read) > limit:
                    raise web.HTTPRequestEntityTooLarge(limit, len(read))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(read)


class SlackEvents:
    """`POST /slack/events`: commands, clicks, options and events, all signed."""

    def __init__(self, bolt: AsyncApp, signing_secret: str, clock: Callable[[], datetime]) -> None:
        self._bolt = bolt
        self._secret = signing_secret
        self._clock = clock
        self.rejected = 0
        """Requests whose signature did not hold, since the process began."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await body_of(request, SLACK_BODY)
        if not self._is_genuine(request, body):
            self.rejected += 1
            log.info("a request was not signed by Slack", rejected=self.rejected)
            raise web.HTTPUnauthorized
        try:
            payload = payload_of(body.decode(), request.content_type)
        except ValueError:
            raise web.HTTPBadRequest from None
        # As Socket Mode hands it over: read already. Bolt would read a form in which the word "payload" occurs anywhere, in a command's
        # text for one, as an empty request. Of the headers, which nobody signed, it gets none.
        answer = await self._bolt.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
        [said] = answer.headers["content-type"]
        return web.Response(status=answer.status, body=answer.body.encode(), headers={"Content-Type": said})

    def _is_genuine(self, request: web.Request, body: bytes) -> bool:
        timestamps = request.headers.getall("X-Slack-Request-Timestamp", [])
        signatures = request.headers.getall("X-Slack-Signature", [])
        return signature.is_genuine(self._secret, timestamps, signatures, body, self._clock())


def payload_of(text: str, content_type: str) -> dict[str, Any]:
    """What Slack says: events as JSON, commands as a form, all else as JSON within a form.

    raises  ValueError, when it is none of these, or nothing that can be passed on: half of a surrogate pair, a depth of 200
    """
    if content_type != "application/json":
        form = dict(parse_qsl(text, keep_blank_values=True))
        if "payload" not in form:
            return form
        text = form["payload"]
    match from_json(text):
        case dict() as payload:
            return payload
    raise ValueError("not an object")


@web.middleware
async def identified(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Each request has an id of ours: on all lines of the log about it, in its answer, and in the sentence about a failure."""
    request[REQUEST_ID] = new_reference()
    with structlog.contextvars.bound_contextvars(request=request[REQUEST_ID]):
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - the last place where any exception becomes an answer
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, text=f"{explained(error)}\n")


async def _with_id(request: web.Request, response: web.StreamResponse) -> None:
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[REQUEST_ID]


def application(
    ready: Callable[[], Awaitable[None]],
    slack_events: Handler | None = None,
    routes: Iterable[web.RouteDef] = (),
    may_see: Callable[[web.Request], bool] = lambda _request: False,
    *,
    https: bool = False,
) -> web.Application:
    """ready: raises PivotalError while the process cannot serve. slack_events: None in Socket Mode. routes: of other parts.
    may_see: whether whoever asks is told why it is not ready. https: it is reached by nothing else.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "up"})

    async def readyz(request: web.Request) -> web.Response:
        try:
            await ready()
        except PivotalError as error:
            why = {"reason": str(error)} if may_see(request) else {}
            return web.json_response({"status": "not ready", **why}, status=HTTPStatus.SERVICE_UNAVAILABLE)
        return web.json_response({"status": "ready"})

    app = web.Application(middlewares=[identified, refused_in_the_clear] if https else [identified])
    app.on_response_prepare.append(_with_id)
    if https:
        app.on_response_prepare.append(told_to_stay)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    if slack_events is not None:
        app.router.add_post("/slack/events", slack_events)
    app.router.add_routes(routes)
    return app


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, stopping: timedelta, header_time: timedelta = HEADER_TIME
) -> AsyncIterator[str]:
    """Serve on that address; port 0 takes a free one. Gives the server's own URL.

    On the way out no new request is taken, and those under way have until `stopping`.
    """
    runner = web.AppRunner(app, shutdown_timeout=stopping.total_seconds())
    await runner.setup()
    served = runner.server
    assert served is not None
    try:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(served, header_time), host, port, backlog=MANY)
        try:
            found = listener.sockets[0].getsockname()
            yield f"http://{f'[{found[0]}]' if ':' in found[0] else found[0]}:{found[1]}"
        finally:
            listener.close()
    finally:
        await runner.cleanup()
