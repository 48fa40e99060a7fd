"""Retention: what has had its time goes from the beginning of a history, and nothing else; the rest verifies from there."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.util import await_only

from store import Store, chain, purging, retention, tables
from store.access import Scope
from store.actors import Person
from store.backup import dumping, erased
from store.chain import GENESIS, Head
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.errors import NotFound, UsageError
from store.domain.grammar.watches import parse_watch
from store.domain.nudge import Kept
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.domain.words import words
from store.engine import Database
from store.nudging.schedules import NUDGES, Terms
from store.programs import After, Asked
from store.retention import Retention
from tests.aging import grown_old, unguarded
from tests.builders import a_customer, a_line, a_reader, an_activity, another_workspace, history, imported
from tests.store.test_backup import backed_up, loaded, read, target
from tests.store.test_tenants import everything_of

__all__ = ["target"]

A, F, C, P = tables.activity, tables.activity_field, tables.customer, tables.checkpoint
YEAR = {"retention_days": 365}


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0)


async def seqs(store: Store, workspace: str, customer: str) -> list[int]:
    """What is kept, oldest first."""
    return sorted(each.seq for each in (await history(store, workspace, HistoryQuery(customer))).entries)


async def aged(store: Store, database: Database, workspace: str, *ages: float, name: str = "Acme Corp") -> str:
    """The id of a customer with an entry of each of these ages, in days."""
    customer = await a_customer(store, workspace, name)
    await store.record(workspace, customer, [an_activity(text=f"note {number}") for number in range(len(ages))])
    await grown_old(database, workspace, customer, *ages)
    return customer


# --- what goes, and what stays ----------------------------------------------------------------------------------------


async def test_what_has_had_its_time_goes_and_the_rest_verifies_from_there(
    store: Store, database: Database, workspace: str
) -> None:
    acme = await aged(store, database, workspace, 500, 400, 366, 364, 10)
    anchors = {head.customer_id: head for head in await store.heads(workspace)}
    await store.set_settings(workspace, YEAR)
    plan = await store.retention.plan(workspace)
    assert (plan.kept, plan.removed, plan.customers, plan.activities) == (5, 0, 1, 3)
    (done,) = await store.retention.remove_all()
    assert (done.workspace, done.customers, done.activities, done.faults) == (workspace, 1, 3, ())
    assert await seqs(store, workspace, acme) == [4, 5]
    checked = await store.verify(workspace, anchors=anchors)
    assert (checked.activities, checked.removed, checked.faults) == (2, 3, ())
    assert await store.record(workspace, acme, [an_activity()]) == [6]
    checked = await store.verify(workspace)
    assert (checked.activities, checked.removed, checked.faults) == (3, 3, ())
    plan = await store.retention.plan(workspace)
    assert (plan.kept, plan.removed, plan.customers, plan.activities) == (3, 3, 0, 0)
    assert [each.activities for each in await store.retention.remove_all()] == [0]


async def test_an_entry_behind_one_that_stays_stays(store: Store, database: Database, workspace: str) -> None:
    """The database's clock may have been put back: the log goes by seq."""
    acme = await aged(store, database, workspace, 400, 10, 500, 9)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.plan(workspace)).activities == 1
    await store.retention.remove(workspace)
    assert await seqs(store, workspace, acme) == [2, 3, 4]
    assert (await store.verify(workspace)).faults == ()


async def test_it_goes_by_when_something_was_recorded(store: Store, database: Database, workspace: str) -> None:
    """Whoever brings in an old history keeps it for as long as any other; what a writer says of the time deletes nothing."""
    await a_customer(store, workspace, ref="acme")
    await imported(store, workspace, *(a_line(occurred_at=f"20{year}-01-01T00:00:00Z") for year in range(10, 20)))
    await store.set_settings(workspace, {"retention_days": 30})
    assert (await store.retention.remove(workspace)).activities == 0


async def test_a_whole_history_may_go_and_another_begins(store: Store, database: Database, workspace: str) -> None:
    acme = await aged(store, database, workspace, 400, 399)
    anchors = {head.customer_id: head for head in await store.heads(workspace)}
    await store.set_settings(workspace, YEAR)
    await store.retention.remove(workspace)
    checked = await store.verify(workspace, anchors=anchors)
    assert (checked.activities, checked.removed, checked.faults) == (0, 2, ())
    assert await store.record(workspace, acme, [an_activity()]) == [3]
    assert (await store.verify(workspace, anchors=anchors)).faults == ()


async def test_without_the_setting_all_is_kept(store: Store, database: Database, workspace: str) -> None:
    await aged(store, database, workspace, 4000)
    assert await store.retention.remove_all() == []
    assert (await store.retention.remove(workspace)).activities == 0
    plan = await store.retention.plan(workspace)
    assert (plan.days, plan.before, plan.kept, plan.activities) == (None, None, 1, 0)


@pytest.mark.promise(id="S6")
async def test_another_workspace_is_not_touched(store: Store, database: Database, workspace: str) -> None:
    other = await another_workspace(database, "T0THEIRS")
    for each in (workspace, other):
        await aged(store, database, each, 400, 10)
    before = await everything_of(database, other)
    await store.set_settings(workspace, YEAR)
    assert [each.workspace for each in await store.retention.remove_all()] == [workspace]
    assert (await store.verify(workspace)).removed == 1
    assert await everything_of(database, other) == before


async def test_of_many_histories_each_loses_its_old_beginning_and_nothing_else(
    store: Store, database: Database, workspace: str, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their ages, clocks that were put back among them, and however they fall into pieces; some entries are redacted."""
    monkeypatch.setattr(retention, "PIECE", 4)
    random, expected = Random(49), {}
    for number in range(200 if full else 25):
        ages = sorted((random.choice([1, 364.9, 365.1, 500]) for _ in range(random.randrange(14))), reverse=True)
        if random.random() < 0.3:
            random.shuffle(ages)
        customer = await aged(store, database, workspace, *ages, name=f"Corp {number}")
        young = next((at for at, age in enumerate(ages) if age < 365), len(ages))
        expected[customer] = list(range(young + 1, len(ages) + 1))
        if ages:
            await redacted(database, workspace, customer, random.randint(1, len(ages)))
            expected[customer].append(len(ages) + 1)
    await store.set_settings(workspace, YEAR)
    await store.retention.remove(workspace)
    assert {each: await seqs(store, workspace, each) for each in expected} == expected
    checked = await store.verify(workspace)
    assert checked.faults == ()
    assert checked.activities == sum(map(len, expected.values()))


async def redacted(database: Database, workspace: str, customer: str, seq: int) -> None:
    """As an erasure does it."""
    store = Store(database)
    mine = sa.and_(A.c.workspace_id == workspace, A.c.customer_id == customer, A.c.seq == seq)
    gone: dict[str, Any] = {"changes": sa.null(), "text": "removed contact", "salt": None}
    await database.write(lambda c: c.execute(A.update().where(mine).values(gone)))
    await store.record(workspace, customer, [an_activity("contact.removed", changes=(), refs={"redacted": [seq]})])


async def test_nothing_is_left_of_it_in_the_index_of_fields(store: Store, database: Database, workspace: str) -> None:
    acme = await aged(store, database, workspace, 400, 399, 10)
    await redacted(database, workspace, acme, 2)
    await store.set_settings(workspace, YEAR)
    await store.retention.remove(workspace)
    fields = sa.select(F.c.seq).where(F.c.workspace_id == workspace).order_by(F.c.seq)
    assert await database.read(lambda c: c.execute(fields).scalars().all()) == [3]


# --- in pieces, by several, killed ------------------------------------------------------------------------------------


async def test_two_at_once_do_it_once(
    store: Store, walled: Database, elsewhere: Database, database: Database, workspace: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(retention, "PIECE", 2)
    for name in ("Acme", "Globex", "Initech"):
        await aged(store, database, workspace, *range(400, 390, -1), 10, name=name)
    await store.set_settings(workspace, YEAR)
    both = (Retention(walled, walled), Retention(elsewhere, elsewhere))
    done = await asyncio.gather(*(each.remove(workspace) for each in both))
    assert sum(each.activities for each in done) == 30
    checked = await store.verify(workspace)
    assert (checked.activities, checked.removed, checked.faults) == (3, 30, ())


async def test_while_others_record_nothing_is_lost(
    store: Store, elsewhere: Database, database: Database, workspace: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(retention, "PIECE", 1)
    acme = await aged(store, database, workspace, *range(430, 400, -1))
    await store.set_settings(workspace, YEAR)
    removing = asyncio.create_task(Retention(elsewhere, elsewhere).remove(workspace))
    recorded = 0
    while not removing.done():
        await store.record(workspace, acme, [an_activity()])
        recorded += 1
    assert (await removing).activities == 30
    checked = await store.verify(workspace)
    assert (checked.activities, checked.removed, checked.faults) == (recorded, 30, ())


REMOVING = """
import asyncio, os, time
from store import retention
from store.engine import JOB, connect

retention.PIECE, retention.PAUSE = 2, 0
remove, pieces = retention._remove, []

def held(*given):
    remove(*given)
    pieces.append(given)
    if len(pieces) == 4:
        print("in the middle", flush=True)
        time.sleep(600)

async def main():
    database = connect(os.environ["DATABASE_URL"], patience=JOB)
    retention._remove = held
    await retention.Retention(database, database).remove(os.environ["WORKSPACE"])

asyncio.run(main())
"""


async def test_killed_in_the_middle_all_is_whole_and_the_next_one_goes_on(
    store: Store, database: Database, database_url: str, workspace: str
) -> None:
    """Three pieces are committed then, and the fourth is not."""
    acme = await aged(store, database, workspace, *range(420, 400, -1), 10)
    await store.set_settings(workspace, YEAR)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", REMOVING),
        env={**os.environ, "DATABASE_URL": database_url, "WORKSPACE": workspace, "PYTHONPATH": str(Path.cwd())},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"in the middle\n"
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    checked = await store.verify(workspace)
    assert (checked.activities, checked.removed, checked.faults) == (15, 6, ())
    assert (await store.retention.remove(workspace)).activities == 14
    assert await seqs(store, workspace, acme) == [21]
    assert (await store.verify(workspace)).faults == ()


async def test_whoever_changes_their_mind_meanwhile_is_heard_after_the_piece(
    database: Database, store: Store, elsewhere: Database, workspace: str, monkeypatch: Any
) -> None:
    """The setting is not changed between what the program reads of it and what the trigger reads: that would end in an error."""
    acme = await aged(store, database, workspace, 402, 401)
    await store.set_settings(workspace, YEAR)
    removed, loop, saving = retention._remove, asyncio.get_running_loop(), list[asyncio.Task[Any]]()

    async def saves() -> None:
        saving.append(asyncio.create_task(Store(elsewhere).set_settings(workspace, {"retention_days": None})))
        await asyncio.wait(saving, timeout=0.3)

    def remove(*given: Any) -> None:
        if database.dialect == "postgresql":
            await_only(saves())
        else:
            asyncio.run_coroutine_threadsafe(saves(), loop).result()
        removed(*given)

    monkeypatch.setattr(retention, "_remove", remove)
    assert await Retention(database, database)._piece(workspace, acme) == 2
    assert (await saving[0]).retention_days is None


async def test_a_workspace_that_is_being_purged_is_left_to_the_purge(
    store: Store, database: Database, workspace: str, monkeypatch: Any
) -> None:
    """Its pieces leave gaps, of which nobody needs to be told that a history is not whole."""
    monkeypatch.setattr(purging, "PIECE", 2)
    await aged(store, database, workspace, 405, 404, 403, 402, 401)
    await store.set_settings(workspace, YEAR)
    await store.installing.ask_purge(workspace)
    assert await database.write(lambda c: purging.piece(c, workspace))
    while await database.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(A))) == 5:
        assert await database.write(lambda c: purging.piece(c, workspace))
    (done,) = await store.retention.remove_all()
    assert (done.activities, done.faults) == (0, ())


@pytest.mark.parametrize(
    "days, goes", [("365", 1), (365.0, 1), ("365.0", 1), ("a year", 0), (True, 0), (1, 0), ([], 0)]
)
async def test_a_setting_that_was_changed_by_hand_is_read_as_the_form_reads_it_or_deletes_nothing(
    store: Store, database: Database, workspace: str, days: object, goes: int
) -> None:
    """And nobody else waits for it: the other workspace's histories lose what has had its time."""
    w = tables.workspace
    other = await another_workspace(database, "T0THEIRS")
    for each in (workspace, other):
        await aged(store, database, each, 400, 10)
        await store.set_settings(each, YEAR)
    mine = w.update().where(w.c.workspace_id == workspace).values(settings={"retention_days": days})
    await database.write(lambda c: c.execute(mine))
    done = {each.workspace: each.activities for each in await store.retention.remove_all()}
    assert done == {workspace: goes, other: 1}


# --- what the database refuses ----------------------------------------------------------------------------------------


@pytest.fixture
async def cut(store: Store, database: Database, workspace: str) -> str:
    """A customer whose first two of six entries are gone."""
    acme = await aged(store, database, workspace, 402, 401, 300, 200, 100, 10)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 2
    return acme


async def refused(database: Database, statement: sa.Executable, sentence: str, workspace: str = "") -> None:
    with pytest.raises(IntegrityError, match=sentence):
        await database.write(lambda c: c.execute(statement), workspace)


@pytest.mark.promise(id="S28")
async def test_beyond_the_checkpoint_nothing_is_deleted(database: Database, workspace: str, cut: str) -> None:
    for where in (sa.true(), A.c.seq == 3, A.c.seq == 6):
        await refused(database, A.delete().where(where), "append-only")
    await refused(database, A.update().values(text="it was never so"), "append-only")


@pytest.mark.promise(id="S28")
@pytest.mark.parametrize("days", [1, None])
async def test_not_even_the_owner_moves_a_checkpoint_over_what_is_kept(
    database: Database, store: Store, workspace: str, cut: str, days: int | None
) -> None:
    """Whatever the setting says: less than 30 days it cannot mean."""
    if days is not None:
        w = tables.workspace
        await database.write(lambda c: c.execute(w.update().values(settings={"retention_days": days})))
    else:
        await store.set_settings(workspace, {"retention_days": None})
    forward = P.update().values(seq=6)
    await refused(database, forward, "kept for longer")
    row = await database.read(lambda c: dict(c.execute(sa.select(P)).mappings().one()))
    await database.write(lambda c: c.execute(P.delete()))
    await refused(database, P.insert().values({**row, "seq": 6}), "kept for longer")
    await database.write(lambda c: c.execute(P.insert().values(row)))
    assert (await store.verify(workspace)).faults == ()


@pytest.mark.promise(id="S28")
async def test_a_checkpoint_only_moves_forward(database: Database, workspace: str, cut: str) -> None:
    for values in ({"seq": 1}, {"seq": 2}, {"hash_before": GENESIS}, {"seq": 3, "customer_id": "cus_other"}):
        await refused(database, P.update().values(values), "only moves forward")


@pytest.mark.promise(id="S28")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_programs_role_removes_what_is_old_and_cannot_remove_what_is_not(
    store: Store, walled: Database, database: Database, workspace: str, cut: str
) -> None:
    """Even where it writes a setting that no form would take."""
    for statement in (P.insert().values(await a_checkpoint(database)), P.update().values(seq=6), A.delete()):
        with pytest.raises(ProgrammingError, match="permission denied"):
            await walled.write(lambda c, statement=statement: c.execute(statement), workspace)  # type: ignore[misc]
    w = tables.workspace
    stolen = w.update().where(w.c.workspace_id == workspace).values(settings={"retention_days": 1})
    await walled.write(lambda c: c.execute(stolen), workspace)
    rows = await database.read(lambda c: c.execute(sa.select(A).order_by(A.c.seq)).mappings().all())
    called = [sa.literal(6, sa.BigInteger), rows[-2]["hash"], chain.facts(dict(rows[-1]))]
    await refused(walled, sa.select(sa.func.retain_history(workspace, cut, *called)), "kept for longer", workspace)
    called[1] = GENESIS
    await refused(walled, sa.select(sa.func.retain_history(workspace, cut, *called)), "no such entry", workspace)
    called[0] = sa.literal(9, sa.BigInteger)
    await refused(walled, sa.select(sa.func.retain_history(workspace, cut, *called)), "no such entry", workspace)
    assert (await store.verify(workspace)).faults == ()
    assert (await store.retention.remove(workspace)).activities == 0  # of what no form would take nothing comes
    await store.set_settings(workspace, {"retention_days": 30})
    assert (await store.retention.remove(workspace)).activities == 3


@pytest.mark.promise(id="S28")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("entered", ["another", "", "*"])
async def test_behind_the_second_wall_only_the_history_of_the_workspace_that_was_entered_goes(
    store: Store, walled: Database, database: Database, workspace: str, entered: str
) -> None:
    """Even where that workspace would let it go."""
    acme = await aged(store, database, workspace, 400, 10)
    await store.set_settings(workspace, YEAR)
    other = await another_workspace(database, "T0THEIRS") if entered == "another" else entered
    first = (await database.read(lambda c: c.execute(sa.select(A).order_by(A.c.seq)).mappings().all()))[0]
    called = (sa.literal(1, sa.BigInteger), GENESIS, chain.facts(dict(first)))
    call = sa.select(sa.func.retain_history(workspace, acme, *called))
    await refused(walled, call, "of another workspace", other)
    assert await seqs(store, workspace, acme) == [1, 2]
    assert await walled.write(lambda c: c.scalar(call), workspace) == 1


async def a_checkpoint(database: Database) -> dict[str, Any]:
    return {**await database.read(lambda c: dict(c.execute(sa.select(P)).mappings().one())), "customer_id": "cus_2"}


@pytest.mark.promise(id="S28")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_nobody_else_may_call_what_removes(database: Database) -> None:
    rights = "SELECT proname FROM pg_proc WHERE proname LIKE '%_history' AND proacl::text LIKE '%{=X%'"
    assert await database.read(lambda c: c.exec_driver_sql(rights).all()) == []


async def test_a_workspace_whose_histories_begin_at_checkpoints_can_be_purged(
    store: Store, database: Database, workspace: str, cut: str
) -> None:
    await store.installing.ask_purge(workspace)
    assert await store.installing.purge() == 1
    assert all(not rows for rows in (await everything_of(database, workspace)).values())


# --- tampering shows --------------------------------------------------------------------------------------------------

Forge = Callable[[sa.Connection], None]


def checkpoint(**values: Any) -> Forge:
    def work(connection: sa.Connection) -> None:
        connection.execute(P.update().values(values))

    return work


def removes_checkpoint(connection: sa.Connection) -> None:
    connection.execute(P.delete())


def moves_it_over_kept_rows(connection: sa.Connection) -> None:
    row = connection.execute(sa.select(A).where(A.c.seq == 4)).mappings().one()
    before = connection.execute(sa.select(A.c.hash).where(A.c.seq == 3)).scalar_one()
    _put(connection, row, before)


def removes_fresh_rows_by_hand(connection: sa.Connection) -> None:
    """With a checkpoint that fits: it tells itself when the last of them was recorded."""
    row = connection.execute(sa.select(A).where(A.c.seq == 6)).mappings().one()
    before = connection.execute(sa.select(A.c.hash).where(A.c.seq == 5)).scalar_one()
    _put(connection, row, before)
    connection.execute(A.delete())
    connection.execute(F.delete())


def removes_fresh_rows_and_lies_about_their_age(connection: sa.Connection) -> None:
    removes_fresh_rows_by_hand(connection)
    recorded_at = connection.execute(sa.select(P.c.recorded_at)).scalar_one() - timedelta(days=400)
    connection.execute(P.update().values(recorded_at=recorded_at))


def _put(connection: sa.Connection, row: Any, before: bytes) -> None:
    values = {name: row[name] for name in ("seq", "occurred_at", "recorded_at")}
    connection.execute(P.update().values(**values, hash_before=before, facts=chain.facts(row)))


def deletes(*gone: int) -> Forge:
    def work(connection: sa.Connection) -> None:
        connection.execute(A.delete().where(A.c.seq.in_(gone)))
        connection.execute(F.delete().where(F.c.seq.in_(gone)))

    return work


def brings_one_back(connection: sa.Connection) -> None:
    row = dict(connection.execute(sa.select(A).where(A.c.seq == 3)).mappings().one())
    connection.execute(A.insert().values({**row, "seq": 2}))


FORGED: dict[str, tuple[Forge, int]] = {
    "takes the checkpoint away": (removes_checkpoint, 1),
    "moves it back": (checkpoint(seq=1), 2),
    "moves it forward": (checkpoint(seq=3), 3),
    "moves it forward over kept rows": (moves_it_over_kept_rows, 3),
    "writes another hash": (checkpoint(hash_before=bytes(32)), 3),
    "writes other facts": (checkpoint(facts=bytes(32)), 3),
    "writes another time": (checkpoint(recorded_at=datetime(2020, 1, 1, tzinfo=UTC)), 3),
    "removes what is fresh": (removes_fresh_rows_by_hand, 6),
    "removes what is fresh and lies about its age": (removes_fresh_rows_and_lies_about_their_age, 7),
    "cuts the first that is kept": (deletes(3), 3),
    "cuts the middle": (deletes(4), 4),
    "cuts the tail": (deletes(5, 6), 5),
    "brings back what was removed": (brings_one_back, 2),
}


@pytest.mark.promise(id="R21")
@pytest.mark.parametrize("way", FORGED)
async def test_a_forged_checkpoint_or_a_cut_shows(
    store: Store, database: Database, workspace: str, cut: str, way: str
) -> None:
    forge, seq = FORGED[way]

    def work(connection: sa.Connection) -> None:
        with unguarded(connection):
            forge(connection)

    await database.alter(work)
    (fault,) = (await store.verify(workspace)).faults
    assert (fault.customer_id, fault.seq) == (cut, seq), fault


@pytest.mark.promise(id="R21")
@pytest.mark.parametrize("noted", [2, 3, 6])
async def test_a_checkpoint_and_a_history_that_were_made_up_together_show_against_an_anchor(
    store: Store, database: Database, workspace: str, cut: str, noted: int
) -> None:
    """noted: the seq of the head that was noted, when that was the last; 2 is the one at which the checkpoint is."""
    anchor = {cut: Head(cut, noted, await hash_of(database, noted))}
    assert (await store.verify(workspace, anchors=anchor)).faults == ()

    def made_up(connection: sa.Connection) -> None:
        with unguarded(connection):
            connection.execute(P.update().values(facts=bytes(32)))
            start = chain.checkpoint(connection, workspace, cut)
            assert start is not None
            before = start.hash
            for row in connection.execute(sa.select(A).order_by(A.c.seq)).mappings().all():
                times = (row["occurred_at"], row["recorded_at"])
                before = chain.seal(before, row["seq"], *times, chain.facts(dict(row)))
                connection.execute(A.update().where(A.c.seq == row["seq"]).values(hash=before))
            connection.execute(C.update().values(last_hash=before))

    await database.alter(made_up)
    assert (await store.verify(workspace)).faults == ()
    (fault,) = (await store.verify(workspace, anchors=anchor)).faults
    assert (fault.customer_id, fault.seq) == (cut, noted)


async def hash_of(database: Database, seq: int) -> bytes:
    def work(connection: sa.Connection) -> bytes:
        found = connection.execute(sa.select(A.c.hash).where(A.c.seq == seq)).scalar_one_or_none()
        if found is not None:
            return bytes(found)
        workspace, customer = connection.execute(sa.select(P.c.workspace_id, P.c.customer_id)).one()
        start = chain.checkpoint(connection, workspace, customer)
        assert start is not None
        return start.hash

    return await database.read(work)


@pytest.mark.promise(id="R21")
async def test_a_history_that_is_not_whole_is_left_as_it_is(store: Store, database: Database, workspace: str) -> None:
    """Retention is no way to get rid of what was tampered with."""
    acme = await aged(store, database, workspace, 403, 402, 401, 10)
    whole = await aged(store, database, workspace, 400, name="Globex")

    def forge(connection: sa.Connection) -> None:
        with unguarded(connection):
            connection.execute(A.update().where(A.c.customer_id == acme, A.c.seq == 2).values(text="it was never so"))

    await database.alter(forge)
    await store.set_settings(workspace, YEAR)
    done = await store.retention.remove(workspace)
    assert [(each.customer_id, each.seq) for each in done.faults] == [(acme, 2)]
    assert await seqs(store, workspace, acme) == [1, 2, 3, 4]
    assert await seqs(store, workspace, whole) == []
    assert [each.seq for each in (await store.verify(workspace)).faults] == [2]


# --- what else reads the log ------------------------------------------------------------------------------------------


async def test_what_was_removed_does_not_come_again(store: Store, database: Database, workspace: str) -> None:
    """An event with its key, an imported line with its key or its content."""
    lines = ({"type": "customer", "ref": "acme", "name": "Acme"}, a_line(dedupe_key="line_1"), a_line(text="once"))
    await imported(store, workspace, *lines)
    acme = (await store.find_customer(workspace, "acme")).id
    await store.record(workspace, acme, [an_activity(dedupe_key="evt_1")])
    await grown_old(database, workspace, acme, days=400)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 3
    assert await store.record(workspace, acme, [an_activity(dedupe_key="evt_1")]) == [None]
    again = await imported(store, workspace, *lines, a_line(occurred_at="2011-01-01T00:00:00Z"))
    assert (again.activities, again.repeated) == (1, 2)
    assert await seqs(store, workspace, acme) == [4]
    assert (await store.retention.remove(workspace)).activities == 0
    assert (await store.verify(workspace)).faults == ()


async def person(store: Store, workspace: str) -> By:
    known = await store.remember(workspace, Person(slack_user_id="U1", name="Sam Lee"))
    return By(actor=Ref.parse(known.ref), source=Source.SLACK)


async def test_the_record_of_before_is_not_known_and_says_since_when(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = (await store.records.add_customer(workspace, "Acme Corp", [Assignment("plan", "Starter")], by)).customer.id
    for plan, domain in (("Growth", "acme.com"), ("Enterprise", "acme.com")):
        asked = [Assignment("plan", plan), Assignment("domain", domain)]
        await store.records.edit(workspace, acme, asked, by)
    await grown_old(database, workspace, acme, 500, 450, 400, 100)
    now = datetime.now(UTC)
    before = await store.records.then(workspace, acme, now - timedelta(days=399))
    assert (before.existed, before.values["plan"]) == (True, "Growth")
    assert not (await store.records.then(workspace, acme, now - timedelta(days=600))).existed
    await store.set_settings(workspace, YEAR)
    await store.retention.remove(workspace)
    after = await store.records.then(workspace, acme, now - timedelta(days=399))
    assert (after.values, after.kept_since) == (before.values, None)
    unknown = await store.records.then(workspace, acme, now - timedelta(days=401))
    assert (unknown.values, unknown.changes) == ({}, ())
    assert unknown.kept_since is not None
    assert abs(unknown.kept_since - (now - timedelta(days=400))) < timedelta(hours=1)
    blamed = await store.records.blame(workspace, acme)
    assert {each.field: each.by and each.by.seq for each in blamed.fields if each.value is not None} == {
        "name": None,
        "domain": None,
        "status": None,
        "plan": 4,
    }
    assert blamed.kept_since == unknown.kept_since
    assert (await store.records.customer(workspace, acme)).value("domain") == "acme.com"
    with pytest.raises(NotFound, match="no longer kept"):
        await store.records.revert(workspace, acme, [3], by)
    assert (await store.records.revert(workspace, acme, [4], by)).recorded


async def test_the_last_page_says_since_when_the_history_is_kept(store: Store, workspace: str, cut: str) -> None:
    now = datetime.now(UTC)
    since = await store.retention.kept_since(workspace, cut)
    assert since is not None
    first = await store.history(workspace, HistoryQuery(cut), a_reader(now=now), limit=3)
    assert (first.total, first.kept_since) == (4, None)
    assert first.older is not None
    last = await store.history(workspace, first.query.older_than(first.older), a_reader(now=now), limit=3)
    assert ([each.seq for each in last.entries], last.kept_since) == ([3], since)


async def test_a_program_that_follows_goes_on_with_what_is_kept(
    store: Store, workspace: str, cut: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("store.programs.STRETCH", 1)
    key, _ = await store.access.create(workspace, "Reports", [Scope.READ])
    page = await store.programs.rows(key, asked(cut, After(0)), a_reader())
    assert [each["seq"] for each in page.records] == [3]
    assert page.next == After(3)


def asked(customer: str, at: After) -> Asked:
    return Asked(customer=customer, query=HistoryQuery(), since=None, until=None, limit=10, at=at)


async def test_a_nudge_whose_evidence_is_gone_ends_and_does_not_come_again(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = (await store.records.add_customer(workspace, "Acme Corp", [Assignment("health", "90")], by)).customer.id
    await store.records.edit(workspace, acme, [Assignment("health", "40")], by)
    now = datetime.now(UTC)
    await store.set_settings(workspace, {"nudges.quiet_from": "08:00", "nudges.quiet_weekends": False})
    terms = Terms(kind=NUDGES, cadence="weekdays 09:00", channel="C0ROOM")
    schedule = await store.nudging.add_schedule(workspace, terms, zone="UTC", by=by, now=now)
    await grown_old(database, workspace, acme, days=40)
    for table in (tables.workspace, C):
        begun = table.update().values(created_at=now - timedelta(days=100))
        await database.write(lambda c, begun=begun: c.execute(begun))  # type: ignore[misc]
    standing: Sequence[Kept] = ()
    for _ in range(2):
        await store.nudging.evaluate(workspace, [acme], schedule, now)
        standing = await store.nudging.standing(workspace, schedule.id)
        assert {each.rule for each in standing} == {"health_dropped", "silence"}
    await store.set_settings(workspace, {"retention_days": 30})
    await store.retention.remove(workspace)
    for _ in range(2):
        await store.nudging.evaluate(workspace, [acme], schedule, now)
        assert await store.nudging.standing(workspace, schedule.id) == []
    for each in standing:
        assert (await store.nudging.kept(workspace, each.id)).note == "what it rested on is no longer kept"


async def test_a_contact_is_erased_before_and_after(store: Store, database: Database, workspace: str) -> None:
    by = await person(store, workspace)
    acme = await a_customer(store, workspace)
    for name in ("Zyxjane Qwertson", "Kim Parkinson"):
        await store.records.add_contact(workspace, acme, name, None, by)
        for _ in range(3):
            await store.records.add_comment(workspace, acme, f"Spoke to {name}", by)
    await store.records.erase_contact(workspace, acme, "Zyxjane Qwertson", by)
    await grown_old(database, workspace, acme, *[400] * 3, *[10] * 7)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 3
    assert (await store.verify(workspace)).faults == ()
    await store.records.erase_contact(workspace, acme, "Kim Parkinson", by)
    assert (await store.verify(workspace)).faults == ()
    everything = str(await everything_of(database, workspace))
    assert "Qwertson" not in everything
    assert "Parkinson" not in everything


async def test_who_was_erased_is_listed_after_the_entry_that_says_so_is_gone(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = await a_customer(store, workspace)
    await store.records.add_contact(workspace, acme, "Zyxjane Qwertson", None, by)
    await store.records.erase_contact(workspace, acme, "Zyxjane Qwertson", by)
    (before,) = await database.read(erased.listed)
    await grown_old(database, workspace, acme, days=400)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 2
    (after,) = await database.read(erased.listed)
    assert after == before.model_copy(update={"by": "pi:pi"})


async def test_what_was_removed_before_a_watch_looked_is_not_told(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = await a_customer(store, workspace)
    await store.watching.add(workspace, parse_watch(words("acme")), channel="C0ROOM", by=by, reader=a_reader())
    await store.record(workspace, acme, [an_activity() for _ in range(300)])
    await grown_old(database, workspace, acme, days=400)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 300
    assert not await store.watching.collect()
    await store.record(workspace, acme, [an_activity()])
    assert await store.watching.collect()
    (delivery,) = await store.claim("worker", timedelta(minutes=1), 10)
    assert delivery.body["told"] == [[acme, 301]]


async def test_a_backup_carries_the_checkpoint(
    store: Store, database: Database, workspace: str, cut: str, target: Database, tmp_path: Path
) -> None:
    done = await loaded(target, read(await backed_up(database, tmp_path / "a")))
    assert (done.activities, done.counts["checkpoint"]) == (4, 1)
    other = Store(target)
    assert (await other.verify(workspace)).removed == 2
    assert await target.read(dumping.heads) == await database.read(dumping.heads)
    assert await other.record(workspace, cut, [an_activity()]) == [7]
    with pytest.raises(IntegrityError, match="append-only"):
        await target.write(lambda c: c.execute(A.delete()))
    await other.set_settings(workspace, {"retention_days": 250})
    assert (await other.retention.remove(workspace)).activities == 1
    checked = await other.verify(workspace)
    assert (checked.removed, checked.faults) == (3, ())


# --- the setting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 29, -5, 10**9, "a year"])
async def test_a_slip_deletes_nothing(store: Store, workspace: str, days: object) -> None:
    with pytest.raises(UsageError, match=r"^`retention_days`: ") as raised:
        await store.set_settings(workspace, {"retention_days": days})
    if days in {0, 1, 29, -5}:
        assert raised.value.sentence.endswith("a history is kept for at least 30 days, lest a slip should delete it.")
    assert (await store.settings(workspace)).retention_days is None


async def test_whoever_changes_their_mind_is_heard_before_the_next_piece(
    store: Store, database: Database, workspace: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(retention, "PIECE", 1)
    acme = await aged(store, database, workspace, 402, 401, 400)
    await store.set_settings(workspace, YEAR)
    assert await store.retention._piece(workspace, acme) == 1
    await store.set_settings(workspace, {"retention_days": None})
    assert await store.retention._piece(workspace, acme) == 0
    assert await seqs(store, workspace, acme) == [2, 3]
