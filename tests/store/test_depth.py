"""A page far down a filtered history is no more work for the database than the first. What SQLite reads it does not tell."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from store import Store
from store.domain.query import HistoryQuery, Page
from store.engine import Database
from tests.bench.replay import Statement, sent
from tests.builders import NOW, a_customer, a_line, a_reader, imported

LENGTH = 6000
SOME = 20
"""Blocks by which one page may differ from another; half of the history has a hundred in the index."""


@pytest.fixture(autouse=True)
def _only_postgresql(database: Database) -> None:
    if database.dialect != "postgresql":
        pytest.skip("SQLite does not tell")


async def test_a_page_half_way_back_reads_no_more_than_the_first(database: Database, workspace: str) -> None:
    store = Store(database)
    customer = await a_customer(store, workspace, ref="acme")
    lines = (a_line(occurred_at=(NOW - timedelta(minutes=at)).isoformat()) for at in range(LENGTH))
    await imported(store, workspace, *lines)
    await database.write(lambda c: c.execute(sa.text("ANALYZE")))
    query = HistoryQuery(customer, actors=("Sam Lee",))
    top = await store.history(workspace, query, a_reader())
    half = await store.history(workspace, query, a_reader(), limit=LENGTH // 2)
    assert half.older is not None
    deep = top.query.older_than(half.older)
    first, far, back = [
        await blocks_read(database, store, workspace, each)
        for each in (top.query, deep, top.query.newer_than(half.older))
    ]
    assert far < first + SOME
    assert back < first + SOME


async def blocks_read(database: Database, store: Store, workspace: str, query: HistoryQuery) -> int:
    """By the statement that finds the entries of a page."""
    with sent() as statements:
        page: Page = await store.history(workspace, query, a_reader())
    assert len(page.entries) == 10
    [entries] = [each for each in statements if "LATERAL" in each.text and not each.counts]
    return await database.read(lambda c: _blocks(c, entries))


def _blocks(connection: sa.Connection, statement: Statement) -> int:
    explained = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.text}", statement.parameters
    )
    plan = explained.scalar_one()[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
