"""Every request gets its answer in time, or a sentence about why not: when it is quick, slow, broken, or the database is away."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs

from bot.answers import SLOW, Budget
from bot.sandbox import Shown
from bot.sandbox.methods import people
from store.engine import connect, parse_url
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.bot.feeds import count, seqs
from tests.bot.slow import Buggy, Held

SHORT = Budget(ack=timedelta(milliseconds=40), sentence=timedelta(milliseconds=120))
"""Waiting times, so short that a test can see them pass."""
OURS = re.compile(r"That failed on our side and nothing was changed\. Reference ([2-9A-Z]{6})\.")


def quick(shown: Shown) -> bool:
    """Whether the answer rode in the ack."""
    return shown.delivery is not None and shown.delivery.text != ""


async def held(pivotal: Pivotal, budget: Budget = SHORT) -> Held:
    """The process again, in front of a database that answers nothing any more."""
    database = Held(connect(pivotal.database_url))
    await pivotal.restarts(database=database, budget=budget)
    database.hold()
    return database


async def test_a_quick_answer_rides_in_the_ack(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    assert quick(shown)
    assert pivotal.slack.calls_of("response_url") == []
    assert quick(await pivotal.says("/pivotal history nobody")), "so does a sentence about what is wrong"
    assert quick(await pivotal.says("/pivotal help"))


async def test_an_answer_that_misses_the_ack_follows_it(pivotal: Pivotal) -> None:
    await acme(pivotal)
    database = await held(pivotal, Budget(ack=SHORT.ack))
    interaction, delivery = await pivotal.sam.types("/pivotal history acme", channel=pivotal.room)
    assert (delivery.status, delivery.text) == (200, "")
    database.let_go()
    shown = await pivotal.sam.settled(interaction, delivery)
    assert count(shown) == "84"
    assert shown.ephemeral
    assert len(pivotal.slack.calls_of("response_url")) == 1


async def test_a_slow_answer_is_announced_before_slack_gives_up_and_comes_when_it_is_there(pivotal: Pivotal) -> None:
    await acme(pivotal)
    database = await held(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    assert shown.plain == SLOW
    database.let_go()
    assert count(await shown.later()) == "84"


async def test_a_slow_click_is_acked_at_once_and_replaces_the_message_in_the_end(pivotal: Pivotal) -> None:
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    database = await held(pivotal)
    meanwhile = await feed.click("Older →")
    assert meanwhile.plain == SLOW
    assert not meanwhile.replaces(feed)
    assert feed.now().text == feed.text
    assert meanwhile.delivery is not None
    assert meanwhile.delivery.text == ""
    database.let_go()
    older = await meanwhile.later()
    assert older.replaces(feed)
    assert seqs(older) == list(range(11, 21))


async def test_what_is_under_way_when_the_process_stops_is_still_answered(pivotal: Pivotal) -> None:
    """SIGTERM: a command without an answer in its ack, and a click."""
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    database = await held(pivotal, Budget(ack=SHORT.ack))
    command, delivery = await pivotal.sam.types("/pivotal history acme --actor pi", channel=pivotal.room)
    await feed.press("Older →")
    stopping = asyncio.create_task(pivotal.stops())
    await asyncio.sleep(0)
    database.let_go()
    await stopping
    assert count(await pivotal.sam.settled(command, delivery)) == "12"
    assert seqs(feed.now()) == list(range(11, 21))


# --- what fails -------------------------------------------------------------------------------------------------------


async def buggy(installed: Pivotal, says: str = "a bug") -> Buggy:
    await acme(installed)
    database = Buggy(connect(installed.database_url), says)
    await installed.starts(database=database)
    return database


@pytest.mark.promise(id="S25")
async def test_a_failure_of_ours_is_a_sentence_with_a_reference_that_is_in_the_log(installed: Pivotal) -> None:
    """S25: no SQL, no path, no traceback for the person; the traceback once, in the log."""
    database = await buggy(installed, "SELECT secret FROM /etc/passwd")
    feed = await installed.says("/pivotal history acme")
    acts: list[Callable[[], Awaitable[Shown]]] = [
        lambda: installed.says("/pivotal history acme"),
        lambda: feed.click("Older →"),
        lambda: feed.menu("Table view"),
    ]
    for act in acts:
        database.times = 1
        with capture_logs() as logs:
            shown = await act()
        reference = OURS.fullmatch(shown.plain)
        assert reference is not None, shown.plain
        (logged,) = (each for each in logs if each["log_level"] == "error")
        assert logged["reference"] == reference[1]
        assert "SELECT" in str(logged["exc_info"])
        assert feed.now().text == feed.text


async def test_a_failure_in_a_menu_offers_nothing_and_is_in_the_log(installed: Pivotal) -> None:
    database = await buggy(installed)
    feed = await installed.says("/pivotal history acme")
    database.times = 1
    with capture_logs() as logs:
        assert await feed.options("Actors") == []
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["failed"]
    assert await feed.options("Actors") != []


async def test_an_event_that_fails_is_sent_again_and_then_counts(installed: Pivotal) -> None:
    """It is not acked before it is done, so Slack repeats it."""
    database = await buggy(installed)
    await installed.says("/pivotal history acme")
    installed.slack.workspace.change_user(installed.sam.user, tz="Asia/Tokyo")
    event = {"type": "user_change", "user": people.shape(installed.slack.core, installed.sam.user)}
    database.times = 1
    with capture_logs() as logs:
        sent = await installed.slack.event_until_acked(event)
    assert [each.status for each in sent] == [500, 200]
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["failed"]
    assert "Asia/Tokyo" in (await installed.says("/pivotal history acme")).text


async def test_an_answer_that_slack_does_not_take_is_no_failure_of_the_next(pivotal: Pivotal) -> None:
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    with capture_logs() as logs:
        for fault in (pivotal.slack.faults.fail, partial(pivotal.slack.faults.drop, accepted=False)):
            fault("response_url")
            await feed.press("Older →")
            await pivotal.restarts()
        assert seqs(await feed.click("Older →")) == list(range(11, 21))
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == [
        "Slack did not take an answer",
        "an answer did not reach Slack",
    ]


# --- the database is away ---------------------------------------------------------------------------------------------

AWAY = "Can't reach the database. Nothing was changed."


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Somebody else writes into the SQLite file, and does not end."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@asynccontextmanager
async def gone(url: str) -> AsyncIterator[None]:
    """The PostgreSQL database is not there, and has thrown out those who were in it."""
    parsed = parse_url(url)
    name = parsed.database
    engine = create_async_engine(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    out = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
            await connection.execute(out, {"name": name})
            await connection.execute(sa.text(f"ALTER DATABASE {name} RENAME TO away_{name}"))
            yield
            await connection.execute(sa.text(f"ALTER DATABASE away_{name} RENAME TO {name}"))
            await connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    finally:
        await engine.dispose()


@asynccontextmanager
async def away(installed: Pivotal) -> AsyncIterator[None]:
    parsed = parse_url(installed.database_url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None
        with locked(parsed.database):
            yield
    else:
        async with gone(installed.database_url):
            yield


@pytest.mark.promise(id="R10")
async def test_while_the_database_is_away_a_sentence_says_so_and_it_is_back_as_soon_as_it_is(pivotal: Pivotal) -> None:
    """R10, in its quick form. A file that is locked can still be read; what has to be written has to wait."""
    await pivotal.restarts(database=connect(pivotal.database_url), budget=Budget())
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    mara = pivotal.joins("Mara Núñez")
    async with away(pivotal):
        new = await pivotal.says("/pivotal history acme", person=mara)
        assert new.plain == AWAY
        if not pivotal.database_url.startswith("sqlite"):
            assert (await feed.click("Older →")).plain == AWAY
            assert await feed.options("Actors") == []
    assert seqs(await feed.click("Older →")) == list(range(11, 21))
    assert count(await pivotal.says("/pivotal history acme", person=mara)) == "84"
    assert all(each.acked for each in pivotal.slack.deliveries)
