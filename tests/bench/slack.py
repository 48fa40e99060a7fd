"""Section 1: signed requests to the real server, over HTTP, on a loaded database."""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.blocks.controls import GO
from bot.sandbox import StandInSlack
from bot.signature import signed
from tests.bench.measure import Operation, Pace, interleaved, timed
from tests.bench.places import Place
from tests.bench.report import Line, Report
from tests.bench.shelves import Shelf
from tests.bench.slack_limits import PATH

AT_ONCE = 8
BOLT = "Bolt as it comes, only acks"
OURS = "/pivotal history"
CLICK = "a click, until its response_url"
TEXT = "history big --actor hubspot"
NOISE = 0.25
DAYS = 0.4
"""By so much less we may answer than on another day: Bolt sleeps, and answers as often however slow the processor is. We do not."""
OLDER, NEWER = f"{GO}:older", f"{GO}:newer"
"""What stands in a page of the history and in no refusal: an answer that is none is not to be timed as one."""
UNLIMITED = {"limits.user_per_minute": 0, "limits.workspace_per_minute": 0}

Call = Callable[[str], Awaitable[object]]


@dataclass(slots=True)
class Desk:
    """A fake Slack's end of the line: it sends signed requests, and hears what is posted to their response_urls."""

    slack: StandInSlack
    http: aiohttp.ClientSession
    person: str
    channel: str
    _heard: dict[str, "asyncio.Future[str]"] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**9)))

    async def hears(self, request: web.Request) -> web.Response:
        self._heard.pop(request.match_info["number"]).set_result(await request.text())
        return web.json_response({"ok": True})

    async def asks(self, url: str) -> str:
        """A command; gives the answer in its ack."""
        form = self._common() | {
            "command": "/pivotal",
            "text": TEXT,
            "user_id": self.person,
            "channel_id": self.channel,
        }
        answer = await self._send(url, form | {"team_id": self.slack.team_id, "channel_name": "room"})
        assert answer, "the answer did not come in the ack"
        return answer

    async def reads(self, url: str) -> str:
        """A command whose answer is a page of the history."""
        answer = await self.asks(url)
        assert OLDER in answer, f"not a page: {answer[:500]}"
        return answer

    async def clicks(self, url: str, action: Mapping[str, Any]) -> str:
        """A click on a control that leads to an older page; gives what is posted to its response_url."""
        common = self._common()
        number = common["response_url"].rpartition("/")[2]
        heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._heard[number] = heard
        payload = common | {
            "type": "block_actions",
            "team": {"id": self.slack.team_id},
            "user": {"id": self.person, "team_id": self.slack.team_id},
            "channel": {"id": self.channel, "name": "room"},
            "container": {
                "type": "message",
                "message_ts": "1700000000.000100",
                "channel_id": self.channel,
                "is_ephemeral": True,
            },
            "actions": [{**action, "action_ts": "1700000000.000200"}],
        }
        await self._send(url, {"payload": json.dumps(payload)})
        answer = await heard
        assert NEWER in answer, f"not a page: {answer[:500]}"
        return answer

    def _common(self) -> dict[str, str]:
        number = next(self._numbers)
        return {
            "api_app_id": self.slack.app_id,
            "trigger_id": f"{number}.bench",
            "response_url": f"{self.slack.origin}/heard/{number}",
            "is_enterprise_install": "false",
        }

    async def _send(self, url: str, form: Mapping[str, str]) -> str:
        body, now = urlencode(form).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": signed(self.slack.signing_secret, now, body),
        }
        async with self.http.post(url, data=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 200, f"{answer.status} {text}"
            return text


async def run(place: Place, pace: Pace, report: Report, large: Shelf) -> None:
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(_desk())
        secret = desk.slack.signing_secret
        await large.store.set_settings(large.workspace, UNLIMITED)  # one person asks all of it
        bare, bolt, ours = [
            await stack.enter_async_context(_server(command, environment))
            for command, environment in (
                (("tests.bench.slack_limits", "bare", secret, "{port}"), {}),
                (("tests.bench.slack_limits", "bolt", secret, "{port}"), {}),
                (("bot", "serve", "--port", "{port}"), _environment(desk, large.url)),
            )
        ]
        older = _button(json.loads(await desk.reads(ours))["blocks"], OLDER)

        async def clicked(_url: str) -> None:
            await desk.clicks(ours, older)

        calls: dict[str, tuple[Call, str]] = {
            "aiohttp and the signature": (desk.asks, bare),
            BOLT: (desk.asks, bolt),
            OURS: (desk.reads, ours),
            CLICK: (clicked, ours),
        }
        many = await interleaved({name: timed(_together(*call)) for name, call in calls.items()}, pace)
        alone = await interleaved({name: timed(_one_by_one(*call)) for name, call in calls.items()}, pace)
    title = f"1. Slack requests, {place.name}, {large.size.rows:,} activities"
    report.table(
        title,
        ("request", f"per second, {AT_ONCE} at a time", f"against {BOLT}", "ms alone", f"against {BOLT}"),
        (
            (
                name,
                f"{arm.rate:,.0f}",
                f"{arm.ratio(many[BOLT]):.2f}",
                f"{1000 / alone[name].rate:.2f}",
                f"{alone[BOLT].ratio(alone[name]):.2f}",
            )
            for name, arm in many.items()
        ),
    )
    report.reach(
        *(
            line
            for name in (OURS, CLICK)
            for line in (
                Line(f"{place.name}: {name}, requests/s against {BOLT}", many[name].ratio(many[BOLT]), 1.5, DAYS),
                Line(
                    f"{place.name}: {name}, time alone against {BOLT}",
                    alone[BOLT].ratio(alone[name]),
                    0.5,
                    NOISE,
                    at_most=True,
                ),
            )
        )
    )


@asynccontextmanager
async def _desk() -> AsyncIterator[Desk]:
    found: list[Desk] = []

    async def hears(request: web.Request) -> web.Response:
        return await found[0].hears(request)

    async with (
        StandInSlack(routes=[web.post("/heard/{number}", hears)]) as slack,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http,
    ):
        sam = slack.add_user("Sam Lee", tz="Europe/Berlin")
        room = slack.add_channel("room", members=[sam])
        found.append(Desk(slack, http, sam.id, room.id))
        yield found[0]


def _environment(desk: Desk, database_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "SLACK_API_URL": desk.slack.api_url,
        "SLACK_BOT_TOKEN": desk.slack.bot_token,
        "SLACK_SIGNING_SECRET": desk.slack.signing_secret,
        "LOG_LEVEL": "WARNING",
    }


@asynccontextmanager
async def _server(command: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[str]:
    """A server in a process of its own; `{port}` in its command is a free one. Gives its request URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [word.format(port=port) for word in command]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *words, env=os.environ | environment)
    try:
        await _listens(port)
        yield f"http://127.0.0.1:{port}{PATH}"
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _button(blocks: Sequence[Mapping[str, Any]], action_id: str) -> dict[str, Any]:
    """The action that a click on this button sends."""
    for block in blocks:
        for element in block.get("elements", ()):
            if element.get("action_id") == action_id:
                return {**element, "block_id": block.get("block_id", "row")}
    raise LookupError(f"there is no button {action_id}")


def _one_by_one(call: Call, url: str) -> Operation:
    async def run(n: int) -> None:
        for _ in range(n):
            await call(url)

    return run


def _together(call: Call, url: str) -> Operation:
    async def run(n: int) -> None:
        left = iter(range(n))

        async def one() -> None:
            for _ in left:
                await call(url)

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))

    return run
