"""S24: what the log may hold, and what it never does, whatever happens."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from io import StringIO
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
import structlog

from bot.answers import Budget, Tasks
from bot.jobs.schedule import Jobs
from bot.log import set_up
from bot.web import application, listening
from store.engine import Database, connect
from tests.bot.acme import ACME, acme
from tests.bot.conftest import Pivotal
from tests.bot.slow import Buggy

CANARY = "Zyxjane Qwertson"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Lines:
    """What has been logged so far, at DEBUG, as the process writes it for programs."""
    written = StringIO()
    set_up("DEBUG", form="json", stream=written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def secrets_of(pivotal: Pivotal) -> set[str]:
    """Everything that came or went in this Slack and opens something, or was said in confidence."""
    slack = pivotal.slack
    found = {
        slack.signing_secret,
        slack.bot_token,
        slack.app_token,
        "legacy-verification-token",
        CANARY,
        CANARY.split(maxsplit=1)[0],
    }
    for delivery in slack.deliveries:
        found.add(str(delivery.headers.get("X-Slack-Signature", slack.bot_token)))
        found |= {str(delivery.payload[name]) for name in ("trigger_id", "response_url") if name in delivery.payload}
    return found | set(slack.core.hooks)


async def everything_happens(pivotal: Pivotal, buggy: Buggy) -> None:
    """A request of each kind, and each kind of failure on the way."""
    slack, faults = pivotal.slack, pivotal.slack.faults
    shown = await pivotal.says(f'/pivotal history acme --field "{CANARY}"')
    shown = await pivotal.says("/pivotal history acme")
    await pivotal.says(f"/pivotal history {CANARY}")
    await pivotal.says(f"/pivotal {CANARY}")
    await shown.options("Actors", typed=CANARY)
    for act in (
        lambda: pivotal.says(f"/pivotal history {CANARY}"),
        lambda: shown.click("Older →"),
        lambda: shown.options("Actors"),
    ):
        buggy.times = 1
        await act()
    for fault in (faults.fail, faults.drop, faults.rate_limit):
        fault("chat.postMessage")
        await (await pivotal.says("/pivotal history acme --30d")).menu("Share to this channel")
    for fault in (faults.fail, faults.drop, faults.rate_limit):
        fault("users.info")
        await pivotal.says("/pivotal history acme", person=pivotal.joins(CANARY))
    faults.fail("response_url")
    await shown.press("Older →")
    click = slack.deliveries[-1]
    await slack.send(
        {"payload": {**click.payload, "response_url": f"https://evil.example/{CANARY.split(maxsplit=1)[0]}"}}
    )
    await slack.send(
        {
            "payload": {
                **click.payload,
                "actions": [{"type": "button", "action_id": "nobody", "block_id": "b", "value": CANARY}],
            }
        }
    )
    await slack.send({"payload": {**click.payload, "type": "view_closed", "view": {"id": "V1", "title": CANARY}}})
    await slack.send(f"payload={CANARY}".encode())
    await slack.send(click.body, headers={"X-Slack-Signature": "v0=" + "0" * 64})
    await slack.event({"type": "message", "text": CANARY})
    await slack.change_user(pivotal.sam.user, name=CANARY)
    buggy.times = 1
    await slack.change_user(pivotal.sam.user, name="Sam Lee")
    await pivotal.stops()


@pytest.mark.promise(id="S24")
async def test_no_secret_and_no_word_of_anybody_reaches_the_log(installed: Pivotal, lines: Lines) -> None:
    await acme(installed)
    buggy = Buggy(connect(installed.database_url), "a bug")
    await installed.starts(database=buggy, budget=Budget(ack=timedelta(seconds=1)))
    await everything_happens(installed, buggy)
    logged = lines()
    text = "\n".join(json.dumps(each, ensure_ascii=False) for each in logged)
    assert {secret for secret in secrets_of(installed) if secret in text} == set()
    assert {"refused", "failed", "delivery settled", "a request was not signed by Slack"} <= {
        each["event"] for each in logged
    }
    assert all(each["level"] != "error" or each["reference"] for each in logged)


async def test_an_error_of_the_database_is_logged_without_what_was_asked_of_it(
    pivotal: Pivotal, database: Database, lines: Lines
) -> None:
    """A real one: a table is missing. The statement may be read in the log, its values may not."""
    await pivotal.imports(ACME)
    await pivotal.says("/pivotal help")
    await database.alter(lambda connection: connection.execute(sa.text("DROP TABLE saved_query")))
    fields = ",".join(f'"{CANARY} {number}"' for number in range(90))
    changes = [{"field": f"{CANARY} {number}", "new": 1} for number in range(90)]
    line = {
        "type": "activity",
        "customer": "acme",
        "occurred_at": "2026-01-01T00:00:00Z",
        "actor": {"type": "pi", "id": "pi"},
    }
    await pivotal.imports({**line, "source": "pi", "event_type": "customer.field_changed", "changes": changes})
    shown = await pivotal.says(f"/pivotal history acme --field {fields}")
    assert "That failed on our side" in shown.plain
    (error,) = (each for each in lines() if each["level"] == "error")
    assert "saved_query" in error["exception"]
    assert CANARY not in json.dumps(error)


def test_values_of_secret_keys_are_left_out_at_any_depth(lines: Lines) -> None:
    log = structlog.get_logger()
    log.info(
        "asked",
        token="xoxb-1",
        Authorization="Bearer 1",
        headers={"x": "1"},
        inner={"trigger_id": "1.2", "kept": "yes"},
    )
    logging.getLogger("slack_bolt").info("body: token=xoxb-1")
    logging.getLogger("slack_sdk.web").debug("headers: xoxb-1")
    (line,) = lines()
    assert (line["token"], line["Authorization"], line["headers"]) == ("(redacted)",) * 3
    assert line["inner"] == {"trigger_id": "(redacted)", "kept": "yes"}


def test_a_traceback_is_logged_without_the_values_of_its_variables(lines: Lines) -> None:
    def fails(response_url: str) -> None:
        raise RuntimeError("no")

    try:
        fails("https://hooks.slack.com/secret")
    except RuntimeError as error:
        structlog.get_logger().error("failed", exc_info=error)
    (line,) = lines()
    assert "RuntimeError: no" in line["exception"]
    assert "hooks.slack.com/secret" not in line["exception"].replace('fails("https://hooks.slack.com/secret")', "")


@pytest.mark.promise(id="S25")
@pytest.mark.parametrize("way", ["http", "socket"])
async def test_the_reference_in_a_sentence_is_the_requests_id_on_every_line_about_it(
    installed: Pivotal, lines: Lines, way: str
) -> None:
    await acme(installed)
    buggy = Buggy(connect(installed.database_url), "a bug")
    await installed.starts(database=buggy, budget=Budget(ack=timedelta(seconds=1)), socket=way == "socket")
    await installed.says("/pivotal history acme")
    await installed.says("/pivotal history nobody")
    buggy.times = 1
    shown = await installed.says("/pivotal history acme")
    (failed,) = (each for each in lines() if each["event"] == "failed")
    (refused,) = (each for each in lines() if each["event"] == "refused")
    assert f"Reference {failed['reference']}." in shown.plain
    assert failed["request"] == failed["reference"]
    assert refused["request"] != failed["request"]
    await installed.stops()


async def test_what_a_request_wakes_is_not_logged_as_part_of_it() -> None:
    """A job works for everybody."""
    seen: list[Mapping[str, Any]] = []

    async def work() -> None:
        seen.append(structlog.contextvars.get_contextvars())

    tasks = Tasks()
    with structlog.contextvars.bound_contextvars(request="7F3K9A", actor="user:usr_1"):
        Jobs(tasks, {"work": work}).wake("work")
        await tasks.drain(timedelta(seconds=5))
        assert structlog.contextvars.get_contextvars() == {"request": "7F3K9A", "actor": "user:usr_1"}
    assert seen == [{}]


async def test_that_a_job_is_cut_off_by_the_end_of_its_process_is_no_error(lines: Lines) -> None:
    began = asyncio.Event()
    turns = 0

    async def work() -> None:
        nonlocal turns
        turns += 1
        if turns > 1:  # the first is not the scheduler's
            began.set()
            await asyncio.sleep(60)

    tasks = Tasks()
    async with asyncio.timeout(60), Jobs(tasks, {"work": work}).ticking(timedelta(milliseconds=20)):
        await began.wait()
    await tasks.drain(timedelta(seconds=5))
    await asyncio.sleep(0.05)  # a few turns of the loop, in which it is cut off
    assert [each for each in lines() if each["level"] == "error"] == []


async def test_an_answer_carries_our_id_and_never_the_callers(pivotal: Pivotal) -> None:
    seen = set()
    async with aiohttp.ClientSession() as http:
        for path in ("/healthz", "/readyz", "/v1/openapi.json", "/v1/customers", "/nowhere", "/slack/events"):
            url = pivotal.urls[0].replace("/slack/events", path)
            async with http.get(url, headers={"X-Request-Id": "theirs"}) as answer:
                seen.add(answer.headers["X-Request-Id"])
    assert len(seen) == 6
    assert all(re.fullmatch("[2-9A-Z]{6}", each) for each in seen)


async def test_what_no_other_place_catches_is_a_sentence_too(lines: Lines) -> None:
    async def ready() -> None:
        raise ValueError(CANARY)

    async with (
        listening(application(ready), "127.0.0.1", 0, timedelta(seconds=1)) as url,
        aiohttp.ClientSession() as http,
        http.get(f"{url}/readyz") as answer,
    ):
        said, status, ident = await answer.text(), answer.status, answer.headers["X-Request-Id"]
    assert (status, said) == (500, f"That failed on our side and nothing was changed. Reference `{ident}`.\n")
    assert [(each["event"], each["request"]) for each in lines() if each["level"] == "error"] == [("failed", ident)]
