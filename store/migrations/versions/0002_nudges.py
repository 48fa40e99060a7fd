"""Schedules, the times at which they are due, and what Pi has found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON()
OPEN = sa.text("state IN ('held', 'standing', 'snoozed')")


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("channel", KEY, nullable=True),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("owner", KEY, nullable=True),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("through", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_schedule_workspace_id"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_schedule_workspace_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "made_by"], ["actor.workspace_id", "actor.id"], name="fk_schedule_workspace_id_made_by"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_schedule"),
        sa.UniqueConstraint("workspace_id", "number", name="uq_schedule_workspace_id_number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "slot",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("schedule_id", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("lease_by", KEY, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "schedule_id"],
            ["schedule.workspace_id", "schedule.id"],
            name="fk_slot_workspace_id_schedule_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "schedule_id", "key", name="pk_slot"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_slot_state", "slot", ["state", "at"], unique=False)
    op.create_table(
        "nudge",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("rule", KEY, nullable=False),
        sa.Column("episode", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("schedule_id", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=True),
        sa.Column("refused", JSON, nullable=False),
        sa.Column("digest", KEY, nullable=True),
        sa.Column("day", KEY, nullable=True),
        sa.Column("ts", KEY, nullable=True),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("assignee", KEY, nullable=True),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("posted_at", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("settled_by", KEY, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("error", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_nudge_workspace_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "schedule_id"],
            ["schedule.workspace_id", "schedule.id"],
            name="fk_nudge_workspace_id_schedule_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_nudge"),
        sa.UniqueConstraint(
            "workspace_id", "customer_id", "rule", "episode", name="uq_nudge_workspace_id_customer_id_rule_episode"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_nudge_open",
        "nudge",
        ["workspace_id", "customer_id", "rule"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_nudge_until", "nudge", ["workspace_id", "state", "until"], unique=False)
    op.create_index("ix_nudge_day", "nudge", ["workspace_id", "day"], unique=False)


def downgrade() -> None:
    op.drop_table("nudge")
    op.drop_table("slot")
    op.drop_table("schedule")
