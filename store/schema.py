"""Bring a database to the schema of this program, or say why it does not fit."""

import secrets
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from store import tables
from store.actors import new_id
from store.domain.errors import PivotalError, SchemaUnknown
from store.engine import Database, database_clock
from store.granting import grant
from store.wall import NOBODYS

HEAD = "0007"
"""The newest migration; web and worker start on no other. A test compares it with the folder."""

NOT_PERMITTED = "42501"
"""PostgreSQL's code for what a role may not do."""

_MIGRATING = 7_205_759_403_792_793  # any number, so long as every migrating process takes the same


async def migrate(database: Database, role: str | None = None) -> None:
    """Run what is missing, in one transaction, one process at a time; and see that there is a workspace. A second run does nothing.

    role  in PostgreSQL, that of the running program, where it is not the owner's: it may do what granting.py says. Raises as that.
    """

    def work(connection: sa.Connection) -> None:
        _upgrade(connection)
        if role is not None:
            grant(connection, role)

    await database.alter(work)


def _upgrade(connection: sa.Connection) -> None:
    # Before anything is read: who migrates wants every table, and would wait for us as we for them.
    _one_at_a_time(connection)
    if version(connection) != HEAD:
        upgrade(connection, "head")
    w = tables.workspace
    if connection.execute(sa.select(w.c.workspace_id).limit(1)).first() is None:
        first = {
            "workspace_id": new_id("wsp"),
            "name": "default",
            "settings": {},
            "erasure_key": secrets.token_bytes(32),
            "created_at": database_clock(connection),
        }
        connection.execute(w.insert(), first)


def upgrade(connection: sa.Connection, revision: str) -> None:
    """Run what is missing up to this revision, within the caller's `alter`."""
    from alembic import command  # noqa: PLC0415 - every command checks the schema, and few migrate

    _one_at_a_time(connection)
    command.upgrade(_config(connection), revision)
    if connection.dialect.name == "sqlite" and (
        broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    ):
        raise PivotalError(
            f"The migration would leave rows of {broken[0]} without what they belong to. Nothing was changed."
        )


def _one_at_a_time(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))


def _config(connection: sa.Connection) -> Any:
    """For alembic."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def check(database: Database, *, running: bool = False) -> None:
    """Raises SchemaUnknown, when the database is not at this program's schema.

    running  the program has begun already: it goes on while the next release migrates, which adds and takes nothing away that is in use
    """
    try:
        found = await database.read(version, NOBODYS)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != NOT_PERMITTED:
            raise
        raise SchemaUnknown(
            "The role of DATABASE_URL may not read the tables.",
            "Run `pivotal migrate` with MIGRATION_DATABASE_URL set.",
        ) from None
    if found is None:
        raise SchemaUnknown("The database has no tables yet.", "Run `pivotal migrate`.")
    if found < HEAD:
        raise SchemaUnknown(f"The database is at schema {found}; this program needs {HEAD}.", "Run `pivotal migrate`.")
    if found > HEAD and not running:
        raise SchemaUnknown(
            f"The database is at schema {found}, newer than this program ({HEAD}).", "Install the newer Pivotal."
        )


def version(connection: sa.Connection) -> str | None:
    """The revision the database is at, None when it has none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found
