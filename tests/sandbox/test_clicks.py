"""Buttons and menus in messages: what the app receives, and that only its own response_url or the Web API changes anything."""

import asyncio
import re
from datetime import timedelta

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, NoAnswer, NotOnScreen, Person, StandInSlack
from tests.sandbox.toy import Json, actions, button, option, plain, posted, section, whispered

ANY = re.compile(".*")
DATE = {"type": "datepicker", "action_id": "from", "initial_date": "2026-02-01"}


async def test_a_click_tells_who_where_and_what(
    slack: StandInSlack, client: AsyncWebClient, clicks: list[Json], sam: Person, channel: Channel
) -> None:
    shown = await posted(
        client, channel, sam, actions(button("Done", "nudge:done", value="n1", style="primary"), DATE, block_id="b")
    )
    answer = await shown.click("Done")
    assert answer.plain == "click 1"
    body = clicks[0]
    assert body["type"] == "block_actions"
    assert body["user"] == {"id": sam.id, "username": "sam", "name": "sam", "team_id": slack.team_id}
    assert body["team"] == {"id": slack.team_id, "domain": "pivotal"}
    assert body["channel"] == {"id": channel.id, "name": "cs-acme"}
    assert shown.message is not None
    assert body["container"] == {
        "type": "message",
        "message_ts": shown.message.ts,
        "channel_id": channel.id,
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == shown.message.ts
    assert body["message"]["blocks"] == shown.blocks
    [action] = body["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "button",
        "action_id": "nudge:done",
        "block_id": "b",
        "value": "n1",
        "style": "primary",
        "text": plain("Done"),
    }
    assert body["state"] == {"values": {"b": {"from": {"type": "datepicker", "selected_date": "2026-02-01"}}}}


async def test_a_click_on_an_ephemeral_message_does_not_bring_the_message_along(
    client: AsyncWebClient, clicks: list[Json], sam: Person, channel: Channel
) -> None:
    shown = await whispered(client, channel, sam, actions(button()))
    await shown.click("Go")
    assert clicks[0]["container"]["is_ephemeral"] is True
    assert "message" not in clicks[0]


async def test_a_click_by_somebody_of_another_company_says_so(
    slack: StandInSlack, client: AsyncWebClient, clicks: list[Json], channel: Channel
) -> None:
    """In a channel that is shared with them; the team is still the one where the app is installed."""
    eve = slack.as_user(slack.add_user("Eve", team_id="T0OTHER", stranger=True))
    await (await posted(client, channel, eve, actions(button()))).click("Go")
    assert (clicks[0]["user"]["team_id"], clicks[0]["team"]["id"]) == ("T0OTHER", slack.team_id)


async def test_the_body_of_a_clicks_ack_goes_nowhere(
    slack: StandInSlack, bolt: AsyncApp, client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    @bolt.action("go")
    async def clicked(ack: AsyncAck) -> None:
        await ack({"text": "Never seen", "replace_original": True})

    shown = await posted(client, channel, sam, actions(button()))
    slack.patience = timedelta(milliseconds=50)
    with pytest.raises(NoAnswer, match="nothing to be seen"):
        await shown.click("Go")
    assert [each.plain for each in sam.sees(channel)] == [shown.plain]


async def test_an_answer_in_place_replaces_the_message_whole(
    bolt: AsyncApp, client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    @bolt.action("go")
    async def clicked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="Only a text now", replace_original=True)

    shown = await whispered(client, channel, sam, section("Before"), actions(button()))
    narrowed = await shown.click("Go")
    assert narrowed.replaces(shown)
    assert (narrowed.plain, narrowed.blocks, narrowed.ephemeral) == ("Only a text now", [], True)
    assert shown.plain == "Before\nGo"
    assert len(sam.sees(channel)) == 1


async def test_a_message_never_changes_who_sees_it(
    slack: StandInSlack, bolt: AsyncApp, client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    @bolt.action("go")
    async def clicked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="Now for all?", replace_original=True, response_type="in_channel")

    shown = await whispered(client, channel, sam, actions(button()))
    assert (await shown.click("Go")).ephemeral
    assert slack.messages_in(channel) == []


async def test_an_ephemeral_message_can_be_taken_away(
    bolt: AsyncApp, client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    @bolt.action("go")
    async def clicked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(delete_original=True)

    shown = await whispered(client, channel, sam, actions(button()))
    assert (await shown.click("Go")).closed
    assert shown.now().closed
    assert sam.sees(channel) == []


async def test_each_click_brings_a_new_response_url_however_old_the_message(
    slack: StandInSlack, clicks: list[Json], client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    shown = await whispered(client, channel, sam, actions(button()))
    for turn in range(1, 8):
        assert (await shown.click("Go")).plain == f"click {turn}"
    assert len({each["response_url"] for each in clicks}) == 7


async def test_two_quick_clicks_both_get_their_own_answer(
    clicks: list[Json], client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    shown = await whispered(client, channel, sam, actions(button("One", "one"), button("Two", "two")))
    first, second = await asyncio.gather(shown.click("One"), shown.click("Two"))
    assert {first.plain, second.plain} == {"click 1", "click 2"}
    told = {each["actions"][0]["action_id"]: f"click {turn}" for turn, each in enumerate(clicks, 1)}
    assert (first.plain, second.plain) == (told["one"], told["two"])


async def test_what_the_app_does_to_the_message_by_itself_counts_as_its_answer(
    bolt: AsyncApp, sam: Person, client: AsyncWebClient, channel: Channel
) -> None:
    @bolt.action("go")
    async def clicked(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.chat_update(channel=channel.id, ts=body["message"]["ts"], text="Done by Sam")

    shown = await posted(client, channel, sam, actions(button()))
    after = await shown.click("Go")
    assert after.replaces(shown)
    assert after.plain == "Done by Sam"


async def test_several_answers_to_one_click_can_be_awaited_one_by_one(
    bolt: AsyncApp, sam: Person, client: AsyncWebClient, channel: Channel
) -> None:
    read = asyncio.Event()

    @bolt.action("go")
    async def clicked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="Wait", replace_original=False)
        await read.wait()
        await respond(text="Here", replace_original=False)

    shown = await posted(client, channel, sam, actions(button()))
    first = await shown.click("Go")
    read.set()
    assert [first.plain, (await first.later()).plain] == ["Wait", "Here"]


async def test_buttons_that_share_a_label_are_told_apart_by_place(
    clicks: list[Json], client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    def row(words: str, which: str, action_id: str) -> Json:
        return section(words, accessory=button("Details", action_id, value=which))

    more = {"type": "overflow", "action_id": "more", "options": [option("Undo"), option("Copy")]}
    shown = await posted(
        client,
        channel,
        sam,
        row("*Plan* Starter → Growth", "1", "open"),
        row("*Owner* Ann → Sam", "2", "open"),
        row("*Tags* vip", "3", "show"),
        section("Phase", accessory=more),
        section("Status", accessory=more),
    )
    assert shown.buttons == ["Details", "Details", "Details"]
    with pytest.raises(NotOnScreen, match="3 controls named 'Details'"):
        await shown.click("Details")
    await shown.click("Details", nth=2)
    await shown.click("Details", beside="Owner")
    await shown.click(action_id="show")
    await shown.click("Details", action_id="open", nth=1)
    await shown.press("Details", nth=3)
    assert [each["actions"][0]["value"] for each in clicks] == ["2", "2", "3", "1", "3"]
    with pytest.raises(NotOnScreen, match="on screen"):
        await shown.click("Details", nth=4)
    with pytest.raises(NotOnScreen, match="0 controls named 'Details' beside 'Renewal'"):
        await shown.click("Details", beside="Renewal")
    with pytest.raises(NotOnScreen, match="2 menu entries named 'Undo'"):
        await shown.menu("Undo")
    await shown.menu("Undo", beside="Status")
    await shown.press("Copy", nth=1)
    assert [each["actions"][0]["selected_option"]["value"] for each in clicks[-2:]] == ["undo", "copy"]
    assert shown.message is not None
    blocks = [each["block_id"] for each in shown.message.blocks]
    assert [each["actions"][0]["block_id"] for each in clicks[-2:]] == [blocks[4], blocks[3]]


async def test_feedback_and_icon_buttons_can_be_pressed(
    clicks: list[Json], client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    feedback = {
        "type": "feedback_buttons",
        "action_id": "useful",
        "positive_button": {"text": plain("Useful"), "value": "yes"},
        "negative_button": {"text": plain("Not useful"), "value": "no"},
    }
    icon = {"type": "icon_button", "icon": "trash", "text": plain("Remove"), "action_id": "bin", "value": "n1"}
    shown = await posted(client, channel, sam, {"type": "context_actions", "elements": [feedback, icon]})
    assert shown.buttons == ["Useful", "Not useful", "Remove"]
    await shown.click("Not useful")
    await shown.click("Remove")
    told = [each["actions"][0] for each in clicks]
    assert [(each["type"], each["action_id"], each["value"]) for each in told] == [
        ("feedback_buttons", "useful", "no"),
        ("icon_button", "bin", "n1"),
    ]
    with pytest.raises(NotOnScreen, match="'Useful' and 'Not useful'"):
        await shown.click(action_id="useful")


async def test_a_click_in_a_thread_is_answered_in_the_thread(
    clicks: list[Json], client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    parent = await client.chat_postMessage(channel=channel.id, text="Parent")
    await client.chat_postMessage(channel=channel.id, thread_ts=parent["ts"], text="Reply", blocks=[actions(button())])
    answer = await sam.sees(channel)[-1].click("Go")
    assert clicks[0]["container"]["thread_ts"] == parent["ts"]
    assert answer.message is not None
    assert answer.message.thread_ts == parent["ts"]
