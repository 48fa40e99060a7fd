"""Applying what a provider told: one `integration.sync_write` for each customer that a delivery touched, and the changes it caused, all
under one edit_id, in one transaction with the notices' keys.

The same value again is no change. A value older than what was applied is superseded: it is recorded, and changes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from store import activities, customers, erasure, tables
from store.actors import folded, new_id
from store.domain.activity import REMOVED_CONTACT, ActorType, Change, Ref, Source, Value
from store.domain.customer import PROVIDER_IDS, Assignment, Field, FieldType, field_named, read, within
from store.domain.errors import Conflict, PivotalError
from store.domain.record import By
from store.domain.sync import ACTORS, NAMES, Notice, What, field_for, link
from store.engine import database_clock
from store.records import contact, customer
from store.records.recording import activity, custom_fields, locked, one_at_a_time, one_sync_at_a_time, record
from store.settings import WorkspaceSettings

EPOCH_MS = re.compile(r"-?[0-9]{9,14}")
DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,20})?")
PERSONAL = ("firstname", "lastname", "email")
"""Of a provider's contact: what its name and address are made of."""


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
class _Told:
    """What one delivery told of one object of a customer, in order."""

    notice: Notice
    fields: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wanted: dict[str, Value] = field(default_factory=dict)
    of_removed: bool = False


def apply(
    connection: sa.Connection,
    workspace: str,
    delivery_id: str,
    notices: Sequence[Notice],
    settings: WorkspaceSettings,
    *,
    again: bool = False,
) -> Applied:
    """Apply the notices of one delivery, in the caller's transaction.

    again  they have counted before, under another mapping: values are set once more, and nothing is recorded but what that changes
    """
    one_sync_at_a_time(connection, workspace)
    if any(notice.what is What.ERASED for notice in notices):
        one_at_a_time(connection, workspace)
    done = Applied()
    fresh: list[Notice] = []
    for notice in notices:
        first = activities.first_time(connection, workspace, notice.provider, notice.key)
        if first or (again and notice.what is What.CHANGED):
            fresh.append(notice)
        else:
            done.repeated += 1
    whose: list[tuple[str, Notice]] = []
    for notice in fresh:
        customer_id = _customer_of(connection, workspace, notice, fresh, settings, done)
        if customer_id is not None:
            whose.append((customer_id, notice))
    for customer_id, told in groupby(sorted(whose, key=lambda each: each[0]), key=lambda each: each[0]):
        mine = [each for _, each in told]
        if _apply_to(connection, workspace, customer_id, delivery_id, mine, settings, again=again):
            done.told_of_removed = True
        done.customers.append(customer_id)
    return done


# --- whose it is ------------------------------------------------------------------------------------------------------


def _customer_of(
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
    name = tables.plain(
        " ".join(names[-1].split())[: customer.MAX_NAME]
        if names
        else f"{NAMES[notice.provider]} {notice.object} {notice.customer}"
    )
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


# --- one customer -----------------------------------------------------------------------------------------------------


def _apply_to(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    delivery_id: str,
    notices: Sequence[Notice],
    settings: WorkspaceSettings,
    *,
    again: bool,
) -> bool:
    """Returns whether it told of a contact who was removed for good."""
    locked(connection, workspace, customer_id)
    removed = False
    edit_id = new_id("edt")
    by_object: dict[tuple[str, str], list[Notice]] = {}
    for notice in notices:
        by_object.setdefault((notice.object, notice.object_id), []).append(notice)
    for told in by_object.values():
        latest = max(told, key=lambda each: each.occurred_at)
        by = By(
            actor=ACTORS[latest.provider],
            source=latest.provider,
            edit_id=edit_id,
            occurred_at=latest.occurred_at,
            refs={"delivery": delivery_id},
        )
        outcome = _Told(latest)
        for notice in told:
            _take_in(connection, workspace, customer_id, notice, outcome, by, settings)
        if _write_fields(connection, workspace, customer_id, outcome, by) or not again:
            _record_sync(connection, workspace, customer_id, outcome, by)
        removed = removed or outcome.of_removed
    return removed


def _take_in(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    notice: Notice,
    outcome: _Told,
    by: By,
    settings: WorkspaceSettings,
) -> None:
    if notice.object == "contact":
        _take_in_contact(connection, workspace, customer_id, notice, outcome, by)
        return
    match notice.what:
        case What.DELETED:
            outcome.notes.append("deleted there")
            _want(connection, workspace, customer_id, notice, outcome, "status", "archived", "status")
        case What.RESTORED:
            outcome.notes.append("restored there")
            _want(connection, workspace, customer_id, notice, outcome, "status", "active", "status")
        case What.MERGED:
            _merge(connection, workspace, customer_id, notice, outcome)
        case _:
            for name, value in notice.values.items():
                target = field_for(notice.provider, name, settings.mapping)
                if target is not None and name != "stripe_name":
                    _want(connection, workspace, customer_id, notice, outcome, name, value, target)


def _want(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    notice: Notice,
    outcome: _Told,
    name: str,
    value: str,
    target: str,
) -> None:
    """Remember that a field is to hold this, unless something newer has been applied to it."""
    if not _is_newest(connection, workspace, notice, name):
        outcome.superseded.append(name)
        return
    try:
        found = _field(connection, workspace, target)
        read_as = _value(connection, workspace, notice, found, tables.plain(value))
        _can_hold(connection, workspace, customer_id, found, read_as)
    except PivotalError:
        outcome.notes.append(f"{name} does not fit the field {target}")
        return
    outcome.fields.append(name)
    outcome.wanted[found.name] = read_as


def _field(connection: sa.Connection, workspace: str, target: str) -> Field:
    """The field of this name; a new one, as text, where there is none. Raises UsageError, Conflict."""
    target = " ".join(tables.plain(target).split())[: customer.MAX_FIELD_NAME]
    found = field_named(target, custom_fields(connection, workspace))
    return found or customer.define_field(connection, workspace, target, FieldType.TEXT, ())


def _can_hold(connection: sa.Connection, workspace: str, customer_id: str, found: Field, value: Value) -> None:
    """Raises UsageError for a name that is too long, Conflict for a provider's id that is another customer's."""
    if found.name == "name":
        within(str(value), "name", customer.MAX_NAME)
    if found.name in PROVIDER_IDS and value is not None:
        provider = Source(PROVIDER_IDS[found.name])
        if known_customer(connection, workspace, provider, "", str(value)) not in {None, customer_id}:
            raise Conflict(f"That {found.name} belongs to another customer.")


def _value(connection: sa.Connection, workspace: str, notice: Notice, found: Field, text: str) -> Value:
    """A property's text as the field's type has it: days are epoch milliseconds there, lists stand between semicolons."""
    if found.type is FieldType.PERSON:
        return _owner(connection, workspace, notice, text) if text else None
    if found.type is FieldType.DATE and EPOCH_MS.fullmatch(text):
        text = datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
    if found.type is FieldType.SCORE and DECIMAL.fullmatch(text):
        text = str(round(float(text)))
    items = tuple(each.strip() for each in text.replace(";", ",").split(",")) if found.type is FieldType.LIST else ()
    return read(found, Assignment(found.name, text, items), None)


def _owner(connection: sa.Connection, workspace: str, notice: Notice, external_id: str) -> Ref:
    """The person whom the provider knows by this id. Who is not known here yet is called by it."""
    a = tables.actor.c
    known = f"{notice.provider}:{external_id}"
    mine = sa.and_(a.workspace_id == workspace, a.type == ActorType.USER.value, a.import_ref == known)
    ref = connection.execute(sa.select(a.id).where(mine)).scalar_one_or_none()
    if ref is None:
        ref = str(Ref(ActorType.USER, new_id("usr")))
        name = tables.plain(f"{NAMES[notice.provider]} owner {external_id}")
        row = {
            "workspace_id": workspace,
            "id": ref,
            "type": ActorType.USER.value,
            "name": name,
            "name_key": folded(name),
            "import_ref": known,
            "standing": "member",
            "is_admin": False,
        }
        connection.execute(tables.actor.insert(), row)
    return Ref.parse(ref)


def _is_newest(connection: sa.Connection, workspace: str, notice: Notice, name: str) -> bool:
    """Whether nothing newer was applied to this property; from now on, older values of it are superseded."""
    s = tables.synced
    key = {
        "workspace_id": workspace,
        "provider": notice.provider.value,
        "account": notice.account,
        "object": notice.object,
        "object_id": notice.object_id,
        "property": name,
    }
    this = sa.and_(*(s.c[column] == value for column, value in key.items()))
    applied = connection.execute(sa.select(s.c.occurred_at).where(this).with_for_update()).scalar_one_or_none()
    if applied is None:
        connection.execute(s.insert(), {**key, "occurred_at": notice.occurred_at})
        return True
    if notice.occurred_at < applied:
        return False
    connection.execute(s.update().where(this).values(occurred_at=notice.occurred_at))
    return True


def _merge(connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, outcome: _Told) -> None:
    """The merged companies' ids lead here from now on; the rows of their histories do not move."""
    for external_id in notice.related:
        bind(connection, workspace, notice.provider, notice.account, external_id, customer_id)
        outcome.notes.append(f"merged with {external_id}")


def _write_fields(connection: sa.Connection, workspace: str, customer_id: str, outcome: _Told, by: By) -> bool:
    """Returns whether that changed anything."""
    if not outcome.wanted:
        return False
    now = locked(connection, workspace, customer_id)
    return bool(customer.apply(connection, workspace, now, outcome.wanted, by).recorded)


def _record_sync(connection: sa.Connection, workspace: str, customer_id: str, outcome: _Told, by: By) -> None:
    notice = outcome.notice
    number = len(dict.fromkeys(outcome.fields))
    told = [f"{number} {'field' if number == 1 else 'fields'}"] if number or not outcome.notes else []
    told += list(dict.fromkeys(outcome.notes))
    if outcome.superseded:
        told.append(f"superseded: {', '.join(dict.fromkeys(outcome.superseded))}")
    refs: dict[str, object] = {"object": f"{notice.object}:{notice.object_id}", "fields": sorted(set(outcome.fields))}
    if outcome.superseded:
        refs["superseded"] = sorted(set(outcome.superseded))
    if notice.reason:
        refs["reason"] = dict(notice.reason)
    if page := link(notice):
        refs["link"] = page
    text = f"{NAMES[notice.provider]} {notice.object} {notice.object_id}: {', '.join(told)}"
    record(connection, workspace, customer_id, [activity(by, "integration.sync_write", text=text, refs=refs)])


# --- contacts ---------------------------------------------------------------------------------------------------------


def _customer_of_contact(
    connection: sa.Connection,
    workspace: str,
    notice: Notice,
    all_of_it: Sequence[Notice],
    settings: WorkspaceSettings,
    done: Applied,
) -> str | None:
    """A contact reaches a customer by its association; until then, what is told of it waits."""
    row = _external_contact(connection, workspace, notice)
    if notice.what in {What.ASSOCIATED, What.SEPARATED} and notice.customer:
        about = replace(notice, object="company", object_id=notice.customer)
        return _customer_of(connection, workspace, about, all_of_it, settings, done)
    if row["customer_id"] is not None:
        return str(row["customer_id"])
    if row["erased"] or notice.what is What.ERASED:
        done.told_of_removed = True
        _set_external(connection, workspace, notice, {"told": None, "erased": True})
    elif notice.what is What.CHANGED:
        told = {**(row["told"] or {}), **{k: tables.plain(v) for k, v in notice.values.items() if k in PERSONAL}}
        _set_external(connection, workspace, notice, {"told": told})
    done.unknown += 1
    return None


def _external_contact(connection: sa.Connection, workspace: str, notice: Notice) -> Mapping[str, Any]:
    e = tables.external_contact
    key = _contact_key(workspace, notice)
    this = sa.and_(*(e.c[column] == value for column, value in key.items()))
    row = connection.execute(sa.select(e).where(this).with_for_update()).mappings().one_or_none()
    if row is not None:
        return dict(row)
    made: dict[str, Any] = {**key, "customer_id": None, "contact_id": None, "told": None, "erased": False}
    connection.execute(e.insert(), made)
    return made


def _contact_key(workspace: str, notice: Notice) -> dict[str, str]:
    return {
        "workspace_id": workspace,
        "provider": notice.provider.value,
        "account": notice.account,
        "external_id": notice.object_id,
    }


def _set_external(connection: sa.Connection, workspace: str, notice: Notice, values: Mapping[str, Any]) -> None:
    e = tables.external_contact
    this = sa.and_(*(e.c[column] == value for column, value in _contact_key(workspace, notice).items()))
    connection.execute(e.update().where(this).values(dict(values)))


def _take_in_contact(
    connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, outcome: _Told, by: By
) -> None:
    row = _external_contact(connection, workspace, notice)
    ours = None if row["contact_id"] is None else _standing(connection, workspace, str(row["contact_id"]))
    if row["erased"] or (ours is not None and ours[1] == "removed"):
        _set_external(connection, workspace, notice, {"told": None, "erased": True})
        outcome.notes.append(f"told of a {REMOVED_CONTACT}")
        outcome.of_removed = True
        return
    match notice.what:
        case What.ASSOCIATED:
            _associate(connection, workspace, customer_id, notice, row, by)
            outcome.notes.append("associated")
        case What.CHANGED:
            _change_contact(connection, workspace, customer_id, notice, row, outcome, by)
        case What.SEPARATED if row["customer_id"] != customer_id:
            outcome.notes.append(notice.what.value)  # it is another customer's contact here
        case What.DELETED | What.SEPARATED | What.RESTORED if ours is not None:
            state = "active" if notice.what is What.RESTORED else "archived"
            if _is_newest(connection, workspace, notice, "state"):
                contact.turn(connection, workspace, customer_id, ours[0], state, by)
                outcome.notes.append(notice.what.value)
            else:
                outcome.superseded.append("state")
        case What.ERASED:
            _erase_contact(connection, workspace, customer_id, notice, ours, by)
            outcome.notes.append("erased there")
            outcome.of_removed = True
        case _:
            outcome.notes.append(notice.what.value)


def _standing(connection: sa.Connection, workspace: str, contact_id: str) -> tuple[str, str] | None:
    c = tables.contact.c
    row = connection.execute(
        sa.select(c.id, c.state).where(c.workspace_id == workspace, c.id == contact_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def _named(told: Mapping[str, str], external_id: str) -> str:
    name = " ".join(f"{told.get('firstname', '')} {told.get('lastname', '')}".split())[: customer.MAX_NAME].strip()
    return (
        name or told.get("email", "").partition("@")[0].strip()[: customer.MAX_NAME] or f"HubSpot contact {external_id}"
    )


def _associate(
    connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, row: Mapping[str, Any], by: By
) -> None:
    told = dict(row["told"] or {})
    email = told.get("email") or None
    if email is not None and contact.MAIL.fullmatch(email) is None:
        email = None
    if row["contact_id"] is None:
        if erasure.entombed(connection, workspace, customer_id=customer_id, email=email) is not None:
            _set_external(connection, workspace, notice, {"told": None, "erased": True})
            return
        primary = notice.values.get("primary") == "true"
        known = next(
            (c for c in contact.contacts(connection, workspace, customer_id) if email and c.email == email), None
        )
        if known is None:
            made = contact.add(
                connection,
                workspace,
                customer_id,
                _named(told, notice.object_id),
                email,
                by,
                primary=primary,
                namesake=True,
            )
            ref = made.recorded[0].changes[0].new
            assert isinstance(ref, Ref)
            contact_id = ref.id
        else:
            contact_id = known.id
        _set_external(connection, workspace, notice, {"contact_id": contact_id, "customer_id": customer_id})
    elif row["customer_id"] == customer_id:
        contact.turn(connection, workspace, customer_id, str(row["contact_id"]), "active", by)


def _change_contact(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    notice: Notice,
    row: Mapping[str, Any],
    outcome: _Told,
    by: By,
) -> None:
    told = dict(row["told"] or {})
    for name, value in notice.values.items():
        if name not in PERSONAL:
            outcome.notes.append(f"{name} is not kept")
        elif _is_newest(connection, workspace, notice, name):
            told[name] = tables.plain(value)
            outcome.fields.append(name)
        else:
            outcome.superseded.append(name)
    _set_external(connection, workspace, notice, {"told": told})
    now = contact.chosen(connection, workspace, customer_id, str(row["contact_id"]))
    email = told.get("email", now.email or "") or None
    if email is not None and contact.MAIL.fullmatch(email) is None:
        email = now.email
    named = any(told.get(part) for part in ("firstname", "lastname"))
    name = _named(told, notice.object_id) if named else now.name
    contact.update(connection, workspace, customer_id, now.id, by, name=name, email=email, primary=now.is_primary)


def _erase_contact(
    connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, ours: tuple[str, str] | None, by: By
) -> None:
    _set_external(connection, workspace, notice, {"told": None, "erased": True})
    if ours is not None:
        _, found = erasure.scan(connection, workspace, customer_id, ours[0])
        erasure.erase(connection, workspace, customer_id, ours[0], found, by)
