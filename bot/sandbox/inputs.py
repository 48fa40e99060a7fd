"""The controls of a message or view: found as a person finds them, and the state that they are in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from bot.sandbox.rules import Block
from bot.sandbox.rules.blocks import elements_of, every_block
from bot.sandbox.rules.elements import INTERACTIVE
from bot.sandbox.rules.objects import options_of

T = TypeVar("T")

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
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
"""Where an action and `state.values` carry what was picked."""

_STATELESS: Final = {"overflow"}
MANY: Final = {"checkboxes", *(kind for kind in VALUE_KEY if kind.startswith("multi_"))}
BUTTONS: Final = frozenset({"button", "icon_button", "feedback_buttons"})
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
        found += [half["text"] for half in self.halves]
        if self.kind != "button" and self.block["type"] == "section":
            found.append(self.block.get("text"))
        return [each["text"] for each in found if isinstance(each, dict)] + [str(self.element["action_id"])]

    @property
    def labels(self) -> list[str]:
        """What is written on a button; on feedback buttons two things."""
        return [each["text"]["text"] for each in (self.halves or [self.element])]

    @property
    def halves(self) -> list[dict[str, Any]]:
        """The two of feedback buttons, which share an action_id."""
        return [self.element[key] for key in ("positive_button", "negative_button") if key in self.element]

    def pressed(self, label: str) -> dict[str, Any] | None:
        """Which of the two was pressed. None for any other control; raises NotOnScreen, when it is neither."""
        for half in self.halves:
            if half["text"]["text"] == label:
                return half
        if self.halves:
            raise NotOnScreen(f"these feedback buttons say {' and '.join(map(repr, self.labels))}, not {label!r}")
        return None

    def says(self, words: str) -> bool:
        """Whether this is written in the control's block."""
        return any(words in text for text in _texts(self.block))

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
        if self.kind in {"button", "icon_button"}:
            found |= {key: self.element[key] for key in ("text", "value", "style", "icon") if key in self.element}
        elif self.kind == "feedback_buttons":
            found |= {"text": value["text"], "value": value["value"]}
        if self.kind in VALUE_KEY:
            found[VALUE_KEY[self.kind]] = value
            found |= {key: given for key, given in self.element.items() if key.startswith("initial_")}
        return found


def controls(blocks: Sequence[Block]) -> Iterator[Control]:
    for block in every_block(blocks):
        for element in elements_of(block):
            if element.get("type") in INTERACTIVE:
                yield Control(block, element)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a block, its controls' too."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        value = [*value.values()]
    for each in value if isinstance(value, list) else ():
        yield from _texts(each)


@dataclass(frozen=True, slots=True)
class Named:
    """How a person means a control: by its label, placeholder or action_id; by both, where several share one of them.

    beside  what is written in the same block
    nth     which of those that are left, from the top, the first is 1
    """

    name: str = ""
    action_id: str = ""
    beside: str = ""
    nth: int | None = None

    def __str__(self) -> str:
        beside = f" beside {self.beside!r}" if self.beside else ""
        return " ".join(repr(each) for each in (self.name, self.action_id) if each) + beside

    def fits(self, control: Control, names: Sequence[str]) -> bool:
        return (
            (not self.name or self.name in names)
            and self.action_id in {"", control.element["action_id"]}
            and (not self.beside or control.says(self.beside))
        )


def find(blocks: Sequence[Block], wanted: Named, *, kinds: Collection[str] = ()) -> Control:
    """The only control so named; of these kinds, when some are given.

    raises NotOnScreen, when there is none, or several and no `nth`.
    """
    offered = [each for each in controls(blocks) if not kinds or each.kind in kinds]
    found = [each for each in offered if wanted.fits(each, each.names)]
    return _only(found, wanted, "controls", [each.names[0] for each in offered])


def find_in_overflow(blocks: Sequence[Block], wanted: Named) -> tuple[Control, dict[str, Any]]:
    """The only entry of an overflow menu so named, and its menu."""
    offered = [
        (each, option) for each in controls(blocks) if each.kind == "overflow" for option in options_of(each.element)
    ]
    found = [(each, option) for each, option in offered if wanted.fits(each, [option_label(option)])]
    return _only(found, wanted, "menu entries", [option_label(option) for _, option in offered])


def _only(found: Sequence[T], wanted: Named, what: str, offered: Sequence[str]) -> T:
    if wanted.nth is not None and 0 < wanted.nth <= len(found):
        return found[wanted.nth - 1]
    if wanted.nth is None and len(found) == 1:
        return found[0]
    listed = ", ".join(map(repr, offered)) or "none"
    raise NotOnScreen(f"{len(found)} {what} named {wanted}; on screen: {listed}")


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
