"""Nothing is remembered between clicks: a feed outlives the process that showed it, and any process can go on with it."""

from tests.bot.acme import ACME, acme
from tests.bot.conftest import Pivotal
from tests.bot.feeds import command, count, seqs
from tests.bot.test_menus import by, quoted


async def test_a_feed_goes_on_after_each_restart(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme --not-actor stripe --90d")
    await pivotal.restarts()
    shown = await shown.choose("Actors", ["Me", "Pi"])
    await pivotal.restarts()
    shown = await shown.click("Older →")
    await pivotal.restarts()
    shown = await shown.click("Details", nth=1)
    await pivotal.restarts()
    expected = known.count(lambda each: known.days(each) <= 90 and str(each.actor) in {known.sam, "pi:pi"})
    assert count(shown) == str(expected)
    assert command(await shown.menu("Copy as command")) == (
        "/pivotal history acme-corp --actor me,pi --not-actor stripe --90d"
    )
    await pivotal.restarts()
    typed = await pivotal.says("/pivotal history acme --90d --actor pi,me")
    assert seqs(await shown.click("← Newer")) == seqs(typed)


async def test_a_query_too_long_for_a_control_is_kept_through_a_restart(pivotal: Pivotal) -> None:
    names = [f"Person {number:03d}" for number in range(110)]
    await pivotal.imports(ACME, *(by(name, name) for name in names))
    shown = await pivotal.says(f"/pivotal history acme --actor {quoted(names[:95])}")
    assert all(str(each.get("block_id", "")).count("|#") for each in shown.blocks[1:2]), "the row carries a hash"
    await pivotal.restarts()
    shown = await shown.click("Older →")
    await pivotal.restarts()
    shown = await shown.choose("Dates", "Last 7 days")
    await pivotal.restarts()
    assert count(await shown.choose("Dates", "All time")) == "95"


async def test_two_processes_take_turns_on_one_feed(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.starts()
    shown = await pivotal.says("/pivotal history acme")
    found = seqs(shown)
    for _ in range(4):
        shown = await shown.click("Older →")
        found += seqs(shown)
    assert found == list(range(1, 51))


async def test_a_button_of_another_database_says_what_to_do(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    button = next(
        each
        for block in shown.blocks
        for each in block.get("elements", [])
        if each.get("action_id") == "history:go:older"
    )
    button["value"] = "#" + "0" * 40
    answer = await shown.click("Older →")
    assert answer.plain == "That button leads nowhere any more. Type the command again."
