"""Slash commands: what the app receives, what becomes of its ack, and of what it sends to the response_url."""

import asyncio
import time
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.sandbox import Channel, NoAnswer, Person, StandInSlack, User
from tests.sandbox.toy import Json, MovableClock, section, served


@pytest.fixture
def urls(bolt: AsyncApp) -> list[str]:
    """The response_urls of the commands that came in. The app acks them and says nothing."""
    seen: list[str] = []

    @bolt.command("/toy")
    async def asked(ack: AsyncAck, command: Json) -> None:
        seen.append(command["response_url"])
        await ack()

    return seen


async def post(http: aiohttp.ClientSession, url: str, body: Json) -> tuple[int, str]:
    async with http.post(url, json=body) as answer:
        return answer.status, await answer.text()


async def test_a_command_arrives_as_a_signed_form(
    slack: StandInSlack, bolt: AsyncApp, sam: Person, channel: Channel
) -> None:
    got: list[Json] = []

    @bolt.command("/toy")
    async def asked(ack: AsyncAck, command: Json) -> None:
        got.append(command)
        await ack("Done")

    assert (await sam.says("/toy history acme --30d", channel=channel)).plain == "Done"
    command = got[0]
    assert command["command"] == "/toy"
    assert command["text"] == "history acme --30d"
    assert (command["user_id"], command["channel_id"], command["team_id"]) == (sam.id, channel.id, slack.team_id)
    assert command["channel_name"] == "cs-acme"
    assert command["is_enterprise_install"] == "false"
    assert command["response_url"].startswith(f"{slack.origin}/")
    assert command["trigger_id"]
    assert slack.deliveries[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_channel_names_are_not_told_of_direct_messages_and_private_channels(
    slack: StandInSlack, urls: list[str], user: User, sam: Person
) -> None:
    await sam.types("/toy")
    await sam.types("/toy", channel=slack.add_channel("secret", members=[user], private=True))
    assert [each.payload["channel_name"] for each in slack.deliveries] == ["directmessage", "privategroup"]


async def test_people_channels_and_links_arrive_in_slacks_spelling(
    slack: StandInSlack, urls: list[str], sam: Person, channel: Channel
) -> None:
    private = slack.add_channel("secret", private=True)
    await sam.types("/toy owner=@sam in #cs-acme or #secret at acme.com <b> R&D ask@acme.com https://x.dev/a?b=1")
    assert slack.deliveries[0].payload["text"] == (
        f"owner=<@{sam.id}|sam> in <#{channel.id}|cs-acme> or <#{private.id}|> at <http://acme.com|acme.com>"
        " &lt;b&gt; R&amp;D ask@acme.com <https://x.dev/a?b=1>"
    ).replace("ask@acme.com", "<mailto:ask@acme.com|ask@acme.com>")


async def test_without_should_escape_the_text_arrives_as_it_was_typed(
    slack: StandInSlack, urls: list[str], sam: Person
) -> None:
    slack.should_escape = False
    await sam.types("/toy owner=@sam at acme.com <b>")
    assert slack.deliveries[0].payload["text"] == "owner=@sam at acme.com <b>"


async def test_signatures_carry_this_machines_time_or_that_of_the_clock_the_app_checks_against(
    slack: StandInSlack, urls: list[str], sam: Person, clock: MovableClock
) -> None:
    """Otherwise an app with a clock of its own would take every request for an old one."""
    _, delivery = await sam.types("/toy")
    assert abs(int(delivery.headers["X-Slack-Request-Timestamp"]) - time.time()) < 60
    async with StandInSlack(clock=clock, signature_clock=clock) as other, served(_accepts) as url:
        other.connect_app(url)
        _, delivery = await other.as_user(other.add_user("Ann")).types("/toy")
    assert int(delivery.headers["X-Slack-Request-Timestamp"]) == clock.now.timestamp()


async def _accepts(_request: web.Request) -> web.Response:
    return web.Response()


async def test_an_unsigned_a_forged_and_an_old_request_are_turned_away_by_bolt(
    slack: StandInSlack, urls: list[str], user: User
) -> None:
    body = {"command": "/toy", "user_id": user.id, "team_id": slack.team_id, "response_url": "https://x"}
    old = await slack.send(body, signed_at=1_600_000_000)
    unsigned = await slack.send(body, sign=False)
    forged = await slack.send(body, headers={"X-Slack-Signature": "v0=" + "0" * 64})
    assert [each.status for each in (old, unsigned, forged)] == [401, 401, 401]
    assert (await slack.send(body)).status == 200
    assert len(urls) == 1


async def test_a_request_can_be_replayed_with_its_old_signature(
    slack: StandInSlack, urls: list[str], sam: Person
) -> None:
    _, delivery = await sam.types("/toy")
    again = await slack.replay(delivery)
    assert (again.body, again.headers) == (delivery.body, delivery.headers)
    assert again.acked
    assert len(urls) == 2


async def test_an_answer_in_the_ack_is_for_the_person_alone(
    slack: StandInSlack, bolt: AsyncApp, sam: Person, channel: Channel
) -> None:
    @bolt.command("/toy")
    async def asked(ack: AsyncAck) -> None:
        await ack({"response_type": "ephemeral", "text": "Only you", "blocks": [section("Only *you*")]})

    shown = await sam.says("/toy", channel=channel)
    assert shown.ephemeral
    assert shown.plain == "Only you"
    assert slack.messages_in(channel) == []
    assert [each.plain for each in sam.sees(channel)] == ["Only you"]
    assert slack.as_user(slack.add_user("Kim")).sees(channel) == []


async def test_an_answer_for_all_publishes_what_was_typed_too(
    slack: StandInSlack, bolt: AsyncApp, sam: Person, channel: Channel
) -> None:
    @bolt.command("/toy")
    async def asked(ack: AsyncAck) -> None:
        await ack({"response_type": "in_channel", "text": "For all"})

    shown = await sam.says("/toy show", channel=channel)
    assert not shown.ephemeral
    assert [(each.user, each.text) for each in slack.messages_in(channel)] == [
        (sam.id, "/toy show"),
        (slack.bot_user.id, "For all"),
    ]


async def test_an_ack_that_comes_too_late_shows_the_person_a_timeout(
    slack: StandInSlack, bolt: AsyncApp, sam: Person
) -> None:
    slack.transport.ack_within = timedelta(seconds=1)
    gave_up, finished = asyncio.Event(), asyncio.Event()

    @bolt.command("/toy")
    async def asked(ack: AsyncAck) -> None:
        await gave_up.wait()
        await ack("Too late")
        finished.set()

    with pytest.raises(NoAnswer, match="operation_timeout") as raised:
        await sam.says("/toy")
    assert raised.value.delivery.status is None
    gave_up.set()
    await finished.wait()
    assert sam.sees() == []


@pytest.mark.parametrize(
    "status, error", [(500, "http_service_error"), (404, "http_client_error"), (302, "dispatch_failed")]
)
async def test_a_failing_app_shows_the_person_which_side_failed(
    slack: StandInSlack, sam: Person, status: int, error: str
) -> None:
    async def fail(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with served(fail) as url:
        slack.connect_app(url)
        with pytest.raises(NoAnswer, match=error):
            await sam.says("/toy")
    with pytest.raises(NoAnswer, match="dispatch_failed"):
        await sam.says("/toy")


async def test_an_ack_that_slack_cannot_show_leaves_the_person_without_answer(
    slack: StandInSlack, bolt: AsyncApp, sam: Person
) -> None:
    @bolt.command("/toy")
    async def asked(ack: AsyncAck) -> None:
        await ack({"text": "x", "blocks": [section("a" * 3001)]})

    with pytest.raises(NoAnswer, match=r"invalid_blocks.*/blocks/0/text/text"):
        await sam.says("/toy")
    assert [each.where for each in slack.refusals] == ["ack"]


async def test_a_later_answer_comes_through_the_response_url(
    slack: StandInSlack, bolt: AsyncApp, sam: Person, channel: Channel
) -> None:
    @bolt.command("/toy")
    async def asked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond("First")
        await respond("Second", response_type="in_channel")

    await sam.says("/toy", channel=channel)
    await slack.until(lambda: len(sam.sees(channel)) == 2)
    assert [(each.plain, each.ephemeral) for each in sam.sees(channel)] == [("First", True), ("Second", False)]


async def test_a_response_url_is_good_five_times(
    slack: StandInSlack, http: aiohttp.ClientSession, urls: list[str], sam: Person
) -> None:
    await sam.types("/toy")
    answers = [await post(http, urls[0], {"text": str(turn)}) for turn in range(6)]
    assert answers == [(200, "ok")] * 5 + [(404, "expired_url")]
    assert [each.plain for each in sam.sees()] == ["0", "1", "2", "3", "4"]
    await sam.types("/toy")
    assert await post(http, urls[1], {"text": "another command, another address"}) == (200, "ok")


@pytest.mark.parametrize("minutes, answer", [(30, (200, "ok")), (30.01, (404, "expired_url"))])
async def test_a_response_url_is_good_for_half_an_hour(
    slack: StandInSlack,
    http: aiohttp.ClientSession,
    clock: MovableClock,
    urls: list[str],
    sam: Person,
    minutes: float,
    answer: tuple[int, str],
) -> None:
    await sam.types("/toy")
    clock.pass_(minutes=minutes)
    assert await post(http, urls[0], {"text": "late"}) == answer


async def test_what_slack_refuses_at_a_response_url_does_not_use_it_up(
    slack: StandInSlack, http: aiohttp.ClientSession, urls: list[str], sam: Person
) -> None:
    await sam.types("/toy")
    too_long = {"text": "x", "blocks": [section("a" * 3001)]}
    for _ in range(6):
        assert await post(http, urls[0], too_long) == (400, "invalid_blocks")
    assert await post(http, urls[0], {}) == (400, "no_text")
    assert await post(http, urls[0], {"text": 5}) == (400, "invalid_arguments")
    assert await post(http, urls[0], {"text": "fine"}) == (200, "ok")
    async with http.post(urls[0], data=b"no json") as answer:
        assert (answer.status, await answer.text()) == (400, "invalid_payload")


async def test_no_other_address_is_a_response_url(
    slack: StandInSlack, http: aiohttp.ClientSession, urls: list[str], sam: Person
) -> None:
    await sam.types("/toy")
    assert await post(http, urls[0][:-1], {"text": "guessed"}) == (404, "expired_url")
    assert sam.sees() == []


async def test_a_command_has_no_original_to_replace_or_delete(
    slack: StandInSlack, http: aiohttp.ClientSession, urls: list[str], sam: Person
) -> None:
    await sam.types("/toy")
    assert await post(http, urls[0], {"text": "one", "replace_original": True}) == (200, "ok")
    assert await post(http, urls[0], {"text": "two", "replace_original": True}) == (200, "ok")
    assert await post(http, urls[0], {"delete_original": True}) == (200, "ok")
    assert [each.plain for each in sam.sees()] == ["one", "two"]


async def test_silence_after_the_ack_is_noticed(slack: StandInSlack, urls: list[str], sam: Person) -> None:
    slack.patience = timedelta(milliseconds=50)
    with pytest.raises(NoAnswer, match=r"nothing to be seen within 0.05 s; ack 200"):
        await sam.says("/toy")


async def test_however_many_type_at_once_none_waits_for_another(
    bolt: AsyncApp, slack: StandInSlack, user: User
) -> None:
    """The app answers nobody until all are there."""
    everybody = 150
    there: set[str] = set()
    complete = asyncio.Event()

    @bolt.command("/toy")
    async def asked(ack: AsyncAck, command: Json) -> None:
        there.add(command["text"])
        if len(there) == everybody:
            complete.set()
        await complete.wait()
        await ack("Done")

    typed = [slack.as_user(user).says(f"/toy {number}") for number in range(everybody)]
    assert {shown.plain for shown in await asyncio.gather(*typed)} == {"Done"}
