"""What a provider tells of a contact."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from store import erasure, tables, tombstones
from store.domain.activity import REMOVED_CONTACT, Ref
from store.domain.record import By
from store.domain.sync import Notice, What
from store.newest import STATE, is_newest
from store.records import contact, customer
from store.syncing.told import Told
from store.syncing.whose import PERSONAL, external_contact, set_external


def take_in_contact(
    connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, outcome: Told, by: By
) -> None:
    row = external_contact(connection, workspace, notice)
    ours = None if row["contact_id"] is None else _standing(connection, workspace, str(row["contact_id"]))
    if row["erased"] or (ours is not None and ours[1] == "removed"):
        set_external(connection, workspace, notice, {"told": None, "erased": True})
        outcome.notes.append(f"told of a {REMOVED_CONTACT}")
        outcome.of_removed = True
        return
    match notice.what:
        case What.ASSOCIATED:
            mine = _is_newest_with(connection, workspace, customer_id, notice)
            newest = is_newest(connection, workspace, notice, STATE)
            archived = not mine or (not newest and (row["told"] or {}).get(STATE) == "archived")
            _associate(connection, workspace, customer_id, notice, row, by, archived=archived)
            if newest and mine and row["customer_id"] == customer_id:
                contact.turn(connection, workspace, customer_id, str(row["contact_id"]), "active", by)
            outcome.notes.append("associated")
        case What.CHANGED:
            _change_contact(connection, workspace, customer_id, notice, row, outcome, by)
        case What.SEPARATED if row["customer_id"] != customer_id:
            _is_newest_with(connection, workspace, customer_id, notice)
            outcome.notes.append(notice.what.value)  # it is another customer's contact here
        case What.DELETED | What.SEPARATED | What.RESTORED if ours is not None:
            state = "active" if notice.what is What.RESTORED else "archived"
            if notice.what is What.SEPARATED:
                _is_newest_with(connection, workspace, customer_id, notice)
            if is_newest(connection, workspace, notice, STATE):
                contact.turn(connection, workspace, customer_id, ours[0], state, by)
                outcome.notes.append(notice.what.value)
            else:
                outcome.superseded.append(STATE)
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


def _is_newest_with(connection: sa.Connection, workspace: str, customer_id: str, notice: Notice) -> bool:
    """Whether nothing newer was told of whether this contact is that customer's."""
    return is_newest(connection, workspace, notice, f"of {customer_id}")


def _associate(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    notice: Notice,
    row: Mapping[str, Any],
    by: By,
    *,
    archived: bool,
) -> None:
    """A contact who is not known here yet becomes one of this customer. archived: something newer says so."""
    if row["contact_id"] is not None:
        return
    told = dict(row["told"] or {})
    email = told.get("email") or None
    if email is not None and contact.MAIL.fullmatch(email) is None:
        email = None
    if tombstones.entombed(connection, workspace, customer_id=customer_id, email=email) is not None:
        set_external(connection, workspace, notice, {"told": None, "erased": True})
        return
    primary = notice.values.get("primary") == "true"
    known = next((c for c in contact.contacts(connection, workspace, customer_id) if email and c.email == email), None)
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
    set_external(connection, workspace, notice, {"contact_id": contact_id, "customer_id": customer_id})
    if archived:
        contact.turn(connection, workspace, customer_id, contact_id, "archived", by)


def _change_contact(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    notice: Notice,
    row: Mapping[str, Any],
    outcome: Told,
    by: By,
) -> None:
    before, new = dict(row["told"] or {}), dict[str, str]()
    for name, value in notice.values.items():
        if name not in PERSONAL:
            outcome.notes.append(f"{name} is not kept")
        elif is_newest(connection, workspace, notice, name):
            new[name] = tables.plain(value)
            outcome.fields.append(name)
        else:
            outcome.superseded.append(name)
    told = {**before, **new}
    set_external(connection, workspace, notice, {"told": told})
    now = contact.chosen(connection, workspace, customer_id, str(row["contact_id"]))
    email = new.get("email", now.email or "") or None
    if email is not None and contact.MAIL.fullmatch(email) is None:
        email = now.email
    # A name that was typed here stands until the provider tells of another.
    named = any(told.get(part) for part in new.keys() & {"firstname", "lastname"})
    name = _named(told, notice.object_id) if named or now.name == _named(before, notice.object_id) else now.name
    contact.update(connection, workspace, customer_id, now.id, by, name=name, email=email, primary=now.is_primary)


def _erase_contact(
    connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, ours: tuple[str, str] | None, by: By
) -> None:
    set_external(connection, workspace, notice, {"told": None, "erased": True})
    if ours is not None:
        _, found = erasure.scan(connection, workspace, customer_id, ours[0])
        erasure.erase(connection, workspace, customer_id, ours[0], found, by)
