"""conversations.*: channels, who is in them, and what was said there."""

import base64
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from bot.sandbox.core import Core, SlackError
from bot.sandbox.web_api import Arguments
from bot.sandbox.workspace import Channel, Message

T = TypeVar("T")

MAX_PAGE: Final = 999


def find(core: Core, name: str) -> Channel:
    """raises SlackError `channel_not_found`, also for a private channel without the app."""
    channel = core.workspace.channels.get(name)
    if channel is None or (channel.kind == "private" and not channel.app_is_member):
        raise SlackError("channel_not_found")
    return channel


def find_joined(core: Core, name: str) -> Channel:
    channel = find(core, name)
    if not channel.app_is_member:
        raise SlackError("not_in_channel")
    if channel.archived:
        raise SlackError("is_archived")
    return channel


def info(core: Core, arguments: Arguments) -> dict[str, Any]:
    channel = find(core, arguments.text("channel"))
    found = shape(core, channel)
    if arguments.flag("include_num_members"):
        found["num_members"] = len(channel.members)
    return {"channel": found}


def shape(core: Core, channel: Channel) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": channel.id,
        "is_channel": channel.kind == "public",
        "is_private": channel.kind != "public",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_archived": channel.archived,
        "is_member": channel.app_is_member,
        "is_shared": channel.ext_shared or channel.org_shared,
        "is_ext_shared": channel.ext_shared,
        "is_pending_ext_shared": channel.pending_ext_shared,
        "is_org_shared": channel.org_shared,
        "context_team_id": core.workspace.team_id,
    }
    if channel.kind == "im":
        return found | {"user": next(iter(channel.members))}
    return found | {"name": channel.name, "name_normalized": channel.name}


def open_(core: Core, arguments: Arguments) -> dict[str, Any]:
    users = [each for each in arguments.text("users", "").split(",") if each]
    if not users:
        return {"channel": {"id": find(core, arguments.text("channel")).id}}
    for each in users:
        user = core.workspace.users.get(each)
        if user is None:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("user_disabled")
        if user.bot:
            raise SlackError("cannot_dm_bot")
    channel = core.workspace.dm(*users)
    return {"channel": shape(core, channel) if arguments.flag("return_im") else {"id": channel.id}}


def members(core: Core, arguments: Arguments) -> dict[str, Any]:
    channel = find(core, arguments.text("channel"))
    present = sorted(channel.members | ({core.workspace.bot_user.id} if channel.app_is_member else set()))
    page, cursor = _page(present, arguments)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def join(core: Core, arguments: Arguments) -> dict[str, Any]:
    channel = find(core, arguments.text("channel"))
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    channel.app_is_member = True
    return {"channel": shape(core, channel)}


def history(core: Core, arguments: Arguments) -> dict[str, Any]:
    """Newest first; replies only where they were broadcast. A message appears here after `faults.history_lag`."""
    found = [each for each in _visible(core, arguments) if each.thread_ts in {None, each.ts} or each.broadcast]
    return _messages(core, [*reversed(found)], arguments)


def replies(core: Core, arguments: Arguments) -> dict[str, Any]:
    """The parent, then its replies, oldest first."""
    parent = arguments.text("ts")
    found = [each for each in _visible(core, arguments) if parent in {each.ts, each.thread_ts}]
    if not found:
        raise SlackError("thread_not_found")
    return _messages(core, found, arguments)


def message_shape(core: Core, message: Message, *, with_metadata: bool = True) -> dict[str, Any]:
    """A message as Slack's answers and payloads show it."""
    workspace = core.workspace
    found: dict[str, Any] = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    if message.by_app:
        found |= {"bot_id": workspace.bot_id, "app_id": workspace.app_id, "team": workspace.team_id}
    if message.blocks:
        found["blocks"] = message.blocks
    if message.thread_ts:
        found["thread_ts"] = message.thread_ts
    if message.files:
        found["files"] = [{"id": each, "name": workspace.files[each].name} for each in message.files]
    if message.metadata and with_metadata:
        found["metadata"] = message.metadata
    if message.edited:
        found["edited"] = {"user": message.user, "ts": message.ts}
    return found


def _visible(core: Core, arguments: Arguments) -> list[Message]:
    channel = find(core, arguments.text("channel"))
    if not channel.app_is_member:
        raise SlackError("not_in_channel")
    workspace = core.workspace
    shown_until = workspace.clock() - core.faults.history_lag
    oldest, latest = _moment(arguments, "oldest", "0"), _moment(arguments, "latest", "9999999999")
    inclusive = arguments.flag("inclusive")
    return [
        each
        for each in workspace.messages.values()
        if each.channel == channel.id
        and each.ephemeral_to is None
        and each.posted_at <= shown_until
        and (oldest < _order(each.ts) < latest or (inclusive and _order(each.ts) in {oldest, latest}))
    ]


def _moment(arguments: Arguments, name: str, default: str) -> tuple[int, int]:
    try:
        return _order(arguments.text(name, default))
    except ValueError as error:
        raise SlackError(f"invalid_ts_{name}") from error


def _order(ts: str) -> tuple[int, int]:
    """A ts as seconds and microseconds: its text would compare wrongly, and a float would lose digits."""
    seconds, _, micros = ts.partition(".")
    return int(seconds), int(micros[:6].ljust(6, "0"))


def _messages(core: Core, found: Sequence[Message], arguments: Arguments) -> dict[str, Any]:
    page, cursor = _page(found, arguments)
    with_metadata = arguments.flag("include_all_metadata")
    return {
        "messages": [message_shape(core, each, with_metadata=with_metadata) for each in page],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _page(items: Sequence[T], arguments: Arguments) -> tuple[list[T], str]:
    """One page and the cursor of the next, empty at the end."""
    start = 0
    if cursor := arguments.text("cursor", ""):
        try:
            start = int(base64.urlsafe_b64decode(cursor).removeprefix(b"next:"))
        except ValueError as error:
            raise SlackError("invalid_cursor") from error
    end = start + min(arguments.number("limit", 100), MAX_PAGE)
    following = base64.urlsafe_b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return [*items[start:end]], following
