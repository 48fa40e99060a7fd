"""Who was erased: a list of ids and keyed digests, kept outside of any backup, and applied to what was restored from an older one.

A line for each contact, without a name: `{"workspace": …, "contact": …, "customer": …, "by": …, "at": …, "digests": […], "external": […]}`.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError

from store import erasure, tables
from store.chain import micros
from store.domain.activity import PI, Ref, Source
from store.domain.errors import BadLine
from store.domain.query import EPOCH
from store.domain.record import By
from store.wall import see_all


class Erased(BaseModel):
    """at: microseconds since 1970. digests: the tombstones. external: the provider's objects that this contact was: provider, account, id."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    workspace: str
    contact: str
    customer: str
    by: str
    at: int
    digests: tuple[str, ...]
    external: tuple[tuple[str, str, str], ...]


def listed(connection: sa.Connection) -> list[Erased]:
    """Everybody who was erased, in all workspaces."""
    see_all(connection)
    c, t, e, a = tables.contact.c, tables.tombstone.c, tables.external_contact.c, tables.activity.c
    found = []
    gone = sa.select(c.workspace_id, c.id, c.customer_id, c.erased_at).where(c.erased_at.is_not(None))
    for workspace, contact, customer, at in connection.execute(gone.order_by(c.workspace_id, c.id)).all():
        digests = sa.select(t.digest).where(t.workspace_id == workspace, t.contact_id == contact)
        objects = sa.select(e.provider, e.account, e.external_id).where(
            e.workspace_id == workspace, e.contact_id == contact
        )
        told = sa.select(a.actor).where(
            a.workspace_id == workspace,
            a.customer_id == customer,
            a.type == "contact.removed",
            a.subject == f"contact:{contact}",
        )
        found.append(
            Erased(
                workspace=workspace,
                contact=contact,
                customer=customer,
                by=connection.execute(told.order_by(a.seq.desc()).limit(1)).scalar_one_or_none() or str(PI),
                at=micros(at),
                digests=tuple(connection.execute(digests.order_by(t.digest)).scalars()),
                external=tuple((one[0], one[1], one[2]) for one in connection.execute(objects)),
            )
        )
    return found


def lines(everybody: Iterable[Erased]) -> str:
    return "".join(f"{each.model_dump_json()}\n" for each in everybody)


def read(text: str) -> Iterator[Erased]:
    """Raises BadLine."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield Erased.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            raise BadLine(number, "it is not one of `pivotal erasures`.") from None


def apply(connection: sa.Connection, everybody: Iterable[Erased]) -> int:
    """Erase them again, as they were erased first, and see that they do not come back. Returns how many were there still."""
    return sum(_erased(connection, each) for each in everybody)


def _erased(connection: sa.Connection, each: Erased) -> bool:
    c, k = tables.contact.c, tables.customer.c
    state = sa.select(c.erased_at).where(c.workspace_id == each.workspace, c.id == each.contact)
    known = connection.execute(state).one_or_none()
    is_here, again = known is not None, known is not None and known[0] is None
    if again:
        by = By(actor=Ref.parse(each.by), source=Source.CLI, occurred_at=EPOCH + timedelta(microseconds=each.at))
        contact, found = erasure.scan(connection, each.workspace, each.customer, each.contact)
        erasure.erase(connection, each.workspace, each.customer, contact.id, found, by)
    elif not is_here:
        there = sa.select(k.id).where(k.workspace_id == each.workspace, k.id == each.customer)
        is_here = connection.execute(there).first() is not None
        if is_here:
            _insert_nobody(connection, each)
    _close(connection, each, contact=each.contact if is_here else None)
    return again


def _insert_nobody(connection: sa.Connection, each: Erased) -> None:
    """One who came and was erased since the backup: nothing of theirs is here, and nothing is to come back."""
    row = {
        "workspace_id": each.workspace,
        "id": each.contact,
        "customer_id": each.customer,
        "state": "removed",
        "is_primary": False,
        "erased_at": EPOCH + timedelta(microseconds=each.at),
    }
    connection.execute(tables.contact.insert(), row)


def _close(connection: sa.Connection, each: Erased, contact: str | None) -> None:
    """By the tombstones no import, and by the provider's ids no webhook brings them back."""
    t, e = tables.tombstone, tables.external_contact
    held = set(connection.execute(sa.select(t.c.digest).where(t.c.workspace_id == each.workspace)).scalars())
    for digest in set(each.digests) - held if contact else ():
        connection.execute(t.insert(), {"workspace_id": each.workspace, "digest": digest, "contact_id": contact})
    w = tables.workspace.c
    if connection.execute(sa.select(w.workspace_id).where(w.workspace_id == each.workspace)).first() is None:
        return
    for provider, account, ident in each.external:
        key = {"workspace_id": each.workspace, "provider": provider, "account": account, "external_id": ident}
        mine = sa.and_(*(e.c[name] == value for name, value in key.items()))
        closed = {"told": sa.null(), "erased": True}
        if connection.execute(e.update().where(mine).values(closed).returning(e.c.provider)).first() is None:
            connection.execute(e.insert().values({**key, **closed, "contact_id": contact}))
