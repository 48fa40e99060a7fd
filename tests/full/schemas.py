"""Databases as an earlier release left them, and what a database holds and is made of, whichever of the two it is."""

import asyncio
import hashlib
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import asyncpg
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from store.engine import JOB, Database, connect
from store.schema import migrate, upgrade
from tests.bench.places import Place, sqlite_path


def revisions() -> Sequence[str]:
    """From the first release's to the newest."""
    return [each.revision for each in ScriptDirectory("store/migrations").walk_revisions()][::-1]


async def as_of(place: Place, revision: str, filled: str) -> str:
    """A new database as that release made it, with what another, of a newer schema, holds in the columns that there were then."""
    url = await place.empty()
    async with _open(url) as database:
        await database.alter(lambda connection: upgrade(connection, revision))
        columns = await database.read(_columns)
    if place.dialect == "sqlite":
        await asyncio.to_thread(_copy_file, filled, url, columns)
    else:
        await _copy_tables(filled, url, columns)
    return url


async def migrated(url: str) -> None:
    async with _open(url) as database:
        await migrate(database)


async def copied(place: Place, url: str) -> str:
    """Another database, the same to the byte. Nobody may be connected to the first."""
    other = await place.empty()
    if place.dialect == "sqlite":
        shutil.copy(sqlite_path(url), sqlite_path(other))
        return other
    await on_server(other, "DROP DATABASE {database}")
    template = sa.make_url(url).database
    await on_server(other, f"CREATE DATABASE {{database}} TEMPLATE {template} STRATEGY FILE_COPY")
    return other


async def on_server(url: str, statement: str) -> None:
    """Of PostgreSQL, by its administrator, connected elsewhere. statement: with {database} where this one's name goes."""
    there = await _connected(url, database="postgres")
    await there.execute(statement.format(database=sa.make_url(url).database))
    await there.close()


async def held(url: str, columns: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[int, str]]:
    """By table how many rows, and a digest of these columns of all of them: hashes of the chains among them."""

    def work(connection: sa.Connection) -> Mapping[str, tuple[int, str]]:
        return {table: _digested(connection, table, names) for table, names in columns.items()}

    async with _open(url) as database:
        return await database.read(work)


async def columns_of(url: str) -> Mapping[str, Sequence[str]]:
    async with _open(url) as database:
        return await database.read(_columns)


async def made_of(url: str) -> Mapping[str, Sequence[tuple[object, ...]]]:
    """Tables, indexes, triggers, constraints, functions and policies, in the database's own words."""

    def work(connection: sa.Connection) -> Mapping[str, Sequence[tuple[object, ...]]]:
        asked = _SHAPE[connection.dialect.name]
        return {what: [tuple(row) for row in connection.exec_driver_sql(sql)] for what, sql in asked.items()}

    async with _open(url) as database:
        return await database.read(work)


async def is_sound(url: str) -> None:
    """The file is whole, every key leads somewhere, and nobody deletes from the history."""

    def faults(connection: sa.Connection) -> Sequence[object]:
        if connection.dialect.name != "sqlite":
            return ()  # its constraints are validated, as made_of tells, and then hold
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        whole = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return [*broken, *(each for each in whole if each != "ok")]

    def forbidden(connection: sa.Connection) -> None:
        connection.exec_driver_sql("DELETE FROM activity")

    async with _open(url) as database:
        found = await database.read(faults)
        assert not found, f"not sound: {found[:3]}"
        refused = ""
        try:
            await database.write(forbidden)
        except sa.exc.DBAPIError as error:
            refused = str(error)
        assert "append-only" in refused, f"the history could be deleted, or was refused otherwise: {refused}"


_SHAPE: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"all": "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"},
    "postgresql": {
        "columns": "SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default FROM "
        "information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "triggers": "SELECT tgname, pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
        "constraints": "SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE "
        "connamespace = 'public'::regnamespace ORDER BY 1, 2",
        "functions": "SELECT proname, prosrc, prosecdef, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
        "policies": "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public' ORDER BY 1, 2",
        "walls": "SELECT relname, relrowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
        "not valid": "SELECT conname FROM pg_constraint WHERE NOT convalidated",
    },
}


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Database]:
    database = connect(url, patience=JOB)
    try:
        yield database
    finally:
        await database.close()


async def _connected(url: str, **other: Any) -> asyncpg.Connection:
    parts = sa.make_url(url)
    to: dict[str, Any] = {"host": parts.query["host"], "user": parts.username, "database": parts.database}
    return await asyncpg.connect(**(to | other))


def _columns(connection: sa.Connection) -> Mapping[str, Sequence[str]]:
    looking = sa.inspect(connection)
    tables = [name for name in looking.get_table_names() if name != "alembic_version"]
    return {table: [each["name"] for each in looking.get_columns(table)] for table in tables}


def _digested(connection: sa.Connection, table: str, columns: Sequence[str]) -> tuple[int, str]:
    keys = sa.inspect(connection).get_pk_constraint(table)["constrained_columns"]
    rows = connection.exec_driver_sql(f"SELECT {_listed(columns)} FROM {table} ORDER BY {_listed(keys)}")
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(repr(tuple(row)).encode())
        count += 1
    return count, digest.hexdigest()


def _copy_file(source: str, target: str, columns: Mapping[str, Sequence[str]]) -> None:
    to = sqlite3.connect(sqlite_path(target), isolation_level=None)
    to.execute("ATTACH ? AS filled", (sqlite_path(source),))
    to.execute("BEGIN")
    for table, names in columns.items():
        to.execute(f"INSERT INTO main.{table} ({_listed(names)}) SELECT {_listed(names)} FROM filled.{table}")
    to.execute("COMMIT")
    to.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    to.close()


async def _copy_tables(source: str, target: str, columns: Mapping[str, Sequence[str]]) -> None:
    come, go = await _connected(source), await _connected(target)
    await go.execute("SET session_replication_role = replica")  # so that a row may come before what it belongs to
    for table, names in columns.items():
        rows = BytesIO()
        await come.copy_from_query(f"SELECT {_listed(names)} FROM {table}", output=rows, format="binary")
        rows.seek(0)
        await go.copy_to_table(table, source=rows, columns=list(names), format="binary")
    await come.close()
    await go.close()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
