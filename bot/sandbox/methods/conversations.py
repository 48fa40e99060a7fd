"""conversations.*: channels, who is in them, and what was said there."""

from collections.abc import Callable, Sequence
from typing import Any

from bot.sandbox.core import Core, SlackError
from bot.sandbox.methods.paging import page
from bot.sandbox.scopes import FAMILY
from bot.sandbox.web_api import Arguments, kinds_of
from bot.sandbox.workspace import Channel, Message


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


def list_(core: Core, arguments: Arguments) -> dict[str, Any]:
    """Public channels unless `types` says otherwise; private ones and direct messages only where the app is."""
    return _channels(core, arguments, lambda channel: channel.kind == "public" or channel.app_is_member)


def of_user(core: Core, arguments: Arguments) -> dict[str, Any]:
    """users.conversations: those that a person is in, or the app itself, as far as the app can see them."""
    user = arguments.text("user", core.workspace.bot_user.id)
    if user not in core.workspace.users:
        raise SlackError("user_not_found")

    def is_in(channel: Channel) -> bool:
        if user == core.workspace.bot_user.id:
            return channel.app_is_member
        return user in channel.members and (channel.kind == "public" or channel.app_is_member)

    return _channels(core, arguments, is_in)


def _channels(core: Core, arguments: Arguments, fits: Callable[[Channel], bool]) -> dict[str, Any]:
    kinds, without_archived = kinds_of(arguments), arguments.flag("exclude_archived")
    if not {*kinds} <= FAMILY.keys():
        raise SlackError("invalid_types")
    fitting = [
        each
        for each in core.workspace.channels.values()
        if each.kind in kinds and fits(each) and not (without_archived and each.archived)
    ]
    fitting.sort(key=lambda channel: channel.id)
    found, following = page(core, fitting, arguments, key=lambda channel: channel.id)
    return {"channels": [shape(core, each) for each in found], "response_metadata": following}


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
    found, following = page(core, present, arguments, key=str)
    return {"members": found, "response_metadata": following}


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
    return _messages(core, [*reversed(found)], arguments, descending=True)


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
    if any(message.reactions.values()):
        found["reactions"] = [
            {"name": name, "users": who, "count": len(who)} for name, who in message.reactions.items() if who
        ]
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


def _messages(
    core: Core, found: Sequence[Message], arguments: Arguments, *, descending: bool = False
) -> dict[str, Any]:
    shown, following = page(core, found, arguments, key=lambda each: each.ts, descending=descending)
    with_metadata = arguments.flag("include_all_metadata")
    return {
        "messages": [message_shape(core, each, with_metadata=with_metadata) for each in shown],
        "has_more": bool(following["next_cursor"]),
        "response_metadata": following,
    }
