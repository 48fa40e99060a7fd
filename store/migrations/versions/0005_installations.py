"""Workspaces that installed the app by themselves, their sealed tokens, and the one way in which a workspace's history is deleted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JSON = sa.JSON()
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

FACTS = (
    "workspace_id",
    "customer_id",
    "seq",
    "occurred_at",
    "recorded_at",
    "type",
    "actor",
    "source",
    "subject",
    "onboarding_id",
    "edit_id",
    "commitment",
    "hash",
)
"""Columns that no UPDATE may change, as in 0001."""
PURGED = "EXISTS (SELECT 1 FROM purge WHERE purge.workspace_id = OLD.workspace_id)"


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("bot_user_id", KEY, nullable=True),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("bot_token", sa.Text(), nullable=True),
        sa.Column("refresh_token", sa.Text(), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("lease_by", KEY, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("installed_at", INSTANT, nullable=False),
        sa.Column("left_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_installation_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_installation"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "install_state",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("browser", KEY, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_install_state"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "purge",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_purge_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_purge"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql(f"IF TG_OP = 'DELETE' AND {PURGED} THEN RETURN OLD; END IF;")
        _delete_for_a_role_that_may_not()
    else:
        _guard_sqlite(f"WHEN NOT {PURGED}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION purge_history(text, bigint)")
        _guard_postgresql("")
    else:
        _guard_sqlite("")
    op.drop_table("purge")
    op.drop_table("install_state")
    op.drop_table("installation")


def _guard_sqlite(unless: str) -> None:
    op.execute("DROP TRIGGER activity_no_delete")
    op.execute(f"""
        CREATE TRIGGER activity_no_delete BEFORE DELETE ON activity {unless}
        BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END
    """)


def _guard_postgresql(unless: str) -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in FACTS)
    op.execute(f"""
        CREATE OR REPLACE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {unless}
            IF TG_OP = 'UPDATE' THEN
                IF OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.changes IS NULL AND NEW.text = 'removed contact'
                    AND NEW.refs::text IS NOT DISTINCT FROM OLD.refs::text AND {same}
                THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'activity is append-only' USING ERRCODE = 'restrict_violation';
        END $$
    """)


def _delete_for_a_role_that_may_not() -> None:
    """A role that may only append deletes by this function, which runs as the owner: a piece of a workspace that is no team's any more."""
    schema = op.get_bind().execute(sa.select(sa.func.quote_ident(sa.func.current_schema()))).scalar_one()
    op.execute(f"""
        CREATE FUNCTION purge_history(whose text, most bigint) RETURNS bigint LANGUAGE sql SECURITY DEFINER
        SET search_path = {schema}, pg_temp AS $$
            WITH gone AS (
                DELETE FROM activity WHERE ctid = ANY (ARRAY (
                    SELECT a.ctid FROM activity a JOIN workspace w USING (workspace_id) JOIN purge p USING (workspace_id)
                    WHERE a.workspace_id = whose AND w.slack_team_id IS NULL LIMIT most
                )) RETURNING 1
            ) SELECT count(*) FROM gone
        $$
    """)  # noqa: S608 - the schema comes quoted from the database
