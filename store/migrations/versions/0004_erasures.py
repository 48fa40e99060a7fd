"""Contacts who were erased: what shows the name outside the database is taken back afterwards."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JSON = sa.JSON()
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", KEY, nullable=False),
        sa.Column("customers", JSON, nullable=False),
        sa.Column("nudges", JSON, nullable=False),
        sa.Column("deliveries", JSON, nullable=False),
        sa.Column("looked_at", INSTANT, nullable=True),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name="fk_erasure_workspace_id_contact_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_erasure"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_erasure_due", "erasure", ["done_at", "due_at"])


def downgrade() -> None:
    op.drop_table("erasure")
