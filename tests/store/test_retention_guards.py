"""Retention: what the database refuses, and the tampering that shows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from store import Store, chain, tables
from store.chain import GENESIS, Head
from store.engine import Database
from tests.aging import unguarded
from tests.builders import another_workspace
from tests.store.retained import YEAR, aged, cut, hurried, seqs
from tests.store.test_tenants import everything_of

__all__ = ["cut", "hurried"]

pytestmark = pytest.mark.usefixtures("hurried")

A, F, C, P = tables.activity, tables.activity_field, tables.customer, tables.checkpoint


# --- what the database refuses ----------------------------------------------------------------------------------------


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
