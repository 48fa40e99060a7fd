"""SQL of deliveries received: keep, claim, settle. A 2xx is answered when the row is committed; what it means is worked out afterwards.

pending ──claim──▶ working ──settle──▶ done | failed | pending (again, later)
parked   what told of a customer that is not known; when it is linked or created, it is pending again
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from store import tables
from store.actors import new_id
from store.domain.activity import Source
from store.domain.sync import Parked
from store.engine import database_clock

ATTEMPTS = 8
KEPT = timedelta(days=7)
"""How long a delivery's body is kept once it has been applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One delivery, claimed by a worker."""

    workspace: str
    id: str
    provider: Source
    body: bytes
    attempt: int
    again: bool
    """It was applied before: only what is missing is added."""


def keep(
    connection: sa.Connection, workspace: str, provider: Source, body: bytes, *, parked_for: str | None = None
) -> str:
    """Store a delivery, to be applied, or to wait for its customer. Returns its id."""
    now = database_clock(connection)
    row = {
        "workspace_id": workspace,
        "id": new_id("rcv"),
        "provider": provider.value,
        "body": body,
        "state": "pending" if parked_for is None else "parked",
        "parked_for": parked_for,
        "attempt": 0,
        "again": False,
        "due_at": now,
        "received_at": now,
    }
    connection.execute(tables.inbox.insert(), row)
    return str(row["id"])


def claim(connection: sa.Connection, *, worker: str, lease: timedelta, limit: int) -> Sequence[Received]:
    """Take up to `limit` deliveries that are due, oldest first; also those whose worker did not come back."""
    i = tables.inbox.c
    now = database_clock(connection)
    due = sa.or_(
        sa.and_(i.state == "pending", i.due_at <= now),
        sa.and_(i.state == "working", i.lease_until <= now),
    )
    places = sa.select(i.workspace_id, i.id).where(due).order_by(i.due_at, i.id).limit(limit)
    found = connection.execute(places.with_for_update(skip_locked=True)).all()
    if not found:
        return ()
    mine = sa.tuple_(i.workspace_id, i.id).in_([tuple(each) for each in found])
    taken = (
        tables.inbox.update()
        .where(mine)
        .values(state="working", lease_by=worker, lease_until=now + lease, attempt=i.attempt + 1)
    )
    rows = connection.execute(
        taken.returning(i.workspace_id, i.id, i.provider, i.body, i.attempt, i.again, i.received_at)
    ).all()
    ordered = sorted(rows, key=lambda row: (row[6], row[1]))
    return [
        Received(
            workspace=workspace, id=ident, provider=Source(provider), body=bytes(body), attempt=attempt, again=again
        )
        for workspace, ident, provider, body, attempt, again, _ in ordered
    ]


def is_mine(connection: sa.Connection, received: Received, worker: str) -> bool:
    """Whether it is still this worker's to apply; locks the row until the transaction ends."""
    i = tables.inbox.c
    this = sa.and_(i.workspace_id == received.workspace, i.id == received.id)
    held = sa.select(i.id).where(this, i.lease_by == worker, i.state == "working").with_for_update()
    return connection.execute(held).first() is not None


def done(connection: sa.Connection, received: Received) -> None:
    _set(connection, received, {"state": "done", "lease_by": None, "lease_until": None})


def drop(connection: sa.Connection, received: Received) -> None:
    """It is done, and its body may not be kept."""
    i = tables.inbox.c
    connection.execute(tables.inbox.delete().where(i.workspace_id == received.workspace, i.id == received.id))


def failed(
    connection: sa.Connection, received: Received, worker: str, error: str, *, again_in: timedelta | None
) -> None:
    """Write down what went wrong. again_in: when to try once more; None: never by itself."""
    if not is_mine(connection, received, worker):
        return
    state = "failed" if again_in is None else "pending"
    due = database_clock(connection) + (again_in or timedelta())
    _set(connection, received, {"state": state, "due_at": due, "error": error, "lease_by": None, "lease_until": None})


def _set(connection: sa.Connection, received: Received, values: dict[str, object]) -> None:
    i = tables.inbox.c
    this = sa.and_(i.workspace_id == received.workspace, i.id == received.id)
    connection.execute(tables.inbox.update().where(this).values(values))


def parked(connection: sa.Connection, workspace: str) -> list[Parked]:
    """What waits for customers that are not known, the oldest first."""
    i = tables.inbox.c
    rows = connection.execute(
        sa.select(i.parked_for, sa.func.count(), sa.func.min(i.received_at))
        .where(i.workspace_id == workspace, i.state == "parked")
        .group_by(i.parked_for)
        .order_by(sa.func.min(i.received_at))
    )
    return [Parked(*row) for row in rows]


def release(connection: sa.Connection, workspace: str, known_as: str) -> int:
    """The customer is known now: what waited is due. Returns how many deliveries."""
    i = tables.inbox.c
    waiting = sa.and_(i.workspace_id == workspace, i.state == "parked", i.parked_for == known_as)
    again = {"state": "pending", "due_at": database_clock(connection), "attempt": 0}
    return len(connection.execute(tables.inbox.update().where(waiting).values(again).returning(i.id)).all())


def again(connection: sa.Connection, workspace: str, since: datetime) -> int:
    """Apply what came since once more, after a change of the mapping: only what is missing is added. Returns how many deliveries."""
    i = tables.inbox.c
    old = sa.and_(i.workspace_id == workspace, i.state.in_(("done", "failed")), i.received_at >= since)
    due = {"state": "pending", "due_at": database_clock(connection), "attempt": 0, "again": True}
    return len(connection.execute(tables.inbox.update().where(old).values(due).returning(i.id)).all())


def forget(connection: sa.Connection, older_than: timedelta = KEPT) -> int:
    """Drop applied deliveries after the stated time. Returns how many."""
    i = tables.inbox.c
    old = sa.and_(i.state == "done", i.received_at < database_clock(connection) - older_than)
    return len(connection.execute(tables.inbox.delete().where(old).returning(i.id)).all())
