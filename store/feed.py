"""SQL of the feed: one slice of a customer's history, newest first, paged on (occurred_at, seq), since late webhooks break the order of seq.

A stack of filters is a product of values: actors × types (× fields). Each combination is one range of an index that ends in the feed's
order; each range is read from its end for at most a page, the heads are merged, and the page's rows are then fetched by key. So a page
costs the same at any depth and any size. `IN (…)` over the same indexes does not: it took 1.3 s for three rare actors
(decisions/0001-ranges.md). The values go in as arrays, so that a statement has one text for any number of them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles

from store import tables
from store.domain.query import COUNTED, Cursor

COMPLEMENT: Final = 60
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
    """Ranges of one index of one table: a combination of one value per column each; and what is checked row by row."""

    table: sa.Table
    values: dict[str, tuple[str, ...]]
    among: dict[str, tuple[str, ...]] = field(default_factory=dict)
    not_among: dict[str, tuple[str, ...]] = field(default_factory=dict)


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


def spelled_out(connection: sa.Connection, s: Slice) -> Slice:
    """The same slice, with every leading column of an index given: excluded actors as the list of the others, where few exist, and all
    types by name. Whoever asks several things of one slice does this once.
    """
    if s.not_actors and s.actors is not None:
        s = replace(s, actors=tuple(actor for actor in s.actors if actor not in s.not_actors))
    elif s.not_actors and s.sources is None:
        known = distinct_values(connection, tables.activity.c.actor, s.workspace, s.customer_id)
        others = tuple(actor for actor in known if actor not in s.not_actors)
        if len(others) <= COMPLEMENT:
            s = replace(s, actors=others, not_actors=())
    if s.types is None and not (s.actors is s.sources is s.fields is None):
        s = replace(s, types=distinct_values(connection, tables.activity.c.type, s.workspace, s.customer_id))
    return s


def heads(
    connection: sa.Connection,
    slice_: Slice,
    *,
    limit: int,
    before: Cursor | None = None,
    after: Cursor | None = None,
) -> list[Cursor]:
    """The first `limit` places of the slice, newest first; with `after`, those that follow it, oldest first."""
    s = spelled_out(connection, slice_)
    stretch = Stretch(s, limit, before, after)
    found: set[Cursor] = set()
    for one in _ranges(s):
        found.update(Cursor(*row) for row in connection.execute(stretch.merged(one, connection.dialect.name)))
    return sorted(found, reverse=after is None)[:limit]


def count(connection: sa.Connection, slice_: Slice) -> int:
    """How many activities the slice has, counted up to 1,001. No more keys are read than that, for each of ranges that may overlap."""
    s = spelled_out(connection, slice_)
    stretch = Stretch(s, COUNTED + 1)
    parts = [stretch.some(one, connection.dialect.name) for one in _disjoint(_ranges(s))]
    if len(parts) == 1:
        total = sa.select(sa.func.count()).select_from(parts[0].subquery())
        counted: int = connection.execute(total).scalar_one()
        return counted
    seen: set[int] = set()
    for part in parts:
        seen.update(connection.execute(part).scalars())
        if len(seen) > COUNTED:
            return COUNTED + 1
    return len(seen)


def _ranges(s: Slice) -> list[Range]:
    """The ranges whose union is the slice, once it is spelled out."""
    table = tables.activity if s.fields is None else tables.activity_field
    lead = {"field": s.fields, "type": s.types}
    source = {"source": s.not_sources} if s.not_sources else {}
    actor = {"actor": s.not_actors} if s.not_actors else {}
    strangers = source | actor
    if s.actors is None and s.sources is None:
        return [Range(table, _given(lead), not_among=strangers)]
    found = []
    if s.actors is not None:
        found.append(Range(table, _given(lead | {"actor": s.actors}), not_among=source))
    if s.sources is not None and s.fields is None:
        found.append(Range(table, _given(lead | {"source": s.sources}), not_among=strangers))
    elif s.sources is not None:
        # `activity_field` has no index by source: its rows, narrow and already of one field, carry it to be checked.
        found.append(Range(table, _given(lead), among={"source": s.sources}, not_among=strangers))
    return found


def _given(values: dict[str, tuple[str, ...] | None]) -> dict[str, tuple[str, ...]]:
    return {name: chosen for name, chosen in values.items() if chosen is not None}


def _disjoint(ranges: Iterable[Range]) -> Iterator[Range]:
    """The same ranges, so cut that within each of them no activity occurs twice: one that changed two fields is there under both."""
    for one in ranges:
        for name in one.values.get("field", ()):
            yield replace(one, values=one.values | {"field": (name,)})
        if "field" not in one.values:
            yield one


class CrossJoin(sa.Join):
    """SQLite reads the tables of a CROSS JOIN in the order in which they stand; those of any other join in the order that it likes."""

    inherit_cache = True

    def __init__(self, left: sa.FromClause, right: sa.FromClause) -> None:
        super().__init__(left, right, sa.true())


@compiles(CrossJoin)
def _cross_join(join: CrossJoin, compiler: Any, **kw: Any) -> str:
    left, right = (compiler.process(side, **kw | {"asfrom": True}) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is read of each range: the newest `limit` rows within the slice's window and before a place, or the oldest ones after it."""

    of: Slice
    limit: int
    before: Cursor | None = None
    after: Cursor | None = None

    def merged(self, one: Range, dialect: str) -> sa.Select[Any]:
        """(occurred_at, seq) of the first rows of all the range's combinations, in the feed's order, each once."""
        rows, c = self._lateral(one) if dialect == "postgresql" else self._threshold(one)
        rows = rows.with_only_columns(c.occurred_at, c.seq).order_by(*self._order(c)).limit(self.limit)
        return rows.distinct() if len(one.values.get("field", ())) > 1 else rows

    def some(self, one: Range, dialect: str) -> sa.Select[Any]:
        """seq of any rows of the range, as many as there are up to the limit: one combination is read after the other."""
        if dialect == "postgresql":
            rows, c = self._lateral(one)
        else:
            arrays = _json_arrays(one)
            c = one.table.c
            rows = sa.select().select_from(_nested(arrays.values(), one.table)).where(*self._within(c, one, arrays))
        return rows.with_only_columns(c.seq).limit(self.limit)

    def _lateral(self, one: Range) -> tuple[sa.Select[Any], Any]:
        """PostgreSQL: the arrays' product, joined laterally with the head of each combination's range."""
        arrays = {
            name: sa.func.unnest(sa.bindparam(None, list(chosen), type_=ARRAY(tables.Key)))
            .table_valued("value")
            .render_derived(name=f"each_{name}")
            for name, chosen in one.values.items()
        }
        c = one.table.c
        head = sa.select(c.occurred_at, c.seq).where(*self._within(c, one, arrays))
        part = head.order_by(*self._order(c)).limit(self.limit).lateral("part")
        product: sa.FromClause = part
        for array in arrays.values():
            product = array.join(product, sa.true())
        return sa.select().select_from(product), part.c

    def _threshold(self, one: Range) -> tuple[sa.Select[Any], Any]:
        """SQLite, which has no LATERAL: of each combination's range, the part up to its own last row that may be shown.

        Both readings are of keys in the index; a correlated `seq IN (…)` took ten times as long (decisions/0001-ranges.md).
        """
        arrays = _json_arrays(one)
        c = one.table.c
        rows = sa.select().select_from(_nested(arrays.values(), one.table)).where(*self._within(c, one, arrays))
        if not arrays:
            return rows, c
        far = one.table.alias("far")
        last = (
            sa.select(far.c.occurred_at)
            .where(*self._within(far.c, one, arrays))
            .order_by(*self._order(far.c))
            .limit(1)
            .offset(self.limit - 1)
            .correlate(*arrays.values())
        )
        place = sa.tuple_(
            sa.func.coalesce(last.scalar_subquery(), sa.literal(self._open_end.occurred_at, tables.Instant)),
            sa.func.coalesce(
                last.with_only_columns(far.c.seq).scalar_subquery(), sa.literal(self._open_end.seq, sa.BigInteger)
            ),
        )
        return rows.where(_place(c) >= place if self.after is None else _place(c) <= place), c

    @property
    def _open_end(self) -> Cursor:
        return (
            Cursor(datetime.min.replace(tzinfo=UTC), 0)
            if self.after is None
            else Cursor(datetime.max.replace(tzinfo=UTC), 2**62)
        )

    def _within(self, c: Any, one: Range, arrays: dict[str, Any]) -> Sequence[sa.ColumnElement[bool]]:
        s = self.of
        kept = [c.workspace_id == s.workspace, c.customer_id == s.customer_id]
        kept += [c[name] == array.c.value for name, array in arrays.items()]
        kept += [c[name].in_(values) for name, values in one.among.items()]
        kept += [c[name].not_in(values) for name, values in one.not_among.items()]
        if s.since is not None:
            kept.append(c.occurred_at >= s.since)
        if s.until is not None:
            kept.append(c.occurred_at < s.until)
        if self.before is not None:
            kept.append(_place(c) < _literal(self.before))
        if self.after is not None:
            kept.append(_place(c) > _literal(self.after))
        return kept

    def _order(self, c: Any) -> tuple[sa.ColumnElement[Any], ...]:
        return (c.occurred_at.desc(), c.seq.desc()) if self.after is None else (c.occurred_at, c.seq)


def _json_arrays(one: Range) -> dict[str, Any]:
    return {
        name: sa.func.json_each(json.dumps(chosen)).table_valued("value", name=f"each_{name}")
        for name, chosen in one.values.items()
    }


def _nested(arrays: Iterable[sa.FromClause], table: sa.FromClause) -> sa.FromClause:
    product: sa.FromClause | None = None
    for array in (*arrays, table):
        product = array if product is None else CrossJoin(product, array)
    assert product is not None
    return product


def _place(c: Any) -> sa.Tuple:
    return sa.tuple_(c.occurred_at, c.seq)


def _literal(cursor: Cursor) -> sa.Tuple:
    return sa.tuple_(sa.literal(cursor.occurred_at, tables.Instant), sa.literal(cursor.seq, sa.BigInteger))
