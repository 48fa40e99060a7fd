"""SQL that writes onboardings and their tasks."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from store import settings, tables
from store.actors import folded, new_id
from store.domain.activity import Change, NewActivity, Ref, Value
from store.domain.customer import digest, within
from store.domain.errors import Ambiguous, Conflict, NotFound, UsageError, code
from store.domain.record import By, Onboarding, Receipt, Task
from store.records.customer import person
from store.records.recording import activity, counts, locked, name_of, record, repeated, said


def onboardings(connection: sa.Connection, workspace: str, customer_id: str) -> list[Onboarding]:
    o = tables.onboarding.c
    rows = connection.execute(
        sa.select(o.id, o.import_ref, o.name, o.phase, o.state)
        .where(o.workspace_id == workspace, o.customer_id == customer_id)
        .order_by(o.state.desc(), o.name, o.id)  # `open` before `done`
    )
    return [Onboarding(ident, ref or ident, name, phase, state) for ident, ref, name, phase, state in rows]


def tasks(connection: sa.Connection, workspace: str, customer_id: str, *, state: str | None = None) -> list[Task]:
    t, o = tables.task.c, tables.onboarding.c
    of = sa.and_(o.workspace_id == t.workspace_id, o.id == t.onboarding_id)
    chosen = (
        sa.select(t.id, t.title, t.state, t.due, t.assignee, sa.func.coalesce(o.import_ref, o.id))
        .select_from(tables.task.outerjoin(tables.onboarding, of))
        .where(t.workspace_id == workspace, t.customer_id == customer_id)
        .order_by(sa.func.coalesce(t.due, date.max), t.title, t.id)
    )
    if state is not None:
        chosen = chosen.where(t.state == state)
    return [
        Task(ident, title, now, due, None if assignee is None else Ref.parse(assignee), label)
        for ident, title, now, due, assignee, label in connection.execute(chosen)
    ]


def start(connection: sa.Connection, workspace: str, customer_id: str, name: str, phase: str | None, by: By) -> Receipt:
    """Begin an onboarding, in its first phase."""
    customer = locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    name = within(" ".join(name.split()), "name", 200) or f"{customer.name} onboarding"
    same = [
        each
        for each in onboardings(connection, workspace, customer_id)
        if folded(each.name) == folded(name) and each.state == "open"
    ]
    if same:
        raise Conflict(
            f"An onboarding {code(name)} is under way already. Nothing was changed.", "Give this one another name."
        )
    ident = new_id("onb")
    row = {
        "workspace_id": workspace,
        "id": ident,
        "customer_id": customer_id,
        "name": name,
        "phase": phase,
        "state": "open",
    }
    connection.execute(tables.onboarding.insert(), row)
    changes = [Change("onboarding", None, name), *([Change("phase", None, phase)] if phase else [])]
    started = activity(by, "onboarding.started", *changes, subject=f"onboarding:{ident}", onboarding_id=ident)
    return record(connection, workspace, customer_id, [started])


def move(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    which: str | None,
    phase: str,
    by: By,
    *,
    expected: str | None = None,
) -> Receipt:
    """Move an onboarding to another phase; with the last one of the settings it is done, with another it is under way.

    which     its id, label or name; None for the only open one
    expected  the digest of the phase that a form showed
    """
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    found = chosen_onboarding(connection, workspace, customer_id, which)
    phase = within(" ".join(phase.split()), "phase", 100)
    if not phase:
        raise UsageError("The phase is empty.", "Try `/pivotal phase acme Kickoff`.")
    if expected is not None and found.phase != phase and digest(found.phase) != expected:
        raise Conflict(
            f"Somebody moved it meanwhile: you wrote “{phase}”, it is in {said(found.phase)} now. Nothing was changed."
        )
    if found.phase == phase:
        return Receipt(customer=name_of(connection, workspace, customer_id))
    o = tables.onboarding.c
    phases = settings.read(connection, workspace).phases
    state = "done" if phases and folded(phase) == folded(phases[-1]) else "open"
    this = sa.and_(o.workspace_id == workspace, o.id == found.id)
    connection.execute(tables.onboarding.update().where(this).values(phase=phase, state=state))
    moved = activity(
        by,
        "onboarding.phase_moved",
        Change("phase", found.phase, phase),
        subject=f"onboarding:{found.id}",
        onboarding_id=found.label,
    )
    return record(connection, workspace, customer_id, [moved])


def chosen_onboarding(connection: sa.Connection, workspace: str, customer_id: str, which: str | None) -> Onboarding:
    """The onboarding meant. Raises NotFound, Ambiguous."""
    known = onboardings(connection, workspace, customer_id)
    if which is None:
        found = [each for each in known if each.state == "open"] or known
    else:
        found = [each for each in known if which in {each.id, each.label}] or [
            each for each in known if folded(each.name) == folded(which)
        ]
    if len(found) == 1:
        return found[0]
    if not known:
        raise NotFound("This customer has no onboarding.", "Start one with `/pivotal onboarding start acme`.")
    listed = ", ".join(f"{each.name} ({code(each.label)})" for each in (found or known)[:5])
    if not found:
        raise NotFound(f"I don't know an onboarding {code(which or '')} here.", f"There are {listed}.")
    raise Ambiguous(f"There are several onboardings: {listed}.", "Say which one, by what stands in brackets.")


def add_task(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    title: str,
    by: By,
    *,
    due: date | None = None,
    assignee: str | None = None,
    onboarding: str | None = None,
) -> Receipt:
    """assignee: a reference, `me` or a name. onboarding: as `move` takes it; without, the only open one, if there is one."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    title = _title(title)
    of = _onboarding_of(connection, workspace, customer_id, onboarding)
    who = None if assignee is None else Ref.parse(person(connection, workspace, assignee, by))
    ident = new_id("tsk")
    row = {
        "workspace_id": workspace,
        "id": ident,
        "customer_id": customer_id,
        "onboarding_id": None if of is None else of.id,
        "title": title,
        "state": "open",
        "due": due,
        "assignee": None if who is None else str(who),
    }
    connection.execute(tables.task.insert(), row)
    changes = [Change("task", None, title)]
    changes += [Change("due", None, due.isoformat())] if due else []
    changes += [Change("assignee", None, who)] if who else []
    return record(
        connection, workspace, customer_id, [_about(by, "task.created", changes, ident, of.label if of else None)]
    )


def _title(title: str) -> str:
    title = within(" ".join(title.split()), "title", 500)
    if not title:
        raise UsageError("The task has no title.", 'Try `/pivotal task add acme "Send the contract" due=2026-12-01`.')
    return title


def _onboarding_of(connection: sa.Connection, workspace: str, customer_id: str, which: str | None) -> Onboarding | None:
    if which is not None:
        return chosen_onboarding(connection, workspace, customer_id, which)
    under_way = [each for each in onboardings(connection, workspace, customer_id) if each.state == "open"]
    return under_way[0] if len(under_way) == 1 else None


def _about(
    by: By, kind: str, changes: list[Change], task: str, label: str | None, title: str | None = None
) -> NewActivity:
    """title: of the task, where no change tells it."""
    return activity(by, kind, *changes, text=title, subject=f"task:{task}", onboarding_id=label)


def turn_task(connection: sa.Connection, workspace: str, customer_id: str, which: str, state: str, by: By) -> Receipt:
    """Complete a task, or reopen it. state: `done` or `open`. One that is so already stays as it is: nothing is recorded."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    found = chosen_task(connection, workspace, customer_id, which, prefer="open" if state == "done" else "done")
    if found.state == state:
        return Receipt(customer=name_of(connection, workspace, customer_id))
    t = tables.task.c
    connection.execute(tables.task.update().where(t.workspace_id == workspace, t.id == found.id).values(state=state))
    kind = "task.completed" if state == "done" else "task.reopened"
    return record(
        connection,
        workspace,
        customer_id,
        [_about(by, kind, [Change("task", None, found.title)], found.id, found.onboarding)],
    )


def chosen_task(
    connection: sa.Connection, workspace: str, customer_id: str, which: str, *, prefer: str | None = None
) -> Task:
    """The task meant, by `#id`, id or title, or the beginning of one title. prefer: the state of those that come first."""
    known = tasks(connection, workspace, customer_id)
    key = folded(which.removeprefix("#"))
    found = [each for each in known if each.id == key] or [each for each in known if folded(each.title) == key]
    if not found and key:
        found = [each for each in known if folded(each.title).startswith(key)]
    preferred = [each for each in found if each.state == prefer]
    found = preferred or found
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{each.title} ({code(f'#{each.id}')})" for each in found[:5])
        raise Ambiguous(f"{code(which)} fits several tasks: {listed}.", "Say which one, by what stands in brackets.")
    listed = ", ".join(each.title for each in known if each.state == (prefer or each.state))
    raise NotFound(
        f"I don't know a task {code(which)} here.", f"There are {listed[:300]}." if listed else "There are none."
    )


def update_task(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    task_id: str,
    by: By,
    *,
    title: str,
    due: date | None,
    assignee: str | None,
    expected: str | None = None,
) -> Receipt:
    """Give a task another title, due day or assignee. expected: the digest of title, due day and assignee as the form showed them."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    now = chosen_task(connection, workspace, customer_id, task_id)
    who = None if assignee is None else Ref.parse(person(connection, workspace, assignee, by))
    wanted: dict[str, tuple[Value, Value]] = {
        "task": (now.title, _title(title)),
        "due": (_iso(now.due), _iso(due)),
        "assignee": (now.assignee, who),
    }
    if expected is not None and digest(now.title, now.due, now.assignee) != expected:
        raise Conflict(
            f"Somebody changed this task meanwhile: you wrote “{title}”, it is “{now.title}” now. Nothing was changed.",
            "Open the form again to see what it is.",
        )
    changes = [Change(name, old, new) for name, (old, new) in wanted.items() if old != new]
    if not changes:
        return Receipt(customer=name_of(connection, workspace, customer_id))
    t = tables.task.c
    values: dict[str, Any] = {"title": wanted["task"][1], "due": due, "assignee": None if who is None else str(who)}
    connection.execute(tables.task.update().where(t.workspace_id == workspace, t.id == now.id).values(values))
    untold = None if any(change.field == "task" for change in changes) else now.title
    updated = _about(by, "task.updated", changes, now.id, now.onboarding, untold)
    return record(connection, workspace, customer_id, [updated])


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
