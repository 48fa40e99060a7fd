"""Statements that every page of a history asks: compiled once, and handed to the driver as text.

At each execution SQLAlchemy looks for a statement's compiled form, and describes its result: 0.06 ms for the shortest, of which SQLite
needs 0.003. Ten rows of a page are then given Python's types one value after the other; here, one column after the other. Connections,
transactions and what a failure means stay SQLAlchemy's (decisions/0031-a-request.md).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from store import tables

T = TypeVar("T")

Row = Sequence[Any]
Reader = Callable[[Any], Any] | None
"""What the driver gives → what the column's type gives; None: the same."""


Statement = sa.Select[Any] | sa.Insert


class Prepared:
    """A SELECT, or an INSERT that returns something, with all of its values as named parameters. A list goes in as one array: `IN (…)` is
    another text for each length.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._sent: dict[str, _Sent] = {}

    def all(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows. values: by parameter; some that the statement does not have do no harm."""
        sent = self._sent.get(connection.dialect.name)
        if sent is None:
            sent = self._sent[connection.dialect.name] = _Sent(self._statement, connection.dialect)
        return sent.all(connection, values)


def among(column: sa.ColumnElement[Any], name: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether the column has one of the values of the parameter `name`, which `array` makes."""
    if dialect == "postgresql":
        given = unseen(name, ARRAY(column.type), dialect)
        return column == sa.any_(sa.cast(given, given.type))  # without the cast it would be the rows of a SELECT
    listed = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def one_of(connection: sa.Connection, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether the column has one of the values, by one parameter however many they are: `IN (…)` is a statement of its own for each number
    of them, and every connection keeps the last hundred.

    On PostgreSQL not `IN (SELECT unnest(…))`: in a table that has grown since it was analyzed, 10,000 keys took 23 s that way, 0.1 s this.
    """
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.bindparam(None, array(values, "postgresql"), type_=ARRAY(tables.Key)))
    return column.in_(sa.select(sa.func.json_each(array(values, "sqlite")).table_valued("value").c.value))


def unseen(name: str, type_: sa.types.TypeEngine[T], dialect: str) -> sa.ColumnElement[T]:
    """A parameter by whose value PostgreSQL does not plan: it then keeps the plan of a statement, in place of making one for each use
    (decisions/0055-plans-that-are-kept.md).
    """
    given = sa.bindparam(name, type_=type_)
    return sa.select(given).scalar_subquery() if dialect == "postgresql" else given


def array(values: Iterable[Any], dialect: str) -> list[Any] | str:
    """Values as one parameter: PostgreSQL's array, or the JSON that SQLite takes for one."""
    return list(values) if dialect == "postgresql" else json.dumps(list(values))


class _Sent:
    """The statement in the words of one dialect."""

    def __init__(self, statement: Statement, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = compiled.string
        self._given = compiled.params
        self._parameters = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        types = [column.type.dialect_impl(dialect) for column in statement.exported_columns]
        self._readers: list[Reader] = [each.result_processor(dialect, None) for each in types]

    def all(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Row]:
        given = {**self._given, **values}
        parameters = tuple(given[name] if write is None else write(given[name]) for name, write in self._parameters)
        return list(_read(sent(connection, self._text, parameters), self._readers))


def sent(connection: sa.Connection, text: str, parameters: Sequence[Any]) -> Sequence[Row]:
    """The rows that a statement gives, if any. text and parameters as the driver takes them."""
    cursor = connection.connection.cursor()
    connection.dispatch.before_cursor_execute(connection, cursor, text, parameters, None, False)
    try:
        cursor.execute(text, parameters)
        rows: Sequence[Row] = cursor.fetchall()
    except BaseException as error:  # a cancelled task's, too
        gone = _is_gone(connection, cursor, error)
        if connection.dialect.name == "postgresql":
            # What is left of its transaction, or of what was prepared before the schema changed, is of no use to whoever gets it next.
            connection.invalidate(error)
        if gone is None:
            raise
        raise _as_sqlalchemys(connection.dialect, text, error, gone=gone) from error
    cursor.close()
    return rows


def _read(rows: Iterable[Row], readers: Iterable[Reader]) -> Iterable[Row]:
    columns = zip(*rows, strict=True)
    return zip(
        *(column if reader is None else map(reader, column) for column, reader in zip(columns, readers, strict=False)),
        strict=True,
    )


def _is_gone(connection: sa.Connection, cursor: Any, error: Any) -> bool | None:
    """Whether the connection was lost; None where the driver says nothing, since the error is not one of its own."""
    dialect = connection.dialect
    if not isinstance(error, dialect.loaded_dbapi.Error):
        return None
    return dialect.is_disconnect(error, connection.connection, cursor)


def _as_sqlalchemys(dialect: sa.Dialect, text: str, error: BaseException, *, gone: bool) -> BaseException:
    kind = dialect.loaded_dbapi.Error
    return DBAPIError.instance(
        text, None, error, kind, hide_parameters=True, connection_invalidated=gone, dialect=dialect
    )
