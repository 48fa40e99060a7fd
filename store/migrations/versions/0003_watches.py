"""Watches, and how far each customer's log has been looked at by them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "watch",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("owner", KEY, nullable=True),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("channel", KEY, nullable=True),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("batch", KEY, nullable=True),
        sa.Column("speaks_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_watch_workspace_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "made_by"], ["actor.workspace_id", "actor.id"], name="fk_watch_workspace_id_made_by"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_watch"),
        sa.UniqueConstraint("workspace_id", "number", name="uq_watch_workspace_id_number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watched",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_watched_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", name="pk_watched"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("watched")
    op.drop_table("watch")
