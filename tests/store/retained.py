"""Customers with old histories, of which a beginning is gone or is to go."""

import pytest

from store import Store, retention
from store.domain.query import HistoryQuery
from store.engine import Database
from store.retention import Done
from tests.aging import grown_old
from tests.builders import a_customer, an_activity, history

YEAR = {"retention_days": 365}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else writes who would have to be let in between two pieces."""
    monkeypatch.setattr(retention, "PAUSE", 0)


async def all_removed(store: Store) -> list[Done]:
    """As the job does it."""
    return [await store.retention.remove(each) for each in await store.retention.decided()]


async def seqs(store: Store, workspace: str, customer: str) -> list[int]:
    """What is kept, oldest first."""
    return sorted(each.seq for each in (await history(store, workspace, HistoryQuery(customer))).entries)


async def aged(store: Store, database: Database, workspace: str, *ages: float, name: str = "Acme Corp") -> str:
    """The id of a customer with an entry of each of these ages, in days."""
    customer = await a_customer(store, workspace, name)
    await store.record(workspace, customer, [an_activity(text=f"note {number}") for number in range(len(ages))])
    await grown_old(database, workspace, customer, *ages)
    return customer


@pytest.fixture
async def cut(store: Store, database: Database, workspace: str) -> str:
    """A customer whose first two of six entries are gone."""
    acme = await aged(store, database, workspace, 402, 401, 300, 200, 100, 10)
    await store.set_settings(workspace, YEAR)
    assert (await store.retention.remove(workspace)).activities == 2
    return acme
