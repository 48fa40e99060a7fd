"""A nudge that an outside Pi asks for: posted in Slack, and recorded then, never before."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from store import tables
from store.access import Scope
from store.engine import Database
from tests.api.conftest import Program
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal, clock, installed, pivotal, slack
from tests.export.files import at_work
from tests.waiting import until

__all__ = ["clock", "installed", "pivotal", "slack"]

ACME = "/v1/customers/acme/activity"
WORDS = "Health fell to 40 <!channel>"
NUDGE = {"event_type": "pi.nudge", "text": WORDS}


@pytest.fixture
async def outside(pivotal: Pivotal) -> AsyncIterator[Program]:
    """A program that calls the app itself."""
    await acme(pivotal)
    _, key = await pivotal.store.access.create(pivotal.workspace, "Outside Pi", [Scope.READ, Scope.WRITE])
    async with aiohttp.ClientSession() as http:
        url = pivotal.urls[0].removesuffix("/slack/events")
        yield Program(url, http, pivotal.store, pivotal.workspace, key)


async def test_it_is_posted_then_recorded_and_once(pivotal: Pivotal, outside: Program) -> None:
    event = {**NUDGE, "channel": pivotal.room.id, "dedupe_key": "health"}
    async with at_work(pivotal):
        assert [each["status"] for each in (await outside.posts(ACME, event)).data] == ["queued"]
        await pivotal.slack.until(lambda: bool(pivotal.slack.messages_in(pivotal.room)))

        async def is_recorded() -> bool:
            return (await pivotal.history("acme"))[0].kind == "pi.nudge"

        await until(is_recorded)
    entry = (await pivotal.history("acme"))[0]
    (message,) = pivotal.slack.messages_in(pivotal.room)
    assert (entry.kind, str(entry.actor), entry.source) == ("pi.nudge", "pi:pi", "api")
    assert (entry.changes[0].field, entry.changes[0].new) == ("nudge", WORDS)
    assert entry.refs["ts"] == message.ts
    assert "<!channel>" not in message.text
    assert [each["status"] for each in (await outside.posts(ACME, event)).data] == ["repeated"]


async def test_nothing_is_recorded_of_one_that_cannot_be_posted(
    pivotal: Pivotal, outside: Program, database: Database
) -> None:
    pivotal.room.ext_shared = True
    before = len(await pivotal.history("acme"))
    async with at_work(pivotal):
        await outside.posts(ACME, {**NUDGE, "channel": pivotal.room.id})

        def state(connection: sa.Connection) -> list[tuple[str, Any]]:
            o = tables.outbox.c
            return [(state, body) for state, body in connection.execute(sa.select(o.state, o.body))]

        async def is_given_up() -> bool:
            return [each for each, _ in await database.read(state)] == ["failed"]

        await until(is_given_up)
    assert len(await pivotal.history("acme")) == before
    assert "wording" not in (await database.read(state))[0][1]


async def test_without_a_channel_it_goes_where_the_customer_is_at_home(pivotal: Pivotal, outside: Program) -> None:
    refused = (await outside.posts(ACME, [NUDGE])).data
    assert [each["status"] for each in refused] == ["rejected"]
    assert "no channel" in refused[0]["error"]
    await pivotal.says("/pivotal link acme")
    async with at_work(pivotal):
        assert [each["status"] for each in (await outside.posts(ACME, NUDGE)).data] == ["queued"]
        await pivotal.slack.until(
            lambda: any("Health fell" in each.text for each in pivotal.slack.messages_in(pivotal.room)),
            within=timedelta(seconds=60),
        )


async def test_what_is_no_nudge_is_said(outside: Program) -> None:
    said = await outside.posts(ACME, {"event_type": "pi.nudge"})
    assert said.status == 422
    assert "wording" in said.problem
    other = await outside.posts(ACME, {"event_type": "acme.rang_up", "channel": "C123"})
    assert other.status == 422
    assert "only a `pi.nudge` is posted" in other.problem
