"""At the door: who signed it, how large and how slow it may be, and how its body is read. No database is behind it here."""

import asyncio
import gzip
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import aiohttp
import pytest
from aiohttp import web
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from structlog.testing import capture_logs

from bot.signature import signed
from bot.web import SLACK_BODY, SlackEvents, application, body_of, listening

SECRET: Final = "sandbox-signing-secret"
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAMP: Final = str(int(NOW.timestamp()))
FORM: Final = "application/x-www-form-urlencoded"
COMMAND: Final = {"command": "/pivotal", "text": "history acme", "team_id": "T1", "user_id": "U1", "channel_id": "C1"}


@dataclass
class Door:
    """The server, and what came through it to Bolt."""

    url: str
    http: aiohttp.ClientSession
    came_in: list[dict[str, Any]] = field(default_factory=list)

    async def knocks(self, body: bytes, headers: dict[str, str] | None = None, *, kind: str = FORM) -> int:
        """The status that this body is answered with; signed as it should be, unless these headers say otherwise."""
        given = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": STAMP,
            "X-Slack-Signature": signed(SECRET, STAMP, body),
            **(headers or {}),
        }
        async with self.http.post(self.url, data=body, headers=given) as answer:
            return answer.status


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    came_in: list[dict[str, Any]] = []

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1")

    async def seen(body: dict[str, Any]) -> BoltResponse:
        came_in.append(body)
        return BoltResponse(status=200)

    bolt = AsyncApp(authorize=authorize, request_verification_enabled=False)
    bolt.use(seen)

    async def ready() -> None:
        return None

    async with AsyncExitStack() as stack:
        events = SlackEvents(bolt, SECRET, lambda: NOW)
        url = await stack.enter_async_context(
            listening(application(ready, events.handle), "127.0.0.1", 0, timedelta(seconds=1))
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Door(f"{url}/slack/events", http, came_in)


async def test_what_slack_signed_comes_in_whatever_its_form(door: Door) -> None:
    assert await door.knocks(urlencode(COMMAND).encode()) == 200
    assert (
        await door.knocks(urlencode({"payload": json.dumps({"type": "block_actions", "team": {"id": "T1"}})}).encode())
        == 200
    )
    assert (
        await door.knocks(
            json.dumps({"type": "event_callback", "team_id": "T1", "event": {}}).encode(), kind="application/json"
        )
        == 200
    )
    assert door.came_in == [
        COMMAND,
        {"type": "block_actions", "team": {"id": "T1"}},
        {"type": "event_callback", "team_id": "T1", "event": {}},
    ]


@pytest.mark.parametrize(
    "text", ["history payload", "history Payload Inc. --30d", "payload", "a&payload=b", "é ü 株 + %20", ""]
)
async def test_a_command_comes_in_as_it_was_typed_whatever_words_are_in_it(door: Door, text: str) -> None:
    """Bolt by itself takes a form with the word `payload` in it for an empty request."""
    assert await door.knocks(urlencode({**COMMAND, "text": text}).encode()) == 200
    assert door.came_in[0]["text"] == text


@pytest.mark.promise(id="S1")
@pytest.mark.parametrize("place", range(0, 128, 7))
async def test_a_flipped_bit_is_not_let_in(door: Door, place: int) -> None:
    """S1, at the door: of the body, the signature, the time."""
    body = bytearray(urlencode(COMMAND).encode())
    good = signed(SECRET, STAMP, bytes(body))
    body[place % len(body)] ^= 1 << place % 8
    assert await door.knocks(bytes(body), {"X-Slack-Signature": good}) == 401
    flipped = good[: place % 60 + 3] + chr(ord(good[place % 60 + 3]) ^ 1) + good[place % 60 + 4 :]
    assert await door.knocks(urlencode(COMMAND).encode(), {"X-Slack-Signature": flipped}) == 401
    assert door.came_in == []


@pytest.mark.promise(id="S3")
@pytest.mark.parametrize("seconds, status", [(-301, 401), (-300, 200), (300, 200), (301, 401)])
async def test_what_was_signed_five_minutes_ago_or_ahead_is_too_old(door: Door, seconds: int, status: int) -> None:
    """S3."""
    body, stamp = urlencode(COMMAND).encode(), str(int(STAMP) + seconds)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signed(SECRET, stamp, body)}
    assert await door.knocks(body, headers) == status


def odd_headers(count: int) -> list[dict[str, str]]:
    """Timestamps and signatures that are not quite any."""
    chance = random.Random(7)
    pieces = ["abc", "", "1", "0", "-1", "1.5", "1e9", STAMP, "9" * 400, "NaN", "inf", "٣", "é", "v0=", "v1=", "V0=", "a" * 64, "0" * 64, "g" * 64, " ", ",", ";", "\t", "\x80", "ÿ", "null", "{}", "%00", "../..", "'--"]  # fmt: skip

    def odd() -> str:
        return "".join(chance.choices(pieces, k=chance.randrange(5))).strip()

    return [{"X-Slack-Request-Timestamp": odd(), "X-Slack-Signature": odd()} for _ in range(count)]


@pytest.mark.promise(id="S2")
async def test_1000_odd_headers_are_401_each_without_a_traceback(door: Door) -> None:
    with capture_logs() as logs:
        answers = [await door.knocks(urlencode(COMMAND).encode(), headers) for headers in odd_headers(1000)]
    assert set(answers) == {401}
    assert {each["log_level"] for each in logs} == {"info"}
    assert logs[-1] == {"event": "a request was not signed by Slack", "rejected": 1000, "log_level": "info"}
    assert door.came_in == []
    assert await door.knocks(urlencode(COMMAND).encode()) == 200


@pytest.mark.parametrize(
    "lines",
    [
        b"X-Slack-Signature: a\r\nX-Slack-Signature: b\r\n",
        b"X-Slack-Request-Timestamp: \xff\xfe\r\nX-Slack-Signature: v0=\xff\r\n",
        b"X-Slack-Request-Timestamp: 1\x00\r\n",
        b"X-Slack-Signature\r\n",
        b": v0=\r\n",
        b"X-Slack-Signature: " + b"v" * 9000 + b"\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Type: \xff\r\n",
        b"",
    ],
)
async def test_headers_that_are_none_are_refused_too(door: Door, lines: bytes) -> None:
    host, port = door.url.removeprefix("http://").removesuffix("/slack/events").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n" + lines + b"\r\na=b"
    )
    status = (await reader.readline()).split()[1]
    writer.close()
    await writer.wait_closed()
    assert status in {b"400", b"401"}
    assert door.came_in == []


@pytest.mark.parametrize(
    "body, kind",
    [
        (b"payload=", FORM),
        (b"payload=%7B", FORM),
        (b"payload=%5B%5D", FORM),
        (b"payload=1", FORM),
        (b"payload=null", FORM),
        (b"payload=" + quote_plus("[" * 50_000).encode(), FORM),
        (b"payload=%7B%22type%22%3A%22%5Cud800%22%7D", FORM),
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff\xfe", FORM),
        (b"\xff\xfe", "application/json"),
        (b'{"a":' * 30_000, "application/json"),
    ],
)
async def test_a_body_that_is_not_slacks_is_a_bad_request(door: Door, body: bytes, kind: str) -> None:
    with capture_logs() as logs:
        assert await door.knocks(body, kind=kind) == 400
    assert logs == []
    assert door.came_in == []


# --- large and slow ---------------------------------------------------------------------------------------------------


@pytest.mark.promise(id="S23")
@pytest.mark.parametrize("length, status", [(SLACK_BODY, 401), (SLACK_BODY + 1, 413)])
async def test_256_kilobytes_are_read_and_one_more_is_not(door: Door, length: int, status: int) -> None:
    """S23. What is refused for its length is not looked at: it was not signed either."""
    assert await door.knocks(b"a" * length, {"X-Slack-Signature": "v0="}) == status


async def test_a_body_without_a_length_is_cut_off_too(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a" * 16 * 1024

    try:
        async with door.http.post(door.url, data=endless()) as answer:
            assert answer.status == 413
    except aiohttp.ClientError:
        pass  # the server may close while the rest is still being sent
    assert door.came_in == []


async def test_a_compressed_body_is_not_unpacked(door: Door) -> None:
    body = gzip.compress(b"a" * 10_000_000)
    assert await door.knocks(body, {"Content-Encoding": "gzip"}) == 415


async def test_whoever_sends_slowly_is_not_waited_for() -> None:
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await body_of(request, 1000, timedelta(milliseconds=50)))

    app = web.Application()
    app.router.add_post("/", read)
    async with listening(app, "127.0.0.1", 0, timedelta(seconds=1)) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        status = await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert status.split()[1] == b"408"


async def test_many_slow_connections_keep_nobody_else_waiting(door: Door) -> None:
    host, port = door.url.removeprefix("http://").removesuffix("/slack/events").split(":")
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(200)]
    for _, writer in slow:
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na")
    async with asyncio.timeout(60):
        assert await door.knocks(urlencode(COMMAND).encode()) == 200
    for _, writer in slow:
        writer.close()
        await writer.wait_closed()


async def test_a_header_that_comes_in_drops_is_not_waited_for() -> None:
    """Each byte is in time for the one before, and the whole is not."""
    async with quick() as (reader, writer):
        for byte in b"GET / HTTP/1.1":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
            if reader.at_eof():
                break
        async with asyncio.timeout(60):
            assert await reader.read() == b""


async def test_a_connection_that_asks_at_its_leisure_stays() -> None:
    """The time for a header is neither that between requests nor that of a body or an answer."""
    async with quick() as (reader, writer):
        for _ in range(2):
            await asyncio.sleep(0.2)
            writer.write(b"\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n")
            await asyncio.sleep(0.01)
            writer.write(b"\r\nab")
            await asyncio.sleep(0.2)
            writer.write(b"cd\r\n")
            async with asyncio.timeout(60):
                assert (await reader.readuntil(b"abcd")).startswith(b"HTTP/1.1 200")


@asynccontextmanager
async def quick() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that gives a header a tenth of a second, and a body all the time; it answers what it was told, later."""

    async def echo(request: web.Request) -> web.Response:
        body = await body_of(request, 1000)
        await asyncio.sleep(0.2)
        return web.Response(body=body)

    app = web.Application()
    app.router.add_post("/", echo)
    async with listening(app, "127.0.0.1", 0, timedelta(seconds=1), timedelta(seconds=0.1)) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@pytest.mark.parametrize(
    "path, status", [("/slack/events", 405), ("/", 404), ("/slack", 404), ("/healthz", 200), ("/readyz", 200)]
)
async def test_what_can_be_asked_by_get(door: Door, path: str, status: int) -> None:
    async with door.http.get(door.url.replace("/slack/events", path)) as answer:
        assert answer.status == status
