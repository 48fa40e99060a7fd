"""A database → the lines of a backup, all of one moment, in pieces so that memory stays flat."""

from collections.abc import Callable

import sqlalchemy as sa

from store.backup.file import Writer
from store.backup.values import converted, outgoing, selected
from store.schema import HEAD
from store.tables import checkpoint, customer, metadata
from store.wall import see_all

PIECE = 1000


def dump(
    connection: sa.Connection, writer: Writer, moved: Callable[[int, int], None], workspace: str | None = None
) -> None:
    """Write all there is. moved: told after each piece how many rows there are by then, and how many there will be. workspace: all there
    is of this one.
    """
    see_all(connection)
    counts = {
        table.name: connection.execute(
            sa.select(sa.func.count()).select_from(table).where(_of(table, workspace))
        ).scalar_one()
        for table in metadata.sorted_tables
    }
    total, done = sum(counts.values()), 0
    writer.begin(HEAD)
    for table in metadata.sorted_tables:
        writer.table(table.name, [column.name for column in table.c])
        columns = [selected(column, connection.dialect.name).label(column.name) for column in table.c]
        converts = [(place, convert) for place, column in enumerate(table.c) if (convert := outgoing(column))]
        those = sa.select(*columns).where(_of(table, workspace)).order_by(*table.primary_key)
        rows = connection.execute(those.execution_options(yield_per=PIECE))
        for piece in rows.partitions():
            writer.rows([converted(list(row), converts) for row in piece])
            done += len(piece)
            moved(done, total)
    writer.end()


def _of(table: sa.Table, workspace: str | None) -> sa.ColumnElement[bool]:
    if workspace is None:
        return sa.true()
    return table.c.workspace_id == workspace if "workspace_id" in table.c else sa.false()


def heads(connection: sa.Connection) -> list[tuple[str, str, int, bytes, int]]:
    """The end of every chain of every workspace, and how many entries are gone from its beginning: two databases in which they are the
    same have the same history.
    """
    see_all(connection)
    c, p = customer.c, checkpoint.c
    cut = customer.outerjoin(checkpoint, sa.and_(p.workspace_id == c.workspace_id, p.customer_id == c.id))
    columns = (c.workspace_id, c.id, c.last_seq, c.last_hash, sa.func.coalesce(p.seq, 0))
    found = connection.execute(sa.select(*columns).select_from(cut).order_by(c.workspace_id, c.id))
    return [(row[0], row[1], row[2], bytes(row[3]), row[4]) for row in found]
