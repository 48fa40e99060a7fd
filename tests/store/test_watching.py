"""What a watch means is what the feed means, and each activity is told once."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from store import Store, tables
from store.actors import Person
from store.domain.activity import ActorType, Ref, Source
from store.domain.errors import NotFound, Refused, UsageError
from store.domain.grammar.watches import NewWatch, parse_watch
from store.domain.query import HistoryQuery, Reader
from store.domain.record import By
from store.domain.watch import means
from store.domain.words import words
from store.engine import Database
from store.resolve import settled
from tests.bench.replay import bare, sent
from tests.builders import a_customer, a_line, a_reader, an_activity, another_workspace, imported
from tests.export.slices import filters, lines
from tests.store.test_meanwhile import before_statement

NEW = 3
"""Activities since the last look."""
SOME = 200
"""Keys, or steps of SQLite's machine, by which one look may differ from another; a log of 4,000 has some for each."""


@pytest.fixture
async def reader(store: Store, workspace: str) -> Reader:
    person = await store.remember(workspace, Person(slack_user_id="U1", name="Sam Watcher"))
    return a_reader(person.ref)


def by(reader: Reader) -> By:
    assert reader.person is not None
    return By(actor=Ref.parse(reader.person), source=Source.SLACK)


async def watch(store: Store, workspace: str, reader: Reader, typed: str) -> int:
    asked = parse_watch(words(typed))
    made = await store.watching.add(workspace, asked, channel=asked.channel, by=by(reader), reader=reader)
    return made.number


async def told(database: Database) -> list[tuple[str | None, list[tuple[str, int]], int]]:
    """What waits to be sent: its place, its activities, and how much more there was."""
    o = tables.outbox.c
    rows = await database.read(
        lambda c: c.execute(sa.select(o.channel, o.body).where(o.kind == "watch").order_by(o.created_at, o.id)).all()
    )
    return [(channel, [(of, seq) for of, seq in body["told"]], body["more"]) for channel, body in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters)
async def test_a_watch_means_what_the_feed_finds(
    store: Store, database: Database, workspace: str, query: HistoryQuery
) -> None:
    if not await store.customer_choices(workspace, ""):
        await imported(store, workspace, *lines(seed=5))
    customer = (await store.customer_choices(workspace, ""))[0].id
    query = replace(query, window=None)
    page = await store.history(workspace, query, a_reader(), limit=1000)
    everything = (await store.history(workspace, HistoryQuery(customer), a_reader(), limit=1000)).entries
    kept = await database.read(lambda c: settled(c, workspace, customer, query, a_reader()))
    assert [each.seq for each in everything if means(kept, each)] == [each.seq for each in page.entries]


async def test_what_is_recorded_is_told_of_once_however_many_look(
    store: Store, database: Database, elsewhere: Database, workspace: str, reader: Reader
) -> None:
    acme = await a_customer(store, workspace)
    await store.record(workspace, acme, [an_activity()])
    await watch(store, workspace, reader, "acme <#C1>")
    await store.record(workspace, acme, [an_activity(), an_activity()])
    await asyncio.gather(store.watching.collect(), Store(elsewhere).watching.collect())
    await store.watching.collect()
    assert await told(database) == [("C1", [(acme, 2), (acme, 3)], 0)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # in SQLite nobody else writes while it looks
async def test_what_comes_while_it_looks_is_told_once(
    database: Database, elsewhere: Database, workspace: str, reader: Reader
) -> None:
    store, other = Store(database), Store(elsewhere)
    acme = await a_customer(store, workspace)
    await watch(store, workspace, reader, "acme <#C1>")
    recorded = number = 0

    async def meanwhile() -> None:
        nonlocal recorded
        await other.record(workspace, acme, [an_activity()])
        recorded += 1

    while True:
        await meanwhile()
        with before_statement(number, database, meanwhile) as asked:
            await store.watching.collect()
        if asked[0] <= number:
            break
        number += 1
    await store.watching.collect()
    assert number > 5
    assert sum(len(named) + more for _, named, more in await told(database)) == recorded


async def test_a_look_reads_no_more_of_long_logs_than_of_short(
    store: Store, database: Database, database_url: str, workspace: str, reader: Reader
) -> None:
    """Nor before the database has counted what is in its tables."""
    customers = [await a_customer(store, workspace, f"Customer {n}") for n in range(20)]
    await watch(store, workspace, reader, "<#C1> --all")
    read = []
    for length in (5, 200):
        each = [(n, at) for n in range(len(customers)) for at in range(length)]
        await imported(
            store, workspace, *(a_line(customer=f"Customer {n}", dedupe_key=f"{length} {n} {at}") for n, at in each)
        )
        await store.watching.collect()
        for customer in customers:
            await store.record(workspace, customer, [an_activity() for _ in range(NEW)])
        with sent() as statements:
            await store.watching.collect()
        [new] = [each for each in statements if "activity" in each.text]
        await database.write(_as_before_the_look)
        async with bare(database_url) as connection:
            read.append(await connection.keys(new))
        await store.watching.collect()
    short, long = read
    assert short > 0
    assert long < short + SOME


def _as_before_the_look(connection: sa.Connection) -> None:
    connection.execute(tables.watched.update().values(seq=tables.watched.c.seq - NEW))


async def test_a_minute_makes_one_message_and_says_how_much_it_leaves_out(
    store: Store, database: Database, workspace: str, reader: Reader
) -> None:
    acme = await a_customer(store, workspace)
    await watch(store, workspace, reader, "acme <#C1>")
    await store.record(workspace, acme, [an_activity()])
    await store.watching.collect()
    o = tables.outbox.c
    await database.write(lambda c: c.execute(tables.outbox.update().where(o.kind == "watch").values(state="sent")))
    for _ in range(4):
        await store.record(workspace, acme, [an_activity() for _ in range(5)])
        await store.watching.collect()
    first, second = await told(database)
    assert first == ("C1", [(acme, 1)], 0)
    assert second == ("C1", [(acme, seq) for seq in range(2, 14)], 8)
    waits = await database.read(
        lambda c: c.execute(sa.select(o.due_at - o.created_at).where(o.state == "pending")).scalar_one()
    )
    assert waits  # not at once: the first was sent less than a minute ago


async def test_all_customers_of_an_owner_or_with_a_tag_are_watched_as_they_are_now(
    store: Store, database: Database, workspace: str, reader: Reader
) -> None:
    acme = await a_customer(store, workspace, tags=["VIP"])
    globex = await a_customer(store, workspace, "Globex")
    await store.record(workspace, globex, [an_activity("pi.nudge")])
    await watch(store, workspace, reader, "<#C1> --tag vip")
    await watch(store, workspace, reader, "<#C2> --owner me")
    await watch(store, workspace, reader, "<#C3> --all --type nudge")
    for customer in (acme, globex):
        await store.record(workspace, customer, [an_activity()])
    await store.watching.collect()
    assert await told(database) == [("C1", [(acme, 1)], 0)]


async def test_what_is_imported_and_what_was_before_is_not_told(
    store: Store, database: Database, workspace: str, reader: Reader
) -> None:
    await imported(store, workspace, *lines(seed=5))
    await watch(store, workspace, reader, "<#C1> --all")
    await imported(store, workspace, {"type": "customer", "ref": "globex", "name": "Globex"}, *lines(seed=6))
    await store.watching.collect()
    assert await told(database) == []


async def test_thousands_of_activities_are_looked_at_in_pieces(
    store: Store, database: Database, workspace: str, reader: Reader
) -> None:
    customers = [await a_customer(store, workspace, f"Customer {n}") for n in range(60)]
    await watch(store, workspace, reader, "<#C1> --all --type nudge")
    for customer in customers:
        await store.record(workspace, customer, [an_activity()])
    await store.record(workspace, customers[0], [an_activity() for _ in range(450)])
    await store.record(workspace, customers[0], [an_activity("pi.nudge")])
    await store.watching.collect()
    assert await told(database) == [("C1", [(customers[0], 452)], 0)]


async def test_a_watch_begins_when_it_is_made_again(
    store: Store, database: Database, workspace: str, reader: Reader
) -> None:
    acme = await a_customer(store, workspace)
    number = await watch(store, workspace, reader, "acme <#C1>")
    await store.watching.remove(workspace, number, by(reader), admin=False)
    await store.record(workspace, acme, [an_activity()])
    await store.watching.collect()
    assert await watch(store, workspace, reader, "acme <#C1>") == number + 1
    await store.record(workspace, acme, [an_activity()])
    await store.watching.collect()
    assert await told(database) == [("C1", [(acme, 2)], 0)]


@pytest.mark.parametrize(
    "typed, error",
    [
        ("", UsageError),
        ("nobody", NotFound),
        ("acme --actor Nobody", NotFound),
        ("acme --type statuss", NotFound),
        ("acme --field plann", NotFound),
        ("--all --field plann", NotFound),
        ("--all --type statuss", NotFound),
    ],
)
async def test_a_watch_that_can_mean_nothing_is_not_made(
    store: Store, workspace: str, reader: Reader, typed: str, error: type[Exception]
) -> None:
    await a_customer(store, workspace)
    with pytest.raises(error):
        await watch(store, workspace, reader, typed)
    assert (await store.watching.listed(workspace))[0] == []


async def test_the_same_watch_is_there_once(store: Store, workspace: str, reader: Reader) -> None:
    await a_customer(store, workspace)
    await watch(store, workspace, reader, "acme <#C1> --actor me")
    with pytest.raises(Refused, match="Watch 1 does that already"):
        await watch(store, workspace, reader, "acme <#C1> --actor me")


@pytest.mark.promise(id="S6")
async def test_watches_of_another_workspace_are_not_there(
    store: Store, database: Database, workspace: str, reader: Reader
) -> None:
    other = await another_workspace(database, "T0OTHER")
    theirs = await a_customer(store, other)
    await watch(store, workspace, reader, "<#C1> --all")
    await store.record(other, theirs, [an_activity()])
    await store.watching.collect()
    assert await told(database) == []
    stranger = By(actor=Ref(ActorType.USER, "usr_stranger"), source=Source.SLACK)
    with pytest.raises(NotFound):
        await store.watching.remove(other, 1, stranger, admin=True)
    with pytest.raises(NotFound):
        await store.watching.add(
            other, NewWatch(HistoryQuery(), replace(parse_watch(words("acme")).scope, customer="cus_nobody")),
            channel=None, by=stranger, reader=reader,
        )  # fmt: skip
