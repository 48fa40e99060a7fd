"""R9: webhooks are answered quickly while nothing applies them, none is lost, and the backlog is then worked off."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from random import Random
from statistics import quantiles
from typing import Final

import aiohttp

from bot.sandbox import StandInSlack
from store import Store
from store.domain.query import HistoryQuery, Reader
from tests.bench.places import Place, opened
from tests.full.nudges import READER
from tests.full.processes import environment, server, workers

SECRET: Final = "whsec_full"
PER_SECOND: Final = 200
SECONDS: Final = {"quick": 3, "full": 60}
CUSTOMERS: Final = 50
P99_MS: Final = 500
PATIENCE: Final = 600.0


async def run(place: Place, size: str, seed: int) -> str:
    chance = Random(seed)
    url = await place.fresh()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandInSlack())
        store, workspace = await stack.enter_async_context(opened(url, job=True))
        variables = {**environment(slack, url), "STRIPE_WEBHOOK_SECRET": SECRET}
        serving = await stack.enter_async_context(server(variables))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        count = PER_SECOND * SECONDS[size]
        times = await _sent(http, f"{serving.address}/webhooks/stripe", count, chance)
        p99 = quantiles(times, n=100)[98]
        assert p99 < P99_MS, f"p99 of the answers is {p99:.0f} ms"
        began = time.monotonic()
        await stack.enter_async_context(workers(variables, 1, chance))
        synced = await _applied(store, workspace, count, READER)
        drained = count / (time.monotonic() - began)
        assert synced == count, f"{synced} of {count} deliveries were applied"
    return f"{count} deliveries at {PER_SECOND}/s, p99 {p99:.0f} ms, drained at {drained:.0f}/s by one worker"


async def _sent(http: aiohttp.ClientSession, address: str, count: int, chance: Random) -> list[float]:
    """Send at a steady rate, whether or not the last was answered. Gives the milliseconds of each answer."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(number: int) -> float:
        await asyncio.sleep(began + number / PER_SECOND - loop.time())
        body = json.dumps(_event(number, chance.randrange(CUSTOMERS))).encode()
        at = str(int(time.time()))
        signature = hmac.digest(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
        sent = time.perf_counter()
        async with http.post(address, data=body, headers={"Stripe-Signature": f"t={at},v1={signature}"}) as answer:
            assert 200 <= answer.status < 300, f"answered {answer.status}"
            await answer.read()
        return (time.perf_counter() - sent) * 1000

    return await asyncio.gather(*(one(number) for number in range(count)))


def _event(number: int, customer: int) -> Mapping[str, object]:
    told = {
        "id": f"in_{number}",
        "object": "invoice",
        "customer": f"cus_{customer}",
        "amount_paid": 4900,
        "currency": "eur",
    }
    return {
        "id": f"evt_{number}",
        "object": "event",
        "type": "invoice.paid",
        "created": int(time.time()),
        "data": {"object": told},
    }


async def _applied(store: Store, workspace: str, count: int, reader: Reader) -> int:
    """How many sync writes there are, once there are so many, or no more come."""
    found = 0
    async with asyncio.timeout(PATIENCE):
        while found < count:
            await asyncio.sleep(0.5)
            before, found = found, 0
            for each in await store.customer_choices(workspace, ""):
                query = HistoryQuery(each.id, types=("sync_write",))
                found += len((await store.history(workspace, query, reader, limit=100_000)).entries)
            waiting = (await store.figures()).inbox
            if found == before and not any(waiting.get(("stripe", state)) for state in ("pending", "working")):
                return found
    return found
