"""Edits: the record changes and the log tells, in one transaction."""

from datetime import UTC, datetime, timedelta

import pytest

from store import Store
from store.domain.activity import ActorType, Change, Ref, Source
from store.domain.customer import Assignment, FieldType
from store.domain.errors import Conflict, PivotalError
from store.domain.query import HistoryQuery, Reader
from store.records import By, Receipt
from zoneinfo import ZoneInfo

from store.actors import Person

UTC_ZONE = ZoneInfo("UTC")


async def sam(store: Store, workspace: str) -> By:
    known = await store.remember(workspace, Person(slack_user_id="U1", name="Sam Lee"))
    return By(actor=Ref.parse(known.ref), source=Source.SLACK, refs={"channel": "C1"})


def told(receipt: Receipt) -> list[tuple[str, list[Change]]]:
    return [(each.kind, list(each.changes)) for each in receipt.recorded]


async def test_smoke(store: Store, workspace: str) -> None:
    by = await sam(store, workspace)
    records = store.records
    made = await records.add_customer(workspace, "Acme Corp", [Assignment("plan", "Starter"), Assignment("owner", "me")], by)
    acme = made.customer.id
    print(told(made))
    print(told(await records.edit(workspace, acme, [Assignment("plan", "Growth"), Assignment("health", "82"), Assignment("tags", "+vip", ("+vip",))], by)))
    print(told(await records.edit(workspace, acme, [Assignment("health", "76"), Assignment("status", "at risk")], by, reason="quiet")))
    print(told(await records.edit(workspace, acme, [Assignment("health", "71")], by)))
    print(told(await records.edit(workspace, acme, [Assignment("health", "71")], by)))
    print(told(await records.undo(workspace, by)))
    with pytest.raises(PivotalError) as e:
        await records.edit(workspace, acme, [Assignment("heath", "71")], by)
    print(e.value)
    await records.define_field(workspace, "Contract value", FieldType.NUMBER, ())
    print(told(await records.edit(workspace, acme, [Assignment("contract_value", "1200.5")], by)))
    print(told(await records.start_onboarding(workspace, acme, "", "Kickoff", by)))
    print(told(await records.move_phase(workspace, acme, None, "Build", by)))
    print(told(await records.add_task(workspace, acme, "Send contract", by, assignee="sam lee")))
    print(told(await records.complete_task(workspace, acme, "send", by)))
    print(told(await records.add_contact(workspace, acme, "Ann Lee", "ann@acme.com", by, primary=True)))
    print(told(await records.add_comment(workspace, acme, "Spoke to @Ann Lee, and @Sam Lee. all well", by)))
    print(told(await records.archive_contact(workspace, acme, "ann lee", by)))
    r = await records.edit(workspace, acme, [Assignment("plan", "Pro")], by)
    print(told(await records.revert(workspace, acme, [r.recorded[0].seq], by)))
    with pytest.raises(Conflict) as c:
        await records.revert(workspace, acme, [r.recorded[0].seq], by)
    print(c.value)
    print(await records.blame(workspace, acme))
    print(await records.then(workspace, acme, datetime.now(UTC) - timedelta(days=1)))
    print(await records.card(workspace, acme))
    print(await store.verify(workspace))
    page = await store.history(workspace, HistoryQuery("acme"), Reader(now=datetime.now(UTC), zone=UTC_ZONE), limit=50)
    from bot.blocks.phrases import line
    for each in page.entries: print(line(each, page.names))
