"""What went over the wire, for the inspector: each request to the app with its ack, each call of the app, and what Slack refused of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot import limits
from bot.sandbox.core import Refusal
from bot.sandbox.page.shapes import Json, millis
from bot.sandbox.transport import Delivery
from bot.sandbox.web_api import Call

if TYPE_CHECKING:
    from bot.sandbox.server import StandInSlack

KEPT: Final = 300
_UNSETTLED: Final = 24
"""So many of the newest requests are looked at again: an ack may come late, and may be refused after it came."""
_ACKED_BY: Final = {"ack": ("command", "view_submission"), "options": ("options",)}


class Traffic:
    """The entries, oldest first. The stand-in keeps plain lists, so this reads on from where it was."""

    def __init__(self, slack: StandInSlack) -> None:
        self._slack = slack
        self._entries: dict[str, Json] = {}
        self._deliveries = self._calls = self._refusals = 0

    def recent(self) -> list[Json]:
        self.fresh()
        return [*self._entries.values()]

    def fresh(self) -> list[Json]:
        """The entries that are new, or other than before."""
        changed: dict[str, Json] = {}
        deliveries, calls = self._slack.deliveries, self._slack.calls
        for index in range(max(0, self._deliveries - _UNSETTLED), len(deliveries)):
            self._put(changed, _delivery(f"d{index}", deliveries[index]))
        for index in range(self._calls, len(calls)):
            self._put(changed, _call(f"c{index}", calls[index]))
        for refusal in self._slack.refusals[self._refusals :]:
            self._attach(changed, refusal)
        self._deliveries, self._calls = len(deliveries), len(calls)
        self._refusals = len(self._slack.refusals)
        while len(self._entries) > KEPT:
            del self._entries[next(iter(self._entries))]
        return [*changed.values()]

    def _put(self, changed: dict[str, Json], entry: Json) -> None:
        known = self._entries.get(entry["id"])
        if known is not None:
            entry["refused"] = known["refused"]
        if entry != known:
            self._entries[entry["id"]] = changed[entry["id"]] = entry

    def _attach(self, changed: dict[str, Json], refusal: Refusal) -> None:
        """A refusal belongs to the newest call of that name, or to the ack that carried it."""
        kinds = _ACKED_BY.get(refusal.where, (refusal.where,))
        for entry in reversed(self._entries.values()):
            if entry["kind"] in kinds and not entry["refused"]:
                told = [
                    {"code": each.code, "message": each.message, "pointer": each.pointer} for each in refusal.problems
                ]
                self._entries[entry["id"]] = changed[entry["id"]] = entry | {"refused": told}
                return


def _delivery(ident: str, delivery: Delivery) -> Json:
    headers = {key: value for key, value in delivery.headers.items() if key.startswith(("X-", "Content-"))}
    return {
        "id": ident,
        "way": "to_app",
        "kind": delivery.kind,
        "title": _title(delivery),
        "at": millis(delivery.sent_at),
        "ms": round(delivery.ms, 1),
        "budget": int(limits.ACK.total_seconds() * 1000),
        "status": delivery.status,
        "done": delivery.ms > 0,
        "error": delivery.error,
        "headers": headers,
        "payload": dict(delivery.payload),
        "answer": delivery.answer,
        "refused": [],
    }


def _title(delivery: Delivery) -> str:
    payload: Any = delivery.payload
    match delivery.kind:
        case "command":
            return f"{payload['command']} {payload['text']}".strip()
        case "event":
            return str(payload["event"]["type"])
        case "block_actions":
            return ", ".join(each["action_id"] for each in payload["actions"])
        case "options":
            return f"{payload['action_id']}: {payload['value']!r}"
        case "view_submission" | "view_closed":
            return str(payload["view"].get("callback_id") or payload["view"]["id"])
    return str(payload.get("callback_id", ""))


def _call(ident: str, call: Call) -> Json:
    return {
        "id": ident,
        "way": "from_app",
        "kind": call.method,
        "title": _called(call),
        "at": millis(call.at),
        "ms": round(call.ms, 1),
        "status": call.status,
        "done": True,
        "error": _error(call),
        "payload": dict(call.arguments),
        "answer": call.answer,
        "refused": [],
    }


def _called(call: Call) -> str:
    told = call.arguments
    if call.method == "response_url":
        return "replaces the message" if told.get("replace_original") else str(told.get("response_type", "ephemeral"))
    return str(
        told.get("channel") or told.get("user_id") or told.get("user") or told.get("filename") or told.get("file") or ""
    )


def _error(call: Call) -> str | None:
    if isinstance(call.answer, dict):
        return None if call.answer.get("ok") else str(call.answer.get("error", "error"))
    return None if call.status == 200 else str(call.answer or "dropped")
