"""The app manifest: what Slack has to know of this app before it can be installed. Pure; `pivotal manifest` prints it."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import yaml

SCOPES: Final = (
    "commands",
    "chat:write",
    "users:read",
    "channels:read",
    "groups:read",
    "im:write",
    "files:write",
    "files:read",
)
OPTIONAL_SCOPES: Final = ("channels:history", "groups:history", "usergroups:read")
"""To look whether a message of unknown outcome is there: without them it is posted once more at most, and marked. And to give rights to a user group."""
WITHOUT: Final[Mapping[str, str]] = {
    "channels:history": "a message of unknown outcome in a public channel is posted once more at most, and marked",
    "groups:history": "a message of unknown outcome in a private channel is posted once more at most, and marked",
    "usergroups:read": "rights cannot be given to a user group",
}
"""What an optional scope is for."""
EVENTS: Final = ("app_home_opened", "app_uninstalled", "team_join", "tokens_revoked", "user_change")
REDIRECT: Final = "slack/oauth_redirect"
"""Below the public address: where a person comes back to who lets the app into another workspace."""
SHORTCUTS: Final = (
    {
        "name": "Open a customer",
        "type": "global",
        "callback_id": "customer_open",
        "description": "Find a customer, see its card, change it",
    },
    {
        "name": "Add to customer history",
        "type": "message",
        "callback_id": "comment_add",
        "description": "Keep this message as a comment on a customer",
    },
)


def manifest(command: str = "/pivotal", url: str | None = None) -> dict[str, Any]:
    """The manifest, by the names of Slack's schema (major version 2).

    url  where Slack reaches `pivotal serve`; None for Socket Mode
    """
    events = None if url is None else f"{url.rstrip('/')}/slack/events"
    to_us = {} if events is None else {"request_url": events}
    back = {} if url is None else {"redirect_urls": [f"{url.rstrip('/')}/{REDIRECT}"]}
    options = {} if events is None else {"message_menu_options_url": events}
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Pivotal",
            "description": "Who changed what, when, from what to what: every customer's history.",
            "long_description": (
                "Pivotal keeps the history of every customer: what people, HubSpot, Stripe and Pi changed, when, and from what to what. "
                f"Type {command} history and a customer's name to see it, filter it by actor, type and dates, and share it with a channel; "
                f"{command} help says what else there is."
            ),
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Pivotal", "always_online": True},
            "slash_commands": [
                {
                    "command": command,
                    **({} if events is None else {"url": events}),
                    "description": "A customer's history and record",
                    "usage_hint": "history acme --actor pi --30d",
                    "should_escape": True,
                }
            ],
            "shortcuts": [dict(each) for each in SHORTCUTS],
        },
        "oauth_config": {**back, "scopes": {"bot": [*SCOPES, *OPTIONAL_SCOPES], "bot_optional": [*OPTIONAL_SCOPES]}},
        "settings": {
            "event_subscriptions": {**to_us, "bot_events": [*EVENTS]},
            "interactivity": {"is_enabled": True, **to_us, **options},
            "org_deploy_enabled": False,
            "socket_mode_enabled": events is None,
            "token_rotation_enabled": False,
        },
    }


def missing(granted: Collection[str]) -> tuple[list[str], list[str]]:
    """Of what we ask for, what was not granted: what we cannot do without, and what we can."""
    without = [[scope for scope in asked if scope not in granted] for asked in (SCOPES, OPTIONAL_SCOPES)]
    return without[0], without[1]


def as_yaml(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, width=140)
