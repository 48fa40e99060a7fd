"""What the role of the running program may do, where it is another than the owner of the tables (decisions/0043-second-wall.md).

It reads and writes the records, and may only append to the history: what redacts an entry are three columns, in the one way that the
trigger allows, and what deletes the history of a workspace, or what is too old of a customer's, are functions of the owner's. It can
make, change and drop nothing.
"""

from typing import Final

import sqlalchemy as sa

from store import tables
from store.domain.errors import NotFound, Refused
from store.tables import WITH_NAMES

READ_AND_WRITE: Final = "SELECT, INSERT, UPDATE, DELETE"
APPEND: Final = "SELECT, INSERT, UPDATE (changes, text, salt)"
LOOK: Final = "SELECT, DELETE"
"""At checkpoints, which those functions move; they go with the workspace."""
LESS: Final = {tables.activity: APPEND, tables.checkpoint: LOOK}
VACUUMS_SINCE: Final = 17
"""The version of PostgreSQL since which that can be granted."""


def grant(connection: sa.Connection, role: str) -> None:
    """Let this role do what the program needs, and nothing else; within `Database.alter`, as the owner, after the migrations.

    raises  NotFound, there is no such role; Refused, it is one that the wall does not hold
    """
    _check(connection, role)
    name = connection.dialect.identifier_preparer.quote(role)
    schema = connection.execute(sa.select(sa.func.quote_ident(sa.func.current_schema()))).scalar_one()

    def say(words: str) -> None:
        connection.exec_driver_sql(words)

    say(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
    say(f"GRANT SELECT ON alembic_version TO {name}")
    for table in tables.metadata.sorted_tables:
        say(f"REVOKE ALL ON {table.name} FROM {name}")
        say(f"GRANT {LESS.get(table, READ_AND_WRITE)} ON {table.name} TO {name}")
    say(f"GRANT EXECUTE ON FUNCTION purge_history(text, bigint) TO {name}")
    say(f"GRANT EXECUTE ON FUNCTION retain_history(text, text, bigint, bytea, bytea) TO {name}")
    if (connection.dialect.server_version_info or ()) >= (VACUUMS_SINCE,):
        say(f"GRANT MAINTAIN ON {', '.join(WITH_NAMES)} TO {name}")


_ROLE: Final = sa.text("""
    SELECT rolsuper OR rolbypassrls OR EXISTS (
        SELECT FROM pg_class
        WHERE relname = 'activity' AND relnamespace = current_schema()::regnamespace AND pg_has_role(r.oid, relowner, 'MEMBER')
    ) FROM pg_roles r WHERE rolname = :role
""")


def _check(connection: sa.Connection, role: str) -> None:
    goes_past = connection.execute(_ROLE, {"role": role}).scalar_one_or_none()
    if goes_past is None:
        raise NotFound(
            f"There is no role {role}, which DATABASE_URL names.", f"Make it: CREATE ROLE {role} LOGIN PASSWORD '…';"
        )
    if goes_past:
        raise Refused(
            f"The role {role} is the owner's, or one for which PostgreSQL keeps nothing apart.",
            "Name another in DATABASE_URL: CREATE ROLE pivotal_app LOGIN PASSWORD '…';",
        )
