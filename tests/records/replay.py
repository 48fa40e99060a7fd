"""The log, replayed, and the record, in the same words: they must say the same."""

from typing import Any

from store.domain.activity import Ref
from store.records import Records


def replayed(oldest_first: Any) -> dict[str, Any]:
    """What the log says that the record is."""
    state: dict[str, Any] = {"status": "active"}
    for each in oldest_first:
        kind, _, ident = (each.subject or "customer:").partition(":")
        for change in each.changes:
            if change.field == "primary contact":
                state["primary"] = change.new
            elif kind == "customer" and each.kind.startswith("customer.") and change.field != "channel":
                state[change.field] = change.new
            elif kind in {"task", "onboarding"} and change.field in {"task", "due", "assignee", "phase"}:
                state[f"{kind}:{ident}:{change.field}"] = change.new
        if each.kind in _STATES:
            state[f"{kind}:{ident}:state"] = _STATES[each.kind]
        if each.kind == "contact.removed" and state.get("primary") == Ref.parse(f"contact:{ident}"):
            state["primary"] = None
    return {key: value for key, value in state.items() if value is not None}


_STATES = {
    "task.created": "open",
    "task.completed": "done",
    "task.reopened": "open",
    "contact.added": "active",
    "contact.archived": "archived",
    "contact.restored": "active",
    "contact.removed": None,
    "comment.added": "there",
    "comment.deleted": None,
}


async def on_record(records: Records, workspace: str, customer_id: str) -> dict[str, Any]:
    """What the record is, in the same words."""
    now = await records.customer(workspace, customer_id)
    state: dict[str, Any] = {
        name: now.value(name) for name in ("name", "status", "plan", "health_score", "owner", "domain", "tags")
    }
    for task in await records.tasks(workspace, customer_id):
        due = task.due.isoformat() if task.due else None
        state |= {f"task:{task.id}:task": task.title, f"task:{task.id}:due": due}
        state |= {f"task:{task.id}:assignee": task.assignee, f"task:{task.id}:state": task.state}
    for each in await records.onboardings(workspace, customer_id):
        state[f"onboarding:{each.id}:phase"] = each.phase
    for contact in await records.contacts(workspace, customer_id):
        state[f"contact:{contact.id}:state"] = contact.state
        if contact.is_primary:
            state["primary"] = contact.ref
    card = await records.card(workspace, customer_id)
    state |= {f"comment:{each.id}:state": "there" for each in card.comments}
    return {key: value for key, value in state.items() if value is not None}
