"""What all writes share: the lock on the customer, the key that makes a request count once, the log, and the receipt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from store import activities, actors, tables
from store.actors import new_id
from store.customers import by_id
from store.domain.activity import Activity, ActorType, Change, NewActivity, Ref, Value, refs_in
from store.domain.customer import PROVIDER_IDS, Customer, Field, FieldType, digest, same
from store.domain.errors import Conflict, NotFound
from store.domain.query import EPOCH, MICROSECOND, CustomerName
from store.domain.record import By, Receipt
from store.prepared import Prepared

UNDOABLE = 20
"""Edits of a person that are remembered, to undo them one by one, besides the last."""


def locked(connection: sa.Connection, workspace: str, customer_id: str) -> Customer:
    """The customer, whom nobody else changes before this transaction ends. Raises NotFound."""
    return _read(connection, workspace, customer_id, lock=True)


def locked_all(connection: sa.Connection, workspace: str, customer_ids: Iterable[str]) -> None:
    """Lock several customers, always in the same order: two who need the same ones wait for each other, and neither for ever."""
    for customer_id in sorted(set(customer_ids)):
        locked(connection, workspace, customer_id)


def one_at_a_time(connection: sa.Connection, workspace: str) -> None:
    """Wait for everybody else who writes what spans the workspace: a new customer's name, a channel's, an erasure. Comes before any
    customer's lock; edits of one customer do not wait for it.
    """
    w = tables.workspace.c
    mine = sa.select(w.workspace_id).where(w.workspace_id == workspace)
    connection.execute(mine.with_for_update(key_share=True))


def one_sync_at_a_time(connection: sa.Connection, workspace: str) -> None:
    """Wait for the delivery that is being applied, and let none begin before this transaction ends. Comes before all other locks.

    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        key = sa.func.hashtextextended(f"sync {workspace}", 0)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def customer_of(connection: sa.Connection, workspace: str, customer_id: str) -> Customer:
    return _read(connection, workspace, customer_id, lock=False)


def _read(connection: sa.Connection, workspace: str, customer_id: str, *, lock: bool) -> Customer:
    mine = {"of": workspace, "ident": customer_id}
    found = (_LOCKED if lock else _CUSTOMER).all(connection, mine)
    row = dict(zip(_COLUMNS, found[0], strict=True)) if found else None
    if row is None:
        raise NotFound("I don't know that customer.", "Type `/pivotal history` and choose one from the list.")
    held = _PROVIDER_IDS.all(connection, mine)
    return Customer(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        status=row["status"],
        domain=row["domain"],
        owner=None if row["owner"] is None else Ref.parse(row["owner"]),
        plan=row["plan"],
        health_score=row["health_score"],
        health_high=row["health_high"],
        tags=tuple(row["tags"]),
        fields={name: activities.decoded(value) for name, value in row["fields"].items()},
        external_ids={str(provider): str(ident) for provider, ident in held},
        version=row["version"],
        last_seq=row["last_seq"],
    )


_c, _x, _f, _a = tables.customer.c, tables.external_id.c, tables.custom_field.c, tables.actor.c
_COLUMNS = tables.customer.c.keys()
_THIS = sa.select(tables.customer).where(_c.workspace_id == sa.bindparam("of"), _c.id == sa.bindparam("ident"))
_CUSTOMER, _LOCKED = Prepared(_THIS), Prepared(_THIS.with_for_update())
_PROVIDER_IDS = Prepared(
    sa.select(_x.provider, _x.external_id).where(
        _x.workspace_id == sa.bindparam("of"),
        _x.customer_id == sa.bindparam("ident"),
        sa.or_(*(_x.provider == provider for provider in PROVIDER_IDS.values())),
    )
)


def custom_fields(connection: sa.Connection, workspace: str) -> list[Field]:
    rows = _FIELDS.all(connection, {"of": workspace})
    return [Field(name, FieldType(kind), tuple(choices or ())) for name, kind, choices in rows]


_FIELDS = Prepared(
    sa.select(_f.name, _f.type, _f.choices).where(_f.workspace_id == sa.bindparam("of")).order_by(_f.name_key)
)


def counts(connection: sa.Connection, workspace: str, by: By) -> bool:
    """Whether this request counts: it is the first with its key. Stored in the transaction of its effect."""
    return by.key is None or activities.first_time(connection, workspace, by.source, by.key)


def repeated(connection: sa.Connection, workspace: str, customer_id: str) -> Receipt:
    return Receipt(customer=name_of(connection, workspace, customer_id), repeated=True)


def name_of(connection: sa.Connection, workspace: str, customer_id: str) -> CustomerName:
    found = by_id(connection, workspace, customer_id)
    if found is None:
        raise NotFound("I don't know that customer.", "Type `/pivotal history` and choose one from the list.")
    return found


def activity(by: By, kind: str, *changes: Change, **more: Any) -> NewActivity:
    """A new activity by this writer; more: text, subject, onboarding_id, refs."""
    refs = {**by.refs, **more.pop("refs", {})}
    return NewActivity(
        kind=kind,
        actor=by.actor,
        source=by.source,
        changes=changes,
        refs=refs,
        edit_id=by.edit_id,
        occurred_at=by.occurred_at,
        **more,
    )


def record(connection: sa.Connection, workspace: str, customer_id: str, new: Sequence[NewActivity]) -> Receipt:
    """Append to the customer's log, under one edit_id. The caller holds the customer's lock."""
    edit_id = new_id("edt")
    written = (
        activities.appended(connection, workspace, customer_id, replace(each, edit_id=each.edit_id or edit_id))
        for each in new
    )
    recorded = tuple(each for each in written if each is not None)
    if recorded and new[0].actor.type is ActorType.USER:
        _remember_last(connection, workspace, customer_id, recorded)
    return Receipt(
        customer=name_of(connection, workspace, customer_id),
        recorded=recorded,
        names=actors.names(connection, workspace, refs_in(recorded)),
    )


def _remember_last(connection: sa.Connection, workspace: str, customer_id: str, recorded: Sequence[Activity]) -> None:
    """Put it on top of what this person may undo, the latest last in `earlier`."""
    a = tables.actor.c
    this = sa.and_(a.workspace_id == workspace, a.id == str(recorded[0].actor))
    found = _LAST_EDIT.all(connection, {"of": workspace, "ident": str(recorded[0].actor)})
    before = (found[0][0] if found else None) or {"seqs": []}
    own = {name: value for name, value in before.items() if name != "earlier"}
    last = {
        "customer": customer_id,
        "seqs": [each.seq for each in recorded],
        "at": (recorded[-1].recorded_at - EPOCH) // MICROSECOND,
        "earlier": [*before.get("earlier", ()), *([own] if own["seqs"] else [])][-UNDOABLE:],
    }
    connection.execute(tables.actor.update().where(this).values(last_edit=last))


_LAST_EDIT = Prepared(
    sa.select(_a.last_edit).where(_a.workspace_id == sa.bindparam("of"), _a.id == sa.bindparam("ident"))
)


def expect(customer: Customer, expected: Mapping[str, str] | None, wanted: Mapping[str, Value]) -> None:
    """Raise Conflict, when a field that is to change no longer holds what its form showed. expected: digests, by field."""
    for name, shown in (expected or {}).items():
        now = customer.value(name)
        if name in wanted and not same(now, wanted[name]) and digest(now) != shown:
            raise Conflict(
                f"Somebody changed {name} while your form was open: you wrote {said(wanted[name])}, it is {said(now)} now. "
                "Nothing was changed.",
                "Open the form again to see what it is.",
            )


def said(value: Value) -> str:
    """A value in a sentence."""
    if value is None:
        return "nothing"
    return f"“{', '.join(value) if isinstance(value, tuple) else value}”"
