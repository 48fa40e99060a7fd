"""users.*, usergroups.*, the team, and what the app was not granted."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, StandInSlack, User
from tests.sandbox.toy import MovableClock, refused, web_client


async def test_users_info_of_members_guests_strangers_and_the_gone(slack: StandInSlack, client: AsyncWebClient) -> None:
    async def told(name: str, **facts: Any) -> dict[str, Any]:
        found: dict[str, Any] = (await client.users_info(user=slack.add_user(name, **facts).id))["user"]
        return found

    member = await told("Ann Lee", tz="America/New_York", email="ann@pivotal.example")
    assert (member["team_id"], member["real_name"], member["name"]) == (slack.team_id, "Ann Lee", "ann")
    assert (member["tz"], member["tz_offset"]) == ("America/New_York", -5 * 3600)
    assert member["profile"]["email"] == "ann@pivotal.example"
    marks = ("deleted", "is_admin", "is_owner", "is_restricted", "is_ultra_restricted", "is_bot")
    assert not any(member[mark] for mark in marks)
    for fact, mark in (
        ("restricted", "is_restricted"),
        ("ultra_restricted", "is_ultra_restricted"),
        ("deleted", "deleted"),
        ("admin", "is_admin"),
        ("owner", "is_owner"),
        ("bot", "is_bot"),
    ):
        facts: dict[str, Any] = {fact: True}
        found = await told(fact, **facts)
        assert [each for each in marks if found[each]] == [mark]
    stranger = await told("Eve", team_id="T0OTHER", stranger=True, email="eve@other.example")
    assert (stranger["team_id"], stranger["is_stranger"]) == ("T0OTHER", True)
    assert not {"tz", "deleted", "is_restricted"} & stranger.keys()
    assert "email" not in stranger["profile"]
    assert "tz" not in await told("Bot", bot=True, tz=None)
    assert await refused(client.users_info(user="U404")) == "user_not_found"


async def test_a_zones_offset_moves_with_the_clock(
    slack: StandInSlack, client: AsyncWebClient, clock: MovableClock, user: User
) -> None:
    assert (await client.users_info(user=user.id))["user"]["tz_offset"] == 3600
    clock.pass_(days=60)
    assert (await client.users_info(user=user.id))["user"]["tz_offset"] == 7200


async def test_lists_of_people_and_groups(slack: StandInSlack, client: AsyncWebClient, user: User) -> None:
    gone = slack.add_user("Gone", deleted=True, email="gone@pivotal.example")
    ann = slack.add_user("Ann", email="ann@pivotal.example")
    slack.add_user("Eve", team_id="T0OTHER", stranger=True)
    listed: list[str] = []
    async for page in await client.users_list(limit=2):
        listed += [each["id"] for each in page["members"]]
    assert listed == [user.id, gone.id, ann.id, slack.bot_user.id]
    assert (await client.users_lookupByEmail(email="Ann@pivotal.example"))["user"]["id"] == ann.id
    assert await refused(client.users_lookupByEmail(email="gone@pivotal.example")) == "users_not_found"

    group = slack.add_group("Customer success", members=[user, ann])
    unused = slack.add_group("Unused", disabled=True)
    assert (await client.usergroups_list())["usergroups"] == [
        {"id": group.id, "team_id": slack.team_id, "name": "Customer success", "handle": "customer-success"}
    ]
    full = await client.usergroups_list(include_disabled=True, include_users=True, include_count=True)
    assert [(each["id"], each["users"], each["user_count"]) for each in full["usergroups"]] == [
        (group.id, [user.id, ann.id], 2),
        (unused.id, [], 0),
    ]
    assert (await client.usergroups_users_list(usergroup=group.id))["users"] == [user.id, ann.id]
    assert await refused(client.usergroups_users_list(usergroup=unused.id)) == "no_such_subteam"
    team = (await client.team_info())["team"]
    assert (team["id"], team["domain"]) == (slack.team_id, "pivotal")


async def test_in_an_enterprise_everything_names_it() -> None:
    async with StandInSlack(enterprise_id="E1") as slack, aiohttp.ClientSession() as http:
        client = web_client(slack, http)
        user = slack.add_user("Ann")
        assert (await client.auth_test())["enterprise_id"] == "E1"
        assert (await client.team_info())["team"]["enterprise_id"] == "E1"
        assert (await client.users_info(user=user.id))["user"]["enterprise_user"]["teams"] == [slack.team_id]


@pytest.mark.parametrize(
    "scope, method, arguments",
    [
        ("chat:write", "chat.postMessage", {"text": "x"}),
        ("channels:history", "conversations.history", {}),
        ("channels:read", "conversations.info", {}),
        ("channels:read", "conversations.list", {}),
        ("groups:read", "conversations.list", {"types": "public_channel,private_channel"}),
        ("im:write", "conversations.open", {"users": "U1"}),
        ("mpim:write", "conversations.open", {"users": "U1,U2"}),
        ("channels:join", "conversations.join", {}),
        ("files:write", "files.getUploadURLExternal", {"filename": "a.csv", "length": "1"}),
        ("users:read", "users.info", {"user": "U1"}),
        ("users:read.email", "users.lookupByEmail", {"email": "a@b.c"}),
        ("usergroups:read", "usergroups.list", {}),
        ("team:read", "team.info", {}),
        ("reactions:write", "reactions.add", {"timestamp": "1.1", "name": "x"}),
    ],
)
async def test_a_scope_that_was_not_granted_is_missing(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, scope: str, method: str, arguments: dict[str, str]
) -> None:
    slack.scopes.remove(scope)
    given = arguments if {"users", "types"} & arguments.keys() else {"channel": channel.id, **arguments}
    call = client.api_call(method, params=given)
    assert await refused(call) == "missing_scope"
    answer = slack.calls[-1].answer
    assert answer["needed"] == scope
    assert scope not in answer["provided"].split(",")
    assert "commands" in answer["provided"].split(",")


async def test_what_a_conversation_is_decides_about_the_scope(
    slack: StandInSlack, client: AsyncWebClient, channel: Channel, user: User
) -> None:
    slack.scopes.difference_update({"groups:history", "im:read"})
    secret = slack.add_channel("secret", private=True)
    await client.conversations_history(channel=channel.id)
    assert await refused(client.conversations_history(channel=secret.id)) == "missing_scope"
    assert await refused(client.conversations_info(channel=slack.dm(user).id)) == "missing_scope"
    assert (await client.users_info(user=user.id)).headers["x-oauth-scopes"] == ",".join(sorted(slack.scopes))


async def test_without_the_scope_for_them_addresses_are_left_out(slack: StandInSlack, client: AsyncWebClient) -> None:
    ann = slack.add_user("Ann", email="ann@pivotal.example")
    slack.scopes.remove("users:read.email")
    assert "email" not in (await client.users_info(user=ann.id))["user"]["profile"]
