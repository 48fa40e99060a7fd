"""Who may talk to the page's server: this machine, from the page itself, as somebody of the cast, about what that person sees."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.sandbox import File
from tests.demo.conftest import Demo
from tests.demo.gallery import EVERY, option

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def http(demo: Demo) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(demo.url) as session:
        yield session


def _from_page(demo: Demo, **other: str) -> dict[str, str]:
    return {"Origin": demo.url, "X-Page-Token": demo.page.token} | other


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/state", "/stream", "/static/main.js", "/nothing"])
async def test_another_name_for_this_machine_gets_nothing(http: aiohttp.ClientSession, host: str, path: str) -> None:
    """A site may have its own name resolve to 127.0.0.1 and then read what a page of its own asks for."""
    async with http.get(path, headers={"Host": host}) as answer:
        assert answer.status == 421
        assert "Pivotal" not in await answer.text()


async def test_localhost_is_as_good_as_its_address(demo: Demo, http: aiohttp.ClientSession) -> None:
    async with http.get("/state", headers={"Host": demo.url.replace("http://127.0.0.1", "localhost")}) as answer:
        assert answer.status == 200


async def test_changes_come_from_the_page_itself(demo: Demo, http: aiohttp.ClientSession) -> None:
    told = {"channel": demo.general.id, "text": "from elsewhere"}
    wrong: list[dict[str, str]] = [
        {},
        {"Origin": demo.url},
        {"X-Page-Token": demo.page.token},
        _from_page(demo, Origin="http://evil.example"),
        _from_page(demo, Origin="null"),
        _from_page(demo, Origin=demo.url.replace("http:", "https:")),
        _from_page(demo, **{"X-Page-Token": "guessed"}),
    ]
    for headers in wrong:
        async with http.post("/do/say", json=told, headers=headers) as answer:
            assert answer.status == 403, headers
    assert demo.slack.messages_in(demo.general) == []
    async with http.post("/do/say", json=told, headers=_from_page(demo)) as answer:
        assert await answer.json() == {}
    assert [each.text for each in demo.slack.messages_in(demo.general)] == ["from elsewhere"]


@pytest.mark.parametrize("path", ["/", "/state", "/static/main.js", "/nothing", "/static/../page.py", "/emoji"])
async def test_every_answer_says_what_a_browser_may_do_with_it(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as answer:
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_nothing_but_the_pages_files_is_served(http: aiohttp.ClientSession) -> None:
    for path in (
        "/static/../page.py",
        "/static/%2e%2e/page.py",
        "/static//etc/passwd",
        "/static/",
        "/files/F000000001",
    ):
        async with http.get(path) as answer:
            assert answer.status in {403, 404}, path


async def test_one_acts_as_somebody_of_the_cast_only(demo: Demo, http: aiohttp.ClientSession) -> None:
    for user in (demo.slack.bot_user.id, "U999", demo.slack.add_user("Late Comer").id):
        async with http.get("/state", params={"as": user}) as answer:
            assert answer.status == 400


async def test_one_reads_and_uses_only_what_one_sees(demo: Demo, http: aiohttp.ClientSession) -> None:
    secret = demo.post("psst", EVERY["controls"], ephemeral_to=demo.editor.id)
    workspace = demo.slack.workspace
    workspace.files["F1"] = File("F1", "a.csv", 3, b"a,b", channels=[demo.general.id])
    for user, seen in ((demo.editor.id, 1), (demo.viewer.id, 0), (demo.guest.id, 0)):
        async with http.get("/messages", params={"as": user, "channel": demo.general.id}) as answer:
            assert len((await answer.json())["messages"]) == seen
        status = {demo.guest.id: 404}.get(user, 200)
        for path in ("/files/F1", "/files/F1/rows"):
            async with http.get(path, params={"as": user}) as answer:
                assert answer.status == status
    surface = {"channel": secret.channel, "ts": secret.ts}
    press = {"surface": surface, "block_id": "buttons", "action_id": "plain"}
    assert await _do(demo, http, demo.viewer.id, "use", press) == {"failed": "That message is gone."}
    assert await _do(demo, http, demo.viewer.id, "dismiss", surface) == {"failed": "That message is gone."}
    assert await _do(demo, http, demo.guest.id, "say", {"channel": demo.general.id, "text": "x"}) == {"failed": "You are not in that channel."}  # fmt: skip
    assert demo.toy.heard == []


async def test_a_menu_sends_only_what_it_offers(demo: Demo, http: aiohttp.ClientSession) -> None:
    message = demo.show("controls")
    at = {"surface": {"channel": message.channel, "ts": message.ts}, "block_id": "menus"}
    refused = {"failed": "That menu does not offer this."}
    assert (
        await _do(demo, http, demo.editor.id, "use", at | {"action_id": "plan", "value": option("Platinum")}) == refused
    )
    actors = at | {"action_id": "actors", "value": [option("Pi")]}
    assert await _do(demo, http, demo.editor.id, "use", actors) == refused
    found = await _do(demo, http, demo.editor.id, "options", at | {"action_id": "actors", "typed": "pi"})
    assert option("Pi") in found["options"]
    assert await _do(demo, http, demo.editor.id, "use", actors) == {}
    assert await _do(demo, http, demo.editor.id, "use", at | {"action_id": "none"}) == {
        "failed": "That control is gone."
    }
    assert [each["type"] for each in demo.toy.heard] == ["block_suggestion", "block_actions"]


async def test_what_is_no_request_is_refused_as_such(demo: Demo, http: aiohttp.ClientSession) -> None:
    for what, body, status in (
        ("say", "{", 400),
        ("say", "[]", 400),
        ("say", '{"channel": 1}', 400),
        ("use", "{}", 400),
        ("nothing", "{}", 404),
    ):
        async with http.post(f"/do/{what}", data=body, headers=_from_page(demo)) as answer:
            assert answer.status == status, (what, body)
    for hours in (0, -1, 10**6, "1", None):
        assert "failed" in await _do(demo, http, demo.editor.id, "advance", {"hours": hours})


async def _do(
    demo: Demo, http: aiohttp.ClientSession, user: str, what: str, told: Mapping[str, object]
) -> dict[str, Any]:
    async with http.post(
        f"/do/{what}", params={"as": user}, data=json.dumps(dict(told)), headers=_from_page(demo)
    ) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found
