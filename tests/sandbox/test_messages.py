"""chat.*: posting, changing and deleting, and what is refused."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, Message, Person, StandInSlack, User
from tests.sandbox.toy import Json, actions, button, home, mrkdwn, refused, section

METADATA = {"event_type": "pivotal_delivery", "event_payload": {"delivery_id": "d1"}}


def only(slack: StandInSlack, channel: Channel) -> Message:
    [message] = slack.messages_in(channel, ephemeral=True)
    return message


async def test_a_message_stands_in_its_channel(slack: StandInSlack, client: AsyncWebClient, channel: Channel) -> None:
    posted = await client.chat_postMessage(channel=channel.id, text="Hello", blocks=[section("*Hello*")])
    assert posted["channel"] == channel.id
    assert posted["message"]["blocks"][0]["block_id"]
    message = only(slack, channel)
    assert (message.ts, message.text) == (posted["ts"], "Hello")
    found = await client.chat_getPermalink(channel=channel.id, message_ts=posted["ts"])
    assert found["permalink"].endswith(f"/{channel.id}/p{posted['ts'].replace('.', '')}")


async def test_every_ts_is_another_though_the_clock_stands_still(client: AsyncWebClient, channel: Channel) -> None:
    found = {(await client.chat_postMessage(channel=channel.id, text="x"))["ts"] for _ in range(5)}
    assert found == {f"1772442000.00000{last}" for last in range(5)}


async def test_a_persons_id_stands_for_the_direct_messages_with_them(
    slack: StandInSlack, client: AsyncWebClient, user: User, sam: Person
) -> None:
    posted = await client.chat_postMessage(channel=user.id, text="Psst")
    assert posted["channel"] == slack.dm(user).id
    assert [each.plain for each in sam.sees()] == ["Psst"]


async def test_where_the_app_may_not_post(slack: StandInSlack, client: AsyncWebClient, user: User) -> None:
    elsewhere = slack.add_channel("elsewhere", app_is_member=False)
    hidden = slack.add_channel("hidden", private=True, app_is_member=False)
    archived = slack.add_channel("old", archived=True)
    for channel, code in ((elsewhere, "not_in_channel"), (hidden, "channel_not_found"), (archived, "is_archived")):
        assert await refused(client.chat_postMessage(channel=channel.id, text="x")) == code
    assert await refused(client.chat_postMessage(channel="C404", text="x")) == "channel_not_found"
    assert await refused(client.chat_postEphemeral(channel=elsewhere.id, user=user.id, text="x")) == "not_in_channel"

    slack.scopes.add("chat:write.public")
    await client.chat_postMessage(channel=elsewhere.id, text="x")
    assert await refused(client.chat_postMessage(channel=hidden.id, text="x")) == "channel_not_found"
    slack.scopes.remove("chat:write.public")
    await client.conversations_join(channel=elsewhere.id)
    await client.chat_postMessage(channel=elsewhere.id, text="x")
    assert len(slack.messages_in(elsewhere)) == 2
    assert await refused(client.conversations_join(channel=archived.id)) == "is_archived"
    assert (
        await refused(client.conversations_join(channel=slack.dm(user).id)) == "method_not_supported_for_channel_type"
    )


async def test_a_text_alone_drops_the_blocks(slack: StandInSlack, client: AsyncWebClient, channel: Channel) -> None:
    posted = await client.chat_postMessage(channel=channel.id, text="Before", blocks=[section("Before")])
    await client.chat_update(channel=channel.id, ts=posted["ts"], text="After")
    assert (only(slack, channel).text, only(slack, channel).blocks) == ("After", [])
    await client.chat_update(channel=channel.id, ts=posted["ts"], text="Last", blocks=[section("Last")])
    assert only(slack, channel).blocks[0]["text"] == mrkdwn("Last")
    nothing = client.api_call("chat.update", json={"channel": channel.id, "ts": posted["ts"]})
    assert await refused(nothing) == "no_text"


async def test_metadata_stays_unless_it_is_given_anew_or_emptied(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel
) -> None:
    posted = await client.chat_postMessage(channel=channel.id, text="x", blocks=[section()], metadata=METADATA)
    here = {"channel": channel.id, "ts": posted["ts"]}
    await client.chat_update(**here, text="y", blocks=[section()])
    assert only(slack, channel).metadata == METADATA
    other = {"event_type": "other", "event_payload": {}}
    await client.api_call("chat.update", json={**here, "metadata": other})
    assert (only(slack, channel).metadata, only(slack, channel).text) == (other, "y")
    assert only(slack, channel).blocks
    await client.api_call("chat.update", json={**here, "metadata": {}})
    assert only(slack, channel).metadata is None


@pytest.mark.parametrize(
    "metadata",
    [
        {"event_type": "x"},
        {"event_payload": {}},
        {"event_type": "x", "event_payload": []},
        {"event_type": "x", "event_payload": {}, "more": 1},
        {"event_type": "x", "event_payload": {"a": {"b": {"c": 1}}}},
        {"event_type": "x", "event_payload": {"a": None}},
        [1],
    ],
)
async def test_metadata_of_another_form_is_refused(client: AsyncWebClient, channel: Channel, metadata: Any) -> None:
    call = client.api_call("chat.postMessage", json={"channel": channel.id, "text": "x", "metadata": metadata})
    assert await refused(call) == "invalid_metadata_format"


async def test_metadata_holds_values_and_one_level_of_them(client: AsyncWebClient, channel: Channel) -> None:
    payload = {"a": "text", "b": 1, "c": True, "d": [1, "two"], "e": {"f": 2.5}}
    posted = await client.chat_postMessage(
        channel=channel.id, text="x", metadata={"event_type": "x", "event_payload": payload}
    )
    assert posted["message"]["metadata"]["event_payload"] == payload


async def test_ephemeral_messages_are_for_one_member_and_not_to_be_changed(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, user: User, sam: Person
) -> None:
    whispered = await client.chat_postEphemeral(channel=channel.id, user=user.id, text="Psst")
    here = {"channel": channel.id, "ts": whispered["message_ts"]}
    assert [each.ephemeral for each in sam.sees(channel)] == [True]
    assert slack.messages_in(channel) == []
    assert (await client.conversations_history(channel=channel.id))["messages"] == []
    assert await refused(client.chat_update(**here, text="x")) == "message_not_found"
    assert await refused(client.chat_delete(**here)) == "message_not_found"
    stranger = slack.add_user("Kim")
    call = client.chat_postEphemeral(channel=channel.id, user=stranger.id, text="x")
    assert await refused(call) == "user_not_in_channel"


async def test_only_the_apps_own_messages_can_be_changed(client: AsyncWebClient, channel: Channel, sam: Person) -> None:
    message = sam.writes("Mine", channel=channel).message
    assert message is not None
    here = {"channel": channel.id, "ts": message.ts}
    assert await refused(client.api_call("chat.update", json={**here, "text": "x"})) == "cant_update_message"
    assert await refused(client.api_call("chat.delete", json=here)) == "cant_delete_message"
    posted = await client.chat_postMessage(channel=channel.id, text="Ours")
    await client.chat_delete(channel=channel.id, ts=posted["ts"])
    assert [each.plain for each in sam.sees(channel)] == ["Mine"]
    assert await refused(client.chat_update(channel=channel.id, ts=posted["ts"], text="x")) == "message_not_found"


async def test_threads(slack: StandInSlack, client: AsyncWebClient, channel: Channel) -> None:
    parent = (await client.chat_postMessage(channel=channel.id, text="Parent"))["ts"]
    reply = (await client.chat_postMessage(channel=channel.id, text="Reply", thread_ts=parent))["ts"]
    loud = await client.chat_postMessage(channel=channel.id, text="Loud", thread_ts=parent, reply_broadcast=True)
    history = await client.conversations_history(channel=channel.id)
    assert [each["text"] for each in history["messages"]] == ["Loud", "Parent"]
    replies = await client.conversations_replies(channel=channel.id, ts=parent)
    assert [each["ts"] for each in replies["messages"]] == [parent, reply, loud["ts"]]
    assert replies["messages"][1]["thread_ts"] == parent
    call = client.chat_postMessage(channel=channel.id, text="x", thread_ts="1.000001")
    assert await refused(call) == "thread_not_found"
    assert await refused(client.conversations_replies(channel=channel.id, ts="1.000001")) == "thread_not_found"


async def test_reactions(client: AsyncWebClient, slack: StandInSlack, channel: Channel) -> None:
    posted = await client.chat_postMessage(channel=channel.id, text="x")
    here = {"channel": channel.id, "timestamp": posted["ts"], "name": "white_check_mark"}
    await client.reactions_add(**here)
    assert await refused(client.reactions_add(**here)) == "already_reacted"
    [message] = (await client.conversations_history(channel=channel.id))["messages"]
    assert message["reactions"] == [{"name": "white_check_mark", "users": [slack.bot_user.id], "count": 1}]
    await client.reactions_remove(**here)
    assert await refused(client.reactions_remove(**here)) == "no_reaction"
    assert "reactions" not in (await client.conversations_history(channel=channel.id))["messages"][0]
    assert await refused(client.reactions_add(**{**here, "timestamp": "1.000001"})) == "message_not_found"


@pytest.mark.parametrize(
    "body, code",
    [
        ({"text": ""}, "no_text"),
        ({"text": " \n"}, "no_text"),
        ({"text": "x", "blocks": {}}, "invalid_blocks_format"),
        ({"text": "x", "blocks": "no json"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [section("")]}, "invalid_blocks"),
        ({"text": "x", "attachments": [{"text": "old"}]}, "invalid_attachments"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": ["x"]}, "invalid_arguments"),
    ],
)
async def test_what_cannot_be_posted(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, body: Json, code: str
) -> None:
    assert await refused(client.api_call("chat.postMessage", json={"channel": channel.id, **body})) == code
    assert slack.messages_in(channel) == []


async def test_a_refusal_says_what_and_where(slack: StandInSlack, client: AsyncWebClient, channel: Channel) -> None:
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=channel.id, text="x", blocks=[section(), actions(button("a" * 76))])
    told = "must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]"
    assert raised.value.response["errors"] == [told]
    assert raised.value.response["response_metadata"]["messages"] == [f"[ERROR] {told}"]
    [refusal] = slack.refusals
    assert (refusal.where, str(refusal.problems[0])) == ("chat.postMessage", told)
    assert str(refusal) == f"chat.postMessage refused: invalid_blocks: {told}"


async def test_a_workspace_may_not_know_the_newest_blocks_yet(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel
) -> None:
    cells = [[{"type": "raw_text", "text": "Field"}], [{"type": "raw_text", "text": "Plan"}]]
    table = {"type": "data_table", "caption": "Changes", "rows": cells}
    await client.chat_postMessage(channel=channel.id, text="x", blocks=[table])
    slack.core.unsupported_blocks = frozenset({"data_table"})
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=channel.id, text="x", blocks=[section(), table])
    assert raised.value.response["error"] == "invalid_blocks"
    assert raised.value.response["errors"] == ["unsupported type: data_table [json-pointer:/blocks/1]"]


async def test_arguments_may_come_as_a_form_too(slack: StandInSlack, client: AsyncWebClient, channel: Channel) -> None:
    """With structures as JSON within it, and flags as text."""
    form = {"channel": channel.id, "text": "x", "blocks": '[{"type": "divider"}]', "metadata": '{"event_type": "t",'}
    assert await refused(client.api_call("chat.postMessage", data=form)) == "invalid_arguments"
    form["metadata"] = '{"event_type": "t", "event_payload": {}}'
    await client.api_call("chat.postMessage", data=form)
    assert only(slack, channel).blocks[0]["type"] == "divider"


async def test_tokens(slack: StandInSlack, client: AsyncWebClient) -> None:
    asked = await client.auth_test()
    assert (asked["team_id"], asked["user_id"], asked["bot_id"]) == (slack.team_id, slack.bot_user.id, "B0PIVOTAL")
    assert (
        await refused(client.api_call("auth.test", json={"token": ""}, headers={"Authorization": ""})) == "not_authed"
    )
    client.token = "xoxb-other"
    assert await refused(client.auth_test()) == "invalid_auth"
    client.token = slack.app_token
    assert await refused(client.auth_test()) == "not_allowed_token_type"
    client.token = slack.bot_token
    assert await refused(client.api_call("chat.unknown")) == "unknown_method"
    slack.revoke(slack.bot_token)
    assert await refused(client.auth_test()) == "token_revoked"


async def test_a_home_tab_is_no_place_for_what_only_messages_may_hold(client: AsyncWebClient, user: User) -> None:
    view = home({"type": "markdown", "text": "x"})
    assert await refused(client.views_publish(user_id=user.id, view=view)) == "invalid_arguments"
