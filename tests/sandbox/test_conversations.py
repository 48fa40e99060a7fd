"""conversations.*, users.*, usergroups.*: who and what there is, page by page, and what the app is not granted to see."""

from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, StandInSlack, User
from tests.sandbox.test_messages import METADATA
from tests.sandbox.toy import MovableClock, refused


async def texts(client: AsyncWebClient, channel: Channel, **more: Any) -> list[str]:
    """The texts of a channel's history, all pages of it, newest first."""
    found, cursor = [], ""
    while True:
        page = await client.conversations_history(channel=channel.id, cursor=cursor, **more)
        found += [each["text"] for each in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] == bool(cursor)
        if not cursor:
            return found


@pytest.fixture
async def stamps(client: AsyncWebClient, channel: Channel, clock: MovableClock) -> list[str]:
    """Of seven messages, 0 to 6, a minute apart."""
    found = []
    for number in range(7):
        posted = await client.chat_postMessage(channel=channel.id, text=str(number), metadata=METADATA)
        found.append(posted["ts"])
        clock.pass_(minutes=1)
    return found


@pytest.mark.parametrize("limit", [1, 2, 7, 999, 5000])
async def test_history_comes_newest_first_in_pages(
    client: AsyncWebClient, channel: Channel, stamps: list[str], limit: int
) -> None:
    assert await texts(client, channel, limit=limit) == ["6", "5", "4", "3", "2", "1", "0"]
    first = await client.conversations_history(channel=channel.id, limit=limit)
    assert len(first["messages"]) == min(limit, 7)


async def test_pages_neither_repeat_nor_leave_out_when_messages_come_and_go(
    client: AsyncWebClient, channel: Channel, stamps: list[str]
) -> None:
    page = await client.conversations_history(channel=channel.id, limit=2)
    await client.chat_postMessage(channel=channel.id, text="new")
    await client.chat_delete(channel=channel.id, ts=stamps[4])
    cursor = page["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel=channel.id, cursor=cursor)
    assert [each["text"] for each in rest["messages"]] == ["3", "2", "1", "0"]


async def test_a_page_may_be_shorter_than_asked_for(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, stamps: list[str]
) -> None:
    slack.faults.page_limit = 3
    assert len((await client.conversations_history(channel=channel.id, limit=200))["messages"]) == 3
    assert len(await texts(client, channel, limit=200)) == 7


async def test_history_between_two_moments(client: AsyncWebClient, channel: Channel, stamps: list[str]) -> None:
    between = {"oldest": stamps[1], "latest": stamps[4]}
    assert await texts(client, channel, **between) == ["3", "2"]
    assert await texts(client, channel, inclusive=True, **between) == ["4", "3", "2", "1"]
    assert await texts(client, channel, oldest=stamps[5].partition(".")[0]) == ["6"]
    assert await texts(client, channel, oldest="1772442000.1") == ["6", "5", "4", "3", "2", "1"]
    assert await texts(client, channel, latest=stamps[2], limit=1) == ["1", "0"]


async def test_metadata_is_told_when_asked_for(client: AsyncWebClient, channel: Channel, stamps: list[str]) -> None:
    page = await client.conversations_history(channel=channel.id, include_all_metadata=True, limit=1)
    assert page["messages"][0]["metadata"] == METADATA
    assert "metadata" not in (await client.conversations_history(channel=channel.id, limit=1))["messages"][0]
    replies = await client.conversations_replies(channel=channel.id, ts=stamps[0], include_all_metadata=True)
    assert replies["messages"][0]["metadata"] == METADATA


async def test_history_lags_behind(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, clock: MovableClock, stamps: list[str]
) -> None:
    slack.faults.history_lag = timedelta(seconds=90)
    assert await texts(client, channel) == ["5", "4", "3", "2", "1", "0"]
    assert await refused(client.conversations_replies(channel=channel.id, ts=stamps[6])) == "thread_not_found"
    clock.pass_(seconds=30)
    assert (await texts(client, channel))[0] == "6"


async def test_odd_questions_about_history(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, stamps: list[str]
) -> None:
    async def asked(**more: Any) -> str:
        return await refused(client.conversations_history(**{"channel": channel.id, **more}))

    assert await asked(oldest="yesterday") == "invalid_ts_oldest"
    assert await asked(latest="today") == "invalid_ts_latest"
    assert await asked(cursor="bmV4dA!") == "invalid_cursor"
    assert await asked(cursor="b3RoZXI6MQ==") == "invalid_cursor"
    assert await asked(limit=0) == "invalid_limit"
    assert await asked(limit="many") == "invalid_arguments"
    assert await asked(channel=slack.add_channel("elsewhere", app_is_member=False).id) == "not_in_channel"
    assert await asked(channel="C404") == "channel_not_found"


async def test_conversations_info_says_who_else_reads_along(slack: StandInSlack, client: AsyncWebClient) -> None:
    async def told(channel: Channel) -> dict[str, Any]:
        found: dict[str, Any] = (await client.conversations_info(channel=channel.id, include_num_members=True))[
            "channel"
        ]
        return found

    plain = await told(slack.add_channel("inside", members=[slack.bot_user]))
    assert (plain["name"], plain["num_members"], plain["is_member"]) == ("inside", 1, True)
    marks = ("is_shared", "is_ext_shared", "is_pending_ext_shared", "is_org_shared", "is_archived", "is_private")
    assert not any(plain[mark] for mark in marks)
    for fact, shown in (
        ("ext_shared", {"is_shared", "is_ext_shared"}),
        ("pending_ext_shared", {"is_pending_ext_shared"}),
        ("org_shared", {"is_shared", "is_org_shared"}),
        ("archived", {"is_archived"}),
        ("private", {"is_private"}),
    ):
        facts: dict[str, Any] = {fact: True}
        found = await told(slack.add_channel(fact, **facts))
        assert {mark for mark in marks if found[mark]} == shown
    assert await refused(client.conversations_info(channel="C404")) == "channel_not_found"
    hidden = slack.add_channel("hidden", private=True, app_is_member=False)
    assert await refused(client.conversations_info(channel=hidden.id)) == "channel_not_found"


async def test_members_are_told_the_app_among_them(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, user: User
) -> None:
    assert (await client.conversations_members(channel=channel.id))["members"] == [user.id, slack.bot_user.id]
    page = await client.conversations_members(channel=channel.id, limit=1)
    rest = await client.conversations_members(channel=channel.id, cursor=page["response_metadata"]["next_cursor"])
    assert page["members"] + rest["members"] == [user.id, slack.bot_user.id]


async def test_a_direct_conversation_is_opened_once(slack: StandInSlack, client: AsyncWebClient, user: User) -> None:
    first = await client.conversations_open(users=user.id)
    again = await client.conversations_open(users=[user.id], return_im=True)
    assert first["channel"] == {"id": slack.dm(user).id}
    assert (again["channel"]["id"], again["channel"]["user"]) == (slack.dm(user).id, user.id)
    kim = slack.add_user("Kim")
    group = await client.conversations_open(users=[user.id, kim.id], return_im=True)
    assert group["channel"]["is_mpim"]
    assert (await client.conversations_open(channel=first["channel"]["id"]))["channel"] == first["channel"]
    for absent, code in (
        ("U404", "user_not_found"),
        (slack.add_user("Gone", deleted=True).id, "user_disabled"),
        (slack.bot_user.id, "cannot_dm_bot"),
    ):
        assert await refused(client.conversations_open(users=absent)) == code


async def test_lists_of_channels(slack: StandInSlack, client: AsyncWebClient, channel: Channel, user: User) -> None:
    old = slack.add_channel("old", archived=True)
    elsewhere = slack.add_channel("elsewhere", members=[user], app_is_member=False)
    secret = slack.add_channel("secret", members=[user], private=True)
    slack.add_channel("hidden", members=[user], private=True, app_is_member=False)
    direct = slack.dm(user)

    async def listed(method: str, **more: Any) -> set[str]:
        page = await client.api_call(method, params=more)
        return {each["id"] for each in page["channels"]}

    assert await listed("conversations.list") == {channel.id, old.id, elsewhere.id}
    assert await listed("conversations.list", exclude_archived="true") == {channel.id, elsewhere.id}
    assert await listed("conversations.list", types="private_channel,im") == {secret.id, direct.id}
    assert await listed("users.conversations") == {channel.id, old.id}
    assert await listed("users.conversations", user=user.id) == {channel.id, elsewhere.id}
    assert await listed("users.conversations", user=user.id, types="private_channel, im") == {secret.id, direct.id}
    assert await refused(client.users_conversations(user="U404")) == "user_not_found"
    pages = [[each["id"] for each in page["channels"]] async for page in await client.conversations_list(limit=1)]
    assert pages == [[channel.id], [old.id], [elsewhere.id]]
