"""`pivotal serve`: the process as an operator starts and stops it."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import sqlalchemy as sa

from bot.sandbox import StandInSlack
from store import Store, tables
from store.engine import Database
from tests.builders import another_workspace
from tests.cli.conftest import PATIENCE, Type, command, environment, run
from tests.webhooks.providers import STRIPE_SECRET, Provider


@asynccontextmanager
async def serving(
    slack: StandInSlack, *arguments: str, as_: str = "serve", ready: str = "serving", **variables: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process, ready. Gives it and its URL. variables: besides those of Slack's, or in their place."""
    of_slack = {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_APP_TOKEN": slack.app_token,
    }
    process = await asyncio.create_subprocess_exec(
        *command(as_, *arguments),
        env=environment(**of_slack | variables),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            told = {"event": ""}
            while told["event"] != ready:
                told = json.loads(await process.stderr.readline())
        yield process, told["url"]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_answers_slack_and_stops_when_told(database_url: str) -> None:
    """From the first start of a database that was imported before; SIGTERM ends it with 0."""
    assert run("import", "--sample", DATABASE_URL=database_url).code == 0
    async with StandInSlack() as slack:
        sam = slack.add_user("Sam Lee", tz="Europe/Berlin")
        async with serving(slack, "--port", "0", DATABASE_URL=database_url) as (process, url):
            slack.connect_app(f"{url}/slack/events")
            shown = await slack.as_user(sam).says("/pivotal history acme --actor pi --90d")
            assert "Acme Corp: 5 activities by Pi, last 90 days" in shown.text
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        assert slack.refusals == []


async def test_two_workspaces_take_what_is_signed_by_their_own_secrets(
    database_url: str, store: Store, workspace: str, database: Database
) -> None:
    """The short addresses are those of the token's team; whose secrets are whose stands in WEBHOOK_SECRETS."""
    async with StandInSlack() as slack, aiohttp.ClientSession() as http:
        await store.bind_workspace(slack.workspace.team_id, None)
        globex = await another_workspace(database, "T0GLOBEX")
        given = {
            "DATABASE_URL": database_url,
            "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
            "WEBHOOK_SECRETS": json.dumps({globex: {"stripe": "whsec_globex"}}),
        }
        async with serving(slack, "--no-worker", "--port", "0", **given) as (_, url):
            provider = Provider(url, http)
            longer = f"/webhooks/stripe/{globex}"
            assert await provider.stripe(b"{}") == 200
            assert await provider.stripe(b"{}", path=longer, secret="whsec_globex") == 200
            assert await provider.stripe(b"{}", path=longer) == 400
            assert await provider.stripe(b"{}", secret="whsec_globex") == 400
            assert await provider.stripe(b"{}", path=f"/webhooks/stripe/{workspace}") == 404
    i = tables.inbox.c
    kept = await database.read(lambda c: c.execute(sa.select(i.workspace_id)).scalars().all())
    assert sorted(kept) == sorted([workspace, globex])


async def test_a_token_of_none_of_several_workspaces_is_one_sentence(
    database_url: str, store: Store, workspace: str, database: Database
) -> None:
    await store.bind_workspace("T0OTHER", None)
    await another_workspace(database, "T0GLOBEX")
    async with StandInSlack() as slack:
        given = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SIGNING_SECRET": "s"}
        ran = await asyncio.to_thread(lambda: run("serve", DATABASE_URL=database_url, **given))
        examined = await asyncio.to_thread(lambda: run("doctor", DATABASE_URL=database_url, **given))
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("There are several workspaces here, and none is of Slack team")
    assert "BAD   workspace: there are several here, and none is of team" in examined.out
    assert "note  workspace: there are several here. The short webhook addresses are of the one" in examined.out


@pytest.mark.usefixtures("sample")
async def test_socket_mode_needs_no_address() -> None:
    async with StandInSlack() as slack:
        sam = slack.add_user("Sam Lee")
        async with serving(slack, "--socket", "--port", "0") as (process, _):
            shown = await slack.as_user(sam).says("/pivotal history acme --actor pi --90d")
            assert "Acme Corp: 5 activities by Pi" in shown.text
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


@pytest.mark.usefixtures("sample")
async def test_a_worker_with_a_port_tells_how_it_is_and_nothing_else() -> None:
    """Its own times: the web process has others."""
    async with (
        StandInSlack() as slack,
        serving(slack, "--port", "0", as_="worker", ready="working") as (process, url),
        aiohttp.ClientSession() as http,
    ):
        seen = {}
        for path in ("/healthz", "/readyz", "/metrics", "/slack/events", "/v1/customers"):
            async with http.get(url + path) as answer:
                seen[path] = answer.status
                text = await answer.text()
            if path == "/metrics":
                assert 'pivotal_query_seconds_count{what="schema.version"}' in text
        assert seen == {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/slack/events": 404, "/v1/customers": 404}
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


@pytest.mark.usefixtures("sample")
async def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with StandInSlack() as slack:
            process = await asyncio.create_subprocess_exec(
                *command("serve", "--port", port),
                env=environment(
                    SLACK_API_URL=slack.api_url, SLACK_BOT_TOKEN=slack.bot_token, SLACK_SIGNING_SECRET="secret"
                ),
                stderr=asyncio.subprocess.PIPE,
            )
            _, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert b"Traceback" not in err
    assert f"Can't listen on 127.0.0.1, port {port}:" in err.decode()


@pytest.mark.parametrize(
    "arguments, variables, said",
    [
        ([], {}, "SLACK_BOT_TOKEN is missing"),
        ([], {}, "SLACK_SIGNING_SECRET is missing"),
        (["--socket"], {}, "SLACK_APP_TOKEN is missing"),
        ([], {"SLACK_BOT_TOKEN": "xoxp-1"}, "SLACK_BOT_TOKEN must be a token that begins with xoxb-."),
        ([], {"PORT": "http"}, "PORT must be a number from 0 to 65535."),
        ([], {"PUBLIC_URL": "http://example.com"}, "PUBLIC_URL must be an https address"),
        ([], {"LOG_LEVEL": "loud"}, "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR."),
        ([], {"DATABASE_URL": "mysql://x"}, "DATABASE_URL: mysql is not a database Pivotal knows."),
    ],
)
def test_a_wrong_environment_stops_the_start_with_a_sentence(
    types: Type, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = types("serve", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert "xoxp-1" not in ran.err


async def test_a_slack_that_cannot_be_reached_is_one_sentence() -> None:
    """Before the database has been bound to a team; afterwards it starts without Slack."""
    ran = await asyncio.to_thread(
        run, "serve", SLACK_API_URL="http://127.0.0.1:1/api/", SLACK_BOT_TOKEN="xoxb-1", SLACK_SIGNING_SECRET="s"
    )
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == "Can't reach Slack. Nothing was changed."
    assert "Traceback" not in ran.err
