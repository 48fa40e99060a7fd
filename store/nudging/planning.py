"""From what the rules found to what is to be posted, edited, or left: one transaction for a batch of customers.

Of one rule and customer one nudge stands at most. Found again, it is left or its message edited; no longer true, its message says so;
settled by a person, it does not come back before something new happens. What may not be posted now is held: it is quiet there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import Enum, auto
from typing import Any, Final

import sqlalchemy as sa

from store import activities, outbox, tables
from store.actors import new_id, zone_named
from store.domain.activity import PI, Change, NewActivity, Source
from store.domain.grammar import format_filter
from store.domain.nudge import OPEN, Account, Nudge, NudgeState
from store.domain.rules import RULES, due, rule_named
from store.domain.schedule import Quiet, speaks_at
from store.nudging import places
from store.nudging.accounts import accounts
from store.nudging.places import DIGEST, EDIT, POST, Place
from store.nudging.schedules import ONCE, Schedule, zone_of
from store.records.recording import locked
from store.settings import Nudges

CLEARED: Final = "pi.nudge_cleared"


class What(Enum):
    NEW = auto()
    POST = auto()
    """Held or snoozed until now, or true again."""
    EDIT = auto()
    KEEP = auto()
    """Nobody sees it now, but what it says has changed."""
    CLEAR = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """row: the nudge as it is kept; None for a new one. nudge: as it was found; None, when it is no longer true."""

    what: What
    rule: str
    nudge: Nudge | None
    row: Mapping[str, Any] | None


def steps(
    account: Account, known: Sequence[Mapping[str, Any]], schedule: Schedule, settings: Nudges, now: datetime
) -> Iterator[Step]:
    """What one customer's nudges need. known: those of this customer that stand, or were settled."""
    found = {nudge.rule: nudge for nudge in due(account, now, settings.thresholds())}
    for rule in RULES:
        nudge = found.get(rule.name)
        mine = [row for row in known if row["rule"] == rule.name]
        standing = next((row for row in mine if row["state"] in OPEN), None)
        if standing is None and nudge is not None and (not schedule.kinds or nudge.kind in schedule.kinds):
            same = next((row for row in mine if row["episode"] == nudge.episode), None)
            if same is None:
                yield Step(What.NEW, rule.name, nudge, None)
            elif same["state"] == NudgeState.CLEARED:
                yield Step(What.POST, rule.name, nudge, same)
        elif standing is not None and nudge is None:
            yield Step(What.CLEAR, rule.name, None, standing)
        elif standing is not None and nudge is not None:
            yield from _still(standing, nudge, now, at_once=schedule.kind == ONCE)


def _still(row: Mapping[str, Any], nudge: Nudge, now: datetime, *, at_once: bool) -> Iterator[Step]:
    waits = row["state"] != NudgeState.STANDING
    over = row["until"] is not None and row["until"] <= now
    if waits and (over or (at_once and row["state"] == NudgeState.HELD)):
        yield Step(What.POST, nudge.rule, nudge, row)
    elif (row["reason"], row["episode"]) != (nudge.reason, nudge.episode):
        yield Step(What.KEEP if waits else What.EDIT, nudge.rule, nudge, row)


def evaluate(
    connection: sa.Connection,
    workspace: str,
    customer_ids: Sequence[str],
    schedule: Schedule,
    settings: Nudges,
    now: datetime,
    *,
    dry: bool = False,
) -> list[str]:
    """Evaluate these customers. Returns the ids of those for whom there was something to do; dry: nothing is done about it."""
    zone = zone_of(settings, schedule)
    everyone = [
        account
        for account in accounts(connection, workspace, customer_ids, now, zone)
        if schedule.scope.includes(
            account.customer.id, None if account.owner is None else str(account.owner), account.tags
        )
    ]
    known = _known(connection, workspace, [account.customer.id for account in everyone])
    concerned = []
    for account in everyone:
        wanted = list(steps(account, known[account.customer.id], schedule, settings, now))
        if not wanted:
            continue
        concerned.append(account.customer.id)
        if not dry:
            # Whoever settles a nudge takes the customer's lock first, too: nobody waits for the other in a circle.
            locked(connection, workspace, account.customer.id)
            fresh = _known(connection, workspace, [account.customer.id])[account.customer.id]
            for step in steps(account, fresh, schedule, settings, now):
                _take(connection, workspace, account, step, schedule, settings, now)
    return concerned


def _known(
    connection: sa.Connection, workspace: str, customer_ids: Sequence[str]
) -> dict[str, list[Mapping[str, Any]]]:
    n = tables.nudge.c
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    rows = connection.execute(
        sa.select(tables.nudge).where(n.workspace_id == workspace, n.customer_id.in_(customer_ids))
    )
    for row in rows.mappings():
        found[row["customer_id"]].append(dict(row))
    return found


def _take(
    connection: sa.Connection,
    workspace: str,
    account: Account,
    step: Step,
    schedule: Schedule,
    settings: Nudges,
    now: datetime,
) -> None:
    if step.nudge is None:
        assert step.row is not None
        _clear(connection, workspace, account, step.row, now)
        return
    said = _said(step.nudge)
    if step.row is None:
        row = {
            "workspace_id": workspace,
            "id": new_id("ndg"),
            "customer_id": account.customer.id,
            "state": NudgeState.HELD.value,
            "revision": 0,
            "round": 0,
            "schedule_id": schedule.id,
            "refused": [],
            "found_at": now,
            **said,
        }
        connection.execute(tables.nudge.insert(), row)
        _post(connection, workspace, account, {**row, "channel": None, "ts": None}, schedule, settings, now)
        return
    row = {**step.row, **said, "revision": step.row["revision"] + 1}
    change(connection, workspace, row["id"], **said, revision=row["revision"])
    if step.what is What.POST:
        _post(connection, workspace, account, row, schedule, settings, now)
    elif step.what is What.EDIT:
        edit(connection, workspace, row)


def _said(nudge: Nudge) -> dict[str, Any]:
    return {
        "rule": nudge.rule,
        "episode": nudge.episode,
        "kind": nudge.kind.value,
        "since": nudge.since,
        "reason": nudge.reason,
        "advice": nudge.advice,
        "evidence": list(nudge.evidence),
        "about": format_filter(nudge.about),
    }


def change(connection: sa.Connection, workspace: str, nudge_id: str, **values: Any) -> None:
    n = tables.nudge.c
    connection.execute(tables.nudge.update().where(n.workspace_id == workspace, n.id == nudge_id).values(values))


def _post(
    connection: sa.Connection,
    workspace: str,
    account: Account,
    row: Mapping[str, Any],
    schedule: Schedule,
    settings: Nudges,
    now: datetime,
) -> None:
    """Put it in the outbox, or hold it, or say that there is no place for it."""
    owner = None if account.owner is None else str(account.owner)
    place = places.place(connection, workspace, account.customer.id, owner, schedule, settings, row["refused"])
    if place is None:
        change(connection, workspace, row["id"], state=NudgeState.FAILED.value, error=places.NOWHERE, until=None)
        return
    zone = zone_named(place.zone) or zone_of(settings, schedule)
    speaks = speaks_at(quiet(settings), zone, now)
    if speaks > now and schedule.kind != ONCE:
        change(connection, workspace, row["id"], state=NudgeState.HELD.value, until=speaks, channel=place.channel)
        return
    day = now.astimezone(zone).date().isoformat()
    values: dict[str, Any] = {
        "state": NudgeState.STANDING.value,
        "until": None,
        "channel": place.channel,
        "day": day,
        "digest": None,
        "settled_at": None,
        "settled_by": None,
        "note": None,
        "error": None,
    }
    if row["ts"] is not None:
        # It comes back as a new message; the old one says where it stands.
        _edit_at(connection, workspace, row, over=True)
    if _spent(connection, workspace, place, day) >= settings.per_day:
        change(connection, workspace, row["id"], **values | {"digest": f"{place.channel} {day}", "round": 0})
        return
    change(connection, workspace, row["id"], **values, round=row["round"] + 1)
    post(connection, workspace, {**row, **values, "round": row["round"] + 1})


def quiet(settings: Nudges) -> Quiet:
    start, end = time.fromisoformat(settings.quiet_from), time.fromisoformat(settings.quiet_to)
    return Quiet(start, end, settings.quiet_weekends)


def _spent(connection: sa.Connection, workspace: str, place: Place, day: str) -> int:
    n = tables.nudge.c
    counted = sa.select(sa.func.count()).where(
        n.workspace_id == workspace, n.channel == place.channel, n.day == day, n.digest.is_(None), n.round > 0
    )
    found: int = connection.execute(counted).scalar_one()
    return found


def post(connection: sa.Connection, workspace: str, row: Mapping[str, Any]) -> None:
    key = f"nudge:{row['id']}:{row['round']}:{len(row['refused'])}"
    body = {"nudge": row["id"], "revision": row["revision"]}
    outbox.enqueue(connection, workspace, key=key, kind=POST, channel=row["channel"], body=body)


def edit(connection: sa.Connection, workspace: str, row: Mapping[str, Any]) -> None:
    """Its message reads otherwise now. One that is not there yet is written as it then reads."""
    if row["ts"] is not None:
        _edit_at(connection, workspace, row, over=False)


def _edit_at(connection: sa.Connection, workspace: str, row: Mapping[str, Any], *, over: bool) -> None:
    key = f"nudge:{row['id']}:{row['round']}:edit:{row['revision']}"
    body = {"nudge": row["id"], "ts": row["ts"]} | ({"over": True} if over else {})
    outbox.enqueue(connection, workspace, key=key, kind=EDIT, channel=row["channel"], body=body)


def _clear(connection: sa.Connection, workspace: str, account: Account, row: Mapping[str, Any], now: datetime) -> None:
    why = rule_named(row["rule"]).cleared(account)
    values = {
        "state": NudgeState.CLEARED.value,
        "until": None,
        "settled_at": now,
        "note": why,
        "revision": row["revision"] + 1,
    }
    change(connection, workspace, row["id"], **values)
    if row["posted_at"] is None:
        return  # nobody has seen it
    told = NewActivity(
        kind=CLEARED,
        actor=PI,
        source=Source.PI,
        changes=(Change("nudge", row["reason"], None),),
        text=why,
        subject=f"nudge:{row['id']}",
        refs={"nudge": row["id"], "rule": row["rule"]},
    )
    activities.append(connection, workspace, account.customer.id, told)
    edit(connection, workspace, {**row, **values})


def finish(connection: sa.Connection, workspace: str) -> int:
    """Put what exceeded the budgets of the day into one digest for each channel. Returns how many digests."""
    n = tables.nudge.c
    waiting = sa.and_(
        n.workspace_id == workspace, n.state == NudgeState.STANDING.value, n.digest.is_not(None), n.round == 0
    )
    rows = connection.execute(
        sa.select(n.id, n.digest, n.channel).where(waiting).order_by(n.digest, n.id).with_for_update()
    ).all()
    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ident, digest, channel in rows:
        told[digest, channel].append(ident)
        change(connection, workspace, ident, round=1)
    for (digest, channel), idents in told.items():
        key = f"digest:{digest}:{idents[0]}"
        outbox.enqueue(connection, workspace, key=key, kind=DIGEST, channel=channel, body={"nudges": idents})
    return len(told)


def waiting(connection: sa.Connection, now: datetime) -> list[tuple[str, str, str]]:
    """(workspace, schedule, customer) of the nudges that were held or snoozed until now, everywhere."""
    n, w = tables.nudge.c, tables.workspace.c
    over = sa.and_(n.state.in_((NudgeState.HELD.value, NudgeState.SNOOZED.value)), n.until <= now)
    places_ = (n.workspace_id, n.schedule_id, n.customer_id)
    found: list[tuple[str, str, str]] = []
    for workspace in connection.execute(sa.select(w.workspace_id)).scalars().all():
        rows = connection.execute(sa.select(*places_).where(n.workspace_id == workspace, over).distinct())
        found += sorted((one, schedule, customer) for one, schedule, customer in rows)
    return found
