"""Migrations: up, down, up on both databases, and what they make is what the tables say."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from store import Store, schema, tables
from store.domain.errors import SchemaUnknown
from store.engine import Database
from store.wall import NOBODYS
from tests.aging import grown_old
from tests.builders import a_customer, an_activity


def compared(connection: sa.Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables.metadata))


async def test_migrations_make_exactly_the_tables(database: Database) -> None:
    assert await database.read(compared) == []


async def test_migrations_go_down_and_up_again(database: Database) -> None:
    def down(connection: sa.Connection) -> list[str]:
        command.downgrade(schema._config(connection), "base")
        return sa.inspect(connection).get_table_names()

    assert await database.alter(down) == ["alembic_version"]
    await schema.migrate(database)
    assert await database.read(compared) == []
    await schema.check(database)


async def test_the_checkpoints_of_histories_are_not_dropped(store: Store, database: Database, workspace: str) -> None:
    """Without them what is kept of those histories would never verify again."""
    customer = await a_customer(store, workspace)
    await store.record(workspace, customer, [an_activity(), an_activity()])
    await grown_old(database, workspace, customer, 400)
    await store.set_settings(workspace, {"retention_days": 365})
    assert (await store.retention.remove(workspace)).activities == 1
    with pytest.raises(RuntimeError, match="does not verify"):
        await database.alter(lambda c: command.downgrade(schema._config(c), "0006"))
    checked = await store.verify(workspace)
    assert (checked.removed, checked.faults) == (1, ())


async def test_a_second_migration_does_nothing(database: Database, store: Store) -> None:
    before = await store.default_workspace()
    await schema.migrate(database)
    assert await store.default_workspace() == before


def test_a_second_migration_does_not_load_what_migrates(tmp_path: Path) -> None:
    """Every import into an SQLite file sees to its schema first: where that is right, it costs no look through all rows either."""
    program = f"""
import asyncio, sys
from store import schema
from store.engine import JOB, connect

async def migrate():
    database = connect("sqlite:///{tmp_path}/new.db", patience=JOB)
    await schema.migrate(database)
    await database.close()

asyncio.run(migrate())
print("alembic" in sys.modules)
"""
    said = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]


async def test_a_program_that_runs_goes_on_while_the_next_release_migrates(elsewhere: Database) -> None:
    await elsewhere.write(lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")), NOBODYS)
    await schema.check(elsewhere, running=True)
    with pytest.raises(SchemaUnknown, match="newer than this program"):
        await schema.check(elsewhere)
    await elsewhere.write(lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = '0001'")), NOBODYS)
    with pytest.raises(SchemaUnknown, match="this program needs"):
        await schema.check(elsewhere, running=True)


def test_the_program_knows_its_newest_migration() -> None:
    assert ScriptDirectory("store/migrations").get_current_head() == schema.HEAD


EXCEPTIONS = {("workspace", "slack_team_id"), ("install_state", "digest")}
"""What finds a workspace in the first place, and what is of somebody who has none yet."""


def test_every_key_starts_with_the_workspace() -> None:
    """So that a workspace can be moved to another database, or the tables distributed by it (decisions/0046-distribution.md)."""
    for table in tables.metadata.tables.values():
        unique = [*(c for c in table.constraints if isinstance(c, sa.UniqueConstraint))]
        keys: list[Any] = [table.primary_key, *unique, *(each for each in table.indexes if each.unique)]
        for key in keys:
            first = next(iter(key.columns)).name
            assert first == "workspace_id" or (table.name, first) in EXCEPTIONS


def test_every_foreign_key_carries_the_workspace() -> None:
    """So that a row and what it belongs to are always in the same place, and never of two workspaces."""
    keys = [key for table in tables.metadata.tables.values() for key in table.foreign_key_constraints]
    assert len(keys) > 20
    for key in keys:
        first = key.elements[0]
        assert (first.parent.name, first.column.name) == ("workspace_id", "workspace_id"), key.name
