"""What Slack sends, as pure functions of the workspace and of what a person did."""

import re
from typing import Any, Final

from bot.sandbox.core import Core, Interaction
from bot.sandbox.inputs import state_values
from bot.sandbox.methods.conversations import message_shape
from bot.sandbox.methods.views import shape as view_shape
from bot.sandbox.workspace import Channel, Message, User, View, Workspace

_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(\.[\w-]+)+")
_URL: Final = re.compile(r'https?://[^\s<>|"]+')
_DOMAIN: Final = re.compile(r"(?<![\w@./-])([\w-]+\.)+(com|org|net|io|de|eu|co|dev|app|example|test)\b(?![\w@])")


def command(core: Core, interaction: Interaction, name: str, text: str) -> dict[str, str]:
    """A slash command's form."""
    workspace, channel = core.workspace, interaction.channel
    assert channel is not None
    form = {
        "token": "legacy-verification-token",
        "team_id": workspace.team_id,
        "team_domain": workspace.team_domain,
        "channel_id": channel.id,
        "channel_name": {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name),
        "user_id": interaction.user.id,
        "user_name": interaction.user.handle,
        "command": name,
        "text": text,
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": core.response_url(interaction.hook),
        "trigger_id": interaction.trigger_id,
    }
    if workspace.enterprise_id:
        form |= {"enterprise_id": workspace.enterprise_id, "enterprise_name": workspace.team_domain}
    return form


def escaped(workspace: Workspace, text: str) -> str:
    """A command's text under `should_escape`: people, channels, links and addresses in Slack's own spelling."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parts: list[str] = []

    def kept(written: str) -> str:
        # Out of reach of the next pattern: what is written once is not looked at again.
        parts.append(written)
        return f"\0{len(parts) - 1}\0"

    text = _MAIL.sub(lambda found: kept(f"<mailto:{found[0]}|{found[0]}>"), text)
    text = _URL.sub(lambda found: kept(f"<{found[0]}>"), text)
    text = _DOMAIN.sub(lambda found: kept(f"<http://{found[0]}|{found[0]}>"), text)
    people = {user.handle: f"<@{user.id}|{user.handle}>" for user in workspace.users.values()}
    text = re.sub(r"(?<!\S)(\S*?)@([\w.-]+)", lambda found: found[1] + people.get(found[2], f"@{found[2]}"), text)
    places = {
        channel.name: f"<#{channel.id}|{channel.name if channel.kind == 'public' else ''}>"
        for channel in workspace.channels.values()
    }
    text = re.sub(r"(?<!\S)#([\w-]+)", lambda found: places.get(found[1], found[0]), text)
    return re.sub("\0(\\d+)\0", lambda found: parts[int(found[1])], text)


def person(user: User) -> dict[str, Any]:
    return {"id": user.id, "username": user.handle, "name": user.handle, "team_id": user.team_id}


def common(core: Core, kind: str, user: User) -> dict[str, Any]:
    workspace = core.workspace
    enterprise = {"id": workspace.enterprise_id, "name": workspace.team_domain} if workspace.enterprise_id else None
    return {
        "type": kind,
        "token": "legacy-verification-token",
        "api_app_id": workspace.app_id,
        "team": {"id": workspace.team_id, "domain": workspace.team_domain},
        "user": person(user),
        "enterprise": enterprise,
        "is_enterprise_install": False,
    }


def block_actions(core: Core, interaction: Interaction, action: dict[str, Any]) -> dict[str, Any]:
    return {
        **common(core, "block_actions", interaction.user),
        **_surface(core, interaction, with_state=True),
        "trigger_id": interaction.trigger_id,
        "actions": [action],
    }


def block_suggestion(core: Core, interaction: Interaction, action: dict[str, Any], typed: str) -> dict[str, Any]:
    found = {
        **common(core, "block_suggestion", interaction.user),
        **_surface(core, interaction, with_state=False),
        "action_id": action["action_id"],
        "block_id": action["block_id"],
        "value": typed,
    }
    found.pop("response_url", None)
    return found


def view_event(core: Core, interaction: Interaction, kind: str, view: View, **more: Any) -> dict[str, Any]:
    """view_submission or view_closed. Neither has a response_url."""
    return {**common(core, kind, interaction.user), "view": _stateful(core, view), **more}


def shortcut(core: Core, interaction: Interaction, callback_id: str, action_ts: str) -> dict[str, Any]:
    """A global shortcut, or one on a message: only that has a channel, a message and a response_url."""
    kind = "shortcut" if interaction.message is None else "message_action"
    found = {
        **common(core, kind, interaction.user),
        "callback_id": callback_id,
        "trigger_id": interaction.trigger_id,
        "action_ts": action_ts,
    }
    if interaction.message is not None:
        assert interaction.channel is not None
        found |= {
            "response_url": core.response_url(interaction.hook),
            "channel": _channel(interaction.channel),
            "message_ts": interaction.message.ts,
            "message": message_shape(core, interaction.message),
        }
    return found


def home_opened(core: Core, user: User) -> dict[str, Any]:
    """The event app_home_opened, with what stands in the tab if anything does."""
    workspace = core.workspace
    event = {"type": "app_home_opened", "user": user.id, "tab": "home", "channel": workspace.dm(user.id).id}
    found = workspace.homes.get(user.id)
    return event if found is None else event | {"view": _stateful(core, workspace.views[found])}


def event_envelope(core: Core, event: dict[str, Any], *, event_id: str, ext_shared: bool = False) -> dict[str, Any]:
    workspace = core.workspace
    at = int(workspace.clock().timestamp())
    authorization = {
        "enterprise_id": workspace.enterprise_id,
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user.id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "legacy-verification-token",
        "team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": {"event_ts": f"{at}.000000", **event},
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at,
        "authorizations": [authorization],
        "is_ext_shared_channel": ext_shared,
        "context_team_id": workspace.team_id,
    }


def _surface(core: Core, interaction: Interaction, *, with_state: bool) -> dict[str, Any]:
    """Where the control stands. An ephemeral message itself is not sent: only its ts is."""
    if interaction.view is not None:
        return {
            "container": {"type": "view", "view_id": interaction.view.id},
            "view": _stateful(core, interaction.view),
        }
    message, channel = interaction.message, interaction.channel
    assert message is not None
    assert channel is not None
    ephemeral = message.ephemeral_to is not None
    container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
    found: dict[str, Any] = {
        "container": container,
        "channel": _channel(channel),
        "response_url": core.response_url(interaction.hook),
    }
    if not ephemeral:
        found["message"] = message_shape(core, message)
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    if with_state:
        found["state"] = {"values": _state(message)}
    return found


def _channel(channel: Channel) -> dict[str, Any]:
    return {"id": channel.id, "name": channel.name}


def _state(shown: Message | View) -> dict[str, Any]:
    return state_values(shown.blocks, shown.chosen)


def _stateful(core: Core, view: View) -> dict[str, Any]:
    return {**view_shape(core, view), "state": {"values": _state(view)}}
