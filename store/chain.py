"""The chain that makes the log tamper-evident: each row's hash covers the row and the hash of the row before it.

    commitment = HMAC-SHA256(salt, canonical JSON of [changes, text])
    facts      = SHA-256(canonical JSON of [customer, type, actor, source, subject, onboarding, edit, refs, commitment])
    hash       = SHA-256("act1" ‖ hash before ‖ seq ‖ occurred_at ‖ recorded_at ‖ facts)

seq and times are 8-byte big-endian integers (times in microseconds since 1970), so that PostgreSQL can give them under the customer's lock
and compute the last line by itself (decisions/0002-one-statement.md). Redacting a row deletes changes, text and salt; the commitment
stays, so the chain verifies before and after, and nobody can test a guess at what the row said.
"""

import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import tables
from store.domain.activity import REMOVED_CONTACT
from store.domain.query import EPOCH, MICROSECOND
from store.engine import canonical
from store.stored import UNREADABLE, FieldIndex, by_our_types, rows

GENESIS = bytes(32)
"""The hash before a customer's first row."""


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
    place = struct.pack(">qqq", seq, micros(occurred_at), micros(recorded_at))
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
class Checked:
    customers: int
    activities: int
    faults: tuple[Fault, ...]


def heads(connection: sa.Connection, workspace: str) -> list[Head]:
    c = tables.customer.c
    found = connection.execute(
        sa.select(c.id, c.last_seq, c.last_hash).where(c.workspace_id == workspace).order_by(c.id)
    )
    return [Head(*row) for row in found]


def verify(
    connection: sa.Connection, workspace: str, customer_id: str | None = None, anchors: Mapping[str, Head] | None = None
) -> Checked:
    """Walk the chain of one customer, or of all, and report the first bad seq of each.

    anchors  heads noted earlier, by customer: the chain must still pass through each of them
    """
    c = tables.customer.c
    chosen = sa.select(c.id, c.name, c.last_seq, c.last_hash).where(c.workspace_id == workspace).order_by(c.id)
    if customer_id is not None:
        chosen = chosen.where(c.id == customer_id)
    customers = connection.execute(chosen).all()
    anchors = dict(anchors or {})
    activities, faults = 0, []
    for ident, name, last_seq, last_hash in customers:
        anchor = anchors.pop(ident, None)
        walked, fault = _walk(connection, workspace, Head(ident, last_seq, last_hash), anchor)
        activities += walked
        if fault:
            faults.append(Fault(ident, name, *fault))
    if customer_id is None:
        faults += [Fault(a.customer_id, "", 1, "the customer and its history are gone") for a in anchors.values()]
    return Checked(len(customers), activities, tuple(faults))


def _walk(
    connection: sa.Connection, workspace: str, head: Head, anchor: Head | None
) -> tuple[int, tuple[int, str] | None]:
    """Number of rows seen, and the first bad seq with what is wrong there."""
    before, expected = GENESIS, 1
    redacted: set[int] = set()
    listed: set[int] = set()
    index = FieldIndex(connection, workspace, head.customer_id)
    for stored in rows(connection, workspace, head.customer_id):
        if stored["seq"] != expected:
            return expected, (expected, "the row is missing")
        try:
            row = by_our_types(connection, stored)
            fault = _unlike_its_seal(row, before)
        except UNREADABLE:
            return expected, (expected, "the row holds what is never written there")
        if fault:
            return expected, (expected, fault)
        if row["salt"] is None:
            redacted.add(expected)
        if row["type"] == "contact.removed":
            listed.update((row["refs"] or {}).get("redacted", ()))
        if not index.agrees(stored, changed_fields(row), redacted=row["salt"] is None):
            return expected, (expected, "the index of changed fields differs from the row")
        before = row["hash"]
        if anchor and anchor.seq == expected and anchor.hash != before:
            return expected, (expected, "the row is not the one that was anchored")
        expected += 1
    seen = expected - 1
    if unlisted := redacted - listed:
        return seen, (min(unlisted), "the row was redacted, and no removal of a contact lists it")
    if anchor and anchor.seq > seen:
        return seen, (expected, f"rows up to {anchor.seq} were anchored and are gone")
    if head.seq != seen or head.hash != before:
        return seen, (min(head.seq, seen) + 1, "the end of the history is not where the customer's record says")
    if index.has_more():
        return seen, (expected, "the index of changed fields names rows that do not exist")
    return seen, None


def _unlike_its_seal(row: Mapping[str, Any], before: bytes) -> str | None:
    if row["salt"] is None:
        if row["changes"] is not None or row["text"] != REMOVED_CONTACT:
            return "the row says more than a redacted row may"
    elif not hmac.compare_digest(commitment(row["salt"], row["changes"], row["text"]), row["commitment"]):
        return "its changes or text are not those that were recorded"
    if seal(before, row["seq"], row["occurred_at"], row["recorded_at"], facts(row)) != row["hash"]:
        return "the row, or its place, is not as it was recorded"
    return None
