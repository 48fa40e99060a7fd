"""S14: an answer is posted to Slack and nowhere else, whatever a request says of where it should go."""

import socket
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from structlog.testing import capture_logs
from yarl import URL

from bot.answers import HOOKS, MAX_REPLY, MAX_URL, Hooks
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal

pytestmark = pytest.mark.promise(id="S14")

GOOD: Final = "https://hooks.slack.com/commands/T1/2/abc"
STAND_IN: Final = "http://127.0.0.1:65431/"

ODD: Final = [
    "",
    " ",
    "hooks.slack.com/commands/T1/2/abc",
    "//hooks.slack.com/commands/T1",
    "http://hooks.slack.com/commands/T1",
    "HTTPS://hooks.slack.com/commands/T1",
    "https://HOOKS.slack.com/commands/T1",
    "https://hooks.slack.com",
    "https://hooks.slack.com:443/commands/T1",
    "https://hooks.slack.com:8443/commands/T1",
    "https://hooks.slack.com./commands/T1",
    "https://hooks.slack.com.evil.example/commands/T1",
    "https://evil.example/hooks.slack.com/",
    "https://evil.example/?https://hooks.slack.com/",
    "https://evil.example#https://hooks.slack.com/",
    "https://hooks.slack.com@evil.example/commands/T1",
    "https://hooks.slack.com:pass@evil.example/",
    "https://user@hooks.slack.com/commands/T1",
    "https://hooks.slack.com/commands/T1@evil.example",
    "https://hooks.slack.com/commands/T1#x",
    "https://hooks.slack.com\\@evil.example/",
    "https://hooks.slack.com/\\evil.example",
    "https://hooks.slack.com/ commands",
    "https://hooks.slack.com/\r\nHost: evil.example",
    "https://hooks.slack.com/\t",
    "https://hooks.slack.com/\x00",
    "https://hooks。slack。com/commands/T1",
    "https://hooks.slack.com/é",
    "https://ｈooks.slack.com/commands/T1",
    "https://hooks-slack.com/commands/T1",
    "https://slack.com/commands/T1",
    "https://api.slack.com/commands/T1",
    "https://hooks.slack-gov.com/commands/T1",
    "https://127.0.0.1/commands/T1",
    "https://[::1]/commands/T1",
    "http://127.0.0.1:65432/",
    "http://127.0.0.1:65431@evil.example/",
    "http://127.0.0.1:654310/",
    "http://localhost:65431/",
    "http://[::ffff:127.0.0.1]:65431/",
    "http://2130706433:65431/",
    "http://0x7f.1:65431/",
    "http://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "file:///etc/passwd",
    "gopher://hooks.slack.com/",
    "javascript:alert(1)",
    "data:text/plain,hi",
    "xhttps://hooks.slack.com/",
    "https:/hooks.slack.com/",
    "https:hooks.slack.com/",
    f"https://hooks.slack.com/{'a' * MAX_URL}",
    None,
    1,
    ["https://hooks.slack.com/"],
    {"url": "https://hooks.slack.com/"},
]  # fmt: skip


class Asked(AbstractResolver):
    """A resolver that knows nobody, and remembers whom it was asked for."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.hosts.append(host)
        raise OSError("nobody")

    async def close(self) -> None:
        pass


@pytest.fixture
async def asked() -> Asked:
    return Asked()


@pytest.fixture
async def hooks(asked: Asked) -> AsyncIterator[Hooks]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=asked)) as http:
        yield Hooks(http, [HOOKS, STAND_IN])


def test_there_are_at_least_40_forms() -> None:
    assert len(ODD) >= 40


@pytest.mark.parametrize("url", ODD, ids=repr)
async def test_an_odd_address_is_never_connected_to(hooks: Hooks, asked: Asked, url: object) -> None:
    with capture_logs() as logs:
        assert await hooks.post(url, b'{"text": "secret"}') == "refused"
    assert asked.hosts == []
    assert [each["event"] for each in logs] == ["response_url is not Slack's: nothing was sent there"]
    assert len(str(url)) < 5 or str(url) not in str(logs)


@pytest.mark.parametrize("url", [GOOD, f"{HOOKS}services/T1", f"{HOOKS}?a=b"])
async def test_slacks_own_is_tried(hooks: Hooks, asked: Asked, url: str) -> None:
    assert hooks.may_post(url)
    assert await hooks.post(url, b'{"text": "hi"}') == "unreachable"
    assert asked.hosts == ["hooks.slack.com"]


async def test_whatever_is_let_through_leads_to_slack_as_the_client_reads_it(hooks: Hooks) -> None:
    """The rule looks at text; the client parses. Both must mean the same host."""
    for tail in ("", "a", "//b", "?c", "%40d", "%2e%2e/e", "..;/f", "a:b", "[x]"):
        if hooks.may_post(f"{HOOKS}{tail}"):
            assert urlsplit(f"{HOOKS}{tail}").hostname == "hooks.slack.com"
            assert URL(f"{HOOKS}{tail}").host == "hooks.slack.com"


async def test_a_redirect_is_not_followed_and_a_long_reply_not_read() -> None:
    """Both from an origin that is let through: the first answers 302 to elsewhere, the second without end."""
    followed = []

    async def elsewhere(_request: web.Request) -> web.Response:
        followed.append(1)
        return web.Response(text="ok")

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"http://{request.host}/elsewhere")

    sent = []

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            for _ in range(1000):
                await answer.write(b"a" * 64 * 1024)
                sent.append(1)
        except ConnectionError:
            pass
        return answer

    app = web.Application()
    app.add_routes([web.post("/away", away), web.route("*", "/elsewhere", elsewhere), web.post("/endless", endless)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with aiohttp.ClientSession() as http:
        hooks = Hooks(http, [origin])
        assert await hooks.post(f"{origin}away", b"{}") == "status 302"
        assert await hooks.post(f"{origin}endless", b"{}") in {"ok", "unreachable"}
    await runner.cleanup()
    assert followed == []
    assert len(sent) * 64 * 1024 < 1000 * MAX_REPLY


async def test_a_signed_click_that_names_another_place_is_answered_nowhere(pivotal: Pivotal) -> None:
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    await feed.click("Older →")
    click: dict[str, Any] = dict(pivotal.slack.deliveries[-1].payload)
    calls = len(pivotal.slack.calls)
    with capture_logs() as logs:
        for url in ("https://evil.example/hook", "http://127.0.0.1:9/hook", None):
            assert (await pivotal.slack.send({"payload": {**click, "response_url": url}})).status == 200
        await pivotal.stops()
    assert len(pivotal.slack.calls) == calls
    assert [each["event"] for each in logs].count("response_url is not Slack's: nothing was sent there") == 3
