"""Import: a file of lines becomes customers as they are and their history as it was, once."""

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from store import Store, tables
from store.domain.activity import HUBSPOT, PI, ActorType, Change, Ref, Source, Value
from store.domain.errors import BadLine
from store.domain.query import HistoryQuery
from store.engine import Database
from store.importing import Imported, Importer, Numbered, parse_line
from tests.builders import NOW, a_line, an_activity, history, imported

ACME = {"type": "customer", "ref": "acme", "name": "Acme Corp"}


def lines(*said: dict[str, Any]) -> list[Numbered]:
    return [parse_line(number, json.dumps(line)) for number, line in enumerate(said, 1)]


async def rows(database: Database, table: sa.Table, *without: str) -> list[dict[str, Any]]:
    """All rows of a table, but for columns of which only chance or the clock knows."""

    def work(connection: sa.Connection) -> list[dict[str, Any]]:
        left_out = {"workspace_id", "id", "customer_id", "created_at", *without}
        chosen = [column for column in table.c if column.name not in left_out]
        return sorted(map(dict, connection.execute(sa.select(*chosen)).mappings()), key=repr)

    return await database.read(work)


async def test_a_whole_file_becomes_records_and_history(store: Store, database: Database, workspace: str) -> None:
    done = await imported(
        store,
        workspace,
        {
            **ACME, "status": "at_risk", "domain": "Acme.com", "plan": "Growth", "owner": "sam", "health_score": 72,
            "tags": ["vip", "eu", "vip"], "fields": {"Seats": 180, "Sponsor": {"user": "dana"}, "Regions": ["b", "a"], "Since": None},
        },
        {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann  Lee", "email": "Ann@acme.com", "primary": True},
        {"type": "contact", "customer": "acme", "ref": "gone", "name": "Zed", "email": "z@acme.com", "state": "removed", "primary": True},
        {"type": "onboarding", "customer": "acme", "ref": "case-1", "name": "Kick-off", "phase": "Training", "state": "done"},
        {"type": "task", "customer": "acme", "onboarding": "case-1", "ref": "t-1", "title": "Call", "due": "2026-12-01", "assignee": "dana"},
        {"type": "task", "customer": "acme", "ref": "t-2", "title": "Mail", "state": "done"},
        a_line(actor={"type": "user", "id": "sam", "name": "Sam Lee"}, onboarding_id="case-1", edit_id="edt_1", text="why",
               changes=[{"field": "owner", "old": {"user": "sam"}, "new": {"user": "dana"}}, {"field": "Champion", "new": {"contact": "ann"}}]),
        a_line(actor={"type": "contact", "id": "ann"}, event_type="acme.portal.login", onboarding_id="case-unknown"),
        a_line(actor={"type": "pi", "id": "whatever", "name": "Robot"}, source="pi", event_type="pi.nudge"),
        a_line(actor={"type": "integration", "id": "hubspot", "name": "The CRM"}, source="hubspot"),
    )  # fmt: skip
    assert done == Imported(lines=10, activities=4, repeated=0)
    people = {row["import_ref"]: row["name"] for row in await rows(database, tables.actor)}
    assert people == {"sam": "Sam Lee", "dana": "dana", "hubspot": "HubSpot"}
    (customer,) = await rows(database, tables.customer, "owner", "fields", "last_hash", "version", "health_high")
    assert customer == {
        "slug": "acme-corp", "name": "Acme Corp", "name_key": "acme corp", "domain": "acme.com", "status": "at_risk",
        "plan": "Growth", "health_score": 72, "tags": ["eu", "vip"], "last_seq": 4,
    }  # fmt: skip
    found = await store.find_customer(workspace, "acme")
    record = await store.records.customer(workspace, found.id)
    assert record.owner is not None
    page = await history(store, workspace, HistoryQuery(found.id))
    names = {**page.names, str(record.owner): "Sam Lee"}
    assert names[str(record.owner)] == "Sam Lee"
    assert {key: value for key, value in record.fields.items() if not isinstance(value, Ref)} == {
        "Seats": 180, "Regions": ("b", "a"), "Since": None,
    }  # fmt: skip
    contacts = await rows(database, tables.contact, "erased_at")
    assert contacts == [
        {"import_ref": "ann", "name": "Ann  Lee", "name_key": "ann lee", "email": "Ann@acme.com", "state": "active", "is_primary": True},
        {"import_ref": "gone", "name": None, "name_key": None, "email": None, "state": "removed", "is_primary": False},
    ]  # fmt: skip
    tasks = await rows(database, tables.task, "onboarding_id", "assignee")
    assert tasks == [
        {"import_ref": "t-1", "title": "Call", "state": "open", "due": date(2026, 12, 1)},
        {"import_ref": "t-2", "title": "Mail", "state": "done", "due": None},
    ]
    assert await rows(database, tables.onboarding) == [
        {"import_ref": "case-1", "name": "Kick-off", "phase": "Training", "state": "done"}
    ]
    first, second, third, fourth = sorted(page.entries, key=lambda entry: entry.seq)
    assert [page.names[str(one.actor)] for one in (first, second, third, fourth)] == [
        "Sam Lee",
        "Ann  Lee",
        "Pi",
        "HubSpot",
    ]
    assert (third.actor, fourth.actor, second.kind, third.source) == (PI, HUBSPOT, "acme.portal.login", Source.PI)
    assert (first.onboarding_id, second.onboarding_id, first.edit_id, first.text) == (
        "case-1",
        "case-unknown",
        "edt_1",
        "why",
    )
    assert first.occurred_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert first.changes == (
        Change("owner", first.actor, record.fields["Sponsor"]),
        Change("Champion", None, second.actor),
    )
    assert (await store.verify(workspace)).faults == ()


async def test_a_second_run_adds_nothing(store: Store, database: Database, workspace: str) -> None:
    said = (
        ACME,
        {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann Lee"},
        {"type": "onboarding", "customer": "acme", "ref": "case-1", "name": "Kick-off"},
        {"type": "task", "customer": "acme", "ref": "t-1", "title": "Call"},
        *(a_line(text=f"{at}", dedupe_key=f"key {at}" if at % 2 else None) for at in range(6)),
    )
    assert await imported(store, workspace, *said) == Imported(10, 6, 0)
    once = {
        table.name: await rows(database, table, "version", "recorded_at") for table in tables.metadata.tables.values()
    }
    assert await imported(store, workspace, *said) == Imported(10, 0, 6)
    again = {
        table.name: await rows(database, table, "version", "recorded_at") for table in tables.metadata.tables.values()
    }
    assert again == once


async def test_what_counts_as_the_same_activity(store: Store, workspace: str) -> None:
    """Its key; and where it has none, all that it says, however it is written."""
    await imported(store, workspace, ACME, {**ACME, "ref": "globex", "name": "Globex"})
    line = a_line(text="one", changes=[{"field": "plan", "old": None, "new": 1}])
    cases = [
        (line, 1),
        ({**line, "onboarding_id": None, "changes": [{"field": "plan", "new": 1}]}, 0),
        ({**line, "occurred_at": "2026-03-01T10:00:00+01:00"}, 0),
        ({**line, "text": "two"}, 1),
        ({**line, "changes": [{"field": "plan", "new": "1"}]}, 1),
        ({**line, "customer": "globex"}, 1),
        ({**line, "dedupe_key": "a"}, 1),
        ({**line, "dedupe_key": "a", "text": "another"}, 0),
        ({**line, "dedupe_key": "a", "customer": "globex"}, 0),
        ({**line, "dedupe_key": "a", "source": "hubspot"}, 0),
        ({**line, "dedupe_key": "A"}, 1),
    ]
    for said, added in cases:
        assert (await imported(store, workspace, said)).activities == added, said
    # all in one batch, twice
    other = [
        {**said, "edit_id": "edt_2", **({"dedupe_key": f"2{said['dedupe_key']}"} if "dedupe_key" in said else {})}
        for said, _ in cases
    ]
    assert (await imported(store, workspace, *other, *other)).activities == sum(added for _, added in cases)
    assert (await store.verify(workspace)).faults == ()


async def test_a_key_of_an_import_is_apart_from_those_of_deliveries(store: Store, workspace: str) -> None:
    await imported(store, workspace, ACME)
    customer = (await store.find_customer(workspace, "acme")).id
    assert await store.record(workspace, customer, [an_activity(source=Source.STRIPE, dedupe_key="evt_1")]) == [1]
    done = await imported(store, workspace, a_line(source="stripe", dedupe_key="evt_1"))
    assert done.activities == 1


async def test_a_record_is_what_its_last_line_says(store: Store, database: Database, workspace: str) -> None:
    await imported(
        store,
        workspace,
        {**ACME, "plan": "Growth", "owner": "sam", "tags": ["a"], "fields": {"Tier": 1}},
        {
            "type": "contact",
            "customer": "acme",
            "ref": "ann",
            "name": "Ann Lee",
            "email": "ann@acme.com",
            "primary": True,
        },
        {"type": "onboarding", "customer": "acme", "ref": "case-1", "name": "Kick-off", "phase": "Training"},
        {
            "type": "task",
            "customer": "acme",
            "onboarding": "case-1",
            "ref": "t-1",
            "title": "Call",
            "due": "2026-12-01",
        },
    )
    await imported(
        store,
        workspace,
        {**ACME, "name": "Acme Inc", "status": "churned"},
        {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann Low", "state": "archived"},
        {"type": "onboarding", "customer": "acme", "ref": "case-1", "name": "Kick-off 2", "state": "done"},
        {"type": "task", "customer": "acme", "ref": "t-1", "title": "Called", "state": "done"},
    )
    (customer,) = await rows(database, tables.customer)
    assert {key: customer[key] for key in ("name", "slug", "status", "plan", "owner", "tags", "fields", "last_seq")} == {
        "name": "Acme Inc", "slug": "acme-corp", "status": "churned", "plan": None, "owner": None, "tags": [], "fields": {}, "last_seq": 0,
    }  # fmt: skip
    (contact,) = await rows(database, tables.contact)
    assert (contact["name"], contact["email"], contact["state"], contact["is_primary"]) == (
        "Ann Low",
        None,
        "archived",
        False,
    )
    (onboarding,) = await rows(database, tables.onboarding)
    assert onboarding == {"import_ref": "case-1", "name": "Kick-off 2", "phase": None, "state": "done"}
    (task,) = await rows(database, tables.task)
    assert task == {
        "import_ref": "t-1",
        "title": "Called",
        "state": "done",
        "due": None,
        "onboarding_id": None,
        "assignee": None,
    }


async def test_an_erased_contact_stays_erased(store: Store, database: Database, workspace: str) -> None:
    """An old file does not bring the name back; what the contact did is still theirs."""
    ann = {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann Lee", "email": "ann@acme.com"}
    await imported(store, workspace, ACME, {**ann, "state": "removed"})
    before = await rows(database, tables.contact)
    did = a_line(actor={"type": "contact", "id": "ann"})
    assert (await imported(store, workspace, ACME, ann, did)).activities == 1
    assert await rows(database, tables.contact) == before
    page = await history(store, workspace, HistoryQuery("acme"))
    assert page.names[str(page.entries[0].actor)] == "removed contact"


async def test_people_get_the_name_that_a_later_line_gives(store: Store, database: Database, workspace: str) -> None:
    await imported(store, workspace, {**ACME, "owner": "sam"}, a_line(actor={"type": "user", "id": "sam"}))
    await imported(store, workspace, a_line(text="2", actor={"type": "user", "id": "sam", "name": "Sam Lee"}))
    await imported(store, workspace, a_line(text="3", actor={"type": "user", "id": "sam", "name": "Sam Low"}))
    await imported(store, workspace, a_line(text="4", actor={"type": "system", "id": "sam"}))
    people = await rows(database, tables.actor)
    assert [(row["type"], row["name"], row["name_key"]) for row in people if row["import_ref"] == "sam"] == [
        ("system", "sam", "sam"), ("user", "Sam Lee", "sam lee"),
    ]  # fmt: skip


@pytest.mark.parametrize("unknown", [
    a_line(customer="globex"),
    {"type": "contact", "customer": "globex", "ref": "ann", "name": "Ann"},
    {"type": "onboarding", "customer": "globex", "ref": "case-1", "name": "Kick-off"},
    {"type": "task", "customer": "globex", "ref": "t-1", "title": "Call"},
    {"type": "task", "customer": "acme", "onboarding": "case-1", "ref": "t-1", "title": "Call"},
    {"type": "contact", "customer": "acme", "ref": "ann"},
    a_line(actor={"type": "contact", "id": "ann"}),
    a_line(changes=[{"field": "champion", "new": {"contact": "ann"}}]),
    {**ACME, "fields": {"champion": {"contact": "ann"}}},
], ids=str)  # fmt: skip
async def test_a_line_about_what_no_line_introduced_stops_there(
    store: Store, workspace: str, unknown: dict[str, Any]
) -> None:
    """What stands before it in the batch is kept; corrected, the next run goes on from there."""
    importer = Importer(workspace)
    batch = lines(ACME, a_line(text="before"), unknown, a_line(text="after"))
    done, bad = await store.import_lines(importer, batch)
    assert bad is not None
    assert bad.number == 3
    assert "introduces" in bad.reason or "no name" in bad.reason
    assert done == Imported(2, 1, 0)
    texts = [entry.text for entry in (await history(store, workspace, HistoryQuery("acme"))).entries]
    assert texts == ["before"]
    corrected = lines(
        ACME,
        {**ACME, "ref": "globex", "name": "Globex"},
        {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann"},
        {"type": "onboarding", "customer": "acme", "ref": "case-1", "name": "Kick-off"},
        a_line(text="before"),
        {**unknown, "name": "Ann"} if unknown["type"] == "contact" else unknown,
        a_line(text="after"),
    )
    done, bad = await store.import_lines(importer, corrected)
    assert bad is None
    assert done.activities + done.repeated == 2 + (unknown["type"] == "activity")
    assert (await store.verify(workspace)).faults == ()


@pytest.mark.parametrize("line, reason", [
    ("", "Invalid JSON"),
    ("{", "Invalid JSON"),
    ("null", "object"),
    ("[]", "object"),
    ("{}", "discriminator"),
    ('{"type":"note"}', "`?note`?|expected tags"),
    ('{"type":"customer","ref":"a"}', "`name`: Field required"),
    ('{"type":"customer","ref":"a","name":""}', "`name`"),
    ('{"type":"customer","ref":"a","name":"  "}', "`name`"),
    ('{"type":"customer","ref":"a","name":"%s"}' % ("x" * 201), "`name`.*200"),
    ('{"type":"customer","ref":5,"name":"A"}', "`ref`: Input should be a valid string"),
    ('{"type":"customer","ref":"a","name":"A","status":"Active"}', "`status`.*'active'"),
    ('{"type":"customer","ref":"a","name":"A","health_score":101}', "`health_score`"),
    ('{"type":"customer","ref":"a","name":"A","health_score":7.5}', "`health_score`"),
    ('{"type":"customer","ref":"a","name":"A","health_score":"72"}', "`health_score`"),
    ('{"type":"customer","ref":"a","name":"A","tags":"vip"}', "`tags`"),
    ('{"type":"customer","ref":"a","name":"A","nmae":"B"}', "`nmae`"),
    ('{"type":"customer","ref":"a","name":"A","fields":{"Tier":{"x":1}}}', "`fields.Tier`: A value is"),
    ('{"type":"customer","ref":"a","name":"A","fields":{"Tier":1e999}}', "`fields.Tier`|Invalid JSON"),
    ('{"type":"customer","ref":"a","name":"A","fields":{"Tier":NaN}}', "`fields.Tier`|Invalid JSON"),
    ('{"type":"customer","ref":"a","name":"\\ud800"}', "Invalid JSON"),
    ('{"type":"customer","ref":"a","name":"\ud800"}', "unicode"),
    ('{"type":"customer","ref":"a\\u0000","name":"\ud800"}', "unicode|Invalid JSON"),
    (b'{"type":"customer","ref":"a","name":"\xff"}', "Invalid JSON"),
    (b'{"type":"customer","ref":"a","name":"a\x00b"}', "Invalid JSON"),
    ('{"type":"contact","customer":5,"ref":"a","name":"A"}', "`customer`"),
    ('{"type":"contact","customer":"a","ref":"a","name":"A","primary":"yes"}', "`primary`"),
    ('{"type":"task","customer":"a","ref":"a","title":"A","onboarding":5}', "`onboarding`"),
    ('{"type":"task","customer":"a","ref":"a","title":"A","due":"2026-02-30"}', "`due`"),
    ('{"type":"task","customer":"a","ref":"a","title":"A","due":1700000000}', "`due`"),
    (json.dumps(a_line(occurred_at="2026-03-01T09:00:00")), "`occurred_at`.*timezone"),
    (json.dumps(a_line(occurred_at="2026-03-01")), "`occurred_at`"),
    (json.dumps(a_line(occurred_at="2026-02-30T00:00:00Z")), "`occurred_at`"),
    (json.dumps(a_line(occurred_at=1700000000)), "`occurred_at`"),
    (json.dumps(a_line(occurred_at="0001-01-01T00:00:00Z")), "`occurred_at`.*1900"),
    (json.dumps(a_line(occurred_at="0001-01-01T00:00:00+14:00")), "`occurred_at`.*1900"),
    (json.dumps(a_line(source="Slack")), "`source`.*'slack'"),
    (json.dumps(a_line(actor={"type": "robot", "id": "a"})), "`actor.type`.*'user'"),
    (json.dumps(a_line(actor={"type": "user"})), "`actor.id`"),
    (json.dumps(a_line(event_type="changed")), "`event_type`"),
    (json.dumps(a_line(event_type="customer.Changed")), "`event_type`"),
    (json.dumps(a_line(event_type="customer.changed\n")), "`event_type`"),
    (json.dumps(a_line(event_type="x customer.changed y")), "`event_type`"),
    (json.dumps(a_line(event_type=f"a.{'b' * 79}")), "`event_type`.*80"),
    (json.dumps(a_line(changes=[{"field": "a", "new": [1]}])), "`changes.0.new`: A value is"),
    (json.dumps(a_line(changes=[{"field": "a", "new": {"user": ""}}])), "`changes.0.new`: A value is"),
    (json.dumps(a_line(changes=[{"field": "a"}, {"new": 1}])), "`changes.1.field`"),
    (json.dumps(a_line(text="")), "`text`"),
    (json.dumps(a_line(text="x" * 10_001)), "`text`.*10000"),
    (json.dumps(a_line(dedupe_key="")), "`dedupe_key`"),
    ('{"a":' * 2000 + "1" + "}" * 2000, "recursion"),
])  # fmt: skip
def test_a_line_that_does_not_fit_says_where_and_why(line: str | bytes, reason: str) -> None:
    with pytest.raises(BadLine, match=reason) as raised:
        parse_line(7, line)
    assert raised.value.number == 7
    assert str(raised.value).startswith("Line 7: ")
    assert "\n" not in str(raised.value).rstrip()


async def test_odd_text_of_every_member_is_kept_on_both_databases(
    store: Store, database: Database, workspace: str
) -> None:
    """NUL, which PostgreSQL does not have, reads as a replacement, wherever it stands."""
    odd = "a\0\u202e🦄\\u0000\u0001%"
    kept = odd.replace("\0", "\ufffd")
    await imported(
        store,
        workspace,
        {
            "type": "customer", "ref": odd, "name": odd, "domain": odd, "plan": odd, "owner": odd, "tags": [odd],
            "fields": {odd: odd, "list": [odd], "who": {"user": odd}},
        },
        {"type": "contact", "customer": odd, "ref": odd, "name": odd, "email": odd},
        {"type": "onboarding", "customer": odd, "ref": odd, "name": odd, "phase": odd},
        {"type": "task", "customer": odd, "onboarding": odd, "ref": odd, "title": odd, "assignee": odd},
        a_line(customer=odd, actor={"type": "contact", "id": odd}, onboarding_id=odd, edit_id=odd, text=odd, dedupe_key=odd,
               changes=[{"field": odd, "old": odd, "new": [odd]}, {"field": "who", "new": {"contact": odd}}]),
        a_line(customer=odd, actor={"type": "user", "id": f"{odd}2", "name": odd}),
    )  # fmt: skip
    page = await history(store, workspace, HistoryQuery(odd))
    assert (page.customer.name, page.customer.domain) == (kept, kept.casefold())
    entry = next(entry for entry in page.entries if entry.seq == 1)
    assert (entry.text, entry.onboarding_id, entry.edit_id) == (kept, kept, kept)
    assert entry.changes[0] == Change(kept, kept, (kept,))
    assert page.names[str(entry.actor)] == kept
    for table, column in (
        (tables.onboarding, "phase"),
        (tables.task, "title"),
        (tables.contact, "email"),
        (tables.customer, "plan"),
    ):
        (row,) = await rows(database, table)
        assert row[column] == kept
    assert (await history(store, workspace, HistoryQuery(odd, fields=(odd,), actors=(odd,)))).total == 1
    assert (await store.verify(workspace)).faults == ()


async def test_values_of_every_kind_come_in_as_they_were_written(store: Store, workspace: str) -> None:
    values: dict[str, Value] = {
        "text": "72", "whole": 72, "float": 72.0, "exponent": 1e-7, "huge": 10**30, "true": True, "false": False, "none": None,
        "empty": "", "list": ("b", "a"), "nothing": (),
    }  # fmt: skip
    said = [
        {"field": name, "new": list(value) if isinstance(value, tuple) else value} for name, value in values.items()
    ]
    await imported(store, workspace, ACME, a_line(changes=said))
    (entry,) = (await history(store, workspace, HistoryQuery("acme"))).entries
    assert [(change.field, repr(change.new)) for change in entry.changes] == [
        (name, repr(value)) for name, value in values.items()
    ]


async def test_two_imports_of_one_file_at_once_are_as_one(store: Store, elsewhere: Database, workspace: str) -> None:
    said = [
        *({**ACME, "ref": f"{number}", "name": f"Customer {number % 3}", "owner": "sam"} for number in range(6)),
        *(a_line(customer=f"{at % 6}", text=f"{at}", changes=[{"field": "plan", "new": at}]) for at in range(60)),
    ]
    done = await asyncio.gather(
        *(imported(one, workspace, *said) for one in (store, Store(elsewhere), store, Store(elsewhere)))
    )
    assert sorted(one.activities for one in done) == [0, 0, 0, 60]
    checked = await store.verify(workspace)
    assert (checked.customers, checked.activities, checked.faults) == (6, 60, ())


async def test_an_import_beside_writers_leaves_no_gap(store: Store, elsewhere: Database, workspace: str) -> None:
    await imported(store, workspace, ACME)
    customer = (await store.find_customer(workspace, "acme")).id

    async def writes() -> None:
        for _ in range(30):
            await store.record(workspace, customer, [an_activity()])

    async def imports() -> None:
        for batch in range(10):
            await imported(Store(elsewhere), workspace, *(a_line(text=f"{batch} {at}") for at in range(20)))

    await asyncio.gather(writes(), imports())
    checked = await store.verify(workspace)
    assert (checked.activities, checked.faults) == (230, ())


async def test_more_keys_than_a_statement_takes_parameters(store: Store, elsewhere: Database, workspace: str) -> None:
    said = [
        parse_line(1, json.dumps(ACME)),
        *(parse_line(at, json.dumps(a_line(text=f"{at}"))) for at in range(2, 35_002)),
    ]
    done, bad = await Store(elsewhere).import_lines(Importer(workspace), said)
    assert (done.activities, bad) == (35_000, None)
    done, bad = await Store(elsewhere).import_lines(Importer(workspace), said)
    assert (done.repeated, bad) == (35_000, None)


async def test_what_is_said_to_happen_tomorrow_happened_now(store: Store, workspace: str) -> None:
    times = ["9999-12-31T23:59:59.999999-12:00", "2999-01-01T00:00:00Z", NOW.isoformat()]
    await imported(store, workspace, ACME, *(a_line(occurred_at=time) for time in times))
    page = await history(store, workspace, HistoryQuery("acme"))
    entries = sorted(page.entries, key=lambda entry: entry.seq)
    assert [entry.occurred_at == entry.recorded_at for entry in entries] == [True, True, False]


async def test_a_program_whom_somebody_else_introduced_is_the_same(
    store: Store, database: Database, workspace: str
) -> None:
    """By its word; so a file may name what a webhook or a key has named before."""

    def met(connection: sa.Connection) -> None:
        known = {
            "type": "api",
            "name": "Nightly job",
            "name_key": "nightly job",
            "standing": "member",
            "is_admin": False,
        }
        connection.execute(
            tables.actor.insert(), {"workspace_id": workspace, "id": str(Ref(ActorType.API, "key_1")), **known}
        )

    await database.write(met)
    await imported(store, workspace, ACME, a_line(actor={"type": "api", "id": "key_1", "name": "Another"}))
    page = await history(store, workspace, HistoryQuery("acme"))
    assert page.names == {"api:key_1": "Nightly job"}
