"""The blocks, and the surfaces on which each may stand."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

from bot import limits
from bot.sandbox.rules import elements, tables
from bot.sandbox.rules.objects import plain, slack_icon, text
from bot.sandbox.rules.rich_text import rich_text
from bot.sandbox.rules.shapes import (
    Block,
    Check,
    Node,
    Shape,
    by_type,
    flag,
    integer,
    items,
    listing,
    one_of,
    string,
    unique,
)

Surface = Literal["message", "modal", "home"]

_id = {"block_id": string(limits.BLOCK_ID)}


def _words_or_fields(node: Node) -> None:
    if not {"text", "fields"} & node.value.keys():
        node.refuse("missing required field: text or fields")


def _unique_action_ids(node: Node) -> None:
    found = items(node.get("actions" if node.get("type") == "card" else "elements"))
    unique(node, [each.get("action_id") for each in found if isinstance(each, dict)], "action_id")


def _file_input(node: Node) -> None:
    element = node.get("element")
    if node.get("dispatch_action") and isinstance(element, dict) and element.get("type") == "file_input":
        node.refuse("`dispatch_action` is not available for file_input")


def _container_title(node: Node) -> None:
    if not {"title", "rich_text_title"} & node.value.keys():
        node.refuse("missing required field: title or rich_text_title")
    if node.get("default_collapsed") and not node.get("is_collapsible"):
        node.refuse("`default_collapsed` requires `is_collapsible`")
    if node.get("has_header_divider") and node.get("is_collapsible"):
        node.refuse("`has_header_divider` excludes `is_collapsible`")


def _card_content(node: Node) -> None:
    if not {"hero_image", "title", "actions", "body"} & node.value.keys():
        node.refuse("at least one of hero_image, title, actions and body is required")
    if {"icon", "slack_icon"} <= node.value.keys():
        node.refuse("`slack_icon` excludes `icon`")


_card = Shape(
    may={
        **_id,
        "hero_image": elements.only("image"),
        "icon": elements.only("image"),
        "slack_icon": slack_icon,
        "title": text(limits.CARD_TITLE),
        "subtitle": text(limits.CARD_TITLE),
        "body": text(limits.CARD_BODY),
        "subtext": text(limits.CARD_BODY),
        "actions": listing(elements.in_card, limits.CARD_BUTTONS),
    },
    also=(_card_content, _unique_action_ids),
)
_image = Shape(
    elements.image.needs, {**elements.image.may, **_id, "title": plain(limits.IMAGE_ALT)}, elements.image.also
)

_IN_CONTAINER: Final[dict[str, Check]] = {
    "actions": Shape(
        {"elements": listing(elements.in_actions, limits.ACTIONS_ELEMENTS)},
        _id,
        also=(_unique_action_ids,),
    ),
    "context": Shape({"elements": listing(elements.in_context, limits.CONTEXT_ELEMENTS)}, _id),
    "divider": Shape(may=_id),
    "header": Shape({"text": plain(limits.HEADER_TEXT)}, {**_id, "level": integer(1, limits.HEADER_LEVELS)}),
    "image": _image,
    "input": Shape(
        {"label": plain(limits.INPUT_LABEL), "element": elements.in_input},
        {**_id, "hint": plain(limits.INPUT_LABEL), "optional": flag, "dispatch_action": flag},
        also=(_file_input,),
    ),
    "rich_text": rich_text,
    "section": Shape(
        may={
            **_id,
            "text": text(limits.SECTION_TEXT),
            "fields": listing(text(limits.FIELD_TEXT), limits.SECTION_FIELDS),
            "accessory": elements.in_section,
            "expand": flag,
        },
        also=(_words_or_fields,),
    ),
    "table": tables.table,
}

BLOCKS: Final[dict[str, Check]] = {
    **_IN_CONTAINER,
    "alert": Shape(
        {"text": text(limits.ALERT_TEXT)},
        {**_id, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": _card,
    "carousel": Shape({"elements": listing(by_type({"card": _card}), limits.CAROUSEL_CARDS)}, _id),
    "container": Shape(
        {"child_blocks": listing(by_type(_IN_CONTAINER), limits.CONTAINER_CHILDREN)},
        {
            **_id,
            "title": plain(limits.CONTAINER_TITLE),
            "rich_text_title": by_type({"rich_text": rich_text}),
            "subtitle": text(limits.CONTAINER_TITLE),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": elements.only("image"),
            "is_collapsible": flag,
            "default_collapsed": flag,
            "has_header_divider": flag,
        },
        also=(_container_title,),
    ),
    "context_actions": Shape(
        {"elements": listing(elements.in_context_actions, limits.CONTEXT_ACTIONS)},
        _id,
        also=(_unique_action_ids,),
    ),
    "data_table": tables.data_table,
    "data_visualization": tables.data_visualization,
    "markdown": Shape({"text": string(limits.MARKDOWN_TOTAL)}, _id),
}

_MESSAGE_ONLY: Final = {"context_actions", "data_visualization", "markdown"}
_NOT_IN_MODALS: Final = {"carousel", "container", "data_table", "table"}
_BARRED: Final[dict[Surface, set[str]]] = {
    "message": {"alert"},
    "modal": _MESSAGE_ONLY | _NOT_IN_MODALS,
    "home": _MESSAGE_ONLY | {"alert"},
}


def every_block(blocks: Iterable[Any]) -> Iterator[Block]:
    """The blocks, those in containers and carousels too."""
    for block in blocks:
        if not isinstance(block, dict):
            continue
        yield block
        yield from every_block(items(block.get("child_blocks")))
        if block.get("type") == "carousel":
            yield from every_block(items(block.get("elements")))


def elements_of(block: Block) -> list[dict[str, Any]]:
    """The elements that stand in one block, whatever key the block keeps them under."""
    held = [*items(block.get("elements")), block.get("accessory"), block.get("element")]
    if block.get("type") == "card":
        held += items(block.get("actions"))
    return [each for each in held if isinstance(each, dict)]


def judge_blocks(node: Node, surface: Surface, *, unsupported: frozenset[str] = frozenset()) -> None:
    """Every block's own shape, its place on this surface, and what holds over all of them.

    unsupported: block types that this workspace has not been given yet (Slack rolls new ones out in phases).
    """
    barred = _BARRED[surface] | unsupported
    allowed = by_type({kind: shape for kind, shape in BLOCKS.items() if kind not in barred})
    listing(allowed, limits.MESSAGE_BLOCKS if surface == "message" else limits.VIEW_BLOCKS, least=0)(node)
    found = list(every_block(items(node.value)))
    unique(node, [block.get("block_id") for block in found], "block_id")
    tables.totals(found, node)
    _focus(found, node, surface)
    if surface != "modal" and any(each.get("type") == "file_input" for block in found for each in elements_of(block)):
        node.refuse("file_input is available in modals only")


def _focus(blocks: list[Block], node: Node, surface: Surface) -> None:
    """`focus_on_load` is for views, and for one element of each."""
    focused = sum(element.get("focus_on_load") is True for block in blocks for element in elements_of(block))
    if focused and surface == "message":
        node.refuse("`focus_on_load` is not available in messages")
    elif focused > 1:
        node.refuse("only one element may have `focus_on_load`")
