"""The least that one durable change with its activity costs, in each driver's own words: the limits of section 2.

On the bare key: two tables without an index but their key, no chain. On our tables: the same rows in the same indexes as ours, with random
bytes for the digests, without SQLAlchemy and without a second thread.
"""

import itertools
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from store.chain import micros
from store.domain.activity import ActorType, Ref
from tests.bench.measure import Operation
from tests.bench.places import sqlite_path

KIND = "customer.field_changed"
SAM = Ref(ActorType.USER, "usr_k3v9x2m4q7wt")

BARE = """
CREATE TABLE head (id bigint PRIMARY KEY, plan text NOT NULL, last_seq bigint NOT NULL);
CREATE TABLE event (customer_id bigint, seq bigint, occurred_at {instant} NOT NULL, actor text NOT NULL, type text NOT NULL,
                    source text NOT NULL, changes text NOT NULL, PRIMARY KEY (customer_id, seq));
"""
BARE_CTE = """
WITH c AS (UPDATE head SET plan = $1, last_seq = last_seq + 1 WHERE id = $2 RETURNING id, last_seq)
INSERT INTO event SELECT id, last_seq, $3::timestamptz, $4::text, $5::text, $6::text, $7::text FROM c
"""
BARE_MOVED = "UPDATE head SET plan = ?, last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq"
BARE_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)"

_FACTS = (
    "workspace_id, customer_id, seq, occurred_at, recorded_at, type, actor, source, changes, salt, commitment, hash"
)
_FIELD = "workspace_id, customer_id, field, actor, type, occurred_at, seq, source"
FULL_CTE = f"""
WITH c AS (UPDATE customer SET last_seq = last_seq + 1, last_hash = $1 WHERE workspace_id = $2 AND id = $3 RETURNING last_seq),
a AS (INSERT INTO activity ({_FACTS})
      SELECT $2, $3, last_seq, $4::timestamptz, $4::timestamptz, $5, $6, $7, $8::json, $9::bytea, $1, $1 FROM c)
INSERT INTO activity_field ({_FIELD}) SELECT $2, $3, 'plan', $6, $5, $4, last_seq, $7 FROM c
"""
FULL_MOVED = (
    "UPDATE customer SET last_seq = last_seq + 1, last_hash = ? WHERE workspace_id = ? AND id = ? RETURNING last_seq"
)
FULL_ACTIVITY = f"INSERT INTO activity ({_FACTS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
FULL_FIELD = f"INSERT INTO activity_field ({_FIELD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class Turns:
    """Customers in turn, each time with a plan that it has not got: a database need not write what is there already."""

    def __init__(self, customers: int) -> None:
        self._numbers = itertools.count()
        self._customers = customers

    def next(self) -> tuple[int, str, str]:
        """Customer (a number from 0), old plan, new plan."""
        number = next(self._numbers)
        turn = number // self._customers
        return number * 7919 % self._customers, f"Plan {turn}", f"Plan {turn + 1}"


@asynccontextmanager
async def postgres(
    bare_url: str, full_url: str, workspace: str, ids: list[str]
) -> AsyncIterator[Mapping[str, Operation]]:
    bare = await asyncpg.connect(_plain(bare_url))
    full = await asyncpg.connect(_plain(full_url))
    await bare.execute(BARE.format(instant="timestamptz"))
    await bare.executemany("INSERT INTO head VALUES ($1, 'Plan 0', 0)", [(n,) for n in range(len(ids))])
    bare_turns, full_turns = Turns(len(ids)), Turns(len(ids))

    async def on_the_bare_key(n: int) -> None:
        for _ in range(n):
            customer, old, new = bare_turns.next()
            said = _changes(old, new)
            await bare.execute(BARE_CTE, new, customer, datetime.now(UTC), str(SAM), KIND, "slack", said)

    async def on_our_tables(n: int) -> None:
        for _ in range(n):
            customer, old, new = full_turns.next()
            stated = (KIND, str(SAM), "slack", _changes(old, new), os.urandom(16))
            await full.execute(FULL_CTE, os.urandom(32), workspace, ids[customer], datetime.now(UTC), *stated)

    yield {"asyncpg, one CTE, bare key": on_the_bare_key, "asyncpg, one CTE, our tables": on_our_tables}
    await bare.close()
    await full.close()


@contextmanager
def sqlite(bare_url: str, full_url: str, workspace: str, ids: list[str]) -> Iterator[Mapping[str, Operation]]:
    bare, full = sqlite_connection(bare_url), sqlite_connection(full_url)
    bare.executescript(BARE.format(instant="INTEGER"))
    bare.executemany("INSERT INTO head VALUES (?, 'Plan 0', 0)", [(n,) for n in range(len(ids))])
    bare_turns, full_turns = Turns(len(ids)), Turns(len(ids))

    async def on_the_bare_key(n: int) -> None:
        for _ in range(n):
            customer, old, new = bare_turns.next()
            bare.execute("BEGIN IMMEDIATE")
            (seq,) = bare.execute(BARE_MOVED, (new, customer)).fetchone()
            event: tuple[Any, ...] = (customer, seq, micros(datetime.now(UTC)), str(SAM), KIND, "slack")
            bare.execute(BARE_EVENT, (*event, _changes(old, new)))
            bare.execute("COMMIT")

    async def on_our_tables(n: int) -> None:
        for _ in range(n):
            customer, old, new = full_turns.next()
            ident, now, digest = ids[customer], micros(datetime.now(UTC)), os.urandom(32)
            full.execute("BEGIN IMMEDIATE")
            (seq,) = full.execute(FULL_MOVED, (digest, workspace, ident)).fetchone()
            place: tuple[Any, ...] = (workspace, ident, seq, now, now)
            said = (KIND, str(SAM), "slack", _changes(old, new), os.urandom(16), digest, digest)
            full.execute(FULL_ACTIVITY, (*place, *said))
            full.execute(FULL_FIELD, (workspace, ident, "plan", str(SAM), KIND, now, seq, "slack"))
            full.execute("COMMIT")

    yield {"sqlite3, our tables": on_our_tables, "sqlite3, bare key": on_the_bare_key}
    bare.close()
    full.close()


def sqlite_connection(url: str) -> sqlite3.Connection:
    """As durable as ours, with a cache that holds a bench's database."""
    connection = sqlite3.connect(sqlite_path(url), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "mmap_size=268435456"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _plain(url: str) -> str:
    return url.replace("+asyncpg", "")


def _changes(old: str, new: str) -> str:
    return json.dumps([{"field": "plan", "old": old, "new": new}])
