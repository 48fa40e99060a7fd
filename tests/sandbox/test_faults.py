"""What goes wrong between the app and Slack, on demand: each method on its own, each fault as often as asked."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, Fault, Person, StandInSlack, User
from tests.sandbox.toy import Json, refused


async def test_rate_limits_hold_one_method_and_say_how_long(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, user: User
) -> None:
    slack.faults.rate_limit("chat.postMessage", times=2, retry_after_seconds=3)
    for _ in range(2):
        with pytest.raises(SlackApiError) as raised:
            await client.chat_postMessage(channel=channel.id, text="x")
        assert raised.value.response.status_code == 429
        assert raised.value.response.headers["Retry-After"] == "3"
        assert raised.value.response["error"] == "ratelimited"
    await client.users_info(user=user.id)
    await client.chat_postMessage(channel=channel.id, text="x")
    assert len(slack.messages_in(channel)) == 1
    assert [each.status for each in slack.calls_of("chat.postMessage")] == [429, 429, 200]


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("accepted", [True, False])
async def test_slack_fails_before_or_after_it_was_done(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, status: int, *, accepted: bool
) -> None:
    slack.faults.fail("chat.postMessage", status=status, accepted=accepted)
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=channel.id, text="x")
    assert raised.value.response.status_code == status
    assert len(slack.messages_in(channel)) == int(accepted)


@pytest.mark.parametrize("accepted", [True, False])
async def test_the_connection_is_lost_before_or_after_it_was_done(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, *, accepted: bool
) -> None:
    """Which of the two, the caller cannot tell."""
    slack.faults.drop("chat.postMessage", accepted=accepted)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=channel.id, text="x")
    assert len(slack.messages_in(channel)) == int(accepted)
    assert slack.calls[-1].status == 0


async def test_the_sdk_as_it_comes_posts_twice_when_the_connection_is_lost_after_the_fact(
    slack: StandInSlack, http: aiohttp.ClientSession, channel: Channel
) -> None:
    """Why the app does all retries itself."""
    slack.faults.drop("chat.postMessage")
    as_it_comes = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, session=http)
    await as_it_comes.chat_postMessage(channel=channel.id, text="x")
    assert len(slack.messages_in(channel)) == 2


async def test_slack_is_slow_and_the_caller_gives_up_though_it_is_done(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel
) -> None:
    came = asyncio.Event()

    def slow(_method: str) -> Fault:
        came.set()
        return Fault(delay=timedelta(milliseconds=80), drop=True)

    slack.faults.choose = slow
    posting = asyncio.create_task(client.chat_postMessage(channel=channel.id, text="x"))
    await came.wait()
    posting.cancel()
    await slack.until(lambda: len(slack.calls) == 1)
    assert len(slack.messages_in(channel)) == 1


async def test_slack_refuses_with_any_of_its_codes(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel
) -> None:
    slack.faults.refuse("conversations.history", "missing_scope", needed="channels:history", provided="chat:write")
    assert await refused(client.conversations_history(channel=channel.id)) == "missing_scope"
    assert slack.calls[-1].answer["needed"] == "channels:history"
    slack.faults.refuse("chat.update", "edit_window_closed")
    posted = await client.chat_postMessage(channel=channel.id, text="x")
    assert await refused(client.chat_update(channel=channel.id, ts=posted["ts"], text="y")) == "edit_window_closed"
    assert slack.messages_in(channel)[0].text == "x"


async def test_faults_come_in_the_order_in_which_they_were_queued_then_as_chosen(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel
) -> None:
    slack.faults.queue("chat.postMessage", Fault(error="first"), Fault(error="second"))
    slack.faults.choose = lambda method: Fault(error="third") if method == "chat.postMessage" else None
    codes = [await refused(client.chat_postMessage(channel=channel.id, text="x")) for _ in range(4)]
    assert codes == ["first", "second", "third", "third"]
    await client.auth_test()


async def test_response_urls_and_uploads_fail_too(
    slack: StandInSlack, bolt: AsyncApp, http: aiohttp.ClientSession, client: AsyncWebClient, sam: Person
) -> None:
    urls: list[str] = []

    @bolt.command("/toy")
    async def asked(ack: AsyncAck, command: Json) -> None:
        urls.append(command["response_url"])
        await ack()

    await sam.types("/toy")
    slack.faults.fail("response_url", status=500)
    slack.faults.drop("response_url")
    async with http.post(urls[0], json={"text": "one"}) as answer:
        assert answer.status == 500
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await http.post(urls[0], json={"text": "two"})
    assert [each.plain for each in sam.sees()] == ["two"]

    asked_for = await client.files_getUploadURLExternal(filename="a.csv", length=1)
    slack.faults.fail("upload", status=503)
    async with http.post(asked_for["upload_url"], data=b"x") as answer:
        assert answer.status == 503
    async with http.post(asked_for["upload_url"], data=b"x") as answer:
        assert answer.status == 200
    assert [each.method for each in slack.calls_of("upload")] == ["upload", "upload"]
