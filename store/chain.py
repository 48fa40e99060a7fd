"""The chain that makes the log tamper-evident: each row's hash covers the row and the hash of the row before it.

    commitment = HMAC-SHA256(salt, canonical JSON of [changes, text])
    facts      = SHA-256(canonical JSON of [customer, type, actor, source, subject, onboarding, edit, refs, commitment])
    hash       = SHA-256("act1" ‖ hash before ‖ seq ‖ occurred_at ‖ recorded_at ‖ facts)

seq and times are 8-byte big-endian integers (times in microseconds since 1970), so that PostgreSQL can give them under the customer's lock
and compute the last line by itself (decisions/0002-one-statement.md). Redacting a row deletes changes, text and salt; the commitment
stays, so the chain verifies before and after, and nobody can test a guess at what the row said.

Where retention has removed the oldest rows (retention.py), the chain begins at the customer's checkpoint, which has what the seal of the
last of them was made of.
"""

import hashlib
import hmac
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from store import tables
from store.domain.activity import REMOVED_CONTACT
from store.domain.query import EPOCH, MICROSECOND
from store.engine import canonical, database_clock
from store.stored import UNREADABLE, FieldIndex, Stored, by_our_types, rows

GENESIS = bytes(32)
"""The hash before a customer's first row."""
KEPT_AT_LEAST: Final = timedelta(days=30)
"""How long every row is kept, whatever its workspace has decided. The triggers of migration 0007 know it, too."""
CLOCKS_DIFFER: Final = timedelta(days=1)
"""By less than that: the database's may be put back, and another may be restored on another machine."""


def commitment(salt: bytes, changes: object, text: str | None) -> bytes:
    return hmac.digest(salt, canonical([changes, text]).encode(), "sha256")


def changed_fields(row: Mapping[str, Any]) -> list[str]:
    """Each once, in their order: what `activity_field` has of a row."""
    return list(dict.fromkeys(change["field"] for change in row["changes"] or ()))


def facts(row: Mapping[str, Any]) -> bytes:
    """The digest of what a writer states of an activity; row holds the columns of `activity` by name."""
    stated = [
        row["customer_id"],
        row["type"],
        row["actor"],
        row["source"],
        row["subject"],
        row["onboarding_id"],
        row["edit_id"],
        row["refs"],
        row["commitment"].hex(),
    ]
    return hashlib.sha256(canonical(stated).encode()).digest()


def seal(before: bytes, seq: int, occurred_at: datetime, recorded_at: datetime, stated: bytes) -> bytes:
    return link(before, seq, micros(occurred_at), micros(recorded_at), stated)


def link(before: bytes, seq: int, occurred_at: int, recorded_at: int, stated: bytes) -> bytes:
    """The same, of times in microseconds since 1970."""
    place = struct.pack(">qqq", seq, occurred_at, recorded_at)
    return hashlib.sha256(b"act1" + before + place + stated).digest()


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Fault:
    """What verify found. seq: the first row of this customer that is not as it was written."""

    customer_id: str
    customer: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one customer's chain. Kept outside the database, it is the anchor that shows a cut tail."""

    customer_id: str
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """From where a customer's chain goes on: the last row that was removed, and what its seal was made of. So the row after it proves this
    one's place and its times, as it would if it were still there.
    """

    seq: int
    hash_before: bytes
    occurred_at: datetime
    recorded_at: datetime
    facts: bytes

    @property
    def hash(self) -> bytes:
        return seal(self.hash_before, self.seq, self.occurred_at, self.recorded_at, self.facts)


@dataclass(frozen=True, slots=True)
class Checked:
    """activities: those that are there. removed: how many retention has removed before them."""

    customers: int = 0
    activities: int = 0
    faults: tuple[Fault, ...] = ()
    removed: int = 0

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(
            self.customers + other.customers,
            self.activities + other.activities,
            self.faults + other.faults,
            self.removed + other.removed,
        )


class Broken(Exception):
    """The first row that is not as it was recorded, or the place where one is missing."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(what)
        self.seq = seq
        self.what = what


def heads(connection: sa.Connection, workspace: str) -> list[Head]:
    c = tables.customer.c
    found = connection.execute(
        sa.select(c.id, c.last_seq, c.last_hash).where(c.workspace_id == workspace).order_by(c.id)
    )
    return [Head(*row) for row in found]


def checkpoint(connection: sa.Connection, workspace: str, customer_id: str) -> Checkpoint | None:
    """None: nothing of this customer's history has been removed."""
    p = tables.checkpoint.c
    mine = sa.and_(p.workspace_id == workspace, p.customer_id == customer_id)
    columns = (p.seq, p.hash_before, p.occurred_at, p.recorded_at, p.facts)
    row = connection.execute(sa.select(*columns).where(mine)).one_or_none()
    return None if row is None else Checkpoint(*row)


def verify(connection: sa.Connection, workspace: str, customer_id: str, anchor: Head | None = None) -> Checked:
    """Walk the chain of one customer, and report its first bad seq. Of a customer who is not there, nothing.

    anchor  a head noted earlier: the chain must still pass through it
    """
    c = tables.customer.c
    this = sa.and_(c.workspace_id == workspace, c.id == customer_id)
    row = connection.execute(sa.select(c.name, c.last_seq, c.last_hash).where(this)).one_or_none()
    if row is None:
        return Checked() if anchor is None else Checked(faults=(gone(anchor),))
    name, last_seq, last_hash = row
    walk = _Walk(connection, workspace, Head(customer_id, last_seq, last_hash), anchor)
    faults: tuple[Fault, ...] = ()
    try:
        walk.walk()
    except Broken as broken:
        faults = (Fault(customer_id, name, broken.seq, broken.what),)
    return Checked(1, walk.seen, faults, walk.removed)


def gone(anchor: Head) -> Fault:
    return Fault(anchor.customer_id, "", 1, "the customer and its history are gone")


def sound(
    connection: sa.Connection, workspace: str, customer_id: str, start: Checkpoint | None, at_once: int = 1000
) -> Iterator[tuple[Stored, Mapping[str, Any]]]:
    """A customer's rows behind the checkpoint in the order of seq, as they lie there and by our types, as long as each is as it was recorded.

    raises  Broken
    """
    before, expected = (GENESIS, 1) if start is None else (start.hash, start.seq + 1)
    for stored in rows(connection, workspace, customer_id, at_once):
        if stored["seq"] != expected:
            if expected > 1 and stored["seq"] in range(1, expected):
                raise Broken(stored["seq"], "the row is one of those that are said to have been removed")
            raise Broken(expected, "the row is missing")
        try:
            row = by_our_types(connection, stored)
            fault = _unlike_its_seal(row, before)
        except UNREADABLE:
            raise Broken(expected, "the row holds what is never written there") from None
        if fault:
            raise Broken(expected, fault)
        yield stored, row
        before, expected = row["hash"], expected + 1


@dataclass(slots=True)
class _Walk:
    """Along one customer's chain. seen: rows that were there; removed: how many are gone before them."""

    connection: sa.Connection
    workspace: str
    head: Head
    anchor: Head | None
    seen: int = 0
    removed: int = 0

    def walk(self) -> None:
        """raises  Broken"""
        start = self._start()
        end, before = (0, GENESIS) if start is None else (start.seq, start.hash)
        self.removed = end
        redacted: set[int] = set()
        listed: set[int] = set()
        index = FieldIndex(self.connection, self.workspace, self.head.customer_id)
        for stored, row in sound(self.connection, self.workspace, self.head.customer_id, start):
            if row["salt"] is None:
                redacted.add(row["seq"])
            if row["type"] == "contact.removed":
                listed.update((row["refs"] or {}).get("redacted", ()))
            if not index.agrees(stored, changed_fields(row), redacted=row["salt"] is None):
                raise Broken(row["seq"], "the index of changed fields differs from the row")
            end, before = row["seq"], row["hash"]
            if self.anchor and self.anchor.seq == end and self.anchor.hash != before:
                raise Broken(end, "the row is not the one that was anchored")
            self.seen += 1
        if unlisted := redacted - listed:
            raise Broken(min(unlisted), "the row was redacted, and no removal of a contact lists it")
        if self.anchor and self.anchor.seq > end:
            raise Broken(end + 1, f"rows up to {self.anchor.seq} were anchored and are gone")
        if self.head.seq != end or self.head.hash != before:
            raise Broken(min(self.head.seq, end) + 1, "the end of the history is not where the customer's record says")
        if index.has_more():
            raise Broken(end + 1, "the index of changed fields names rows that do not exist")

    def _start(self) -> Checkpoint | None:
        """From where to walk. What an anchor says of rows before it can no longer be told."""
        try:
            start = checkpoint(self.connection, self.workspace, self.head.customer_id)
            found = None if start is None else start.hash
        except UNREADABLE:
            raise Broken(1, "the checkpoint holds what is never written there") from None
        if start is None:
            return None
        if self.anchor and self.anchor.seq == start.seq and self.anchor.hash != found:
            raise Broken(start.seq, "the checkpoint is not the row that was anchored")
        if start.recorded_at > database_clock(self.connection) - KEPT_AT_LEAST + CLOCKS_DIFFER:
            raise Broken(start.seq, "the row was removed before its time")
        return start


def _unlike_its_seal(row: Mapping[str, Any], before: bytes) -> str | None:
    if row["salt"] is None:
        if row["changes"] is not None or row["text"] != REMOVED_CONTACT:
            return "the row says more than a redacted row may"
    elif not hmac.compare_digest(commitment(row["salt"], row["changes"], row["text"]), row["commitment"]):
        return "its changes or text are not those that were recorded"
    if seal(before, row["seq"], row["occurred_at"], row["recorded_at"], facts(row)) != row["hash"]:
        return "the row, or its place, is not as it was recorded"
    return None
