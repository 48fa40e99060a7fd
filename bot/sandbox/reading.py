"""What a person reads: the visible text of blocks, without markup."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bot.sandbox.inputs import VALUE_KEY, Control, controls, option_label
from bot.sandbox.rules import Block

_LABELLED: Final = re.compile(r"<(?!@)[^<>|]*\|([^<>]*)>")
_PERSON: Final = re.compile(r"<@(\w+)(?:\|[^<>]*)?>")
_BARE: Final = re.compile(r"<([^<>|]*)>")
_STYLED: Final = re.compile(r"(?<![\w*_~`])([*_~`])(?=\S)([^\n]*?\S)\1(?![\w*_~`])")

Names = Mapping[str, str]
"""Names of people and channels by id."""


def read(blocks: Sequence[Block], text: str, names: Names, *, with_controls: bool = True) -> str:
    """A line per piece of text. `text` is only seen when there are no blocks."""
    if not blocks:
        return mrkdwn(text, names)
    return "\n".join(line for block in blocks for line in _lines(block, names, with_controls) if line)


def mrkdwn(text: str, names: Names) -> str:
    """Links as their labels, people by name, dates as their fallback, emphasis gone."""
    text = _PERSON.sub(lambda found: f"@{names.get(found[1], found[1])}", text)
    text = _LABELLED.sub(lambda found: found[1], text)
    text = _BARE.sub(lambda found: found[1].replace("!", "@", 1), text)
    while (plainer := _STYLED.sub(lambda found: found[2], text)) != text:
        text = plainer
    return html.unescape(text)


def _lines(block: Block, names: Names, with_controls: bool) -> Iterator[str]:
    kind = block["type"]
    if kind in {"section", "header", "alert", "context", "markdown", "card", "input", "image"}:
        yield from _texts(block, names)
    elif kind == "rich_text":
        yield _rich(block, names)
    elif kind in {"table", "data_table"}:
        yield block.get("caption", "")
        yield from ("\t".join(_cell(cell, names) for cell in row) for row in block["rows"])
    elif kind == "container":
        yield _text(block.get("title"), names) or _rich(block.get("rich_text_title") or {}, names)
        yield _text(block.get("subtitle"), names)
        for child in block["child_blocks"]:
            yield from _lines(child, names, with_controls)
        return
    elif kind == "carousel":
        for card in block["elements"]:
            yield from _lines(card, names, with_controls)
        return
    elif kind == "data_visualization":
        yield block["title"]
    if with_controls:
        yield from (_shown(each) for each in controls([block]))


def _texts(block: Block, names: Names) -> Iterator[str]:
    for key in ("label", "title", "subtitle", "text", "body", "subtext", "hint"):
        yield _text(block.get(key), names)
    for each in (*block.get("fields", ()), *(block.get("elements", ()) if block["type"] == "context" else ())):
        yield _text(each, names)


def _text(given: Any, names: Names) -> str:
    if isinstance(given, str):
        return given
    if not isinstance(given, dict) or "text" not in given:
        return ""
    return mrkdwn(given["text"], names) if given["type"] == "mrkdwn" else str(given["text"])


def _cell(cell: dict[str, Any], names: Names) -> str:
    if cell["type"] == "rich_text":
        return _rich(cell, names)
    return str(cell.get("text", cell.get("value", "")))


def _rich(node: dict[str, Any], names: Names) -> str:
    """A rich_text block, or any part of one: sections and list items on lines of their own."""
    kind = node.get("type")
    if kind in {"rich_text", "rich_text_list"}:
        return "\n".join(_rich(each, names) for each in node["elements"])
    if kind and kind.startswith("rich_text_"):
        return "".join(_rich(each, names) for each in node["elements"])
    match kind:
        case "user":
            return f"@{names.get(node['user_id'], node['user_id'])}"
        case "channel":
            return f"#{names.get(node['channel_id'], node['channel_id'])}"
        case "emoji":
            return f":{node['name']}:"
        case "broadcast":
            return f"@{node['range']}"
        case "date":
            return str(node.get("fallback") or datetime.fromtimestamp(node["timestamp"], UTC).isoformat())
        case "link":
            return str(node.get("text") or node["url"])
    return str(node.get("text", ""))


def _shown(control: Control) -> str:
    """What a control shows: its label, what is picked at first, or its placeholder."""
    if control.kind == "overflow":
        return "⋯"
    if control.kind in VALUE_KEY and control.initial:
        picked = control.initial if isinstance(control.initial, list) else [control.initial]
        return ", ".join(option_label(each) if isinstance(each, dict) else str(each) for each in picked)
    return control.names[0] if len(control.names) > 1 else ""
