"""Statements that go past SQLAlchemy's execution fail as its own do, and leave no broken connection behind."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from store import tables
from store.engine import Database
from store.prepared import Prepared, among, array

NO_SUCH_TABLE = Prepared(sa.select(sa.table("nowhere", sa.column("x", sa.Integer)).c.x))


async def test_a_failed_statement_tells_no_values_and_the_next_reading_goes_well(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed:
        await database.read(lambda c: NO_SUCH_TABLE.all(c, {}))
    assert "nowhere" in str(failed.value)
    assert not failed.value.connection_invalidated, "the server is still there: nobody is told to come back later"
    for _ in range(12):  # more often than there are connections
        assert await database.read(lambda c: c.scalar(sa.select(1))) == 1


async def test_a_list_of_any_length_goes_into_one_statement(database: Database) -> None:
    ids = sa.select(tables.workspace.c.workspace_id)
    mine = await database.read(lambda c: c.scalar(ids))
    some = Prepared(ids.where(among(tables.workspace.c.workspace_id, "ids", database.dialect)))
    for given, found in (([], []), ([mine], [mine]), (["wsp_none", mine, mine, "a,b"], [mine])):
        values = {"ids": array(given, database.dialect)}
        rows = await database.read(lambda c, values=values: some.all(c, values))  # type: ignore[misc]  # a default for a loop
        assert [ident for (ident,) in rows] == found
