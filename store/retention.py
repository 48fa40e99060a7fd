"""Retention: what a workspace keeps for so many days only is removed from its histories, for good (decisions/0049-retention.md).

    one customer's chain    1 … 40 │ 41 … 97         always its beginning, and never more than that: what is kept has no gap
                              gone │ kept
                                   └ the checkpoint: what the seal of entry 40 was made of, from which the chain verifies

An entry's age is that of its recording. A piece of a chain goes in one transaction, with the checkpoint that moves over it, so whoever dies
meanwhile, the next one goes on; of two at once the second finds it done. A chain that does not hold is left as it is, for somebody to look at.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.dialects import sqlite

from store import chain, feed, tables
from store.chain import Broken, Fault
from store.engine import Database, database_clock
from store.settings import Retained
from store.wall import ACROSS

PIECE: Final = 500
"""Entries that one transaction removes: about a tenth of a second, in which whoever writes to that customer waits, and on SQLite whoever writes."""
PAUSE: Final = 0.15
"""Seconds between two pieces. Whoever waits for an SQLite file looks ten times a second whether it is free: without it one in fifty gave up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a workspace keeps, and what of it has had its time.

    days       for how long; None: for ever
    before     what was recorded before then goes; None: nothing does
    kept       entries that are there; removed: that were before them
    customers  of how many customers entries go; activities: how many entries
    """

    days: int | None
    before: datetime | None
    kept: int
    removed: int
    customers: int
    activities: int


@dataclass(frozen=True, slots=True)
class Done:
    """What was removed from the histories of a workspace: entries, and of how many customers. faults: chains that were left as they are."""

    workspace: str
    customers: int
    activities: int
    faults: tuple[Fault, ...]


def decided(connection: sa.Connection) -> Sequence[str]:
    """Workspaces that do not keep everything."""
    w = tables.workspace.c
    rows = connection.execute(sa.select(w.workspace_id, w.settings).order_by(w.workspace_id))
    return [workspace for workspace, settings in rows if settings.get("retention_days") is not None]


def _days(connection: sa.Connection, workspace: str, *, settled: bool = False) -> int | None:
    """For how long it keeps its histories; None: for ever, or it is being purged, whose pieces leave gaps that are nobody's fault.

    settled  nobody decides otherwise before the transaction ends, and the trigger reads the same
    """
    w, p = tables.workspace.c, tables.purge.c
    leaves = sa.exists().where(p.workspace_id == w.workspace_id)
    stored = sa.select(w.settings).where(w.workspace_id == workspace, sa.not_(leaves))
    found = connection.execute(stored.with_for_update(read=True) if settled else stored).scalar_one_or_none()
    try:
        return _RETAINED.validate_python((found or {}).get("retention_days"))
    except ValidationError:  # changed by hand, past the form: what nobody can read deletes nothing
        return None


_RETAINED: Final[TypeAdapter[int | None]] = TypeAdapter(Retained | None)


def _before(connection: sa.Connection, days: int) -> datetime:
    return database_clock(connection) - max(timedelta(days=days), chain.KEPT_AT_LEAST)


def due(connection: sa.Connection, workspace: str) -> Sequence[str]:
    """Customers whose oldest entry has had its time: one look-up of the key each."""
    days = _days(connection, workspace)
    if days is None:
        return ()
    c = tables.customer.c
    old = sa.and_(c.workspace_id == workspace, _oldest() < _before(connection, days))
    return connection.execute(sa.select(c.id).where(old).order_by(c.id)).scalars().all()


def _oldest() -> sa.ScalarSelect[datetime]:
    """When a customer's first entry was recorded."""
    c, a = tables.customer.c, tables.activity.c
    first = sa.select(a.recorded_at).where(a.workspace_id == c.workspace_id, a.customer_id == c.id)
    return first.order_by(a.seq).limit(1).correlate(tables.customer).scalar_subquery()


def plan(connection: sa.Connection, workspace: str) -> Plan:
    """Reads only: what is kept, and what would go now."""
    c, p, a = tables.customer.c, tables.checkpoint.c, tables.activity.c
    last = connection.execute(sa.select(sa.func.sum(c.last_seq)).where(c.workspace_id == workspace)).scalar_one() or 0
    gone = connection.execute(sa.select(sa.func.sum(p.seq)).where(p.workspace_id == workspace)).scalar_one() or 0
    days = _days(connection, workspace)
    before = None if days is None else _before(connection, days)
    customers, count = 0, 0
    for customer_id in due(connection, workspace):
        mine = sa.and_(a.workspace_id == workspace, a.customer_id == customer_id)
        young = sa.select(a.seq).where(mine, a.recorded_at >= before).order_by(a.seq).limit(1).scalar_subquery()
        going = sa.select(sa.func.count()).where(mine, sa.or_(young.is_(None), a.seq < young))
        customers, count = customers + 1, count + connection.execute(going).scalar_one()
    removed = int(gone)
    return Plan(
        days=days,
        before=before,
        kept=int(last) - removed,
        removed=removed,
        customers=customers,
        activities=count,
    )


def kept_since(connection: sa.Connection, workspace: str, customer_id: str) -> datetime | None:
    """What was recorded up to then is no longer kept; what occurred after it is all there. None: everything is."""
    start = chain.checkpoint(connection, workspace, customer_id)
    return None if start is None else start.recorded_at


def piece(connection: sa.Connection, workspace: str, customer_id: str) -> int:
    """Remove the oldest of what has had its time. Returns how many entries. Raises Broken, when one is not as it was recorded."""
    days = _days(connection, workspace, settled=True)
    if days is None:
        return 0
    c = tables.customer.c
    mine = sa.and_(c.workspace_id == workspace, c.id == customer_id)
    connection.execute(sa.select(c.id).where(mine).with_for_update())
    start = chain.checkpoint(connection, workspace, customer_id)
    count = _old(connection, workspace, customer_id, _before(connection, days))
    if not count:
        return 0
    read = chain.sound(connection, workspace, customer_id, start, at_once=count)
    rows = [row for _, row in islice(read, count)]
    before = rows[-2]["hash"] if count > 1 else chain.GENESIS if start is None else start.hash
    _drop_fields(connection, workspace, customer_id, rows)
    _remove(connection, rows[-1], before)
    return count


def _old(connection: sa.Connection, workspace: str, customer_id: str, before: datetime) -> int:
    """How many of the first entries, up to PIECE, were all recorded before then."""
    a = tables.activity.c
    first = (
        sa.select(a.recorded_at)
        .where(a.workspace_id == workspace, a.customer_id == customer_id)
        .order_by(a.seq)
        .limit(PIECE)
    )
    count = 0
    for recorded_at in connection.execute(first).scalars():
        if recorded_at >= before:
            break
        count += 1
    return count


def _drop_fields(
    connection: sa.Connection, workspace: str, customer_id: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """What `activity_field` has of them, by key: it has no index by seq. A redacted one does not say any more which fields those were."""
    f = tables.activity_field.c
    redacted = any(row["salt"] is None for row in rows)
    every = feed.distinct_values(connection, f.field, workspace, customer_id) if redacted else ()
    keys = [
        {f"its_{column.name}": field if column is f.field else row[column.name] for column in f if column.primary_key}
        for row in rows
        for field in (every if row["salt"] is None else chain.changed_fields(row))
    ]
    if keys:
        same = [column == sa.bindparam(f"its_{column.name}") for column in f if column.primary_key]
        connection.execute(tables.activity_field.delete().where(*same), keys)


def _remove(connection: sa.Connection, last: Mapping[str, Any], before: bytes) -> None:
    """All entries up to this one; the checkpoint moves there. The database refuses both for what its workspace keeps still."""
    workspace, customer_id, stated = last["workspace_id"], last["customer_id"], chain.facts(last)
    if connection.dialect.name == "postgresql":
        # A role that may only append may call this, and nothing else (migrations/versions/0007_retention.py).
        through = sa.literal(last["seq"], sa.BigInteger)
        connection.execute(sa.select(sa.func.retain_history(workspace, customer_id, through, before, stated)))
        return
    moved = {
        **{name: last[name] for name in ("seq", "occurred_at", "recorded_at")},
        "hash_before": before,
        "facts": stated,
        "moved_at": database_clock(connection),
    }
    put = sqlite.insert(tables.checkpoint).values(workspace_id=workspace, customer_id=customer_id, **moved)
    connection.execute(put.on_conflict_do_update(index_elements=["workspace_id", "customer_id"], set_=moved))
    a = tables.activity.c
    these = sa.and_(a.workspace_id == workspace, a.customer_id == customer_id, a.seq <= last["seq"])
    connection.execute(tables.activity.delete().where(these))


class Retention:
    """patient: for what nobody waits for."""

    def __init__(self, database: Database, patient: Database) -> None:
        self._database = database
        self._patient = patient
        self._left_in_files = False
        """Something that was removed could not be scrubbed, since somebody read."""

    async def plan(self, workspace: str) -> Plan:
        return await self._patient.read(lambda c: plan(c, workspace), workspace)

    async def kept_since(self, workspace: str, customer_id: str) -> datetime | None:
        return await self._database.read(lambda c: kept_since(c, workspace, customer_id), workspace)

    async def decided(self) -> Sequence[str]:
        """Workspaces that do not keep everything."""
        return await self._patient.read(decided, ACROSS)

    async def remove(self, workspace: str) -> Done:
        """What has had its time, piece by piece, and then what is left of it in the files."""
        counts, faults = dict[str, int](), list[Fault]()
        for customer_id in await self._patient.read(lambda c: due(c, workspace), workspace):
            try:
                while count := await self._piece(workspace, customer_id):
                    counts[customer_id] = counts.get(customer_id, 0) + count
                    await asyncio.sleep(PAUSE)
            except Broken as broken:
                faults.append(Fault(customer_id, "", broken.seq, broken.what))
        if counts or self._left_in_files:
            self._left_in_files = not await self._patient.scrub()
        return Done(workspace, len(counts), sum(counts.values()), tuple(faults))

    async def _piece(self, workspace: str, customer_id: str) -> int:
        return await self._patient.write(lambda c: piece(c, workspace, customer_id), workspace)
