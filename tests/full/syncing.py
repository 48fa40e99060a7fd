"""R8: whatever is told in any order, any number of times, to processes that are killed, ends in the record that the same events in their
order make; each event counts once, and none that was answered 2xx is lost.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import aiohttp
import sqlalchemy as sa

from bot import log
from bot.jobs.apply import Applier
from bot.sandbox import StandInSlack
from store import Store, tables
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.engine import JOB, connect
from tests.bench.places import Place, opened
from tests.full.nudges import READER
from tests.full.processes import Program, Server, environment, server, worker
from tests.webhooks.conftest import changed, event
from tests.webhooks.providers import HUBSPOT_SECRET, PUBLIC, STRIPE_SECRET, Provider

SENDERS: Final = 8
PATIENCE: Final = 1800.0
BEGAN: Final = 1_767_225_600
"""When the first event happened, in seconds since 1970; each happened a second after the one before."""
FIRST_CONTACT: Final = 9000


@dataclass(frozen=True, slots=True)
class Trial:
    """companies: HubSpot's, as many as Stripe's customers. Every other one of them is linked by hand; the rest is not known beforehand."""

    events: int
    companies: int
    kills: int
    per_second: int = 60


TRIALS: Final = {
    "quick": Trial(events=80, companies=6, kills=2),
    "full": Trial(events=5000, companies=60, kills=50),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, as one delivery. of_contact: it may come before anybody knows whose contact that is."""

    provider: Source
    id: str
    told: Mapping[str, Any]
    of_contact: bool = False

    def body(self, attempt: int = 0) -> bytes:
        if self.provider is Source.STRIPE:
            return json.dumps(self.told).encode()
        return json.dumps([{**self.told, "attemptNumber": attempt}]).encode()


async def run(place: Place, size: str, seed: int) -> str:
    log.set_up("ERROR")
    trial = TRIALS[size]
    chance = Random(seed)
    told = events(trial, chance)
    wanted = await _in_order(place, trial, told)
    url = await place.fresh()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandInSlack())
        store, workspace = await stack.enter_async_context(opened(url, job=True))
        await _linked(store, workspace, trial)
        secrets = {"STRIPE_WEBHOOK_SECRET": STRIPE_SECRET, "HUBSPOT_CLIENT_SECRET": HUBSPOT_SECRET}
        variables = {**environment(slack, url), **secrets, "PUBLIC_URL": PUBLIC}
        web = await stack.enter_async_context(server(variables))
        job = await stack.enter_async_context(worker(variables))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        sending = asyncio.create_task(_sent(Provider(web.address, http), shuffled(told, chance), trial.per_second))
        await _killed(web, job, trial, chance)
        answered, tries = await sending
        await _until_applied(url)
    kept = await _kept(url)
    lost = {ident: (count, kept[ident]) for ident, count in answered.items() if kept[ident] < count}
    assert not lost, f"answered 2xx, and not all of them kept: {lost}"
    async with opened(url, job=True) as (store, workspace):
        await _counted_once(store, workspace, url, told)
        held = await _records(store, workspace, url)
        faults = (await store.verify(workspace)).faults
    assert held == wanted, f"other records than in order: {_differing(wanted, held)}"
    assert faults == (), f"the chains do not hold: {faults}"
    return (
        f"{len(told)} events, {sum(answered.values())} answered of {tries} deliveries, {web.kills + job.kills} kills, "
        f"{len(wanted)} records as in order"
    )


# --- what happened ---


def events(trial: Trial, chance: Random) -> list[Event]:
    """In the order in which they happened: of companies, their contacts, and what Stripe tells of the same customers."""
    found: list[Event] = []
    for number in range(trial.companies):
        found.append(_associated(len(found), number))
        found.append(_stripe_customer(len(found), number))
    kinds = (_field, _field, _field, _standing, _of_contact, _contact_standing, _invoice, _subscription, _delinquent)
    while len(found) < trial.events:
        found.append(chance.choice(kinds)(len(found), chance.randrange(trial.companies), chance))
    return found


def shuffled(told: Sequence[Event], chance: Random) -> list[tuple[Event, int]]:
    """In any order, 30 % of them again as another attempt, and a tenth when everything that is newer has come."""
    late = set(chance.sample(range(len(told) // 2), len(told) // 10))
    order = [(each, 0) for number, each in enumerate(told) if number not in late]
    order += [(each, 1) for each in chance.sample(told, len(told) * 3 // 10)]
    chance.shuffle(order)
    return order + [(told[number], 0) for number in chance.sample(sorted(late), len(late))]


def _company(number: int) -> str:
    return str(100 + number)


def _field(at: int, number: int, chance: Random) -> Event:
    prop, value = chance.choice(
        [
            ("name", f"Company {number}, {at}"),
            ("domain", f"c{number}-{at}.example"),
            ("plan", f"Plan {at}"),
            ("health_score", str(at % 101)),
            ("health_score", "not a number"),
            ("tier", chance.choice(["", "gold", "silver"])),
            ("seats_note", f"note {at}"),
        ]
    )
    return _hubspot(at, changed(prop, value, BEGAN + at, event=at, company=_company(number)))


def _standing(at: int, number: int, chance: Random) -> Event:
    kind = chance.choice(["company.deletion", "company.restore"])
    return _hubspot(at, _without_property(at, kind, _company(number)))


def _of_contact(at: int, number: int, chance: Random) -> Event:
    prop = chance.choice(["firstname", "lastname", "email"])
    value = f"ann{at}@c{number}.example" if prop == "email" else f"{prop.capitalize()}{at}"
    told = changed(prop, value, BEGAN + at, event=at, company=str(FIRST_CONTACT + number))
    return _hubspot(at, {**told, "subscriptionType": "contact.propertyChange"}, of_contact=True)


def _contact_standing(at: int, number: int, chance: Random) -> Event:
    kind = chance.choice(["contact.deletion", "contact.restore"])
    return _hubspot(at, _without_property(at, kind, str(FIRST_CONTACT + number)), of_contact=True)


def _associated(at: int, number: int) -> Event:
    told = _without_property(at, "contact.associationChange", "0")
    ends = {"fromObjectId": FIRST_CONTACT + number, "toObjectId": int(_company(number))}
    del told["objectId"]
    return _hubspot(at, {**told, **ends, "associationType": "CONTACT_TO_COMPANY", "isPrimaryAssociation": True})


def _without_property(at: int, kind: str, ident: str) -> dict[str, Any]:
    told = changed("", "", BEGAN + at, event=at, company=ident)
    del told["propertyName"], told["propertyValue"]
    return {**told, "subscriptionType": kind}


def _hubspot(at: int, told: Mapping[str, Any], *, of_contact: bool = False) -> Event:
    return Event(Source.HUBSPOT, str(at), told, of_contact)


def _stripe(at: int, number: int, kind: str, told: Mapping[str, Any]) -> Event:
    whose = {} if kind in {"customer.created", "customer.updated"} else {"customer": f"cus_{number}"}
    return Event(Source.STRIPE, f"evt_{at}", event(kind, {**told, **whose}, ident=f"evt_{at}", created=BEGAN + at))


def _stripe_customer(at: int, number: int) -> Event:
    told = {"id": f"cus_{number}", "object": "customer", "name": f"Stripe's {number}", "delinquent": False}
    return _stripe(at, number, "customer.created", told)


def _delinquent(at: int, number: int, chance: Random) -> Event:
    told = {
        "id": f"cus_{number}",
        "object": "customer",
        "name": f"Stripe's {number}",
        "delinquent": chance.random() < 0.5,
    }
    return _stripe(at, number, "customer.updated", told)


def _invoice(at: int, number: int, chance: Random) -> Event:
    told = {"id": f"in_{at}", "object": "invoice", "amount_paid": 100 + at, "amount_due": 100 + at, "currency": "eur"}
    return _stripe(at, number, chance.choice(["invoice.paid", "invoice.payment_failed"]), told)


def _subscription(at: int, number: int, chance: Random) -> Event:
    """One of two of the customer's."""
    told = {
        "id": f"sub_{number}_{chance.randrange(2)}",
        "object": "subscription",
        "status": chance.choice(["active", "past_due", "trialing"]),
        "cancel_at_period_end": chance.random() < 0.5,
        "items": {"data": [{"quantity": 1, "price": {"id": "price_1", "nickname": f"Growth {at}"}}]},
    }
    return _stripe(at, number, "customer.subscription.updated", told)


# --- how it is told ---


async def _in_order(place: Place, trial: Trial, told: Sequence[Event]) -> Mapping[str, Any]:
    """The records that the same events make in their order, each once, applied by one process that nobody disturbs."""
    url = await place.fresh()
    async with opened(url, job=True) as (store, workspace):
        await _linked(store, workspace, trial)
        for each in told:
            await store.deliveries.receive(workspace, each.provider, each.body())
        await Applier(store).drain()
        return await _records(store, workspace, url)


async def _linked(store: Store, workspace: str, trial: Trial) -> None:
    by = By(actor=Ref.parse("user:usr_full"), source=Source.CLI)
    for number in range(0, trial.companies, 2):
        ids = [Assignment("hubspot_id", _company(number)), Assignment("stripe_id", f"cus_{number}")]
        await store.records.add_customer(workspace, f"Linked {number}", ids, by)


async def _sent(provider: Provider, order: Iterable[tuple[Event, int]], per_second: int) -> tuple[Counter[str], int]:
    """Send everything; what was not answered 2xx comes again, as providers do. Gives how often each event was answered 2xx, and how many
    deliveries were sent.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    waiting = deque(enumerate(order))
    answered: Counter[str] = Counter()
    tries = 0

    async def sender() -> None:
        nonlocal tries
        while waiting:
            number, (each, attempt) = waiting.popleft()
            await asyncio.sleep(began + number / per_second - loop.time())
            while not await _delivered(provider, each, attempt):
                tries += 1
                attempt += 1
                await asyncio.sleep(0.2)
            tries += 1
            answered[each.id] += 1

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(sender())
    return answered, tries


async def _delivered(provider: Provider, each: Event, attempt: int) -> bool:
    send = provider.stripe if each.provider is Source.STRIPE else provider.hubspot
    try:
        status = await send(each.body(attempt))
    except (aiohttp.ClientError, OSError):
        return False
    assert status < 300 or status >= 500, f"{each.id} was refused with {status}"
    return status < 300


async def _killed(web: Server, job: Program, trial: Trial, chance: Random) -> None:
    """At moments that are spread at random over the time in which the events come."""
    seconds = trial.events * 1.3 / trial.per_second
    moments = sorted(chance.uniform(0, seconds) for _ in range(trial.kills))
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, moment in enumerate(moments):
        await asyncio.sleep(began + moment - loop.time())
        await (job if number % 2 else web).kill()


# --- what came of it ---


async def _until_applied(url: str) -> None:
    """Until nothing is due any more."""
    i = tables.inbox.c
    open_ones = sa.select(sa.func.count()).where(i.state.in_(("pending", "working")))
    async with asyncio.timeout(PATIENCE):
        while (await _rows(url, open_ones))[0][0]:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.3)


async def _kept(url: str) -> Counter[str]:
    """How often each event stands in the inbox."""
    i = tables.inbox.c
    rows = await _rows(url, sa.select(i.provider, i.body, i.state))
    failed = [body for _, body, state in rows if state != "done"]
    assert not failed, f"not applied: {failed[:3]}"
    return Counter(_id_of(provider, body) for provider, body, _ in rows)


def _id_of(provider: str, body: bytes) -> str:
    told = json.loads(body)
    return str(told["id"] if provider == Source.STRIPE.value else told[0]["eventId"])


async def _counted_once(store: Store, workspace: str, url: str, told: Sequence[Event]) -> None:
    i = tables.inbox.c
    event_of = {
        ident: _id_of(provider, body) for ident, provider, body in await _rows(url, sa.select(i.id, i.provider, i.body))
    }
    found: Counter[str] = Counter()
    for each in await _rows(url, sa.select(tables.customer.c.id)):
        page = await store.history(workspace, HistoryQuery(each[0], types=("sync_write",)), READER, limit=100_000)
        found.update(event_of[str(entry.refs["delivery"])] for entry in page.entries)
    twice = [ident for ident, count in found.items() if count > 1]
    assert not twice, f"recorded more than once: {twice}"
    missing = [each.id for each in told if not (found[each.id] or each.of_contact)]
    assert not missing, f"never recorded: {missing}"


async def _records(store: Store, workspace: str, url: str) -> Mapping[str, Any]:
    """Provider's ids of a customer → what its record holds of what they tell. Which contact is the first of several is ours to say."""
    x = tables.external_id.c
    whose: dict[str, list[str]] = {}
    for provider, external, ident in await _rows(url, sa.select(x.provider, x.external_id, x.customer_id)):
        whose.setdefault(ident, []).append(f"{provider} {external}")
    found = {}
    for ident, names in whose.items():
        now = await store.records.customer(workspace, ident)
        contacts = await store.records.contacts(workspace, ident)
        built_in = {name: now.value(name) for name in ("name", "status", "domain", "plan", "health_score")}
        found[", ".join(sorted(names))] = {
            **built_in,
            **now.fields,
            "contacts": sorted((each.name, each.email, each.state) for each in contacts),
        }
    return found


async def _rows(url: str, statement: sa.Select[Any]) -> Sequence[Any]:
    database = connect(url, patience=JOB)
    try:
        return await database.read(lambda connection: connection.execute(statement).all())
    finally:
        await database.close()


def _differing(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> str:
    if wanted.keys() != held.keys():
        return f"customers {sorted(wanted.keys() ^ held.keys())}"
    return "; ".join(
        f"{name}: {key} is {held[name].get(key)!r}, in order {value!r}"
        for name in wanted
        for key, value in wanted[name].items()
        if held[name].get(key) != value
    )[:2000]
