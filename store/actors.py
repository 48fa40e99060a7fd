"""SQL of who acts: people, integrations, API keys. A log holds references; here are the names."""

import re
import secrets
from base64 import b32encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import tables
from store.domain.activity import OWN_NAMES, REMOVED_CONTACT, ActorType, Ref
from store.domain.errors import Ambiguous, NotFound, code
from store.domain.names import folded as folded_text
from store.domain.query import Choice
from store.engine import CLOCKS, database_clock
from store.prepared import Prepared, among, array
from store.tables import plain

SLACK_USER_ID: Final = re.compile(r"[UW][A-Z0-9]{7,}")
"""As Slack spells the ids of people."""


class Standing(StrEnum):
    """What a person is in the Slack workspace."""

    MEMBER = "member"
    GUEST = "guest"
    BOT = "bot"
    OUTSIDER = "outsider"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as Slack describes them. zone: an IANA name, or None where Slack does not say."""

    slack_user_id: str
    name: str
    zone: str | None = None
    standing: Standing = Standing.MEMBER
    is_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson(Person):
    """The same, with the reference under which the log knows them, and when Slack was last asked."""

    ref: str
    refreshed_at: datetime


def new_id(kind: str) -> str:
    """A random id such as `cus_k3v9x2m4q7wt`: 60 bits, lower case, safe in URLs and commands."""
    return f"{kind}_{b32encode(secrets.token_bytes(8)).decode().lower()[:12]}"


def folded(name: str) -> str:
    """The form by which names are compared, of the text as it is kept."""
    return folded_text(plain(name))


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone, or None for a name that this machine does not know."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def person(connection: sa.Connection, workspace: str, slack_user_id: str) -> KnownPerson | None:
    """Whom Slack has described before. An import alone says nothing of what somebody is there."""
    a = tables.actor.c
    row = connection.execute(
        sa.select(a.slack_user_id, a.name, a.zone, a.standing, a.is_admin, a.id, a.refreshed_at).where(
            a.workspace_id == workspace, a.slack_user_id == slack_user_id, a.refreshed_at.is_not(None)
        )
    ).one_or_none()
    if row is None:
        return None
    user, name, zone, standing, is_admin, ref, refreshed_at = row
    return KnownPerson(
        slack_user_id=user,
        name=name,
        zone=zone,
        standing=Standing(standing),
        is_admin=is_admin,
        ref=ref,
        refreshed_at=refreshed_at,
    )


def mentioned(connection: sa.Connection, workspace: str, slack_user_id: str) -> str | None:
    """The reference of whoever has this id in Slack, if they are on record."""
    a = tables.actor.c
    found: str | None = connection.execute(
        sa.select(a.id).where(a.workspace_id == workspace, a.slack_user_id == slack_user_id)
    ).scalar_one_or_none()
    return found


def remember(connection: sa.Connection, workspace: str, seen: Person) -> KnownPerson:
    """Store what Slack says of a person now; the reference they had stays theirs."""
    a = tables.actor.c
    now = database_clock(connection)
    name = plain(seen.name)
    described = {
        "name": name,
        "name_key": folded(name),
        "zone": seen.zone,
        "standing": seen.standing.value,
        "is_admin": seen.is_admin,
        "refreshed_at": now,
    }
    mine = sa.and_(a.workspace_id == workspace, a.slack_user_id == seen.slack_user_id)
    ref = connection.execute(tables.actor.update().where(mine).values(described).returning(a.id)).scalar_one_or_none()
    if ref is None:
        ref = _introduced(connection, workspace, seen.slack_user_id, described)
    return KnownPerson(
        slack_user_id=seen.slack_user_id,
        name=name,
        zone=seen.zone,
        standing=seen.standing,
        is_admin=seen.is_admin,
        ref=ref,
        refreshed_at=now,
    )


def _introduced(connection: sa.Connection, workspace: str, slack_user_id: str, described: Mapping[str, object]) -> str:
    """Give a person a reference. Whoever is seen by two at the same moment for the first time has one all the same."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = {
        **described,
        "workspace_id": workspace,
        "id": str(Ref(ActorType.USER, new_id("usr"))),
        "type": ActorType.USER.value,
        "slack_user_id": slack_user_id,
    }
    once = insert(tables.actor).on_conflict_do_update(
        index_elements=["workspace_id", "slack_user_id"], set_=dict(described)
    )
    ref: str = connection.execute(once.returning(tables.actor.c.id), new).scalar_one()
    return ref


def names(
    connection: sa.Connection, workspace: str, refs: Iterable[Ref], known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Display names by reference. An erased contact has none left: it reads `removed contact`. known: those that were read already."""
    wanted = set(refs)
    found = {**(known or {}), **{str(ref): OWN_NAMES[ref] for ref in wanted if ref in OWN_NAMES}}
    contacts = [ref.id for ref in wanted if ref.type is ActorType.CONTACT]
    others = [name for ref in wanted if ref.type is not ActorType.CONTACT and (name := str(ref)) not in found]
    dialect = connection.dialect.name
    if others:
        rows = _ACTORS[dialect].all(connection, {"of": workspace, "ids": array(others, dialect)})
        found |= ((ref, name) for ref, name in rows)
    if contacts:
        rows = _CONTACTS[dialect].all(connection, {"of": workspace, "ids": array(contacts, dialect)})
        found |= {f"contact:{ident}": name or REMOVED_CONTACT for ident, name in rows}
    return found


def _names_in(table: sa.Table, dialect: str) -> Prepared:
    c = table.c
    mine = c.workspace_id == sa.bindparam("of")
    return Prepared(sa.select(c.id, c.name).where(mine, among(c.id, "ids", dialect)))


_ACTORS = {dialect: _names_in(tables.actor, dialect) for dialect in CLOCKS}
_CONTACTS = {dialect: _names_in(tables.contact, dialect) for dialect in CLOCKS}


def named(connection: sa.Connection, workspace: str, customer_id: str | None) -> Mapping[str, str]:
    """Display name by reference of everybody whom a filter can name: all who act, and this customer's contacts."""
    a, c = tables.actor.c, tables.contact.c
    found = dict(iter(connection.execute(sa.select(a.id, a.name).where(a.workspace_id == workspace))))
    found |= {str(ref): name for ref, name in OWN_NAMES.items()}
    contacts = connection.execute(
        sa.select(c.id, c.name).where(c.workspace_id == workspace, c.customer_id == customer_id)
    )
    return found | {f"contact:{ident}": name or REMOVED_CONTACT for ident, name in contacts}


def one_named(connection: sa.Connection, workspace: str, name: str) -> str:
    """The reference of the one user of this name. Raises NotFound or Ambiguous."""
    a = tables.actor.c
    same = sa.and_(a.workspace_id == workspace, a.type == ActorType.USER.value, a.name_key == folded(name))
    found = connection.execute(sa.select(a.id).where(same)).scalars().all()
    if not found:
        raise NotFound(f"I don't know a person {code(name)}.", "Write the name as the history prints it.")
    if len(found) > 1:
        raise Ambiguous(f"{len(found)} people are called {code(name)}.")
    ref: str = found[0]
    return ref


def people(connection: sa.Connection, workspace: str, typed: str, limit: int) -> list[Choice]:
    """Users whose name contains what was typed, with their references. Those who are gone, and bots, are left out."""
    a = tables.actor.c
    mine = sa.and_(a.workspace_id == workspace, a.type == ActorType.USER.value, a.standing == Standing.MEMBER.value)
    named = a.name_key.contains(folded(typed), autoescape=True)
    rows = connection.execute(sa.select(a.name, a.id).where(mine, named).order_by(a.name_key, a.id).limit(limit))
    return [Choice(name, ref) for name, ref in rows]
