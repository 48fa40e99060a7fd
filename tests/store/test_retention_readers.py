"""Retention: what everybody says who reads a log of which the beginning is gone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from store import Store, tables
from store.access import Scope
from store.actors import Person
from store.backup import dumping, erased
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.errors import NotFound
from store.domain.grammar.watches import parse_watch
from store.domain.nudge import Kept
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.domain.words import words
from store.engine import Database
from store.nudging.schedules import NUDGES, Terms
from store.programs import After, Asked
from tests.aging import grown_old
from tests.builders import a_customer, a_line, a_reader, an_activity, imported
from tests.store.retained import YEAR, cut, hurried, seqs
from tests.store.test_backup import backed_up, loaded, read, target
from tests.store.test_tenants import everything_of

__all__ = ["cut", "hurried", "target"]

pytestmark = pytest.mark.usefixtures("hurried")

A, C = tables.activity, tables.customer


async def test_what_was_removed_does_not_come_again(store: Store, database: Database, workspace: str) -> None:
    """An event with its key, an imported line with its key or its content."""
    lines = ({"type": "customer", "ref": "acme", "name": "Acme"}, a_line(dedupe_key="line_1"), a_line(text="once"))
    await imported(store, workspace, *lines)
    acme = (await store.find_customer(workspace, "acme")).id
    await store.record(workspace, acme, [an_activity(dedupe_key="evt_1")])
    await grown_old(database, workspace, acme, days=400)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 3
    assert await store.record(workspace, acme, [an_activity(dedupe_key="evt_1")]) == [None]
    again = await imported(store, workspace, *lines, a_line(occurred_at="2011-01-01T00:00:00Z"))
    assert (again.activities, again.repeated) == (1, 2)
    assert await seqs(store, workspace, acme) == [4]
    assert (await store.retention.remove(workspace)).activities == 0
    assert (await store.verify(workspace)).faults == ()


async def person(store: Store, workspace: str) -> By:
    known = await store.remember(workspace, Person(slack_user_id="U1", name="Sam Lee"))
    return By(actor=Ref.parse(known.ref), source=Source.SLACK)


async def test_the_record_of_before_is_not_known_and_says_since_when(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = (await store.records.add_customer(workspace, "Acme Corp", [Assignment("plan", "Starter")], by)).customer.id
    for plan, domain in (("Growth", "acme.com"), ("Enterprise", "acme.com")):
        asked = [Assignment("plan", plan), Assignment("domain", domain)]
        await store.records.edit(workspace, acme, asked, by)
    await grown_old(database, workspace, acme, 500, 450, 400, 100)
    now = datetime.now(UTC)
    before = await store.records.then(workspace, acme, now - timedelta(days=399))
    assert (before.existed, before.values["plan"]) == (True, "Growth")
    assert not (await store.records.then(workspace, acme, now - timedelta(days=600))).existed
    await store.set_settings(workspace, YEAR)
    await store.retention.remove(workspace)
    after = await store.records.then(workspace, acme, now - timedelta(days=399))
    assert (after.values, after.kept_since) == (before.values, None)
    unknown = await store.records.then(workspace, acme, now - timedelta(days=401))
    assert (unknown.values, unknown.changes) == ({}, ())
    assert unknown.kept_since is not None
    assert abs(unknown.kept_since - (now - timedelta(days=400))) < timedelta(hours=1)
    blamed = await store.records.blame(workspace, acme)
    assert {each.field: each.by and each.by.seq for each in blamed.fields if each.value is not None} == {
        "name": None,
        "domain": None,
        "status": None,
        "plan": 4,
    }
    assert blamed.kept_since == unknown.kept_since
    assert (await store.records.customer(workspace, acme)).value("domain") == "acme.com"
    with pytest.raises(NotFound, match="no longer kept"):
        await store.records.revert(workspace, acme, [3], by)
    assert (await store.records.revert(workspace, acme, [4], by)).recorded


async def test_the_last_page_says_since_when_the_history_is_kept(store: Store, workspace: str, cut: str) -> None:
    now = datetime.now(UTC)
    since = await store.retention.kept_since(workspace, cut)
    assert since is not None
    first = await store.history(workspace, HistoryQuery(cut), a_reader(now=now), limit=3)
    assert (first.total, first.kept_since) == (4, None)
    assert first.older is not None
    last = await store.history(workspace, first.query.older_than(first.older), a_reader(now=now), limit=3)
    assert ([each.seq for each in last.entries], last.kept_since) == ([3], since)


async def test_a_program_that_follows_goes_on_with_what_is_kept(
    store: Store, workspace: str, cut: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("store.programs.STRETCH", 1)
    key, _ = await store.access.create(workspace, "Reports", [Scope.READ])
    page = await store.programs.rows(key, asked(cut, After(0)), a_reader())
    assert [each["seq"] for each in page.records] == [3]
    assert page.next == After(3)


def asked(customer: str, at: After) -> Asked:
    return Asked(customer=customer, query=HistoryQuery(), since=None, until=None, limit=10, at=at)


async def test_a_nudge_whose_evidence_is_gone_ends_and_does_not_come_again(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = (await store.records.add_customer(workspace, "Acme Corp", [Assignment("health", "90")], by)).customer.id
    await store.records.edit(workspace, acme, [Assignment("health", "40")], by)
    now = datetime.now(UTC)
    await store.set_settings(workspace, {"nudges.quiet_from": "08:00", "nudges.quiet_weekends": False})
    terms = Terms(kind=NUDGES, cadence="weekdays 09:00", channel="C0ROOM")
    schedule = await store.nudging.add_schedule(workspace, terms, zone="UTC", by=by, now=now)
    await grown_old(database, workspace, acme, days=40)
    for table in (tables.workspace, C):
        begun = table.update().values(created_at=now - timedelta(days=100))
        await database.write(lambda c, begun=begun: c.execute(begun))  # type: ignore[misc]
    standing: Sequence[Kept] = ()
    for _ in range(2):
        await store.nudging.evaluate(workspace, [acme], schedule, now)
        standing = await store.nudging.standing(workspace, schedule.id)
        assert {each.rule for each in standing} == {"health_dropped", "silence"}
    await store.set_settings(workspace, {"retention_days": 30})
    await store.retention.remove(workspace)
    for _ in range(2):
        await store.nudging.evaluate(workspace, [acme], schedule, now)
        assert await store.nudging.standing(workspace, schedule.id) == []
    for each in standing:
        assert (await store.nudging.kept(workspace, each.id)).note == "what it rested on is no longer kept"


async def test_a_contact_is_erased_before_and_after(store: Store, database: Database, workspace: str) -> None:
    by = await person(store, workspace)
    acme = await a_customer(store, workspace)
    for name in ("Zyxjane Qwertson", "Kim Parkinson"):
        await store.records.add_contact(workspace, acme, name, None, by)
        for _ in range(3):
            await store.records.add_comment(workspace, acme, f"Spoke to {name}", by)
    await store.records.erase_contact(workspace, acme, "Zyxjane Qwertson", by)
    await grown_old(database, workspace, acme, *[400] * 3, *[10] * 7)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 3
    assert (await store.verify(workspace)).faults == ()
    await store.records.erase_contact(workspace, acme, "Kim Parkinson", by)
    assert (await store.verify(workspace)).faults == ()
    everything = str(await everything_of(database, workspace))
    assert "Qwertson" not in everything
    assert "Parkinson" not in everything


async def test_who_was_erased_is_listed_after_the_entry_that_says_so_is_gone(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = await a_customer(store, workspace)
    await store.records.add_contact(workspace, acme, "Zyxjane Qwertson", None, by)
    await store.records.erase_contact(workspace, acme, "Zyxjane Qwertson", by)
    (before,) = await database.read(erased.listed)
    await grown_old(database, workspace, acme, days=400)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 2
    (after,) = await database.read(erased.listed)
    assert after == before.model_copy(update={"by": "pi:pi"})


async def test_what_was_removed_before_a_watch_looked_is_not_told(
    store: Store, database: Database, workspace: str
) -> None:
    by = await person(store, workspace)
    acme = await a_customer(store, workspace)
    await store.watching.add(workspace, parse_watch(words("acme")), channel="C0ROOM", by=by, reader=a_reader())
    await store.record(workspace, acme, [an_activity() for _ in range(300)])
    await grown_old(database, workspace, acme, days=400)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 300
    assert not await store.watching.collect()
    await store.record(workspace, acme, [an_activity()])
    assert await store.watching.collect()
    (delivery,) = await store.claim("worker", timedelta(minutes=1), 10)
    assert delivery.body["told"] == [[acme, 301]]


async def test_a_backup_carries_the_checkpoint(
    store: Store, database: Database, workspace: str, cut: str, target: Database, tmp_path: Path
) -> None:
    done = await loaded(target, read(await backed_up(database, tmp_path / "a")))
    assert (done.activities, done.counts["checkpoint"]) == (4, 1)
    other = Store(target)
    assert (await other.verify(workspace)).removed == 2
    assert await target.read(dumping.heads) == await database.read(dumping.heads)
    assert await other.record(workspace, cut, [an_activity()]) == [7]
    with pytest.raises(IntegrityError, match="append-only"):
        await target.write(lambda c: c.execute(A.delete()))
    await other.set_settings(workspace, {"retention_days": 250})
    assert (await other.retention.remove(workspace)).activities == 1
    checked = await other.verify(workspace)
    assert (checked.removed, checked.faults) == (3, ())
