"""Modals: inputs and what was typed into them. Each input is a block of its own, named by what it asks for."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot import limits
from bot.blocks import kit
from bot.blocks.kit import Block, Element

VALUE: Final = "value"
"""The action_id of every input; selects that ask us for options have their own."""
CUSTOMER: Final = "form:customer"
PERSON: Final = "form:person"

Json = dict[str, Any]


def modal(
    title: str, callback_id: str, blocks: Sequence[Block], metadata: Mapping[str, object], submit: str = "Save"
) -> Json:
    """metadata: ids and digests only; it comes back with what is sent in."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": kit.plain(title, limits.VIEW_TITLE),
        "submit": kit.plain(submit, limits.VIEW_TITLE),
        "close": kit.plain("Cancel", limits.VIEW_TITLE),
        "private_metadata": json.dumps(metadata, separators=(",", ":")),
        "blocks": list(blocks),
    }


def told(title: str, blocks: Sequence[Block]) -> Json:
    """A modal to read."""
    return {
        "type": "modal",
        "title": kit.plain(title, limits.VIEW_TITLE),
        "close": kit.plain("Close", limits.VIEW_TITLE),
        "blocks": list(blocks),
    }


def metadata(view: Json) -> Json:
    found: Json = json.loads(view["private_metadata"] or "{}")
    return found


# --- inputs -----------------------------------------------------------------------------------------------------------


def asked(name: str, label: str, element: Element, *, optional: bool = True, hint: str | None = None) -> Block:
    """name: the block_id, under which the answer is found."""
    return kit.block_json(
        {"type": "input", "block_id": name, "label": kit.plain(label, 200), "element": element, "optional": optional},
        hint=None if hint is None else kit.plain(hint, 200),
    )


def text(initial: str | None = None, *, long: bool = False, most: int = limits.INPUT_TEXT) -> Element:
    """Slack takes up to 3,000 characters here. What has several lines is shown on several, whatever `long` says."""
    long = long or "\n" in (initial or "")
    element: Element = {"type": "plain_text_input", "action_id": VALUE, "multiline": long, "max_length": most}
    return kit.block_json(element, initial_value=(initial or "")[:most] or None)


def number(initial: str | None, *, whole: bool = False) -> Element:
    """initial: digits, as a person writes them; what Slack would not take there is left out."""
    element: Element = {"type": "number_input", "action_id": VALUE, "is_decimal_allowed": not whole}
    shape = r"[0-9]{1,15}" if whole else r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
    return kit.block_json(element, initial_value=initial if initial and re.fullmatch(shape, initial) else None)


def day(initial: str | None) -> Element:
    """initial: YYYY-MM-DD; what is no day is left out."""
    shape = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    chosen = initial if initial and re.fullmatch(shape, initial) else None
    return kit.block_json({"type": "datepicker", "action_id": VALUE}, initial_date=chosen)


def choice(options: Sequence[tuple[str, str]], initial: str | None = None) -> Element:
    """options: (label, value), at most 100 of them. initial: one of the values."""
    rows = [kit.option(kit.one_line(label) or "–", value) for label, value in options[: limits.OPTIONS]]
    chosen = next((each for each in rows if each["value"] == initial), None)
    return kit.select(VALUE, "Choose", rows, chosen)


def customer() -> Element:
    return kit.search(CUSTOMER, "Choose a customer")


def person(initial: tuple[str, str] | None = None) -> Element:
    """initial: (name, reference)."""
    element = kit.search(PERSON, "Choose a person")
    if initial is None:
        return element
    name, ref = initial
    return kit.block_json(element, initial_option=kit.option(kit.one_line(name) or "–", ref))


def tick(label: str, *, ticked: bool) -> Element:
    box = kit.option(label, "yes")
    element: Element = {"type": "checkboxes", "action_id": VALUE, "options": [box]}
    return kit.block_json(element, initial_options=[box] if ticked else None)


def answers(view: Json) -> dict[str, str]:
    """What was typed or picked, by the input's name; "" where it was left empty."""
    found: dict[str, str] = {}
    for name, actions in view["state"]["values"].items():
        held = next(iter(actions.values()))
        picked = held.get("selected_option") or next(iter(held.get("selected_options") or []), None)
        found[name] = (picked or {}).get("value") or held.get("value") or held.get("selected_date") or ""
    return found
