"""What a person reads: the visible text of blocks, without markup."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.sandbox.inputs import BUTTONS, VALUE_KEY, Control, controls, option_label
from bot.sandbox.rules import Block

_DATE: Final = re.compile(r"<!date\^(\d+)\^([^<>|^]*)(?:\^[^<>|]*)?\|([^<>]*)>")
_LABELLED: Final = re.compile(r"<(?!@)[^<>|]*\|([^<>]+)>")
_NAMED: Final = re.compile(r"<([@#])(\w+)(?:\|[^<>]*)?>")
_GROUP: Final = re.compile(r"<!subteam\^(\w+)(?:\|[^<>]*)?>")
_BARE: Final = re.compile(r"<([^<>|]*)\|?>")
_STYLED: Final = re.compile(r"(?<![\w*_~`])([*_~`])(?=\S)([^\n]*?\S)\1(?![\w*_~`])")
_ESCAPED: Final = re.compile("&(amp|lt|gt);")

Names = Mapping[str, str]
"""Names of people, channels and user groups by id."""
Dates = Callable[[int, str], str]
"""Epoch seconds and Slack's date tokens → how they read."""


def read(
    blocks: Sequence[Block], text: str, names: Names, *, dates: Dates | None = None, with_controls: bool = True
) -> str:
    """A line per piece of text. `text` is only seen when there are no blocks. Without `dates`, a date reads as its fallback."""
    eyes = _Eyes(names, dates, with_controls)
    if not blocks:
        return eyes.mrkdwn(text)
    return "\n".join(line for block in blocks for line in eyes.lines(block) if line)


def mrkdwn(text: str, names: Names, *, dates: Dates | None = None) -> str:
    """Links as their labels, people by name, dates as they read, emphasis gone."""
    return _Eyes(names, dates).mrkdwn(text)


@dataclass(frozen=True, slots=True)
class _Eyes:
    names: Names
    dates: Dates | None = None
    with_controls: bool = True

    def mrkdwn(self, text: str) -> str:
        text = _DATE.sub(lambda found: self._date(int(found[1]), found[2], found[3]), text)
        text = _NAMED.sub(lambda found: found[1] + self.names.get(found[2], found[2]), text)
        text = _GROUP.sub(lambda found: f"@{self.names.get(found[1], found[1])}", text)
        text = _LABELLED.sub(lambda found: found[1], text)
        text = _BARE.sub(lambda found: found[1].replace("!", "@", 1), text)
        while (plainer := _STYLED.sub(lambda found: found[2], text)) != text:
            text = plainer
        return _ESCAPED.sub(lambda found: {"amp": "&", "lt": "<", "gt": ">"}[found[1]], text)

    def _date(self, epoch: int, tokens: str, fallback: str) -> str:
        return fallback if self.dates is None else self.dates(epoch, tokens)

    def lines(self, block: Block) -> Iterator[str]:
        kind = block["type"]
        if kind in {"section", "header", "alert", "context", "markdown", "card", "input", "image"}:
            yield from self._texts(block)
        elif kind == "rich_text":
            yield self._rich(block)
        elif kind in {"table", "data_table"}:
            yield block.get("caption", "")
            yield from ("\t".join(map(self._cell, row)) for row in block["rows"])
        elif kind == "container":
            yield self._text(block.get("title")) or self._rich(block.get("rich_text_title") or {})
            yield self._text(block.get("subtitle"))
            for child in block["child_blocks"]:
                yield from self.lines(child)
            return
        elif kind == "carousel":
            for card in block["elements"]:
                yield from self.lines(card)
            return
        elif kind == "data_visualization":
            yield block["title"]
            yield from _chart(block["chart"])
        if self.with_controls:
            yield from (self._shown(each) for each in controls([block]))

    def _texts(self, block: Block) -> Iterator[str]:
        for key in ("label", "title", "subtitle", "text", "body", "subtext", "hint"):
            yield self._text(block.get(key))
        for each in (*block.get("fields", ()), *(block.get("elements", ()) if block["type"] == "context" else ())):
            yield self._text(each)

    def _text(self, given: Any) -> str:
        if isinstance(given, str):
            return given
        if not isinstance(given, dict) or "text" not in given:
            return ""
        return self.mrkdwn(given["text"]) if given["type"] == "mrkdwn" else str(given["text"])

    def _cell(self, cell: dict[str, Any]) -> str:
        if cell["type"] == "rich_text":
            return self._rich(cell)
        return str(cell.get("text", cell.get("value", "")))

    def _rich(self, node: dict[str, Any]) -> str:
        """A rich_text block, or any part of one: sections and list items on lines of their own."""
        kind = node.get("type")
        if kind in {"rich_text", "rich_text_list"}:
            return "\n".join(map(self._rich, node["elements"]))
        if kind and kind.startswith("rich_text_"):
            return "".join(map(self._rich, node["elements"]))
        match kind:
            case "user" | "usergroup":
                return f"@{self._name(node[f'{kind}_id'])}"
            case "channel":
                return f"#{self._name(node['channel_id'])}"
            case "emoji":
                return f":{node['name']}:"
            case "broadcast":
                return f"@{node['range']}"
            case "date":
                return self._date(node["timestamp"], node["format"], node.get("fallback", node["format"]))
            case "link":
                return str(node.get("text") or node["url"])
            case "color":
                return str(node["value"])
        return str(node.get("text", ""))

    def _name(self, found: str) -> str:
        return self.names.get(found, found)

    def _shown(self, control: Control) -> str:
        """What a control shows: what is written on it, what is picked at first, or its placeholder."""
        if control.kind == "overflow":
            return "⋯"
        if control.kind in BUTTONS:
            return "\n".join(control.labels)
        if control.kind in VALUE_KEY and control.initial:
            picked = control.initial if isinstance(control.initial, list) else [control.initial]
            return ", ".join(map(self._picked, picked))
        return self._text(control.element.get("placeholder"))

    def _picked(self, value: Any) -> str:
        if isinstance(value, dict):
            return self._rich(value) if value.get("type") == "rich_text" else option_label(value)
        return self._name(str(value))


def _chart(chart: dict[str, Any]) -> Iterator[str]:
    """The figures of a chart: a line for each part of a pie or point of a series."""
    for part in chart.get("segments", ()):
        yield f"{part['label']}\t{part['value']}"
    for series in chart.get("series", ()):
        yield from (f"{series['name']}\t{point['label']}\t{point['value']}" for point in series["data"])
