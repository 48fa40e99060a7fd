"""What a provider tells of a customer's contacts."""

from typing import Any

import sqlalchemy as sa

from bot.jobs.apply import Applier
from store import tables
from store.domain.activity import Ref, Source
from store.domain.record import By
from tests.webhooks.conftest import COMPANY, HUBSPOT, Syncs, changed, event, seconds_from_now


async def test_contacts_arrive_by_their_association_are_archived_and_erased(syncs: Syncs) -> None:
    order = ("company_created_and_filled", "contact_created", "contact_filled", "contact_associated")
    await syncs.hubspot(*(HUBSPOT[name] for name in order))
    acme = (await syncs.store.find_customer(syncs.workspace, "acme-inc")).id
    known = await syncs.store.records.contacts(syncs.workspace, acme)
    assert [(each.name, each.email, each.is_primary) for each in known] == [("Ann", "ann@acme.com", True)]
    await syncs.hubspot(HUBSPOT["contact_deleted"])
    assert [each.state for each in await syncs.store.records.contacts(syncs.workspace, acme)] == ["archived"]
    await syncs.hubspot(HUBSPOT["contact_privacy_deleted"])
    assert await syncs.store.records.contacts(syncs.workspace, acme) == []
    assert (await syncs.store.verify(syncs.workspace)).faults == ()


async def test_a_late_webhook_after_the_erasure_does_not_bring_the_person_back(syncs: Syncs) -> None:
    order = (
        "company_created_and_filled",
        "contact_created",
        "contact_filled",
        "contact_associated",
        "contact_privacy_deleted",
    )
    await syncs.hubspot(*(HUBSPOT[name] for name in order))
    late = [
        {**HUBSPOT["contact_filled"][0], "eventId": 99, "occurredAt": 1_800_000_000_000, "propertyValue": "Zyxjane"}
    ]
    associated = [{**HUBSPOT["contact_associated"][0], "eventId": 100, "occurredAt": 1_800_000_001_000}]
    await syncs.hubspot(late, associated)
    acme = (await syncs.store.find_customer(syncs.workspace, "acme-inc")).id
    assert await syncs.store.records.contacts(syncs.workspace, acme) == []
    assert "Zyxjane" not in str(await syncs.history("acme-inc"))
    assert any("removed contact" in str(each.text) for each in await syncs.history("acme-inc", types=("sync_write",)))


async def test_a_contact_keeps_the_name_and_address_that_were_typed_here(syncs: Syncs) -> None:
    by = By(actor=Ref.parse("user:usr_x"), source=Source.CLI)
    await syncs.hubspot([changed("name", "Acme", 1, company="1")], [associated(7, 1, 1_000)], [named(7, "Ann", 2_000)])
    acme = (await syncs.store.find_customer(syncs.workspace, "acme")).id

    async def known() -> list[tuple[str | None, str | None, str]]:
        found = await syncs.store.records.contacts(syncs.workspace, acme)
        return [(each.name, each.email, each.state) for each in found]

    [contact] = await syncs.store.records.contacts(syncs.workspace, acme)
    await syncs.store.records.update_contact(
        syncs.workspace, acme, contact.id, by, name="Ann Lee", email="ann@acme.com", primary=False
    )
    await syncs.hubspot([named(7, "Anna", 3_000)], [mailed(7, "old@acme.com", 3_000)])
    assert await known() == [("Ann Lee", "ann@acme.com", "active")]
    later = seconds_from_now(60)
    await syncs.hubspot([mailed(7, "new@acme.com", later)])
    assert await known() == [("Ann Lee", "new@acme.com", "active")]
    await syncs.store.records.archive_contact(syncs.workspace, acme, contact.id, by)
    await syncs.store.records.restore_contact(syncs.workspace, acme, contact.id, by)
    await syncs.hubspot([gone(7, 4_000)])
    assert await known() == [("Ann Lee", "new@acme.com", "active")]
    await syncs.hubspot([named(7, "Zoe", later)], [gone(7, later)])
    assert await known() == [("Zoe", "new@acme.com", "archived")]


async def test_what_is_told_of_a_contact_before_its_company_may_come_in_any_order(syncs: Syncs) -> None:
    await syncs.hubspot(
        [changed("name", "Acme", 1, company="1")],
        [named(7, "Zoe", 3_000)],
        [named(7, "Ann", 2_000)],
        [gone(7, 5_000)],
        [associated(7, 1, 1_000)],
        [named(8, "Bob", 2_000)],
        [associated(8, 1, 4_000, removed=True)],
        [associated(8, 1, 3_000)],
        [gone(9, 2_000)],
        [associated(9, 1, 3_000)],
    )
    acme = (await syncs.store.find_customer(syncs.workspace, "acme")).id
    known = await syncs.store.records.contacts(syncs.workspace, acme)
    assert {(each.name, each.state) for each in known} == {
        ("Zoe", "archived"),
        ("Bob", "archived"),
        ("HubSpot contact 9", "active"),
    }


async def test_two_contacts_of_one_name_are_two_people(syncs: Syncs) -> None:
    await syncs.hubspot(
        [changed("name", "Acme", 1_000), changed("plan", "Pro", 1_001, event=2)],
        [named(1, "Ann", 1), named(2, "Ann", 2)],
        [associated(1, int(COMPANY), 3), associated(2, int(COMPANY), 4)],
    )
    acme = (await syncs.store.find_customer(syncs.workspace, "acme")).id
    assert [each.name for each in await syncs.store.records.contacts(syncs.workspace, acme)] == ["Ann", "Ann"]


async def test_a_contact_of_two_companies_who_leaves_the_second_stays_with_the_first(syncs: Syncs) -> None:
    await syncs.hubspot(
        [changed("name", "Acme", 1_000), changed("name", "Globex", 1_001, company="7")],
        [named(1, "Ann", 1)],
        [associated(1, int(COMPANY), 3)],
        [associated(1, 7, 4)],
        [associated(1, 7, 5, removed=True), changed("plan", "Pro", 1_002, event=9, company="7")],
    )
    acme = (await syncs.store.find_customer(syncs.workspace, "acme")).id
    assert [each.state for each in await syncs.store.records.contacts(syncs.workspace, acme)] == ["active"]
    assert (await syncs.fields("globex"))["plan"] == "Pro"


async def test_an_erasure_reaches_the_deliveries_that_are_kept(syncs: Syncs) -> None:
    """Applied ones go, those that wait lose the name, and late ones do not stay."""
    await syncs.hubspot([changed("name", "Acme", 1_000)], [named(1, "Zyxjane", 1)], [associated(1, int(COMPANY), 3)])
    await syncs.store.set_settings(syncs.workspace, {"unknown_customer": "park"})
    await syncs.stripe(event("customer.updated", {"id": "cus_5", "object": "customer", "name": "Zyxjane"}))
    acme = (await syncs.store.find_customer(syncs.workspace, "acme")).id
    by = By(actor=Ref.parse("user:usr_x"), source=Source.CLI)
    await syncs.store.records.erase_contact(syncs.workspace, acme, "Zyxjane", by)
    await syncs.hubspot([named(1, "Zyxjane", 10)])
    assert "Zyxjane" not in str(await kept(syncs))
    waiting = await syncs.store.deliveries.parked(syncs.workspace)
    assert await syncs.store.deliveries.link(syncs.workspace, waiting[0].known_as, acme) == 1
    assert await Applier(syncs.store).drain() == 1, "what waited can still be applied"
    told = await syncs.history("acme", actors=("stripe",))
    assert [each.text for each in told] == ["Stripe customer cus_5: 1 field"]


async def kept(syncs: Syncs) -> list[bytes]:
    def bodies(connection: sa.Connection) -> list[bytes]:
        return [bytes(each) for each in connection.execute(sa.select(tables.inbox.c.body)).scalars()]

    return await syncs.database.read(bodies)


def associated(contact: int, company: int, at: int, *, removed: bool = False) -> dict[str, Any]:
    return {
        "eventId": at,
        "subscriptionId": 2,
        "portalId": 22122214,
        "occurredAt": at * 1000,
        "subscriptionType": "contact.associationChange",
        "associationType": "CONTACT_TO_COMPANY",
        "fromObjectId": contact,
        "toObjectId": company,
        "associationRemoved": removed,
        "isPrimaryAssociation": False,
    }


def named(contact: int, first: str, at: int) -> dict[str, Any]:
    return {
        "eventId": at,
        "subscriptionId": 3,
        "portalId": 22122214,
        "occurredAt": at * 1000,
        "subscriptionType": "contact.propertyChange",
        "objectId": contact,
        "propertyName": "firstname",
        "propertyValue": first,
    }


def mailed(contact: int, address: str, at: int) -> dict[str, Any]:
    return {**named(contact, address, at), "subscriptionId": 4, "propertyName": "email"}


def gone(contact: int, at: int) -> dict[str, Any]:
    told = changed("", "", at, event=contact * 1_000_000 + at, company=str(contact))
    return {**told, "subscriptionType": "contact.deletion"}
