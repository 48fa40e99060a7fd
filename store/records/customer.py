"""SQL that writes customers: made, edited, linked to channels; and the fields that a workspace defines."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import customers, newest, tables, workspaces
from store.actors import folded, new_id
from store.domain.activity import ActorType, Change, NewActivity, Ref, Value
from store.domain.customer import (
    ALIASES,
    BUILT_IN,
    CUSTOM_TYPES,
    PROVIDER_IDS,
    Assignment,
    Customer,
    Field,
    FieldType,
    diff,
    field_named,
    health,
    key_of,
    read,
    within,
)
from store.domain.errors import Ambiguous, Conflict, NotFound, UsageError, code
from store.domain.query import CustomerName
from store.domain.record import By, Receipt
from store.engine import database_clock
from store.records.recording import (
    activity,
    counts,
    custom_fields,
    expect,
    locked,
    locked_all,
    name_of,
    one_at_a_time,
    record,
    repeated,
)
from store.stating import encoded

MAX_NAME = 200
MAX_FIELD_NAME = 60
MAX_CHOICES = 99
"""Slack's select shows a hundred, and one of them clears."""
MAX_CHOICE = 100


def edit(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    asked: Sequence[Assignment],
    by: By,
    *,
    expected: Mapping[str, str] | None = None,
    reason: str | None = None,
    refs: Mapping[str, object] | None = None,
) -> Receipt:
    """Set fields of one customer, all or none.

    expected  digests of what a form showed of the fields, to refuse an edit of something that has changed since
    reason    why the status moves
    refs      more to keep on the activities, such as which one is reverted
    raises    UsageError, NotFound, Ambiguous for what cannot be understood; Conflict
    """
    customer = locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    wanted = _understood(connection, workspace, customer, asked, by)
    return apply(connection, workspace, customer, wanted, by, expected=expected, reason=reason, refs=refs)


def apply(
    connection: sa.Connection,
    workspace: str,
    customer: Customer,
    wanted: Mapping[str, Value],
    by: By,
    *,
    expected: Mapping[str, str] | None = None,
    reason: str | None = None,
    refs: Mapping[str, object] | None = None,
) -> Receipt:
    """Write the values that differ, and what that means to the log. The caller holds the customer's lock."""
    expect(customer, expected, wanted)
    changes = diff(customer, wanted)
    if not changes:
        return Receipt(customer=name_of(connection, workspace, customer.id))
    meaning = health(customer.health_score, customer.health_high, _score(customer, changes))
    _write(connection, workspace, customer, changes, meaning.high)
    fields = [change for change in changes if change.field != "status"]
    moved = [change for change in changes if change.field == "status"]
    new: list[NewActivity] = []
    more: dict[str, Any] = {"refs": dict(refs or {})}
    if fields:
        new.append(activity(by, "customer.field_changed", *fields, **more))
    if meaning.dropped and any(change.field == "health_score" for change in fields):
        new.append(activity(by, "customer.health_score_dropped", meaning.dropped, **more))
    if moved:
        new.append(activity(by, "customer.status_changed", *moved, text=reason, **more))
    receipt = record(connection, workspace, customer.id, new)
    if by.is_here:
        at = receipt.recorded[0].occurred_at
        newest.set_here(connection, workspace, customer.id, [change.field for change in changes], at)
    return receipt


def _score(customer: Customer, changes: Sequence[Change]) -> int | None:
    new = next((change.new for change in changes if change.field == "health_score"), customer.health_score)
    return new if isinstance(new, int) else None


def _write(
    connection: sa.Connection, workspace: str, customer: Customer, changes: Sequence[Change], high: int | None
) -> None:
    c = tables.customer.c
    values: dict[str, Any] = {"version": customer.version + 1, "health_high": high}
    custom = dict(customer.fields)
    for change in changes:
        if change.field in PROVIDER_IDS:
            _set_provider_id(connection, workspace, customer.id, PROVIDER_IDS[change.field], change.new)
        elif change.field == "tags":
            values["tags"] = list(change.new) if isinstance(change.new, tuple) else []
        elif any(change.field == built.name for built in BUILT_IN):
            values[change.field] = str(change.new) if isinstance(change.new, Ref) else change.new
        elif change.new is None:
            custom.pop(change.field, None)
        else:
            custom[change.field] = change.new
    if "name" in values:
        values["name_key"] = folded(values["name"])
    if custom != customer.fields:
        values["fields"] = {name: encoded(value) for name, value in custom.items()}
    mine = sa.and_(c.workspace_id == workspace, c.id == customer.id, c.version == customer.version)
    moved = connection.execute(tables.customer.update().where(mine).values(values).returning(c.id)).first()
    if moved is None:
        raise Conflict("Somebody else changed this customer at the same time. Nothing was changed.", "Try again.")


def _set_provider_id(connection: sa.Connection, workspace: str, customer_id: str, provider: str, value: Value) -> None:
    x = tables.external_id.c
    mine = sa.and_(x.workspace_id == workspace, x.provider == provider, x.customer_id == customer_id)
    connection.execute(tables.external_id.delete().where(mine))
    if value is None:
        return
    same = sa.and_(x.workspace_id == workspace, x.provider == provider, x.external_id == value)
    other = connection.execute(sa.select(x.customer_id).where(same)).scalars().first()
    if other is not None:
        owner = name_of(connection, workspace, other)
        raise Conflict(f"{provider} id {code(str(value))} belongs to {owner.name}. Nothing was changed.")
    row = {
        "workspace_id": workspace,
        "provider": provider,
        "account": "",
        "external_id": value,
        "customer_id": customer_id,
    }
    connection.execute(tables.external_id.insert(), row)


def _understood(
    connection: sa.Connection, workspace: str, customer: Customer, asked: Sequence[Assignment], by: By
) -> dict[str, Value]:
    """Each field's new value. Raises what a person has to hear about the first one that does not fit."""
    custom = custom_fields(connection, workspace)
    wanted: dict[str, Value] = {}
    for each in asked:
        field = field_named(each.field, custom)
        if field is None:
            known = [*(key_of(one.name) for one in (*BUILT_IN, *custom)), *ALIASES]
            near = get_close_matches(key_of(each.field), known, n=3)
            hint = f"Did you mean {' or '.join(code(name) for name in near)}? " if near else ""
            raise NotFound(f"There is no field {code(each.field)}.", f"{hint}`/pivotal field add` makes a new one.")
        if field.name in wanted:
            raise UsageError(f"{field.name} is there twice.", "Leave one out.")
        if field.type is FieldType.PERSON and each.value.strip():
            each = Assignment(each.field, person(connection, workspace, each.value.strip(), by))  # noqa: PLW2901 - the same, understood
        if field.name == "name":
            within(each.value, "name", MAX_NAME)
        wanted[field.name] = read(field, each, customer.value(field.name))
    return wanted


def person(connection: sa.Connection, workspace: str, typed: str, by: By) -> str:
    """The reference of the person meant: `me`, a reference, or a name. Mentions come as references already."""
    if typed.casefold() == "me":
        if by.actor.type is not ActorType.USER:
            raise UsageError("`me` needs to know who you are.", "In a terminal add `--as NAME`.")
        return str(by.actor)
    a = tables.actor.c
    if typed.startswith(f"{ActorType.USER}:"):
        known = sa.select(a.id).where(a.workspace_id == workspace, a.id == typed)
        if connection.execute(known).first() is not None:
            return typed
    name = typed.removeprefix("@")
    everyone = sa.and_(a.workspace_id == workspace, a.type == ActorType.USER.value)
    same = connection.execute(sa.select(a.id).where(everyone, a.name_key == folded(name))).scalars().all()
    if len(same) == 1:
        found: str = same[0]
        return found
    if same:
        raise Ambiguous(f"{len(same)} people are called {code(name)}.", "Mention the one you mean with @.")
    names = connection.execute(sa.select(a.name).where(everyone)).scalars().all()
    near = get_close_matches(folded(name), [folded(each) for each in names], n=3)
    meant = ", ".join(each for each in names if folded(each) in near)
    raise NotFound(
        f"I don't know a person {code(name)}.", f"Did you mean {meant}?" if meant else "Mention them with @."
    )


def add(connection: sa.Connection, workspace: str, name: str, asked: Sequence[Assignment], by: By) -> Receipt:
    """Make a customer, with these fields."""
    one_at_a_time(connection, workspace)
    if not counts(connection, workspace, by):
        raise Conflict("That was asked before, and has been done.", "Look with `/pivotal customer list`.")
    name = within(" ".join(name.split()), "name", MAX_NAME)
    if not name:
        raise UsageError("The customer's name is empty.", 'Try `/pivotal customer add "Acme Corp" plan=Starter`.')
    c = tables.customer.c
    same = sa.select(c.id).where(c.workspace_id == workspace, c.name_key == folded(name))
    if (there := connection.execute(same).scalars().first()) is not None:
        known = name_of(connection, workspace, there)
        raise Conflict(f"There is a customer {known.name} already ({code(known.slug)}). Nothing was changed.")
    customer_id = new_id("cus")
    row = {
        "workspace_id": workspace,
        "id": customer_id,
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
    customer = locked(connection, workspace, customer_id)
    made = record(connection, workspace, customer_id, [activity(by, "customer.created", Change("name", None, name))])
    wanted = _understood(connection, workspace, customer, asked, by)
    edited = apply(connection, workspace, locked(connection, workspace, customer_id), wanted, by)
    return Receipt(
        customer=edited.customer, recorded=(*made.recorded, *edited.recorded), names={**made.names, **edited.names}
    )


def link(connection: sa.Connection, workspace: str, channel: str, customer_id: str | None, by: By) -> Receipt | None:
    """Bind a channel to a customer, or with None to nobody. Returns None, when there was nothing to undo."""
    one_at_a_time(connection, workspace)
    before = workspaces.linked_customer(connection, workspace, channel)
    target = customer_id or (None if before is None else before.id)
    if target is None:
        return None
    locked_all(connection, workspace, [target, *([before.id] if before else [])])
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, target)
    if not workspaces.link(connection, workspace, channel, customer_id):
        return Receipt(customer=name_of(connection, workspace, target))
    was, now = (channel, None) if customer_id is None else (None, channel)
    done = record(connection, workspace, target, [activity(by, "customer.channel_linked", Change("channel", was, now))])
    if customer_id is not None and before is not None and before.id != customer_id:
        record(
            connection,
            workspace,
            before.id,
            [activity(by, "customer.channel_linked", Change("channel", channel, None))],
        )
    return done


def define_field(
    connection: sa.Connection, workspace: str, name: str, kind: FieldType, choices: Sequence[str]
) -> Field:
    """Add a custom field to the workspace. Raises UsageError, Conflict."""
    name = within(" ".join(name.split()), "field's name", MAX_FIELD_NAME)
    if not key_of(name).strip("_"):
        raise UsageError("The field's name is empty.", "Try `/pivotal field add Segment choice SMB,Enterprise`.")
    if kind not in CUSTOM_TYPES:
        raise UsageError(f"There is no type {code(kind)}.", f"Choose one of {', '.join(CUSTOM_TYPES)}.")
    if kind is FieldType.CHOICE and len(choices) < 2:
        raise UsageError(
            "A choice needs at least two values.", "Try `/pivotal field add Segment choice SMB,Enterprise`."
        )
    if kind is not FieldType.CHOICE and choices:
        raise UsageError(f"Only a choice has values to choose from; {code(name)} is a {kind}.", "Leave them out.")
    choices = list(dict.fromkeys(choices))
    if len(choices) > MAX_CHOICES or any(len(each) > MAX_CHOICE for each in choices):
        raise UsageError(
            f"A choice has up to {MAX_CHOICES} values of up to {MAX_CHOICE} characters.", "Use fewer or shorter ones."
        )
    existing = field_named(name, custom_fields(connection, workspace))
    if existing is not None:
        raise Conflict(f"There is a field {code(existing.name)} already, of type {existing.type}. Nothing was changed.")
    f = tables.custom_field
    row = {
        "workspace_id": workspace,
        "name_key": folded(name),
        "name": name,
        "type": kind.value,
        "choices": choices or None,
    }
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    if connection.execute(insert(f).on_conflict_do_nothing().returning(f.c.name), row).first() is None:
        raise Conflict(f"There is a field {code(name)} already. Nothing was changed.")
    return Field(name, kind, tuple(choices))


def mine(connection: sa.Connection, workspace: str, owner: str, limit: int) -> list[CustomerName]:
    """The customers that a person owns."""
    c = tables.customer.c
    rows = connection.execute(
        sa.select(c.id, c.slug, c.name, c.domain)
        .where(c.workspace_id == workspace, c.owner == owner)
        .order_by(c.name_key)
        .limit(limit)
    )
    return [CustomerName(*row) for row in rows]


def lately_changed(connection: sa.Connection, workspace: str, limit: int) -> list[CustomerName]:
    """The customers that people edited last, the latest first: read from what each person did last."""
    a, c = tables.actor.c, tables.customer.c
    held = connection.execute(sa.select(a.last_edit).where(a.workspace_id == workspace, a.last_edit.is_not(None)))
    latest = sorted(held.scalars(), key=lambda each: -int(each["at"]))
    chosen = list(dict.fromkeys(str(each["customer"]) for each in latest))[:limit]
    rows = connection.execute(
        sa.select(c.id, c.slug, c.name, c.domain).where(c.workspace_id == workspace, c.id.in_(chosen))
    )
    found = {row[0]: CustomerName(*row) for row in rows}
    return [found[ident] for ident in chosen if ident in found]
