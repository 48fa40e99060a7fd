"""The chain: tampering shows, whoever holds the database; honest histories raise no alarm."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from store import Store, activities, tables
from store.chain import Fault
from store.domain.activity import HUBSPOT, ActorType, Change, NewActivity, Ref, Source
from store.engine import Database
from store.importing import Importer, parse_line
from tests.builders import NOW, a_customer, a_line, an_activity, imported
from tests.store import tampering
from tests.store.tampering import Tamper, Victim

pytestmark = pytest.mark.promise(id="R21")

SAM = Ref(ActorType.USER, "usr_sam")


async def histories(store: Store, database: Database, workspace: str, lengths: Mapping[str, int]) -> dict[str, str]:
    """Customers of these names with so many activities each, every column of which says something. Returns ids by name."""
    await imported(store, workspace, *({"type": "customer", "ref": name, "name": name} for name in lengths))
    found = {name: (await store.find_customer(workspace, name)).id for name in lengths}

    def work(connection: sa.Connection) -> None:
        for name, length in lengths.items():
            for at in range(length):
                activities.append(connection, workspace, found[name], a_full_activity(at))

    await database.write(work)
    return found


def a_full_activity(at: int) -> NewActivity:
    return an_activity(
        "task.created" if at % 7 == 0 else "customer.field_changed",
        actor=(SAM, HUBSPOT)[at % 2],
        source=(Source.SLACK, Source.HUBSPOT)[at % 2],
        occurred_at=NOW - timedelta(hours=at * 37 % 1000),
        changes=[Change("plan", f"Plan {at}", "Growth"), Change("tags", (), ("a", f"{at}"))],
        text=f"note {at}",
        subject="task:tsk_1",
        onboarding_id="case-1",
        edit_id=f"edt_{at}",
        refs={"of": [at]},
    )


Victims = Mapping[str, tuple[str, Tamper, int]]
"""By customer: the way in which it is tampered with, and the length of its history."""


async def some_victims(
    store: Store, database: Database, workspace: str, ways: Mapping[str, Tamper], times: int
) -> Victims:
    random = Random(21)
    chosen = {
        f"{name} {time}": (name, way, random.randint(2, 20)) for name, way in ways.items() for time in range(times)
    }
    found = await histories(store, database, workspace, {each: length for each, (_, _, length) in chosen.items()})
    return {found[each]: victim for each, victim in chosen.items()}


async def tampered(database: Database, workspace: str, victims: Victims) -> dict[str, tuple[str, int]]:
    """Do it. Returns who must be reported, with way and seq."""
    random = Random(4)
    await database.alter(tampering.without_triggers)

    def work(connection: sa.Connection) -> dict[str, tuple[str, int]]:
        return {
            customer: (name, way(Victim(connection, workspace, customer, length, random)))
            for customer, (name, way, length) in victims.items()
        }

    return await database.write(work)


def misjudged(expected: Mapping[str, tuple[str, int]], faults: Sequence[Fault]) -> list[str]:
    """What verify has missed, or put elsewhere; those who were not tampered with among them."""
    found = {fault.customer_id: fault for fault in faults}
    wrong = [
        f"{way} at {seq}: {found.get(customer)}"
        for customer, (way, seq) in expected.items()
        if customer not in found or found[customer].seq != seq
    ]
    # A row that was given away is one too many where it went.
    return wrong + [str(fault) for ident, fault in found.items() if ident.removesuffix("-2") not in expected]


async def test_every_tampering_is_reported_with_its_customer_and_seq(
    store: Store, elsewhere: Database, workspace: str, full: bool
) -> None:
    honest = await histories(store, elsewhere, workspace, {"Acme": 5, "Globex": 0, "Initech": 1})
    ways = {**tampering.EVERYWHERE, **(tampering.ON_SQLITE if elsewhere.dialect == "sqlite" else {})}
    victims = await some_victims(store, elsewhere, workspace, ways, 100 if full else 3)
    expected = await tampered(elsewhere, workspace, victims)
    checked = await Store(elsewhere).verify(workspace)
    assert misjudged(expected, checked.faults) == []
    for customer, (_, seq) in [*expected.items()][:: len(expected) // 20]:
        (fault,) = (await Store(elsewhere).verify(workspace, customer)).faults
        assert (fault.customer_id, fault.seq) == (customer, seq)
        assert fault.customer
        assert fault.what
    for customer in honest.values():
        assert (await store.verify(workspace, customer)).faults == ()


async def test_a_tail_that_was_cut_with_its_head_shows_against_an_anchor_only(
    store: Store, elsewhere: Database, workspace: str, full: bool
) -> None:
    victims = await some_victims(store, elsewhere, workspace, tampering.ANCHORED, 100 if full else 5)
    anchors = {head.customer_id: head for head in await store.heads(workspace)}
    expected = await tampered(elsewhere, workspace, victims)
    assert (await store.verify(workspace)).faults == ()
    assert misjudged(expected, (await store.verify(workspace, anchors=anchors)).faults) == []
    customer = next(iter(expected))
    (fault,) = (await store.verify(workspace, customer, anchors)).faults
    assert fault.seq == expected[customer][1]


async def test_a_customer_who_is_gone_with_everything_shows_against_an_anchor(
    store: Store, elsewhere: Database, workspace: str
) -> None:
    gone, stays = (await histories(store, elsewhere, workspace, {"Gone": 3, "Stays": 3})).values()
    anchors = {head.customer_id: head for head in await store.heads(workspace)}
    await elsewhere.alter(tampering.without_triggers)

    def work(connection: sa.Connection) -> None:
        for table, column in (
            (tables.activity_field, tables.activity_field.c.customer_id),
            (tables.activity, tables.activity.c.customer_id),
            (tables.external_id, tables.external_id.c.customer_id),
            (tables.customer, tables.customer.c.id),
        ):
            connection.execute(table.delete().where(column == gone))

    await elsewhere.write(work)
    assert (await store.verify(workspace)).faults == ()
    (fault,) = (await store.verify(workspace, anchors=anchors)).faults
    assert (fault.customer_id, fault.seq) == (gone, 1)
    assert (await store.verify(workspace, stays, anchors)).faults == ()


async def redact(database: Database, workspace: str, customer: str, seqs: Sequence[int]) -> None:
    """The one change that the triggers allow, as an erasure makes it."""
    a = tables.activity.c

    def work(connection: sa.Connection) -> None:
        named = sa.and_(a.workspace_id == workspace, a.customer_id == customer, a.seq.in_(seqs))
        connection.execute(
            tables.activity.update().where(named).values(changes=None, text="removed contact", salt=None)
        )

    await database.write(work)


async def test_honest_histories_raise_no_alarm(store: Store, elsewhere: Database, workspace: str, full: bool) -> None:
    """Imported and recorded, with ties and late arrivals, some rows redacted and listed."""
    importer, random = Importer(workspace), Random(5)
    length = 100_000 if full else 600
    customers = [await a_customer(store, workspace, f"Customer {at}") for at in range(10 if full else 5)]
    for number, customer in enumerate(customers):
        for start in range(0, length, 5000):
            lines = [
                a_line(
                    customer=f"Customer {number}",
                    occurred_at=(NOW - timedelta(minutes=random.randrange(10_000))).isoformat(),
                    changes=[{"field": f"field {at % 9}", "old": at, "new": [f"{at / 7}", "ä"]}] * (at % 3),
                    text=f"{at}",
                )
                for at in range(start, min(length, start + 5000))
            ]
            await Store(elsewhere).import_lines(importer, [parse_line(1, json.dumps(line)) for line in lines])
        seqs = random.sample(range(1, length + 1), 40)
        await redact(elsewhere, workspace, customer, seqs)
        removed = [Change("contact", "removed contact", None)]
        listed = an_activity("contact.removed", changes=removed, refs={"redacted": seqs})
        await store.record(workspace, customer, [listed, an_activity()])
    anchors = {head.customer_id: head for head in await store.heads(workspace)}
    checked = await Store(elsewhere).verify(workspace, anchors=anchors)
    assert checked.faults == ()
    assert checked.customers == len(customers)
    assert checked.activities == len(customers) * (length + 2)


async def test_a_history_that_grows_meanwhile_raises_no_alarm(
    store: Store, elsewhere: Database, workspace: str
) -> None:
    customers = (await histories(store, elsewhere, workspace, {"Acme": 3, "Globex": 3, "Initech": 3})).values()
    done = asyncio.Event()

    async def grows() -> None:
        while not done.is_set():
            for customer in customers:
                await Store(elsewhere).record(workspace, customer, [an_activity()])

    growing = asyncio.create_task(grows())
    for _ in range(25):
        assert (await store.verify(workspace)).faults == ()
    done.set()
    await growing
    assert (await store.verify(workspace)).activities > 3 * 3


async def test_all_histories_are_walked_one_after_the_other_and_told_of(
    store: Store, elsewhere: Database, workspace: str
) -> None:
    await histories(store, elsewhere, workspace, {"Acme": 3, "Globex": 2, "Initech": 5})
    moments: list[str] = []

    def begun(connection: sa.Connection) -> None:
        moments.append("begun")

    told: list[tuple[int, int]] = []
    event.listen(sa.Engine, "begin", begun)
    try:
        checked = await store.verify(workspace, told=lambda done, of: told.append((done, of)))
    finally:
        event.remove(sa.Engine, "begin", begun)
    assert (checked.customers, checked.activities) == (3, 10)
    assert [of for _, of in told] == [10] * 3
    assert told[-1][0] == 10
    assert sorted(done for done, _ in told) == [done for done, _ in told]
    assert len(moments) == 1 + 3  # which there are, and each


async def test_a_row_redacted_without_a_removal_is_a_fault_until_one_lists_it(
    store: Store, elsewhere: Database, workspace: str
) -> None:
    (customer,) = (await histories(store, elsewhere, workspace, {"Acme": 9})).values()
    await redact(elsewhere, workspace, customer, [4, 7])
    (fault,) = (await store.verify(workspace)).faults
    assert fault.seq == 4
    await store.record(workspace, customer, [an_activity("contact.removed", refs={"redacted": [4]})])
    (fault,) = (await store.verify(workspace)).faults
    assert fault.seq == 7
    await store.record(workspace, customer, [an_activity("contact.removed", refs={"redacted": [7]})])
    assert (await store.verify(workspace)).faults == ()
