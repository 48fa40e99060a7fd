"""SQL that writes contacts. The log names them by reference; their names live here, and nowhere once they are erased."""

import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import newest, tables
from store.actors import folded, new_id
from store.domain.activity import ActorType, Change, Ref
from store.domain.customer import digest, within
from store.domain.errors import Ambiguous, Conflict, NotFound, Refused, UsageError, code
from store.domain.record import By, Contact, Receipt
from store.engine import database_clock
from store.records.recording import activity, counts, locked, name_of, record, repeated

MAIL = re.compile(r"[^@\s<>\"]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+")


def contacts(connection: sa.Connection, workspace: str, customer_id: str) -> list[Contact]:
    """Those who have not been erased: the primary one first, archived ones last."""
    c = tables.contact.c
    rows = connection.execute(
        sa.select(c.id, c.name, c.email, c.state, c.is_primary)
        .where(c.workspace_id == workspace, c.customer_id == customer_id, c.erased_at.is_(None))
        .order_by(c.is_primary.desc(), c.state, c.name_key, c.id)
    )
    return [Contact(*row) for row in rows]


def add(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    name: str,
    email: str | None,
    by: By,
    *,
    primary: bool,
    namesake: bool = False,
) -> Receipt:
    """namesake: a second one of the same name and address is another person, as a provider says it is."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    name, email = _name(name), _mail(email)
    known = contacts(connection, workspace, customer_id)
    if not namesake and any(folded(each.name) == folded(name) and each.email == email for each in known):
        raise Conflict(f"There is a contact {code(name)} already. Nothing was changed.")
    ident = new_id("con")
    row = {
        "workspace_id": workspace,
        "id": ident,
        "customer_id": customer_id,
        "name": name,
        "name_key": folded(name),
        "email": email,
        "state": "active",
        "is_primary": False,
    }
    connection.execute(tables.contact.insert(), row)
    changes = [Change("contact", None, Ref(ActorType.CONTACT, ident))]
    if primary:
        changes += _make_primary(connection, workspace, customer_id, ident)
    return _recorded(connection, workspace, customer_id, by, "contact.added", changes, ident)


def _name(name: str) -> str:
    name = within(" ".join(name.split()), "name", 200)
    if not name:
        raise UsageError("The contact has no name.", 'Try `/pivotal contact add acme "Ann Lee" ann@acme.com`.')
    return name


def _mail(email: str | None) -> str | None:
    if not email:
        return None
    if not MAIL.fullmatch(email):
        raise UsageError(
            f"I read {code(email)} as an e-mail address, which it is not.", "Write it like `ann@acme.com`."
        )
    return email


def _make_primary(connection: sa.Connection, workspace: str, customer_id: str, ident: str) -> list[Change]:
    c = tables.contact.c
    theirs = sa.and_(c.workspace_id == workspace, c.customer_id == customer_id)
    before = connection.execute(sa.select(c.id).where(theirs, c.is_primary)).scalars().first()
    if before == ident:
        return []
    connection.execute(tables.contact.update().where(theirs, c.is_primary).values(is_primary=False))
    connection.execute(tables.contact.update().where(theirs, c.id == ident).values(is_primary=True))
    was = None if before is None else Ref(ActorType.CONTACT, before)
    return [Change("primary contact", was, Ref(ActorType.CONTACT, ident))]


def _recorded(
    connection: sa.Connection, workspace: str, customer_id: str, by: By, kind: str, changes: list[Change], ident: str
) -> Receipt:
    return record(connection, workspace, customer_id, [activity(by, kind, *changes, subject=f"contact:{ident}")])


def turn(connection: sa.Connection, workspace: str, customer_id: str, which: str, state: str, by: By) -> Receipt:
    """Archive a contact, or restore it; the name stays. state: `archived` or `active`."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    found = chosen(connection, workspace, customer_id, which, prefer="active" if state == "archived" else "archived")
    if found.state == state:
        return Receipt(customer=name_of(connection, workspace, customer_id))
    c = tables.contact.c
    values: dict[str, Any] = {"state": state}
    changes = [Change("contact", None, found.ref)]
    if state == "archived" and found.is_primary:
        values["is_primary"] = False
        changes.append(Change("primary contact", found.ref, None))
    connection.execute(tables.contact.update().where(c.workspace_id == workspace, c.id == found.id).values(values))
    kind = "contact.archived" if state == "archived" else "contact.restored"
    receipt = _recorded(connection, workspace, customer_id, by, kind, changes, found.id)
    _remember_when(connection, workspace, found.id, ["state"], by, receipt)
    return receipt


def update(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    contact_id: str,
    by: By,
    *,
    name: str,
    email: str | None,
    primary: bool,
    expected: str | None = None,
) -> Receipt:
    """Give a contact another name or address, or make it the primary one. expected: the digest of name and address as the form showed them."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    now = chosen(connection, workspace, customer_id, contact_id)
    name, email = _name(name), _mail(email)
    if expected is not None and digest(now.name, now.email) != expected:
        raise Conflict(
            f"Somebody changed this contact meanwhile: you wrote “{name}”, it is “{now.name}” now. Nothing was changed.",
            "Open the form again to see what it is.",
        )
    changes = [Change("name", now.name, name)] if name != now.name else []
    changes += [Change("email", now.email, email)] if email != now.email else []
    if changes:
        _remember_former(connection, workspace, now, database_clock(connection))
        c = tables.contact.c
        this = sa.and_(c.workspace_id == workspace, c.id == now.id)
        connection.execute(tables.contact.update().where(this).values(name=name, name_key=folded(name), email=email))
    if primary and not now.is_primary:
        changes += _make_primary(connection, workspace, customer_id, now.id)
    if not changes:
        return Receipt(customer=name_of(connection, workspace, customer_id))
    receipt = _recorded(connection, workspace, customer_id, by, "contact.updated", changes, now.id)
    facts = [change.field for change in changes if change.field in newest.OF_CONTACT]
    _remember_when(connection, workspace, now.id, facts, by, receipt)
    return receipt


def _remember_when(
    connection: sa.Connection, workspace: str, contact_id: str, facts: list[str], by: By, receipt: Receipt
) -> None:
    """What was set here is not replaced by what a provider tells of the time before."""
    if by.is_here and facts:
        newest.set_of_contact_here(connection, workspace, contact_id, facts, receipt.recorded[0].occurred_at)


def _remember_former(connection: sa.Connection, workspace: str, now: Contact, until: datetime) -> None:
    """An erasure has to find earlier names, too."""
    n = tables.contact_name.c
    last = sa.select(sa.func.coalesce(sa.func.max(n.position), 0)).where(
        n.workspace_id == workspace, n.contact_id == now.id
    )
    row = {
        "workspace_id": workspace,
        "contact_id": now.id,
        "position": connection.execute(last).scalar_one() + 1,
        "name": now.name,
        "email": now.email,
        "until": until,
    }
    connection.execute(tables.contact_name.insert(), row)


def chosen(
    connection: sa.Connection, workspace: str, customer_id: str, which: str, *, prefer: str | None = None
) -> Contact:
    """The contact meant, by id, address or name. Raises NotFound, Ambiguous; Refused for one that was erased."""
    known = contacts(connection, workspace, customer_id)
    key = folded(which)
    found = [each for each in known if each.id == which] or [
        each for each in known if key in {folded(each.name), folded(each.email or "")}
    ]
    found = [each for each in found if each.state == prefer] or found
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{each.name} ({code(each.email or each.id)})" for each in found[:5])
        raise Ambiguous(f"{code(which)} fits several contacts: {listed}.", "Say which one, by what stands in brackets.")
    c = tables.contact.c
    erased = sa.select(c.id).where(c.workspace_id == workspace, c.id == which, c.erased_at.is_not(None))
    if connection.execute(erased).first() is not None:
        raise Refused("That contact was removed for good, and cannot come back.")
    listed = ", ".join(each.name for each in known[:5])
    raise NotFound(
        f"I don't know a contact {code(which)} here.", f"There are {listed}." if listed else "There are none."
    )
