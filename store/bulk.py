"""Many activities at once, by each database's own fast door: COPY on PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.util import await_only

from store import activities, chain, tables
from store.chain import micros
from store.domain.activity import Source
from store.engine import canonical, database_clock
from store.prepared import one_of
from store.stating import facts, stated
from store.tables import Instant
from store.wall import is_walled

KEYED_BY: Final = Source.IMPORT
"""Keys of imported lines, whatever the source of what happened."""


class Happened(NamedTuple):
    """An activity of an import. key: by which it counts once; fields: the names of those it changed, each once; changes: their text
    (stating.py).
    """

    customer_id: str
    key: str
    occurred_at: datetime
    kind: str
    actor: str
    source: str
    fields: Sequence[str]
    changes: str | None
    text: str | None
    onboarding_id: str | None
    edit_id: str | None


def append_many(connection: sa.Connection, workspace: str, happened: Sequence[Happened]) -> int:
    """Append activities of many customers, in their order, in the caller's transaction.

    returns  how many were added; those whose key has counted before are left out
    """
    fresh = _not_yet_counted(connection, workspace, happened)
    if not fresh:
        return 0
    instant = _instant(connection)
    now = database_clock(connection)
    now_micros, now_given = micros(now), instant(now)
    heads = _locked_heads(connection, workspace, {one.customer_id for one in fresh.values()})
    rows, fields = [], []
    for one in fresh.values():
        customer_id, occurred_at = one.customer_id, min(one.occurred_at, now)
        said = stated(
            one.kind,
            one.actor,
            one.source,
            one.changes,
            one.text,
            onboarding_id=one.onboarding_id,
            edit_id=one.edit_id,
        )
        last_seq, before = heads[customer_id]
        seq, at = last_seq + 1, instant(occurred_at)
        end = chain.link(before, seq, micros(occurred_at), now_micros, facts(customer_id, said))
        heads[customer_id] = (seq, end)
        rows.append((workspace, customer_id, seq, at, now_given, *said, end))
        fields += [activities.field_row(workspace, customer_id, seq, at, said, field) for field in one.fields]
    put(connection, "activity", tables.activity.c.keys(), rows)
    put(connection, "activity_field", tables.activity_field.c.keys(), fields)
    keys = [(workspace, KEYED_BY.value, key, now_given) for key in fresh]
    put(connection, "inbound_key", tables.inbound_key.c.keys(), keys)
    c = tables.customer.c
    moved = (
        tables.customer.update()
        .where(c.workspace_id == workspace, c.id == sa.bindparam("ident"))
        .values(last_seq=sa.bindparam("seq"), last_hash=sa.bindparam("hash"))
    )
    connection.execute(moved, [{"ident": ident, "seq": seq, "hash": end} for ident, (seq, end) in heads.items()])
    return len(fresh)


def _not_yet_counted(connection: sa.Connection, workspace: str, happened: Sequence[Happened]) -> dict[str, Happened]:
    """By key, in their order; of several with one key, the first."""
    k = tables.inbound_key.c
    keys = one_of(connection, k.key, [one.key for one in happened])
    known = sa.select(k.key).where(k.workspace_id == workspace, k.source == KEYED_BY.value, keys)
    counted = set(connection.execute(known).scalars())
    fresh: dict[str, Happened] = {}
    for one in happened:
        if one.key not in counted:
            fresh.setdefault(one.key, one)
    return fresh


def _locked_heads(
    connection: sa.Connection, workspace: str, customer_ids: Iterable[str]
) -> dict[str, tuple[int, bytes]]:
    c = tables.customer.c
    rows = connection.execute(
        sa.select(c.id, c.last_seq, c.last_hash)
        .where(c.workspace_id == workspace, one_of(connection, c.id, sorted(customer_ids)))
        .order_by(c.id)
        .with_for_update()
    )
    return {ident: (seq, before) for ident, seq, before in rows}


def insert_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows given by column name, in the caller's transaction; all carry the same columns."""
    if not rows:
        return
    names = list(rows[0])
    postgres = connection.dialect.name == "postgresql"
    columns = [_to_driver(table.c[name].type, [row[name] for row in rows], postgres=postgres) for name in names]
    put(connection, table.name, names, list(zip(*columns, strict=True)))


def put(connection: sa.Connection, table: str, names: Sequence[str], records: Sequence[tuple[Any, ...]]) -> None:
    """Insert records, if any, whose values are as the driver takes them. table, names: our own, never anybody's text."""
    if not records:
        return
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        if is_walled(connection):  # PostgreSQL has no COPY into a table with policies
            await_only(driver.execute(_from_arrays(table, names), *zip(*records, strict=True)))
        else:
            await_only(driver.copy_records_to_table(table, records=records, columns=names))
    else:
        columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({places})", records)  # noqa: S608 - our own names


def _from_arrays(table: str, names: Sequence[str]) -> str:
    """One INSERT of however many rows, a column of them in each parameter."""
    columns = tables.metadata.tables[table].c
    arrays = (f"${place}::{_plain(columns[name].type)}[]" for place, name in enumerate(names, 1))
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608 - our own names


def _plain(kind: sa.types.TypeEngine[Any]) -> str:
    """PostgreSQL's name of a column's type, without its collation."""
    return kind.compile(postgresql.dialect()).partition(" COLLATE")[0]  # type: ignore[no-untyped-call]


def _instant(connection: sa.Connection) -> Callable[[datetime], Any]:
    """A time as the driver takes it."""
    return micros if connection.dialect.name == "sqlite" else lambda instant: instant


def _to_driver(kind: sa.types.TypeEngine[Any], values: list[Any], *, postgres: bool) -> list[Any]:
    """A column's values as the driver takes them: a column at a time, since most need nothing done."""
    if isinstance(kind, sa.JSON):
        return [None if value is None else canonical(value) for value in values]
    if isinstance(kind, Instant) and not postgres:
        return [None if value is None else micros(value) for value in values]
    return values
