"""Tenants, for the parts of the store: nudges, watches, exports, deliveries, keys. Whatever is asked under our workspace by their ids."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store import Store
from store.access import Access, Scope
from store.actors import Person
from store.deliveries import Deliveries
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.errors import NotFound
from store.domain.grammar.watches import parse_watch
from store.domain.nudge import NudgeState
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.domain.words import words
from store.engine import Database
from store.exports import Exports
from store.nudging import Nudging
from store.nudging.schedules import NUDGES, Schedule, Terms
from store.nudging.settling import Settling
from store.retention import Retention
from store.watching import Watching
from tests.builders import NEVER_QUIET, a_reader
from tests.store.test_tenants import SECRET, Theirs, beside_what_was_typed, everything_of, ours, said, theirs

__all__ = ["ours", "theirs"]

pytestmark = pytest.mark.promise(id="S6")
FACES = {
    "nudging": Nudging,
    "watching": Watching,
    "exports": Exports,
    "deliveries": Deliveries,
    "access": Access,
    "retention": Retention,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What their workspace keeps, by ids."""

    schedule: Schedule
    nudge: str
    watch: str
    export: str
    key: str
    unknown: str
    us: By
    now: datetime
    """After all of it: what is looked at is what there was until then."""


@pytest.fixture
async def kept(store: Store, workspace: str, theirs: Theirs) -> Kept:
    began = datetime.now(UTC)
    us = await store.remember(workspace, Person(slack_user_id="U0OURS", name="Ours"))
    other, by = theirs.workspace, By(actor=Ref.parse(theirs.person), source=Source.SLACK)
    terms = Terms(kind=NUDGES, cadence="weekdays 09:00", channel="C0THEIRS")
    schedule = await store.nudging.add_schedule(other, terms, zone="UTC", by=by, now=began)
    await store.set_settings(other, NEVER_QUIET)
    for health in ("90", "40"):
        await store.records.edit(other, theirs.customer, [Assignment("health", health)], by)
    now = datetime.now(UTC)
    await store.nudging.evaluate(other, [theirs.customer], schedule, now)
    [nudge] = await store.nudging.standing(other, schedule.id)
    reader = a_reader(theirs.person)
    watch = await store.watching.add(other, parse_watch(words(SECRET)), channel="C0THEIRS", by=by, reader=reader)
    export, _ = await store.exports.ask(other, HistoryQuery(SECRET), reader)
    key, _ = await store.access.create(other, SECRET, [Scope.READ])
    return Kept(
        schedule,
        nudge.id,
        watch.id,
        export.id,
        key.id,
        "hubspot:1:2",
        By(actor=Ref.parse(us.ref), source=Source.SLACK),
        now,
    )


Ask = Callable[[Store, str, Theirs, Kept], Awaitable[Any]]

ASKED: dict[str, Ask] = {
    "nudging.schedules": lambda s, w, _, __: s.nudging.schedules(w),
    "nudging.add_schedule": lambda s, w, t, k: s.nudging.add_schedule(w, k.schedule, zone="UTC", by=k.us, now=k.now),
    "nudging.alter_schedule": lambda s, w, t, k: s.nudging.alter_schedule(
        w, k.schedule.number, k.schedule, k.us, k.now
    ),
    "nudging.turn": lambda s, w, t, k: s.nudging.turn(w, k.schedule.number, "paused", k.now),
    "nudging.batch": lambda s, w, _, __: s.nudging.batch(w, "", 100),
    "nudging.concerned": lambda s, w, t, k: s.nudging.concerned(w, [t.customer], k.schedule, k.now),
    "nudging.evaluate": lambda s, w, t, k: s.nudging.evaluate(w, [t.customer], k.schedule, k.now),
    "nudging.settle": lambda s, w, t, k: s.nudging.settle(w, k.nudge, Settling(state=NudgeState.DONE), k.us, k.now),
    "nudging.assign": lambda s, w, t, k: s.nudging.assign(w, k.nudge, t.person, k.us),
    "nudging.kept": lambda s, w, t, k: s.nudging.kept(w, k.nudge),
    "nudging.chosen": lambda s, w, t, k: s.nudging.chosen(w, [k.nudge]),
    "nudging.in_message": lambda s, w, t, k: s.nudging.in_message(w, k.nudge),
    "nudging.standing": lambda s, w, t, k: s.nudging.standing(w, k.schedule.id),
    "nudging.health": lambda s, w, _, k: s.nudging.health(w, k.now - timedelta(days=1)),
    "watching.add": lambda s, w, t, k: s.watching.add(
        w, parse_watch(words(SECRET)), channel="C0OURS", by=k.us, reader=a_reader()
    ),
    "watching.add by its id": lambda s, w, t, k: s.watching.add(
        w, parse_watch(words(t.customer)), channel="C0OURS", by=k.us, reader=a_reader()
    ),
    "watching.remove": lambda s, w, t, k: s.watching.remove(w, 1, k.us, admin=True),
    "watching.listed": lambda s, w, _, __: s.watching.listed(w),
    "watching.told": lambda s, w, t, k: s.watching.told(w, k.watch, [(t.customer, 1)], 0),
    "exports.ask": lambda s, w, t, k: s.exports.ask(w, HistoryQuery(t.customer), a_reader()),
    "exports.again": lambda s, w, t, k: s.exports.again(w, k.export, "C0OURS"),
    "exports.one": lambda s, w, t, k: s.exports.one(w, k.export),
    "exports.team": lambda s, w, _, __: s.exports.team(w),
    "exports.cancel": lambda s, w, t, k: s.exports.cancel(w, k.export, t.person),
    "exports.by_digest": lambda s, w, _, __: s.exports.by_digest(w, "0" * 64),
    "deliveries.may_come_for": lambda s, w, _, __: s.deliveries.may_come_for(w),
    "deliveries.receive": lambda s, w, t, k: s.deliveries.receive(w, Source.HUBSPOT, b"[]"),
    "deliveries.parked": lambda s, w, _, __: s.deliveries.parked(w),
    "deliveries.link": lambda s, w, t, k: s.deliveries.link(w, k.unknown, t.customer),
    "deliveries.create": lambda s, w, t, k: s.deliveries.create(w, k.unknown, "Ours too", k.us),
    "deliveries.replay": lambda s, w, _, k: s.deliveries.replay(w, k.now - timedelta(days=1)),
    "access.create": lambda s, w, t, k: s.access.create(w, "Ours", [Scope.READ], customer=t.customer),
    "access.every": lambda s, w, _, __: s.access.every(w),
    "retention.plan": lambda s, w, _, __: s.retention.plan(w),
    "retention.kept_since": lambda s, w, t, _: s.retention.kept_since(w, t.customer),
    "retention.remove": lambda s, w, _, __: s.retention.remove(w),
    "access.revoke": lambda s, w, t, k: s.access.revoke(w, k.key),
}
GIVEN_BY_WHAT_THEY_KEEP = {"exports.note", "exports.write"}
"""They take what another method of the same workspace has given."""


def test_every_method_that_takes_a_workspace_is_asked() -> None:
    methods = {
        f"{face}.{name}"
        for face, kind in FACES.items()
        for name, method in vars(kind).items()
        if not name.startswith("_")
        and inspect.iscoroutinefunction(method)
        and "workspace" in inspect.signature(method).parameters
    }
    assert methods - {name.partition(" ")[0] for name in ASKED} == GIVEN_BY_WHAT_THEY_KEEP


@pytest.mark.parametrize("name", ASKED)
async def test_what_they_keep_is_as_unknown_as_nothing(
    store: Store, elsewhere: Database, workspace: str, theirs: Theirs, ours: str, kept: Kept, name: str
) -> None:
    before = await everything_of(elsewhere, theirs.workspace)
    try:
        answer = said(await ASKED[name](store, workspace, theirs, kept))
    except NotFound as unknown:
        answer = str(unknown)
    for word in (SECRET, theirs.workspace, kept.nudge, kept.watch, kept.export, kept.key):
        assert word not in beside_what_was_typed(answer), name
    assert await everything_of(elsewhere, theirs.workspace) == before


async def test_work_that_is_claimed_for_all_names_its_own_workspace(store: Store, theirs: Theirs, kept: Kept) -> None:
    export = (await store.exports.claim("worker", timedelta(seconds=60), 10))[0]
    assert export.workspace == theirs.workspace
    assert {each.workspace for each in await store.claim("worker", timedelta(seconds=60), 10)} == {theirs.workspace}
