"""Retention: what has had its time goes from the beginning of a history, and nothing else; the rest verifies from there."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.util import await_only

from store import Store, purging, retention, tables
from store.domain.errors import UsageError
from store.engine import Database
from store.retention import Retention
from tests.builders import a_customer, a_line, an_activity, another_workspace, imported
from tests.store.retained import YEAR, aged, all_removed, hurried, seqs
from tests.store.test_tenants import everything_of

__all__ = ["hurried"]

pytestmark = pytest.mark.usefixtures("hurried")

A, F = tables.activity, tables.activity_field


# --- what goes, and what stays ----------------------------------------------------------------------------------------


async def test_what_has_had_its_time_goes_and_the_rest_verifies_from_there(
    store: Store, database: Database, workspace: str
) -> None:
    acme = await aged(store, database, workspace, 500, 400, 366, 364, 10)
    anchors = {head.customer_id: head for head in await store.heads(workspace)}
    await store.set_settings(workspace, YEAR)
    plan = await store.retention.plan(workspace)
    assert (plan.kept, plan.removed, plan.customers, plan.activities) == (5, 0, 1, 3)
    (done,) = await all_removed(store)
    assert (done.workspace, done.customers, done.activities, done.faults) == (workspace, 1, 3, ())
    assert await seqs(store, workspace, acme) == [4, 5]
    checked = await store.verify(workspace, anchors=anchors)
    assert (checked.activities, checked.removed, checked.faults) == (2, 3, ())
    assert await store.record(workspace, acme, [an_activity()]) == [6]
    checked = await store.verify(workspace)
    assert (checked.activities, checked.removed, checked.faults) == (3, 3, ())
    plan = await store.retention.plan(workspace)
    assert (plan.kept, plan.removed, plan.customers, plan.activities) == (3, 3, 0, 0)
    assert [each.activities for each in await all_removed(store)] == [0]


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
    assert await all_removed(store) == []
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
    assert [each.workspace for each in await all_removed(store)] == [workspace]
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
    (done,) = await all_removed(store)
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
    done = {each.workspace: each.activities for each in await all_removed(store)}
    assert done == {workspace: goes, other: 1}


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
