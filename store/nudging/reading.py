"""SQL that reads nudges to be shown: in a message, in a list, in numbers."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import sqlalchemy as sa

from store import activities, actors, tables
from store.customers import by_id
from store.domain.activity import MENTION, Ref, refs_in
from store.domain.errors import NotFound
from store.domain.nudge import DIGEST, EDIT, NOTICE, POST, SUMMARY, Health, Kept, NudgeKind, NudgeState
from store.nudging.schedules import Schedule
from store.prepared import one_of

EVIDENCE = 3
"""Activities shown below a nudge."""
LISTED = 50


def kept(connection: sa.Connection, workspace: str, nudge_id: str) -> Kept:
    """raises NotFound"""
    n = tables.nudge.c
    row = (
        connection.execute(sa.select(tables.nudge).where(n.workspace_id == workspace, n.id == nudge_id))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound("I don't know that nudge any more.")
    return _read(connection, workspace, row)


def in_message(connection: sa.Connection, workspace: str, nudge_id: str) -> list[Kept]:
    """All that the message tells of in which this one stands."""
    n, other = tables.nudge.c, tables.nudge.alias("other").c
    this = sa.and_(other.workspace_id == workspace, other.id == nudge_id)
    places = sa.select(other.channel, other.ts).where(this)
    return _all(connection, workspace, sa.tuple_(n.channel, n.ts).in_(places))


def chosen(connection: sa.Connection, workspace: str, idents: Sequence[str]) -> list[Kept]:
    return _all(connection, workspace, one_of(connection, tables.nudge.c.id, idents))


def of_schedule(connection: sa.Connection, workspace: str, schedule: Schedule) -> list[Kept]:
    """What stands of that which a schedule is about, the oldest first."""
    n, c = tables.nudge.c, tables.customer.c
    which = n.state == NudgeState.STANDING.value
    if schedule.kinds:
        which = sa.and_(which, n.kind.in_([kind.value for kind in schedule.kinds]))
    found = _all(connection, workspace, which)
    theirs = sa.and_(c.workspace_id == workspace, one_of(connection, c.id, {each.customer.id for each in found}))
    rows = connection.execute(sa.select(c.id, c.owner, c.tags).where(theirs)).all()
    within = {ident for ident, owner, tags in rows if schedule.scope.includes(ident, owner, tags)}
    return [each for each in found if each.customer.id in within]


def _all(connection: sa.Connection, workspace: str, which: sa.ColumnElement[bool]) -> list[Kept]:
    n = tables.nudge.c
    rows = connection.execute(
        sa.select(tables.nudge).where(n.workspace_id == workspace, which).order_by(n.found_at, n.id).limit(LISTED)
    )
    return [_read(connection, workspace, row) for row in rows.mappings().all()]


def _read(connection: sa.Connection, workspace: str, row: Any) -> Kept:
    customer = by_id(connection, workspace, row["customer_id"])
    assert customer is not None  # a foreign key sees to it
    found = activities.by_seq(connection, workspace, customer.id, row["evidence"][:EVIDENCE])
    evidence = tuple(found[seq] for seq in sorted(found, reverse=True))
    people = [Ref.parse(row[name]) for name in ("assignee", "settled_by") if row[name] is not None]
    said = [Ref.parse(ref) for text in (row["reason"], row["advice"]) for ref in MENTION.findall(text)]
    return Kept(
        id=row["id"],
        customer=customer,
        rule=row["rule"],
        kind=NudgeKind(row["kind"]),
        state=NudgeState(row["state"]),
        since=row["since"],
        reason=row["reason"],
        advice=row["advice"],
        about=row["about"],
        revision=row["revision"],
        evidence=evidence,
        until=row["until"],
        assignee=row["assignee"],
        settled_by=row["settled_by"],
        settled_at=row["settled_at"],
        note=row["note"],
        in_digest=row["digest"] is not None,
        elsewhere=bool(row["refused"]),
        permalink=row["permalink"],
        names=actors.names(connection, workspace, {*refs_in(evidence), *people, *said}),
    )


def health(connection: sa.Connection, workspace: str, since: datetime) -> Health:
    """How nudging goes. since: from when on outcomes are counted."""
    n, o, s = tables.nudge.c, tables.outbox.c, tables.slot.c
    mine = sa.and_(o.workspace_id == workspace, o.kind.in_((POST, EDIT, DIGEST, NOTICE, SUMMARY)))
    sent = _counts(connection, o.state, mine)
    due = connection.execute(
        sa.select(sa.func.count()).where(s.workspace_id == workspace, s.state.in_(("pending", "working")))
    ).scalar_one()
    states = _counts(connection, n.state, n.workspace_id == workspace)
    ended = connection.execute(
        sa.select(n.state, n.posted_at, n.settled_at, n.note).where(
            n.workspace_id == workspace, n.settled_at >= since, n.posted_at.is_not(None)
        )
    ).all()
    outcomes = Counter(state for state, _, _, _ in ended)
    took = [(at - posted) for state, posted, at, _ in ended if state != NudgeState.SNOOZED.value and at > posted]
    errors = connection.execute(
        sa.select(n.channel, n.error, sa.func.count())
        .where(n.workspace_id == workspace, n.state == NudgeState.FAILED.value)
        .group_by(n.channel, n.error)
        .order_by(sa.func.count().desc())
        .limit(10)
    ).all()
    return Health(
        due=due,
        pending=sent["pending"],
        uncertain=sent["sending"],
        failed=states[NudgeState.FAILED.value],
        standing=states[NudgeState.STANDING.value],
        held=states[NudgeState.HELD.value],
        snoozed=states[NudgeState.SNOOZED.value],
        outcomes={NudgeState(state): count for state, count in outcomes.items()},
        reasons=tuple(note for state, _, _, note in ended if state == NudgeState.DISMISSED.value and note)[-5:],
        usually=timedelta(seconds=median(each.total_seconds() for each in took)) if took else None,
        errors=tuple((channel, error, count) for channel, error, count in errors),
    )


def _counts(connection: sa.Connection, column: sa.ColumnElement[str], which: sa.ColumnElement[bool]) -> Counter[str]:
    rows = connection.execute(sa.select(column, sa.func.count()).where(which).group_by(column))
    return Counter(dict(iter(rows)))
