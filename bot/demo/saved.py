"""The stand-in's workspace as a file beside the database: who is there, what was said, and how far the clock was moved.

Open modals and what went over the wire are of one run only. A message's controls carry their query, so they work in the next.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.demo.stage import Stage
from bot.sandbox import Channel, File, Message, User, View
from bot.sandbox.page import Cast
from bot.sandbox.workspace import Workspace
from store.domain.errors import PivotalError

VERSION: Final = 1
PARTS: Final = {"ahead_seconds", "number", "cast", "topics", "users", "channels", "messages", "files", "homes"}
KEPT: Final = 500
"""Messages; older ones go."""

Json = dict[str, Any]


class Unreadable(PivotalError):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} cannot be read: it is damaged, or another version of Pivotal wrote it.",
            "Start afresh with `pivotal demo --reset`.",
        )


def as_json(workspace: Workspace, stage: Stage, ahead: timedelta) -> Json:
    people = [each for each in workspace.users.values() if each.id != workspace.bot_user.id]
    messages = [*workspace.messages.values()][-KEPT:]
    shown = {each for message in messages for each in message.files}
    return {
        "version": VERSION,
        "ahead_seconds": ahead.total_seconds(),
        "number": int(workspace.new_id("")),
        "cast": [_plain(each) for each in stage.cast],
        "topics": stage.topics,
        "users": [_plain(each) for each in people],
        "channels": [_plain(each) for each in workspace.channels.values()],
        "messages": [_plain(each) for each in messages],
        "files": [_plain(each) for each in workspace.files.values() if each.id in shown],
        "homes": [_plain(workspace.views[each]) for each in workspace.homes.values()],
    }


def write(path: Path, told: Json) -> None:
    """As a whole or not at all: a crash in between leaves the former one."""
    fresh = path.with_suffix(".json.new")
    fresh.write_text(json.dumps(told, ensure_ascii=False, default=_written), encoding="utf-8")
    os.replace(fresh, path)  # noqa: PTH105 - the same on every platform, with a file in its place


def read(path: Path) -> Json | None:
    """None where there is none yet. Raises Unreadable."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(path) from error
    if not isinstance(told, dict) or told.get("version") != VERSION or not told.keys() >= PARTS:
        raise Unreadable(path)
    return told


def restore(workspace: Workspace, told: Mapping[str, Any], path: Path) -> Stage:
    """Put back what was saved, into a workspace that holds nobody but the app. Raises Unreadable."""
    try:
        return _restored(workspace, told)
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(path) from error


def _restored(workspace: Workspace, told: Mapping[str, Any]) -> Stage:
    for each in told["users"]:
        workspace.users[each["id"]] = User(**each)
    for each in told["channels"]:
        workspace.channels[each["id"]] = Channel(**each | {"members": set(each["members"])})
    for each in told["messages"]:
        moment = datetime.fromisoformat(each["posted_at"])
        message = Message(**each | {"posted_at": moment, "chosen": _chosen(each["chosen"])})
        workspace.messages[message.key] = message
    for each in told["files"]:
        content = None if each["content"] is None else b64decode(each["content"])
        completed = None if each["completed_at"] is None else datetime.fromisoformat(each["completed_at"])
        workspace.files[each["id"]] = File(**each | {"content": content, "completed_at": completed})
    for each in told["homes"]:
        view = View(**each | {"chosen": _chosen(each["chosen"])})
        workspace.views[view.id], workspace.homes[view.user] = view, view.id
    while int(workspace.new_id("")) < told["number"]:
        pass  # ids go on from where they were
    return Stage([Cast(**each) for each in told["cast"]], told["topics"])


def forget(*paths: Path) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()


def _plain(value: Any) -> Json:
    """A dataclass, one level deep; `chosen` has pairs for keys, which JSON has not."""
    found = {each.name: getattr(value, each.name) for each in fields(value)}
    if "chosen" in found:
        found["chosen"] = [[*key, picked] for key, picked in found["chosen"].items()]
    return found


def _chosen(pairs: list[list[Any]]) -> dict[tuple[str, str], Json]:
    return {(block_id, action_id): picked for block_id, action_id, picked in pairs}


def _written(value: Any) -> Any:
    match value:
        case set():
            return sorted(value)
        case datetime():
            return value.isoformat()
        case bytes():
            return b64encode(value).decode()
    raise TypeError(f"cannot be saved: {type(value).__name__}")
