"""Alembic's entry: runs the migrations on the connection it is handed (store/schema.py), or on DATABASE_URL from the command line."""

import os

import sqlalchemy as sa
from alembic import context

from store.engine import parse_url
from store.tables import metadata


def run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


handed: sa.Connection | None = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    url = parse_url(os.environ.get("DATABASE_URL") or "sqlite:///pivotal.db")
    with sa.create_engine(url.set(drivername=url.get_backend_name())).begin() as own:
        run(own)
