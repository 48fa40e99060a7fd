"""R13 in its quick form: what was asked and acknowledged is delivered once, whoever is stopped or dies meanwhile."""

import hashlib
from datetime import timedelta
from random import Random

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.faults import Fault
from store.domain.export import Export, Made, Released
from store.domain.query import HistoryQuery
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.builders import a_reader
from tests.export.files import at_work, files_in, received, told
from tests.export.test_slices import Bytes
from tests.waiting import until

SHORT = timedelta(milliseconds=50)


async def test_stopping_again_and_again_loses_nothing_and_sends_nothing_twice(installed: Pivotal) -> None:
    await acme(installed)
    await installed.starts()
    r = Random(13)
    for method in ("upload", "files.completeUploadExternal", "conversations.open"):
        installed.slack.faults.queue(
            method, *[Fault(delay=timedelta(milliseconds=r.randint(0, 300))) for _ in range(6)]
        )
    asked = [f"--{days}d" for days in (1, 2, 7, 30, 60, 90)]
    for window in asked:
        answer = await installed.says(f"/pivotal export acme {window}")
        assert "on its way" in answer.plain
        await installed.restarts()
    async with at_work(installed):
        await received(installed, many=len(asked), within=30)
        await installed.slack.until(lambda: told(installed).count(": done") == len(asked), within=timedelta(seconds=20))
    files = files_in(installed)
    assert len(files) == len(asked)
    assert len({file.content for file in files}) == len(asked)
    kinds = [each.kind for each in await installed.history("acme")]
    assert kinds.count("history.exported") == len(asked)


@pytest.mark.parametrize("died", ["after claiming", "after writing the file's id down", "after sharing"])
async def test_whoever_dies_at_it_somebody_else_delivers_it_once(installed: Pivotal, died: str) -> None:
    known = await acme(installed)
    reader = a_reader(known.sam, now=known.now)
    store, workspace = installed.store, installed.workspace
    await store.exports.ask(workspace, HistoryQuery("acme"), reader, slack_user_id=installed.sam.id)
    (claimed,) = await store.exports.claim("dead", SHORT, 1)
    if died != "after claiming":
        await _uploaded(installed, claimed, shared=died == "after sharing")
    await installed.starts()
    async with at_work(installed):
        (file,) = await received(installed)
        await until(lambda: _recorded(installed))
    assert len(files_in(installed)) == 1
    assert [each.kind for each in await installed.history("acme")].count("history.exported") == 1
    assert len(file.rows) >= 84


async def _recorded(installed: Pivotal) -> bool:
    return "history.exported" in {each.kind for each in await installed.history("acme")}


async def _uploaded(installed: Pivotal, export: Export, *, shared: bool) -> None:
    """What the dead worker had done until then, with Slack's own client."""
    taken = Bytes()
    await installed.store.exports.write(export.workspace, export.query, export.reader, taken, upto=export.upto)
    client = AsyncWebClient(token=installed.slack.bot_token, base_url=installed.slack.api_url)
    size = len(taken.content)
    place = await client.files_getUploadURLExternal(filename="history.csv", length=size)
    async with aiohttp.ClientSession() as http, http.post(place["upload_url"], data=taken.content) as answer:
        assert answer.status == 200
    made = Made(rows=taken.rows, size_bytes=size, sha256=hashlib.sha256(taken.content).hexdigest())
    held = await installed.store.exports.hold(export, "dead", SHORT, file_id=place["file_id"], made=made)
    assert held is not None
    if shared:
        channel = installed.slack.dm(installed.slack.workspace.users[installed.sam.id]).id
        await client.files_completeUploadExternal(
            files=[{"id": str(place["file_id"]), "title": "history"}], channel_id=channel
        )


@pytest.mark.promise(id="S22")
async def test_two_workers_never_make_more_than_two_of_a_workspace_at_a_time(installed: Pivotal) -> None:
    known = await acme(installed)
    reader = a_reader(known.sam, now=known.now)
    exports = installed.store.exports
    for days in range(5):
        await exports.ask(installed.workspace, HistoryQuery("acme"), reader, key=f"{days}")
    minute = timedelta(minutes=1)
    first = await exports.claim("a", minute, 4)
    second = await exports.claim("b", minute, 4)
    assert (len(first), len(second)) == (2, 0)
    await exports.settle(first[0], "a", Released(minute, counted=False))
    assert await exports.settle(first[1], "b", Released(minute, counted=False)) is None
    assert len(await exports.claim("b", minute, 4)) == 1
