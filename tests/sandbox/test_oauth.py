"""Installing the app in the stand-in: its page, codes, tokens that expire, and what it tells when the app is taken out."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import StandInSlack
from tests.sandbox.toy import Json, MovableClock

BACK = "https://pivotal.example.com/slack/oauth_redirect"


@pytest.fixture(autouse=True)
def _in_its_settings(slack: StandInSlack) -> None:
    slack.oauth.redirect_urls = (BACK,)


async def allows(slack: StandInSlack, http: aiohttp.ClientSession, **asked: str) -> dict[str, str]:
    """What the person comes back to the app with, or Slack's refusal as `refused`."""
    query = {"client_id": slack.oauth.client_id, "scope": "commands,chat:write", "redirect_uri": BACK, "state": "s"}
    page = f"{slack.origin}/oauth/v2/authorize"
    async with http.get(page, params=query | asked, allow_redirects=False) as answer:
        if answer.status != 302:
            return {"refused": await answer.text()}
        return {name: value for name, [value] in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


async def redeems(client: AsyncWebClient, slack: StandInSlack, **given: str) -> Any:
    who = (given.pop("client_id", slack.oauth.client_id), given.pop("client_secret", slack.oauth.client_secret))
    # What `oauth_v2_access` does, but for a class of aiohttp's that is on its way out.
    header = {"Authorization": aiohttp.encode_basic_auth(*who)}
    return (await client.api_call("oauth.v2.access", headers=header, data=given)).data


async def refusal(client: AsyncWebClient, slack: StandInSlack, **given: str) -> str:
    with pytest.raises(SlackApiError) as refused:
        await redeems(client, slack, **given)
    return str(refused.value.response["error"])


async def is_good(client: AsyncWebClient, token: str) -> bool | str:
    try:
        return bool((await client.auth_test(token=token))["ok"])
    except SlackApiError as error:
        return str(error.response["error"])


async def test_a_code_becomes_a_token_with_what_was_asked_for(
    slack: StandInSlack, http: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    slack.oauth.declined = frozenset({"chat:write"})
    back = await allows(slack, http)
    assert back["state"] == "s"
    given = await redeems(client, slack, code=back["code"], redirect_uri=BACK)
    assert (given["team"]["id"], given["scope"], given["bot_user_id"]) == (slack.team_id, "commands", slack.bot_user.id)
    assert await is_good(client, given["access_token"]) is True
    assert slack.scopes == {"commands"}
    assert "refresh_token" not in given


async def test_the_page_refuses_what_is_not_in_the_settings(slack: StandInSlack, http: aiohttp.ClientSession) -> None:
    assert await allows(slack, http, client_id="9") == {"refused": "invalid_client_id"}
    assert await allows(slack, http, redirect_uri="https://evil.example.com/") == {"refused": "bad_redirect_uri"}
    assert await allows(slack, http, scope="") == {"refused": "invalid_scope"}
    slack.oauth.refuses = True
    assert await allows(slack, http) == {"error": "access_denied", "state": "s"}


async def test_a_code_is_good_once_for_ten_minutes_and_its_address(
    slack: StandInSlack, http: aiohttp.ClientSession, client: AsyncWebClient, clock: MovableClock
) -> None:
    code = (await allows(slack, http))["code"]
    assert await refusal(client, slack, code=code, redirect_uri=f"{BACK}/other") == "bad_redirect_uri"
    assert await refusal(client, slack, code=code, redirect_uri=BACK, client_secret="no") == "bad_client_secret"
    assert await refusal(client, slack, code=code, redirect_uri=BACK, client_id="9") == "invalid_client_id"
    await redeems(client, slack, code=code, redirect_uri=BACK)
    assert await refusal(client, slack, code=code, redirect_uri=BACK) == "code_already_used"
    late = (await allows(slack, http))["code"]
    clock.now += timedelta(minutes=11)
    assert await refusal(client, slack, code=late, redirect_uri=BACK) == "invalid_code"


async def test_a_token_that_expires_is_exchanged_and_two_are_alive(
    slack: StandInSlack, http: aiohttp.ClientSession, client: AsyncWebClient, clock: MovableClock
) -> None:
    slack.oauth.rotates = True
    code = (await allows(slack, http))["code"]
    first = await redeems(client, slack, code=code, redirect_uri=BACK)
    given = [first]
    for _ in range(2):
        refresh = given[-1]["refresh_token"]
        given.append(await redeems(client, slack, grant_type="refresh_token", refresh_token=refresh))
    tokens = [each["access_token"] for each in given]
    assert [await is_good(client, each) for each in tokens] == ["token_revoked", True, True]
    again = first["refresh_token"]
    assert await refusal(client, slack, grant_type="refresh_token", refresh_token=again) == "invalid_refresh_token"
    assert await refusal(client, slack, grant_type="password") == "invalid_grant_type"
    clock.now += timedelta(hours=13)
    assert await is_good(client, tokens[-1]) == "token_expired"


async def test_a_token_that_is_given_back_is_worth_nothing(slack: StandInSlack, client: AsyncWebClient) -> None:
    assert (await client.auth_revoke(token=slack.bot_token))["revoked"]
    assert await is_good(client, slack.bot_token) == "token_revoked"


async def test_taken_out_the_app_is_told_and_its_tokens_are_dead(
    slack: StandInSlack, bolt: AsyncApp, client: AsyncWebClient
) -> None:
    seen: list[Json] = []

    async def kept(event: Json) -> None:
        seen.append(event)

    for kind in ("tokens_revoked", "app_uninstalled"):
        bolt.event(kind)(kept)
    assert all(each.acked for each in await slack.uninstall())
    assert [each["type"] for each in seen] == ["tokens_revoked", "app_uninstalled"]
    assert seen[0]["tokens"]["bot"] == [slack.bot_user.id]
    assert await is_good(client, slack.bot_token) == "token_revoked"


async def test_two_teams_at_one_address_are_told_apart_by_their_tokens(
    slack: StandInSlack, http: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    async with StandInSlack(team_id="T0GLOBEX", team_domain="globex") as other:
        slack.adjoin(other)
        code = (await allows(slack, http, team="T0GLOBEX"))["code"]
        given = await redeems(client, slack, code=code, redirect_uri=BACK)
        assert given["team"]["id"] == "T0GLOBEX"
        assert (await client.auth_test(token=given["access_token"]))["team_id"] == "T0GLOBEX"
        assert other.calls_of("auth.test")
        assert not slack.calls_of("auth.test")
