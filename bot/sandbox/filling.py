"""What Slack itself asks of an input before it sends a modal in."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from bot.sandbox.inputs import VALUE_KEY, Control, controls, state_values
from bot.sandbox.workspace import View

_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL: Final = re.compile(r"https?://\S+")


def complaints(view: View) -> Iterator[str]:
    """What is missing or not acceptable, an input each."""
    values = state_values(view.blocks, view.chosen)
    for control in controls(view.blocks):
        if control.block["type"] != "input":
            continue
        block_id, action_id = control.key
        value = values[block_id][action_id].get(VALUE_KEY[control.kind])
        if value in (None, "", []):
            if not control.block.get("optional"):
                yield f"{control.names[0]!r} must be filled in before this can be sent"
        elif why := _unacceptable(control, value):
            yield f"{control.names[0]!r} {why}"


def _unacceptable(control: Control, value: Any) -> str | None:
    element = control.element
    match control.kind:
        case "plain_text_input":
            least, most = element.get("min_length", 0), element.get("max_length", len(value))
            return None if least <= len(value) <= most else f"must have {least} to {most} characters"
        case "email_text_input":
            return None if _MAIL.fullmatch(value) else "must be an email address"
        case "url_text_input":
            return None if _URL.fullmatch(value) else "must be a URL"
        case "number_input":
            return _number(element, value)
        case kind if kind.startswith("multi_"):
            most = element.get("max_selected_items", len(value))
            return None if len(value) <= most else f"must have at most {most} items"
    return None


def _number(element: dict[str, Any], value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "must be a number"
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "must be a whole number"
    least, most = Decimal(element.get("min_value", number)), Decimal(element.get("max_value", number))
    return None if least <= number <= most else f"must be between {least} and {most}"
