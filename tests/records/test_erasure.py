"""Erasing a contact: nothing with the name is left, and the chain verifies before and after."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from store import Store
from store.domain.customer import Assignment
from store.domain.errors import NotFound, Refused
from store.domain.query import HistoryQuery
from store.engine import Database
from tests.records.conftest import Edits

CANARY = "Zyxjane Qwertson-Ångström"
EMAIL = "zyxjane.q@canary.example"
FORMER = "Zyxjane Oldname"


async def test_nothing_with_the_name_is_left(edits: Edits, database: Database, database_url: str) -> None:
    """Names in values, titles, comments, fields, former names; at the contact's customer and at others."""
    acme, other = await edits.customer("Acme Corp"), await edits.customer("Globex")
    records, by, workspace = edits.records, edits.by, edits.workspace
    added = await records.add_contact(workspace, acme, FORMER, EMAIL, by, primary=True)
    contact_id = str(added.recorded[0].changes[0].new).removeprefix("contact:")
    await records.update_contact(workspace, acme, contact_id, by, name=CANARY, email=EMAIL, primary=True)
    await records.add_comment(workspace, acme, f"Spoke to @{CANARY}, then to zyxjane about it", by)
    await records.add_comment(workspace, acme, "Nothing about anybody", by)
    await records.add_comment(workspace, other, f"Met {CANARY.upper()} at the fair", by)
    await records.add_task(workspace, acme, f"Call {EMAIL}", by)
    await records.edit(workspace, acme, [Assignment("plan", f"{CANARY}'s plan")], by, reason=None)
    await records.edit(workspace, other, [Assignment("plan", "Zyxjane alone is another person here")], by)
    before = await edits.store.verify(workspace)
    assert before.faults == ()

    done = await records.erase_contact(workspace, acme, CANARY, by)

    assert [each.kind for each in done.recorded] == ["contact.removed"]
    assert [each.field for each in done.recorded[0].changes] == ["contact", "primary contact"]
    assert (await edits.store.verify(workspace)).faults == ()
    await edits.store.recalling.work_off()
    assert await left_in(database, database_url, edits.forms(CANARY, FORMER, EMAIL, "Qwertson", "Oldname")) == []
    page = await edits.page(HistoryQuery("acme"))
    assert any(each.text == "removed contact" for each in page.entries)
    assert "Nothing about anybody" in str(page.entries)
    assert page.names[f"contact:{contact_id}"] == "removed contact"
    assert "another person" in str((await edits.page(HistoryQuery("globex"))).entries)


async def left_in(database: Database, url: str, forms: list[bytes]) -> list[bytes]:
    """Which forms of the name are in the files of an SQLite database, or in the rows of a PostgreSQL one."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        held = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    else:

        def rows(connection: sa.Connection) -> bytes:
            tables = sa.inspect(connection).get_table_names()
            return str([connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in tables]).encode()

        held = await database.read(rows)
    return [form for form in forms if form.lower() in held.lower()]


async def test_two_erasures_at_once_that_name_each_others_customers_both_complete(
    edits: Edits, elsewhere: Database, database: Database, database_url: str
) -> None:
    """Each has to lock both customers, while both are edited."""
    acme, other = await edits.customer("Acme Corp"), await edits.customer("Globex")
    people = {acme: "Zyxjane Qwertson", other: "Qobert Vandermole"}
    for customer, name in people.items():
        await edits.records.add_contact(edits.workspace, customer, name, None, edits.by)
        for at in (acme, other):
            await edits.records.add_comment(edits.workspace, at, f"Met {name} there", edits.by)
        await edits.records.add_comment(edits.workspace, acme, f"{' and '.join(people.values())} met", edits.by)

    async def tagged(number: int) -> None:
        for customer in people:
            asked = [Assignment("tags", f"+t{number}", (f"+t{number}",))]
            await edits.records.edit(edits.workspace, customer, asked, edits.by)

    there = Store(elsewhere).records
    await asyncio.gather(
        edits.records.erase_contact(edits.workspace, acme, people[acme], edits.by),
        there.erase_contact(edits.workspace, other, people[other], edits.by),
        *map(tagged, range(4)),
    )
    await edits.store.recalling.work_off()
    assert await left_in(database, database_url, edits.forms("Qwertson", "Vandermole")) == []
    for customer in people:
        assert (await edits.records.customer(edits.workspace, customer)).tags == ("t0", "t1", "t2", "t3")
    assert (await edits.store.verify(edits.workspace)).faults == ()


async def test_an_erasure_that_is_cut_off_happens_whole_or_not_at_all(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    added = await edits.records.add_contact(edits.workspace, acme, CANARY, EMAIL, edits.by)
    contact_id = str(added.recorded[0].changes[0].new).removeprefix("contact:")
    await edits.records.add_comment(edits.workspace, acme, f"Met {CANARY}", edits.by)
    for wait in (0, 0.001, 0.005, 0.02, 0.1):
        erasing = asyncio.create_task(edits.records.erase_contact(edits.workspace, acme, contact_id, edits.by))
        await asyncio.sleep(wait)
        erasing.cancel()
        await asyncio.gather(erasing, return_exceptions=True)
        assert (await edits.store.verify(edits.workspace)).faults == ()
        shown = await edits.records.card(edits.workspace, acme)  # all of one moment: it may be done a little later
        assert (CANARY in str(shown.latest)) == bool(shown.contacts)
    with suppress(Refused):  # it was done by then
        await edits.records.erase_contact(edits.workspace, acme, contact_id, edits.by)
    assert CANARY not in str((await edits.page(HistoryQuery("acme"))).entries)


async def test_an_erased_contact_cannot_come_back(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    added = await edits.records.add_contact(edits.workspace, acme, CANARY, EMAIL, edits.by)
    contact_id = str(added.recorded[0].changes[0].new).removeprefix("contact:")
    await edits.records.erase_contact(edits.workspace, acme, contact_id, edits.by)
    with pytest.raises(Refused, match="removed for good"):
        await edits.records.restore_contact(edits.workspace, acme, contact_id, edits.by)
    with pytest.raises(NotFound):
        await edits.records.erase_contact(edits.workspace, acme, CANARY, edits.by)


async def test_an_archived_contact_keeps_the_name(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await edits.records.add_contact(edits.workspace, acme, CANARY, EMAIL, edits.by)
    await edits.records.archive_contact(edits.workspace, acme, EMAIL, edits.by)
    assert [each.name for each in await edits.records.contacts(edits.workspace, acme)] == [CANARY]
    await edits.records.restore_contact(edits.workspace, acme, CANARY.lower(), edits.by)
    assert [each.state for each in await edits.records.contacts(edits.workspace, acme)] == ["active"]


async def test_an_import_does_not_bring_an_erased_contact_back(edits: Edits, store: Store) -> None:
    lines = (
        '{"type":"customer","ref":"c-1","name":"Acme Corp"}',
        f'{{"type":"contact","customer":"c-1","ref":"zyxjane","name":"{CANARY}","email":"{EMAIL}"}}',
        (
            '{"type":"activity","customer":"c-1","occurred_at":"2026-01-01T10:00:00Z","actor":{"type":"contact","id":"zyxjane"},'
            '"source":"import","event_type":"comment.added","changes":[{"field":"comment","new":"Hello"}],"dedupe_key":"a"}'
        ),
    )
    await edits.imports(*lines)
    acme = (await store.find_customer(edits.workspace, "acme-corp")).id
    await edits.records.erase_contact(edits.workspace, acme, CANARY, edits.by)
    await edits.imports(*lines)
    assert await edits.records.contacts(edits.workspace, acme) == []
    page = await edits.page(HistoryQuery("acme"))
    assert [page.names.get(str(each.actor)) for each in page.entries if each.kind == "comment.added"] == [
        "removed contact"
    ]
