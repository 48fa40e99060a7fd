"""What an app answers to a person: through a response_url, or in the ack of a command."""

from typing import Any

from bot import limits
from bot.sandbox.core import Core, Hook, Interaction, SlackError
from bot.sandbox.workspace import Message


def through_response_url(core: Core, hook: Hook | None, body: Any) -> None:
    """Carry one use of a response_url out.

    body    response_type, replace_original, delete_original, thread_ts, text, blocks.
    raises  SlackError `expired_url` (unknown, used five times, or older than 30 minutes), `invalid_payload`, and what messages are refused for.
    """
    if hook is None:
        raise SlackError("expired_url")
    interaction, original = hook.interaction, hook.message
    age = core.workspace.clock() - interaction.started_at
    if hook.uses >= limits.RESPONSE_URL_USES or age > limits.RESPONSE_URL_LIFETIME:
        raise SlackError("expired_url")
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    if body.get("delete_original"):
        hook.uses += 1
        if original is not None and original.key in core.workspace.messages:
            core.workspace.delete(original, cause=interaction.id)
        return
    text, blocks = body.get("text"), body.get("blocks")
    core.check_message("response_url", text, blocks, metadata=body.get("metadata"), interaction=interaction)
    hook.uses += 1
    if body.get("replace_original") and original is not None:
        # What it says afterwards is exactly what came: a text without blocks drops the blocks.
        core.workspace.messages.setdefault(original.key, original)
        core.workspace.edit(
            original, text=text or "", blocks=blocks or [], metadata=body.get("metadata"), cause=interaction.id
        )
    else:
        _show(core, hook, body)


def in_ack(core: Core, interaction: Interaction, body: Any, *, typed: str) -> None:
    """Show what a command's ack carries, if it carries anything. An in-channel answer publishes what was typed, too."""
    if body in ("", {}, None):
        return
    body = {"text": body} if isinstance(body, str) else body
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    if not any(body.get(key) for key in ("text", "blocks")):
        return
    core.check_message("ack", body.get("text"), body.get("blocks"), interaction=interaction)
    hook = interaction.hook
    assert hook is not None
    channel = hook.channel
    if body.get("response_type") == "in_channel" and channel is not None:
        workspace = core.workspace
        workspace.post(
            Message(channel.id, workspace.new_ts(), interaction.user.id, typed, [], workspace.clock(), by_app=False),
        )
    _show(core, hook, body)


def _show(core: Core, hook: Hook, body: dict[str, Any]) -> None:
    """In the thread of the message clicked on, when only the person sees it; in the one that `thread_ts` names, when all do."""
    if hook.channel is None:
        raise SlackError("channel_not_found")
    workspace, user = core.workspace, hook.interaction.user
    public = body.get("response_type") == "in_channel"
    thread = hook.message.thread_ts if hook.message and not public else body.get("thread_ts")
    workspace.post(
        Message(
            hook.channel.id,
            workspace.new_ts(),
            workspace.bot_user.id,
            body.get("text") or "",
            body.get("blocks") or [],
            workspace.clock(),
            ephemeral_to=None if public else user.id,
            thread_ts=thread,
            metadata=body.get("metadata"),
        ),
        cause=hook.interaction.id,
    )
