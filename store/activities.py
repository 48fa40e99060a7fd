"""SQL of the log: append one activity or many, and read rows back as activities."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from store import chain, tables
from store.domain.activity import Activity, Change, NewActivity, Ref, Source, Value
from store.engine import database_clock


def append(connection: sa.Connection, workspace: str, customer_id: str, new: NewActivity) -> int | None:
    """Give an activity the customer's next seq and store it, with its dedupe key, in the caller's transaction.

    returns  its seq, or None when its dedupe key has counted before: then nothing is written
    """
    row = stated(workspace, customer_id, new)
    if connection.dialect.name == "postgresql":
        return _append_in_one_statement(connection, row, new)
    now = database_clock(connection)
    if new.dedupe_key is not None and not _first_time(connection, workspace, new, now):
        return None
    c = tables.customer.c
    mine = sa.and_(c.workspace_id == workspace, c.id == customer_id)
    seq, before = connection.execute(sa.select(c.last_seq + 1, c.last_hash).where(mine)).one()
    place(row, seq, before, new.occurred_at, now)
    connection.execute(tables.activity.insert(), row)
    if new.changes:
        connection.execute(tables.activity_field.insert(), field_rows(row))
    connection.execute(tables.customer.update().where(mine).values(last_seq=seq, last_hash=row["hash"]))
    return int(seq)


def stated(workspace: str, customer_id: str, new: NewActivity) -> dict[str, Any]:
    """The columns of `activity` as far as the writer states them: all but seq, times and hash."""
    salt = secrets.token_bytes(16)
    changes = [
        {"field": plain(change.field), "old": encoded(change.old), "new": encoded(change.new)} for change in new.changes
    ] or None
    text = None if new.text is None else plain(new.text)
    return {
        "workspace_id": workspace,
        "customer_id": customer_id,
        "type": new.kind,
        "actor": str(new.actor),
        "source": new.source.value,
        "subject": new.subject,
        "onboarding_id": None if new.onboarding_id is None else plain(new.onboarding_id),
        "edit_id": new.edit_id,
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
    return [{**shared, "field": field} for field in fields_of(row)]


def fields_of(row: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(change["field"] for change in row["changes"] or ()))


def _first_time(connection: sa.Connection, workspace: str, new: NewActivity, now: datetime) -> bool:
    key = {"workspace_id": workspace, "source": new.source.value, "key": new.dedupe_key, "recorded_at": now}
    stored = connection.execute(
        sqlite.insert(tables.inbound_key).values(key).on_conflict_do_nothing().returning(tables.inbound_key.c.key)
    )
    return stored.first() is not None


_KEYED = """
key AS (
    INSERT INTO inbound_key (workspace_id, source, key, recorded_at) VALUES (:workspace_id, :source, :key, clock_timestamp())
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
    values = {**row, "occurred_at": new.occurred_at, "facts": chain.facts(row), "fields": fields_of(row)}
    if new.dedupe_key is None:
        return int(connection.execute(_APPEND_ALWAYS, values).scalar_one())
    seq = connection.execute(_APPEND_ONCE, {**values, "key": new.dedupe_key}).scalar_one_or_none()
    return None if seq is None else int(seq)


# --- values in JSON ---------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text as both databases can hold it: PostgreSQL has no NUL."""
    return text.replace("\0", "\ufffd")


def encoded(value: Value) -> object:
    match value:
        case Ref():
            return {"ref": str(value)}
        case tuple():
            return [plain(item) for item in value]
        case str():
            return plain(value)
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
    a = tables.activity.c
    rows = connection.execute(
        sa.select(tables.activity).where(a.workspace_id == workspace, a.customer_id == customer_id, a.seq.in_(seqs))
    )
    return {activity.seq: activity for activity in from_rows(map(dict, rows.mappings()))}
