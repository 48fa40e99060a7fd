"""What one delivery came to, and which of its values are the newest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from store import tables
from store.domain.activity import Value
from store.domain.sync import Notice


@dataclass(slots=True)
class Applied:
    """customers: those touched. repeated, unknown: numbers of notices. parked: what waits, by `provider:account:id`.

    told_of_removed  it tells of a contact who was removed for good: its body must not be kept
    """

    customers: list[str] = field(default_factory=list)
    repeated: int = 0
    unknown: int = 0
    parked: dict[str, list[Notice]] = field(default_factory=dict)
    told_of_removed: bool = False


@dataclass(slots=True)
class Told:
    """What one delivery told of one object of a customer, in order."""

    notice: Notice
    fields: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wanted: dict[str, Value] = field(default_factory=dict)
    of_removed: bool = False


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
    """The same of one of our customer's fields, whichever object of whichever provider feeds it: two invoices, or HubSpot and Stripe
    (decisions/0033-newest-by-field.md).
    """
    key = {"provider": "", "account": "", "object": "customer", "object_id": customer_id, "property": field_name}
    return _is_newest(connection, workspace, key, notice)


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
