"""SQL that deletes all there is of a workspace, its history too: in pieces, so that nobody waits for them, and on after a crash.

What is in `purge` is no team's any more, and the triggers let its history go: of no other workspace, and not before.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import tables
from store.engine import database_clock

PIECE: Final = 2000
"""Rows that one transaction deletes."""


def ask(connection: sa.Connection, workspace: str) -> None:
    """From here on nothing of it is to be had any more, and there is no way back."""
    w, i = tables.workspace.c, tables.installation.c
    nobody = {"slack_team_id": None, "slack_enterprise_id": None}
    connection.execute(tables.workspace.update().where(w.workspace_id == workspace).values(nobody))
    connection.execute(tables.installation.delete().where(i.workspace_id == workspace))
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row: dict[str, str | datetime] = {"workspace_id": workspace, "asked_at": database_clock(connection)}
    connection.execute(insert(tables.purge).on_conflict_do_nothing(), row)


def asked(connection: sa.Connection) -> list[str]:
    """Workspaces that are to go, the first asked for first."""
    p = tables.purge.c
    return list(connection.execute(sa.select(p.workspace_id).order_by(p.asked_at)).scalars())


def piece(connection: sa.Connection, workspace: str) -> bool:
    """Delete some of it. Returns whether there is more; when there is not, the workspace is gone."""
    for table in reversed(tables.metadata.sorted_tables):
        if table in {tables.workspace, tables.purge} or "workspace_id" not in table.c:
            continue
        if _deleted(connection, table, workspace) == PIECE:
            return True
    for table in (tables.purge, tables.workspace):
        connection.execute(table.delete().where(table.c.workspace_id == workspace))
    return False


def _deleted(connection: sa.Connection, table: sa.Table, workspace: str) -> int:
    if table is tables.activity and connection.dialect.name == "postgresql":
        # A role that may only append may call this, and nothing else (migrations/versions/0005_installations.py).
        return int(connection.execute(sa.select(sa.func.purge_history(workspace, PIECE))).scalar_one())
    key = list(table.primary_key)
    some = sa.select(*key).where(table.c.workspace_id == workspace).limit(PIECE)
    these = table.delete().where(sa.tuple_(*key).in_(some)).returning(table.c.workspace_id)
    return len(connection.execute(these).all())
