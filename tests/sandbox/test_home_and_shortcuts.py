"""The Home tab, shortcuts, and who reads what."""

import re
from datetime import timedelta

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, NoAnswer, Person, StandInSlack
from tests.sandbox.toy import Json, actions, button, home, modal, section


async def test_the_home_tab_is_published_when_it_is_opened(
    slack: StandInSlack, bolt: AsyncApp, sam: Person, client: AsyncWebClient
) -> None:
    events: list[Json] = []

    @bolt.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        events.append(event)
        view = home(section(f"Visit {len(events)}"), actions(button("Refresh", "refresh")), private_metadata="m")
        await client.views_publish(user_id=event["user"], view=view)

    @bolt.action("refresh")
    async def clicked(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        assert "response_url" not in body
        assert "channel" not in body
        assert body["container"] == {"type": "view", "view_id": body["view"]["id"]}
        await client.views_publish(user_id=body["user"]["id"], view=home(section("Fresh")), hash=body["view"]["hash"])

    shown = await sam.opens_home()
    assert shown.prose == "Visit 1"
    again = await sam.opens_home()
    assert again.replaces(shown)
    assert [each.get("view", {}).get("private_metadata") for each in events] == [None, "m"]
    assert (await again.click("Refresh")).plain == "Fresh"
    assert [each.plain for each in slack.as_user(slack.add_user("Kim")).sees()] == []


async def test_a_home_tab_is_locked_by_its_hash_and_is_nothing_to_push_onto(
    slack: StandInSlack, bolt: AsyncApp, client: AsyncWebClient, sam: Person
) -> None:
    @bolt.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home(actions(button("Push", "push"))))

    @bolt.action("push")
    async def clicked(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        for call in (
            client.views_push(trigger_id=body["trigger_id"], view=modal()),
            client.views_publish(user_id=sam.id, view=home(), hash="1.2"),
            client.views_publish(user_id="U404", view=home()),
        ):
            with pytest.raises(SlackApiError):
                await call

    await (await sam.opens_home()).press("Push")
    await slack.until(lambda: len(slack.calls_of("views.publish")) == 3)
    assert [each.answer["error"] for each in slack.calls[-3:]] == ["not_found", "hash_conflict", "user_not_found"]


async def test_a_global_shortcut_has_a_trigger_and_no_response_url(bolt: AsyncApp, sam: Person) -> None:
    seen: list[Json] = []

    @bolt.global_shortcut("find")
    async def used(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        seen.append(body)
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(title="Find"))

    assert (await sam.shortcut("find")).text == "Find"
    assert (seen[0]["type"], seen[0]["callback_id"], seen[0]["user"]["id"]) == ("shortcut", "find", sam.id)
    assert not {"response_url", "channel", "message"} & seen[0].keys()


async def test_a_message_shortcut_brings_the_message(bolt: AsyncApp, sam: Person, channel: Channel) -> None:
    seen: list[Json] = []

    @bolt.message_shortcut(re.compile("history"))
    async def used(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        seen.append(body)
        await ack()
        await respond("About Acme")

    message = sam.writes("What is up with Acme?", channel=channel)
    answer = await sam.shortcut("history", on=message)
    assert (answer.plain, answer.ephemeral) == ("About Acme", True)
    assert seen[0]["type"] == "message_action"
    assert seen[0]["message"]["text"] == "What is up with Acme?"
    assert "bot_id" not in seen[0]["message"]
    assert seen[0]["channel"]["id"] == channel.id
    assert [each.plain for each in sam.sees(channel)] == ["What is up with Acme?", "About Acme"]


async def test_private_channels_are_read_by_their_members_only(
    slack: StandInSlack, client: AsyncWebClient, sam: Person
) -> None:
    kim = slack.add_user("Kim")
    secret = slack.add_channel("secret", members=[kim], private=True)
    await client.chat_postMessage(channel=secret.id, text="Hush")
    assert [each.plain for each in slack.as_user(kim).sees(secret)] == ["Hush"]
    assert sam.sees(secret) == []
    assert sam.sees(slack.dm(kim)) == []


async def test_a_home_tab_that_nobody_publishes_is_noticed(slack: StandInSlack, bolt: AsyncApp, sam: Person) -> None:
    slack.patience = timedelta(milliseconds=50)

    @bolt.event("app_home_opened")
    async def opened() -> None:
        pass

    with pytest.raises(NoAnswer, match="opens the Home tab: nothing to be seen"):
        await sam.opens_home()
