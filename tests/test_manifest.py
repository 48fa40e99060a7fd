"""The manifest: what Slack's schema takes, what `manifest.yml` holds, and no more than the app uses."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from bot.manifest import EVENTS, as_yaml, manifest

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "tests/fixtures/slack/manifest.schema.2.0.0.json").read_text())
URL = "https://pivotal.example.com"


@pytest.mark.parametrize("url", [None, URL, f"{URL}/behind/a/path/"])
def test_slacks_schema_takes_it(url: str | None) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(manifest(url=url))


def test_the_schema_would_refuse_what_slack_does_not_know() -> None:
    made = manifest()
    made["settings"]["socket_mode"] = True
    with pytest.raises(jsonschema.ValidationError, match="socket_mode"):
        jsonschema.Draft7Validator(SCHEMA).validate(made)


def test_the_file_is_the_manifest_of_the_default_settings() -> None:
    assert (ROOT / "manifest.yml").read_text() == as_yaml(manifest())


def test_over_http_one_address_takes_commands_clicks_options_and_events() -> None:
    made = manifest(url=f"{URL}/")
    addresses = {
        made["features"]["slash_commands"][0]["url"],
        made["settings"]["event_subscriptions"]["request_url"],
        made["settings"]["interactivity"]["request_url"],
        made["settings"]["interactivity"]["message_menu_options_url"],
    }
    assert addresses == {f"{URL}/slack/events"}
    assert not made["settings"]["socket_mode_enabled"]


def test_socket_mode_needs_no_address() -> None:
    made = manifest()
    assert made["settings"]["socket_mode_enabled"]
    assert "http" not in as_yaml(made)


def test_mentions_and_links_arrive_as_the_grammar_reads_them() -> None:
    (command,) = manifest("/pivotal-test")["features"]["slash_commands"]
    assert command["command"] == "/pivotal-test"
    assert command["should_escape"]


def test_what_is_optional_is_asked_for_too() -> None:
    scopes = manifest()["oauth_config"]["scopes"]
    assert set(scopes["bot_optional"]) == {"channels:history", "groups:history", "usergroups:read"} < set(scopes["bot"])


def registered(what: str) -> set[str]:
    """The words for which the listeners register something with Bolt."""
    listeners = "".join(path.read_text() for path in (ROOT / "bot/listeners").glob("*.py"))
    return set(re.findall(rf'@bolt\.{what}\("([^"]+)"\)', listeners))


def test_it_asks_for_the_events_and_shortcuts_that_are_listened_to() -> None:
    assert set(EVENTS) == registered("event")
    assert {shortcut["callback_id"] for shortcut in manifest()["features"]["shortcuts"]} == registered("shortcut")


NEEDED = {
    "auth.revoke": None,
    "auth.test": None,
    "chat.delete": "chat:write",
    "chat.getPermalink": None,
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.info": "channels:read",
    "conversations.members": "channels:read",
    "conversations.open": "im:write",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "views.open": None,
    "views.publish": None,
    "views.push": None,
    "views.update": None,
}
"""The scope that each method of Slack's asks for, after its reference; one for private channels goes with each of those for public ones."""


def test_it_asks_for_the_scopes_that_are_used() -> None:
    methods = set(
        re.findall(
            r'"((?:auth|chat|conversations|files|usergroups|users|views)\.[A-Za-z]+)"',
            (ROOT / "bot/slack.py").read_text(),
        )
    )
    needed = {scope for method in methods if (scope := NEEDED[method])} | {"commands"}
    needed |= {scope.replace("channels:", "groups:") for scope in needed}
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed
