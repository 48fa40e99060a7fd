"""All that is shown of one customer at a glance."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from store import activities, actors, feed
from store.domain.activity import MENTION, Activity, Ref, refs_in
from store.domain.query import Cursor
from store.domain.record import Card
from store.feed import Slice
from store.records.comment import comments
from store.records.contact import contacts
from store.records.onboarding import onboardings, tasks
from store.records.recording import custom_fields, customer_of, name_of

LATEST = 5
TREND = 20
"""Scores that a chart shows at the most."""


def card(connection: sa.Connection, workspace: str, customer_id: str) -> Card:
    now = customer_of(connection, workspace, customer_id)
    latest = _newest(connection, Slice(workspace, customer_id), LATEST)
    scores = _newest(
        connection, Slice(workspace, customer_id, types=("customer.field_changed",), fields=("health_score",)), TREND
    )
    open_tasks = tasks(connection, workspace, customer_id, state="open")
    said = comments(connection, workspace, customer_id, LATEST)
    refs = {*refs_in(latest), *(each.author for each in said), *(each.assignee for each in open_tasks if each.assignee)}
    refs |= {Ref.parse(ref) for each in said for ref in MENTION.findall(each.text)}
    refs |= {value for value in (now.owner, *now.fields.values()) if isinstance(value, Ref)}
    return Card(
        customer=name_of(connection, workspace, customer_id),
        record=now,
        custom=tuple(custom_fields(connection, workspace)),
        onboardings=tuple(onboardings(connection, workspace, customer_id)),
        open_tasks=tuple(open_tasks),
        contacts=tuple(contacts(connection, workspace, customer_id)),
        comments=tuple(said),
        latest=latest,
        health=tuple(_scores(scores)),
        names=actors.names(connection, workspace, refs),
    )


def _newest(connection: sa.Connection, wanted: Slice, limit: int) -> tuple[Activity, ...]:
    places: Sequence[Cursor] = feed.heads(connection, wanted, limit=limit)
    found = activities.by_seq(connection, wanted.workspace, wanted.customer_id, [each.seq for each in places])
    return tuple(found[each.seq] for each in places)


def _scores(newest_first: Sequence[Activity]) -> list[tuple[datetime, int]]:
    found: list[tuple[datetime, int]] = []
    for each in reversed(newest_first):
        for change in each.changes:
            if change.field != "health_score" or isinstance(change.new, bool):
                continue
            if not found and isinstance(change.old, int):
                found.append((each.occurred_at, change.old))
            if isinstance(change.new, int):
                found.append((each.occurred_at, change.new))
    return found
