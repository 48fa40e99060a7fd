"""What Pi asks of a batch of customers reads what its rules look at, however much else has happened, there or elsewhere."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from store import Store
from store.domain.activity import Change
from store.engine import Database
from store.nudging.accounts import accounts
from tests.bench.replay import bare, sent
from tests.builders import a_customer, a_line, an_activity, imported

BATCH = 5
PLANS = 50
"""Changes that a rule looks at, of each customer."""
OTHERS = 400
"""Of each customer, what no rule looks at."""
ELSEWHERE = 4000


async def test_a_batch_reads_what_its_rules_look_at(
    store: Store, database: Database, database_url: str, workspace: str
) -> None:
    batch = [await a_customer(store, workspace, f"Customer {n}") for n in range(BATCH)]
    for customer in batch:
        await store.record(workspace, customer, [an_activity() for _ in range(PLANS)])

    async def read() -> int:
        with sent() as statements:
            await database.read(lambda c: accounts(c, workspace, batch, datetime.now(UTC), ZoneInfo("UTC")))
        async with bare(database_url) as connection:
            return sum([await connection.keys(each) for each in statements])

    first = await read()
    for customer in batch:
        seats = Change("seats", 1, 2)
        await store.record(workspace, customer, [an_activity("ticket.created", changes=[seats]) for _ in range(OTHERS)])
    await a_customer(store, workspace, "Elsewhere")
    elsewhere = (a_line(customer="Elsewhere", dedupe_key=f"{n}") for n in range(ELSEWHERE))
    await imported(store, workspace, *elsewhere)
    unaware = await read()
    await database.write(lambda c: c.execute(sa.text("ANALYZE")))
    aware = await read()
    assert first > 0
    # As long as a database has not counted what is in its tables, it may read all of these logs, but once.
    assert max(unaware, aware) <= first + BATCH * (PLANS + OTHERS)
