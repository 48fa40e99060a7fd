"""More people ask at once than can be answered in time."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from bot.answers import Budget
from bot.turns import PLACES, Busy, Turns, elsewhere
from store.domain.query import HistoryQuery
from store.engine import connect
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.bot.slow import Held
from tests.conftest import STEADY

BUSY = "Too many ask at this moment. Nothing was changed. Try again in a few seconds."
ASK_FIRST = timedelta(seconds=3)
"""So long that what was typed at once has begun, however busy the machine is."""


async def test_whose_turn_does_not_come_reads_so_and_nothing_was_done(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.asks_without_end()
    database = Held(connect(pivotal.database_url, patience=STEADY))
    await pivotal.restarts(database=database, budget=Budget(ack=ASK_FIRST, sentence=timedelta(seconds=30)))
    await pivotal.says("/pivotal history acme")  # who Sam is, is known from here on
    database.hold()
    values = [f"turn {number}" for number in range(PLACES + 6)]
    typed = [asyncio.create_task(pivotal.says(f'/pivotal set acme plan="{value}"')) for value in values]
    turned_away, waiting = await asyncio.wait(typed, timeout=2 * ASK_FIRST.total_seconds())
    assert [each.result().plain for each in turned_away] == [BUSY] * 6
    database.let_go()
    answers = [shown.plain for shown in await asyncio.gather(*waiting)]
    assert len(answers) == PLACES
    page = await pivotal.page(HistoryQuery("acme", fields=("plan",)))
    done = {str(change.new) for each in page.entries for change in each.changes} & set(values)
    assert len(done) == PLACES
    assert all(any(value in answer for answer in answers) for value in done)
    assert "turn" in (await pivotal.says('/pivotal set acme plan="my turn"')).plain
    async with aiohttp.ClientSession() as http, http.get(pivotal.urls[0].replace("/slack/events", "/metrics")) as told:
        assert "pivotal_turned_away_total 6.0" in await told.text()


async def test_turns_are_given_in_the_order_of_asking() -> None:
    turns = Turns(timedelta(seconds=30), places=2)
    came: list[int] = []

    async def one(number: int) -> None:
        async with turns.taken():
            came.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))
    assert came == list(range(20))
    assert turns.turned_away == 0


async def test_a_place_is_free_again_whatever_became_of_who_had_it() -> None:
    turns = Turns(timedelta(milliseconds=20), places=1)
    with pytest.raises(ZeroDivisionError):
        async with turns.taken():
            raise ZeroDivisionError
    async with turns.taken():
        with pytest.raises(Busy):
            async with turns.taken():
                pytest.fail("there was no place")
        assert turns.turned_away == 1
    async with turns.taken():
        assert turns.turned_away == 1


async def test_while_one_waits_for_slack_another_has_the_place() -> None:
    turns = Turns(timedelta(seconds=30), places=1)
    said = asyncio.Event()
    came: list[str] = []

    async def asks_slack() -> None:
        async with turns.taken():
            async with elsewhere():
                await said.wait()
            came.append("who asked")

    async def is_quick() -> None:
        async with turns.taken():
            came.append("another")
            said.set()
            await asyncio.sleep(0)
            came.append("still the other")

    await asyncio.gather(asks_slack(), is_quick())
    assert came == ["another", "still the other", "who asked"]


async def test_what_is_started_in_a_turn_has_none() -> None:
    """A job that a command wakes does not give away that command's place."""
    turns = Turns(timedelta(milliseconds=20), places=1)

    async def job() -> None:
        async with elsewhere():
            with pytest.raises(Busy):
                async with turns.taken():
                    pytest.fail("the place was given away")

    async with turns.taken():
        await asyncio.create_task(job())
