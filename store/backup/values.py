"""A column's values as a backup has them, the same from both databases.

an instant   microseconds since 1970
bytes        base64
a date       2026-11-20
JSON         its text, to the character: it is that text that was hashed
all else     itself
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa

from store.domain.query import EPOCH, MICROSECOND
from store.tables import Instant

Convert = Callable[[Any], Any]


def selected(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The column, so that the database gives what a backup has; but for bytes, see `outgoing`."""
    postgres = dialect == "postgresql"
    match column.type:
        case Instant():
            micros = sa.extract("epoch", column) * 1_000_000 if postgres else sa.type_coerce(column, sa.BigInteger)
            return sa.cast(micros, sa.BigInteger) if postgres else micros
        case sa.JSON():
            return sa.cast(column, sa.Text) if postgres else sa.type_coerce(column, sa.Text)
        case sa.Date():
            return sa.func.to_char(column, "YYYY-MM-DD") if postgres else sa.type_coerce(column, sa.Text)
        case _:
            return column


def outgoing(column: sa.Column[Any]) -> Convert | None:
    """What is left to do with a selected value; None: nothing."""
    return _as_text if isinstance(column.type, sa.LargeBinary) else None


def incoming(column: sa.Column[Any], dialect: str) -> Convert | None:
    """From a backup to what the database's driver takes; None: as it is."""
    match column.type:
        case sa.LargeBinary():
            return b64decode
        case Instant() if dialect == "postgresql":
            return _instant
        case sa.Date() if dialect == "postgresql":
            return date.fromisoformat
        case _:
            return None


def _as_text(value: bytes) -> str:
    return b64encode(value).decode("ascii")


def _instant(micros: int) -> Any:
    return EPOCH + micros * MICROSECOND


def converted(row: list[Any], converts: list[tuple[int, Convert]]) -> list[Any]:
    """The row, changed in place: what is not null goes through the conversion for its position."""
    for position, convert in converts:
        if row[position] is not None:
            row[position] = convert(row[position])
    return row
