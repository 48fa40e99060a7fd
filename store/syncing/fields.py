"""A provider's properties → our fields, each by its type."""

import re
from datetime import UTC, datetime

import sqlalchemy as sa

from store import tables
from store.actors import folded, new_id
from store.domain.activity import ActorType, Ref, Source, Value
from store.domain.customer import PROVIDER_IDS, Assignment, Field, FieldType, field_named, read, within
from store.domain.errors import Conflict, PivotalError
from store.domain.sync import NAMES, Notice
from store.newest import is_newest_of_customer
from store.records import customer
from store.records.recording import custom_fields
from store.syncing.told import Told
from store.syncing.whose import known_customer

EPOCH_MS = re.compile(r"-?[0-9]{9,14}")
DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,20})?")


def want(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    notice: Notice,
    outcome: Told,
    name: str,
    value: str,
    target: str,
) -> None:
    """Remember that a field is to hold this, unless something newer has been applied to it. What does not fit supersedes nothing."""
    try:
        found = _field(connection, workspace, target)
        read_as = _value(connection, workspace, notice, found, tables.plain(value))
        _can_hold(connection, workspace, customer_id, found, read_as)
    except PivotalError:
        outcome.notes.append(f"{name} does not fit the field {target}")
        return
    if not is_newest_of_customer(connection, workspace, notice, customer_id, found.name):
        outcome.superseded.append(name)
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
