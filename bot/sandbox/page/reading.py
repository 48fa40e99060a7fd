"""What the page asks for: the whole of what one person sees at first, a place's messages, a thread, a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from bot.sandbox.page import shapes
from bot.sandbox.page.declared import Declared
from bot.sandbox.page.shapes import Json
from bot.sandbox.workspace import File, Message

if TYPE_CHECKING:
    from bot.sandbox.server import StandInSlack

PAGE: Final = 60
"""Messages that are shown at first, and fetched at a time."""
PREVIEW_ROWS: Final = 200


class Reading:
    def __init__(self, slack: StandInSlack, declared: Declared) -> None:
        self._slack = slack
        self._declared = declared

    def state(self, me: str) -> Json:
        workspace, declared = self._slack.workspace, self._declared
        places = [each for each in workspace.channels.values() if shapes.is_open_to(each, me) and each.kind != "im"]
        app = {
            "user": self._slack.bot_user.id,
            "dm": workspace.dm(me).id,
            "home": "app_home_opened" in declared.events,
        }
        return {
            "me": me,
            "title": declared.title,
            "now": shapes.millis(workspace.clock()),
            "cast": [asdict(each) for each in declared.cast],
            "people": [shapes.person(each) for each in workspace.users.values()],
            "groups": {each.id: each.handle for each in workspace.groups.values()},
            "channels": [shapes.channel(each) | {"topic": declared.topics.get(each.id, "")} for each in places],
            "app": app,
            "shortcuts": [asdict(each) for each in declared.shortcuts],
            "hints": [*declared.hints],
            "home": shapes.home(workspace, me),
            "modals": shapes.modals(self._slack.core, me),
        }

    def messages(self, me: str, channel: str, before: str) -> Json:
        """The newest, or those before a ts. What was replied in a thread stands there, unless it was broadcast."""
        found = self._seen(
            me,
            channel,
            lambda each: (
                (each.thread_ts in {None, each.ts} or each.broadcast)
                and (not before or _order(each.ts) < _order(before))
            ),
        )
        workspace, newest = self._slack.workspace, found[-PAGE:]
        shown = [shapes.message(workspace, each, shapes.replies(workspace, each)) for each in newest]
        return {"messages": shown, "older": len(found) > len(newest)}

    def thread(self, me: str, channel: str, ts: str) -> Json:
        found = self._seen(me, channel, lambda each: ts in {each.ts, each.thread_ts})
        return {"messages": [shapes.message(self._slack.workspace, each) for each in found]}

    def _seen(self, me: str, channel: str, wanted: Callable[[Message], bool]) -> list[Message]:
        workspace = self._slack.workspace
        return [
            each
            for each in workspace.messages.values()
            if each.channel == channel and shapes.sees(workspace, each, me) and wanted(each)
        ]

    def file(self, me: str, ident: str) -> File | None:
        """A file that stands in a channel which this person can look into."""
        workspace = self._slack.workspace
        found = workspace.files.get(ident)
        if found is None or found.content is None:
            return None
        open_to_me = (shapes.is_open_to(workspace.channels[each], me) for each in found.channels)
        return found if any(open_to_me) else None


def rows(name: str, content: bytes) -> Json:
    """A CSV file as rows, for its preview; of any other the first of its lines."""
    text = content.decode("utf-8-sig", errors="replace")
    read = csv.reader(io.StringIO(text)) if name.endswith(".csv") else ([line] for line in text.splitlines())
    found = [row for row, _ in zip(read, range(PREVIEW_ROWS + 1), strict=False)]
    return {"rows": found[:PREVIEW_ROWS], "more": len(found) > PREVIEW_ROWS}


def _order(ts: str) -> tuple[int, str]:
    seconds, _, micros = ts.partition(".")
    return (int(seconds) if seconds.isdigit() else 0), micros
