"""Bodies as providers really send them, and such as nobody should."""

import json
from typing import Any

import pytest

from bot.webhooks import hubspot, stripe
from bot.webhooks.payload import PayloadError
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment, FieldType
from store.domain.record import By
from tests.webhooks.conftest import COMPANY, HUBSPOT, Syncs, changed, event


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
