"""The webhook routes, met as HubSpot and Stripe meet them."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.jobs.apply import Applier
from bot.web import application, listening
from bot.webhooks.routes import BODY, Secrets, Webhooks
from store import Store
from store.engine import Database
from tests.builders import another_workspace
from tests.webhooks.conftest import HUBSPOT, Syncs, changed, event
from tests.webhooks.providers import HUBSPOT_SECRET, PUBLIC, STRIPE_SECRET, Provider


async def ready() -> None:
    return None


async def served(
    store: Store, workspace: str | None, secrets: Secrets, others: Mapping[str, Secrets] | None = None
) -> AsyncIterator[Provider]:
    webhooks = Webhooks(store, secrets, others or {}, lambda: datetime.now(UTC), workspace, lambda: None)
    site = application(ready, None, webhooks.routes())
    async with listening(site, "127.0.0.1", 0, timedelta(seconds=1)) as url, aiohttp.ClientSession() as http:
        yield Provider(url, http)


@pytest.fixture
async def provider(store: Store, workspace: str) -> AsyncIterator[Provider]:
    secrets = Secrets(hubspot=HUBSPOT_SECRET, stripe=(STRIPE_SECRET,), public_url=f"{PUBLIC}/")
    async for each in served(store, workspace, secrets):
        yield each


@pytest.fixture
async def without_secrets(store: Store, workspace: str) -> AsyncIterator[Provider]:
    async for each in served(store, workspace, Secrets()):
        yield each


@pytest.fixture
async def globex(database: Database, workspace: str) -> str:
    """Another workspace of the same process; made after the first, which is the default."""
    return await another_workspace(database)


@pytest.fixture
async def for_two(store: Store, workspace: str, globex: str) -> AsyncIterator[Provider]:
    """The default workspace at the short addresses, Globex at its own, each with secrets of its own."""
    mine = Secrets(hubspot=HUBSPOT_SECRET, stripe=(STRIPE_SECRET,), public_url=PUBLIC)
    theirs = Secrets(hubspot="hs-globex", stripe=("whsec_globex",), public_url=PUBLIC)
    async for each in served(store, workspace, mine, {globex: theirs}):
        yield each


def a_customer(name: str, ident: str = "cus_1") -> bytes:
    return json.dumps(event("customer.created", {"id": ident, "object": "customer", "name": name})).encode()


async def test_each_workspace_has_addresses_of_its_own(
    for_two: Provider, store: Store, workspace: str, globex: str
) -> None:
    assert await for_two.stripe(a_customer("Initech")) == 200
    assert await for_two.stripe(a_customer("Hooli"), path=f"/webhooks/stripe/{globex}", secret="whsec_globex") == 200
    filled = json.dumps(HUBSPOT["company_created_and_filled"]).encode()
    assert await for_two.hubspot(filled, path=f"/webhooks/hubspot/{globex}", secret="hs-globex") == 200
    assert await Applier(store).drain() == 3
    assert {each.name for each in await store.customer_choices(workspace, "")} == {"Initech"}
    assert {each.name for each in await store.customer_choices(globex, "")} == {"Hooli", "Acme Inc"}


async def test_a_workspace_in_the_address_is_not_believed_without_a_secret_of_its_own(
    for_two: Provider, store: Store, workspace: str, globex: str
) -> None:
    """S6: whoever holds the secret of one workspace reaches no other, by whatever address."""
    body = a_customer("Forged")
    assert await for_two.stripe(body, path=f"/webhooks/stripe/{globex}") == 400
    assert await for_two.stripe(body, secret="whsec_globex") == 400
    assert await for_two.hubspot(b"[]", path=f"/webhooks/hubspot/{globex}") == 401
    assert await for_two.hubspot(b"[]", secret="hs-globex") == 401
    for nobody in ("wsp_unknown", workspace, "", "..", "%00"):
        assert await for_two.stripe(body, path=f"/webhooks/stripe/{nobody}", secret="whsec_globex") == 404
    # Signed for another address of the same server: HubSpot's signature covers the whole address.
    at = str(int(datetime.now(UTC).timestamp() * 1000))
    signed = f"POST{PUBLIC}/webhooks/hubspot".encode() + b"[]" + at.encode()
    signature = b64encode(hmac.new(b"hs-globex", signed, hashlib.sha256).digest()).decode()
    headers = {"X-HubSpot-Request-Timestamp": at, "X-HubSpot-Signature-v3": signature}
    assert await for_two.post(f"/webhooks/hubspot/{globex}", b"[]", headers) == 401
    assert await Applier(store).drain() == 0


async def test_where_nobody_knows_whose_a_short_address_is_it_is_not_there(store: Store, globex: str) -> None:
    """A 503 would be tried again for days."""
    secrets = Secrets(hubspot=HUBSPOT_SECRET, stripe=(STRIPE_SECRET,), public_url=PUBLIC)
    theirs = Secrets(stripe=("whsec_globex",))
    async for provider in served(store, None, secrets, {globex: theirs}):
        assert await provider.stripe(a_customer("Initech")) == 404
        assert await provider.hubspot(b"[]") == 404
        assert (
            await provider.stripe(a_customer("Hooli"), path=f"/webhooks/stripe/{globex}", secret="whsec_globex") == 200
        )


async def test_a_signed_delivery_is_kept_and_then_applied(provider: Provider, syncs: Syncs) -> None:
    assert await provider.hubspot(json.dumps(HUBSPOT["company_created_and_filled"]).encode()) == 200
    assert (
        await provider.stripe(
            json.dumps(event("customer.created", {"id": "cus_1", "object": "customer", "name": "Initech"})).encode()
        )
        == 200
    )
    assert await syncs.store.customer_choices(syncs.workspace, "") == []
    assert await Applier(syncs.store).drain() == 2
    assert {each.name for each in await syncs.store.customer_choices(syncs.workspace, "")} == {"Acme Inc", "Initech"}


async def test_what_is_not_signed_is_refused_and_nothing_is_kept(provider: Provider, syncs: Syncs) -> None:
    assert await provider.post("/webhooks/hubspot", b"[]", {}) == 401
    assert await provider.post("/webhooks/stripe", b"{}", {}) == 400
    assert await provider.hubspot(b"[]", public="https://elsewhere.example.com") == 401
    assert (
        await provider.post(
            "/webhooks/hubspot", b"[]", {"X-HubSpot-Signature": "v1", "X-HubSpot-Signature-Version": "v1"}
        )
        == 401
    )
    assert await Applier(syncs.store).drain() == 0


async def test_a_provider_without_a_secret_is_not_there(without_secrets: Provider) -> None:
    assert await without_secrets.hubspot(b"[]") == 404
    assert await without_secrets.stripe(b"{}") == 404


async def test_a_body_of_a_megabyte_is_taken_and_one_byte_more_is_not(provider: Provider) -> None:
    assert await provider.stripe(b"x" * BODY) == 200
    assert await provider.stripe(b"x" * (BODY + 1)) == 413


async def test_two_hundred_are_all_stored_while_nothing_is_processed(provider: Provider, syncs: Syncs) -> None:
    """R9, quick: kept first, applied when the job runs."""
    bodies = [json.dumps([changed("plan", f"Plan {n}", 1_000 + n, event=n)]).encode() for n in range(200)]
    at_once = asyncio.Semaphore(20)

    async def sent(body: bytes) -> int:
        async with at_once:
            return await provider.hubspot(body)

    assert set(await asyncio.gather(*map(sent, bodies))) == {200}
    workers = [Applier(syncs.store) for _ in range(2)]
    assert sum(await asyncio.gather(*(each.drain() for each in workers))) >= 200
    assert (await syncs.fields("hubspot-company-11905471234"))["plan"] == "Plan 199"
    assert len(await syncs.history("hubspot-company-11905471234", types=("sync_write",))) == 200
    assert (await syncs.store.verify(syncs.workspace)).faults == ()
