"""The log as it lies there, read without trust: what somebody put into a column is to be judged, and must not break the reading."""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from store import tables
from store.engine import canonical

UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError)
"""What `by_our_types` raises, and hashing what it returned may."""

Stored = Mapping[str, Any]
"""A row by column name, as the driver gives it; on SQLite, all but seq as bytes."""


def rows(connection: sa.Connection, workspace: str, customer_id: str, at_once: int = 1000) -> Iterator[Stored]:
    """All rows of one customer in the order of seq, read so many at once that memory stays flat."""
    a = tables.activity.c
    piece = (
        sa.select(*(_untyped(connection, column) for column in a))
        .where(a.workspace_id == workspace, a.customer_id == customer_id, a.seq > sa.bindparam("after"))
        .order_by(a.seq)
        .limit(at_once)
    )
    after = -(2**62)
    while some := connection.execute(piece, {"after": after}).mappings().all():
        yield from map(dict, some)
        after = some[-1]["seq"]


def _untyped(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """SQLite keeps anything in any column, even text that is none. PostgreSQL's driver would read JSON for us."""
    if connection.dialect.name == "sqlite" and column.name != "seq":
        return sa.cast(column, sa.BLOB).label(column.name)
    if isinstance(column.type, sa.JSON):
        return sa.cast(column, sa.Text).label(column.name)
    return sa.type_coerce(column, sa.types.NULLTYPE).label(column.name)


def by_our_types(connection: sa.Connection, stored: Stored) -> dict[str, Any]:
    """The row as its writer stated it. Raises one of UNREADABLE, when a column holds what no writer of ours puts there."""
    return {
        column.name: None if (value := stored[column.name]) is None else _typed(connection, column, value)
        for column in tables.activity.c
    }


def _typed(connection: sa.Connection, column: sa.Column[Any], value: Any) -> Any:
    match column.type:
        case sa.JSON():
            text = value.decode() if isinstance(value, bytes) else value
            read = json.loads(text)
            if canonical(read) != text:
                raise ValueError(f"{column.name} is spelled otherwise")
            return read
        case sa.Text():
            return value.decode() if isinstance(value, bytes) else value
        case tables.Instant() as instant if isinstance(value, bytes):
            return instant.process_result_value(int(value), connection.dialect)
        case _:
            return value


class FieldIndex:
    """The rows of `activity_field` in the order of seq, held against the activities as these pass by.

    No index of theirs has that order: the database sorts them, once.
    """

    _COPIED = ("actor", "type", "source", "occurred_at")

    def __init__(self, connection: sa.Connection, workspace: str, customer_id: str) -> None:
        f = tables.activity_field.c
        found = connection.execute(
            sa.select(*(_untyped(connection, f[name]) for name in ("seq", "field", *self._COPIED)))
            .where(f.workspace_id == workspace, f.customer_id == customer_id)
            .order_by(f.seq)
            .execution_options(yield_per=1000)
        )
        self._groups = itertools.groupby(found, key=lambda row: row[0])
        self._next = next(self._groups, None)

    def agrees(self, stored: Stored, fields: list[str], *, redacted: bool) -> bool:
        """Whether it has exactly the changed fields of this activity. A redacted one no longer says which fields those were."""
        seq, found = stored["seq"], []
        if self._next is not None and self._next[0] == seq:
            found = [tuple(row[1:]) for row in self._next[1]]
            self._next = next(self._groups, None)
        elif self._next is not None and isinstance(self._next[0], int | float) and self._next[0] < seq:
            return False
        copied = tuple(stored[name] for name in self._COPIED)
        if redacted:
            return all(row[1:] == copied for row in found)
        as_bytes = isinstance(stored["actor"], bytes)
        expected = {(field.encode() if as_bytes else field, *copied) for field in fields}
        return len(found) == len(expected) and set(found) == expected

    def has_more(self) -> bool:
        return self._next is not None
