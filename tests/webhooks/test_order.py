"""Repeated, late, out of order: what happened last stands."""

import random

from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.record import By
from tests.webhooks.conftest import COMPANY, HUBSPOT, Syncs, changed, event, invoice, seconds_from_now, subscription


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


async def test_a_newer_value_that_does_not_fit_stands_in_no_older_ones_way(syncs: Syncs) -> None:
    await syncs.hubspot(
        [changed("health_score", "high", 2_000, event=1)], [changed("health_score", "70", 1_000, event=2)]
    )
    assert (await syncs.fields(f"hubspot-company-{COMPANY}"))["health_score"] == 70
