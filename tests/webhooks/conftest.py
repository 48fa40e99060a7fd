"""Deliveries as the providers send them, applied by the real job."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.jobs.apply import Applier
from store import Store
from store.domain.activity import Activity, Source
from store.domain.query import HistoryQuery, Page, Reader
from store.engine import Database

FIXTURES = Path(__file__).parent.parent / "fixtures"
HUBSPOT: dict[str, list[dict[str, Any]]] = json.loads((FIXTURES / "hubspot" / "deliveries.json").read_text())
COMPANY = "11905471234"


@dataclass
class Syncs:
    store: Store
    workspace: str
    database: Database

    async def hubspot(self, *bodies: Sequence[dict[str, Any]]) -> None:
        """Receive these deliveries in this order, then apply them."""
        for body in bodies:
            await self.store.deliveries.receive(self.workspace, Source.HUBSPOT, json.dumps(body).encode())
            await asyncio.sleep(0.002)  # those of one millisecond are taken up in any order
        await Applier(self.store).drain()

    async def stripe(self, *events: dict[str, Any]) -> None:
        for event in events:
            await self.store.deliveries.receive(self.workspace, Source.STRIPE, json.dumps(event).encode())
            await asyncio.sleep(0.002)
        await Applier(self.store).drain()

    async def page(self, customer: str, **filters: Any) -> Page:
        reader = Reader(now=datetime.now(UTC), zone=ZoneInfo("UTC"))
        return await self.store.history(self.workspace, HistoryQuery(customer, **filters), reader, limit=1000)

    async def history(self, customer: str, **filters: Any) -> Sequence[Activity]:
        return (await self.page(customer, **filters)).entries

    async def fields(self, customer: str) -> dict[str, Any]:
        """What the record holds."""
        ident = (await self.store.find_customer(self.workspace, customer)).id
        now = await self.store.records.customer(self.workspace, ident)
        held = {name: now.value(name) for name in ("name", "domain", "plan", "health_score", "status", "owner")}
        return {name: value for name, value in {**held, **now.fields}.items() if value is not None}


def changed(prop: str, value: str, at: int, *, event: int = 1, company: str = COMPANY) -> dict[str, Any]:
    """A notification. at: seconds since 1970."""
    return {
        "eventId": event,
        "occurredAt": at * 1000,
        "subscriptionType": "company.propertyChange",
        "subscriptionId": 1,
        "portalId": 22122214,
        "appId": 1,
        "attemptNumber": 0,
        "changeSource": "CRM_UI",
        "objectId": int(company),
        "propertyName": prop,
        "propertyValue": value,
    }


def event(kind: str, told: dict[str, Any], *, ident: str = "evt_1", created: int = 1_767_225_600) -> dict[str, Any]:
    return {
        "id": ident,
        "object": "event",
        "type": kind,
        "created": created,
        "livemode": False,
        "data": {"object": told},
    }


@pytest.fixture
def syncs(store: Store, workspace: str, database: Database) -> Syncs:
    return Syncs(store, workspace, database)


@pytest.fixture
def dice() -> random.Random:
    return random.Random(20260101)


def invoice(ident: str, cents: int) -> dict[str, Any]:
    return {"id": ident, "object": "invoice", "customer": "cus_9", "amount_paid": cents, "currency": "eur"}


def subscription(plan: str) -> dict[str, Any]:
    items = {"data": [{"quantity": 1, "price": {"id": "price_1", "nickname": plan}}]}
    return {"id": "sub_1", "object": "subscription", "customer": "cus_9", "status": "active", "items": items}


def seconds_from_now(ahead: int) -> int:
    return int(time.time()) + ahead
