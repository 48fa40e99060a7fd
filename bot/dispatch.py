"""Bolt, and what holds for every request of Slack, by whichever way it came: an id on each line of the log, and the time to its ack."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.errors import is_identified, new_reference

KINDS: Final = {
    "block_actions": "click",
    "block_suggestion": "options",
    "view_submission": "view",
    "view_closed": "view",
    "message_action": "shortcut",
    "shortcut": "shortcut",
    "event_callback": "event",
}


MEANT_FOR_US: Final = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""Variables that Bolt would read as well: it would keep tokens in files of its own, and complain of one that it has no use for."""


class Dispatch(AsyncApp):
    """observe: told the kind of each request, and the seconds to its ack. settings: as AsyncApp takes them."""

    def __init__(self, observe: Callable[[str, float], None], **settings: Any) -> None:
        with _unseen():
            super().__init__(**settings)
        self._observe = observe

    def _init_context(self, req: AsyncBoltRequest) -> None:
        """What Bolt's own does, without a Web API client for each request: none of our listeners calls Slack by it (slack.py does), and to
        make one costs as much as all the rest of Bolt.
        """
        req.context["logger"] = self.logger
        req.context["client"] = self.client
        req.context["listener_runner"] = self.listener_runner

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        began = time.perf_counter()
        try:
            if is_identified():  # by web.py
                return await super().async_dispatch(req)
            with structlog.contextvars.bound_contextvars(request=new_reference()):
                return await super().async_dispatch(req)
        finally:
            self._observe(kind_of(req.body), time.perf_counter() - began)


@contextmanager
def _unseen() -> Iterator[None]:
    """While Bolt is made. Nobody else looks into the environment then: settings were read before."""
    held = {name: os.environ.pop(name) for name in MEANT_FOR_US if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)


def kind_of(body: Mapping[str, Any]) -> str:
    return "command" if "command" in body else KINDS.get(body.get("type", ""), "other")
