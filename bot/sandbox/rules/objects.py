"""Composition objects: texts, options, confirmation dialogs, filters."""

from collections.abc import Iterator
from typing import Any, Final

from bot import limits
from bot.sandbox.rules.shapes import Check, Node, Shape, by_type, flag, items, listing, one_of, string


def plain(most: int) -> Check:
    return by_type({"plain_text": Shape({"text": string(most)}, {"emoji": flag})})


def text(most: int) -> Check:
    return by_type(
        {
            "plain_text": Shape({"text": string(most)}, {"emoji": flag}),
            "mrkdwn": Shape({"text": string(most)}, {"verbatim": flag}),
        }
    )


confirm = Shape(
    {"title": plain(limits.CONFIRM_TITLE), "text": text(limits.CONFIRM_TEXT)},
    {
        "confirm": plain(limits.CONFIRM_BUTTON),
        "deny": plain(limits.CONFIRM_BUTTON),
        "style": one_of("primary", "danger"),
    },
)

menu_option = Shape(
    {"text": plain(limits.OPTION_TEXT), "value": string(limits.OPTION_VALUE)},
    {"description": plain(limits.OPTION_TEXT)},
)
overflow_option = Shape(menu_option.needs, {**menu_option.may, "url": string(limits.URL)})
choice_option = Shape(
    {"text": text(limits.OPTION_TEXT), "value": string(limits.OPTION_VALUE)},
    {"description": text(limits.OPTION_TEXT)},
)
options = listing(menu_option, limits.OPTIONS)
option_groups = listing(
    Shape({"label": plain(limits.OPTION_TEXT), "options": options}),
    limits.OPTION_GROUPS,
)

_ICONS: Final = """
    archive book bookmark bot bug calendar call caret-left caret-right check clipboard code comment compass copy
    cube download edit email eye-closed eye-open file flag folder gear globe heart help image info key lightbulb
    link map mobile new-window pin plus refine refresh rocket save screen share sparkle star star-filled tag
    thumbs-down thumbs-up trash upload user warning
"""
slack_icon = by_type({"icon": Shape({"name": one_of(*_ICONS.split())})})

conversation_filter = Shape(
    may={
        "include": listing(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    }
)
dispatch_config = Shape(
    may={"trigger_actions_on": listing(one_of("on_enter_pressed", "on_character_entered"), 2)},
)


def options_of(element: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every option of a static menu, from its groups too."""
    for holder in (element, *items(element.get("option_groups"))):
        if isinstance(holder, dict):
            yield from (option for option in items(holder.get("options")) if isinstance(option, dict))


def same_option(one: Any, other: Any) -> bool:
    """What Slack compares: text and value."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return False
    return bool(one.get("value") == other.get("value") and _words(one) == _words(other))


def _words(option: dict[str, Any]) -> Any:
    text = option.get("text")
    return text.get("text") if isinstance(text, dict) else text


def options_or_groups(node: Node) -> None:
    """Exactly one of the two."""
    if ("options" in node.value) == ("option_groups" in node.value):
        node.refuse("exactly one of `options` and `option_groups` is required")


def initial_is_an_option(node: Node) -> None:
    """`initial_option(s)` of a static menu must equal an option, text and value."""
    offered = list(options_of(node.value))
    chosen = items(node.value.get("initial_options"))
    if "initial_option" in node.value:
        chosen = [node.value["initial_option"]]
    for option in chosen:
        if not any(same_option(option, each) for each in offered):
            node.refuse("initial option must exactly match an option that is offered")
