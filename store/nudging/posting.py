"""What becomes of a nudge when its delivery is settled: in that very transaction it is recorded, sent elsewhere, or given up.

Recorded exactly when posted: the activity `pi.nudge` and the message's place are written with the row that says it was sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from store import activities, outbox, settings, tables
from store.domain.activity import PI, Change, NewActivity, Source
from store.domain.nudge import DIGEST, NOTICE, NUDGED, POST, NudgeState
from store.engine import database_clock
from store.nudging import places, planning, schedules
from store.outbox import Delivery, GivenUp, Outcome, Sent
from store.prepared import one_of
from store.records.recording import locked_all

NOT_WANTED: Final = "not_wanted"
"""The error of a delivery that was not true any more when its turn came."""
SHARED_OUTSIDE: Final = "shared_outside"


def settled(connection: sa.Connection, delivery: Delivery, outcome: Outcome) -> None:
    if delivery.kind not in {POST, DIGEST}:
        return
    idents = [delivery.body["nudge"]] if delivery.kind == POST else list(delivery.body["nudges"])
    rows = _rows(connection, delivery.workspace, idents)
    match outcome:
        case Sent():
            # What somebody changed or erased while it was sent is read once their customers are ours.
            locked_all(connection, delivery.workspace, [row["customer_id"] for row in rows])
            for row in _rows(connection, delivery.workspace, idents):
                _posted(connection, delivery, outcome, row)
        case GivenUp(error) if error == NOT_WANTED:
            pass
        case GivenUp(error) if error == SHARED_OUTSIDE:
            for row in rows:
                _elsewhere(connection, delivery, row)
        case GivenUp(error):
            for row in rows:
                _failed(connection, delivery, row, error)
        case _:
            pass  # released: it is tried again


def _rows(connection: sa.Connection, workspace: str, idents: Sequence[str]) -> list[Mapping[str, Any]]:
    """In the order of their customers, whose locks are taken in it."""
    n = tables.nudge.c
    found = connection.execute(
        sa.select(tables.nudge)
        .where(n.workspace_id == workspace, one_of(connection, n.id, idents))
        .order_by(n.customer_id, n.id)
    )
    return [dict(row) for row in found.mappings()]


def _posted(connection: sa.Connection, delivery: Delivery, sent: Sent, row: Mapping[str, Any]) -> None:
    workspace, ident = delivery.workspace, row["id"]
    told = NewActivity(
        kind=NUDGED,
        actor=PI,
        source=Source.PI,
        changes=(Change("nudge", None, row["reason"]),),
        subject=f"nudge:{ident}",
        refs={
            "nudge": ident,
            "rule": row["rule"],
            "delivery": delivery.id,
            "channel": sent.channel or delivery.channel,
            "ts": sent.ts,
            "evidence": row["evidence"],
            **({"permalink": sent.permalink} if sent.permalink else {}),
        },
        dedupe_key=f"delivery:{delivery.id}:{ident}",
    )
    seq = activities.append(connection, workspace, row["customer_id"], told)
    if seq is None:
        return  # it has counted before
    shown = delivery.body.get("revision", delivery.body.get("revisions", {}).get(ident))
    values = {
        "ts": sent.ts,
        "channel": sent.channel or delivery.channel,
        "permalink": sent.permalink,
        "posted_at": database_clock(connection),
    }
    planning.change(connection, workspace, ident, **values)
    if row["state"] != NudgeState.STANDING or row["revision"] != shown:
        planning.edit(connection, workspace, {**row, **values})


def _elsewhere(connection: sa.Connection, delivery: Delivery, row: Mapping[str, Any]) -> None:
    """Outsiders read that channel: it goes to the customer's other channel or to its owner, and says so."""
    if row["state"] != NudgeState.STANDING:
        return
    workspace = delivery.workspace
    refused = [*row["refused"], delivery.channel]
    schedule = schedules.one(connection, workspace, row["schedule_id"])
    c = tables.customer.c
    owner = connection.execute(
        sa.select(c.owner).where(c.workspace_id == workspace, c.id == row["customer_id"])
    ).scalar_one()
    own = settings.read(connection, workspace).nudges
    place = places.place(connection, workspace, row["customer_id"], owner, schedule, own, refused)
    if place is None:
        planning.change(connection, workspace, row["id"], refused=refused)
        _failed(connection, delivery, row, SHARED_OUTSIDE)
        return
    values = {"refused": refused, "channel": place.channel, "digest": None, "round": max(row["round"], 1)}
    planning.change(connection, workspace, row["id"], **values)
    planning.post(connection, workspace, {**row, **values})


def _failed(connection: sa.Connection, delivery: Delivery, row: Mapping[str, Any], error: str) -> None:
    """Slack refused it for good: `nudges health` shows it, and whoever made the schedule hears of it, once a day."""
    workspace = delivery.workspace
    planning.change(connection, workspace, row["id"], state=NudgeState.FAILED.value, error=error)
    schedule = schedules.one(connection, workspace, row["schedule_id"])
    user = schedules.slack_user_of(connection, workspace, schedule.made_by)
    if user is None:
        return
    day = database_clock(connection).date().isoformat()
    outbox.enqueue(
        connection,
        workspace,
        key=f"notice:{schedule.id}:{delivery.channel}:{error}:{day}",
        kind=NOTICE,
        channel=user,
        body={"notice": "failed", "schedule": schedule.number, "channel": delivery.channel, "error": error},
    )
