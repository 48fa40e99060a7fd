"""The Events API: envelopes, acks, redelivery with the same event_id, and no dedup by Bolt."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.sandbox import Channel, NotConnected, StandInSlack, User
from tests.sandbox.toy import Json, MovableClock, served

MENTION = {"type": "app_mention", "text": "hello"}


class Stubborn:
    """A request URL that answers as told, one answer each, and at last 200."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = [*answers]
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Json] = []
        self.extra: dict[str, str] = {}

    async def __call__(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.json())
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            await asyncio.sleep(3)
        return web.Response(status=status or 200, headers=self.extra if status != 200 else {})


@pytest.fixture
async def stubborn(slack: StandInSlack) -> AsyncIterator[Stubborn]:
    app = Stubborn()
    async with served(app) as url:
        slack.connect_app(url)
        yield app


async def test_an_event_comes_in_an_envelope(
    slack: StandInSlack, bolt: AsyncApp, clock: MovableClock, user: User, channel: Channel
) -> None:
    seen: list[Json] = []

    @bolt.event("app_mention")
    async def mentioned(body: Json) -> None:
        seen.append(body)

    delivery = await slack.event({**MENTION, "user": user.id, "channel": channel.id}, ext_shared=True)
    assert delivery.acked
    assert delivery.headers["Content-Type"] == "application/json"
    [body] = seen
    assert body["type"] == "event_callback"
    assert body["event"] == {"event_ts": "1772442000.000000", **MENTION, "user": user.id, "channel": channel.id}
    assert body["event_id"].startswith("Ev")
    assert body["event_time"] == int(clock.now.timestamp())
    assert body["authorizations"][0]["team_id"] == body["team_id"] == slack.team_id
    assert body["is_ext_shared_channel"] is True


async def test_a_redelivery_has_the_same_id_and_says_so_in_its_headers(slack: StandInSlack, bolt: AsyncApp) -> None:
    """Bolt runs the listener each time: telling them apart is the app's work."""
    seen: list[str] = []

    @bolt.event("app_mention")
    async def mentioned(body: Json) -> None:
        seen.append(body["event_id"])

    first = await slack.event(MENTION)
    again = await slack.event(MENTION, event_id=first.payload["event_id"], retry=1, retry_reason="http_error")
    assert seen == [first.payload["event_id"]] * 2
    assert (again.headers["X-Slack-Retry-Num"], again.headers["X-Slack-Retry-Reason"]) == ("1", "http_error")
    assert "X-Slack-Retry-Num" not in first.headers


async def test_what_is_not_acked_comes_again_three_times_at_most(slack: StandInSlack, stubborn: Stubborn) -> None:
    slack.transport.ack_within = timedelta(seconds=1)
    stubborn.answers = [500, None, 404, 500, 500]
    sent = await slack.event_until_acked(MENTION)
    assert [each.error for each in sent] == [
        "http_service_error",
        "operation_timeout",
        "http_client_error",
        "http_service_error",
    ]
    assert [(each.get("X-Slack-Retry-Num"), each.get("X-Slack-Retry-Reason")) for each in stubborn.headers] == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_timeout"),
        ("3", "http_error"),
    ]
    assert len({each["event_id"] for each in stubborn.bodies}) == 1


async def test_redelivery_ends_with_the_first_ack(slack: StandInSlack, stubborn: Stubborn) -> None:
    stubborn.answers = [503]
    assert [each.status for each in await slack.event_until_acked(MENTION)] == [503, 200]


async def test_redelivery_ends_when_the_app_asks_for_none(slack: StandInSlack, stubborn: Stubborn) -> None:
    stubborn.answers = [500]
    stubborn.extra = {"x-slack-no-retry": "1"}
    assert [each.status for each in await slack.event_until_acked(MENTION)] == [500]


async def test_several_processes_take_turns(slack: StandInSlack) -> None:
    one, two = Stubborn(), Stubborn()
    async with served(one) as first, served(two) as second:
        slack.connect_app(first, second)
        for _ in range(5):
            await slack.event(MENTION)
    assert (len(one.bodies), len(two.bodies)) == (3, 2)


async def test_without_an_app_there_is_nothing_to_send_to(slack: StandInSlack) -> None:
    with pytest.raises(NotConnected, match="connect_app"):
        await slack.event(MENTION)


async def test_a_change_of_a_person_is_told(slack: StandInSlack, bolt: AsyncApp, user: User) -> None:
    seen: list[Json] = []

    @bolt.event("user_change")
    async def changed(event: Json) -> None:
        seen.append(event["user"])

    await slack.change_user(user, deleted=True, tz="Asia/Tokyo")
    assert (seen[0]["id"], seen[0]["deleted"], seen[0]["tz"]) == (user.id, True, "Asia/Tokyo")
    assert slack.workspace.users[user.id].deleted
