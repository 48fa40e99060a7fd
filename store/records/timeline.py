"""What only a full log can answer: who last set a field, what the record was then, and how to take an edit back."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from store import activities, actors, chain, feed, retention, tables, workspaces
from store.domain.activity import Activity, Change, Ref, Value, refs_in
from store.domain.customer import BUILT_IN, Customer, digest, field_named, same
from store.domain.errors import Conflict, NotFound, Refused, code
from store.domain.query import EPOCH, MICROSECOND, Cursor
from store.domain.record import RECORD_KINDS, Blame, Blamed, By, Receipt, Then
from store.engine import database_clock
from store.feed import Slice
from store.records import comment, contact, customer, onboarding
from store.records.recording import (
    counts,
    custom_fields,
    customer_of,
    locked,
    name_of,
    one_at_a_time,
    repeated,
    said,
)

UNDO_WITHIN = timedelta(hours=1)
PIECE = 500


def blame(connection: sa.Connection, workspace: str, customer_id: str, only: str | None) -> Blame:
    """Who last set each field, or the one that is named."""
    now = customer_of(connection, workspace, customer_id)
    held = _held(connection, workspace, now)
    if only is not None:
        name = _field_of(connection, workspace, only)
        held = {name: held.get(name)}
    changed = set(feed.distinct_values(connection, tables.activity_field.c.field, workspace, customer_id))
    found = [
        Blamed(name, value, _last(connection, workspace, customer_id, name) if name in changed else None)
        for name, value in held.items()
        if value is not None or name in changed
    ]
    named = [each.by for each in found if each.by]
    refs = refs_in(named) | {each.value for each in found if isinstance(each.value, Ref)}
    return Blame(
        customer=name_of(connection, workspace, customer_id),
        fields=tuple(found),
        names=actors.names(connection, workspace, refs),
        kept_since=retention.kept_since(connection, workspace, customer_id),
    )


def _field_of(connection: sa.Connection, workspace: str, typed: str) -> str:
    found = field_named(typed, custom_fields(connection, workspace))
    if found is None:
        raise NotFound(f"There is no field {code(typed)}.", "Leave it out to see all of them.")
    return found.name


def _held(connection: sa.Connection, workspace: str, now: Customer) -> dict[str, Value]:
    """Every field, built-in ones first, with what it holds."""
    names = [each.name for each in (*BUILT_IN, *custom_fields(connection, workspace))]
    return {name: now.value(name) for name in dict.fromkeys([*names, *now.fields])}


def _last(connection: sa.Connection, workspace: str, customer_id: str, name: str) -> Activity | None:
    heads = feed.heads(connection, Slice(workspace, customer_id, fields=(name,)), limit=1)
    found = activities.by_seq(connection, workspace, customer_id, [each.seq for each in heads])
    return next(iter(found.values()), None)


def then(connection: sa.Connection, workspace: str, customer_id: str, at: datetime) -> Then:
    """The record as it was at that instant: as it is now, with every later change taken back, newest first.

    So what an import has set without a log counts as having been so always. What changed before the log is kept cannot be taken back.
    """
    since = retention.kept_since(connection, workspace, customer_id)
    if since is not None and at < since:
        name = name_of(connection, workspace, customer_id)
        return Then(customer=name, at=at, existed=True, values={}, changes=(), kept_since=since)
    now = customer_of(connection, workspace, customer_id)
    held = _held(connection, workspace, now)
    values = dict(held)
    existed = True
    for each in _since(connection, workspace, customer_id, at):
        if each.kind == "customer.created":
            existed = False
        for change in reversed(each.changes):
            if change.field in values or each.kind == "customer.field_changed":
                values[change.field] = change.old
    changes = tuple(
        Change(name, value, held.get(name)) for name, value in values.items() if not same(value, held.get(name))
    )
    refs = {side for change in changes for side in (change.old, change.new) if isinstance(side, Ref)}
    refs |= {value for value in values.values() if isinstance(value, Ref)}
    return Then(
        customer=name_of(connection, workspace, customer_id),
        at=at,
        existed=existed,
        values={name: value for name, value in values.items() if value is not None},
        changes=changes,
        names=actors.names(connection, workspace, refs),
    )


def _since(connection: sa.Connection, workspace: str, customer_id: str, at: datetime) -> Iterator[Activity]:
    """What changed the record after that instant, newest first, in pieces."""
    wanted = Slice(workspace, customer_id, types=RECORD_KINDS, since=at + MICROSECOND)
    before: Cursor | None = None
    while places := feed.heads(connection, wanted, limit=PIECE, before=before):
        found = activities.by_seq(connection, workspace, customer_id, [each.seq for each in places])
        yield from (found[each.seq] for each in places)
        before = places[-1]


# --- taking back ------------------------------------------------------------------------------------------------------


def undo(connection: sa.Connection, workspace: str, by: By) -> Receipt:
    """Take back the last thing that this person did, within the hour; the next time, what they did before that."""
    a = tables.actor.c
    this = sa.and_(a.workspace_id == workspace, a.id == str(by.actor))
    last = connection.execute(sa.select(a.last_edit).where(this)).scalar_one_or_none()
    if last is None or not last["seqs"]:
        raise NotFound("There is nothing of yours to undo.")
    if database_clock(connection) - (EPOCH + last["at"] * MICROSECOND) > UNDO_WITHIN:
        raise Refused(
            "Your last edit is more than an hour old.",
            "Open it in `/pivotal history` and press Revert there, if it should go.",
        )
    done = revert(connection, workspace, last["customer"], last["seqs"], by)
    if done.recorded:
        *earlier, before = last.get("earlier") or [last | {"seqs": []}]
        connection.execute(tables.actor.update().where(this).values(last_edit=before | {"earlier": earlier}))
    return done


def revert(connection: sa.Connection, workspace: str, customer_id: str, seqs: Sequence[int], by: By) -> Receipt:
    """Take back what these activities changed, all or none, as a new activity that names them.

    raises  Conflict, with both values, when something has changed since; Refused for what cannot be taken back
    """
    one_at_a_time(connection, workspace)
    now = locked(connection, workspace, customer_id)
    found = activities.by_seq(connection, workspace, customer_id, seqs)
    if len(found) != len(set(seqs)):
        start = chain.checkpoint(connection, workspace, customer_id)
        if start is not None and min(seqs) <= start.seq:
            raise NotFound("That entry is no longer kept, so it cannot be taken back.")
        raise NotFound("That entry is not there.")
    if any(each.redacted for each in found.values()):
        raise Refused("That entry named somebody who was removed for good. It cannot be taken back.")
    on_record = [found[seq] for seq in sorted(found) if found[seq].kind in RECORD_KINDS[1:]]
    if on_record:
        if not counts(connection, workspace, by):
            return repeated(connection, workspace, customer_id)
        wanted = _before(now, on_record)
        receipt = customer.apply(connection, workspace, now, wanted, by, refs={"reverts": sorted(seqs)})
        if not receipt.recorded:
            raise Conflict("That has been taken back already. Nothing was changed.")
        return receipt
    others = [each for each in found.values() if each.kind != "customer.health_score_dropped"]
    if len(others) != 1:
        raise Refused("That cannot be taken back.")
    marked = By(actor=by.actor, source=by.source, refs={**by.refs, "reverts": sorted(seqs)}, key=by.key)
    return _reverted_child(connection, workspace, customer_id, others[0], marked)


def _before(now: Customer, on_record: Sequence[Activity]) -> dict[str, Value]:
    """Each changed field's earlier value. Raises Conflict, when it does not hold the later one any more."""
    wanted: dict[str, Value] = {}
    latest: dict[str, Value] = {}
    for each in on_record:
        for change in each.changes:
            wanted.setdefault(change.field, change.old)
            latest[change.field] = change.new
    for name, value in latest.items():
        held = now.value(name)
        if not same(held, value) and not same(held, wanted[name]):
            raise Conflict(
                f"{name} has changed again since: this entry set {said(value)}, it is {said(held)} now. Nothing was changed.",
                "Set it by hand, if it should be different.",
            )
    if wanted.get("name", now.name) is None:
        raise Refused("A customer has to have a name. That cannot be taken back.")
    return wanted


def _reverted_child(connection: sa.Connection, workspace: str, customer_id: str, each: Activity, by: By) -> Receipt:
    _, _, ident = (each.subject or "").partition(":")
    match each.kind:
        case "task.completed":
            receipt = onboarding.turn_task(connection, workspace, customer_id, ident, "open", by)
        case "task.reopened":
            receipt = onboarding.turn_task(connection, workspace, customer_id, ident, "done", by)
        case "contact.archived":
            receipt = contact.turn(connection, workspace, customer_id, ident, "active", by)
        case "contact.restored" | "contact.added":
            receipt = contact.turn(connection, workspace, customer_id, ident, "archived", by)
        case "comment.added":
            receipt = comment.delete(connection, workspace, customer_id, ident, by)
        case "comment.edited":
            text = each.changes[0].old
            receipt = comment.edit(
                connection, workspace, customer_id, ident, str(text), by, expected=digest(each.changes[0].new)
            )
        case "onboarding.phase_moved" if each.changes[0].old is not None:
            phase = each.changes[0]
            receipt = onboarding.move(
                connection,
                workspace,
                customer_id,
                ident or each.onboarding_id,
                str(phase.old),
                by,
                expected=digest(phase.new),
            )
        case "customer.channel_linked":
            channel = each.changes[0].new
            if not isinstance(channel, str):
                raise Refused("That cannot be taken back.", "Link the channel again with `/pivotal link acme`.")
            held = workspaces.linked_customer(connection, workspace, channel)
            if held is None or held.id != customer_id:
                raise Conflict("The channel has been linked again since. Nothing was changed.")
            linked = customer.link(connection, workspace, channel, None, by)
            receipt = linked or Receipt(customer=name_of(connection, workspace, customer_id))
        case _:
            raise Refused("That cannot be taken back.")
    if not receipt.recorded and not receipt.repeated:
        raise Conflict("That has been taken back already, or changed since. Nothing was changed.")
    return receipt
