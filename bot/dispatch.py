"""Bolt, and what holds for every request of Slack, by whichever way it came: an id on each line of the log, and the time to its ack."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.errors import request_id

KINDS: Final = {
    "block_actions": "click",
    "block_suggestion": "options",
    "view_submission": "view",
    "view_closed": "view",
    "message_action": "shortcut",
    "shortcut": "shortcut",
    "event_callback": "event",
}


class Dispatch(AsyncApp):
    """observe: told the kind of each request, and the seconds to its ack. settings: as AsyncApp takes them."""

    def __init__(self, observe: Callable[[str, float], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._observe = observe

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        began = time.perf_counter()
        try:
            with structlog.contextvars.bound_contextvars(request=request_id()):
                return await super().async_dispatch(req)
        finally:
            self._observe(kind_of(req.body), time.perf_counter() - began)


def kind_of(body: Mapping[str, Any]) -> str:
    return "command" if "command" in body else KINDS.get(body.get("type", ""), "other")
