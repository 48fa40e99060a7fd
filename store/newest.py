"""When each property was last set: what is older changes nothing, however late it is told (decisions/0033-newest-by-field.md)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import tables
from store.domain.sync import Notice

STATE: Final = "state"
"""Of a contact, as its provider tells it: whether it is archived."""
OF_CONTACT: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("firstname", "lastname"),
    "email": ("email",),
    "state": (STATE,),
}
"""What of a contact here is made of which properties there."""


def is_newest(connection: sa.Connection, workspace: str, notice: Notice, name: str) -> bool:
    """Whether nothing newer was applied to this property of the provider's object; from now on, older values of it are superseded."""
    key = {
        "provider": notice.provider.value,
        "account": notice.account,
        "object": notice.object,
        "object_id": notice.object_id,
        "property": name,
    }
    return _is_newest(connection, workspace, key, notice)


def is_newest_of_customer(
    connection: sa.Connection, workspace: str, notice: Notice, customer_id: str, field_name: str
) -> bool:
    """The same of one of our customer's fields, whoever sets it: two invoices, HubSpot and Stripe, or somebody here."""
    return _is_newest(connection, workspace, _of_customer(customer_id, field_name), notice)


def set_here(connection: sa.Connection, workspace: str, customer_id: str, fields: Iterable[str], at: datetime) -> None:
    """These fields of a customer were set by somebody here. The caller holds the customer's lock."""
    _set(connection, workspace, [_of_customer(customer_id, each) for each in fields], at)


def set_of_contact_here(
    connection: sa.Connection, workspace: str, contact_id: str, facts: Iterable[str], at: datetime
) -> None:
    """The same of these facts of a contact, whom providers may know."""
    x = tables.external_contact.c
    known = sa.select(x.provider, x.account, x.external_id).where(
        x.workspace_id == workspace, x.contact_id == contact_id
    )
    properties = [each for fact in facts for each in OF_CONTACT[fact]]
    keys = [
        {"provider": provider, "account": account, "object": "contact", "object_id": ident, "property": each}
        for provider, account, ident in connection.execute(known)
        for each in properties
    ]
    _set(connection, workspace, keys, at)


def _of_customer(customer_id: str, field_name: str) -> dict[str, str]:
    return {"provider": "", "account": "", "object": "customer", "object_id": customer_id, "property": field_name}


def _is_newest(connection: sa.Connection, workspace: str, key: Mapping[str, str], notice: Notice) -> bool:
    s = tables.synced
    this = sa.and_(s.c.workspace_id == workspace, *(s.c[column] == value for column, value in key.items()))
    applied = connection.execute(sa.select(s.c.occurred_at).where(this).with_for_update()).scalar_one_or_none()
    if applied is None:
        connection.execute(s.insert(), {"workspace_id": workspace, **key, "occurred_at": notice.occurred_at})
        return True
    if notice.occurred_at < applied:
        return False
    connection.execute(s.update().where(this).values(occurred_at=notice.occurred_at))
    return True


def _set(connection: sa.Connection, workspace: str, keys: Iterable[Mapping[str, str]], at: datetime) -> None:
    rows = [{"workspace_id": workspace, **key, "occurred_at": at} for key in keys]
    if rows:
        connection.execute(_PUT[connection.dialect.name], rows)


def _put(new: postgresql.Insert | sqlite.Insert) -> sa.Insert:
    s = tables.synced
    return new.on_conflict_do_update(
        index_elements=list(s.primary_key),
        set_={"occurred_at": new.excluded.occurred_at},
        where=s.c.occurred_at < new.excluded.occurred_at,
    )


_PUT: Final = {
    "postgresql": _put(postgresql.insert(tables.synced)),
    "sqlite": _put(sqlite.insert(tables.synced)),
}
