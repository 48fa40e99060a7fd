"""SQL of the log: append one activity or many, and read rows back as activities."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from store import chain, tables
from store.chain import micros
from store.domain.activity import Activity, Change, NewActivity, Ref, Source, Value
from store.domain.errors import NotFound, code
from store.engine import CLOCKS
from store.prepared import Prepared, among, array, sent
from store.stating import Stated, facts, fields_of, kept, stated_by


class Placed(NamedTuple):
    """Where an activity came to stand in the log."""

    seq: int
    occurred_at: datetime
    recorded_at: datetime


def append(connection: sa.Connection, workspace: str, customer_id: str, new: NewActivity) -> int | None:
    """Give an activity the customer's next seq and store it, with its dedupe key, in the caller's transaction.

    returns  its seq, or None when its dedupe key has counted before: then nothing is written
    raises   NotFound, when the workspace has no such customer
    """
    placed = _append(connection, workspace, customer_id, stated_by(new), new)
    return None if placed is None else placed.seq


def appended(connection: sa.Connection, workspace: str, customer_id: str, new: NewActivity) -> Activity | None:
    """The same. Returns the activity as it will be read."""
    row = stated_by(new)
    placed = _append(connection, workspace, customer_id, row, new)
    if placed is None:
        return None
    *more, refs, changes, text, salt, _ = row
    return of_columns(
        (*placed, *more, *(None if each is None else json.loads(each) for each in (refs, changes)), text, salt)
    )


def _append(
    connection: sa.Connection, workspace: str, customer_id: str, row: Stated, new: NewActivity
) -> Placed | None:
    if connection.dialect.name == "postgresql":
        return _append_in_one_statement(connection, workspace, customer_id, row, new)
    if new.dedupe_key is not None and not first_time(connection, workspace, new.source, new.dedupe_key):
        return None
    head = _HEAD.all(connection, {"of": workspace, "ident": customer_id})
    if not head:
        raise _unknown(customer_id)
    last_seq, before, now = head[0]
    placed = Placed(last_seq + 1, min(new.occurred_at or now, now), now)
    seq, at, recorded_at = placed.seq, micros(placed.occurred_at), micros(now)
    end = chain.link(before, seq, at, recorded_at, facts(customer_id, row))
    sent(connection, _STORED, (workspace, customer_id, seq, at, recorded_at, *row, end))
    for field in fields_of(new):
        sent(connection, _INDEXED, field_row(workspace, customer_id, seq, at, row, field))
    sent(connection, _MOVED, (seq, end, workspace, customer_id))
    return placed


def field_row(workspace: str, customer_id: str, seq: int, occurred_at: Any, row: Stated, field: str) -> tuple[Any, ...]:
    """The columns of `activity_field`, in their order. occurred_at: as the driver takes it."""
    return workspace, customer_id, field, row.actor, row.type, occurred_at, seq, row.source


def inserting(table: sa.Table) -> str:
    """SQLite's statement for one row of all columns, in their order."""
    columns = table.c.keys()
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - our own names


# In SQLite's words: to find a statement among those compiled takes SQLAlchemy longer than SQLite takes to run it.
_c = tables.customer.c
_OURS = sa.and_(_c.workspace_id == sa.bindparam("of"), _c.id == sa.bindparam("ident"))
_HEAD = Prepared(sa.select(_c.last_seq, _c.last_hash, CLOCKS["sqlite"]).where(_OURS))
_STORED = inserting(tables.activity)
_INDEXED = inserting(tables.activity_field)
_MOVED = "UPDATE customer SET last_seq = ?, last_hash = ? WHERE workspace_id = ? AND id = ?"


def _unknown(customer_id: str) -> NotFound:
    return NotFound(f"I don't know a customer {code(customer_id)}.")


def first_time(connection: sa.Connection, workspace: str, source: Source, key: str) -> bool:
    """Whether this key counts: nothing came in with it before. It is stored in the caller's transaction."""
    given = {"workspace_id": workspace, "source": source.value, "key": kept(key)}
    return bool(_KEY[connection.dialect.name].all(connection, given))


def _new_key(dialect: str) -> Prepared:
    k = tables.inbound_key.c
    row: dict[str, Any] = {column.name: sa.bindparam(column.name) for column in (k.workspace_id, k.source, k.key)}
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return Prepared(
        insert(tables.inbound_key)
        .values(row | {"recorded_at": CLOCKS[dialect]})
        .on_conflict_do_nothing()
        .returning(k.key)
    )


_KEY = {dialect: _new_key(dialect) for dialect in CLOCKS}


_GIVEN = ("workspace_id", "customer_id", "occurred_at", "facts", "fields", *Stated._fields, "dedupe_key")
"""The parameters of the statements that follow, in their order."""

_KEYED = """
key AS (
    INSERT INTO inbound_key (workspace_id, source, key, recorded_at)
    SELECT {workspace_id}, {source}, {dedupe_key}, clock_timestamp() FROM customer
    WHERE workspace_id = {workspace_id} AND id = {customer_id}
    ON CONFLICT DO NOTHING RETURNING key
),"""
_IF_NEW = "AND EXISTS (SELECT 1 FROM key)"

_APPEND = """
WITH {keyed}
head AS MATERIALIZED (
    SELECT last_seq + 1 AS seq, last_hash FROM customer
    WHERE workspace_id = {workspace_id} AND id = {customer_id} {if_new} FOR UPDATE
),
clock AS MATERIALIZED (SELECT seq, last_hash, clock_timestamp() AS recorded_at FROM head),
timed AS MATERIALIZED (
    SELECT seq, last_hash, recorded_at, least({occurred_at}::timestamptz, recorded_at) AS occurred_at FROM clock
),
link AS MATERIALIZED (
    SELECT seq, recorded_at, occurred_at, sha256(
        'act1'::bytea || last_hash || int8send(seq) || int8send((extract(epoch FROM occurred_at) * 1000000)::bigint)
        || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint) || {facts}::bytea
    ) AS hash FROM timed
),
moved AS (
    UPDATE customer SET last_seq = link.seq, last_hash = link.hash FROM link
    WHERE workspace_id = {workspace_id} AND id = {customer_id}
),
stored AS (
    INSERT INTO activity (workspace_id, customer_id, seq, occurred_at, recorded_at, type, actor, source, subject,
                          onboarding_id, edit_id, refs, changes, text, salt, commitment, hash)
    SELECT {workspace_id}, {customer_id}, seq, occurred_at, recorded_at, {type}, {actor}, {source}, {subject},
           {onboarding_id}, {edit_id}, {refs}::json, {changes}::json, {text}, {salt}::bytea, {commitment}::bytea, hash FROM link
    RETURNING seq, occurred_at, recorded_at
),
indexed AS (
    INSERT INTO activity_field (workspace_id, customer_id, field, actor, type, occurred_at, seq, source)
    SELECT {workspace_id}, {customer_id}, field, {actor}, {type}, occurred_at, seq, {source}
    FROM link, unnest({fields}::text[]) AS field
)
SELECT seq, occurred_at, recorded_at FROM stored
"""

_PLACES = {name: f"${place}" for place, name in enumerate(_GIVEN, 1)}
_APPEND_ONCE = _APPEND.format(**_PLACES, keyed=_KEYED.format(**_PLACES), if_new=_IF_NEW)
_APPEND_ALWAYS = _APPEND.format(**_PLACES, keyed="", if_new="")


def _append_in_one_statement(
    connection: sa.Connection, workspace: str, customer_id: str, row: Stated, new: NewActivity
) -> Placed | None:
    """The row lock is held for one statement only: eight writers on one customer then do not queue for each other's round trips."""
    given = (workspace, customer_id, new.occurred_at, facts(customer_id, row), fields_of(new), *row)
    key = kept(new.dedupe_key)
    found = sent(connection, _APPEND_ALWAYS, given) if key is None else sent(connection, _APPEND_ONCE, (*given, key))
    if found:
        return Placed(*found[0])
    if key is None or not _is_known(connection, workspace, customer_id):
        raise _unknown(customer_id)
    return None


def _is_known(connection: sa.Connection, workspace: str, customer_id: str) -> bool:
    c = tables.customer.c
    return (
        connection.execute(sa.select(c.id).where(c.workspace_id == workspace, c.id == customer_id)).first() is not None
    )


# --- values in JSON ---------------------------------------------------------------------------------------------------


def decoded(value: Any) -> Value:
    match value:
        case {"ref": ref}:
            return Ref.parse(ref)
        case list():
            return tuple(str(item) for item in value)
        case None | str() | bool() | int() | float():
            return value
        case _:
            raise ValueError(f"not a value of a change: {type(value).__name__}")


def from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Activity, ...]:
    return tuple(from_row(row) for row in rows)


def from_row(row: Mapping[str, Any]) -> Activity:
    """row: by column name."""
    return of_columns([row[name] for name in _READ])


def of_columns(row: Sequence[Any]) -> Activity:
    """row: the values of `columns`, in their order."""
    seq, occurred_at, recorded_at, kind, actor, source, subject, onboarding_id, edit_id, refs, changes, text, salt = row
    return Activity(
        seq=seq,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        kind=kind,
        actor=Ref.parse(actor),
        source=Source(source),
        changes=tuple([Change(c["field"], decoded(c["old"]), decoded(c["new"])) for c in changes]) if changes else (),
        text=text,
        subject=subject,
        onboarding_id=onboarding_id,
        edit_id=edit_id,
        refs=refs or {},
        redacted=salt is None,
    )


_READ: Final = (
    *("seq", "occurred_at", "recorded_at", "type", "actor", "source", "subject", "onboarding_id", "edit_id"),
    *("refs", "changes", "text", "salt"),
)


def columns(of: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """Of this table, or its alias: what an Activity is made of."""
    return [of.c[name] for name in _READ]


def by_seq(connection: sa.Connection, workspace: str, customer_id: str, seqs: Sequence[int]) -> dict[int, Activity]:
    """These activities, by seq; one look-up of the key each."""
    postgres = connection.dialect.name == "postgresql"
    given = {"of": workspace, "ident": customer_id, "seqs": array(seqs, connection.dialect.name)}
    rows = (_EACH_BY_SEQ if postgres else _BY_SEQ).all(connection, given)
    return {activity.seq: activity for activity in map(of_columns, rows)}


_a = tables.activity.c
_MINE = sa.and_(_a.workspace_id == sa.bindparam("of"), _a.customer_id == sa.bindparam("ident"))
_ALL = sa.select(*columns(tables.activity))
_BY_SEQ = Prepared(_ALL.where(_MINE, among(_a.seq, "seqs", "sqlite")))

# On PostgreSQL a plan that is kept reads the whole customer for `seq IN (…)`, once it has seen small ones.
_seqs = (
    sa.func.unnest(sa.bindparam("seqs", type_=ARRAY(sa.BigInteger))).table_valued("value").render_derived(name="each")
)
_one = _ALL.where(_MINE, _a.seq == _seqs.c.value).limit(sa.literal_column("1")).lateral("one")
_EACH_BY_SEQ = Prepared(sa.select(_one).select_from(_seqs.join(_one, sa.true())))
