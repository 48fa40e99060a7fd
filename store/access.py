"""SQL of API keys. A key's text is `pvk_<id>_<secret>`; of the secret only its hash is kept, so the text is shown once.

A fast hash is right: the secret has 256 random bits, nobody finds it by trying.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from store import customers, tables
from store.actors import folded, new_id
from store.domain.activity import ActorType, Ref
from store.domain.errors import NotFound, code
from store.engine import Database, database_clock
from store.tables import plain
from store.wall import ACROSS

KEY: Final = re.compile(r"pvk_([a-z2-7]{12})_([A-Za-z0-9_-]{43})")
_NOBODY: Final = bytes(32)
"""What a secret is compared with where there is no such key, so that this takes as long."""


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """customer_id: the one customer it is for; None: all of the workspace."""

    workspace: str
    id: str
    name: str
    scopes: frozenset[Scope]
    customer_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def actor(self) -> Ref:
        """Who writes with it."""
        return Ref(ActorType.API, self.id)


def create(
    connection: sa.Connection,
    workspace: str,
    name: str,
    scopes: Iterable[Scope],
    customer: str | None,
    lifetime: timedelta | None,
) -> tuple[ApiKey, str]:
    """A new key, and its text. customer: as a person names one. Raises NotFound or Ambiguous."""
    customer_id = None if customer is None else customers.find(connection, workspace, customer, writing=True)[0].id
    now = database_clock(connection)
    ident, secret = new_id("key"), secrets.token_urlsafe(32)
    shown = plain(name)
    row = {
        "workspace_id": workspace,
        "id": ident,
        "name": shown,
        "secret_hash": _hash(secret),
        "scopes": sorted(scopes),
        "customer_id": customer_id,
        "created_at": now,
        "expires_at": None if lifetime is None else now + lifetime,
    }
    connection.execute(tables.api_key.insert(), row)
    actor = {
        "workspace_id": workspace,
        "id": str(Ref(ActorType.API, ident)),
        "type": ActorType.API.value,
        "name": shown,
        "name_key": folded(shown),
        "standing": "member",
        "is_admin": False,
    }
    connection.execute(tables.actor.insert(), actor)
    return _read({**row, "revoked_at": None}), f"pvk_{ident.removeprefix('key_')}_{secret}"


def every(connection: sa.Connection, workspace: str) -> Sequence[ApiKey]:
    """All keys, the newest first."""
    k = tables.api_key.c
    rows = connection.execute(
        sa.select(tables.api_key).where(k.workspace_id == workspace).order_by(k.created_at.desc(), k.id)
    )
    return [_read(row) for row in rows.mappings()]


def revoke(connection: sa.Connection, workspace: str, ident: str) -> ApiKey:
    """From now on it lets nobody in. Doing it twice changes nothing. Raises NotFound."""
    k = tables.api_key.c
    mine = sa.and_(k.workspace_id == workspace, k.id == ident)
    now = database_clock(connection)
    connection.execute(tables.api_key.update().where(mine, k.revoked_at.is_(None)).values(revoked_at=now))
    found = connection.execute(sa.select(tables.api_key).where(mine)).mappings().one_or_none()
    if found is None:
        raise NotFound(f"There is no key {code(ident)}.", "`pivotal apikey list` shows them.")
    return _read(found)


def admitted(connection: sa.Connection, text: str) -> ApiKey | None:
    """The key that this text is, while it is valid; None for any other text. The one look-up that no workspace scopes: it finds it."""
    parts = KEY.fullmatch(text)
    if parts is None:
        return None
    k = tables.api_key.c
    found = connection.execute(sa.select(tables.api_key).where(k.id == f"key_{parts[1]}")).mappings().one_or_none()
    expected = _NOBODY if found is None else found["secret_hash"]
    if not hmac.compare_digest(_hash(parts[2]), expected) or found is None or found["revoked_at"] is not None:
        return None
    if found["expires_at"] is not None and found["expires_at"] <= database_clock(connection):
        return None
    return _read(found)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _read(row: Any) -> ApiKey:
    return ApiKey(
        workspace=row["workspace_id"],
        id=row["id"],
        name=row["name"],
        scopes=frozenset(map(Scope, row["scopes"])),
        customer_id=row["customer_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


class Access:
    """API keys. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        workspace: str,
        name: str,
        scopes: Iterable[Scope],
        *,
        customer: str | None = None,
        lifetime: timedelta | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key, and its text, which can be had only now."""
        return await self._database.write(lambda c: create(c, workspace, name, scopes, customer, lifetime), workspace)

    async def every(self, workspace: str) -> Sequence[ApiKey]:
        return await self._database.read(lambda c: every(c, workspace), workspace)

    async def revoke(self, workspace: str, ident: str) -> ApiKey:
        return await self._database.write(lambda c: revoke(c, workspace, ident), workspace)

    async def admitted(self, text: str) -> ApiKey | None:
        return await self._database.read(lambda c: admitted(c, text), ACROSS)
