"""What people do with a nudge: done, snoozed, dismissed, assigned. Each is recorded, changes its message for everyone, and counts once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from store import activities, actors, outbox, tables
from store.domain.activity import Change, NewActivity, Ref
from store.domain.errors import NotFound, Refused
from store.domain.nudge import NOTICE, NudgeState
from store.domain.record import By
from store.nudging import planning
from store.records.recording import locked

DONE: Final = "pi.nudge_done"
SNOOZED: Final = "pi.nudge_snoozed"
DISMISSED: Final = "pi.nudge_dismissed"
ASSIGNED: Final = "pi.nudge_assigned"
SETTLED: Final = (NudgeState.DONE, NudgeState.DISMISSED, NudgeState.CLEARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """until: of a snooze. note: why it was dismissed. assignee: a reference."""

    state: NudgeState
    until: datetime | None = None
    note: str | None = None


def settle(connection: sa.Connection, workspace: str, nudge_id: str, wanted: Settling, by: By, now: datetime) -> None:
    """raises  Refused, when somebody was faster, which says who; NotFound"""
    row = _mine(connection, workspace, nudge_id)
    if row["state"] in SETTLED or (row["state"] == NudgeState.SNOOZED and wanted.state is NudgeState.SNOOZED):
        raise Refused(_already(connection, workspace, row))
    values: dict[str, Any] = {
        "state": wanted.state.value,
        "until": wanted.until,
        "settled_at": now,
        "settled_by": str(by.actor),
        "note": wanted.note,
        "revision": row["revision"] + 1,
    }
    planning.change(connection, workspace, nudge_id, **values)
    kind = {NudgeState.DONE: DONE, NudgeState.SNOOZED: SNOOZED, NudgeState.DISMISSED: DISMISSED}[wanted.state]
    until = wanted.until.date().isoformat() if wanted.until else None
    _record(connection, workspace, row, by, kind, Change("nudge", row["reason"], until), wanted.note)
    planning.edit(connection, workspace, {**row, **values})


def assign(connection: sa.Connection, workspace: str, nudge_id: str, assignee: str, by: By) -> None:
    """Make it somebody's. They are told, unless they did it themselves. Raises Refused, NotFound."""
    row = _mine(connection, workspace, nudge_id)
    if row["state"] in SETTLED:
        raise Refused(_already(connection, workspace, row))
    if row["assignee"] == assignee:
        raise Refused("It is theirs already.")
    a = tables.actor.c
    person = connection.execute(
        sa.select(a.slack_user_id).where(a.workspace_id == workspace, a.id == assignee, a.type == "user")
    ).one_or_none()
    if person is None:
        raise NotFound("I don't know that person.", "Choose one from the list.")
    values = {"assignee": assignee, "revision": row["revision"] + 1}
    planning.change(connection, workspace, nudge_id, **values)
    old = None if row["assignee"] is None else Ref.parse(row["assignee"])
    _record(connection, workspace, row, by, ASSIGNED, Change("assignee", old, Ref.parse(assignee)), None)
    planning.edit(connection, workspace, {**row, **values})
    if person.slack_user_id is not None and assignee != str(by.actor):
        outbox.enqueue(
            connection,
            workspace,
            key=f"notice:{nudge_id}:{row['revision'] + 1}",
            kind=NOTICE,
            channel=person.slack_user_id,
            body={"notice": "assigned", "nudge": nudge_id, "by": str(by.actor)},
        )


def _mine(connection: sa.Connection, workspace: str, nudge_id: str) -> Mapping[str, Any]:
    """The nudge, its customer locked: a second press waits here, and then reads what the first has done."""
    n = tables.nudge.c
    this = sa.and_(n.workspace_id == workspace, n.id == nudge_id)
    customer_id = connection.execute(sa.select(n.customer_id).where(this)).scalar_one_or_none()
    if customer_id is None:
        raise NotFound("I don't know that nudge any more.")
    locked(connection, workspace, customer_id)
    return dict(connection.execute(sa.select(tables.nudge).where(this)).mappings().one())


def _already(connection: sa.Connection, workspace: str, row: Mapping[str, Any]) -> str:
    if row["state"] == NudgeState.CLEARED:
        return "It has resolved itself already."
    said = {NudgeState.DONE: "done", NudgeState.DISMISSED: "dismissed", NudgeState.SNOOZED: "snoozed"}
    ref = Ref.parse(row["settled_by"])
    who = actors.names(connection, workspace, [ref]).get(str(ref), ref.id)
    return f"It was already {said[NudgeState(row['state'])]} by {who}."


def _record(
    connection: sa.Connection,
    workspace: str,
    row: Mapping[str, Any],
    by: By,
    kind: str,
    change: Change,
    text: str | None,
) -> None:
    told = NewActivity(
        kind=kind,
        actor=by.actor,
        source=by.source,
        changes=(change,),
        text=text,
        subject=f"nudge:{row['id']}",
        refs={**by.refs, "nudge": row["id"], "rule": row["rule"]},
    )
    activities.append(connection, workspace, row["customer_id"], told)
