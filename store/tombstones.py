"""Tombstones: whoever was erased does not come back by an import or a late webhook. Keyed digests of what they were known by, no names."""

import hashlib
import hmac

import sqlalchemy as sa

from store import tables
from store.actors import folded
from store.domain.record import Contact
from store.engine import canonical


def entomb(connection: sa.Connection, workspace: str, home: str, contact: Contact) -> None:
    c = tables.contact.c
    ref = connection.execute(
        sa.select(c.import_ref).where(c.workspace_id == workspace, c.id == contact.id)
    ).scalar_one_or_none()
    key = _key(connection, workspace)
    for digest in _digests(key, home, ref, contact.email):
        row = {"workspace_id": workspace, "digest": digest, "contact_id": contact.id}
        there = sa.select(tables.tombstone.c.digest).where(
            tables.tombstone.c.workspace_id == workspace, tables.tombstone.c.digest == row["digest"]
        )
        if connection.execute(there).first() is None:
            connection.execute(tables.tombstone.insert(), row)


def entombed(
    connection: sa.Connection, workspace: str, *, customer_id: str, ref: str | None = None, email: str | None = None
) -> str | None:
    """The id of the erased contact that these are of, if there is one. ref: the name that an import gives the contact."""
    s = tables.tombstone.c
    digests = _digests(_key(connection, workspace), customer_id, ref, email)
    found: str | None = connection.execute(
        sa.select(s.contact_id).where(s.workspace_id == workspace, s.digest.in_(digests)).limit(1)
    ).scalar_one_or_none()
    return found


def _key(connection: sa.Connection, workspace: str) -> bytes:
    w = tables.workspace.c
    key: bytes = connection.execute(sa.select(w.erasure_key).where(w.workspace_id == workspace)).scalar_one()
    return key


def _digests(key: bytes, customer_id: str, ref: str | None, email: str | None) -> list[str]:
    """A file's own name means one contact of one customer; an address means one person everywhere."""
    known = ([["import", customer_id, ref]] if ref else []) + ([["email", folded(email)]] if email else [])
    return [hmac.new(key, canonical(each).encode(), hashlib.sha256).hexdigest() for each in known]
