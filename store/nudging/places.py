"""SQL of where a nudge goes: the schedule's channel, else the customer's, else its owner, else the workspace's own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from store import tables
from store.nudging.schedules import Schedule
from store.settings import Nudges

NOWHERE: Final = "nowhere"
"""The error of a nudge for which there is no place."""


@dataclass(frozen=True, slots=True)
class Place:
    """channel: or a person's id, for direct messages. zone: of that person."""

    channel: str
    zone: str | None = None


def place(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    owner: str | None,
    schedule: Schedule,
    settings: Nudges,
    refused: Sequence[str],
) -> Place | None:
    """The first that was not refused, since people outside the company read it; None: there is none."""
    possible = _possible(connection, workspace, customer_id, owner, schedule, settings)
    return next((each for each in possible if each.channel not in refused), None)


def _possible(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    owner: str | None,
    schedule: Schedule,
    settings: Nudges,
) -> Iterator[Place]:
    h, a = tables.channel.c, tables.actor.c
    if schedule.channel is not None:
        yield Place(schedule.channel)
    linked = sa.select(h.slack_channel_id).where(h.workspace_id == workspace, h.customer_id == customer_id)
    for channel in connection.execute(linked.order_by(h.slack_channel_id)).scalars().all():
        yield Place(channel)
    if owner is not None:
        person = sa.select(a.slack_user_id, a.zone).where(a.workspace_id == workspace, a.id == owner)
        for user, zone in connection.execute(person).all():
            if user is not None:
                yield Place(user, zone)
    if settings.channel is not None:
        yield Place(settings.channel)
