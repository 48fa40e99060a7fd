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
    c, x = tables.customer.c, tables.external_id.c
    chosen = sa.select(tables.customer).where(c.workspace_id == workspace, c.id == customer_id)
    row = connection.execute(chosen.with_for_update() if lock else chosen).mappings().one_or_none()
    if row is None:
        raise NotFound("I don't know that customer.", "Type `/pivotal history` and choose one from the list.")
    held = connection.execute(
        sa.select(x.provider, x.external_id).where(
            x.workspace_id == workspace, x.customer_id == customer_id, x.provider.in_(PROVIDER_IDS.values())
        )
    )
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
        external_ids=dict(iter(held)),
        version=row["version"],
        last_seq=row["last_seq"],
    )


def custom_fields(connection: sa.Connection, workspace: str) -> list[Field]:
    f = tables.custom_field.c
    rows = connection.execute(
        sa.select(f.name, f.type, f.choices).where(f.workspace_id == workspace).order_by(f.name_key)
    )
    return [Field(name, FieldType(kind), tuple(choices or ())) for name, kind, choices in rows]


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
    seqs = [
        activities.append(connection, workspace, customer_id, replace(each, edit_id=each.edit_id or edit_id))
        for each in new
    ]
    found = activities.by_seq(connection, workspace, customer_id, [seq for seq in seqs if seq is not None])
    recorded = tuple(found[seq] for seq in sorted(found))
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
    before = connection.execute(sa.select(a.last_edit).where(this)).scalar_one_or_none() or {"seqs": []}
    own = {name: value for name, value in before.items() if name != "earlier"}
    last = {
        "customer": customer_id,
        "seqs": [each.seq for each in recorded],
        "at": (recorded[-1].recorded_at - EPOCH) // MICROSECOND,
        "earlier": [*before.get("earlier", ()), *([own] if own["seqs"] else [])][-UNDOABLE:],
    }
    connection.execute(tables.actor.update().where(this).values(last_edit=last))


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
