"""What HubSpot and Stripe tell becomes the record, and the feed stays the truth: repeated, late, out of order."""

import asyncio
import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from stripe import WebhookSignature

from bot.jobs.apply import Applier
from bot.webhooks import hubspot, stripe
from bot.webhooks.payload import PayloadError
from bot.webhooks.signatures import stripe_is_genuine
from store import Store, tables
from store.domain.activity import HUBSPOT as HUBSPOT_ACTOR
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment, FieldType
from store.domain.record import By
from store.engine import Database
from tests.aging import grown_old
from tests.webhooks.conftest import COMPANY, FIXTURES, HUBSPOT, Syncs, changed, event


async def test_a_company_becomes_a_customer_and_its_sync_expands_to_what_it_caused(syncs: Syncs) -> None:
    await syncs.hubspot(HUBSPOT["company_created_and_filled"])
    assert await syncs.fields("acme-inc") == {"name": "Acme Inc", "domain": "acme.com", "status": "active"}
    entries = await syncs.history("acme-inc")
    assert [each.kind for each in entries][:2] == ["integration.sync_write", "customer.field_changed"]
    sync, change = entries[:2]
    assert sync.text == f"HubSpot company {COMPANY}: 2 fields"
    assert sync.edit_id == change.edit_id
    assert sync.actor == change.actor == HUBSPOT_ACTOR
    assert sync.refs["reason"] == {"change source": "CRM_UI", "by": "userId:45427659"}
    assert str(sync.refs["link"]).endswith(f"/record/0-2/{COMPANY}")


async def test_the_question_that_people_ask_is_answered(syncs: Syncs) -> None:
    """`--actor hubspot --type field_changed --field plan`."""
    await syncs.hubspot(HUBSPOT["company_created_and_filled"], HUBSPOT["company_plan_changed"])
    found = await syncs.history("acme-inc", actors=("hubspot",), types=("field_changed",), fields=("plan",))
    assert [(each.changes[0].old, each.changes[0].new) for each in found] == [(None, "Growth")]


async def test_the_same_delivery_again_and_an_older_one_change_nothing(syncs: Syncs) -> None:
    await syncs.hubspot(
        HUBSPOT["company_created_and_filled"],
        HUBSPOT["company_plan_changed"],
        HUBSPOT["company_plan_changed_again_redelivered"],
        HUBSPOT["company_plan_changed_older_arrives_late"],
    )
    assert (await syncs.fields("acme-inc"))["plan"] == "Growth"
    syncs_ = await syncs.history("acme-inc", types=("sync_write",))
    assert [each.text for each in syncs_ if each.text and "superseded" in each.text] == [
        f"HubSpot company {COMPANY}: 0 fields, superseded: plan"
    ]
    assert len(syncs_) == 3


async def test_the_same_value_again_is_no_change(syncs: Syncs) -> None:
    await syncs.hubspot([changed("plan", "Pro", 1_000, event=1)], [changed("plan", "Pro", 2_000, event=2)])
    found = await syncs.history(f"hubspot-company-{COMPANY}", types=("field_changed",))
    assert len(found) == 1


async def test_a_delivery_whose_entries_were_removed_for_their_age_counts_once_still(
    syncs: Syncs, database: Database
) -> None:
    told = [changed("plan", "Pro", 1_000, event=1)]
    await syncs.hubspot(told)
    acme = (await syncs.store.find_customer(syncs.workspace, f"hubspot-company-{COMPANY}")).id
    count = len(await syncs.history(acme))
    await grown_old(database, syncs.workspace, acme, days=400)
    await syncs.store.set_settings(syncs.workspace, {"retention_days": 365})
    assert (await syncs.store.retention.remove(syncs.workspace)).activities == count
    await syncs.hubspot(told, told)
    await syncs.store.deliveries.replay(syncs.workspace, datetime.now(UTC) - timedelta(days=1))
    await Applier(syncs.store).drain()
    assert await syncs.history(acme) == ()
    assert (await syncs.store.verify(syncs.workspace)).faults == ()


async def test_properties_become_fields_by_their_type(syncs: Syncs) -> None:
    await syncs.hubspot(HUBSPOT["company_created_and_filled"], HUBSPOT["company_many_properties"])
    held = await syncs.fields("acme-inc")
    assert (held["lifecyclestage"], held["health_score"], held["name"]) == ("customer", 61, "Acme, Inc.")
    page = await syncs.page("acme-inc")
    assert "HubSpot owner 45427659" in page.names.values()


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


async def test_a_merged_company_leads_to_the_one_that_is_left(syncs: Syncs) -> None:
    await syncs.hubspot(
        HUBSPOT["company_created_and_filled"],
        [changed("name", "Old Acme", 1_000, company="11905479999")],
        HUBSPOT["company_merged"],
        [changed("plan", "Max", 1_900_000_000, event=7, company="11905479999")],
    )
    assert (await syncs.fields("acme-inc"))["plan"] == "Max"
    assert [each.kind for each in await syncs.history("old-acme")].count("customer.created") == 1


async def test_unknown_customers_wait_where_the_workspace_says_so(syncs: Syncs) -> None:
    await syncs.store.set_settings(syncs.workspace, {"unknown_customer": "park"})
    await syncs.hubspot(HUBSPOT["company_created_and_filled"], HUBSPOT["company_plan_changed"])
    waiting = await syncs.store.deliveries.parked(syncs.workspace)
    assert [(each.known_as, each.deliveries) for each in waiting] == [(f"hubspot:22122214:{COMPANY}", 2)]
    assert await syncs.store.customer_choices(syncs.workspace, "") == []
    await syncs.store.set_settings(syncs.workspace, {"unknown_customer": "create"})
    await syncs.hubspot([changed("name", "Known", 1_000, company="5")])
    known = await syncs.store.find_customer(syncs.workspace, "known")
    assert await syncs.store.deliveries.link(syncs.workspace, waiting[0].known_as, known.id) == 2
    await Applier(syncs.store).drain()
    assert (await syncs.fields(known.id))["plan"] == "Growth"
    assert await syncs.store.deliveries.parked(syncs.workspace) == []


async def test_a_replay_after_a_change_of_the_mapping_adds_only_what_is_missing(syncs: Syncs) -> None:
    await syncs.store.set_settings(syncs.workspace, {"mapping": {"hubspot": {"tier": "-"}}})
    await syncs.hubspot([changed("name", "Acme", 1_000), changed("tier", "Gold", 1_001, event=2)])
    assert "Gold" not in str(await syncs.fields("acme"))
    before = len(await syncs.history("acme"))
    await syncs.store.set_settings(syncs.workspace, {"mapping": {"hubspot": {"tier": "plan"}}})
    assert await syncs.store.deliveries.replay(syncs.workspace, datetime(2020, 1, 1, tzinfo=UTC)) == 1
    await Applier(syncs.store).drain()
    assert (await syncs.fields("acme"))["plan"] == "Gold"
    assert len(await syncs.history("acme")) == before + 2
    await syncs.store.deliveries.replay(syncs.workspace, datetime(2020, 1, 1, tzinfo=UTC))
    await Applier(syncs.store).drain()
    assert len(await syncs.history("acme")) == before + 2


async def test_any_order_and_any_number_end_in_the_same_record(syncs: Syncs, dice: random.Random) -> None:
    """R8: shuffled, 30 % repeated, 10 % older than what was applied; each notice counts once."""
    companies = [str(100 + n) for n in range(4)]
    told = [
        changed(prop, f"{prop} {n}", 1_000 + n, event=n, company=dice.choice(companies))
        for n, prop in enumerate(dice.choices(["plan", "domain_note", "tier"], k=60), 1)
    ]
    final: dict[str, dict[str, str]] = {}
    for each in sorted(told, key=lambda one: int(one["occurredAt"])):
        final.setdefault(str(each["objectId"]), {})[str(each["propertyName"])] = str(each["propertyValue"])
    bodies = [[each] for each in told] + [[each] for each in dice.sample(told, 18)]
    dice.shuffle(bodies)
    await syncs.hubspot(*bodies)
    for company, wanted in final.items():
        held = await syncs.fields(f"hubspot-company-{company}")
        assert {name: held[name] for name in wanted} == wanted
        mine = [each for each in told if str(each["objectId"]) == company]
        recorded = await syncs.history(f"hubspot-company-{company}", types=("sync_write",))
        assert len(recorded) == len(mine)
    assert (await syncs.store.verify(syncs.workspace)).faults == ()


async def test_what_a_newer_event_told_stands_whichever_object_or_provider_told_it(syncs: Syncs) -> None:
    by = By(actor=Ref.parse("user:usr_x"), source=Source.CLI)
    ids = [Assignment("stripe_id", "cus_9"), Assignment("hubspot_id", COMPANY)]
    made = await syncs.store.records.add_customer(syncs.workspace, "Acme", ids, by)
    await syncs.stripe(
        event("invoice.paid", invoice("in_2", 200), ident="e2", created=2_000),
        event("invoice.paid", invoice("in_1", 100), ident="e1", created=1_000),
        event("customer.subscription.updated", subscription("Growth"), ident="e3", created=3_000),
    )
    await syncs.hubspot([changed("plan", "Old", 2_500, event=4)])
    held = await syncs.fields(made.customer.id)
    assert (held["payment"], held["plan"]) == ("paid 2.00 EUR", "Growth")
    texts = [str(each.text) for each in await syncs.history(made.customer.id, types=("sync_write",))]
    assert sum("superseded" in each for each in texts) == 2


async def test_what_was_set_here_stands_against_what_happened_before(syncs: Syncs) -> None:
    by = By(actor=Ref.parse("user:usr_x"), source=Source.CLI)
    fields = [Assignment("hubspot_id", COMPANY), Assignment("plan", "Typed")]
    made = await syncs.store.records.add_customer(syncs.workspace, "Acme", fields, by)
    acme = made.customer.id
    later = seconds_from_now(60)
    await syncs.hubspot([changed("plan", "Before", 1_000, event=1), changed("segment", "Before", 1_000, event=2)])
    held = await syncs.fields(acme)
    assert (held["plan"], held["segment"]) == ("Typed", "Before")
    [sync] = await syncs.history(acme, types=("sync_write",))
    assert sync.text == f"HubSpot company {COMPANY}: 1 field, superseded: plan"
    await syncs.hubspot([changed("plan", "After", later, event=3)])
    await syncs.store.records.edit(syncs.workspace, acme, [Assignment("plan", "Typed again")], by)
    await syncs.hubspot([changed("plan", "After that", later, event=4)])
    assert (await syncs.fields(acme))["plan"] == "After that"  # by the clock there, which is ahead, it came later


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


def seconds_from_now(ahead: int) -> int:
    return int(time.time()) + ahead


async def test_a_newer_value_that_does_not_fit_stands_in_no_older_ones_way(syncs: Syncs) -> None:
    await syncs.hubspot(
        [changed("health_score", "high", 2_000, event=1)], [changed("health_score", "70", 1_000, event=2)]
    )
    assert (await syncs.fields(f"hubspot-company-{COMPANY}"))["health_score"] == 70


async def test_a_customer_made_of_an_invoice_is_named_when_stripe_tells_its_name(syncs: Syncs) -> None:
    known = {"id": "cus_9", "object": "customer", "name": "Initech"}
    await syncs.stripe(event("invoice.paid", invoice("in_1", 100), ident="e1", created=1_000))
    await syncs.stripe(event("customer.updated", known, ident="e2", created=500))
    assert (await syncs.fields("stripe-customer-cus-9"))["name"] == "Initech"
    await syncs.stripe(event("customer.updated", {**known, "name": "Hooli"}, ident="e3", created=3_000))
    assert (await syncs.fields("stripe-customer-cus-9"))["name"] == "Initech"


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


def invoice(ident: str, cents: int) -> dict[str, Any]:
    return {"id": ident, "object": "invoice", "customer": "cus_9", "amount_paid": cents, "currency": "eur"}


def subscription(plan: str) -> dict[str, Any]:
    items = {"data": [{"quantity": 1, "price": {"id": "price_1", "nickname": plan}}]}
    return {"id": "sub_1", "object": "subscription", "customer": "cus_9", "status": "active", "items": items}


def gone(contact: int, at: int) -> dict[str, Any]:
    told = changed("", "", at, event=contact * 1_000_000 + at, company=str(contact))
    return {**told, "subscriptionType": "contact.deletion"}


# --- Stripe -----------------------------------------------------------------------------------------------------------

RESOURCES = FIXTURES.parent.parent.parent / "shared" / "data" / "stripe" / "fixtures3.json"


async def test_stripe_tells_of_plan_status_and_payments(syncs: Syncs) -> None:
    subscription = {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_9",
        "status": "active",
        "cancel_at_period_end": False,
        "items": {"data": [{"quantity": 3, "price": {"id": "price_1", "nickname": "Growth"}}]},
    }
    await syncs.stripe(
        event(
            "customer.created",
            {"id": "cus_9", "object": "customer", "name": "Initech", "delinquent": False},
            ident="e1",
            created=1,
        ),
        event("customer.subscription.created", subscription, ident="e2", created=2),
        event("customer.subscription.updated", {**subscription, "status": "past_due"}, ident="e3", created=3),
        event(
            "invoice.payment_failed",
            {
                "id": "in_1",
                "object": "invoice",
                "customer": "cus_9",
                "amount_due": 123456,
                "currency": "usd",
                "attempt_count": 2,
            },
            ident="e4",
            created=4,
        ),
        event("customer.subscription.updated", subscription, ident="e5", created=2),
    )
    held = await syncs.fields("initech")
    assert held["plan"] == "Growth × 3"
    assert held["subscription_status"] == "past_due"
    assert held["payment"] == "failed, attempt 2, 1,234.56 USD"
    assert held["delinquent"] == "no"


async def test_a_customer_linked_by_hand_is_found_by_its_stripe_id(syncs: Syncs) -> None:
    by = By(actor=Ref.parse("user:usr_x"), source=Source.CLI)
    made = await syncs.store.records.add_customer(syncs.workspace, "Acme", [Assignment("stripe_id", "cus_9")], by)
    await syncs.stripe(
        event(
            "invoice.paid",
            {"id": "in_1", "object": "invoice", "customer": "cus_9", "amount_paid": 500, "currency": "jpy"},
        )
    )
    assert (await syncs.fields(made.customer.id))["payment"] == "paid 500 JPY"


@pytest.mark.skipif(not RESOURCES.exists(), reason="Stripe's own fixtures are not at hand")
def test_every_resource_of_stripes_own_fixtures_is_read_or_left_out() -> None:
    resources: dict[str, dict[str, Any]] = json.loads(RESOURCES.read_text())["resources"]
    read = 0
    for name, told in resources.items():
        for kind in ("created", "updated", "deleted"):
            read += len(stripe.notices(json.dumps(event(f"{name}.{kind}", told)).encode()))
    assert read > 20


def test_stripes_own_library_agrees_about_signatures() -> None:
    body, now = '{"id":"evt_1","object":"event"}', int(time.time())
    signature = WebhookSignature._compute_signature(f"{now}.{body}", "whsec_x")
    header = f"t={now},v1={signature}"
    assert stripe_is_genuine(["whsec_x"], [header], body.encode(), datetime.fromtimestamp(now, UTC))
    assert WebhookSignature.verify_header(body, header, "whsec_x")


# --- what does not fit ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(HUBSPOT) - {"about"}))
def test_every_hubspot_body_is_read(name: str) -> None:
    found = hubspot.notices(json.dumps(HUBSPOT[name]).encode())
    left_out = {"unknown_subscription", "empty"}
    assert len(found) == (0 if name in left_out else len(HUBSPOT[name]))
    assert len({each.key for each in found}) == len(found)


@pytest.mark.parametrize(
    "body, says",
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"{}", "not an array"),
        (b"[1]", "Notification 1"),
        (b'[{"subscriptionType":"company.creation","portalId":1,"occurredAt":"soon"}]', "Notification 1: occurredAt"),
        (b'[{"subscriptionType":"company.creation","portalId":1,"occurredAt":99999999999999999999}]', "occurredAt"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
    ],
)
def test_what_is_no_delivery_is_named(body: bytes, says: str) -> None:
    with pytest.raises(PayloadError, match=says):
        hubspot.notices(body)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"id":1}', b'{"id":"e","type":"x","created":1,"data":{"object":[]}}', b"null"]
)
def test_what_is_no_event_is_named(body: bytes) -> None:
    with pytest.raises(PayloadError):
        stripe.notices(body)


async def test_a_delivery_that_cannot_be_read_is_kept_and_stops_nobody(syncs: Syncs) -> None:
    await syncs.store.deliveries.receive(syncs.workspace, Source.HUBSPOT, b"rubbish")
    await syncs.hubspot(HUBSPOT["company_created_and_filled"])
    assert (await syncs.fields("acme-inc"))["domain"] == "acme.com"


async def test_a_thousand_notifications_in_one_delivery_are_applied(syncs: Syncs) -> None:
    await syncs.hubspot([changed("plan", f"Plan {n}", 1_000 + n, event=n) for n in range(1000)])
    assert (await syncs.fields(f"hubspot-company-{COMPANY}"))["plan"] == "Plan 999"


# --- what providers really send ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prop, value",
    [
        ("p" * 150, "x"),
        ("__", "x"),
        ("tags", "+a;b"),
        ("name", "n" * 4000),
        ("name", ""),
        ("plan", "p" * 5000),
        ("plan", "with\0nul and half \ud83d of a pair"),
        ("health_score", "²"),
        ("health_score", "7" * 400),
        ("renewal", "99999999999999"),
        ("renewal", "²²²²²²²²²²"),
        ("stripe_id", "cus_other"),
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
async def test_one_odd_property_does_not_hold_up_the_rest_of_its_delivery(syncs: Syncs, prop: str, value: str) -> None:
    by = By(actor=Ref.parse("user:usr_x"), source=Source.CLI)
    await syncs.store.records.define_field(syncs.workspace, "renewal", FieldType.DATE, ())
    await syncs.store.records.add_customer(syncs.workspace, "Other", [Assignment("stripe_id", "cus_other")], by)
    await syncs.hubspot([changed(prop, value, 1_000, event=1), changed("domain", "acme.com", 1_001, event=2)])
    assert (await syncs.fields(f"hubspot-company-{COMPANY}" if prop != "name" else "acme.com"))["domain"] == "acme.com"
    assert (await syncs.store.verify(syncs.workspace)).faults == ()


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


@pytest.mark.parametrize(
    "told",
    [
        {"items": []},
        {"items": {"data": {"a": 1}}},
        {"items": {"data": [{"price": "price_1", "plan": 5, "quantity": "2"}]}},
        {"items": {"data": [{"price": {"product": {"name": 5}, "nickname": ["x"]}}]}},
        {"status": {"a": 1}, "amount_due": 10**400, "currency": 5, "attempt_count": None},
        {"name": 5, "delinquent": "perhaps", "object": None},
    ],
)
@pytest.mark.parametrize(
    "kind", ["customer.updated", "customer.subscription.updated", "invoice.payment_failed", "charge.refunded"]
)
def test_an_event_of_odd_types_is_read_as_far_as_it_goes(kind: str, told: dict[str, Any]) -> None:
    body = json.dumps({**event(kind, {"id": "cus_1", "customer": "cus_1", **told}), "request": "req_1"}).encode()
    found = stripe.notices(body)
    assert [(each.customer, each.reason["request"]) for each in found] == [("cus_1", "req_1")]


# --- several workers --------------------------------------------------------------------------------------------------


@pytest.mark.promise(id="R8")
async def test_two_workers_that_are_cut_off_apply_each_notice_once(
    syncs: Syncs, elsewhere: Database, dice: random.Random
) -> None:
    """Shuffled, repeated, in deliveries of several customers, by two processes that are cut off again and again."""
    companies = [str(100 + n) for n in range(3)]
    told = [
        changed(prop, f"{prop} {n}", 1_000 + n, event=n, company=dice.choice(companies))
        for n, prop in enumerate(dice.choices(["plan", "note", "tier"], k=40), 1)
    ]
    final: dict[str, dict[str, str]] = {}
    for each in told:
        final.setdefault(str(each["objectId"]), {})[str(each["propertyName"])] = str(each["propertyValue"])
    repeated = told + dice.sample(told, 12)
    dice.shuffle(repeated)
    while repeated:
        body = [repeated.pop() for _ in range(min(dice.randint(1, 4), len(repeated)))]
        await syncs.store.deliveries.receive(syncs.workspace, Source.HUBSPOT, json.dumps(body).encode())
    short = timedelta(milliseconds=150)
    async with asyncio.timeout(60):
        for _ in range(8):
            workers = [
                asyncio.create_task(Applier(Store(database), lease=short).drain())
                for database in (syncs.database, elsewhere)
            ]
            await asyncio.sleep(dice.uniform(0.01, 0.15))
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        while (await states(syncs)).keys() != {"done"}:
            await asyncio.gather(*(Applier(Store(each), lease=short).drain() for each in (syncs.database, elsewhere)))
            await asyncio.sleep(0.05)
    for company, wanted in final.items():
        customer = f"hubspot-company-{company}"
        held = await syncs.fields(customer)
        assert {name: held[name] for name in wanted} == wanted
        written = await syncs.history(customer, types=("sync_write",))
        told_of = [name for each in written for name in (*each.refs["fields"], *each.refs.get("superseded", ()))]  # type: ignore[misc]  # lists of names
        assert set(told_of) == set(wanted)
    assert (await syncs.store.verify(syncs.workspace)).faults == ()


async def states(syncs: Syncs) -> dict[str, int]:
    def counted(connection: sa.Connection) -> dict[str, int]:
        i = tables.inbox.c
        return dict(iter(connection.execute(sa.select(i.state, sa.func.count()).group_by(i.state))))

    return await syncs.database.read(counted)
