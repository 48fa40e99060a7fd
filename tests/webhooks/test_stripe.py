"""What Stripe tells."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from stripe import WebhookSignature

from bot.webhooks import stripe
from bot.webhooks.signatures import stripe_is_genuine
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.record import By
from tests.webhooks.conftest import FIXTURES, Syncs, event, invoice

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


async def test_a_customer_made_of_an_invoice_is_named_when_stripe_tells_its_name(syncs: Syncs) -> None:
    known = {"id": "cus_9", "object": "customer", "name": "Initech"}
    await syncs.stripe(event("invoice.paid", invoice("in_1", 100), ident="e1", created=1_000))
    await syncs.stripe(event("customer.updated", known, ident="e2", created=500))
    assert (await syncs.fields("stripe-customer-cus-9"))["name"] == "Initech"
    await syncs.stripe(event("customer.updated", {**known, "name": "Hooli"}, ident="e3", created=3_000))
    assert (await syncs.fields("stripe-customer-cus-9"))["name"] == "Initech"


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
