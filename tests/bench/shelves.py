"""Loaded databases to read from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from store import Store
from store.domain.errors import NotFound
from store.domain.query import HistoryQuery, Page, Reader
from tests.bench import histories
from tests.bench.histories import Size
from tests.bench.places import Place, opened
from tests.bench.replay import Bare, Statement, bare, sent

PAGE = 10
READER = Reader(now=datetime(2026, 1, 1, tzinfo=UTC), zone=ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """One loaded database: its address, our store on it, and a bare connection to it."""

    url: str
    size: Size
    store: Store
    workspace: str
    bare: Bare

    async def page(self, query: HistoryQuery) -> Page:
        return await self.store.history(self.workspace, query, READER, limit=PAGE)

    async def statements(self, query: HistoryQuery) -> tuple[Page, list[Statement]]:
        """The page, and what the Store asked for it; after the pooled connections have mostly served a smaller customer."""
        for _ in range(6):
            with suppress(NotFound):  # that one may have no such field
                await self.page(replace(query, customer="middling-1"))
        with sent() as statements:
            page = await self.page(query)
        return page, statements

    async def deep(self, query: HistoryQuery, page: int) -> HistoryQuery:
        """The same query at its page of this number, reached in strides of a hundred pages."""
        left = (page - 1) * PAGE
        while left:
            stride = min(left, 100 * PAGE)
            found = await self.store.history(self.workspace, query, READER, limit=stride)
            assert found.older is not None, "the history is too short for a page that deep"
            query = query.older_than(found.older)
            left -= stride
        return query


@asynccontextmanager
async def loaded(place: Place, size: Size) -> AsyncIterator[Shelf]:
    url = await place.fresh()
    async with opened(url, job=True) as (store, workspace):
        await histories.load(store, workspace, size)
    async with opened_shelf(place, url, size) as shelf:
        await shelf.bare.seconds([Statement("ANALYZE", ())])
        yield shelf


@asynccontextmanager
async def opened_shelf(place: Place, url: str, size: Size) -> AsyncIterator[Shelf]:
    """A database that is loaded already. With the patience of a job: no busy machine ends a measurement."""
    async with bare(url) as connection, opened(url, job=True) as (store, workspace):
        yield Shelf(url, size, store, workspace, connection)
