"""The second wall: PostgreSQL itself shows the running program one workspace at a time, whatever the program asks (S6).

The other tests of the store work as that role, too: the fixture `store` does.
"""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from store import Store, schema, tables
from store.domain.errors import NotFound, Refused, SchemaUnknown
from store.engine import Database, parse_url
from store.wall import ACROSS, NOBODYS, enter, is_walled
from tests.builders import a_customer, a_line, an_activity, another_workspace, imported
from tests.conftest import APP

pytestmark = [
    pytest.mark.promise(id="S6"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

TENANTS = [table for table in tables.metadata.sorted_tables if "workspace_id" in table.c]
QUEUES = {
    *("workspace", "api_key", "installation", "purge", "outbox", "inbox", "export", "erasure"),
    *("schedule", "slot", "nudge", "watch", "api_answer"),
}
"""What is looked for in all workspaces at once."""


@pytest.fixture
async def two(store: Store, database: Database, workspace: str) -> tuple[str, str]:
    """Two workspaces with the same in both."""
    other = await another_workspace(database, "T0THEIRS")
    for each in (workspace, other):
        customer = await a_customer(store, each, "Acme", ref="acme", domain="acme.com", fields={"seats": "3"})
        await imported(
            store,
            each,
            {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann Lee"},
            {"type": "onboarding", "customer": "acme", "ref": "case", "name": "Case", "phase": "Kick-off"},
            {"type": "task", "customer": "acme", "onboarding": "case", "ref": "t", "title": "Call"},
            a_line(dedupe_key="line_1"),
        )
        await store.record(each, customer, [an_activity(dedupe_key="evt_1")])
        await store.enqueue(each, key="share", kind="history.share", channel="C1", body={})
        await store.keep_queries(each, {"hash": "acme"})
    return workspace, other


async def seen(walled: Database, workspace: str) -> dict[str, set[str]]:
    """By table, the workspaces of which rows are seen."""

    def work(connection: sa.Connection) -> dict[str, set[str]]:
        return {
            table.name: set(connection.execute(sa.select(table.c.workspace_id).distinct()).scalars())
            for table in TENANTS
        }

    return {name: of for name, of in (await walled.read(work, workspace)).items() if of}


async def denied(walled: Database, workspace: str, statement: str | sa.Executable) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(sa.text(statement) if isinstance(statement, str) else statement)

    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner|row-level security"):
        await walled.write(work, workspace)


async def test_every_table_of_a_workspace_is_behind_it(database: Database) -> None:
    """Also those of later migrations."""

    def work(connection: sa.Connection) -> tuple[set[str], dict[str, set[str]], set[str]]:
        secured = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'")
        rows = connection.exec_driver_sql("SELECT policyname, tablename, qual, with_check FROM pg_policies").all()
        own = {one for one in rows if one[0] == "own"}
        across = {one[1] for one in rows if one[0] != "own"}
        return set(secured.scalars()), {each[1]: {str(each[2]), str(each[3])} for each in own}, across

    secured, own, across = await database.read(work, NOBODYS)
    assert secured == own.keys() == {table.name for table in TENANTS}
    assert set.union(*own.values()) == {"(workspace_id = current_setting('pivotal.workspace'::text, true))", "None"}
    assert across == QUEUES


async def test_who_names_a_workspace_sees_that_one(walled: Database, two: tuple[str, str]) -> None:
    for workspace in two:
        found = await seen(walled, workspace)
        assert {"activity", "activity_field", "customer", "contact", "task", "outbox", "saved_query"} <= found.keys()
        assert set.union(*found.values()) == {workspace}


async def test_who_names_none_sees_nothing(walled: Database, two: tuple[str, str]) -> None:
    """Nor by what somebody before has left on the same connection."""
    assert await seen(walled, NOBODYS) == {}
    await seen(walled, two[0])
    await walled.write(lambda c: c.execute(sa.select(1)), two[1])
    await walled.write(lambda c: c.execute(sa.select(1)), two[1], alone=True)
    assert await seen(walled, NOBODYS) == {}
    assert await seen(walled, "wsp_nobodys") == {}


async def test_who_looks_across_them_sees_what_is_due_and_nothing_of_customers(
    walled: Database, two: tuple[str, str]
) -> None:
    found = await seen(walled, ACROSS)
    assert found.keys() <= QUEUES
    assert found["workspace"] == found["outbox"] == set(two)


async def test_who_has_found_its_workspace_sees_that_one_from_there_on(walled: Database, two: tuple[str, str]) -> None:
    def work(connection: sa.Connection) -> Sequence[Any]:
        enter(connection, two[1])
        return connection.execute(sa.select(tables.customer.c.workspace_id)).scalars().all()

    assert await walled.write(work, ACROSS) == [two[1]]


async def test_nothing_is_written_into_another_workspace(walled: Database, two: tuple[str, str]) -> None:
    mine, theirs = two
    q = tables.saved_query
    row = {"workspace_id": theirs, "hash": "other", "text": "acme"}
    for named in (mine, ACROSS, NOBODYS):
        await denied(walled, named, q.insert().values(row))
    await denied(walled, mine, q.update().values(workspace_id=theirs))

    def others(connection: sa.Connection) -> int:
        of = q.c.workspace_id == theirs
        changed = connection.execute(q.update().where(of).values(text="ours").returning(q.c.hash)).all()
        return len(changed) + len(connection.execute(q.delete().where(of).returning(q.c.hash)).all())

    assert await walled.write(others, mine) == await walled.write(others, ACROSS) == 0


@pytest.mark.promise(id="S28")
async def test_the_running_programs_role_may_only_append_to_the_history(walled: Database, two: tuple[str, str]) -> None:
    for statement in (
        "UPDATE activity SET type = 'it.was_never_so'",
        "UPDATE activity SET hash = hash",
        "DELETE FROM activity",
        "TRUNCATE activity",
        "TRUNCATE customer CASCADE",
        "ALTER TABLE activity DISABLE TRIGGER ALL",
        "ALTER TABLE activity DISABLE ROW LEVEL SECURITY",
        "DROP TRIGGER activity_no_change ON activity",
        "DROP POLICY own ON activity",
        "CREATE OR REPLACE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE another (id int)",
        "UPDATE alembic_version SET version_num = '0001'",
    ):
        await denied(walled, two[0], statement)
    rewritten = sa.text("UPDATE activity SET text = 'it was never so'")
    with pytest.raises(sa.exc.IntegrityError, match="append-only"):
        await walled.write(lambda c: c.execute(rewritten), two[0])
    purged = sa.select(sa.func.purge_history(two[0], 10))
    assert await walled.write(lambda c: c.execute(purged).scalar_one(), two[0]) == 0


async def test_the_owner_goes_past_it(database: Database, walled: Database, two: tuple[str, str]) -> None:
    """So that an installation with one role works as without."""
    assert set.union(*(await seen(database, NOBODYS)).values()) == set(two)
    assert not await database.read(is_walled, NOBODYS)
    named = "SELECT current_setting('pivotal.workspace', true)"
    assert not await database.read(
        lambda c: c.exec_driver_sql(named).scalar_one(), two[0]
    )  # and nothing is sent for it
    assert await walled.read(is_walled, NOBODYS)


@pytest.mark.parametrize(
    "role, error", [("pivotal_nobody", NotFound), ("pivotal_past", Refused), ("the owner", Refused)]
)
async def test_no_role_is_let_in_for_which_it_would_be_no_wall(
    database_url: str, database: Database, role: str, error: type[Exception]
) -> None:
    if role == "pivotal_past":
        there = "SELECT FROM pg_roles WHERE rolname = 'pivotal_past'"
        made = f"DO $$ BEGIN IF NOT EXISTS ({there}) THEN CREATE ROLE pivotal_past BYPASSRLS; END IF; END $$"
        await database.write(lambda c: c.exec_driver_sql(made), NOBODYS)
    with pytest.raises(error):
        await schema.migrate(database, parse_url(database_url).username if role == "the owner" else role)


async def test_migrating_again_takes_back_what_the_role_should_not_have(
    database_url: str, database: Database, walled: Database, two: tuple[str, str]
) -> None:
    given = f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {APP}"
    await database.write(lambda c: c.exec_driver_sql(given), NOBODYS)
    await schema.migrate(database, APP)
    await denied(walled, two[0], "TRUNCATE saved_query CASCADE")
    await denied(walled, two[0], "DELETE FROM activity")


async def test_a_role_that_was_granted_nothing_is_told_what_to_do(database: Database, walled: Database) -> None:
    await database.write(lambda c: c.exec_driver_sql(f"REVOKE ALL ON alembic_version FROM {APP}"), NOBODYS)
    with pytest.raises(SchemaUnknown, match="Run `pivotal migrate` with MIGRATION_DATABASE_URL set"):
        await schema.check(walled)
    await schema.migrate(database, APP)
    await schema.check(walled)
