"""`pivotal doctor`: what is wrong is a line that says what to do, and an exit code that a script can read."""

import pytest

from bot.manifest import OPTIONAL_SCOPES, SCOPES
from bot.sandbox import StandInSlack
from tests.cli.conftest import Ran, run
from tests.conftest import apps_url


def lines(ran: Ran, mark: str) -> list[str]:
    return [line for line in ran.out.splitlines() if line.startswith(mark)]


async def examined(slack: StandInSlack, **variables: str) -> Ran:
    import asyncio  # noqa: PLC0415 - the command blocks, and the stand-in runs here

    given = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SIGNING_SECRET": "secret"}
    return await asyncio.to_thread(lambda: run("doctor", **given | variables))


@pytest.mark.usefixtures("sample")
async def test_where_all_is_well_nothing_is_bad() -> None:
    async with StandInSlack(scopes=(*SCOPES, *OPTIONAL_SCOPES)) as slack:
        ran = await examined(slack)
    assert ran.code == 0
    assert lines(ran, "BAD") == []
    assert "ok    scopes: all that are needed are granted" in ran.out
    assert "note  STRIPE_WEBHOOK_SECRET: it is not set: /webhooks/stripe answers 404" in ran.out


@pytest.mark.usefixtures("sample")
async def test_a_missing_scope_and_what_is_lost_without_an_optional_one() -> None:
    async with StandInSlack(scopes=tuple(scope for scope in SCOPES if scope != "files:write")) as slack:
        ran = await examined(slack)
    assert ran.code == 1
    [bad] = lines(ran, "BAD")
    assert bad.startswith("BAD   scopes: files:write is missing.")
    assert "without channels:history a message of unknown outcome" in ran.out


@pytest.mark.usefixtures("sample")
async def test_a_token_that_slack_does_not_accept() -> None:
    async with StandInSlack() as slack:
        ran = await examined(slack, SLACK_BOT_TOKEN="xoxb-another")
    assert ran.code == 1
    assert "BAD   SLACK_BOT_TOKEN: Slack does not accept my token any more." in ran.out
    assert "xoxb-another" not in ran.out + ran.err


def test_a_database_without_tables_a_missing_token_and_no_way_in() -> None:
    ran = run("doctor")
    assert ran.code == 1
    assert [line.split(":")[0] for line in lines(ran, "BAD")] == [
        "BAD   database",
        "BAD   SLACK_BOT_TOKEN",
        "BAD   Slack",
    ]


def test_an_environment_that_cannot_be_read() -> None:
    ran = run("doctor", PORT="http")
    assert (ran.code, ran.out) == (1, "BAD   environment: PORT must be a number from 0 to 65535.\n")


@pytest.mark.usefixtures("sample")
async def test_hubspot_wants_a_public_address() -> None:
    async with StandInSlack() as slack:
        ran = await examined(slack, HUBSPOT_CLIENT_SECRET="secret")
    assert "BAD   HUBSPOT_CLIENT_SECRET: HubSpot signs its address: set PUBLIC_URL, too." in ran.out


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_keeps_workspaces_apart_and_how_the_replica_is(database_url: str) -> None:
    async with StandInSlack(scopes=(*SCOPES, *OPTIONAL_SCOPES)) as slack:
        owner = await examined(slack, DATABASE_URL=database_url, DATABASE_READ_URL=database_url)
        role = await examined(slack, DATABASE_URL=apps_url(database_url), DATABASE_READ_URL="sqlite:///nowhere/at.db")
    assert "note  workspaces: kept apart by Pivotal alone" in owner.out
    assert "ok    DATABASE_READ_URL: it answers" in owner.out
    assert "ok    workspaces: PostgreSQL keeps them apart" in role.out
    assert "BAD   DATABASE_READ_URL: " in role.out
    assert "Histories come from the primary meanwhile." in role.out
    assert role.code == 1
