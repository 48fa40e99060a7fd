"""SQL of the log: append one activity or many, and read rows back as activities."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from store import chain, tables
from store.domain.activity import Activity, Change, NewActivity, Ref, Source, Value
from store.domain.errors import NotFound, code
from store.engine import CLOCKS
from store.prepared import Prepared, among, array
from store.tables import plain


def append(connection: sa.Connection, workspace: str, customer_id: str, new: NewActivity) -> int | None:
    """Give an activity the customer's next seq and store it, with its dedupe key, in the caller's transaction.

    returns  its seq, or None when its dedupe key has counted before: then nothing is written
    raises   NotFound, when the workspace has no such customer
    """
    row = stated(workspace, customer_id, new)
    if connection.dialect.name == "postgresql":
        return _append_in_one_statement(connection, row, new)
    if new.dedupe_key is not None and not first_time(connection, workspace, new.source, new.dedupe_key):
        return None
    head = connection.execute(_HEAD, {"of": workspace, "ident": customer_id}).one_or_none()
    if head is None:
        raise _unknown(customer_id)
    last_seq, before, now = head
    seq: int = last_seq + 1
    place(row, seq, before, new.occurred_at, now)
    connection.execute(_STORED, row)
    if new.changes:
        connection.execute(_INDEXED, field_rows(row))
    connection.execute(_MOVED, {"of": workspace, "ident": customer_id, "seq": seq, "end": row["hash"]})
    return seq


# Built once: to build a statement and find it among those compiled takes longer than SQLite takes to run it.
_c = tables.customer.c
_OURS = sa.and_(_c.workspace_id == sa.bindparam("of"), _c.id == sa.bindparam("ident"))
_HEAD = sa.select(_c.last_seq, _c.last_hash, CLOCKS["sqlite"]).where(_OURS)
_STORED = tables.activity.insert()
_INDEXED = tables.activity_field.insert()
_MOVED = tables.customer.update().where(_OURS).values(last_seq=sa.bindparam("seq"), last_hash=sa.bindparam("end"))


def stated(workspace: str, customer_id: str, new: NewActivity) -> dict[str, Any]:
    """The columns of `activity` as far as the writer states them: all but seq, times and hash."""
    salt = secrets.token_bytes(16)
    changes = [
        {"field": plain(change.field), "old": encoded(change.old), "new": encoded(change.new)} for change in new.changes
    ] or None
    text = _kept(new.text)
    return {
        "workspace_id": workspace,
        "customer_id": customer_id,
        "type": new.kind,
        "actor": str(new.actor),
        "source": new.source.value,
        "subject": _kept(new.subject),
        "onboarding_id": _kept(new.onboarding_id),
        "edit_id": _kept(new.edit_id),
        "refs": dict(new.refs) or None,
        "changes": changes,
        "text": text,
        "salt": salt,
        "commitment": chain.commitment(salt, changes, text),
    }


def place(row: dict[str, Any], seq: int, before: bytes, occurred_at: datetime | None, now: datetime) -> None:
    """Complete a stated row with its place in the log. A source's time in the future is clamped to now."""
    row["seq"] = seq
    row["recorded_at"] = now
    row["occurred_at"] = now if occurred_at is None else min(occurred_at, now)
    row["hash"] = chain.seal(before, seq, row["occurred_at"], now, chain.facts(row))


def field_rows(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `activity_field` derives from a placed row: one per changed field, each field once."""
    shared = {k: row[k] for k in ("workspace_id", "customer_id", "actor", "type", "occurred_at", "seq", "source")}
    return [{**shared, "field": field} for field in chain.changed_fields(row)]


def _unknown(customer_id: str) -> NotFound:
    return NotFound(f"I don't know a customer {code(customer_id)}.")


def first_time(connection: sa.Connection, workspace: str, source: Source, key: str) -> bool:
    """Whether this key counts: nothing came in with it before. It is stored in the caller's transaction."""
    given = {"workspace_id": workspace, "source": source.value, "key": _kept(key)}
    stored = connection.execute(_KEY[connection.dialect.name], given)
    return stored.first() is not None


def _new_key(dialect: str) -> sa.Insert:
    k = tables.inbound_key.c
    row: dict[str, Any] = {column.name: sa.bindparam(column.name) for column in (k.workspace_id, k.source, k.key)}
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return (
        insert(tables.inbound_key)
        .values(row | {"recorded_at": CLOCKS[dialect]})
        .on_conflict_do_nothing()
        .returning(k.key)
    )


_KEY = {dialect: _new_key(dialect) for dialect in CLOCKS}


_KEYED = """
key AS (
    INSERT INTO inbound_key (workspace_id, source, key, recorded_at)
    SELECT workspace_id, :source, :key, clock_timestamp() FROM customer
    WHERE workspace_id = :workspace_id AND id = :customer_id
    ON CONFLICT DO NOTHING RETURNING key
),"""

_APPEND = """
WITH {key}
head AS MATERIALIZED (
    SELECT last_seq + 1 AS seq, last_hash FROM customer
    WHERE workspace_id = :workspace_id AND id = :customer_id {if_new} FOR UPDATE
),
clock AS MATERIALIZED (SELECT seq, last_hash, clock_timestamp() AS recorded_at FROM head),
timed AS MATERIALIZED (
    SELECT seq, last_hash, recorded_at, least(CAST(:occurred_at AS timestamptz), recorded_at) AS occurred_at FROM clock
),
link AS MATERIALIZED (
    SELECT seq, recorded_at, occurred_at, sha256(
        'act1'::bytea || last_hash || int8send(seq) || int8send((extract(epoch FROM occurred_at) * 1000000)::bigint)
        || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint) || CAST(:facts AS bytea)
    ) AS hash FROM timed
),
moved AS (
    UPDATE customer SET last_seq = link.seq, last_hash = link.hash FROM link
    WHERE workspace_id = :workspace_id AND id = :customer_id
),
stored AS (
    INSERT INTO activity (workspace_id, customer_id, seq, occurred_at, recorded_at, type, actor, source, subject,
                          onboarding_id, edit_id, refs, changes, text, salt, commitment, hash)
    SELECT :workspace_id, :customer_id, seq, occurred_at, recorded_at, :type, :actor, :source, :subject,
           :onboarding_id, :edit_id, :refs, :changes, :text, :salt, :commitment, hash FROM link
    RETURNING seq
),
indexed AS (
    INSERT INTO activity_field (workspace_id, customer_id, field, actor, type, occurred_at, seq, source)
    SELECT :workspace_id, :customer_id, field, :actor, :type, occurred_at, seq, :source
    FROM link, unnest(CAST(:fields AS text[])) AS field
)
SELECT seq FROM stored
"""


def _one_statement(template: str) -> sa.TextClause:
    a = tables.activity.c
    typed = [
        sa.bindparam(c.name, type_=c.type) for c in a if c.name not in {"seq", "occurred_at", "recorded_at", "hash"}
    ]
    return sa.text(template).bindparams(*typed, sa.bindparam("occurred_at", type_=a.occurred_at.type))


_APPEND_ONCE = _one_statement(_APPEND.format(key=_KEYED, if_new="AND EXISTS (SELECT 1 FROM key)"))
_APPEND_ALWAYS = _one_statement(_APPEND.format(key="", if_new=""))


def _append_in_one_statement(connection: sa.Connection, row: dict[str, Any], new: NewActivity) -> int | None:
    """The row lock is held for one statement only: eight writers on one customer then do not queue for each other's round trips."""
    values = {**row, "occurred_at": new.occurred_at, "facts": chain.facts(row), "fields": chain.changed_fields(row)}
    key = _kept(new.dedupe_key)
    statement = _APPEND_ALWAYS if key is None else _APPEND_ONCE
    seq: int | None = connection.execute(
        statement, values if key is None else {**values, "key": key}
    ).scalar_one_or_none()
    if seq is None and (key is None or not _is_known(connection, row["workspace_id"], row["customer_id"])):
        raise _unknown(row["customer_id"])
    return seq


def _is_known(connection: sa.Connection, workspace: str, customer_id: str) -> bool:
    c = tables.customer.c
    return (
        connection.execute(sa.select(c.id).where(c.workspace_id == workspace, c.id == customer_id)).first() is not None
    )


# --- values in JSON ---------------------------------------------------------------------------------------------------


def _kept(text: str | None) -> str | None:
    return None if text is None else plain(text)


def encoded(value: Value) -> object:
    match value:
        case str():
            return plain(value)
        case Ref():
            return {"ref": str(value)}
        case tuple():
            return [plain(item) for item in value]
        case _:
            return value


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
    return Activity(
        seq=row["seq"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        kind=row["type"],
        actor=Ref.parse(row["actor"]),
        source=Source(row["source"]),
        changes=tuple(Change(c["field"], decoded(c["old"]), decoded(c["new"])) for c in row["changes"] or ()),
        text=row["text"],
        subject=row["subject"],
        onboarding_id=row["onboarding_id"],
        edit_id=row["edit_id"],
        refs=row["refs"] or {},
        redacted=row["salt"] is None,
    )


def by_seq(connection: sa.Connection, workspace: str, customer_id: str, seqs: Sequence[int]) -> dict[int, Activity]:
    """These activities, by seq; one look-up of the key each."""
    postgres = connection.dialect.name == "postgresql"
    given = {"of": workspace, "ident": customer_id, "seqs": array(seqs, connection.dialect.name)}
    rows = (_EACH_BY_SEQ if postgres else _BY_SEQ).all(connection, given)
    names = tables.activity.c.keys()
    return {activity.seq: activity for activity in from_rows(dict(zip(names, row, strict=True)) for row in rows)}


_a = tables.activity.c
_MINE = sa.and_(_a.workspace_id == sa.bindparam("of"), _a.customer_id == sa.bindparam("ident"))
_BY_SEQ = Prepared(sa.select(tables.activity).where(_MINE, among(_a.seq, "seqs", "sqlite")))

# On PostgreSQL a plan that is kept reads the whole customer for `seq IN (…)`, once it has seen small ones.
_seqs = (
    sa.func.unnest(sa.bindparam("seqs", type_=ARRAY(sa.BigInteger))).table_valued("value").render_derived(name="each")
)
_one = sa.select(tables.activity).where(_MINE, _a.seq == _seqs.c.value).limit(sa.literal_column("1")).lateral("one")
_EACH_BY_SEQ = Prepared(sa.select(_one).select_from(_seqs.join(_one, sa.true())))
