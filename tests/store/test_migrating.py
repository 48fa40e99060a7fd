"""Migrations while people are at work: who comes first is waited for, and nobody is deadlocked."""

import asyncio

import pytest
import sqlalchemy as sa
from alembic import command

from store import schema
from store.engine import Database

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_postgresql
@pytest.mark.promise(id="R19")
async def test_a_migration_and_a_command_at_the_same_time_both_get_done(
    database: Database, elsewhere: Database
) -> None:
    """The command has one table, and then needs another, which the migration would have by then."""
    tables = sorted(await database.read(lambda c: sa.inspect(c).get_table_names()))

    def both(connection: sa.Connection) -> None:
        for table in ("outbox", "activity"):
            connection.execute(sa.text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))
            connection.execute(sa.text("SELECT pg_sleep(0.7)"))

    await database.alter(_as_at_first)
    working = asyncio.create_task(elsewhere.write(both))
    await asyncio.sleep(0.2)
    await asyncio.gather(schema.migrate(database), working)
    await schema.check(database)
    assert sorted(await database.read(lambda c: sa.inspect(c).get_table_names())) == tables


@on_postgresql
@pytest.mark.promise(id="R19")
async def test_whoever_waits_to_migrate_stands_in_nobodys_way(database: Database, elsewhere: Database) -> None:
    """Two releases begin at once, and the first wants every table."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    held = asyncio.Event()

    def first(connection: sa.Connection) -> None:
        schema._one_at_a_time(connection)
        held.set()
        while not connection.execute(waiting).scalar_one():
            connection.execute(sa.text("SELECT pg_sleep(0.05)"))
        connection.execute(sa.text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE NOWAIT"))

    await database.alter(_as_at_first)
    migrating = asyncio.create_task(database.alter(first))
    await held.wait()
    await asyncio.gather(migrating, schema.migrate(elsewhere))


@on_postgresql
async def test_a_second_migration_waits_for_nobody(database: Database, elsewhere: Database) -> None:
    """There is nothing for it to do: somebody's long work goes on beside it."""
    begun, done = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def long(connection: sa.Connection) -> None:
        connection.execute(sa.text("LOCK TABLE activity IN ROW EXCLUSIVE MODE"))
        loop.call_soon(begun.set)
        while not done.is_set():
            connection.execute(sa.text("SELECT pg_sleep(0.05)"))

    working = asyncio.create_task(elsewhere.write(long))
    await begun.wait()
    await schema.migrate(database)
    assert not working.done()
    done.set()
    await working


def _as_at_first(connection: sa.Connection) -> None:
    command.downgrade(schema._config(connection), "0001")
