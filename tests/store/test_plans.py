"""PostgreSQL plans a page's statements a few times, and not each time: planning takes it as long as reading."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from store import Store
from store.domain.query import HistoryQuery, Window
from store.engine import Database
from tests.builders import NOW, a_customer, a_line, a_reader, imported

LENGTH = 4000
KINDS = tuple(f"audit.kind_{n}" for n in range(12))
PEOPLE = tuple(f"Person {n}" for n in range(20))
TRIED = 5
"""How often PostgreSQL plans a statement with its values before it asks whether that is of use."""

QUERIES = {
    "no filter": HistoryQuery(),
    "an actor": HistoryQuery(actors=PEOPLE[:1]),
    "actors": HistoryQuery(actors=PEOPLE[:5]),
    "a type": HistoryQuery(types=KINDS[:1]),
    "types": HistoryQuery(types=KINDS[:3]),
    "actors and types": HistoryQuery(actors=PEOPLE[:5], types=KINDS[:3]),
    "a source": HistoryQuery(actors=("slack",)),
    "not an actor": HistoryQuery(not_actors=PEOPLE[:1]),
    "a field": HistoryQuery(fields=("plan",)),
    "a field and an actor": HistoryQuery(fields=("plan",), actors=PEOPLE[:1]),
    "actors, in some days": HistoryQuery(
        actors=PEOPLE[:5], window=Window(since=(NOW - timedelta(days=2)).date(), until=(NOW - timedelta(days=1)).date())
    ),
}


pytestmark = pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True
)  # SQLite plans once for each connection


async def test_the_statements_of_a_page_keep_their_plans(database: Database, workspace: str) -> None:
    store = Store(database)
    customer = await a_customer(store, workspace, ref="acme")
    lines = (
        a_line(
            occurred_at=(NOW - timedelta(minutes=at)).isoformat(),
            event_type=KINDS[at * 5 % 12],
            actor={"type": "user", "id": f"p{at * 7 % 20}", "name": PEOPLE[at * 7 % 20]},
            source="slack",
            changes=[{"field": "plan", "old": at, "new": at + 1}],
        )
        for at in range(LENGTH)
    )
    await imported(store, workspace, *lines)
    await database.write(lambda c: c.execute(sa.text("ANALYZE")))
    planned: dict[str, list[str]] = {}
    for name, query in QUERIES.items():
        for _ in range(3 * TRIED):
            page = await store.history(workspace, replace(query, customer=customer), a_reader())
            assert page.entries, name
        if found := await database.read(_planned_each_time):
            planned[name] = found
    assert planned == {}


def _planned_each_time(connection: sa.Connection) -> list[str]:
    """Of the history's statements on this connection."""
    found = connection.exec_driver_sql(
        "SELECT statement FROM pg_prepared_statements"
        f" WHERE custom_plans > {TRIED} AND statement LIKE '%%FROM activity%%'"
    )
    return list(found.scalars())
