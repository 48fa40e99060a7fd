"""The second wall: PostgreSQL shows a role that owns nothing only the workspace that a transaction has named (decisions/0043-second-wall.md).

What is here costs an owner nothing, and SQLite, which has no roles, neither.
"""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from store.domain.errors import Refused

NOBODYS: Final = ""
"""Instead of a workspace: for work that is about no workspace's rows, such as asking for the schema or the time."""
ACROSS: Final = "*"
"""Instead of a workspace: for claiming what is due in any of them, and for finding a workspace in the first place. No row of a customer is
seen then.
"""

_WALLED: Final = "SELECT coalesce(row_security_active(to_regclass('activity')), false)"
_ENTERED = sa.text("SELECT set_config('pivotal.workspace', :workspace, true)")
"""Until the transaction ends: whoever is given the server's connection next, by pgbouncer too, begins without."""


def see_whether_walled(engine: sa.Engine) -> None:
    """Ask once for each connection, of whatever role the URL names: a setting could be wrong, and the owner's URL is not for every process."""

    @event.listens_for(engine, "connect")
    def asked(connection: Any, record: sa.pool.ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(_WALLED)
        record.info["walled"] = cursor.fetchone()[0]
        cursor.close()


def is_walled(connection: sa.Connection) -> bool:
    """Whether the database shows this role only the workspace that the transaction has named."""
    return bool(connection.info.get("walled"))


def enter(connection: sa.Connection, workspace: str) -> None:
    """From here to its end the transaction is about this workspace. Work that began ACROSS them does it where it has found its own."""
    if is_walled(connection):
        connection.execute(_ENTERED, {"workspace": workspace})


def see_all(connection: sa.Connection) -> None:
    """For work on everything there is. raises Refused, where the second wall would leave rows out without a word"""
    if is_walled(connection):
        raise Refused(
            "The role of this database URL sees one workspace at a time.",
            "Set MIGRATION_DATABASE_URL to the owner's address.",
        )
