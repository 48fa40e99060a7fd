"""From the ends of the customers' logs into the outbox: what was recorded since the last look goes into one message a minute of each watch.

Each activity is looked at once: `watched` keeps up to which seq, which has no gaps, and moves in the transaction that puts it into the outbox.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import activities, outbox, tables
from store.domain.activity import Activity, Source
from store.domain.watch import WATCH, Watch, means
from store.engine import database_clock
from store.joins import for_each
from store.nudging.schedules import slack_user_of
from store.prepared import one_of
from store.served import is_served
from store.watching import watches

CUSTOMERS: Final = 50
ACTIVITIES: Final = 200
"""Of how many customers, and of each how many activities, one transaction looks at."""
TOLD: Final = 12
"""Activities in one message; of the others it tells how many there were."""
MINUTE: Final = timedelta(minutes=1)
NEWS: Final = timedelta(days=3)
"""For so long Stripe tries to tell of something. What was recorded later than that after it happened is history that was brought in."""

Place = tuple[str, int]
"""Of an activity: its customer's id and its seq."""


@dataclass(frozen=True, slots=True)
class Look:
    """told: whether there is something to send. more: whether there may be more to look at."""

    told: bool
    more: bool


NOTHING: Final = Look(told=False, more=False)


@dataclass(frozen=True, slots=True)
class Moved:
    """A customer in whose log something is new. seq: up to which it was looked at; last: up to which it goes."""

    id: str
    owner: str | None
    tags: Sequence[str]
    seq: int
    last: int


def waiting(connection: sa.Connection) -> Sequence[str]:
    """Workspaces that have watches."""
    t = tables.watch.c
    active = sa.and_(t.state == "active", is_served(t.workspace_id))
    found = sa.select(t.workspace_id).where(active).distinct().order_by(t.workspace_id)
    return connection.execute(found).scalars().all()


def collect(connection: sa.Connection, workspace: str) -> Look:
    """Look at some of what is new. While another process looks, there is nothing to do here."""
    w, t = tables.workspace.c, tables.watch.c
    alone = sa.select(w.workspace_id).where(w.workspace_id == workspace)
    if connection.execute(alone.with_for_update(key_share=True, skip_locked=True)).first() is None:
        return NOTHING
    active = sa.select(tables.watch).where(t.workspace_id == workspace, t.state == "active").order_by(t.id)
    rows = [dict(row) for row in connection.execute(active).mappings()]
    if not rows:
        return NOTHING
    those = [(row, watches.read(row)) for row in rows]
    moved = list(_moved(connection, workspace))
    seen: dict[str, list[Place]] = defaultdict(list)
    for customer, each in _new(connection, workspace, moved):
        for row, watch in those:
            if each.recorded_at >= row["created_at"] and _is_about(watch, customer) and _is_meant(watch, each):
                seen[watch.id].append((customer.id, each.seq))
    _look_on(connection, workspace, moved)
    for row, watch in those:
        if watch.id in seen:
            _tell(connection, workspace, row, seen[watch.id])
    more = len(moved) == CUSTOMERS or any(each.last - each.seq > ACTIVITIES for each in moved)
    return Look(told=bool(seen), more=more)


def _moved(connection: sa.Connection, workspace: str) -> Iterator[Moved]:
    c, d = tables.customer.c, tables.watched.c
    seq = sa.func.coalesce(d.seq, 0)
    rows = connection.execute(
        sa.select(c.id, c.owner, c.tags, seq, c.last_seq)
        .select_from(_looked_at())
        .where(c.workspace_id == workspace, c.last_seq > seq)
        .order_by(c.id)
        .limit(CUSTOMERS)
    )
    return (Moved(*row) for row in rows)


def _new(connection: sa.Connection, workspace: str, moved: Sequence[Moved]) -> Iterator[tuple[Moved, Activity]]:
    """What has just happened, in the order of each log; history that was brought in is passed over. What comes while this looks is for the
    next look.
    """
    a, c, d = tables.activity.c, tables.customer.c, tables.watched.c
    seq, by_id = sa.func.coalesce(d.seq, 0), {each.id: each for each in moved}
    these = sa.and_(a.workspace_id == c.workspace_id, a.customer_id == c.id, a.seq > seq, a.seq <= seq + ACTIVITIES)
    new = sa.select(tables.activity).where(these, a.source != Source.IMPORT.value)
    mine = sa.and_(c.workspace_id == workspace, one_of(connection, c.id, by_id))
    rows = connection.execute(for_each(connection, _looked_at(), new, tables.activity).where(mine)).mappings()
    for row in sorted(rows, key=lambda each: (each["customer_id"], each["seq"])):
        each, customer = activities.from_row(dict(row)), by_id[row["customer_id"]]
        if each.seq <= customer.last and each.recorded_at - each.occurred_at < NEWS:
            yield customer, each


def _looked_at() -> sa.FromClause:
    """Customers, with up to where their logs were looked at."""
    c, d = tables.customer.c, tables.watched.c
    return tables.customer.outerjoin(tables.watched, sa.and_(d.workspace_id == c.workspace_id, d.customer_id == c.id))


def _is_meant(watch: Watch, each: Activity) -> bool:
    """In a channel, all that its filter means; nobody is told in direct messages of what they did themselves."""
    own = watch.channel is None and str(each.actor) == watch.made_by
    return not own and means(watch.query, each)


def _is_about(watch: Watch, customer: Moved) -> bool:
    return watch.scope.includes(customer.id, customer.owner, customer.tags)


def _look_on(connection: sa.Connection, workspace: str, moved: Sequence[Moved]) -> None:
    if not moved:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(tables.watched)
    put = new.on_conflict_do_update(index_elements=["workspace_id", "customer_id"], set_={"seq": new.excluded.seq})
    values = [
        {"workspace_id": workspace, "customer_id": each.id, "seq": min(each.last, each.seq + ACTIVITIES)}
        for each in moved
    ]
    connection.execute(put, values)


def _tell(connection: sa.Connection, workspace: str, watch: Mapping[str, Any], places: Sequence[Place]) -> None:
    """Add it to the message that waits; else begin one, at once when the last is a minute old."""
    o, t = tables.outbox.c, tables.watch.c
    batch = sa.and_(o.workspace_id == workspace, o.id == watch["batch"], o.state == "pending")
    body = connection.execute(sa.select(o.body).where(batch).with_for_update()).scalar_one_or_none()
    if body is not None:
        connection.execute(tables.outbox.update().where(batch).values(body=_with(body, places)))
        return
    channel = watch["channel"] or slack_user_of(connection, workspace, watch["made_by"])
    if channel is None:
        return
    now = database_clock(connection)
    due_at = max(now, watch["speaks_at"])
    customer_id, seq = places[0]
    ident = outbox.enqueue(
        connection,
        workspace,
        key=f"watch:{watch['id']}:{customer_id}:{seq}",
        kind=WATCH,
        channel=channel,
        body=_with({"watch": watch["id"], "told": [], "more": 0}, places),
        due_at=due_at,
    )
    mine = sa.and_(t.workspace_id == workspace, t.id == watch["id"])
    connection.execute(tables.watch.update().where(mine).values(batch=ident, speaks_at=due_at + MINUTE))


def _with(body: Mapping[str, Any], places: Sequence[Place]) -> Mapping[str, Any]:
    told = [*body["told"], *([customer_id, seq] for customer_id, seq in places)]
    return {**body, "told": told[:TOLD], "more": body["more"] + max(0, len(told) - TOLD)}
