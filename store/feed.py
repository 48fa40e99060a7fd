"""SQL of the feed: one slice of a customer's history, newest first, paged on (occurred_at, seq), since late webhooks break the order of seq.

A stack of filters is a product of values: actors × types (× fields). Each combination is one range of an index that ends in the feed's
order; each range is read from its end for at most a page, the heads are merged, and the page's rows are then fetched by key. So a page
costs the same at any depth and any size. `IN (…)` over the same indexes does not: it took 1.3 s for three rare actors
(decisions/0001-ranges.md).
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from store import tables
from store.domain.query import COUNTED, Cursor

SQLITE_TERMS = 400
"""Ranges read by one statement; SQLite refuses more than 500 terms of a compound SELECT."""

COMPLEMENT = 60
"""An excluding filter becomes the list of the other actors while those are at most so many."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A filter, resolved: references and full names only. None means all; actors and sources are one filter, joined by *or*."""

    workspace: str
    customer_id: str
    actors: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    not_actors: tuple[str, ...] = ()
    not_sources: tuple[str, ...] = ()
    types: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Ranges of one index of one table: a combination of one value per column each, and conditions that are checked row by row."""

    table: sa.Table
    values: dict[str, tuple[str, ...]]
    checks: tuple[sa.ColumnElement[bool], ...] = ()

    @property
    def combinations(self) -> Iterator[tuple[str, ...]]:
        return itertools.product(*self.values.values())


def distinct_values(
    connection: sa.Connection, column: sa.Column[str], workspace: str, customer_id: str
) -> tuple[str, ...]:
    """The different values of an index's third column for one customer: one probe each, however many rows they have."""
    c = column.table.c
    mine = sa.and_(c.workspace_id == workspace, c.customer_id == customer_id)
    first = sa.select(sa.func.min(column).label("value")).where(mine).cte("step", recursive=True)
    after = sa.select(sa.func.min(column)).where(mine, column > first.c.value).correlate(first).scalar_subquery()
    steps = first.union_all(sa.select(after).where(first.c.value.is_not(None)))
    found = connection.execute(sa.select(steps.c.value).where(steps.c.value.is_not(None)))
    return tuple(found.scalars())


def heads(
    connection: sa.Connection,
    slice_: Slice,
    *,
    limit: int,
    before: Cursor | None = None,
    after: Cursor | None = None,
) -> list[Cursor]:
    """The first `limit` places of the slice, newest first; with `after`, those that follow it, oldest first."""
    ranges = _ranges(connection, slice_, ordered=True)
    ascending = after is not None
    found: set[Cursor] = set()
    for statement in _statements(connection, ranges, slice_, limit, before, after):
        found.update(Cursor(*row) for row in connection.execute(statement))
    return sorted(found, reverse=not ascending)[:limit]


def count(connection: sa.Connection, slice_: Slice) -> int:
    """How many activities the slice has, counted up to 1,001: no more keys are read than that, but for overlapping ranges."""
    ranges = _ranges(connection, slice_, ordered=False)
    overlapping = len(ranges) > 1 or len(ranges[0].values.get("field", ())) > 1
    if overlapping:
        keys: set[Cursor] = set()
        for statement in _statements(connection, ranges, slice_, COUNTED + 1, None, None):
            keys.update(Cursor(*row) for row in connection.execute(statement))
        return min(len(keys), COUNTED + 1)
    total = 0
    for statement in _statements(connection, ranges, slice_, None, None, None):
        if total > COUNTED:
            break
        some = statement.limit(COUNTED + 1 - total).subquery()
        total += connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return total


def _ranges(connection: sa.Connection, s: Slice, *, ordered: bool) -> list[Range]:
    """The ranges whose union is the slice. ordered: each must end in the feed's order, so that all its leading columns are given."""
    table: sa.Table = tables.activity if s.fields is None else tables.activity_field
    actors = _fewer(connection, s)
    types = s.types
    if types is None and ordered and not (actors is s.sources is s.fields is None):
        types = distinct_values(connection, tables.activity.c.type, s.workspace, s.customer_id)
    lead = {"field": s.fields, "type": types}
    others = [table.c.source != source for source in s.not_sources]
    strangers = [table.c.actor != actor for actor in s.not_actors]
    if actors is None and s.sources is None:
        return [_range(table, lead, [*others, *strangers])]
    found = []
    if actors is not None:
        found.append(_range(table, {**lead, "actor": actors}, others))
    if s.sources is not None and s.fields is None:
        found.append(_range(table, {**lead, "source": s.sources}, [*others, *strangers]))
    elif s.sources is not None:
        # `activity_field` has no index by source: its rows, narrow and already of one field, carry it to be checked.
        found.append(_range(table, lead, [*others, *strangers, table.c.source.in_(s.sources)]))
    return found


def _range(table: sa.Table, values: dict[str, tuple[str, ...] | None], checks: list[sa.ColumnElement[bool]]) -> Range:
    return Range(table, {name: chosen for name, chosen in values.items() if chosen is not None}, tuple(checks))


def _fewer(connection: sa.Connection, s: Slice) -> tuple[str, ...] | None:
    """The actors to read: those asked for, or, where some are excluded and few others exist, the others."""
    if s.actors is not None:
        return tuple(actor for actor in s.actors if actor not in s.not_actors)
    if not s.not_actors or s.sources is not None:
        return None
    known = distinct_values(connection, tables.activity.c.actor, s.workspace, s.customer_id)
    others = tuple(actor for actor in known if actor not in s.not_actors)
    return others if len(others) <= COMPLEMENT else None


def _statements(
    connection: sa.Connection,
    ranges: Iterable[Range],
    s: Slice,
    limit: int | None,
    before: Cursor | None,
    after: Cursor | None,
) -> Iterator[sa.Select[Any]]:
    """SELECTs of (occurred_at, seq) that together read the ranges, each for at most `limit` rows, in the feed's order where limited."""
    for one in ranges:
        if connection.dialect.name == "postgresql":
            yield _lateral(one, s, limit, before, after)
        else:
            combinations = list(one.combinations)
            for start in range(0, len(combinations), SQLITE_TERMS):
                yield _united(one, combinations[start : start + SQLITE_TERMS], s, limit, before, after)


def _united(
    one: Range,
    combinations: list[tuple[str, ...]],
    s: Slice,
    limit: int | None,
    before: Cursor | None,
    after: Cursor | None,
) -> sa.Select[Any]:
    """SQLite's form: UNION ALL of one limited SELECT per combination."""
    parts = []
    for chosen in combinations:
        equal = [one.table.c[name] == value for name, value in zip(one.values, chosen, strict=True)]
        parts.append(_reading(one, equal, s, limit, before, after))
    if len(parts) == 1:
        return parts[0]
    both = sa.union_all(*(sa.select(part.subquery()) for part in parts)).subquery()
    return _in_order(sa.select(both.c.occurred_at, both.c.seq), both.c, limit, after)


def _lateral(one: Range, s: Slice, limit: int | None, before: Cursor | None, after: Cursor | None) -> sa.Select[Any]:
    """PostgreSQL's form: the arrays' product joined laterally. One text for any number of values, so one cached plan."""
    if not one.values:
        return _reading(one, [], s, limit, before, after)
    arrays = {
        name: sa.func.unnest(sa.bindparam(None, list(chosen), type_=ARRAY(tables.Key)))
        .table_valued("value")
        .render_derived(name=f"each_{name}")
        for name, chosen in one.values.items()
    }
    equal = [one.table.c[name] == array.c.value for name, array in arrays.items()]
    part = _reading(one, equal, s, limit, before, after).lateral("part")
    product: sa.FromClause = part
    for array in arrays.values():
        product = array.join(product, sa.true())
    return _in_order(sa.select(part.c.occurred_at, part.c.seq).select_from(product), part.c, limit, after)


def _reading(
    one: Range,
    equal: list[sa.ColumnElement[bool]],
    s: Slice,
    limit: int | None,
    before: Cursor | None,
    after: Cursor | None,
) -> sa.Select[Any]:
    """One range of one index, from the newest end, or onwards from `after`."""
    c = one.table.c
    rows = sa.select(c.occurred_at, c.seq).where(c.workspace_id == s.workspace, c.customer_id == s.customer_id, *equal)
    rows = rows.where(*one.checks)
    if s.since is not None:
        rows = rows.where(c.occurred_at >= s.since)
    if s.until is not None:
        rows = rows.where(c.occurred_at < s.until)
    if before is not None:
        rows = rows.where(_place(c) < _literal(before))
    if after is not None:
        rows = rows.where(_place(c) > _literal(after))
    return _in_order(rows, c, limit, after)


def _in_order(rows: sa.Select[Any], c: Any, limit: int | None, after: Cursor | None) -> sa.Select[Any]:
    if limit is None:
        return rows
    if after is not None:
        return rows.order_by(c.occurred_at, c.seq).limit(limit)
    return rows.order_by(c.occurred_at.desc(), c.seq.desc()).limit(limit)


def _place(c: Any) -> sa.Tuple:
    return sa.tuple_(c.occurred_at, c.seq)


def _literal(cursor: Cursor) -> sa.Tuple:
    return sa.tuple_(sa.literal(cursor.occurred_at, tables.Instant), sa.literal(cursor.seq, sa.BigInteger))
