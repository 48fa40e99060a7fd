"""Whether Slack would take a message: our own rules, slackblocks where it knows the block, and what is in it that must not be."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import slackblocks as sb
from slackblocks.rich_text.objects import RichTextObject

from bot import limits
from bot.blocks import kit
from bot.blocks.kit import Message
from bot.sandbox.rules import judge_message
from bot.sandbox.rules.blocks import elements_of, every_block

BLOCKS: Final = 45
"""What we keep to, of Slack's 50."""

Json = Mapping[str, Any]


def checked(message: Message, *, bytes_at_most: int = limits.MESSAGE_JSON_SOFT) -> Message:
    """The message, its fallback too, when Slack would take it; otherwise an AssertionError says why not."""
    spoken = kit.spoken(message.text)
    assert judge_message(spoken, list(message.blocks)) == []
    assert len(spoken) <= limits.TEXT_SOFT
    assert len(message.blocks) <= BLOCKS
    assert kit.size(message.blocks) <= bytes_at_most
    assert sum(block["type"] in {"table", "data_table"} for block in message.blocks) <= 1
    assert _twice(block["block_id"] for block in message.blocks if "block_id" in block) == []
    assert _twice(element["action_id"] for element in controls(message)) == []
    assert [*live(spoken, message.blocks)] == []
    as_slackblocks(message)
    if message.fallback is not None:
        checked(message.fallback, bytes_at_most=bytes_at_most)
    return message


def controls(message: Message) -> list[Json]:
    return [element for block in message.blocks for element in elements_of(block) if "action_id" in element]


def _twice(ids: Iterator[str]) -> list[str]:
    found = list(ids)
    return [each for each in dict.fromkeys(found) if found.count(each) > 1]


# --- what is live -----------------------------------------------------------------------------------------------------

OURS: Final = re.compile(r"<!date\^\d+\^[^<>|^]*\|[^<>|]*>|<#[CG][A-Z0-9]+>")


def live(text: str, blocks: Sequence[Json]) -> Iterator[str]:
    """Mentions, broadcasts and links that Slack would make of it. Our own dates, and channels by their id, are none."""
    yield from re.findall(r"<[^>]*>?", OURS.sub("", text))
    for block in every_block(blocks):
        for node in _nodes(block):
            if node.get("type") == "mrkdwn":
                assert node["verbatim"], node
                yield from re.findall(r"<[^>]*>?", OURS.sub("", node["text"]))
            elif node.get("type") in {"link", "user", "usergroup", "channel", "broadcast", "emoji"} or "url" in node:
                yield str(node)


def _nodes(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        value = [*value.values()]
    for each in value if isinstance(value, list) else ():
        yield from _nodes(each)


# --- slackblocks ------------------------------------------------------------------------------------------------------


def as_slackblocks(message: Message) -> None:
    """Build the message a second time, with slackblocks, which raises where it knows a limit; and compare the two."""
    built = [_block(block) for block in message.blocks]
    sb.Message(channel="C1", text=message.text, blocks=built)
    assert [_bare(block._resolve()) for block in built] == [_bare(block) for block in message.blocks]


DEFAULTS: Final = {"block_id", "border", "emoji", "focus_on_load", "offset", "row_header_column_index", "value"}
"""What slackblocks fills in by itself, or leaves out; `value` it checks nevertheless."""


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(held) for key, held in value.items() if key not in DEFAULTS}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _block(block: Json) -> sb.Block:
    made = _BLOCKS[block["type"]](block)
    if "block_id" in block:
        made.block_id = sb.utils.validate_string_nonnull(block["block_id"], "block_id", max_length=limits.BLOCK_ID)
    return made


def _text(text: Json) -> sb.Text:
    return sb.Text.from_dict(dict(text))


def _option(option: Json) -> sb.Option:
    return sb.Option.from_dict(dict(option))


def _options(options: Sequence[Json]) -> list[sb.Option]:
    return [_option(each) for each in options]


def _element(element: Json) -> sb.Element:
    return _ELEMENTS[element["type"]](element)


def _rich(part: Json) -> RichTextObject:
    held = part["elements"]
    match part["type"]:
        case "rich_text_list":
            return sb.RichTextList(part["style"], [_section(each) for each in held])
        case "rich_text_preformatted":
            return sb.RichTextCodeBlock([_run(each) for each in held])
    return _section(part)


def _section(part: Json) -> sb.RichTextSection:
    return sb.RichTextSection([_run(each) for each in part["elements"]])


def _run(run: Json) -> sb.RichText:
    assert run["type"] == "text"
    return sb.RichText(run["text"], **run.get("style", {}))


_BLOCKS: Final[Mapping[str, Callable[[Json], sb.Block]]] = {
    "section": lambda b: sb.SectionBlock(
        _text(b["text"]), accessory=_element(b["accessory"]) if "accessory" in b else None
    ),
    "actions": lambda b: sb.ActionsBlock([_element(each) for each in b["elements"]]),
    "context": lambda b: sb.ContextBlock([_text(each) for each in b["elements"]]),
    "rich_text": lambda b: sb.RichTextBlock([_rich(each) for each in b["elements"]]),
    "data_table": lambda b: sb.DataTableBlock(
        [[sb.RawText(cell["text"]) for cell in row] for row in b["rows"]], b["caption"], b["page_size"]
    ),
}
_ELEMENTS: Final[Mapping[str, Callable[[Json], sb.Element]]] = {
    "button": lambda e: sb.Button(
        _text(e["text"]), e["action_id"], value=e["value"], accessibility_label=e.get("accessibility_label")
    ),
    "overflow": lambda e: sb.OverflowMenu(e["action_id"], _options(e["options"])),
    "static_select": lambda e: sb.StaticSelectMenu(
        e["action_id"],
        _options(e["options"]),
        initial_option=_option(e["initial_option"]),
        placeholder=_text(e["placeholder"]),
    ),
    "external_select": lambda e: sb.ExternalSelectMenu(
        e["action_id"], min_query_length=e["min_query_length"], placeholder=_text(e["placeholder"])
    ),
    "multi_external_select": lambda e: sb.ExternalMultiSelectMenu(
        e["action_id"],
        e["min_query_length"],
        _options(e.get("initial_options", [])) or None,
        placeholder=_text(e["placeholder"]),
    ),
    "datepicker": lambda e: sb.DatePicker(e["action_id"], e.get("initial_date"), placeholder=_text(e["placeholder"])),
}
