"""The second wall: PostgreSQL itself shows a role that owns nothing only the workspace that a transaction has named.

Whoever owns the tables goes past it, as before. A table of a later migration needs its policy there; a test sees to that.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

OF_A_WORKSPACE = (
    *(
        "activity",
        "activity_field",
        "actor",
        "api_answer",
        "api_key",
        "channel",
        "comment",
        "contact",
        "contact_name",
        "custom_field",
    ),
    *(
        "customer",
        "erasure",
        "export",
        "external_contact",
        "external_id",
        "inbound_key",
        "inbox",
        "installation",
        "nudge",
    ),
    *(
        "onboarding",
        "outbox",
        "purge",
        "saved_query",
        "schedule",
        "slot",
        "synced",
        "task",
        "tombstone",
        "watch",
        "watched",
    ),
    "workspace",
)
"""Every table with a workspace_id."""
ACROSS = {
    "workspace": ("SELECT", "INSERT", "UPDATE"),
    "api_key": ("SELECT",),
    "installation": ("SELECT", "UPDATE"),
    "purge": ("SELECT",),
    "outbox": ("SELECT", "UPDATE"),
    "inbox": ("SELECT", "UPDATE", "DELETE"),
    "export": ("SELECT", "UPDATE"),
    "erasure": ("SELECT", "UPDATE"),
    "schedule": ("SELECT", "UPDATE"),
    "slot": ("SELECT", "INSERT", "UPDATE"),
    "nudge": ("SELECT",),
    "watch": ("SELECT",),
    "api_answer": ("SELECT", "DELETE"),
}
"""What a transaction that looks for work in all workspaces may do: claim it, and forget what is done; and find whose a key or a team is.
Never a customer, nor anything of one's history.
"""
NAMED = "current_setting('pivotal.workspace', true)"
"""Null or empty outside a transaction that has named one: then no row is seen."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in OF_A_WORKSPACE:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON {table} USING (workspace_id = {NAMED})")
    for table, commands in ACROSS.items():
        for command in commands:
            which = "WITH CHECK" if command == "INSERT" else "USING"
            op.execute(f"CREATE POLICY across_{command.lower()} ON {table} FOR {command} {which} ({NAMED} = '*')")
    op.execute("REVOKE EXECUTE ON FUNCTION purge_history(text, bigint) FROM PUBLIC")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("GRANT EXECUTE ON FUNCTION purge_history(text, bigint) TO PUBLIC")
    for table, commands in ACROSS.items():
        for command in commands:
            op.execute(f"DROP POLICY across_{command.lower()} ON {table}")
    for table in OF_A_WORKSPACE:
        op.execute(f"DROP POLICY own ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
