"""SQL of schedules and of the times at which they are due. Who ticks first writes a slot down; who claims it works it off.

pending ──claim──▶ working ──done──▶ done         skipped: it was missed by more than a day, or the next one of its schedule has come due
                      └─ the lease ends: somebody else claims it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import settings, tables
from store.actors import new_id, zone_named
from store.domain.errors import NotFound
from store.domain.grammar.nudges import parse_cadence
from store.domain.nudge import NudgeKind
from store.domain.schedule import slots
from store.domain.scope import Scope
from store.engine import database_clock
from store.served import is_served
from store.settings import Nudges

NUDGES: Final = "nudges"
DIGEST: Final = "digest"
ONCE: Final = "once"
"""Kinds of schedules: nudges of their own, what stands in one message, and nudges at once."""

AT_ONCE: Final = 1000
"""Slots that one statement writes down."""
LATE: Final = timedelta(hours=24)
"""What was missed by more is not caught up."""
MOST: Final = 200
"""Schedules of one workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a schedule says.

    cadence  in words of the grammar; "" for once
    channel  None: each customer's own place
    kinds    none are all
    """

    kind: str
    cadence: str = ""
    channel: str | None = None
    kinds: tuple[NudgeKind, ...] = ()
    scope: Scope = Scope()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Terms):
    """The same, as it is kept. Its scope is settled. zone: of who made it."""

    id: str
    number: int
    zone: str
    made_by: str
    state: str
    through: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A slot, claimed."""

    workspace: str
    key: str
    at: datetime
    schedule: Schedule


def add(
    connection: sa.Connection,
    workspace: str,
    terms: Terms,
    *,
    zone: str,
    made_by: str,
    now: datetime,
) -> Schedule:
    """now: by the clock by which it will be due."""
    w, s = tables.workspace.c, tables.schedule.c
    connection.execute(sa.select(w.workspace_id).where(w.workspace_id == workspace).with_for_update(key_share=True))
    last = connection.execute(sa.select(sa.func.max(s.number)).where(s.workspace_id == workspace)).scalar_one()
    row = {
        "workspace_id": workspace,
        "id": new_id("sch"),
        "number": (last or 0) + 1,
        "zone": zone,
        "made_by": made_by,
        "state": "deleted" if terms.kind == ONCE else "active",
        **_values(terms),
        "through": now,
        "created_at": database_clock(connection),
    }
    connection.execute(tables.schedule.insert(), row)
    return read(row)


def _values(terms: Terms) -> dict[str, Any]:
    return {
        "kind": terms.kind,
        "cadence": terms.cadence,
        "channel": terms.channel,
        "kinds": [each.value for each in terms.kinds],
        "customer_id": terms.scope.customer,
        "owner": terms.scope.owner,
        "tag": terms.scope.tag,
    }


def alter(connection: sa.Connection, workspace: str, number: int, terms: Terms, now: datetime) -> Schedule:
    """Give one other terms. What was due by its old ones stays due. Raises NotFound."""
    return _changed(connection, workspace, number, {**_values(terms), "through": now})


def at_once(connection: sa.Connection, workspace: str, schedule: Schedule, now: datetime) -> None:
    connection.execute(tables.slot.insert(), _slot(workspace, schedule.id, "now", now, "pending"))


def listed(connection: sa.Connection, workspace: str) -> list[Schedule]:
    s = tables.schedule.c
    rows = connection.execute(
        sa.select(tables.schedule)
        .where(s.workspace_id == workspace, s.state.in_(("active", "paused")))
        .order_by(s.number)
    )
    return [read(row) for row in rows.mappings()]


def one(connection: sa.Connection, workspace: str, schedule_id: str) -> Schedule:
    s = tables.schedule.c
    found = connection.execute(sa.select(tables.schedule).where(s.workspace_id == workspace, s.id == schedule_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("I don't know that schedule.", "`/pivotal nudges` lists them.")
    return read(row)


def turn(connection: sa.Connection, workspace: str, number: int, state: str, now: datetime) -> Schedule:
    """Pause, resume or delete one. What came due while it was paused is not caught up. Raises NotFound."""
    return _changed(connection, workspace, number, {"state": state} | ({"through": now} if state == "active" else {}))


def _changed(connection: sa.Connection, workspace: str, number: int, values: dict[str, Any]) -> Schedule:
    s = tables.schedule.c
    mine = sa.and_(s.workspace_id == workspace, s.number == number, s.state.in_(("active", "paused")))
    row = (
        connection.execute(tables.schedule.update().where(mine).values(values).returning(tables.schedule))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(f"There is no schedule {number}.", "`/pivotal nudges` lists them.")
    return read(row)


def zone_of(settings_: Nudges, schedule: Schedule) -> ZoneInfo:
    """The workspace's own, else that of whoever made the schedule."""
    return zone_named(settings_.zone) or zone_named(schedule.zone) or ZoneInfo("UTC")


def slack_user_of(connection: sa.Connection, workspace: str, ref: str) -> str | None:
    a = tables.actor.c
    found: str | None = connection.execute(
        sa.select(a.slack_user_id).where(a.workspace_id == workspace, a.id == ref)
    ).scalar_one_or_none()
    return found


def plan(connection: sa.Connection, now: datetime) -> int:
    """Write down every slot that is due by now, of all workspaces, each once however many do so. Returns how many are new.

    Of several that were missed, the last is worked off: it finds what the others would have found, as it is now.
    """
    s = tables.schedule.c
    active = sa.and_(s.state == "active", s.through < now, is_served(s.workspace_id))
    rows = connection.execute(sa.select(tables.schedule).where(active).order_by(s.workspace_id, s.id)).mappings().all()
    own = {row["workspace_id"]: settings.read(connection, row["workspace_id"]).nudges for row in rows}
    new: list[dict[str, Any]] = []
    for row in rows:
        schedule = read(row)
        zone = zone_of(own[row["workspace_id"]], schedule)
        due = list(slots(parse_cadence(schedule.cadence), zone, schedule.through, now))
        if not due:
            continue
        for slot in due:
            state = "skipped" if slot.at <= now - LATE or slot is not due[-1] else "pending"
            new.append(_slot(row["workspace_id"], row["id"], slot.key, slot.at, state))
        this = sa.and_(s.workspace_id == row["workspace_id"], s.id == row["id"], s.through < due[-1].at)
        connection.execute(tables.schedule.update().where(this).values(through=due[-1].at))
    return sum(_written(connection, new[at : at + AT_ONCE]) for at in range(0, len(new), AT_ONCE))


def _written(connection: sa.Connection, new: Sequence[Mapping[str, Any]]) -> int:
    """In their order, so that two who write the same ones wait for each other, and neither for ever."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    once = insert(tables.slot).on_conflict_do_nothing(index_elements=["workspace_id", "schedule_id", "key"])
    return len(connection.execute(once.values(new).returning(tables.slot.c.key)).all())


def _slot(workspace: str, schedule_id: str, key: str, at: datetime, state: str) -> dict[str, Any]:
    return {"workspace_id": workspace, "schedule_id": schedule_id, "key": key, "at": at, "state": state}


def claim(connection: sa.Connection, *, worker: str, lease: timedelta) -> Due | None:
    """The slot that has waited longest; nobody else gets it while the lease runs."""
    t, s = tables.slot.c, tables.schedule.c
    now = database_clock(connection)
    free = sa.or_(t.state == "pending", sa.and_(t.state == "working", t.lease_until <= now))
    found = connection.execute(
        sa.select(t.workspace_id, t.schedule_id, t.key, t.at)
        .where(free, is_served(t.workspace_id))
        .order_by(t.at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if found is None:
        return None
    workspace, schedule_id, key, at = found
    connection.execute(
        tables.slot.update()
        .where(t.workspace_id == workspace, t.schedule_id == schedule_id, t.key == key)
        .values(state="working", lease_by=worker, lease_until=now + lease)
    )
    row = (
        connection.execute(sa.select(tables.schedule).where(s.workspace_id == workspace, s.id == schedule_id))
        .mappings()
        .one()
    )
    return Due(workspace, key, at, read(row))


def hold(connection: sa.Connection, due: Due, *, worker: str, lease: timedelta, done: bool = False) -> bool:
    """Go on with a slot, or be done with it. Returns whether it is still ours."""
    t = tables.slot.c
    mine = sa.and_(
        t.workspace_id == due.workspace,
        t.schedule_id == due.schedule.id,
        t.key == due.key,
        t.state == "working",
        t.lease_by == worker,
    )
    ended = {"state": "done", "lease_by": None, "lease_until": None}
    values = ended if done else {"lease_until": database_clock(connection) + lease}
    return connection.execute(tables.slot.update().where(mine).values(values).returning(t.key)).first() is not None


def read(row: Any) -> Schedule:
    return Schedule(
        id=row["id"],
        number=row["number"],
        kind=row["kind"],
        cadence=row["cadence"],
        zone=row["zone"],
        channel=row["channel"],
        kinds=tuple(NudgeKind(each) for each in row["kinds"]),
        scope=Scope(customer=row["customer_id"], owner=row["owner"], tag=row["tag"]),
        made_by=row["made_by"],
        state=row["state"],
        through=row["through"],
    )
