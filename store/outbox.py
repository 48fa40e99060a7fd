"""SQL of what is still to be sent: enqueue, claim, settle.

    pending ──claim──▶ sending ──settle──▶ sent | failed | pending (released: nothing was sent, try again later)
                          └─ the lease ends unsettled: in doubt, and only `doubtful` takes it up again

A worker settles only what it holds by its lease. Times are the database's clock. No transaction is open while something is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import tables
from store.actors import new_id
from store.engine import database_clock
from store.served import is_served

Body = Mapping[str, Any]

_COLUMNS: Final = ("workspace_id", "id", "kind", "channel", "body", "attempt", "attempted_at", "possible_duplicate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing to send, claimed by a worker.

    body          ids and the query only: what is posted is rendered when it is sent
    attempt       1 for the first
    attempted_at  when the attempt began whose outcome is not known, or this one
    """

    workspace: str
    id: str
    kind: str
    channel: str
    body: Body
    attempt: int
    attempted_at: datetime
    possible_duplicate: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """channel: where it stands now; None: in the delivery's own. permalink: where somebody asked Slack for it."""

    ts: str
    channel: str | None = None
    permalink: str | None = None


@dataclass(frozen=True, slots=True)
class GivenUp:
    error: str


@dataclass(frozen=True, slots=True)
class Released:
    """Nothing was sent. counted: whether it was an attempt at all; being told to wait is none."""

    wait: timedelta
    counted: bool


Outcome = Sent | GivenUp | Released


def enqueue(
    connection: sa.Connection,
    workspace: str,
    *,
    key: str,
    kind: str,
    channel: str,
    body: Body,
    due_at: datetime | None = None,
) -> str | None:
    """Put something in the outbox. Returns its id; None when its key is there already. due_at: not before; None: at once.

    One that was given up, and so was certainly not sent, may be asked for again by the same key.
    """
    o = tables.outbox.c
    now = database_clock(connection)
    row = {
        "workspace_id": workspace,
        "id": new_id("dlv"),
        "key": key,
        "kind": kind,
        "channel": channel,
        "body": dict(body),
        "state": "pending",
        "attempt": 0,
        "due_at": due_at or now,
        "possible_duplicate": False,
        "created_at": now,
    }
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(tables.outbox).on_conflict_do_nothing(index_elements=["workspace_id", "key"]).returning(o.id)
    ident: str | None = connection.execute(statement, row).scalar_one_or_none()
    if ident is not None:
        return ident
    given_up = sa.and_(o.workspace_id == workspace, o.key == key, o.state == "failed", o.possible_duplicate.is_(False))
    again = {name: row[name] for name in ("kind", "channel", "body", "state", "attempt", "due_at")} | {"error": None}
    revived: str | None = connection.execute(
        tables.outbox.update().where(given_up).values(again).returning(o.id)
    ).scalar_one_or_none()
    return revived


def claim(connection: sa.Connection, *, worker: str, lease: timedelta, limit: int) -> Sequence[Delivery]:
    """Take up to `limit` deliveries that are due, oldest first; nobody else gets them while the lease runs."""
    o = tables.outbox.c
    now = database_clock(connection)
    taken = {
        "lease_by": worker,
        "lease_until": now + lease,
        "state": "sending",
        "attempt": o.attempt + 1,
        "attempted_at": now,
    }
    due = sa.and_(o.state == "pending", o.due_at <= now, is_served(o.workspace_id))
    return _taken(connection, due, o.due_at, limit, taken)


def doubtful(
    connection: sa.Connection, *, worker: str, lease: timedelta, wait: timedelta, limit: int
) -> Sequence[Delivery]:
    """Take up to `limit` deliveries whose outcome is unknown: the lease ended at least `wait` ago and nobody settled them.

    They may have been sent. attempted_at stays that of the first attempt of unknown outcome.
    """
    o = tables.outbox.c
    now = database_clock(connection)
    unsettled = sa.and_(o.state == "sending", o.lease_until <= now - wait, is_served(o.workspace_id))
    return _taken(connection, unsettled, o.lease_until, limit, {"lease_by": worker, "lease_until": now + lease})


def _taken(
    connection: sa.Connection, which: sa.ColumnElement[bool], order: sa.ColumnElement[Any], limit: int, values: Body
) -> Sequence[Delivery]:
    """On PostgreSQL workers pass over each other's rows; on SQLite the transaction began with the file's one lock."""
    o = tables.outbox.c
    places = sa.select(o.workspace_id, o.id).where(which).order_by(order).limit(limit).with_for_update(skip_locked=True)
    found = connection.execute(places).all()
    if not found:
        return ()
    mine = sa.tuple_(o.workspace_id, o.id).in_(found)
    rows = connection.execute(
        tables.outbox.update().where(mine).values(values).returning(*(o[name] for name in _COLUMNS))
    )
    deliveries = [_read(row) for row in rows.mappings()]
    return sorted(deliveries, key=lambda each: found.index((each.workspace, each.id)))


def cancel(connection: sa.Connection, workspace: str, error: str) -> Sequence[Delivery]:
    """Give up all that waits in a workspace, but for what takes an erased name out of Slack. Returns what it was."""
    o = tables.outbox.c
    erasing = sa.or_(*(o.key.startswith(f"{made_by}:") for made_by in ("recall", "delete", "anew")))
    waits = sa.and_(o.workspace_id == workspace, o.state == "pending", ~erasing)
    given_up = (
        tables.outbox.update()
        .where(waits)
        .values(state="failed", error=error, attempted_at=sa.func.coalesce(o.attempted_at, o.created_at))
    )
    rows = connection.execute(given_up.returning(*(o[name] for name in _COLUMNS)))
    return [_read(row) for row in rows.mappings()]


def attempting(connection: sa.Connection, delivery: Delivery, *, worker: str, lease: timedelta, marked: bool) -> bool:
    """Begin another attempt at a delivery in doubt. marked: it may then be there twice. Returns whether it is still ours."""
    o = tables.outbox.c
    values = {
        "attempt": o.attempt + 1,
        "lease_until": database_clock(connection) + lease,
        "possible_duplicate": sa.or_(o.possible_duplicate, sa.literal(marked)),
    }
    return _settled(connection, delivery, worker, values)


def _read(row: Any) -> Delivery:
    return Delivery(**{"workspace" if name == "workspace_id" else name: row[name] for name in _COLUMNS})


def settle(connection: sa.Connection, delivery: Delivery, *, worker: str, outcome: Outcome) -> bool:
    """Write down how it went. Returns whether it was still ours to say."""
    values: dict[str, Any]
    match outcome:
        case Sent(ts=ts):
            values = {"state": "sent", "ts": ts, "lease_by": None, "lease_until": None}
        case GivenUp(error):
            values = {"state": "failed", "error": error, "lease_by": None, "lease_until": None}
        case Released(wait, counted):
            values = {
                "state": "pending",
                "due_at": database_clock(connection) + wait,
                "attempt": tables.outbox.c.attempt - (0 if counted else 1),
                "lease_by": None,
                "lease_until": None,
            }
        case _:
            assert_never(outcome)
    return _settled(connection, delivery, worker, values)


def _settled(connection: sa.Connection, delivery: Delivery, worker: str, values: Mapping[str, Any]) -> bool:
    o = tables.outbox.c
    mine = sa.and_(
        o.workspace_id == delivery.workspace, o.id == delivery.id, o.lease_by == worker, o.state == "sending"
    )
    found = connection.execute(tables.outbox.update().where(mine).values(values).returning(o.id))
    return found.scalar_one_or_none() is not None
