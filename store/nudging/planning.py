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
from store.domain.nudge import DIGEST, EDIT, OPEN, POST, Account, Nudge, NudgeState
from store.domain.rules import RULES, due, rule_named
from store.domain.schedule import Quiet, speaks_at
from store.nudging import places
from store.nudging.accounts import accounts
from store.nudging.schedules import ONCE, Schedule, zone_of
from store.prepared import one_of
from store.records.recording import locked_all
from store.served import is_served
from store.settings import Nudges

CLEARED: Final = "pi.nudge_cleared"


AGAIN: Final = (NudgeState.CLEARED, NudgeState.FAILED)
"""What is tried again in the same episode: it is true once more, or there may be a place for it now."""

MAYBE_POSTED: Final = "outcome_unknown"
"""The error of a nudge that was posted once more already, and may be there twice: it is not posted a third time."""

Row = Mapping[str, Any]
"""A nudge as it is kept."""


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
    row: Row | None


def steps(
    account: Account, known: Sequence[Row], schedule: Schedule, settings: Nudges, now: datetime
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
            elif same["state"] in AGAIN and same["error"] != MAYBE_POSTED:
                yield Step(What.POST, rule.name, nudge, same)
        elif standing is not None and nudge is None:
            yield Step(What.CLEAR, rule.name, None, standing)
        elif standing is not None and nudge is not None:
            yield from _still(standing, nudge, now, at_once=schedule.kind == ONCE)


def _still(row: Row, nudge: Nudge, now: datetime, *, at_once: bool) -> Iterator[Step]:
    waits = row["state"] != NudgeState.STANDING
    over = row["until"] is not None and row["until"] <= now
    if waits and (over or (at_once and row["state"] == NudgeState.HELD)):
        yield Step(What.POST, nudge.rule, nudge, row)
    elif (row["reason"], row["episode"]) != (nudge.reason, nudge.episode):
        yield Step(What.KEEP if waits else What.EDIT, nudge.rule, nudge, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One look at some customers, within a transaction."""

    connection: sa.Connection
    workspace: str
    schedule: Schedule
    settings: Nudges
    now: datetime

    def concerned(self, customer_ids: Sequence[str]) -> list[str]:
        """For whom of these there is something to do. Nothing is done about it."""
        everyone = self._accounts(customer_ids)
        known = self._known([account.customer.id for account in everyone])
        return [account.customer.id for account in everyone if any(self._steps(account, known))]

    def act(self, customer_ids: Sequence[str]) -> None:
        """Do it. Whoever settles a nudge takes its customer's lock first, too: nobody waits for the other in a circle."""
        locked_all(self.connection, self.workspace, customer_ids)
        everyone = self._accounts(customer_ids)
        known = self._known([account.customer.id for account in everyone])
        for account in everyone:
            for step in self._steps(account, known):
                self._take(account, step)

    def _accounts(self, customer_ids: Sequence[str]) -> list[Account]:
        """Those within the schedule's scope."""
        zone = zone_of(self.settings, self.schedule)
        return [
            account
            for account in accounts(self.connection, self.workspace, customer_ids, self.now, zone)
            if self.schedule.scope.includes(account.customer.id, _owner(account), account.tags)
        ]

    def _known(self, customer_ids: Sequence[str]) -> Mapping[str, Sequence[Row]]:
        n = tables.nudge.c
        found: dict[str, list[Row]] = defaultdict(list)
        theirs = sa.and_(n.workspace_id == self.workspace, one_of(self.connection, n.customer_id, customer_ids))
        for row in self.connection.execute(sa.select(tables.nudge).where(theirs)).mappings():
            found[row["customer_id"]].append(dict(row))
        return found

    def _steps(self, account: Account, known: Mapping[str, Sequence[Row]]) -> Iterator[Step]:
        return steps(account, known.get(account.customer.id, ()), self.schedule, self.settings, self.now)

    def _take(self, account: Account, step: Step) -> None:
        if step.row is None:
            assert step.nudge is not None
            self._post(account, self._new(account, step.nudge))
        elif step.nudge is None:
            self._clear(account, step.row)
        else:
            said = {**_said(step.nudge), "revision": step.row["revision"] + 1}
            change(self.connection, self.workspace, step.row["id"], **said)
            row = {**step.row, **said}
            if step.what is What.POST:
                self._post(account, row)
            elif step.what is What.EDIT:
                edit(self.connection, self.workspace, row)

    def _new(self, account: Account, nudge: Nudge) -> Row:
        row = {
            "workspace_id": self.workspace,
            "id": new_id("ndg"),
            "customer_id": account.customer.id,
            "state": NudgeState.HELD.value,
            "revision": 0,
            "round": 0,
            "schedule_id": self.schedule.id,
            "refused": [],
            "found_at": self.now,
            **_said(nudge),
        }
        self.connection.execute(tables.nudge.insert(), row)
        return {**row, "channel": None, "ts": None}

    def _post(self, account: Account, row: Row) -> None:
        """Put it in the outbox, or hold it, or say that there is no place for it."""
        place = places.place(
            self.connection,
            self.workspace,
            account.customer.id,
            _owner(account),
            self.schedule,
            self.settings,
            row["refused"],
        )
        if place is None:
            self._change(row, state=NudgeState.FAILED.value, error=places.NOWHERE, until=None)
            return
        zone = zone_named(place.zone) or zone_of(self.settings, self.schedule)
        speaks = speaks_at(quiet(self.settings), zone, self.now)
        if speaks > self.now and self.schedule.kind != ONCE:
            self._change(row, state=NudgeState.HELD.value, until=speaks)
            return
        if row["ts"] is not None:
            # It comes back as a new message; the old one says so.
            _edit_at(self.connection, self.workspace, row, over=True)
        day = f"{place.channel} {self.now.astimezone(zone).date()}"
        spent = self._spent(day) >= self.settings.per_day
        values: dict[str, Any] = {
            "state": NudgeState.STANDING.value,
            "channel": place.channel,
            "day": day,
            "digest": day if spent else None,
            "round": 0 if spent else row["round"] + 1,
            **dict.fromkeys(("ts", "until", "settled_at", "settled_by", "note", "error")),
        }
        self._change(row, **values)
        if not spent:
            post(self.connection, self.workspace, {**row, **values})

    def _spent(self, day: str) -> int:
        n = tables.nudge.c
        counted = sa.and_(n.workspace_id == self.workspace, n.day == day, n.digest.is_(None))
        found: int = self.connection.execute(sa.select(sa.func.count()).where(counted)).scalar_one()
        return found

    def _clear(self, account: Account, row: Row) -> None:
        why = rule_named(row["rule"]).cleared(account)
        values: dict[str, Any] = {
            "state": NudgeState.CLEARED.value,
            "until": None,
            "settled_at": self.now,
            "note": why,
            "revision": row["revision"] + 1,
        }
        self._change(row, **values)
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
        activities.append(self.connection, self.workspace, account.customer.id, told)
        edit(self.connection, self.workspace, {**row, **values})

    def _change(self, row: Row, **values: Any) -> None:
        change(self.connection, self.workspace, row["id"], **values)


def _owner(account: Account) -> str | None:
    return None if account.owner is None else str(account.owner)


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


def quiet(settings: Nudges) -> Quiet:
    start, end = time.fromisoformat(settings.quiet_from), time.fromisoformat(settings.quiet_to)
    return Quiet(start, end, settings.quiet_weekends)


def post(connection: sa.Connection, workspace: str, row: Row) -> None:
    key = f"nudge:{row['id']}:{row['round']}:{len(row['refused'])}"
    body = {"nudge": row["id"], "revision": row["revision"]}
    outbox.enqueue(connection, workspace, key=key, kind=POST, channel=row["channel"], body=body)


def edit(connection: sa.Connection, workspace: str, row: Row) -> None:
    """Its message reads otherwise now. One that is not there yet is written as it then reads."""
    if row["ts"] is not None:
        _edit_at(connection, workspace, row, over=False)


def _edit_at(connection: sa.Connection, workspace: str, row: Row, *, over: bool) -> None:
    key = f"nudge:{row['id']}:{row['round']}:edit:{row['revision']}"
    body = {"nudge": row["id"], "ts": row["ts"]} | ({"over": True} if over else {})
    outbox.enqueue(connection, workspace, key=key, kind=EDIT, channel=row["channel"], body=body)


def finish(connection: sa.Connection, workspace: str) -> int:
    """Put what exceeded the budgets of the day into one digest for each channel. Returns how many digests."""
    n = tables.nudge.c
    waiting = sa.and_(
        n.workspace_id == workspace, n.state == NudgeState.STANDING.value, n.digest.is_not(None), n.round == 0
    )
    rows = connection.execute(
        sa.select(n.id, n.digest, n.channel, n.revision).where(waiting).order_by(n.digest, n.id).with_for_update()
    ).all()
    told: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for ident, digest, channel, revision in rows:
        told[digest, channel][ident] = revision
        change(connection, workspace, ident, round=1)
    for (digest, channel), revisions in told.items():
        body = {"nudges": list(revisions), "revisions": revisions}
        key = f"digest:{digest}:{next(iter(revisions))}"
        outbox.enqueue(connection, workspace, key=key, kind=DIGEST, channel=channel, body=body)
    return len(told)


def waiting(connection: sa.Connection, now: datetime) -> list[tuple[str, str, str]]:
    """(workspace, schedule, customer) of the nudges that were held or snoozed until now, everywhere."""
    n, w = tables.nudge.c, tables.workspace.c
    over = sa.and_(n.state.in_((NudgeState.HELD.value, NudgeState.SNOOZED.value)), n.until <= now)
    places_ = (n.workspace_id, n.schedule_id, n.customer_id)
    found: list[tuple[str, str, str]] = []
    for workspace in connection.execute(sa.select(w.workspace_id).where(is_served(w.workspace_id))).scalars().all():
        rows = connection.execute(sa.select(*places_).where(n.workspace_id == workspace, over).distinct())
        found += sorted((one, schedule, customer) for one, schedule, customer in rows)
    return found
