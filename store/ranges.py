"""SQL that reads many ranges of one index at once, and no row beside them.

A range has one value for each leading column of an index, and is in the feed's order by itself. The columns' values go in as arrays, whose
product is joined with the index. What a statement says depends on its shape only, so each is built once: SQLAlchemy takes ten times as long
to build one as the database takes to run it (decisions/0001-ranges.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from math import prod
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from store import activities, tables
from store.domain.query import COUNTED, Cursor
from store.joins import CrossJoin
from store.prepared import Prepared, Row, among, array, unseen
from store.tables import Instant, Key

OLDEST: Final = Cursor(datetime.min.replace(tzinfo=UTC), 0)
NEWEST: Final = Cursor(datetime.max.replace(tzinfo=UTC), 2**62)
"""Places before and behind all others."""

MANY: Final = 100
"""Ranges that take longer to be read than so many rows as in NEAR, one after the other."""
NEAR: Final = 200
"""Rows among which a page of a filter of many ranges is looked for first. Who asks for twenty actors means much of what there is."""

HEADS: Final = (11, 101, COUNTED + 1, 10_001)
"""Sizes of a range's head, of which the smallest is read that suffices."""

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranges:
    """each: by column, the values of which each is a range of its own. among and not_among: what is checked row by row."""

    table: sa.Table
    each: Mapping[str, Values]
    among: Mapping[str, Values] = field(default_factory=dict)
    not_among: Mapping[str, Values] = field(default_factory=dict)

    @property
    def are_many(self) -> bool:
        return prod(map(len, self.each.values())) > MANY


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a customer's ranges that is read: the newest `limit` rows within a window and before a place, or the oldest after it; none
    with a seq beyond `upto`. Some more may come with them, that follow those.
    """

    workspace: str
    customer_id: str
    limit: int
    since: datetime | None = None
    until: datetime | None = None
    before: Cursor | None = None
    after: Cursor | None = None
    upto: int | None = None

    def first(self, connection: sa.Connection, of: Ranges) -> Iterable[Cursor]:
        """The places of the first rows, each once, in the feed's order."""
        shape = self._shape(connection, of)
        return (Cursor(*row) for row in _first(shape).all(connection, self._values(shape, of)))

    def entries(self, connection: sa.Connection, of: Ranges) -> Sequence[Row]:
        """The first rows themselves, in no order, with the name of who acted behind their columns (activities.py)."""
        shape = self._shape(connection, of)
        values = self._values(shape, of)
        if of.are_many and self.limit <= NEAR and of.table is tables.activity:
            rows = _near(shape).all(connection, values)
            if len(rows) >= self.limit:
                return rows
        return _entries(shape).all(connection, values)

    def some(self, connection: sa.Connection, of: Ranges) -> Iterable[int]:
        """seq of any rows, as many as there are up to the limit: one range is read after the other."""
        shape = self._shape(connection, of)
        return (seq for (seq,) in _some(shape).all(connection, self._values(shape, of)))

    def counted(self, connection: sa.Connection, of: Ranges) -> int:
        """How many rows there are, up to the limit."""
        shape = self._shape(connection, of)
        [(found,)] = _counted(shape).all(connection, self._values(shape, of))
        return int(found)

    def _shape(self, connection: sa.Connection, of: Ranges) -> "Shape":
        return Shape(
            dialect=connection.dialect.name,
            table=of.table.name,
            each=tuple(of.each),
            among=tuple(of.among),
            not_among=tuple(of.not_among),
            since=self.since is not None,
            until=self.until is not None,
            before=self.before is not None,
            after=self.after is not None,
            upto=self.upto is not None and connection.dialect.name == "postgresql",  # SQLite reads all of one moment
            distinct=len(of.each.get("field", ())) > 1,
            head=next((size for size in HEADS if size >= self.limit), self.limit),
        )

    def _values(self, shape: "Shape", of: Ranges) -> dict[str, Any]:
        found = {"workspace": self.workspace, "customer": self.customer_id, "limit": self.limit}
        found |= {f"each_{name}": array(values, shape.dialect) for name, values in of.each.items()}
        found |= {f"among_{name}": array(values, shape.dialect) for name, values in of.among.items()}
        found |= {f"not_among_{name}": array(values, shape.dialect) for name, values in of.not_among.items()}
        found |= {"since": self.since, "until": self.until, "upto": self.upto, "last": self.limit - 1}
        for name, place in (("from", self.before or self.after), ("end", NEWEST if shape.after else OLDEST)):
            if place is not None:
                found |= {f"{name}_at": place.occurred_at, f"{name}_seq": place.seq}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What decides a statement's text."""

    dialect: str
    table: str
    each: tuple[str, ...]
    among: tuple[str, ...]
    not_among: tuple[str, ...]
    since: bool
    until: bool
    before: bool
    after: bool
    upto: bool
    distinct: bool
    head: int
    """On PostgreSQL, how much is read of each range. As a number in the text: for a parameter a plan that is kept expects a tenth of the
    customer's rows, sorts them all, and took ten times as long.
    """

    def within(self, c: Any, arrays: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
        return [
            *self.placed(c, arrays),
            *(c[name] == array.c.value for name, array in arrays.items()),
            *self.checked(c),
        ]

    def checked(self, c: Any) -> list[sa.ColumnElement[bool]]:
        """What is looked at row by row."""
        kept = [among(c[name], f"among_{name}", self.dialect) for name in self.among]
        if self.upto:
            upto = unseen("upto", sa.BigInteger(), self.dialect)
            kept.append(c.seq + 0 <= upto)  # a sum: not to be looked up in the key
        return kept + [sa.not_(among(c[name], f"not_among_{name}", self.dialect)) for name in self.not_among]

    def placed(self, c: Any, arrays: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
        """Whose rows, and the part of them. arrays: by which columns the rows are read one range after the other."""
        kept = self.whose(c)
        # A plan that PostgreSQL keeps takes every window for a short one, and would read all of it by an index that has less before the
        # time. With the columns that stand before it in front, only the index of these ranges fits.
        before = [name for name in ("actor", "source", "type") if name in arrays and self.dialect == "postgresql"]
        lead = [(c[name], arrays[name].c.value) for name in before]

        def ordered(*places: tuple[Any, Any]) -> tuple[sa.Tuple, sa.Tuple]:
            here, there = zip(*lead, *places, strict=True)
            return sa.tuple_(*here), sa.tuple_(*there)

        since, until = (sa.bindparam(name, type_=Instant) for name in ("since", "until"))
        at, seq = _given("from").clauses
        if self.since:
            here, there = ordered((c.occurred_at, since))
            kept.append(here >= there)
        if self.until:
            here, there = ordered((c.occurred_at, until))
            kept.append(here < there)
        if self.before or self.after:
            here, there = ordered((c.occurred_at, at), (c.seq, seq))
            kept.append(here < there if self.before else here > there)
        if lead:
            # PostgreSQL looks for the place where a range begins by columns alone; by rows it only knows where to end. Without this it
            # would read all that is newer than the cursor, or than the window.
            if self.after:
                kept += [c.occurred_at >= at]
                kept += [c.occurred_at >= since] if self.since else []
            else:
                kept += [c.occurred_at <= at] if self.before else []
                kept += [c.occurred_at < until] if self.until else []
        return kept

    def whose(self, c: Any) -> list[sa.ColumnElement[bool]]:
        return [
            c.workspace_id == unseen("workspace", Key, self.dialect),
            c.customer_id == unseen("customer", Key, self.dialect),
        ]

    @property
    def limit(self) -> sa.ColumnElement[int]:
        """How many rows are read of all ranges together. On PostgreSQL a head's worth, of which whoever asked takes its part."""
        if self.dialect == "postgresql":
            return sa.literal_column(str(self.head))
        return sa.bindparam("limit", type_=sa.BigInteger)

    def order(self, c: Any) -> tuple[sa.ColumnElement[Any], ...]:
        return (c.occurred_at, c.seq) if self.after else (c.occurred_at.desc(), c.seq.desc())


@lru_cache(1000)
def _first(shape: Shape) -> Prepared:
    return Prepared(_places(shape))


def _places(shape: Shape) -> sa.Select[Any]:
    rows, c = _lateral(shape) if shape.dialect == "postgresql" else _threshold(shape)
    found: sa.Select[Any] = rows.with_only_columns(c.occurred_at, c.seq).order_by(*shape.order(c)).limit(shape.limit)
    return found.distinct() if shape.distinct else found


@lru_cache(1000)
def _entries(shape: Shape) -> Prepared:
    """The rows at the places that `_first` finds, in no order; each is looked up by its key."""
    place = _places(shape).subquery("place")
    row = tables.activity.alias("entry")
    mine = shape.whose(row.c)
    if shape.dialect == "postgresql":
        # As in activities.py: a plan that is kept reads the whole customer for `seq IN (…)`.
        one = _with_name(row).where(*mine, row.c.seq == place.c.seq).limit(sa.literal_column("1")).lateral("one")
        return Prepared(sa.select(one).select_from(place.join(one, sa.true())))
    # Not a join: for one SQLite makes a Bloom filter at times, of all the customer's rows.
    return Prepared(_with_name(row).where(*mine, row.c.seq.in_(sa.select(place.c.seq))))


def _with_name(row: sa.FromClause) -> sa.Select[Any]:
    """What an activity is made of, and the name of who acted. Not by a join, which PostgreSQL plans for a tenth of the customer."""
    actor = tables.actor.c
    name = sa.select(actor.name).where(actor.workspace_id == row.c.workspace_id, actor.id == row.c.actor)
    return sa.select(*activities.columns(row), name.scalar_subquery().label("name"))


@lru_cache(1000)
def _near(shape: Shape) -> Prepared:
    """The same rows, as far as they are among the first of the customer's."""
    c = tables.activity.c
    first = sa.select(tables.activity).where(*shape.placed(c, {})).order_by(*shape.order(c))
    near = first.limit(sa.literal_column(str(NEAR))).subquery("near")
    meant = [among(near.c[name], f"each_{name}", shape.dialect) for name in shape.each]
    found = _with_name(near).where(*meant, *shape.checked(near.c))
    return Prepared(found.order_by(*shape.order(near.c)).limit(shape.limit))


@lru_cache(1000)
def _some(shape: Shape) -> Prepared:
    return Prepared(_any(shape))


@lru_cache(1000)
def _counted(shape: Shape) -> Prepared:
    return Prepared(sa.select(sa.func.count()).select_from(_any(shape).subquery()))


def _any(shape: Shape) -> sa.Select[Any]:
    rows, c = _lateral(shape) if shape.dialect == "postgresql" else _product(shape, _json_arrays(shape))
    return rows.with_only_columns(c.seq).limit(shape.limit)


def _lateral(shape: Shape) -> tuple[sa.Select[Any], Any]:
    """PostgreSQL: the arrays' product, joined laterally with the head of each range."""
    arrays = {
        name: sa.func.unnest(unseen(f"each_{name}", ARRAY(Key), shape.dialect))
        .table_valued("value")
        .render_derived(name=f"each_{name}")
        for name in shape.each
    }
    c = tables.metadata.tables[shape.table].c
    head = sa.select(c.occurred_at, c.seq).where(*shape.within(c, arrays))
    part = head.order_by(*shape.order(c)).limit(sa.literal_column(str(shape.head))).lateral("part")
    product: sa.FromClause = part
    for values in arrays.values():
        product = values.join(product, sa.true())
    return sa.select().select_from(product), part.c


def _threshold(shape: Shape) -> tuple[sa.Select[Any], Any]:
    """SQLite, which has no LATERAL: of each range, the part up to its own last row that may be shown.

    Both readings are of keys in the index. A correlated `seq IN (…)` reads the rows as well, and took ten times as long; a UNION ALL of
    one SELECT per range thirty times.
    """
    arrays = _json_arrays(shape)
    rows, c = _product(shape, arrays)
    if not arrays:
        return rows, c
    far = tables.metadata.tables[shape.table].alias("far").c
    last = (
        sa.select(far.occurred_at)
        .where(*shape.within(far, arrays))
        .order_by(*shape.order(far))
        .limit(1)
        .offset(sa.bindparam("last", type_=sa.BigInteger))
        .correlate(*arrays.values())
    )
    at, seq = last.scalar_subquery(), last.with_only_columns(far.seq).scalar_subquery()
    end_at, end_seq = _given("end").clauses
    place = sa.tuple_(sa.func.coalesce(at, end_at), sa.func.coalesce(seq, end_seq))
    return rows.where(_place(c) <= place if shape.after else _place(c) >= place), c


def _product(shape: Shape, arrays: Mapping[str, Any]) -> tuple[sa.Select[Any], Any]:
    """SQLite: all rows of the ranges, one range after the other."""
    table = tables.metadata.tables[shape.table]
    nested: sa.FromClause | None = None
    for source in (*arrays.values(), table):
        nested = source if nested is None else CrossJoin(nested, source)
    assert nested is not None
    return sa.select().select_from(nested).where(*shape.within(table.c, arrays)), table.c


def _json_arrays(shape: Shape) -> dict[str, Any]:
    return {
        name: sa.func.json_each(sa.bindparam(f"each_{name}", type_=sa.Text)).table_valued("value", name=f"each_{name}")
        for name in shape.each
    }


def _place(c: Any) -> sa.Tuple:
    return sa.tuple_(c.occurred_at, c.seq)


def _given(name: str) -> sa.Tuple:
    return sa.tuple_(sa.bindparam(f"{name}_at", type_=Instant), sa.bindparam(f"{name}_seq", type_=sa.BigInteger))
