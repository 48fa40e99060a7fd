"""SQL of the feed: one slice of a customer's history, newest first, paged on (occurred_at, seq), since late webhooks break the order of seq.

A stack of filters is a product of values: actors × types (× fields). Each combination is one range of an index that ends in the feed's
order; each range is read from its end for at most a page, the heads are merged (ranges.py), and the page's rows are then fetched by key. So
a page costs the same at any depth and any size. `IN (…)` over the same indexes does not: it took 1.3 s for three rare actors
(decisions/0001-ranges.md).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Final

import sqlalchemy as sa

from store import activities, tables
from store.domain.activity import Activity
from store.domain.query import COUNTED, Cursor
from store.prepared import Prepared, unseen
from store.ranges import Ranges, Stretch, Values

COMPLEMENT: Final = 60
"""An excluding filter becomes the list of the other actors while those are at most so many."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A filter, resolved: references and full names only. None means all; actors and sources are one filter, joined by *or*.

    upto  the last seq that counts: for whoever asks several things, each of its own moment, of the history as it was at the first
    """

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
    upto: int | None = None


def distinct_values(
    connection: sa.Connection, column: sa.Column[str], workspace: str, customer_id: str
) -> tuple[str, ...]:
    """The different values of an index's third column for one customer: one probe each, however many rows they have."""
    return tuple(
        value
        for (value,) in _steps(column, connection.dialect.name).all(
            connection, {"workspace": workspace, "customer": customer_id}
        )
    )


@lru_cache
def _steps(column: sa.Column[str], dialect: str) -> Prepared:
    c = column.table.c
    mine = sa.and_(
        c.workspace_id == unseen("workspace", tables.Key, dialect),
        c.customer_id == unseen("customer", tables.Key, dialect),
    )
    first = sa.select(sa.func.min(column).label("value")).where(mine).cte("step", recursive=True)
    after = sa.select(sa.func.min(column)).where(mine, column > first.c.value).correlate(first).scalar_subquery()
    steps = first.union_all(sa.select(after).where(first.c.value.is_not(None)))
    return Prepared(sa.select(steps.c.value).where(steps.c.value.is_not(None)))


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
    stretch = _stretch(s, limit, before, after)
    found = {place for one in _ranges(s) for place in stretch.first(connection, one)}
    return sorted(found, reverse=after is None)[:limit]


def entries(
    connection: sa.Connection,
    slice_: Slice,
    *,
    limit: int,
    before: Cursor | None = None,
    after: Cursor | None = None,
) -> tuple[list[Activity], dict[str, str]]:
    """What stands at the places that `heads` finds, and the names of those who act in it, as far as they are on record as actors."""
    s = spelled_out(connection, slice_)
    stretch = _stretch(s, limit, before, after)
    found: dict[int, Activity] = {}
    names: dict[str, str] = {}
    for one in _ranges(s):
        for *columns, name in stretch.entries(connection, one):
            each = activities.of_columns(columns)
            found[each.seq] = each
            if name is not None:
                names[str(each.actor)] = name
    shown = sorted(found.values(), key=attrgetter("occurred_at", "seq"), reverse=after is None)[:limit]
    return shown, names


def count(connection: sa.Connection, slice_: Slice) -> int:
    """How many activities the slice has, counted up to 1,001. No more keys are read than that, for each of ranges that may overlap."""
    s = spelled_out(connection, slice_)
    stretch = _stretch(s, COUNTED + 1)
    parts = list(_disjoint(_ranges(s)))
    if len(parts) == 1:
        return stretch.counted(connection, parts[0])
    seen: set[int] = set()
    for part in parts:
        seen.update(stretch.some(connection, part))
        if len(seen) > COUNTED:
            return COUNTED + 1
    return len(seen)


def _stretch(s: Slice, limit: int, before: Cursor | None = None, after: Cursor | None = None) -> Stretch:
    return Stretch(s.workspace, s.customer_id, limit, s.since, s.until, before, after, s.upto)


def _ranges(s: Slice) -> list[Ranges]:
    """The ranges whose union is the slice, once it is spelled out."""
    table = tables.activity if s.fields is None else tables.activity_field
    lead = {"field": s.fields, "type": s.types}
    source = {"source": s.not_sources} if s.not_sources else {}
    actor = {"actor": s.not_actors} if s.not_actors else {}
    strangers = source | actor
    if s.actors is None and s.sources is None:
        return [Ranges(table, _given(lead), not_among=strangers)]
    found = []
    if s.actors is not None:
        found.append(Ranges(table, _given(lead | {"actor": s.actors}), not_among=source))
    if s.sources is not None and s.fields is None:
        found.append(Ranges(table, _given(lead | {"source": s.sources}), not_among=strangers))
    elif s.sources is not None:
        # `activity_field` has no index by source: its rows, narrow and already of one field, carry it to be checked.
        found.append(Ranges(table, _given(lead), among={"source": s.sources}, not_among=strangers))
    return found


def _given(values: dict[str, Values | None]) -> dict[str, Values]:
    return {name: chosen for name, chosen in values.items() if chosen is not None}


def _disjoint(ranges: Iterable[Ranges]) -> Iterator[Ranges]:
    """The same ranges, so cut that within each of them no activity occurs twice: one that changed two fields is there under both."""
    for one in ranges:
        if "field" not in one.each:
            yield one
        for name in one.each.get("field", ()):
            yield replace(one, each={**one.each, "field": (name,)})
