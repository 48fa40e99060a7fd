"""A slice as lines of CSV, newest first, from one snapshot, in pieces: memory stays flat at any size.

A million rows leave no time for a value object each, so the row rule of `domain/rows.py` is said here once more over bare columns, and cells
that repeat are made once. A property test holds the two against each other. Doing all of it in SQL was slower (decisions/0021-rows-in-python.md).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from store import activities, actors, customers, tables
from store.activities import decoded
from store.domain import csv
from store.domain.activity import Ref, printed, refs_in
from store.domain.errors import Unavailable, UsageError
from store.domain.query import CustomerName, HistoryQuery, Reader
from store.domain.rows import COLUMNS, records, stamp
from store.engine import Database, Work
from store.feed import Slice
from store.replica import read_of
from store.resolve import resolved

T = TypeVar("T")
Write = Callable[[bytes, int], None]
"""Takes the next bytes, and how many rows end in them. What it raises ends the export."""

HEADER: Final = csv.MARK + csv.line(COLUMNS).encode()

AT_ONCE: Final = 500
"""Activities read, and written, at a time: a few milliseconds, for which nobody else waits too long."""
REMEMBERED: Final = 5000
"""Different cells of one column that are kept, ready made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What an export holds, settled at the moment of asking.

    query      with the customer as its id and people as references
    upto       the customer's last seq then: what is recorded later is not in it
    """

    customer: CustomerName
    query: HistoryQuery
    slice: Slice
    upto: int


def whose(connection: sa.Connection, workspace: str, query: HistoryQuery) -> CustomerName:
    """raises  UsageError, when the query names no customer; NotFound and Ambiguous, as its words deserve"""
    if query.customer is None:
        raise UsageError("I don't know which customer you mean.", "Try `/pivotal export acme`.")
    return customers.find(connection, workspace, query.customer)[0]


def frozen(
    connection: sa.Connection, workspace: str, query: HistoryQuery, reader: Reader, upto: int | None = None
) -> Frozen:
    """upto: that of an earlier moment; None: now. Raises as `whose`, and `resolved`."""
    customer = whose(connection, workspace, query)
    query, wanted = resolved(connection, workspace, customer, query, reader)
    if upto is None:
        c = tables.customer.c
        mine = sa.and_(c.workspace_id == workspace, c.id == customer.id)
        upto = connection.execute(sa.select(c.last_seq).where(mine)).scalar_one()
    return Frozen(customer=customer, query=query.bare(), slice=wanted, upto=upto)


def matching(s: Slice) -> sa.ColumnElement[bool]:
    """The slice as a condition on `activity`: for whoever reads all of it, rather than a page from its end."""
    a, f = tables.activity.c, tables.activity_field.c
    kept = [a.workspace_id == s.workspace, a.customer_id == s.customer_id]
    if s.actors is not None or s.sources is not None:
        kept.append(sa.or_(a.actor.in_(s.actors or ()), a.source.in_(s.sources or ())))
    if s.not_actors:
        kept.append(a.actor.not_in(s.not_actors))
    if s.not_sources:
        kept.append(a.source.not_in(s.not_sources))
    if s.types is not None:
        kept.append(a.type.in_(s.types))
    if s.fields is not None:
        same = [f[name] == a[name] for name in ("workspace_id", "customer_id", "actor", "type", "occurred_at", "seq")]
        kept.append(sa.exists().where(*same, f.field.in_(s.fields)))
    if s.since is not None:
        kept.append(a.occurred_at >= s.since)
    if s.until is not None:
        kept.append(a.occurred_at < s.until)
    return sa.and_(*kept)


def count(connection: sa.Connection, what: Frozen) -> int:
    """How many rows it has."""
    changes = sa.func.coalesce(sa.func.json_array_length(tables.activity.c.changes), 0)
    rows = sa.func.coalesce(sa.func.sum(sa.case((changes == 0, 1), else_=changes)), 0)
    found: int = connection.execute(sa.select(rows).where(_within(what))).scalar_one()
    return int(found)


def write_csv(connection: sa.Connection, what: Frozen, out: Write) -> None:
    """Header first."""
    a = tables.activity.c
    columns = (a.occurred_at, a.actor, a.type, sa.cast(a.changes, sa.Text), a.text, a.onboarding_id)
    lines = _Lines(connection, what.slice.workspace)
    out(HEADER, 0)
    for some in _found(connection, what, sa.select(*columns)).partitions(AT_ONCE):
        made = list(lines.of(some))
        out("".join(made).encode(), len(made))


def write_json(connection: sa.Connection, what: Frozen, out: Write) -> None:
    """JSON Lines, one object a row."""
    for some in _found(connection, what, sa.select(tables.activity)).mappings().partitions(AT_ONCE):
        found = activities.from_rows(map(dict, some))
        names = actors.names(connection, what.slice.workspace, refs_in(found))
        made = [json.dumps(record, ensure_ascii=False) for each in found for record in records(each, names)]
        out("".join(f"{line}\n" for line in made).encode(), len(made))


def _found(connection: sa.Connection, what: Frozen, columns: sa.Select[Any]) -> sa.CursorResult[Any]:
    """The activities, newest first; no more of them are in memory than are asked for at a time."""
    a = tables.activity.c
    statement = columns.where(_within(what)).order_by(a.occurred_at.desc(), a.seq.desc())
    return connection.execute(statement.execution_options(yield_per=AT_ONCE))


class _NotTaken(Exception):
    def __init__(self, by: OSError) -> None:
        super().__init__()
        self.by = by


async def streamed(
    database: Database,
    workspace: str,
    customer: Work[str],
    work: Callable[[sa.Connection, Write], T],
    out: Write,
) -> T:
    """Read in one transaction, as `read_of` does, what is passed on meanwhile. That `out` fails, with a full disk or a closed pipe, is no
    trouble of the database, and is raised as it is.
    """
    passed_on = False

    def taker(piece: bytes, rows: int) -> None:
        nonlocal passed_on
        passed_on = True
        try:
            out(piece, rows)
        except OSError as error:
            raise _NotTaken(error) from error

    @wraps(work)
    def whole(connection: sa.Connection) -> T:
        if passed_on:  # by a replica that went away: half of it is out, and cannot be taken back
            raise Unavailable
        return work(connection, taker)

    try:
        return await read_of(database, customer, whole, workspace)
    except _NotTaken as ended:
        raise ended.by from None


def _within(what: Frozen) -> sa.ColumnElement[bool]:
    return sa.and_(matching(what.slice), tables.activity.c.seq <= what.upto)


class _Made(dict[str, str]):
    """Cells by what they are made of; bounded, for a column may never repeat itself."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        made = self[key] = self._make(key)
        return made


class _Lines:
    """Rows of `activity` → lines of CSV."""

    def __init__(self, connection: sa.Connection, workspace: str) -> None:
        self._names = _Made(lambda ref: _name(connection, workspace, ref))
        self._actors = _Made(lambda ref: f"{csv.cell(self._names[ref])},{csv.cell(ref.partition(':')[0])}")
        self._words = _Made(csv.cell)

    def of(self, rows: Iterable[Any]) -> Iterator[str]:
        cell, words = csv.cell, self._words
        for occurred_at, actor, kind, changes, text, onboarding_id in rows:
            lead = f"{cell(stamp(occurred_at))},{self._actors[actor]},{words[kind]}"
            tail = f"{words[onboarding_id or '']}\r\n"
            for change in json.loads(changes) if changes else ():
                yield f"{lead},{words[change['field']]},{self._value(change['old'])},{self._value(change['new'])},{tail}"
            if not changes:
                yield f'{lead},"","",{cell(text or "")},{tail}'

    def _value(self, side: Any) -> str:
        if isinstance(side, str):
            return csv.cell(side)
        value = decoded(side)
        names = {str(value): self._names[str(value)]} if isinstance(value, Ref) else {}
        return csv.cell(printed(value, names))


def _name(connection: sa.Connection, workspace: str, ref: str) -> str:
    known = Ref.parse(ref)
    return printed(known, actors.names(connection, workspace, [known]))
