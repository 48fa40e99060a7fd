"""What a busy team does all day: commands and clicks of people, deliveries of Stripe, what Pi has to say; and what became of each."""

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

import aiohttp

from bot.sandbox.person import Person
from bot.sandbox.shown import Shown
from bot.sandbox.transport import NoAnswer
from bot.sandbox.workspace import Channel
from store import Store
from store.domain.customer import Assignment
from store.domain.record import By
from store.domain.scope import Scope
from store.nudging import Terms
from store.nudging.schedules import ONCE

SECRET: Final = "whsec_soak"
COMMANDS_PER_SECOND: Final = 5
DELIVERIES_PER_SECOND: Final = 20
PI_EVERY: Final = 20.0
"""Seconds; each time the health of three customers has fallen, and a schedule finds them."""
NUDGES_EACH: Final = 3
FILTERS: Final = ("", " --30d", " --actor me", " --actor stripe --7d", " --type field_changed", " --field plan,health")
RETRIES: Final = 8
"""Stripe tries again for days; here long enough for any restart."""


@dataclass(slots=True)
class Became:
    """What people and programs were told. saved, refused: the plans of which the answer said so."""

    told: Counter[str] = field(default_factory=Counter)
    saved: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    """Of these nobody knows; they may have been done, once."""
    delivered: set[str] = field(default_factory=set)
    """Events that were acknowledged with 2xx."""
    nudges: int = 0


@dataclass(slots=True)
class Team:
    """Everybody and everything that this goes on between."""

    store: Store
    workspace: str
    people: Sequence[Person]
    customers: Sequence[str]
    room: Channel
    by: By
    chance: Random
    became: Became = field(default_factory=Became)
    calm: asyncio.Lock = field(default_factory=asyncio.Lock)
    _number: int = 0

    async def commands(self, until: float) -> None:
        """At a steady rate, whether or not the last was answered."""
        await _steadily(COMMANDS_PER_SECOND, until, self._one)

    async def _one(self) -> None:
        self._number += 1
        person, customer = self.chance.choice(self.people), self.chance.choice(self.customers)
        does = self.chance.choices((self._reads, self._sets, self._adds), (5, 3, 2))[0]
        try:
            await does(person, customer, f"n{self._number}x")
        except NoAnswer as nothing:
            self.became.told[nothing.delivery.error or "acknowledged, and never answered"] += 1
            self.became.unanswered.add(f"n{self._number}x")

    async def _reads(self, person: Person, customer: str, _tag: str) -> None:
        shown = await person.says(f"/pivotal history {customer}{self.chance.choice(FILTERS)}", channel=self.room)
        self._counts(shown, "a feed")
        if "Older →" in shown.buttons:
            self._counts(await shown.click("Older →"), "a feed")

    async def _sets(self, person: Person, customer: str, tag: str) -> None:
        shown = await person.says(f"/pivotal set {customer} plan={tag}", channel=self.room)
        if tag in shown.plain:
            self.became.saved.add(tag)
        elif "Nothing was changed" in shown.plain:
            self.became.refused.add(tag)
        else:
            self.became.unanswered.add(tag)
        self._counts(shown, "a receipt")

    async def _adds(self, person: Person, customer: str, tag: str) -> None:
        text = f"/pivotal comment {customer} Call them back, {tag}"
        self._counts(await person.says(text, channel=self.room), "a receipt")

    def _counts(self, shown: Shown, wanted: str) -> None:
        for sentence in ("Nothing was changed", "May not have been saved", "takes longer than usual", "on our side"):
            if sentence in shown.plain:
                self.became.told[f"“… {sentence} …”"] += 1
                return
        self.became.told[wanted] += 1

    async def deliveries(self, http: aiohttp.ClientSession, addresses: Sequence[str], until: float) -> None:
        async def one() -> None:
            self._number += 1
            await self._delivers(http, addresses, f"evt_{self._number}")

        await _steadily(DELIVERIES_PER_SECOND, until, one)

    async def _delivers(self, http: aiohttp.ClientSession, addresses: Sequence[str], ident: str) -> None:
        body = json.dumps(_event(ident, self.chance.randrange(len(self.customers)))).encode()
        for turn in range(RETRIES):
            at = str(int(time.time()))
            signature = hmac.digest(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
            headers = {"Stripe-Signature": f"t={at},v1={signature}"}
            try:
                async with http.post(
                    f"{self.chance.choice(addresses)}/webhooks/stripe", data=body, headers=headers
                ) as answer:
                    if answer.status < 300:
                        self.became.delivered.add(ident)
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(2**turn / 4)

    async def pi(self, until: float) -> None:
        """New customers whose health has just fallen, and a schedule that is due. Not while the database is being restarted: this goes
        past the app, and nobody would ask again.
        """
        loop = asyncio.get_running_loop()
        turn = 0
        while loop.time() < until:
            turn += 1
            async with self.calm:
                await self._falls(f"fell-{turn}")
            await asyncio.sleep(PI_EVERY)

    async def _falls(self, tag: str) -> None:
        for number in range(NUDGES_EACH):
            before = (Assignment("health", "90", ("90",)), Assignment("tags", tag, (tag,)))
            made = await self.store.records.add_customer(self.workspace, f"{tag} {number}", before, self.by)
            after = [Assignment("health", "50", ("50",))]
            await self.store.records.edit(self.workspace, made.customer.id, after, self.by)
        terms = Terms(kind=ONCE, channel=self.room.id, scope=Scope(tag=tag))
        await self.store.nudging.add_schedule(self.workspace, terms, zone="UTC", by=self.by, now=datetime.now(UTC))
        self.became.nudges += NUDGES_EACH


async def _steadily(per_second: int, until: float, do: Callable[[], Coroutine[Any, Any, None]]) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    async with asyncio.TaskGroup() as group:
        while due < until:
            group.create_task(do())
            due += 1 / per_second
            await asyncio.sleep(due - loop.time())


def _event(ident: str, customer: int) -> dict[str, object]:
    told = {"object": "invoice", "customer": f"cus_{customer}", "amount_paid": 4900, "currency": "eur"}
    return {
        "id": ident,
        "object": "event",
        "type": "invoice.paid",
        "created": int(time.time()),
        "data": {"object": {"id": f"in_{ident}", **told}},
    }
