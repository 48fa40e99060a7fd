"""Applying what a provider told: one `integration.sync_write` for each customer that a delivery touched, and the changes it caused, all
under one edit_id, in one transaction with the notices' keys.

The same value again is no change. A value older than what was applied is superseded: it is recorded, and changes nothing.
"""

from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa

from store import activities, tables
from store.actors import new_id
from store.domain.record import By
from store.domain.sync import ACTORS, NAMES, Notice, What, field_for, link
from store.records import customer
from store.records.recording import activity, locked, one_at_a_time, one_sync_at_a_time, record
from store.settings import WorkspaceSettings
from store.syncing.contacts import take_in_contact
from store.syncing.fields import want
from store.syncing.told import Applied, Told
from store.syncing.whose import bind, customer_of, unnamed


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
        customer_id = customer_of(connection, workspace, notice, fresh, settings, done)
        if customer_id is not None:
            whose.append((customer_id, notice))
    for customer_id, told in groupby(sorted(whose, key=lambda each: each[0]), key=lambda each: each[0]):
        mine = [each for _, each in told]
        if _apply_to(connection, workspace, customer_id, delivery_id, mine, settings, again=again):
            done.told_of_removed = True
        done.customers.append(customer_id)
    return done


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
        outcome = Told(latest)
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
    outcome: Told,
    by: By,
    settings: WorkspaceSettings,
) -> None:
    if notice.object == "contact":
        take_in_contact(connection, workspace, customer_id, notice, outcome, by)
        return
    match notice.what:
        case What.DELETED:
            outcome.notes.append("deleted there")
            want(connection, workspace, customer_id, notice, outcome, "status", "archived", "status")
        case What.RESTORED:
            outcome.notes.append("restored there")
            want(connection, workspace, customer_id, notice, outcome, "status", "active", "status")
        case What.MERGED:
            _merge(connection, workspace, customer_id, notice, outcome)
        case _:
            for name, value in notice.values.items():
                target = field_for(notice.provider, name, settings.mapping)
                if name == "stripe_name":
                    _christen(connection, workspace, customer_id, notice, outcome, value)
                elif target is not None:
                    want(connection, workspace, customer_id, notice, outcome, name, value, target)


def _christen(
    connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, outcome: Told, name: str
) -> None:
    """Stripe's name is taken for a customer that was created from what else it told, and has none yet."""
    if locked(connection, workspace, customer_id).name == tables.plain(unnamed(notice)):
        want(connection, workspace, customer_id, notice, outcome, "stripe_name", " ".join(name.split()), "name")


def _merge(connection: sa.Connection, workspace: str, customer_id: str, notice: Notice, outcome: Told) -> None:
    """The merged companies' ids lead here from now on; the rows of their histories do not move."""
    for external_id in notice.related:
        bind(connection, workspace, notice.provider, notice.account, external_id, customer_id)
        outcome.notes.append(f"merged with {external_id}")


def _write_fields(connection: sa.Connection, workspace: str, customer_id: str, outcome: Told, by: By) -> bool:
    """Returns whether that changed anything."""
    if not outcome.wanted:
        return False
    now = locked(connection, workspace, customer_id)
    return bool(customer.apply(connection, workspace, now, outcome.wanted, by).recorded)


def _record_sync(connection: sa.Connection, workspace: str, customer_id: str, outcome: Told, by: By) -> None:
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
