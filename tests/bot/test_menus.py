"""Choosing: the customer where none was given, and who and what to filter by when there is much to choose from."""

from collections.abc import Sequence
from typing import Any

from store import tables
from store.engine import Database
from tests.bot.acme import ACME, GLOBEX, acme
from tests.bot.conftest import Pivotal
from tests.bot.feeds import count, seqs
from tests.builders import a_line

AT = "2026-01-01T00:00:00Z"


def customers(count: int) -> list[dict[str, Any]]:
    return [{"type": "customer", "ref": f"c{number}", "name": f"Customer {number:03d}"} for number in range(count)]


def by(ident: str, name: str | None = None, kind: str = "user") -> dict[str, Any]:
    """A line of something that this actor did."""
    actor = {"type": kind, "id": ident} | ({"name": name} if name else {})
    return a_line(actor=actor, occurred_at=AT, dedupe_key=f"{kind} {ident}")


def quoted(names: Sequence[str]) -> str:
    """Names as the value of a filter."""
    return ",".join(map('"{}"'.format, names))


async def linked(database: Database, pivotal: Pivotal, customer: str) -> None:
    found = await pivotal.store.find_customer(pivotal.workspace, customer)
    row = {"workspace_id": pivotal.workspace, "slack_channel_id": pivotal.room.id, "customer_id": found.id}
    await database.write(lambda connection: connection.execute(tables.channel.insert(), row))


# --- which customer? --------------------------------------------------------------------------------------------------


async def test_without_a_customer_a_picker_asks_and_keeps_the_filters(pivotal: Pivotal) -> None:
    await acme(pivotal)
    asked = await pivotal.says("/pivotal history --actor pi --30d")
    assert asked.prose == "Which customer? Type a few letters of the name."
    assert await asked.options("Choose a customer") == ["Acme Corp (acme.com)", "Globex"]
    shown = await asked.choose("Choose a customer", "Acme Corp (acme.com)", typed="acme")
    assert shown.replaces(asked)
    typed = await pivotal.says("/pivotal history acme --actor pi --30d")
    assert (shown.text, seqs(shown)) == (typed.text, seqs(typed))


async def test_among_many_customers_a_few_letters_find_the_one(pivotal: Pivotal) -> None:
    await pivotal.imports(*customers(130))
    asked = await pivotal.says("/pivotal history")
    assert len(await asked.options("Choose a customer")) == 100
    assert await asked.options("Choose a customer", typed="127") == ["Customer 127"]
    assert await asked.options("Choose a customer", typed="customer 12") == [
        f"Customer 12{digit}" for digit in range(10)
    ]
    assert await asked.options("Choose a customer", typed="%") == []
    shown = await asked.choose("Choose a customer", "Customer 127", typed="127")
    assert shown.text.startswith("Customer 127: No activities")


async def test_in_a_linked_channel_its_customer_is_meant(pivotal: Pivotal, database: Database) -> None:
    await acme(pivotal)
    await linked(database, pivotal, "acme")
    assert (await pivotal.says("/pivotal history --30d")).text == (
        await pivotal.says("/pivotal history acme --30d")
    ).text
    assert (await pivotal.says("/pivotal history globex")).text.startswith("Globex: ")
    elsewhere = pivotal.slack.add_channel("elsewhere", members=[pivotal.sam.user])
    assert "Which customer?" in (await pivotal.says("/pivotal history", channel=elsewhere)).plain


async def test_a_picker_for_a_filter_too_long_for_its_row_keeps_it_too(pivotal: Pivotal) -> None:
    names = [f"Person {number:03d} of the team" for number in range(60)]
    await pivotal.imports(ACME, GLOBEX, *(by(name, name) for name in names))
    asked = await pivotal.says(f"/pivotal history --actor {quoted(names[:50])}")
    shown = await asked.choose("Choose a customer", "Acme Corp (acme.com)", typed="acme")
    assert count(shown) == "50"


# --- by whom, and what? -----------------------------------------------------------------------------------------------


async def test_of_more_than_100_actors_each_can_be_found_and_chosen(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME, *(by(f"p{number}", f"Person {number:03d}") for number in range(150)))
    shown = await pivotal.says("/pivotal history acme")
    assert len(await shown.options("Actors")) == 100
    assert (await shown.options("Actors"))[:2] == ["Me", "Anybody, via Slack"]
    assert await shown.options("Actors", typed="person 14") == [f"Person 14{digit}" for digit in range(10)]
    assert await shown.options("Actors", typed="nobody") == []
    shown = await shown.choose("Actors", ["Person 149"], typed="149")
    assert count(shown) == "1"
    assert "Person 149" in shown.plain


async def test_thirteen_chosen_are_told_by_their_number_and_can_be_dropped_at_once(pivotal: Pivotal) -> None:
    names = [f"Person {number:03d}" for number in range(20)]
    await pivotal.imports(ACME, *(by(name, name) for name in names))
    shown = await (await pivotal.says("/pivotal history acme")).choose("Actors", names[:12])
    assert ", ".join(names[:12]) in shown.plain
    shown = await shown.choose("history:filter:actors", names[:13])
    assert "Actors: 13 chosen" in shown.plain
    assert count(shown) == "13"
    shown = await shown.click("✕ by Person 000, Person 001 or 11 more")
    assert count(shown) == "20"


async def test_all_100_values_of_a_filter_survive_a_click(pivotal: Pivotal) -> None:
    """Their references are too long for a button: the control carries a hash."""
    names = [f"Person {number:03d}" for number in range(120)]
    await pivotal.imports(ACME, *(by(name, name) for name in names))
    shown = await pivotal.says(f"/pivotal history acme --actor {quoted(names[:100])}")
    assert count(shown) == "100"
    older = await shown.click("Older →")
    assert count(older) == "100"
    narrowed = await older.choose("Dates", "Last 7 days")
    assert count(narrowed) == "No"
    assert "Widen" in narrowed.prose
    assert count(await narrowed.click("All time")) == "100"


async def test_an_actor_whose_id_slack_cannot_hold_in_an_option_is_filtered_by_name(pivotal: Pivotal) -> None:
    long = "k" * 190
    await pivotal.imports(ACME, by(long, "Long Key", "api"), by("short", "Short Key", "api"))
    shown = await pivotal.says('/pivotal history acme --actor "Long Key"')
    assert count(shown) == "1"
    assert "Actors: 1 chosen" in shown.plain
    assert await shown.options("history:filter:actors", typed="key") == ["Short Key"]
    assert count(await shown.click("✕ by Long Key")) == "2"


async def test_the_types_that_occur_are_offered_with_their_families(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    offered = await shown.options("Event types")
    assert {"task (all)", "task.created", "task.completed", "pi.nudge", "usage.limit_reached"} <= set(offered)
    assert "contact.added" not in offered
    assert await shown.options("Event types", typed="nudge") == ["pi.nudge"]
    chosen = await shown.choose("Event types", ["task (all)", "pi.nudge"])
    assert count(chosen) == "36"


async def test_two_people_of_one_name_are_told_apart_when_a_command_is_copied(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME, by("first", "Ann Lee"), by("second", "Ann Lee"))
    both = await pivotal.says('/pivotal history acme --actor "Ann Lee"')
    assert count(both) == "2"
    menu = await (await pivotal.says("/pivotal history acme")).options("Actors", typed="ann")
    assert menu == ["Ann Lee", "Ann Lee"]
    only = await (await pivotal.says("/pivotal history acme")).choose("Actors", ["Ann Lee"])
    assert count(only) == "1"
    copied = (await only.menu("Copy as command")).plain.splitlines()[-1]
    assert seqs(await pivotal.says(copied)) == seqs(only)


async def test_a_person_called_like_a_keyword_is_not_taken_for_it(pivotal: Pivotal) -> None:
    await pivotal.imports(
        ACME, by("human", "Pi"), a_line(actor={"type": "pi", "id": "pi"}, occurred_at=AT, dedupe_key="x")
    )
    assert count(await pivotal.says("/pivotal history acme --actor pi")) == "1"
    human = await pivotal.says("/pivotal history acme --actor @pi")
    copied = (await human.menu("Copy as command")).plain.splitlines()[-1]
    assert seqs(await pivotal.says(copied)) == seqs(human)


async def test_a_mention_means_the_person_as_slack_knows_them(pivotal: Pivotal) -> None:
    await acme(pivotal)
    assert seqs(await pivotal.says("/pivotal history acme --actor @sam")) == seqs(
        await pivotal.says("/pivotal history acme --actor me")
    )
    pivotal.joins("Nobody Yet", handle="nobody")
    assert "has done nothing here" in (await pivotal.says("/pivotal history acme --actor @nobody")).plain
