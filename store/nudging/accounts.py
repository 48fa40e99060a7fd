"""SQL of what the rules know of customers: a few statements for a batch of them, never one for each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from store import tables
from store.activities import decoded
from store.domain.activity import Ref, Source, Value
from store.domain.nudge import Account, Fact, OpenOnboarding, OpenTask
from store.domain.query import CustomerName
from store.joins import for_each
from store.prepared import one_of

SIGNALS: Final = ("customer.health_score_dropped", "customer.status_changed", "contact.archived", "contact.removed")
"""Event types of which a rule looks at the change."""
BEGINNINGS: Final = ("onboarding.started", "onboarding.phase_moved", "task.created")
"""Those of which a rule only looks at when they occurred, of what is open still."""
FIELDS: Final = ("plan", "payment")
"""Fields whose last change a rule looks at."""
PRIMARY: Final = "primary contact"


def batch(connection: sa.Connection, workspace: str, after: str, limit: int) -> Sequence[str]:
    """The ids of the next customers, in the order of their ids."""
    c = tables.customer.c
    return (
        connection.execute(sa.select(c.id).where(c.workspace_id == workspace, c.id > after).order_by(c.id).limit(limit))
        .scalars()
        .all()
    )


def accounts(
    connection: sa.Connection, workspace: str, customer_ids: Sequence[str], now: datetime, zone: ZoneInfo
) -> list[Account]:
    """What is known of these customers, in the order of their ids."""
    if not customer_ids:
        return []
    c, w = tables.customer.c, tables.workspace.c
    begun: datetime = connection.execute(sa.select(w.created_at).where(w.workspace_id == workspace)).scalar_one()
    rows = connection.execute(
        sa.select(tables.customer)
        .where(c.workspace_id == workspace, one_of(connection, c.id, customer_ids))
        .order_by(c.id)
    ).mappings()
    known = [dict(row) for row in rows]
    mine = [row["id"] for row in known]
    a = tables.activity.c
    last = _newest(connection, workspace, mine, a.type.not_like("pi.%"))
    at_risk = [row["id"] for row in known if row["status"] == "at_risk"]
    touched = _newest(connection, workspace, at_risk, a.actor.like("user:%")) if at_risk else {}
    facts = _facts(connection, workspace, mine, begun)
    primary = _primary(connection, workspace, mine)
    onboardings, tasks = _onboardings(connection, workspace, mine), _tasks(connection, workspace, mine)
    began = _beginnings(connection, workspace, sorted(onboardings.keys() | tasks.keys()), begun)
    forgotten = _forgotten(connection, workspace, mine)
    return [
        Account(
            customer=CustomerName(row["id"], row["slug"], row["name"], row["domain"]),
            status=row["status"],
            owner=None if row["owner"] is None else Ref.parse(row["owner"]),
            plan=row["plan"],
            health_score=row["health_score"],
            since=max(begun, row["created_at"]),
            today=now.astimezone(zone).date(),
            zone=zone,
            tags=tuple(row["tags"]),
            last=last.get(row["id"]),
            touched=touched.get(row["id"]),
            at_risk=facts[row["id"]].get("at_risk"),
            dropped=facts[row["id"]].get("dropped"),
            plan_moved=facts[row["id"]].get("plan"),
            payment=facts[row["id"]].get("payment"),
            primary_gone=facts[row["id"]].get("primary_gone"),
            has_primary=row["id"] in primary,
            onboardings=tuple(
                replace(each, entered=began.get(f"onboarding:{each.id}")) for each in onboardings[row["id"]]
            ),
            tasks=tuple(replace(each, created=began.get(f"task:{each.id}")) for each in tasks[row["id"]]),
            forgotten=forgotten.get(row["id"], 0),
        )
        for row in known
    ]


def _newest(
    connection: sa.Connection, workspace: str, customer_ids: Sequence[str], which: sa.ColumnElement[bool]
) -> dict[str, Fact]:
    """Of each customer the newest activity that is so: read backwards from the end of its feed."""
    c, a = tables.customer.c, tables.activity.c
    newest = (
        sa.select(a.seq)
        .where(a.workspace_id == c.workspace_id, a.customer_id == c.id, which)
        .order_by(a.occurred_at.desc(), a.seq.desc())
        .limit(1)
        .correlate(tables.customer)
        .scalar_subquery()
    )
    places = (
        sa.select(c.id, newest.label("seq"))
        .where(c.workspace_id == workspace, one_of(connection, c.id, customer_ids))
        .subquery()
    )
    this = sa.and_(a.workspace_id == workspace, a.customer_id == places.c.id, a.seq == places.c.seq)
    when = sa.select(a.customer_id, a.seq, a.occurred_at).where(this)
    found = for_each(connection, places, when, tables.activity)
    return {customer_id: Fact(seq, at) for customer_id, seq, at in connection.execute(found)}


Facts = dict[str, dict[str, Fact]]
"""By customer, then by what it tells: the newest of each."""


def _facts(connection: sa.Connection, workspace: str, customer_ids: Sequence[str], begun: datetime) -> Facts:
    """What was recorded since Pi was switched on; an import tells of what was before."""
    a, f = tables.activity.c, tables.activity_field.c
    told = sa.select(a.customer_id, a.seq, a.occurred_at, a.type, a.changes).where(_since(begun))
    signals = _of_types(connection, workspace, customer_ids, told, SIGNALS)
    this = sa.and_(a.workspace_id == f.workspace_id, a.customer_id == f.customer_id, a.seq == f.seq)
    changed = for_each(connection, tables.activity_field, told.where(this), tables.activity).where(
        f.workspace_id == workspace, one_of(connection, f.customer_id, customer_ids), f.field.in_(FIELDS)
    )
    found: Facts = defaultdict(dict)
    for query in (signals, changed):
        for row in sorted(connection.execute(query).mappings(), key=_when):
            for name, fact in _told(row):
                found[row["customer_id"]][name] = fact
    return found


def _when(row: Any) -> tuple[datetime, int]:
    """Put in order here: for rows in the order of the feed, SQLite would read all of it."""
    return row["occurred_at"], row["seq"]


def _told(row: Any) -> Iterator[tuple[str, Fact]]:
    """What one activity tells, by the name under which the newest is kept."""
    kind, seq, at = row["type"], row["seq"], row["occurred_at"]
    changes = {each["field"]: (decoded(each["old"]), decoded(each["new"])) for each in row["changes"] or ()}

    def fact(sides: tuple[Value, Value]) -> Fact:
        return Fact(seq, at, *sides)

    match kind:
        case "customer.health_score_dropped" if "health_score" in changes:
            yield "dropped", fact(changes["health_score"])
        case "customer.status_changed" if changes.get("status", (None, None))[1] == "at_risk":
            yield "at_risk", fact(changes["status"])
        case "contact.archived" | "contact.removed" if PRIMARY in changes:
            yield "primary_gone", fact(changes[PRIMARY])
        case _:
            yield from ((name, fact(changes[name])) for name in FIELDS if name in changes)


def _of_types(
    connection: sa.Connection, workspace: str, customer_ids: Sequence[str], found: sa.Select[Any], types: Sequence[str]
) -> sa.Select[Any]:
    """By the index of types first: for the rows at once, SQLite would read the whole of each log."""
    a = tables.activity.c
    theirs = sa.and_(a.workspace_id == workspace, one_of(connection, a.customer_id, customer_ids), a.type.in_(types))
    places = sa.select(a.customer_id, a.seq).where(theirs).subquery("places")
    this = sa.and_(a.workspace_id == workspace, a.customer_id == places.c.customer_id, a.seq == places.c.seq)
    return for_each(connection, places, found.where(this), tables.activity)


def _since(begun: datetime) -> sa.ColumnElement[bool]:
    a = tables.activity.c
    return sa.and_(a.source != Source.IMPORT.value, a.recorded_at >= begun)


def _beginnings(
    connection: sa.Connection, workspace: str, customer_ids: Sequence[str], begun: datetime
) -> dict[str, Fact]:
    """When each onboarding came into its phase and each task was made, by what the activity is about."""
    if not customer_ids:
        return {}
    a = tables.activity.c
    begun_since = sa.select(a.subject, a.seq, a.occurred_at).where(_since(begun), a.subject.is_not(None))
    rows = connection.execute(_of_types(connection, workspace, customer_ids, begun_since, BEGINNINGS)).mappings()
    return {row["subject"]: Fact(row["seq"], row["occurred_at"]) for row in sorted(rows, key=_when)}


def _forgotten(connection: sa.Connection, workspace: str, customer_ids: Sequence[str]) -> dict[str, int]:
    """Up to which seq the logs of those are gone of whom anything is."""
    p = tables.checkpoint.c
    rows = connection.execute(
        sa.select(p.customer_id, p.seq).where(
            p.workspace_id == workspace, one_of(connection, p.customer_id, customer_ids)
        )
    )
    return dict(rows.all())


def _primary(connection: sa.Connection, workspace: str, customer_ids: Sequence[str]) -> frozenset[str]:
    """Those who have a primary contact."""
    t = tables.contact.c
    theirs = sa.and_(
        t.workspace_id == workspace, one_of(connection, t.customer_id, customer_ids), t.is_primary, t.state == "active"
    )
    return frozenset(connection.execute(sa.select(t.customer_id).where(theirs)).scalars())


def _onboardings(
    connection: sa.Connection, workspace: str, customer_ids: Sequence[str]
) -> dict[str, list[OpenOnboarding]]:
    o = tables.onboarding.c
    rows = connection.execute(
        sa.select(o.customer_id, o.id, o.name, o.phase)
        .where(o.workspace_id == workspace, one_of(connection, o.customer_id, customer_ids), o.state == "open")
        .order_by(o.customer_id, o.id)
    )
    found: dict[str, list[OpenOnboarding]] = defaultdict(list)
    for customer_id, ident, name, phase in rows:
        found[customer_id].append(OpenOnboarding(ident, name, phase, None))
    return found


def _tasks(connection: sa.Connection, workspace: str, customer_ids: Sequence[str]) -> dict[str, list[OpenTask]]:
    """Open ones with a due day, the longest overdue first."""
    t = tables.task.c
    rows = connection.execute(
        sa.select(t.customer_id, t.id, t.title, t.due, t.assignee)
        .where(
            t.workspace_id == workspace,
            one_of(connection, t.customer_id, customer_ids),
            t.state == "open",
            t.due.is_not(None),
        )
        .order_by(t.customer_id, t.due, t.id)
    )
    found: dict[str, list[OpenTask]] = defaultdict(list)
    for customer_id, ident, title, due, assignee in rows:
        person = None if assignee is None else Ref.parse(assignee)
        found[customer_id].append(OpenTask(ident, title, due, person, None))
    return found
