"""A nudge that a program asked for: in the outbox until it is posted, in the history from the moment it is.

The wording is the one thing in the outbox that may name somebody; it leaves it when the nudge is settled. An erasure takes the name out of
it before that, whoever is sending it: so what counts is what the row says then.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from store import activities, outbox, tables
from store.domain.activity import PI, Change, NewActivity, Source
from store.domain.errors import Refused
from store.domain.nudge import NUDGED
from store.outbox import Delivery, Outcome, Released, Sent
from store.records.recording import locked
from store.tables import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """key: what it counts once by. channel: in Slack; None: the customer's."""

    key: str
    wording: str
    channel: str | None


def enqueue(connection: sa.Connection, workspace: str, customer_id: str, asked: Asked, by: str) -> str | None:
    """Put it in the outbox. Returns the delivery's id; None when its key is there already.

    raises  Refused, when there is no place to post it
    """
    channel = asked.channel or _place(connection, workspace, customer_id)
    if channel is None:
        raise Refused("There is no channel for it: the customer has neither one linked nor an owner in Slack.")
    body = {"customer": customer_id, "wording": plain(asked.wording), "by": by}
    return outbox.enqueue(connection, workspace, key=asked.key, kind=NUDGED, channel=channel, body=body)


def _place(connection: sa.Connection, workspace: str, customer_id: str) -> str | None:
    """The channel that is linked to the customer, else the owner, with whom we have direct messages."""
    h, c, a = tables.channel.c, tables.customer.c, tables.actor.c
    linked = (
        sa.select(h.slack_channel_id)
        .where(h.workspace_id == workspace, h.customer_id == customer_id)
        .order_by(h.slack_channel_id)
        .limit(1)
    )
    owner = (
        sa.select(a.slack_user_id)
        .join_from(tables.customer, tables.actor, sa.and_(a.workspace_id == c.workspace_id, a.id == c.owner))
        .where(c.workspace_id == workspace, c.id == customer_id)
    )
    found: str | None = connection.execute(linked).scalar_one_or_none()
    return found or connection.execute(owner).scalar_one_or_none()


def lock(connection: sa.Connection, delivery: Delivery) -> None:
    """Whoever writes to a customer's history locks it first, and then the delivery."""
    if delivery.kind == NUDGED:
        locked(connection, delivery.workspace, delivery.body["customer"])


def settled(connection: sa.Connection, delivery: Delivery, outcome: Outcome) -> None:
    """In the transaction that settles a delivery: a nudge that was posted is recorded, and its wording is kept there only."""
    if delivery.kind != NUDGED or isinstance(outcome, Released):
        return
    o = tables.outbox.c
    mine = sa.and_(o.workspace_id == delivery.workspace, o.id == delivery.id)
    body = connection.execute(sa.select(o.body).where(mine)).scalar_one()
    if isinstance(outcome, Sent):
        posted = NewActivity(
            kind=NUDGED,
            actor=PI,
            source=Source.API,
            changes=(Change("nudge", None, body["wording"]),),
            refs={"delivery": delivery.id, "channel": delivery.channel, "ts": outcome.ts, "by": delivery.body["by"]},
            dedupe_key=f"delivery:{delivery.id}",
        )
        activities.append(connection, delivery.workspace, delivery.body["customer"], posted)
    emptied = {name: value for name, value in body.items() if name != "wording"}
    connection.execute(tables.outbox.update().where(mine).values(body=emptied))
