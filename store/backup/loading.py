"""The rows of a backup → an empty database: all of it, checked, in one transaction; or nothing, and a sentence."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from store import chain, schema
from store.backup import erased
from store.backup.erased import Erased
from store.backup.file import Backup, NotABackup
from store.backup.values import converted, incoming
from store.bulk import put
from store.chain import Checked
from store.domain.errors import PivotalError, Refused
from store.engine import database_clock
from store.tables import metadata, outbox, workspace


class NotWhole(PivotalError):
    """What was restored is not as it was recorded, so nothing was kept of it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows by table as they came, what was walked of the chains, and how many contacts were erased anew."""

    counts: Mapping[str, int]
    customers: int
    activities: int
    erased: int


def load(
    connection: sa.Connection,
    backup: Backup,
    moved: Callable[[int], None],
    *,
    erasures: Iterable[Erased] = (),
    in_doubt: bool = False,
) -> Loaded:
    """Fill this database, within `Database.alter`.

    erasures  who was erased since the backup was made: they are erased again
    in_doubt  what the backup still had to send may have been sent since; it is then looked for before it is sent
    raises    Refused, the database has something in it; NotWhole
    """
    _emptied(connection, backup)
    for name, columns, rows in backup.batches(moved):
        table = metadata.tables[name]
        if unknown := set(columns) - set(table.c.keys()):
            raise NotABackup(f"{backup.path} has a column {name}.{min(unknown)}, which this program does not know.")
        converts = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := incoming(table.c[column], connection.dialect.name))
        ]
        put(connection, name, columns, [tuple(converted(row, converts)) for row in rows])
    _compare(connection, backup)
    schema.upgrade(connection, schema.HEAD)
    if in_doubt:
        _doubt(connection)
    again = erased.apply(connection, erasures)
    return _verified(connection, backup.counts, again)


def _emptied(connection: sa.Connection, backup: Backup) -> None:
    """Make the tables as they were in the backup. What `migrate` has put into a new database goes."""
    at = schema.version(connection)
    if at is None:
        schema.upgrade(connection, backup.schema)
    elif _has_content(connection):
        raise Refused("That database is not empty: something is in it.", "Name a new one; nothing was changed.")
    elif at != backup.schema:
        raise Refused(
            f"That database is at schema {at} and the backup at {backup.schema}.",
            "Name one without tables; nothing was changed.",
        )
    connection.execute(workspace.delete())


def _has_content(connection: sa.Connection) -> bool:
    """Whether there is more than the workspace that `migrate` makes. At another schema it may lack a table."""
    there = set(sa.inspect(connection).get_table_names())
    tables = [table for table in metadata.sorted_tables if table.name in there and table is not workspace]
    teams = sa.select(sa.func.count(workspace.c.slack_team_id))
    return any(_count(connection, table) for table in tables) or connection.execute(teams).scalar_one() > 0


def _compare(connection: sa.Connection, backup: Backup) -> None:
    for name, count in backup.counts.items():
        if (found := _count(connection, metadata.tables[name])) != count:
            raise NotWhole(f"{name} has {found:,} rows where the backup has {count:,}. Nothing was kept.")
    if connection.dialect.name == "sqlite" and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise NotWhole(f"A row of {lost[0]} has lost what it belongs to. Nothing was kept.")


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _doubt(connection: sa.Connection) -> None:
    """Take what was due for sent by somebody who did not come back: then it is looked for in Slack, and repeated once at most."""
    now = database_clock(connection)
    o = outbox.c
    was_due = sa.and_(o.state == "pending", o.due_at <= now)
    lost = {
        "state": "sending",
        "lease_by": "restored",
        "lease_until": now,
        "attempt": sa.case((o.attempt > 0, o.attempt), else_=1),
        "attempted_at": sa.func.coalesce(o.attempted_at, o.created_at),
    }
    connection.execute(outbox.update().where(sa.or_(o.state == "sending", was_due)).values(lost))


def _verified(connection: sa.Connection, counts: Mapping[str, int], again: int) -> Loaded:
    checked = Checked()
    for ident in connection.execute(sa.select(workspace.c.workspace_id)).scalars().all():
        for head in chain.heads(connection, ident):
            checked += chain.verify(connection, ident, head.customer_id)
    if checked.faults:
        first = checked.faults[0]
        raise NotWhole(
            f"{first.customer}, entry {first.seq}: {first.what}. The backup was taken of a history that is not whole. Nothing was kept."
        )
    return Loaded(counts, checked.customers, checked.activities, again)
