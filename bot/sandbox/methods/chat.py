"""chat.*: posting, changing and deleting messages."""

from typing import Any

from bot.sandbox.core import Core, SlackError
from bot.sandbox.methods.conversations import find, find_joined, message_shape
from bot.sandbox.web_api import Arguments
from bot.sandbox.workspace import Channel, Message


def post_message(core: Core, arguments: Arguments) -> dict[str, Any]:
    """A user's id stands for the DM with that user."""
    channel = _destination(core, arguments.text("channel"))
    message = _message(core, "chat.postMessage", arguments, channel)
    core.workspace.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_shape(core, message)}


def post_ephemeral(core: Core, arguments: Arguments) -> dict[str, Any]:
    channel = find_joined(core, arguments.text("channel"))
    user = arguments.text("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    message = _message(core, "chat.postEphemeral", arguments, channel)
    message.ephemeral_to = user
    core.workspace.post(message)
    return {"message_ts": message.ts}


def update(core: Core, arguments: Arguments) -> dict[str, Any]:
    """A text without blocks drops the blocks, as Slack does. Metadata that is left out stays; an empty object takes it away."""
    message = _own(core, arguments, refusal="cant_update_message")
    text, blocks = arguments.values.get("text"), _blocks(arguments)
    metadata = arguments.json("metadata")
    if text is None and blocks is None and metadata is not None:
        text, blocks = message.text, message.blocks
    core.check_message("chat.update", text, blocks, metadata=metadata)
    core.workspace.edit(message, text=text or "", blocks=blocks or [], metadata=metadata)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message_shape(core, message)}


def delete(core: Core, arguments: Arguments) -> dict[str, Any]:
    message = _own(core, arguments, refusal="cant_delete_message")
    core.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(core: Core, arguments: Arguments) -> dict[str, Any]:
    channel, ts = find(core, arguments.text("channel")), arguments.text("message_ts")
    if (channel.id, ts) not in core.workspace.messages:
        raise SlackError("message_not_found")
    address = f"https://{core.workspace.team_domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": address}


def add_reaction(core: Core, arguments: Arguments) -> dict[str, Any]:
    who = _reacting(core, arguments)
    if core.workspace.bot_user.id in who:
        raise SlackError("already_reacted")
    who.append(core.workspace.bot_user.id)
    return {}


def remove_reaction(core: Core, arguments: Arguments) -> dict[str, Any]:
    who = _reacting(core, arguments)
    if core.workspace.bot_user.id not in who:
        raise SlackError("no_reaction")
    who.remove(core.workspace.bot_user.id)
    return {}


def _reacting(core: Core, arguments: Arguments) -> list[str]:
    """Who reacts to that message with that emoji."""
    channel = find_joined(core, arguments.text("channel"))
    message = core.workspace.messages.get((channel.id, arguments.text("timestamp")))
    if message is None or message.ephemeral_to is not None:
        raise SlackError("message_not_found")
    return message.reactions.setdefault(arguments.text("name").strip(":"), [])


def _destination(core: Core, name: str) -> Channel:
    workspace = core.workspace
    if user := workspace.users.get(name):
        return workspace.dm(user.id)
    channel = find(core, name)
    if not channel.app_is_member and not ("chat:write.public" in core.scopes and channel.kind == "public"):
        raise SlackError("not_in_channel")
    if channel.archived:
        raise SlackError("is_archived")
    return channel


def _message(core: Core, where: str, arguments: Arguments, channel: Channel) -> Message:
    workspace = core.workspace
    text, blocks = arguments.values.get("text"), _blocks(arguments)
    metadata = arguments.json("metadata")
    core.check_message(where, text, blocks, metadata=metadata)
    thread_ts = arguments.values.get("thread_ts")
    if thread_ts is not None and (channel.id, thread_ts) not in workspace.messages:
        raise SlackError("thread_not_found")
    return Message(
        channel.id,
        workspace.new_ts(),
        workspace.bot_user.id,
        text or "",
        blocks or [],
        workspace.clock(),
        thread_ts=thread_ts,
        broadcast=arguments.flag("reply_broadcast"),
        metadata=metadata or None,
    )


def _blocks(arguments: Arguments) -> Any:
    """Attachments, the older form, are not modelled: a message with some is refused rather than half checked."""
    if arguments.json("attachments"):
        raise SlackError("invalid_attachments")
    return arguments.json("blocks")


def _own(core: Core, arguments: Arguments, *, refusal: str) -> Message:
    channel = find(core, arguments.text("channel"))
    message = core.workspace.messages.get((channel.id, arguments.text("ts")))
    if message is None or message.ephemeral_to is not None:
        raise SlackError("message_not_found")
    if not message.by_app:
        raise SlackError(refusal)
    return message
