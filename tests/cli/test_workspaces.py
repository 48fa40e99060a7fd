"""Several workspaces, as an operator has them: which there are, one that is named, one that goes, and new keys."""

import asyncio
import secrets
import signal
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from bot.install.routes import COOKIE
from bot.manifest import SCOPES
from bot.sandbox import StandInSlack
from store import Store
from store.engine import Database, connect
from store.installing import Granted, Installing
from store.sealing import Keys
from tests.builders import a_customer, an_activity
from tests.cli.conftest import PATIENCE, Type, run
from tests.cli.test_serve import serving
from tests.conftest import STEADY

RAW: Final = secrets.token_bytes(32)
KEY: Final = urlsafe_b64encode(RAW).decode()


def granted(team_id: str, token: str = "xoxb-1") -> Granted:
    return Granted(
        team_id=team_id,
        team_name=team_id.removeprefix("T0").title(),
        enterprise_id=None,
        bot_user_id="U0BOT",
        scopes=("commands",),
        token=token,
        refresh_token=None,
        lifetime=None,
        at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    )


@pytest.fixture
async def installed(sample: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The sample's workspace, and two that have installed the app, each with a customer: their ids by name."""
    monkeypatch.setenv("PIVOTAL_SECRET_KEY", KEY)
    database = connect(f"sqlite:///{sample}", patience=STEADY)
    store = Store(database, keys=Keys([RAW]))
    ids = {"sample": (await store.default_workspace()).id}
    for name in ("acme", "globex"):
        ids[name] = await store.installing.install(granted(f"T0{name.upper()}"))
        customer = await a_customer(store, ids[name], "Initech")
        await store.record(ids[name], customer, [an_activity()])
    await database.close()
    return ids


async def test_the_list_says_which_there_are(types: Type, installed: dict[str, str]) -> None:
    ran = await asyncio.to_thread(types, "workspaces")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"{installed['sample']}  default  no Slack team  not connected",
        f"{installed['acme']}  Acme  T0ACME  installed 2026-11-20 12:00 UTC",
        f"{installed['globex']}  Globex  T0GLOBEX  installed 2026-11-20 12:00 UTC",
    ]


async def test_of_several_one_is_named(types: Type, installed: dict[str, str]) -> None:
    assert "Say which one with `--workspace`." in (await asyncio.to_thread(types, "history", "initech")).err
    named = await asyncio.to_thread(types, "--workspace", installed["acme"], "history", "initech")
    assert "Initech: 1 activity" in named.out
    other = await asyncio.to_thread(types, "--workspace", installed["sample"], "history", "acme", "--90d")
    assert "Acme Corp:" in other.out
    unknown = await asyncio.to_thread(types, "--workspace", "wsp_x", "verify")
    assert (unknown.code, unknown.err) == (
        1,
        "There is no workspace `wsp_x`. `pivotal workspaces` lists them.\n",
    )


async def test_a_workspace_goes_for_good_and_the_others_stay(types: Type, installed: dict[str, str]) -> None:
    asked = await asyncio.to_thread(types, "purge", installed["acme"])
    assert (asked.code, "Write `--yes` behind it" in asked.err) == (2, True)
    assert "Initech" in (await asyncio.to_thread(types, "--workspace", installed["acme"], "history", "initech")).out
    ran = await asyncio.to_thread(types, "purge", installed["acme"], "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert installed["acme"] not in (await asyncio.to_thread(types, "workspaces")).out
    assert (await asyncio.to_thread(types, "--workspace", installed["globex"], "verify")).code == 0
    assert (await asyncio.to_thread(types, "purge", installed["acme"], "--yes")).code == 1


async def test_one_workspace_is_backed_up_and_restored_by_itself(
    types: Type, installed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = await asyncio.to_thread(types, "--workspace", installed["acme"], "backup", "acme.backup")
    assert (ran.code, ran.err) == (0, "")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///acme.db")
    assert (await asyncio.to_thread(types, "restore", "acme.backup", "--no-erasures")).code == 0
    assert (await asyncio.to_thread(types, "workspaces")).out.splitlines() == [
        f"{installed['acme']}  Acme  T0ACME  installed 2026-11-20 12:00 UTC"
    ]
    assert "Initech: 1 activity" in (await asyncio.to_thread(types, "history", "initech")).out
    assert (await asyncio.to_thread(types, "--workspace", "wsp_x", "backup", "other.backup")).code == 1


async def test_a_process_without_the_key_of_the_tokens_does_not_start(
    types: Type, installed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would give up whatever is due, for want of a token."""
    for name, value in {
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "secret",
        "PIVOTAL_SECRET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }.items():
        monkeypatch.setenv(name, value)
    ran = await asyncio.to_thread(types, "worker")
    assert ran.code == 1
    assert "PIVOTAL_SECRET_KEY lacks a key under which tokens in this database were sealed." in ran.err


@pytest.mark.promise(id="S17")
async def test_a_new_key_takes_the_place_of_the_old_one(
    types: Type, installed: dict[str, str], sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = secrets.token_bytes(32)
    monkeypatch.setenv("PIVOTAL_SECRET_KEY", f"{urlsafe_b64encode(new).decode()},{KEY}")
    ran = await asyncio.to_thread(types, "rekey")
    assert ran.out.startswith("2 secrets were sealed anew.")
    assert (await asyncio.to_thread(types, "rekey")).out.startswith("0 secrets were")
    database = connect(f"sqlite:///{sample}", patience=STEADY)
    found = await Installing(database, database, Keys([new])).token(installed["acme"])
    await database.close()
    assert found is not None
    assert found.text == "xoxb-1"
    assert b"xoxb" not in await asyncio.to_thread(sample.read_bytes)
    monkeypatch.delenv("PIVOTAL_SECRET_KEY")
    assert "PIVOTAL_SECRET_KEY is not set." in (await asyncio.to_thread(types, "rekey")).err


async def test_a_process_for_many_takes_a_team_in_and_serves_it(database_url: str, database: Database) -> None:
    """All by the environment, as an operator sets it."""
    async with StandInSlack() as slack, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        slack.oauth.redirect_urls = ("https://pivotal.example.com/slack/oauth_redirect",)
        slack.oauth.end_all()
        given = {
            "DATABASE_URL": database_url,
            "SLACK_BOT_TOKEN": "",
            "SLACK_CLIENT_ID": slack.oauth.client_id,
            "SLACK_CLIENT_SECRET": slack.oauth.client_secret,
            "PIVOTAL_SECRET_KEY": KEY,
            "PUBLIC_URL": "https://pivotal.example.com",
        }
        async with serving(slack, "--port", "0", "--no-worker", **given) as (process, url):
            slack.connect_app(f"{url}/slack/events")
            async with http.get(f"{url}/slack/install", allow_redirects=False) as begun:
                cookie = begun.headers["Set-Cookie"].split(";")[0]
                page = begun.headers["Location"]
            assert cookie.startswith(COOKIE)
            async with http.get(page, allow_redirects=False) as answer:
                back = answer.headers["Location"].replace("https://pivotal.example.com", url)
            async with http.get(back, headers={"Cookie": cookie}) as done:
                assert done.status == 200
            sam = slack.as_user(slack.add_user("Sam Lee"))
            assert "I don't know" in (await sam.says("/pivotal history initech")).text
            examined = await asyncio.to_thread(lambda: run("doctor", SLACK_API_URL=slack.api_url, **given))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        ours = await Store(database).workspace_of(slack.team_id)
    assert f"ok    {ours}: the app is installed in team {slack.team_id}" in examined.out
    assert (
        "ok    SLACK_CLIENT_ID: workspaces install the app at https://pivotal.example.com/slack/install" in examined.out
    )


async def test_the_doctor_names_each_workspace_that_is_not_as_it_must_be(installed: dict[str, str]) -> None:
    async with StandInSlack(scopes=[scope for scope in SCOPES if scope != "files:write"]) as slack:
        slack.core.tokens["xoxb-1"] = None
        given = {
            "SLACK_API_URL": slack.api_url,
            "SLACK_CLIENT_ID": "1.2",
            "PUBLIC_URL": "https://p.example.com",
            "STRIPE_WEBHOOK_SECRET": "whsec_1",
        }
        ran = await asyncio.to_thread(lambda: run("doctor", **given))
        other = await asyncio.to_thread(
            lambda: run("doctor", **given, PIVOTAL_SECRET_KEY=urlsafe_b64encode(secrets.token_bytes(32)).decode())
        )
    assert ran.code == 1
    assert "BAD   SLACK_CLIENT_ID: SLACK_CLIENT_SECRET is missing:" in ran.out
    assert f"BAD   {installed['globex']} scopes: files:write is missing." in ran.out
    assert "note  STRIPE_WEBHOOK_SECRET: /webhooks/stripe is no workspace's" in ran.out
    assert "which PIVOTAL_SECRET_KEY does not have." in other.out
    assert "xoxb" not in ran.out + ran.err + other.out


@pytest.mark.parametrize(
    "variables, said",
    [
        ({"SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_SECRET is missing"),
        ({"SLACK_CLIENT_ID": "1.2"}, "PIVOTAL_SECRET_KEY is missing"),
        ({"SLACK_CLIENT_ID": "1.2"}, "PUBLIC_URL is missing"),
        ({"SLACK_CLIENT_ID": "1.2", "SLACK_BOT_TOKEN": "xoxb-1"}, "leave one of them out"),
        ({"PIVOTAL_SECRET_KEY": "short"}, "PIVOTAL_SECRET_KEY must be 32 bytes in urlsafe base64"),
    ],
)
def test_what_is_missing_for_many_stops_the_start_with_a_sentence(
    types: Type, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = types("serve")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
