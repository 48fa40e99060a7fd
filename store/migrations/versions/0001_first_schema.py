"""The first schema: workspaces, who acts, customers and what belongs to them, the log, and what is still to be sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON()

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
"""Columns that no UPDATE may change; `refs` besides, which as JSON is compared by its text."""


def upgrade() -> None:
    op.create_table(
        "activity_field",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("field", KEY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace_id", "customer_id", "field", "actor", "type", "occurred_at", "seq", name="pk_activity_field"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_activity_field_type",
        "activity_field",
        ["workspace_id", "customer_id", "field", "type", "occurred_at", "seq"],
        unique=False,
    )
    op.create_table(
        "workspace",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slack_team_id", KEY, nullable=True),
        sa.Column("slack_enterprise_id", KEY, nullable=True),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("erasure_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_workspace"),
        sa.UniqueConstraint("slack_team_id", name="uq_workspace_slack_team_id"),
    )
    op.create_table(
        "actor",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("slack_user_id", KEY, nullable=True),
        sa.Column("import_ref", KEY, nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("standing", KEY, nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("refreshed_at", INSTANT, nullable=True),
        sa.Column("last_edit", JSON, nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_actor_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_actor"),
        sa.UniqueConstraint("workspace_id", "slack_user_id", name="uq_actor_workspace_id_slack_user_id"),
        sa.UniqueConstraint("workspace_id", "type", "import_ref", name="uq_actor_workspace_id_type_import_ref"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_actor_name", "actor", ["workspace_id", "name_key"], unique=False)
    op.create_table(
        "custom_field",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("choices", JSON, nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_custom_field_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "name_key", name="pk_custom_field"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbound_key",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_inbound_key_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "source", "key", name="pk_inbound_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_by", KEY, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("attempted_at", INSTANT, nullable=True),
        sa.Column("ts", KEY, nullable=True),
        sa.Column("possible_duplicate", sa.Boolean(), nullable=False),
        sa.Column("error", KEY, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_outbox_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_outbox"),
        sa.UniqueConstraint("workspace_id", "key", name="uq_outbox_workspace_id_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_table(
        "saved_query",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("hash", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_saved_query_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "hash", name="pk_saved_query"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("domain", KEY, nullable=True),
        sa.Column("status", KEY, nullable=False),
        sa.Column("owner", KEY, nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("health_score", sa.Integer(), nullable=True),
        sa.Column("health_high", sa.Integer(), nullable=True),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner"], ["actor.workspace_id", "actor.id"], name="fk_customer_workspace_id_owner"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_customer_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_customer"),
        sa.UniqueConstraint("workspace_id", "slug", name="uq_customer_workspace_id_slug"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_domain", "customer", ["workspace_id", "domain"], unique=False)
    op.create_index("ix_customer_name", "customer", ["workspace_id", "name_key"], unique=False)
    op.create_table(
        "activity",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("subject", KEY, nullable=True),
        sa.Column("onboarding_id", sa.Text(), nullable=True),
        sa.Column("edit_id", KEY, nullable=True),
        sa.Column("refs", JSON, nullable=True),
        sa.Column("changes", JSON, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_activity_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", "seq", name="pk_activity"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_activity_actor",
        "activity",
        ["workspace_id", "customer_id", "actor", "type", "occurred_at", "seq"],
        unique=False,
    )
    op.create_index("ix_activity_feed", "activity", ["workspace_id", "customer_id", "occurred_at", "seq"], unique=False)
    op.create_index(
        "ix_activity_source",
        "activity",
        ["workspace_id", "customer_id", "source", "type", "occurred_at", "seq"],
        unique=False,
    )
    op.create_index(
        "ix_activity_type", "activity", ["workspace_id", "customer_id", "type", "occurred_at", "seq"], unique=False
    )
    op.create_table(
        "channel",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("slack_channel_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_channel_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "slack_channel_id", name="pk_channel"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("import_ref", KEY, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_key", KEY, nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("erased_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_contact_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_contact"),
        sa.UniqueConstraint(
            "workspace_id", "customer_id", "import_ref", name="uq_contact_workspace_id_customer_id_import_ref"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_name", "contact", ["workspace_id", "name_key"], unique=False)
    op.create_table(
        "external_id",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("provider", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_external_id_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "provider", "account", "external_id", name="pk_external_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_external_id_customer", "external_id", ["workspace_id", "customer_id"], unique=False)
    op.create_table(
        "onboarding",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("import_ref", KEY, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("state", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_onboarding_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_onboarding"),
        sa.UniqueConstraint(
            "workspace_id", "customer_id", "import_ref", name="uq_onboarding_workspace_id_customer_id_import_ref"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "comment",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("onboarding_id", KEY, nullable=True),
        sa.Column("author", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_comment_workspace_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "onboarding_id"],
            ["onboarding.workspace_id", "onboarding.id"],
            name="fk_comment_workspace_id_onboarding_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_comment"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_comment_customer", "comment", ["workspace_id", "customer_id"], unique=False)
    op.create_table(
        "contact_name",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("contact_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("until", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name="fk_contact_name_workspace_id_contact_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "contact_id", "position", name="pk_contact_name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "external_contact",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("provider", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("contact_id", KEY, nullable=True),
        sa.Column("told", JSON, nullable=True),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name="fk_external_contact_workspace_id_contact_id",
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_external_contact_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "provider", "account", "external_id", name="pk_external_contact"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_external_contact_contact", "external_contact", ["workspace_id", "contact_id"], unique=False)
    op.create_table(
        "synced",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("provider", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("object", KEY, nullable=False),
        sa.Column("object_id", KEY, nullable=False),
        sa.Column("property", KEY, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_synced_workspace_id"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "provider", "account", "object", "object_id", "property", name="pk_synced"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbox",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("provider", KEY, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("parked_for", KEY, nullable=True),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_by", KEY, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_inbox_workspace_id"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_inbox"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbox_due", "inbox", ["state", "due_at"], unique=False)
    op.create_index("ix_inbox_parked", "inbox", ["workspace_id", "parked_for"], unique=False)
    op.create_table(
        "tombstone",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("contact_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name="fk_tombstone_workspace_id_contact_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "digest", name="pk_tombstone"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "task",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("onboarding_id", KEY, nullable=True),
        sa.Column("import_ref", KEY, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("assignee", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "assignee"], ["actor.workspace_id", "actor.id"], name="fk_task_workspace_id_assignee"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_task_workspace_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "onboarding_id"],
            ["onboarding.workspace_id", "onboarding.id"],
            name="fk_task_workspace_id_onboarding_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_task"),
        sa.UniqueConstraint(
            "workspace_id", "customer_id", "import_ref", name="uq_task_workspace_id_customer_id_import_ref"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "export",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("person", KEY, nullable=True),
        sa.Column("slack_user_id", KEY, nullable=True),
        sa.Column("channel", KEY, nullable=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_by", KEY, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("cancelled_by", KEY, nullable=True),
        sa.Column("message_channel", KEY, nullable=True),
        sa.Column("message_ts", KEY, nullable=True),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", KEY, nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("error", KEY, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_export_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_export"),
        sa.UniqueConstraint("workspace_id", "key", name="uq_export_workspace_id_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_export_due", "export", ["state", "due_at"], unique=False)
    op.create_index("ix_export_sha256", "export", ["workspace_id", "sha256"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"], name="fk_api_key_workspace_id"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_api_key_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_api_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_api_key_id", "api_key", ["id"], unique=False)
    op.create_table(
        "api_answer",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("api_key_id", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "api_key_id"],
            ["api_key.workspace_id", "api_key.id"],
            name="fk_api_answer_workspace_id_api_key_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "api_key_id", "key", name="pk_api_answer"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_api_answer_recorded_at", "api_answer", ["recorded_at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    op.drop_table("api_answer")
    op.drop_table("api_key")
    op.drop_table("export")
    op.drop_table("task")
    op.drop_table("tombstone")
    op.drop_table("inbox")
    op.drop_table("synced")
    op.drop_table("external_contact")
    op.drop_table("contact_name")
    op.drop_table("comment")
    op.drop_table("onboarding")
    op.drop_table("external_id")
    op.drop_table("contact")
    op.drop_table("channel")
    op.drop_table("activity")
    op.drop_table("customer")
    op.drop_table("saved_query")
    op.drop_table("outbox")
    op.drop_table("inbound_key")
    op.drop_table("custom_field")
    op.drop_table("actor")
    op.drop_table("workspace")
    op.drop_table("activity_field")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION activity_is_append_only()")


def _guard_sqlite() -> None:
    """Refuse DELETE, and UPDATE but for the one transition to redacted.

    `INSERT OR REPLACE` deletes without a word unless `recursive_triggers` is on, as it is on every connection of ours.
    """
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in (*FACTS, "refs"))
    op.execute(f"""
        CREATE TRIGGER activity_no_update BEFORE UPDATE ON activity
        WHEN NOT (OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.changes IS NULL AND NEW.text IS 'removed contact' AND {same})
        BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END
    """)
    op.execute("""
        CREATE TRIGGER activity_no_delete BEFORE DELETE ON activity
        BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END
    """)


def _guard_postgresql() -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in FACTS)
    op.execute(f"""
        CREATE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
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
    op.execute("""
        CREATE TRIGGER activity_no_change BEFORE UPDATE OR DELETE ON activity
        FOR EACH ROW EXECUTE FUNCTION activity_is_append_only()
    """)
    op.execute("""
        CREATE TRIGGER activity_no_truncate BEFORE TRUNCATE ON activity
        FOR EACH STATEMENT EXECUTE FUNCTION activity_is_append_only()
    """)
