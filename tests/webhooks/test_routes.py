"""The webhook routes, met as HubSpot and Stripe meet them."""

import asyncio
import hashlib
import hmac
import io
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.jobs.apply import Applier
from bot.web import application, listening
from bot.webhooks.routes import BODY, Secrets, Webhooks
from store import Store
from tests.webhooks.conftest import HUBSPOT, Syncs, changed, event

HUBSPOT_SECRET, STRIPE_SECRET = "hs-secret", "whsec_secret"
PUBLIC = "https://pivotal.example.com"


async def ready() -> None:
    return None


class Provider:
    """Both providers, sending to one server."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def hubspot(self, body: bytes, *, path: str = "/webhooks/hubspot", public: str = PUBLIC) -> int:
        at = str(int(datetime.now(UTC).timestamp() * 1000))
        signed = b"POST" + f"{public}{path}".encode() + body + at.encode()
        signature = b64encode(hmac.new(HUBSPOT_SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        headers = {"X-HubSpot-Request-Timestamp": at, "X-HubSpot-Signature-v3": signature}
        return await self.post(path, body, headers)

    async def stripe(self, body: bytes) -> int:
        at = str(int(datetime.now(UTC).timestamp()))
        signature = hmac.new(STRIPE_SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return await self.post("/webhooks/stripe", body, {"Stripe-Signature": f"t={at},v1={signature}"})

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        async with self._http.post(f"{self._url}{path}", data=io.BytesIO(body), headers=headers) as answer:
            return answer.status


async def served(store: Store, workspace: str, secrets: Secrets) -> AsyncIterator[Provider]:
    async def default() -> str:
        return workspace

    webhooks = Webhooks(store, secrets, lambda: datetime.now(UTC), default, lambda: None)
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
