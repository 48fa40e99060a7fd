"""Alembic's entry: runs the migrations on the connection it is handed (store/schema.py), or on DATABASE_URL from the command line."""

import os
import time
from typing import Final

import sqlalchemy as sa
from alembic import context

from store.domain.errors import Unavailable
from store.engine import parse_url
from store.tables import metadata

LOCK_WAIT_MS: Final = 500
"""How long others queue behind us at most while we wait; less than the second after which PostgreSQL looks for a deadlock, and ends somebody."""
PAUSE: Final = 0.5
"""Seconds in which those who queued get on with it."""
PATIENCE: Final = 600.0
"""Seconds in which there must have been a moment at which nobody was at work."""
PASSING: Final = ("55P03", "40P01")
"""SQLSTATE: the lock was not to be had in time; whoever waits for it and we wait for each other."""


def run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        current = context.get_context().get_current_revision()
        if connection.dialect.name == "postgresql" and current not in {None, context.get_head_revision()}:
            _lock_all(connection)
        context.run_migrations()


def _lock_all(connection: sa.Connection) -> None:
    """Every table at first: taken one by one as the migrations come to them, they would be deadlocked with people's commands
    (decisions/0045-all-locks-at-first.md). Whoever comes meanwhile waits. Raises Unavailable, when there is no such moment.
    """
    names = sa.inspect(connection).get_table_names()
    until = time.monotonic() + PATIENCE
    while not _is_locked(connection, ", ".join(f'"{name}"' for name in sorted(names))):
        if time.monotonic() > until:
            raise Unavailable
        connection.exec_driver_sql(f"SELECT pg_sleep({PAUSE})")


def _is_locked(connection: sa.Connection, tables: str) -> bool:
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'")
            connection.exec_driver_sql(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in PASSING:
            return False
        raise
    return True


handed: sa.Connection | None = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    url = parse_url(os.environ.get("DATABASE_URL") or "sqlite:///pivotal.db")
    with sa.create_engine(url.set(drivername=url.get_backend_name())).begin() as own:
        run(own)
