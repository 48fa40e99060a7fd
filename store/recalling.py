"""After an erasure: what was sent to Slack is taken back or told anew, and the files of the database are scrubbed.

    erased, and a row written ─▶ looked for what was sent ─▶ nothing is being sent any more, and scrubbed ─▶ done
                                       └─────────── else again, ten seconds later ───────────┘

It begins when the erasure is committed: whatever is read from then on does not have the name. What was begun before may have it, and is
waited for. All of it can be done twice, so whoever dies meanwhile, the next one does it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from store import outbox, tables
from store.actors import new_id
from store.domain.erasure import RETOLD, SHARED, TAKEN_BACK, WITHDRAW, Erasure
from store.domain.nudge import NOTICE, NUDGED, SUMMARY
from store.domain.watch import WATCH
from store.engine import Database, database_clock
from store.wall import ACROSS

LEASE: Final = timedelta(minutes=5)
AGAIN: Final = timedelta(seconds=10)

Span = tuple[datetime, datetime | None]
"""From when until when; None: still."""


def begin(
    connection: sa.Connection,
    workspace: str,
    contact_id: str,
    *,
    customers: Iterable[str],
    nudges: Iterable[str],
    deliveries: Iterable[str],
) -> None:
    """In the transaction that erases."""
    now = database_clock(connection)
    row = {
        "workspace_id": workspace,
        "id": new_id("era"),
        "contact_id": contact_id,
        "customers": sorted(customers),
        "nudges": sorted(nudges),
        "deliveries": sorted(deliveries),
        "due_at": now,
        "created_at": now,
    }
    connection.execute(tables.erasure.insert(), row)


def claim(connection: sa.Connection) -> Erasure | None:
    """One that is due; nobody else gets it before its lease ends."""
    e, now = tables.erasure.c, database_clock(connection)
    due = sa.select(e.workspace_id, e.id).where(e.done_at.is_(None), e.due_at <= now).order_by(e.due_at).limit(1)
    place = connection.execute(due.with_for_update(skip_locked=True)).one_or_none()
    if place is None:
        return None
    values = {"due_at": now + LEASE, "looked_at": sa.func.coalesce(e.looked_at, sa.literal(now, e.looked_at.type))}
    taken = tables.erasure.update().where(_is(*place)).values(values).returning(tables.erasure)
    row = connection.execute(taken).mappings().one()
    return Erasure(
        workspace=row["workspace_id"],
        id=row["id"],
        customers=frozenset(row["customers"]),
        nudges=frozenset(row["nudges"]),
        deliveries=frozenset(row["deliveries"]),
        looked_at=row["looked_at"],
    )


def settle(connection: sa.Connection, erasure: Erasure, *, done: bool) -> None:
    now = database_clock(connection)
    values = {"done_at": now} if done else {"due_at": now + AGAIN}
    connection.execute(tables.erasure.update().where(_is(erasure.workspace, erasure.id)).values(values))


def _is(workspace: str, erasure_id: str) -> sa.ColumnElement[bool]:
    e = tables.erasure.c
    return sa.and_(e.workspace_id == workspace, e.id == erasure_id)


def recall(connection: sa.Connection, erasure: Erasure) -> bool:
    """Put into the outbox what takes back what was sent. Returns whether something that may show the name is still being sent."""
    stood = _stood(connection, erasure)
    messages = [_recalled(connection, erasure, row, stood) for row in _messages(connection, erasure)]
    files = [_deleted(connection, erasure, row) for row in _files(connection, erasure)]
    return not all([*messages, *files])


def _messages(connection: sa.Connection, erasure: Erasure) -> Iterator[Mapping[str, Any]]:
    """Posted, or being posted, by what was read before the erasure."""
    o = tables.outbox.c
    begun = sa.and_(
        o.workspace_id == erasure.workspace,
        o.kind.in_((SHARED, WATCH, NUDGED, NOTICE, SUMMARY)),
        o.state.in_(("sending", "sent")),
        o.attempted_at <= erasure.looked_at,
    )
    rows = connection.execute(sa.select(tables.outbox).where(begun)).mappings().all()
    return (dict(row) for row in rows if "ts" not in row["body"])  # one that changes a message is rendered anew anyway


def _recalled(connection: sa.Connection, erasure: Erasure, row: Mapping[str, Any], stood: Sequence[Span]) -> bool:
    """Returns False for one whose outcome is not known yet."""
    again = _again(erasure, row, stood)
    if again is None:
        return True
    if row["state"] == "sending":
        return False
    kind, body = again
    key = f"recall:{row['id']}:{erasure.id}"
    body = {**body, "ts": row["ts"]}
    outbox.enqueue(connection, erasure.workspace, key=key, kind=kind, channel=row["channel"], body=body)
    return True


def _again(erasure: Erasure, row: Mapping[str, Any], stood: Sequence[Span]) -> tuple[str, Mapping[str, Any]] | None:
    """The delivery that puts this one right, but for where its message stands. None: it does not show the name."""
    kind, body = row["kind"], row["body"]
    match kind:
        case "history.share" if erasure.is_of(body["query"]):
            return WITHDRAW, {}
        case "watch" if erasure.is_told_in(body):
            return WATCH, body
        case "pi.nudge" if row["id"] in erasure.deliveries:
            return RETOLD, {"customer": body["customer"]}
        case "nudge.notice" if body.get("nudge") in erasure.nudges:
            return NOTICE, body
        case "nudge.summary" if any(_within(row["attempted_at"], span) for span in stood):
            return SUMMARY, body
    return None


def _stood(connection: sa.Connection, erasure: Erasure) -> Sequence[Span]:
    """When the nudges stood that named the contact: a summary of that time lists them."""
    n = tables.nudge.c
    named = sa.and_(n.workspace_id == erasure.workspace, n.id.in_(sorted(erasure.nudges)))
    return [(row[0], row[1]) for row in connection.execute(sa.select(n.found_at, n.settled_at).where(named))]


def _within(at: datetime, span: Span) -> bool:
    begun, ended = span
    return begun <= at and (ended is None or at <= ended)


def _files(connection: sa.Connection, erasure: Erasure) -> Iterator[Mapping[str, Any]]:
    """Exports that may have been read before the erasure."""
    e = tables.export.c
    at_work = sa.and_(e.state == "running", e.lease_until > database_clock(connection))
    read = sa.and_(
        e.workspace_id == erasure.workspace,
        e.customer_id.in_(sorted(erasure.customers)),
        e.created_at <= erasure.looked_at,
        sa.or_(e.file_id.is_not(None), at_work),
    )
    rows = connection.execute(sa.select(tables.export).where(read)).mappings().all()
    return (dict(row) for row in rows)


def _deleted(connection: sa.Connection, erasure: Erasure, row: Mapping[str, Any]) -> bool:
    """Returns False for one that somebody is at."""
    if row["state"] in {"running", "pending"}:
        return False
    told = row["message_channel"]
    body = {"file": row["file_id"], "message": [told, row["message_ts"]] if told else None}
    place = told or row["channel"] or row["slack_user_id"] or ""
    key = f"delete:{row['id']}"
    outbox.enqueue(connection, erasure.workspace, key=key, kind=TAKEN_BACK, channel=place, body=body)
    return True


class Recalling:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def work_off(self) -> bool:
        """Take up all erasures that are due, one after another. Returns whether there were any: something may be in the outbox then."""
        found = False
        while (erasure := await self._database.write(claim, ACROSS)) is not None:
            found = True
            await self._after(erasure)
        return found

    async def _after(self, erasure: Erasure) -> None:
        under_way = await self._database.write(lambda c: recall(c, erasure), erasure.workspace)
        scrubbed = await self._database.scrub()
        await self._database.write(lambda c: settle(c, erasure, done=scrubbed and not under_way), erasure.workspace)
