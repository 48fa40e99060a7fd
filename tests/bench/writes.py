"""Section 2: one change with its activity, durable, in one transaction."""

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

from store import Store
from store.domain.activity import Change, NewActivity, Source
from store.domain.customer import Assignment
from store.domain.record import By
from store.importing import Importer
from store.importing.lines import CustomerLine
from tests.bench import peers, write_limits
from tests.bench.measure import Operation, Pace, interleaved, timed
from tests.bench.places import Place, opened
from tests.bench.report import Line, Report
from tests.bench.write_limits import KIND, SAM, Turns

CUSTOMERS = 1000
WRITERS = 8

OURS = "Store.record"
EDIT = "Records.edit, receipt and all"
LIMIT = {"postgresql": ("asyncpg, one CTE, bare key", 0.50), "sqlite": ("sqlite3, our tables", 0.30)}
PEERS = {"postgresql": {"django-pghistory": 1.4, "django-auditlog": 3.0}, "sqlite": {"django-auditlog": 1.6}}
NOISE = 0.25


async def run(place: Place, pace: Pace, report: Report) -> None:
    async with AsyncExitStack() as stack:
        limit_url = await place.fresh()
        limits = await _limits(stack, place, limit_url)
        store, workspace = await stack.enter_async_context(opened(await place.fresh()))
        ours = Recorder(store, workspace, await customers(store, workspace))
        theirs = await peers.arms(stack, place, "writes", report)
        arms = {name: timed(operation) for name, operation in {**limits, **ours.arms()}.items()} | theirs
        found = await interleaved(arms, pace)
        lost = await ours.lost()
    name, need = LIMIT[place.dialect]
    mine = found[OURS]
    report.arms(f"2. One change with its activity, {place.name}", found.values(), found[name])
    report.reach(
        Line(f"{place.name}: a write against {name}", mine.ratio(found[name]), need, NOISE),
        *(
            Line(f"{place.name}: a write against {peer}", mine.ratio(found[peer]), times, NOISE)
            for peer, times in PEERS[place.dialect].items()
            if peer in found
        ),
        Line(f"{place.name}: writes lost or out of the chain", lost, 0, 0.0, at_most=True),
    )


async def _limits(stack: AsyncExitStack, place: Place, full_url: str) -> Mapping[str, Operation]:
    async with opened(full_url) as (store, workspace):
        ids = await customers(store, workspace)
    if place.dialect == "postgresql":
        return await stack.enter_async_context(write_limits.postgres(await place.empty(), full_url, workspace, ids))
    return stack.enter_context(write_limits.sqlite(await place.empty(), full_url, workspace, ids))


async def customers(store: Store, workspace: str) -> list[str]:
    """Import the customers that the arms write to. Returns their ids."""
    lines = [CustomerLine(type="customer", ref=f"c{n}", name=f"Customer {n}") for n in range(CUSTOMERS)]
    await store.import_lines(Importer(workspace), list(enumerate(lines, 1)))
    return [one.id for one in await store.customer_choices(workspace, "", CUSTOMERS)]


class Recorder:
    """Records changes as an edge does, and knows how many."""

    def __init__(self, store: Store, workspace: str, ids: list[str]) -> None:
        self._store = store
        self._workspace = workspace
        self._ids = ids
        self._turns = Turns(len(ids))
        self._keys = itertools.count()
        self._recorded = 0

    def arms(self) -> dict[str, Operation]:
        return {
            OURS: self._in_turn,
            f"{OURS}, with a dedupe key": partial(self._in_turn, keyed=True),
            f"{OURS}, {WRITERS} writers": self._together,
            f"{OURS}, {WRITERS} writers, one customer": partial(self._together, only=True),
            EDIT: self._edits,
        }

    async def _edits(self, n: int) -> None:
        """What a person does with `/pivotal set`: read the customer under its lock, change the record, write the log, have a receipt."""
        for _ in range(n):
            customer, _, new = self._turns.next()
            asked = [Assignment("plan", new)]
            await self._store.records.edit(
                self._workspace, self._ids[customer], asked, By(actor=SAM, source=Source.SLACK)
            )
            self._recorded += 1

    async def _in_turn(self, n: int, *, keyed: bool = False, only: bool = False) -> None:
        for _ in range(n):
            customer, old, new = self._turns.next()
            change = NewActivity(
                kind=KIND,
                actor=SAM,
                source=Source.SLACK,
                changes=(Change("plan", old, new),),
                dedupe_key=str(next(self._keys)) if keyed else None,
            )
            await self._store.record(self._workspace, self._ids[0 if only else customer], [change])
            self._recorded += 1

    async def _together(self, n: int, *, only: bool = False) -> None:
        each = max(1, n // WRITERS)
        await asyncio.gather(*(self._in_turn(each, only=only) for _ in range(WRITERS)))

    async def lost(self) -> int:
        """Changes that were recorded and are not there, and customers whose chain does not hold."""
        checked = await self._store.verify(self._workspace)
        return self._recorded - checked.activities + len(checked.faults)
