"""Exports that were asked for: a row each, with a lease, until the file is where it belongs.

    pending ──claim──▶ running ──settle──▶ done | failed | cancelled | pending (released: try again later)
                          └─ the lease ends unsettled: somebody else claims it

What was asked and acknowledged is delivered, whoever dies meanwhile. `file_id` is written before the file is shared: whoever claims a row
that has one asks Slack whether that file is there, before making another.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import activities, chain, tables
from store.actors import new_id, zone_named
from store.domain.activity import Change, NewActivity, Ref, Source
from store.domain.errors import NotFound
from store.domain.export import Cancelled, Delivered, Export, Failed, Made, Outcome, Released
from store.domain.grammar import format_filter, parse_filter
from store.domain.query import Reader
from store.engine import database_clock
from store.exports.slices import Frozen
from store.served import is_served

RUNNING_AT_ONCE: Final = 2
"""Exports of one workspace that are made at the same time."""
AGAIN: Final = timedelta(minutes=1)
"""Within this time, the same request is a second press."""
UTC: Final = "UTC"


def ask(
    connection: sa.Connection,
    workspace: str,
    what: Frozen,
    reader: Reader,
    *,
    key: str,
    slack_user_id: str | None,
    channel: str | None,
) -> tuple[Export, bool]:
    """Write down that this export is wanted. Returns it, and whether it is new; the same key again finds the first.

    One that failed or was cancelled does not stand in the way of another.
    """
    e = tables.export.c
    ended = sa.and_(e.workspace_id == workspace, e.key == key, e.state.in_(("failed", "cancelled")))
    connection.execute(tables.export.update().where(ended).values(key=e.key + ":" + e.id))
    row = _row(connection, workspace, what, reader, key) | {"slack_user_id": slack_user_id, "channel": channel}
    return _stored(connection, workspace, row)


def again(connection: sa.Connection, workspace: str, export_id: str, channel: str) -> tuple[Export, bool]:
    """The same export, to the letter, for a channel besides."""
    known = one(connection, workspace, export_id)
    row = {
        **_new(connection, workspace, f"again:{export_id}:{channel}"),
        "customer_id": known.customer_id,
        "query": format_filter(known.query),
        "upto": known.upto,
        "asked_at": known.reader.now,
        "zone": known.reader.zone.key,
        "person": known.reader.person,
        "slack_user_id": known.slack_user_id,
        "channel": channel,
    }
    return _stored(connection, workspace, row)


def sent_just_now(connection: sa.Connection, workspace: str, what: Frozen, reader: Reader) -> Export | None:
    """The export of the same slice that this person was sent a moment ago, when nothing but its own entry was recorded since: a file can be
    there before the second press of a double click is.
    """
    e = tables.export.c
    same = sa.and_(
        e.workspace_id == workspace,
        e.customer_id == what.customer.id,
        e.person == reader.person,
        e.query == format_filter(what.query),
        e.channel.is_(None),
        e.state == "done",
        e.seq == what.upto,
        e.created_at > database_clock(connection) - AGAIN,
    )
    found = connection.execute(sa.select(tables.export).where(same).limit(1)).mappings().one_or_none()
    return None if found is None else _read(found)


def _row(connection: sa.Connection, workspace: str, what: Frozen, reader: Reader, key: str) -> dict[str, Any]:
    return {
        **_new(connection, workspace, key),
        "customer_id": what.customer.id,
        "query": format_filter(what.query),
        "upto": what.upto,
        "asked_at": reader.now,
        "zone": reader.zone.key,
        "person": reader.person,
    }


def _new(connection: sa.Connection, workspace: str, key: str) -> dict[str, Any]:
    now = database_clock(connection)
    return {
        "workspace_id": workspace,
        "id": new_id("exp"),
        "key": key,
        "state": "pending",
        "attempt": 0,
        "due_at": now,
        "created_at": now,
    }


def _stored(connection: sa.Connection, workspace: str, row: dict[str, Any]) -> tuple[Export, bool]:
    e = tables.export.c
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    once = insert(tables.export).on_conflict_do_nothing(index_elements=["workspace_id", "key"]).returning(e.id)
    is_new = connection.execute(once, row).first() is not None
    same = sa.and_(e.workspace_id == workspace, e.key == row["key"])
    found = connection.execute(sa.select(tables.export).where(same)).mappings().one()
    return _read(found), is_new


def one(connection: sa.Connection, workspace: str, export_id: str) -> Export:
    found = connection.execute(sa.select(tables.export).where(_is(workspace, export_id))).mappings().one_or_none()
    if found is None:
        raise NotFound("I don't know that export any more.", "Ask for it again.")
    return _read(found)


def claim(connection: sa.Connection, *, worker: str, lease: timedelta, limit: int) -> Sequence[Export]:
    """Take up to `limit` exports that are due, oldest first, no more than two of a workspace at a time."""
    e = tables.export.c
    now = database_clock(connection)
    is_due = sa.or_(sa.and_(e.state == "pending", e.due_at <= now), sa.and_(e.state == "running", e.lease_until <= now))
    served = sa.select(e.workspace_id).where(is_due, is_served(e.workspace_id))
    waiting = connection.execute(served.distinct().order_by(e.workspace_id))
    taken: list[Export] = []
    for workspace in waiting.scalars().all():
        w = tables.workspace.c
        connection.execute(sa.select(w.workspace_id).where(w.workspace_id == workspace).with_for_update())
        mine = e.workspace_id == workspace
        busy = sa.select(sa.func.count()).where(mine, e.state == "running", e.lease_until > now)
        free = min(RUNNING_AT_ONCE - connection.execute(busy).scalar_one(), limit - len(taken))
        places = sa.select(e.id).where(mine, is_due).order_by(e.due_at, e.id).limit(max(free, 0))
        for export_id in connection.execute(places).scalars().all():
            values = {"state": "running", "attempt": e.attempt + 1, "lease_by": worker, "lease_until": now + lease}
            claimed = tables.export.update().where(_is(workspace, export_id)).values(values).returning(tables.export)
            taken.append(_read(connection.execute(claimed).mappings().one()))
    return taken


def hold(
    connection: sa.Connection,
    export: Export,
    *,
    worker: str,
    lease: timedelta,
    message: tuple[str, str] | None = None,
    file_id: str | None = None,
    made: Made | None = None,
) -> Export | None:
    """Go on holding it, and write down what has been done so far. None: it is not ours any more."""
    values: dict[str, Any] = {"lease_until": database_clock(connection) + lease}
    if message is not None:
        values |= {"message_channel": message[0], "message_ts": message[1]}
    if made is not None:
        values |= {"file_id": file_id, "rows": made.rows, "bytes": made.size_bytes, "sha256": made.sha256}
    held = tables.export.update().where(_held(export, worker)).values(values).returning(tables.export)
    found = connection.execute(held).mappings().one_or_none()
    return None if found is None else _read(found)


def settle(connection: sa.Connection, export: Export, *, worker: str, outcome: Outcome) -> int | None:
    """Write down how it ended; one that was delivered goes into the customer's history in the same transaction.

    returns  the seq of that entry
    """
    e = tables.export.c
    values: dict[str, Any] = {"lease_by": None, "lease_until": None}
    match outcome:
        case Delivered(made):
            values |= {"state": "done", "rows": made.rows, "bytes": made.size_bytes, "sha256": made.sha256}
        case Failed(error):
            values |= {"state": "failed", "error": error}
        case Cancelled():
            values |= {"state": "cancelled"}
        case Released(wait, counted):
            due_at = database_clock(connection) + wait
            values |= {"state": "pending", "due_at": due_at, "attempt": e.attempt - (0 if counted else 1)}
        case _:
            assert_never(outcome)
    settled = tables.export.update().where(_held(export, worker)).values(values).returning(e.id)
    if connection.execute(settled).first() is None or not isinstance(outcome, Delivered):
        return None
    return _recorded(connection, export, outcome.made, Source.SLACK)


def _recorded(connection: sa.Connection, export: Export, made: Made, source: Source) -> int | None:
    """history.exported: who took what out. The filter holds references, so that no name is kept in it."""
    assert export.reader.person is not None
    taken = NewActivity(
        kind="history.exported",
        actor=Ref.parse(export.reader.person),
        source=source,
        changes=(Change("export", None, f"{made.rows:,} {'row' if made.rows == 1 else 'rows'}"),),
        subject=f"export:{export.id}",
        refs={
            "filter": format_filter(export.query),
            "rows": made.rows,
            "sha256": made.sha256,
            "upto": export.upto,
            "channel": export.channel,
        },
    )
    seq = activities.append(connection, export.workspace, export.customer_id, taken)
    connection.execute(tables.export.update().where(_is(export.workspace, export.id)).values(seq=seq))
    return seq


def cancel(connection: sa.Connection, workspace: str, export_id: str, by: str) -> Export:
    """Ask for it not to be delivered. Returns it as it is then: cancelled at once while nobody is at it, otherwise `running`, and whoever
    is at it stops. One that has ended stays as it is.
    """
    e = tables.export.c
    waiting = sa.and_(_is(workspace, export_id), e.state == "pending")
    connection.execute(tables.export.update().where(waiting).values(state="cancelled", cancelled_by=by))
    at_work = sa.and_(_is(workspace, export_id), e.state == "running")
    connection.execute(tables.export.update().where(at_work).values(cancelled_by=by))
    return one(connection, workspace, export_id)


def note(connection: sa.Connection, workspace: str, what: Frozen, reader: Reader, made: Made) -> None:
    """Remember what a terminal was given, so that its file can be told later. The history gets no entry: whoever can type there can
    read the database.
    """
    row = _row(connection, workspace, what, reader, f"terminal:{new_id('exp')}")
    row |= {"state": "done", "rows": made.rows, "bytes": made.size_bytes, "sha256": made.sha256}
    connection.execute(tables.export.insert(), row)


def by_digest(connection: sa.Connection, workspace: str, sha256: str) -> Export | None:
    """An export of exactly these bytes; one whose entry in the history says so, too, where there is one and it is kept."""
    e, a = tables.export.c, tables.activity.c
    entry = sa.and_(a.workspace_id == e.workspace_id, a.customer_id == e.customer_id, a.seq == e.seq)
    found = connection.execute(
        sa.select(tables.export, a.refs)
        .join_from(tables.export, tables.activity, entry, isouter=True)
        .where(e.workspace_id == workspace, e.sha256 == sha256, e.state == "done")
        .order_by(e.created_at.desc())
    )
    for row in found.mappings():
        if row["seq"] is None or (row["refs"] or {}).get("sha256") == sha256:
            return _read(row)
        start = chain.checkpoint(connection, workspace, row["customer_id"])
        if start is not None and row["seq"] <= start.seq:
            return _read(row)
    return None


def _is(workspace: str, export_id: str) -> sa.ColumnElement[bool]:
    e = tables.export.c
    return sa.and_(e.workspace_id == workspace, e.id == export_id)


def _held(export: Export, worker: str) -> sa.ColumnElement[bool]:
    e = tables.export.c
    return sa.and_(_is(export.workspace, export.id), e.state == "running", e.lease_by == worker)


def _read(row: Any) -> Export:
    zone = zone_named(row["zone"]) or zone_named(UTC)
    assert zone is not None
    said = (row["message_channel"], row["message_ts"])
    return Export(
        workspace=row["workspace_id"],
        id=row["id"],
        customer_id=row["customer_id"],
        query=parse_filter(row["query"]),
        upto=row["upto"],
        reader=Reader(now=row["asked_at"], zone=zone, person=row["person"]),
        slack_user_id=row["slack_user_id"],
        channel=row["channel"],
        state=row["state"],
        attempt=row["attempt"],
        cancelled_by=row["cancelled_by"],
        message=said if all(said) else None,
        file_id=row["file_id"],
        rows=row["rows"],
        size_bytes=row["bytes"],
        sha256=row["sha256"],
        seq=row["seq"],
        error=row["error"],
    )
