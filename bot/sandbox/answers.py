"""What an app answers to a person: through a response_url, or in the ack of a command."""

from typing import Any

from bot import limits
from bot.sandbox.core import Core, Interaction, SlackError
from bot.sandbox.workspace import Message


def through_response_url(core: Core, interaction: Interaction | None, secret: str, body: Any) -> None:
    """Carry one use of a response_url out.

    body    response_type, replace_original, delete_original, thread_ts, text, blocks.
    raises  SlackError `expired_url` (unknown, used five times, or older than 30 minutes), `invalid_payload`, and what messages are refused for.
    """
    if interaction is None or not interaction.secret or interaction.secret != secret:
        raise SlackError("expired_url")
    age = core.workspace.clock() - interaction.started_at
    if interaction.response_uses >= limits.RESPONSE_URL_USES or age > limits.RESPONSE_URL_LIFETIME:
        raise SlackError("expired_url")
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    original = interaction.message
    if body.get("delete_original"):
        interaction.response_uses += 1
        if original is not None and original.key in core.workspace.messages:
            core.workspace.delete(original, cause=interaction.id)
        return
    text, blocks = body.get("text"), body.get("blocks")
    core.check_message("response_url", text, blocks, interaction=interaction)
    interaction.response_uses += 1
    if body.get("replace_original") and original is not None:
        # What it says afterwards is exactly what came: a text without blocks drops the blocks.
        core.workspace.messages.setdefault(original.key, original)
        core.workspace.edit(
            original, text=text or "", blocks=blocks or [], metadata=body.get("metadata"), cause=interaction.id
        )
    else:
        _show(core, interaction, body)


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
    channel = interaction.channel
    if body.get("response_type") == "in_channel" and channel is not None:
        workspace = core.workspace
        workspace.post(
            Message(channel.id, workspace.new_ts(), interaction.user.id, typed, [], workspace.clock(), by_app=False),
        )
    _show(core, interaction, body)


def _show(core: Core, interaction: Interaction, body: dict[str, Any]) -> None:
    if interaction.channel is None:
        raise SlackError("channel_not_found")
    workspace = core.workspace
    public = body.get("response_type") == "in_channel"
    thread = interaction.message.thread_ts if interaction.message and not public else body.get("thread_ts")
    workspace.post(
        Message(
            interaction.channel.id,
            workspace.new_ts(),
            workspace.bot_user.id,
            body.get("text") or "",
            body.get("blocks") or [],
            workspace.clock(),
            ephemeral_to=None if public else interaction.user.id,
            thread_ts=thread,
            metadata=body.get("metadata"),
        ),
        cause=interaction.id,
    )
