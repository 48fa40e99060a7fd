"""Whose it is: a provider's object → our customer. Where it is not known, it is created, or the notice waits, by the workspace's setting."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from store import customers, tables
from store.actors import folded, new_id
from store.domain.activity import Change, Source
from store.domain.record import By
from store.domain.sync import ACTORS, NAMES, Notice, What
from store.engine import database_clock
from store.newest import STATE, is_newest
from store.records import customer
from store.records.recording import activity, locked, one_at_a_time, record
from store.settings import WorkspaceSettings
from store.syncing.told import Applied

PERSONAL = ("firstname", "lastname", "email")
"""Of a provider's contact: what its name and address are made of."""
KINDS: Final[Mapping[Source, str]] = {Source.HUBSPOT: "company", Source.STRIPE: "customer"}
"""What is a customer here, in the provider's word."""


def customer_of(
    connection: sa.Connection,
    workspace: str,
    notice: Notice,
    all_of_it: Sequence[Notice],
    settings: WorkspaceSettings,
    done: Applied,
) -> str | None:
    """The customer concerned. Where it is not known, it is created, or the notice waits, by the workspace's setting."""
    if notice.object == "contact":
        return _customer_of_contact(connection, workspace, notice, all_of_it, settings, done)
    if notice.customer is None:
        done.unknown += 1
        return None
    known = known_customer(connection, workspace, notice.provider, notice.account, notice.customer)
    if known is not None:
        return known
    if settings.unknown_customer == "park":
        _unsay(connection, workspace, notice)
        done.parked.setdefault(known_as(notice), []).append(notice)
        return None
    return _create(connection, workspace, notice, all_of_it)


def _customer_of_contact(
    connection: sa.Connection,
    workspace: str,
    notice: Notice,
    all_of_it: Sequence[Notice],
    settings: WorkspaceSettings,
    done: Applied,
) -> str | None:
    """A contact reaches a customer by its association; until then, what is told of it waits."""
    row = external_contact(connection, workspace, notice)
    if notice.what in {What.ASSOCIATED, What.SEPARATED} and notice.customer:
        about = replace(notice, object="company", object_id=notice.customer)
        return customer_of(connection, workspace, about, all_of_it, settings, done)
    if row["customer_id"] is not None:
        return str(row["customer_id"])
    if row["erased"] or notice.what is What.ERASED:
        done.told_of_removed = True
        set_external(connection, workspace, notice, {"told": None, "erased": True})
    elif newer := _said_of_contact(connection, workspace, notice):
        set_external(connection, workspace, notice, {"told": {**(row["told"] or {}), **newer}})
    done.unknown += 1
    return None


def _said_of_contact(connection: sa.Connection, workspace: str, notice: Notice) -> Mapping[str, str]:
    """What is newer than all that was told of it before: the parts of its name and address, and whether it is archived there."""
    match notice.what:
        case What.CHANGED:
            said = {name: tables.plain(value) for name, value in notice.values.items() if name in PERSONAL}
        case What.DELETED | What.RESTORED:
            said = {STATE: "active" if notice.what is What.RESTORED else "archived"}
        case _:
            said = {}
    return {name: value for name, value in said.items() if is_newest(connection, workspace, notice, name)}


def known_as(notice: Notice) -> str:
    return f"{notice.provider}:{notice.account}:{notice.customer}"


def known_customer(
    connection: sa.Connection, workspace: str, provider: Source, account: str, external_id: str
) -> str | None:
    """Ids that people set by hand belong to no account: they hold for each."""
    x = tables.external_id.c
    found: str | None = connection.execute(
        sa.select(x.customer_id)
        .where(
            x.workspace_id == workspace,
            x.provider == provider.value,
            x.external_id == external_id,
            x.account.in_((account, "")),
        )
        .order_by(x.account.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found


def _unsay(connection: sa.Connection, workspace: str, notice: Notice) -> None:
    """A notice that waits has not counted yet."""
    k = tables.inbound_key.c
    this = sa.and_(k.workspace_id == workspace, k.source == notice.provider.value, k.key == notice.key)
    connection.execute(tables.inbound_key.delete().where(this))


def _create(connection: sa.Connection, workspace: str, notice: Notice, all_of_it: Sequence[Notice]) -> str:
    """A customer from what this delivery tells of it; its name, when it comes later, renames it."""
    one_at_a_time(connection, workspace)
    mine = [each for each in all_of_it if each.customer == notice.customer]
    names = [value for each in mine for key in ("name", "stripe_name") if (value := each.values.get(key, "")).strip()]
    name = tables.plain(" ".join(names[-1].split())[: customer.MAX_NAME] if names else unnamed(notice))
    ident = new_id("cus")
    row = {
        "workspace_id": workspace,
        "id": ident,
        "slug": customers.free_slug(connection, workspace, name),
        "name": name,
        "name_key": folded(name),
        "status": "active",
        "tags": [],
        "fields": {},
        "version": 0,
        "last_seq": 0,
        "last_hash": bytes(32),
        "created_at": database_clock(connection),
    }
    connection.execute(tables.customer.insert(), row)
    bind(connection, workspace, notice.provider, notice.account, str(notice.customer), ident)
    by = By(actor=ACTORS[notice.provider], source=notice.provider, occurred_at=notice.occurred_at)
    locked(connection, workspace, ident)
    record(connection, workspace, ident, [activity(by, "customer.created", Change("name", None, name))])
    return ident


def unnamed(notice: Notice) -> str:
    """What a customer is called until the provider tells its name."""
    return f"{NAMES[notice.provider]} {KINDS[notice.provider]} {notice.customer}"


def bind(
    connection: sa.Connection, workspace: str, provider: Source, account: str, external_id: str, customer_id: str
) -> None:
    """From now on this id of the provider's is this customer's, whoever had it before."""
    x = tables.external_id
    this = sa.and_(
        x.c.workspace_id == workspace,
        x.c.provider == provider.value,
        x.c.account == account,
        x.c.external_id == external_id,
    )
    moved = connection.execute(
        x.update().where(this).values(customer_id=customer_id).returning(x.c.customer_id)
    ).first()
    if moved is None:
        row = {
            "workspace_id": workspace,
            "provider": provider.value,
            "account": account,
            "external_id": external_id,
            "customer_id": customer_id,
        }
        connection.execute(x.insert(), row)


def external_contact(connection: sa.Connection, workspace: str, notice: Notice) -> Mapping[str, Any]:
    e = tables.external_contact
    key = _contact_key(workspace, notice)
    this = sa.and_(*(e.c[column] == value for column, value in key.items()))
    row = connection.execute(sa.select(e).where(this).with_for_update()).mappings().one_or_none()
    if row is not None:
        return dict(row)
    made: dict[str, Any] = {**key, "customer_id": None, "contact_id": None, "told": None, "erased": False}
    connection.execute(e.insert(), made)
    return made


def set_external(connection: sa.Connection, workspace: str, notice: Notice, values: Mapping[str, Any]) -> None:
    e = tables.external_contact
    this = sa.and_(*(e.c[column] == value for column, value in _contact_key(workspace, notice).items()))
    connection.execute(e.update().where(this).values(dict(values)))


def _contact_key(workspace: str, notice: Notice) -> dict[str, str]:
    return {
        "workspace_id": workspace,
        "provider": notice.provider.value,
        "account": notice.account,
        "external_id": notice.object_id,
    }
