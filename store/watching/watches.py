"""SQL of watches: made, listed, removed, failed."""

from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from store import customers, outbox, tables
from store.actors import new_id
from store.domain.errors import NotFound, Refused, UsageError
from store.domain.grammar import format_filter, parse_filter
from store.domain.grammar.watches import NewWatch
from store.domain.nudge import NOTICE
from store.domain.query import Reader
from store.domain.record import By
from store.domain.scope import Scope
from store.domain.watch import GONE, WATCH, Watch
from store.engine import database_clock
from store.nudging.schedules import slack_user_of
from store.outbox import Delivery, GivenUp, Outcome
from store.records.customer import person
from store.resolve import settled

MOST: Final = 200
"""Watches of one workspace."""
NOT_WANTED: Final = "not_wanted"


def add(
    connection: sa.Connection, workspace: str, asked: NewWatch, *, channel: str | None, by: By, reader: Reader
) -> Watch:
    """raises  NotFound, Ambiguous, as its words deserve; UsageError, when it is of no customer; Refused, beyond MOST"""
    w, t = tables.workspace.c, tables.watch.c
    scope = _settled(connection, workspace, asked.scope, by)
    if scope == Scope() and not asked.everything:
        raise UsageError(
            "I don't know which customer to watch.", "Try `/pivotal watch acme`, or `--all` for every customer."
        )
    query = settled(connection, workspace, scope.customer, asked.query, reader)
    connection.execute(sa.select(w.workspace_id).where(w.workspace_id == workspace).with_for_update(key_share=True))
    there = list_of(connection, workspace)
    same = next((each for each in there if _same(each, query, scope, channel, str(by.actor))), None)
    if same is not None and same.state == "active":
        raise Refused(f"Watch {same.number} does that already.")
    if same is not None:
        return _again(connection, workspace, same)
    if len(there) >= MOST:
        raise Refused(f"There are {len(there)} watches, and no more than {MOST} can be.", "Remove one first.")
    if not any(each.state == "active" for each in there):
        look_from_here(connection, workspace)
    now = database_clock(connection)
    last = connection.execute(sa.select(sa.func.max(t.number)).where(t.workspace_id == workspace)).scalar_one()
    row = {
        "workspace_id": workspace,
        "id": new_id("wch"),
        "number": (last or 0) + 1,
        "query": format_filter(query),
        "customer_id": scope.customer,
        "owner": scope.owner,
        "tag": scope.tag,
        "channel": channel,
        "made_by": str(by.actor),
        "state": "active",
        "error": None,
        "speaks_at": now,
        "created_at": now,
    }
    connection.execute(tables.watch.insert(), row)
    return read(row)


def _settled(connection: sa.Connection, workspace: str, scope: Scope, by: By) -> Scope:
    """The same with the customer as its id and the owner as a reference."""
    customer = scope.customer and customers.find(connection, workspace, scope.customer)[0].id
    owner = scope.owner and person(connection, workspace, scope.owner, by)
    return replace(scope, customer=customer or None, owner=owner or None)


def _same(each: Watch, query: Any, scope: Scope, channel: str | None, made_by: str) -> bool:
    if (each.query, each.scope, each.channel) != (query, scope, channel):
        return False
    return channel is not None or each.made_by == made_by


def _again(connection: sa.Connection, workspace: str, failed: Watch) -> Watch:
    """A watch that failed, once more: of what is recorded from now on."""
    t, now = tables.watch.c, database_clock(connection)
    if not any(each.state == "active" for each in list_of(connection, workspace)):
        look_from_here(connection, workspace)
    values = {"state": "active", "error": None, "created_at": now, "speaks_at": now}
    mine = sa.and_(t.workspace_id == workspace, t.id == failed.id)
    connection.execute(tables.watch.update().where(mine).values(values))
    return replace(failed, state="active", error=None)


def look_from_here(connection: sa.Connection, workspace: str) -> None:
    """Nobody has looked for a while: what was recorded meanwhile is passed over, and need not be read."""
    c, d = tables.customer.c, tables.watched.c
    connection.execute(tables.watched.delete().where(d.workspace_id == workspace))
    now = sa.select(c.workspace_id, c.id, c.last_seq).where(c.workspace_id == workspace)
    connection.execute(tables.watched.insert().from_select(["workspace_id", "customer_id", "seq"], now))


def list_of(connection: sa.Connection, workspace: str) -> list[Watch]:
    """Those that are not removed, by number."""
    t = tables.watch.c
    rows = connection.execute(
        sa.select(tables.watch).where(t.workspace_id == workspace, t.state != "deleted").order_by(t.number)
    )
    return [read(row) for row in rows.mappings()]


def one(connection: sa.Connection, workspace: str, watch_id: str) -> Watch:
    t = tables.watch.c
    found = connection.execute(sa.select(tables.watch).where(t.workspace_id == workspace, t.id == watch_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("I don't know that watch.", "`/pivotal watches` lists them.")
    return read(row)


def remove(connection: sa.Connection, workspace: str, number: int, by: str, *, admin: bool) -> Watch:
    """raises  NotFound; Refused, for somebody else's, unless an admin asks"""
    t = tables.watch.c
    found = next((each for each in list_of(connection, workspace) if each.number == number), None)
    if found is None or (found.channel is None and found.made_by != by):  # of others' direct messages nobody learns
        raise NotFound(f"There is no watch {number}.", "`/pivotal watches` lists them.")
    if found.made_by != by and not admin:
        raise Refused("Only an admin, or whoever made that watch, may remove it.")
    mine = sa.and_(t.workspace_id == workspace, t.id == found.id)
    connection.execute(tables.watch.update().where(mine).values(state="deleted"))
    return found


def delivered(connection: sa.Connection, delivery: Delivery, outcome: Outcome) -> None:
    """What Slack refused is shown in the list; where nothing can be posted any more, the watch has failed, and its maker hears of it."""
    match outcome:
        case GivenUp(error) if delivery.kind == WATCH and "ts" not in delivery.body and error != NOT_WANTED:
            pass
        case _:
            return
    t, workspace = tables.watch.c, delivery.workspace
    mine = sa.and_(t.workspace_id == workspace, t.id == delivery.body["watch"], t.state == "active")
    values = {"error": error} | ({"state": "failed"} if error in GONE else {})
    changed = connection.execute(tables.watch.update().where(mine).values(values).returning(tables.watch))
    row = changed.mappings().one_or_none()
    user = None if row is None else slack_user_of(connection, workspace, row["made_by"])
    if row is not None and row["channel"] is not None and user is not None:
        told = {"notice": "watch", "watch": row["number"], "channel": row["channel"], "error": error}
        day = database_clock(connection).date().isoformat()
        key = f"notice:{row['id']}:{error}:{day}"
        outbox.enqueue(connection, workspace, key=key, kind=NOTICE, channel=user, body=told)


def read(row: Any) -> Watch:
    return Watch(
        id=row["id"],
        number=row["number"],
        query=parse_filter(row["query"]),
        scope=Scope(customer=row["customer_id"], owner=row["owner"], tag=row["tag"]),
        channel=row["channel"],
        made_by=row["made_by"],
        state=row["state"],
        error=row["error"],
    )
