"""Histories of millions of activities in minutes: made by arithmetic, chained in several processes, put in by each database's own fast door.

A tenth of everything happened to the big customer, a fifth to twenty middling ones, the rest to many small ones, with the shares of
histories.py. Which lane of ten a number is in decides on the group of customers, and so a process can make a lane by itself: every
customer's chain is in one lane. A number decides on all else that its activity says, in whatever order it is made.
"""

import hashlib
import hmac
import multiprocessing
import sqlite3
import struct
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, product
from multiprocessing.connection import Connection, wait
from typing import Any, Final, NamedTuple, Protocol

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import Store, bulk, tables
from store.actors import folded, new_id
from store.chain import GENESIS, micros
from store.domain.activity import OWN_NAMES, PI, ActorType, Ref
from store.engine import JOB, connect
from tests.bench import histories
from tests.bench.histories import (
    BEGIN,
    EVERY,
    FIELDS,
    HUBSPOT,
    KINDS,
    LOADER,
    MIDDLING,
    RARE,
    SCHEDULER,
    STAFF,
    Acting,
    Size,
    acting,
    rarely,
    rarities,
)
from tests.bench.places import sqlite_path

SHARE: Final = 10
LANES: Final = 10
"""The first is the big customer's, two are the middling ones', the others the small ones'."""
PIECE: Final = 5000
"""Activities that a process hands over at once."""
LATEST: Final = (datetime(2026, 1, 1, tzinfo=UTC) - BEGIN) // EVERY
"""Activities that end before the clock by which the bench reads."""

FILLED: Final = {
    "activity": (
        *("workspace_id", "customer_id", "seq", "occurred_at", "recorded_at", "type", "actor", "source"),
        *("changes", "salt", "commitment", "hash"),
    ),
    "activity_field": ("workspace_id", "customer_id", "field", "actor", "type", "occurred_at", "seq", "source"),
    "inbound_key": ("workspace_id", "source", "key", "recorded_at"),
}
"""The columns that these rows have, by table; all others are null."""
TABLES: Final = tuple(FILLED)

MIX, ALL_BITS = 0x9E3779B97F4A7C15, 2**64 - 1
SECOND: Final = 1_000_000
DAY: Final = 86_400

Piece = dict[str, Any]
"""What is put into each table: on PostgreSQL text as COPY reads it, on SQLite records."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in it. customers: ids, by lane. doing: what stands in the log for somebody who acts, by what a line says of them."""

    workspace: str
    size: Size
    customers: tuple[tuple[str, ...], ...]
    doing: dict[tuple[str, str], str]
    recorded_at: datetime


class Head(NamedTuple):
    customer_id: str
    seq: int
    hash: bytes


@dataclass(slots=True)
class Chain:
    """One customer's history as it grows."""

    customer_id: str
    rare: dict[int, str]
    seq: int = 0
    hash: bytes = GENESIS


class Made(NamedTuple):
    """An activity. at: seconds since 1970. changes: the JSON that is kept."""

    customer_id: str
    seq: int
    at: int
    kind: str
    actor: str
    source: str
    fields: Sequence[str]
    changes: str
    salt: bytes
    commitment: bytes
    hash: bytes


class Maker:
    """Makes activities of some lanes, each chained to the one before it of its customer. The formula is drawn in store/chain.py."""

    def __init__(self, cast: Cast, lanes: Sequence[int]) -> None:
        self._size = cast.size
        rare = {int(cast.size.big * part): what for part, what in rarities()}
        self.chains = {
            lane: [Chain(ident, rare if lane == 0 else {}) for ident in cast.customers[lane]] for lane in lanes
        }
        self._begin = micros(BEGIN) // SECOND
        self._every = EVERY // timedelta(seconds=1)
        self._recorded = micros(cast.recorded_at)
        self._doing = cast.doing
        self._kinds = [kind for kind, share in KINDS.items() for _ in range(share)]
        self._acting = {(n, who): acting(n / 1000, who) for n, who in product(range(1000), range(len(STAFF)))}
        self._fields = [tuple(FIELDS[(n + more) % len(FIELDS)] for more in range(4)) for n in range(len(FIELDS))]

    def in_time(self) -> Iterator[Made]:
        """As it happened, whoever's it is."""
        for block in range(-(-self._size.rows // LANES)):
            for lane, chains in self.chains.items():
                if (number := block * LANES + lane) < self._size.rows:
                    yield self._next(chains[block % len(chains)], number)

    def by_customer(self) -> Iterator[Made]:
        """One customer after the other, in the order of their ids."""
        ordered = sorted(
            (chain.customer_id, lane, place)
            for lane, chains in self.chains.items()
            for place, chain in enumerate(chains)
        )
        for _, lane, place in ordered:
            chains = self.chains[lane]
            chain = chains[place]
            for number in range(place * LANES + lane, self._size.rows, len(chains) * LANES):
                yield self._next(chain, number)

    def _next(self, chain: Chain, number: int) -> Made:
        chance = _mixed(number)
        usual: tuple[Acting, str, Sequence[str]] = (
            self._acting[(chance & 0xFFFF) % 1000, (chance >> 16 & 0xFF) % len(STAFF)],
            self._kinds[(chance >> 24 & 0xFFFF) % 1000],
            self._fields[(chance >> 48) % len(FIELDS)][: 1 + (chance >> 52) % 4],
        )
        doer, kind, fields = rarely(chain.rare.get(chain.seq), *usual) if chain.rare else usual
        who, source = doer
        actor = self._doing[who["type"], who["id"]]
        late = (chance >> 32) % DAY if (chance >> 40 & 0xFF) % 20 == 7 else 0
        at = max(self._begin, self._begin + number * self._every - late)

        told = f'","new":"new {number % 997}","old":"old {number % 1000}"}}'
        changes = '[{"field":"' + f'{told},{{"field":"'.join(fields) + told + "]"
        salt = (chance | 1).to_bytes(8, "big") * 2
        commitment = hmac.digest(salt, f"[{changes},null]".encode(), "sha256")
        customer, chain.seq = chain.customer_id, chain.seq + 1
        stated = f'["{customer}","{kind}","{actor}","{source}",null,null,null,null,"{commitment.hex()}"]'
        place = struct.pack(">qqq", chain.seq, at * SECOND, self._recorded)
        chain.hash = hashlib.sha256(b"act1" + chain.hash + place + hashlib.sha256(stated.encode()).digest()).digest()
        return Made(customer, chain.seq, at, kind, actor, source, fields, changes, salt, commitment, chain.hash)

    def heads(self) -> list[Head]:
        return [Head(one.customer_id, one.seq, one.hash) for chains in self.chains.values() for one in chains]


def _mixed(number: int) -> int:
    """64 bits that look like chance: each of them depends on the whole number, and on nothing else."""
    mixed = number * MIX & ALL_BITS
    mixed = (mixed ^ mixed >> 32) * MIX & ALL_BITS
    return mixed ^ mixed >> 32


# --- what a process makes ---------------------------------------------------------------------------------------------


def records(cast: Cast, made: Sequence[Made]) -> Piece:
    """For SQLite. The rows of `activity_field` in the order of their key."""
    w, recorded = cast.workspace, micros(cast.recorded_at)
    activities, fields, keys = [], [], []
    for c, seq, at, kind, actor, source, changed, changes, salt, commitment, digest in made:
        when = at * SECOND
        activities.append((w, c, seq, when, recorded, kind, actor, source, changes, salt, commitment, digest))
        fields += [(w, c, field, actor, kind, when, seq, source) for field in changed]
        keys.append((w, "import", _key(c, seq), recorded))
    fields.sort()
    return dict(zip(TABLES, (activities, fields, keys), strict=True))


def lines(cast: Cast, made: Sequence[Made]) -> Piece:
    """For PostgreSQL. Nothing in these rows has to be escaped."""
    w, recorded = cast.workspace, cast.recorded_at.isoformat()
    activities, fields, keys = [], [], []
    for c, seq, at, kind, actor, source, changed, changes, salt, commitment, digest in made:
        when = f"{_date(at // DAY)} {_clock(at % DAY)}+00"
        digests = f"\\\\x{salt.hex()}\t\\\\x{commitment.hex()}\t\\\\x{digest.hex()}"
        activities.append(f"{w}\t{c}\t{seq}\t{when}\t{recorded}\t{kind}\t{actor}\t{source}\t{changes}\t{digests}\n")
        fields += [f"{w}\t{c}\t{field}\t{actor}\t{kind}\t{when}\t{seq}\t{source}\n" for field in changed]
        keys.append(f"{w}\timport\t{_key(c, seq)}\t{recorded}\n")
    return {name: "".join(rows).encode() for name, rows in zip(TABLES, (activities, fields, keys), strict=True)}


def _key(customer_id: str, seq: int) -> str:
    return f"{customer_id}:{seq:07}"


@cache
def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


@cache
def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _make(cast: Cast, lanes: Sequence[int], dialect: str, out: Connection) -> None:
    """Send pieces, and at the end the heads. Waits while nobody takes them."""
    maker = Maker(cast, lanes)
    made, shaped = (maker.in_time(), lines) if dialect == "postgresql" else (maker.by_customer(), records)
    while some := list(islice(made, PIECE)):
        out.send(shaped(cast, some))
    out.send(maker.heads())
    out.close()


def pieces(cast: Cast, dialect: str, processes: int) -> Iterator[Piece | list[Head]]:
    """What all of them send, as it comes. Raises EOFError when one has ended before it was done."""
    context = multiprocessing.get_context("spawn")
    running, inputs = [], []
    try:
        for number in range(processes):
            here, there = context.Pipe(duplex=False)
            lanes = range(number, LANES, processes)
            running.append(context.Process(target=_make, args=(cast, lanes, dialect, there), daemon=True))
            running[-1].start()
            there.close()
            inputs.append(here)
        while inputs:
            for one in wait(inputs):
                assert isinstance(one, Connection)
                sent = one.recv()
                if isinstance(sent, list):
                    inputs.remove(one)
                yield sent
    finally:
        for process in running:
            process.terminate()
            process.join()


# --- the databases' doors ---------------------------------------------------------------------------------------------


class Door(Protocol):
    async def put(self, piece: Piece) -> None: ...

    async def finish(self, workspace: str, heads: Sequence[Head]) -> None:
        """Write the ends of the chains, make what indexes there are not yet, and leave the database as one that runs has it."""
        ...


class CopyDoor:
    """COPY into tables without keys and indexes, which are made at the end: sorted at once, they take a third of the time."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def open(self) -> None:
        # Triggers check what is right by construction; and what a crash would take is loaded again.
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '1GB'",
        ):
            await self._connection.execute(f"SET {setting}")
        for name in TABLES:
            await self._connection.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = off)")
            await self._connection.execute(f"ALTER TABLE {name} DROP CONSTRAINT pk_{name}")
        for drop, _ in _indexes(postgresql.dialect()):  # type: ignore[no-untyped-call]
            await self._connection.execute(drop)

    async def put(self, piece: Piece) -> None:
        for table, content in piece.items():
            await self._connection.copy_to_table(table, source=_whole(content), columns=FILLED[table])

    async def finish(self, workspace: str, heads: Sequence[Head]) -> None:
        moved = "UPDATE customer SET last_seq = $1, last_hash = $2 WHERE workspace_id = $3 AND id = $4"
        ends = [(head.seq, head.hash, workspace, head.customer_id) for head in heads]
        await self._connection.executemany(moved, ends)
        for name in TABLES:
            columns = ", ".join(column.name for column in tables.metadata.tables[name].primary_key)
            await self._connection.execute(f"ALTER TABLE {name} ADD CONSTRAINT pk_{name} PRIMARY KEY ({columns})")
            await self._connection.execute(f"ALTER TABLE {name} RESET (autovacuum_enabled)")
        for _, create in _indexes(postgresql.dialect()):  # type: ignore[no-untyped-call]
            await self._connection.execute(create)
        # As autovacuum would have left them long before they had grown so far.
        await self._connection.execute("VACUUM (ANALYZE)")
        await self._connection.execute("CHECKPOINT")
        await self._connection.close()


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


class InsertDoor:
    """Prepared INSERTs in the order of the tables' keys, by which SQLite clusters them; the other indexes are made at the end."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    async def open(self) -> None:
        # What a crash would take is loaded again.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1048576", "threads=2"):
            self._connection.execute(f"PRAGMA {pragma}")
        for drop, _ in _indexes(sqlite.dialect()):
            self._connection.execute(drop)
        self._connection.execute("BEGIN")

    async def put(self, piece: Piece) -> None:
        for table, rows in piece.items():
            names = FILLED[table]
            places = ", ".join("?" * len(names))
            self._connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", rows)

    async def finish(self, workspace: str, heads: Sequence[Head]) -> None:
        moved = "UPDATE customer SET last_seq = ?, last_hash = ? WHERE workspace_id = ? AND id = ?"
        ends = [(head.seq, head.hash, workspace, head.customer_id) for head in heads]
        self._connection.executemany(moved, ends)
        self._connection.execute("COMMIT")
        for _, create in _indexes(sqlite.dialect()):
            self._connection.execute(create)
        self._connection.execute("PRAGMA analysis_limit=1000")
        self._connection.execute("ANALYZE")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.close()


def _indexes(dialect: sa.Dialect) -> Iterator[tuple[str, str]]:
    """Statements that drop and create each index of these tables but their keys."""
    for name in TABLES:
        for index in sorted(tables.metadata.tables[name].indexes, key=lambda one: str(one.name)):
            yield f"DROP INDEX {index.name}", str(sa.schema.CreateIndex(index).compile(dialect=dialect))


async def _door(url: str) -> CopyDoor | InsertDoor:
    if url.startswith("sqlite"):
        return InsertDoor(sqlite_path(url))
    return CopyDoor(await asyncpg.connect(url.replace("+asyncpg", "")))


# --- loading ----------------------------------------------------------------------------------------------------------


async def load(url: str, size: Size, processes: int) -> dict[str, float]:
    """Fill a database that has its tables and its first workspace, and nothing else. Gives the seconds of each part of it."""
    began = time.perf_counter()
    store = Store(database := connect(url, patience=JOB))
    try:
        workspace = (await store.default_workspace()).id
        cast = await database.write(lambda connection: _introduced(connection, workspace, size), workspace)
    finally:
        await store.close()
    door = await _door(url)
    await door.open()
    heads: list[Head] = []
    for sent in pieces(cast, database.dialect, processes):
        if isinstance(sent, list):
            heads += sent
        else:
            await door.put(sent)
    filled = time.perf_counter()
    await door.finish(workspace, heads)
    return {"rows": filled - began, "indexes and statistics": time.perf_counter() - filled}


def everybody() -> list[Acting]:
    """All who act in these histories."""
    return [HUBSPOT, histories.PI, SCHEDULER, LOADER, RARE, *STAFF]


def _introduced(connection: sa.Connection, workspace: str, size: Size) -> Cast:
    """Those who act, and the customers, as an import would have brought them."""
    now = datetime.now(UTC).replace(microsecond=0)
    known = {(who["type"], who["id"]): who.get("name", who["id"]) for who, _ in everybody()}
    doing = {}
    people = []
    for (kind, ident), name in known.items():
        ref = PI if kind == "pi" else Ref(ActorType(kind), new_id("usr") if kind == "user" else ident)
        doing[kind, ident] = str(ref)
        if ref != PI:
            shown = OWN_NAMES.get(ref, name)
            described = {"id": str(ref), "type": kind, "name": shown, "name_key": folded(shown), "import_ref": ident}
            people.append({"workspace_id": workspace, **described, "standing": "member", "is_admin": False})
    lanes: list[list[str]] = [["Big"], *([] for _ in range(LANES - 1))]
    for n in range(MIDDLING):
        lanes[1 + n % 2].append(f"Middling {n}")
    for n in range(size.small_customers):
        lanes[3 + n % (LANES - 3)].append(f"Small {n}")
    ids = [tuple(new_id("cus") for _ in names) for names in lanes]
    named = [each for lane in zip(ids, lanes, strict=True) for each in zip(*lane, strict=True)]
    bulk.insert_rows(connection, tables.actor, people)
    bulk.insert_rows(connection, tables.customer, [_customer(workspace, *each, now) for each in named])
    bulk.insert_rows(connection, tables.external_id, [_external(workspace, *each) for each in named])
    return Cast(workspace, size, tuple(ids), doing, now)


def _customer(workspace: str, ident: str, name: str, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": workspace,
        "id": ident,
        "slug": name.lower().replace(" ", "-"),
        "name": name,
        "name_key": folded(name),
        "status": "active",
        "tags": [],
        "fields": {},
        "version": 1,
        "last_seq": 0,
        "last_hash": GENESIS,
        "created_at": now,
    }


def _external(workspace: str, ident: str, name: str) -> dict[str, Any]:
    row = {"workspace_id": workspace, "provider": "import", "account": "", "external_id": name}
    return {**row, "customer_id": ident}
