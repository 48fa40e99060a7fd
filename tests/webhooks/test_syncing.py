"""What HubSpot and Stripe tell becomes the record, and the feed stays the truth."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.jobs.apply import Applier
from store import Store, tables
from store.domain.activity import HUBSPOT as HUBSPOT_ACTOR
from store.domain.activity import Source
from store.engine import Database
from tests.aging import grown_old
from tests.webhooks.conftest import COMPANY, HUBSPOT, Syncs, changed


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


async def test_a_thousand_notifications_in_one_delivery_are_applied(syncs: Syncs) -> None:
    await syncs.hubspot([changed("plan", f"Plan {n}", 1_000 + n, event=n) for n in range(1000)])
    assert (await syncs.fields(f"hubspot-company-{COMPANY}"))["plan"] == "Plan 999"


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
