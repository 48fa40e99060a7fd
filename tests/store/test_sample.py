"""The sample history: believable because it agrees with itself."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from store import Store
from store.domain.activity import KINDS, ActorType, Source
from store.domain.query import HistoryQuery, Reader, Window
from store.domain.record import RECORD_KINDS
from store.importing import Imported, Importer, parse_line
from store.sample import lines

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
Line = dict[str, Any]


def read(now: datetime = NOW) -> list[Line]:
    return [json.loads(line) for line in lines(now)]


def activities(of: str | None = None) -> list[Line]:
    return [line for line in read() if line["type"] == "activity" and of in {None, line["customer"]}]


def every_hour_of_two_weeks() -> Iterator[datetime]:
    for hours in range(0, 14 * 24, 5):
        yield NOW + timedelta(hours=hours, minutes=hours)


def test_on_whatever_day_and_hour_it_covers_the_90_days_up_to_now() -> None:
    for now in every_hour_of_two_weeks():
        happened = [datetime.fromisoformat(line["occurred_at"]) for line in read(now) if line["type"] == "activity"]
        assert happened == sorted(happened)
        assert now - timedelta(days=90) < happened[0] < now - timedelta(days=80)
        assert now - timedelta(hours=1) < happened[-1] <= now


def test_it_says_the_same_whenever_it_is_asked_at_the_same_time() -> None:
    assert list(lines(NOW)) == list(lines(NOW))


def test_every_kind_of_event_actor_and_source_occurs() -> None:
    all_ = activities()
    assert {line["event_type"] for line in all_} > {kind for kind in KINDS if not kind.startswith("pi.nudge_")}
    assert {line["actor"]["type"] for line in all_} == set(ActorType)
    assert {line["source"] for line in all_} == set(Source)


def test_six_customers_one_of_them_rich() -> None:
    counts = Counter(line["customer"] for line in activities())
    assert len(counts) == 6
    assert counts["acme"] >= 150
    assert {line["status"] for line in read() if line["type"] == "customer"} == {"active", "at_risk", "churned"}


def test_contacts_come_in_every_state_and_a_removed_one_has_no_name() -> None:
    contacts = [line for line in read() if line["type"] == "contact"]
    assert {line["state"] for line in contacts} == {"active", "archived", "removed"}
    removed = [line for line in contacts if line["state"] == "removed"]
    assert all("name" not in line and "email" not in line for line in removed)


# --- what happened leads to what is -----------------------------------------------------------------------------------

FIELDS = ("name", "domain", "plan", "health_score", "tags", "status")


def replayed(of: str) -> dict[str, Any]:
    """The last value of each field that changed; each change must begin where the one before it ended."""
    found: dict[str, Any] = {}
    for line in activities(of):
        if line["event_type"] not in RECORD_KINDS:
            continue
        for change in line["changes"]:
            assert found.get(change["field"], change["old"]) == change["old"], (line["dedupe_key"], change)
            assert change["old"] != change["new"], line["dedupe_key"]
            found[change["field"]] = change["new"]
    return found


def test_replaying_each_customers_changes_ends_at_its_record() -> None:
    for line in read():
        if line["type"] != "customer":
            continue
        record = {name: line[name] for name in FIELDS} | {"owner": {"user": line["owner"]}} | line["fields"]
        found = replayed(line["ref"])
        assert found == {name: record[name] for name in found}, line["ref"]


def test_contacts_are_in_the_state_that_their_last_activity_left_them_in() -> None:
    states = {
        "contact.added": "active",
        "contact.restored": "active",
        "contact.archived": "archived",
        "contact.removed": "removed",
    }
    left: dict[tuple[str, str], str] = {}
    first: dict[str, str] = {}
    for line in activities():
        for change in line.get("changes", ()):
            if change["field"] == "contact" and line["event_type"] in states:
                about = change["old"] if line["event_type"] == "contact.removed" else change["new"]
                left[line["customer"], about["contact"]] = states[line["event_type"]]
            if change["field"] == "primary contact":
                first[line["customer"]] = (change["new"] or {"contact": ""})["contact"]
    contacts = [line for line in read() if line["type"] == "contact"]
    state = {(line["customer"], line["ref"]): line["state"] for line in contacts}
    assert state == {key: left.get(key, "active") for key in state}
    primary = {line["customer"]: line["ref"] for line in contacts if line.get("primary")}
    assert {customer: primary.get(customer, "") for customer in first} == first


def test_tasks_are_what_their_activities_made_of_them() -> None:
    made: dict[tuple[str, str], dict[str, Any]] = {}
    titles = {(line["customer"], line["title"]) for line in read() if line["type"] == "task"}
    for line in activities():
        if not line["event_type"].startswith("task."):
            continue
        changed = {change["field"]: change for change in line["changes"]}
        if changed["task"]["old"] is not None:
            mine = made[line["customer"], changed["task"]["new"]] = made.pop((line["customer"], changed["task"]["old"]))
        else:
            mine = made.setdefault((line["customer"], changed["task"]["new"]), {"due": None, "assignee": None})
        mine |= {name: change["new"] for name, change in changed.items() if name != "task"}
        mine["state"] = "done" if line["event_type"] == "task.completed" else "open"
    assert made.keys() == titles
    for line in read():
        if line["type"] == "task":
            assignee = {"user": line["assignee"]} if "assignee" in line else None
            told = {"state": line["state"], "due": line.get("due"), "assignee": assignee}
            assert made[line["customer"], line["title"]] == told, line["title"]


def test_onboardings_are_in_the_phase_that_they_moved_to() -> None:
    phases: dict[tuple[str, str], str] = {}
    for line in activities():
        for change in line.get("changes", ()):
            if change["field"] == "phase":
                key = (line["customer"], line["onboarding_id"])
                assert phases.get(key, change["old"]) == change["old"], line["dedupe_key"]
                phases[key] = change["new"]
    assert phases == {(line["customer"], line["ref"]): line["phase"] for line in read() if line["type"] == "onboarding"}


def test_a_health_drop_is_told_once_for_every_ten_points() -> None:
    """In one step, or by sliding from the highest value since the last such event."""
    for of in {line["customer"] for line in activities()}:
        highest: int | None = None
        due: list[tuple[int, int]] = []
        told = []
        for line in activities(of):
            for change in line.get("changes", ()):
                if change["field"] != "health_score":
                    continue
                if line["event_type"] == "customer.health_score_dropped":
                    told.append((change["old"], change["new"]))
                    continue
                highest = max(change["new"], change["old"] or 0 if highest is None else highest)
                if highest - change["new"] >= 10:
                    due.append((highest, change["new"]))
                    highest = change["new"]
        assert told == due, of


def test_a_sync_stands_behind_what_it_changed_under_one_edit() -> None:
    """Its text counts the fields, as many as its integration had changed."""
    edits: dict[str, list[Line]] = defaultdict(list)
    for line in activities():
        if "edit_id" in line:
            edits[line["edit_id"]].append(line)
    syncs = [edit for edit in edits.values() if edit[-1]["event_type"] == "integration.sync_write"]
    assert len(syncs) == sum(line["event_type"] == "integration.sync_write" for line in activities())
    for *caused, write in syncs:
        changed = sum(len(line["changes"]) for line in caused if line["event_type"] == "customer.field_changed")
        assert (" field" in write["text"]) == bool(changed)
        assert not changed or f": {changed} field" in write["text"]
        assert {line["actor"]["id"] for line in caused} <= {write["actor"]["id"]}
    assert {line["source"] for edit in syncs for line in edit} == {"hubspot", "stripe"}


def test_some_edits_change_several_fields() -> None:
    assert sum(len(line.get("changes", ())) > 2 for line in activities("acme")) >= 3


# --- in the store -----------------------------------------------------------------------------------------------------


async def imported(store: Store, workspace: str, now: datetime) -> Imported:
    numbered = [parse_line(number, line) for number, line in enumerate(lines(now), start=1)]
    done, bad = await store.import_lines(Importer(workspace), numbered)
    assert bad is None
    return done


async def test_it_goes_into_the_store_once(store: Store, workspace: str) -> None:
    now = datetime.now(UTC)
    first = await imported(store, workspace, now)
    assert (first.activities, first.repeated) == (len(activities()), 0)
    again = await imported(store, workspace, now)
    assert (again.activities, again.repeated) == (0, len(activities()))
    tomorrow = await imported(store, workspace, now + timedelta(days=1))
    assert tomorrow.activities == 0
    assert (await store.verify(workspace)).faults == ()


@pytest.mark.parametrize(
    "named", ["acme", "acme.com", "Acme Corp", "acme-corp", "Müller & Söhne", "muller-sohne", "initech"]
)
async def test_its_customers_are_found_as_people_would_name_them(store: Store, workspace: str, named: str) -> None:
    now = datetime.now(UTC)
    await imported(store, workspace, now)
    reader = Reader(now=now, zone=ZoneInfo("Europe/Berlin"))
    page = await store.history(workspace, HistoryQuery(customer=named, window=Window(days=90)), reader)
    assert page.total > 10
    assert page.newer is None
