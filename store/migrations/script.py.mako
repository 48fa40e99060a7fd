"""${message}."""
# Small; runs on SQLite and PostgreSQL; works under the old code and the new; imports nothing of ours.
# `activity` is never rebuilt: batch mode would drop its triggers. What it needs later joins as a column or a table.
# On PostgreSQL an index on a large table is created CONCURRENTLY, in a migration of its own.

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
