"""The controls of a message or view: found as a person finds them, and the state that they are in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.sandbox.rules import Block
from bot.sandbox.rules.blocks import every_block
from bot.sandbox.rules.elements import INTERACTIVE
from bot.sandbox.rules.objects import options_of
from bot.sandbox.workspace import elements_of

VALUE_KEY: Final[Mapping[str, str]] = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
}
"""Where an action and `state.values` carry what was picked."""

_STATELESS: Final = {"overflow"}
MANY: Final = {"multi_static_select", "multi_external_select", "checkboxes", "multi_users_select"}
EXTERNAL: Final = {"external_select", "multi_external_select"}


class NotOnScreen(Exception):
    """A person looking at it would not find this control; the message lists those that are there."""


@dataclass(frozen=True, slots=True)
class Control:
    block: Block
    element: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.element["type"])

    @property
    def key(self) -> tuple[str, str]:
        return self.block["block_id"], self.element["action_id"]

    @property
    def names(self) -> list[str]:
        """What is written on it or beside it, and its action_id."""
        found = [self.element.get("text"), self.element.get("placeholder"), self.block.get("label")]
        if self.kind != "button" and self.block["type"] == "section":
            found.append(self.block.get("text"))
        return [each["text"] for each in found if isinstance(each, dict)] + [str(self.element["action_id"])]

    @property
    def initial(self) -> Any:
        """What it shows before anybody picked, in the spelling of `state.values`."""
        given = [value for key, value in self.element.items() if key.startswith("initial_")]
        if given:
            return given[0]
        return [] if self.kind in MANY else None

    def action(self, value: Any, action_ts: str) -> dict[str, Any]:
        """The entry of `actions` when it is used."""
        block_id, action_id = self.key
        found: dict[str, Any] = {
            "type": self.kind,
            "action_id": action_id,
            "block_id": block_id,
            "action_ts": action_ts,
        }
        for key in ("text", "value", "style", "placeholder"):
            if self.kind == "button" and key in self.element:
                found[key] = self.element[key]
        if self.kind in VALUE_KEY:
            found[VALUE_KEY[self.kind]] = value
            found |= {key: given for key, given in self.element.items() if key.startswith("initial_")}
        return found


def controls(blocks: Sequence[Block]) -> Iterator[Control]:
    for block in every_block(blocks):
        for element in elements_of(block):
            if element.get("type") in INTERACTIVE:
                yield Control(block, element)


def find(blocks: Sequence[Block], name: str, *, kinds: frozenset[str] | None = None) -> Control:
    """The only control of these kinds with this name: label, placeholder or action_id.

    raises NotOnScreen, when there is none or several.
    """
    offered = [each for each in controls(blocks) if kinds is None or each.kind in kinds]
    found = [each for each in offered if name in each.names]
    if len(found) != 1:
        listed = ", ".join(repr(each.names[0]) for each in offered) or "none"
        raise NotOnScreen(f"{len(found)} controls named {name!r}; on screen: {listed}")
    return found[0]


def find_in_overflow(blocks: Sequence[Block], label: str) -> tuple[Control, dict[str, Any]]:
    """The only overflow menu with such an entry, and the entry."""
    offered = [
        (each, option) for each in controls(blocks) if each.kind == "overflow" for option in options_of(each.element)
    ]
    found = [pair for pair in offered if option_label(pair[1]) == label]
    if len(found) != 1:
        listed = ", ".join(repr(option_label(option)) for _, option in offered) or "none"
        raise NotOnScreen(f"{len(found)} menu entries {label!r}; on screen: {listed}")
    return found[0]


def option_label(option: Mapping[str, Any]) -> str:
    return str(option["text"]["text"])


def pick(options: Sequence[dict[str, Any]], label: str) -> dict[str, Any]:
    """raises NotOnScreen, when no option has this label."""
    for option in options:
        if option_label(option) == label:
            return option
    raise NotOnScreen(
        f"no option {label!r}; offered: {', '.join(repr(option_label(each)) for each in options) or 'none'}"
    )


def state_values(
    blocks: Sequence[Block], chosen: Mapping[tuple[str, str], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """`state.values` of a surface: every input, with what was picked or what it shows initially."""
    values: dict[str, dict[str, Any]] = {}
    for each in controls(blocks):
        if each.kind in VALUE_KEY and each.kind not in _STATELESS:
            block_id, action_id = each.key
            found = chosen.get(each.key) or {"type": each.kind, VALUE_KEY[each.kind]: each.initial}
            values.setdefault(block_id, {})[action_id] = found
    return values
