"""Slack's shapes: the few constructors that we use, each within Slack's limits, and the message that they make up.

What people typed goes into `plain` and `rich` texts only: there it is shown as it is, and cannot mention, link or format anything. `mrkdwn`
is for our own words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from unicodedata import bidirectional, combining

from pydantic_core import to_json

from bot import limits

Block = dict[str, Any]
Element = dict[str, Any]

JOINERS: Final = frozenset("\u200c\u200d\ufe0e\ufe0f\u20e3")
"""Zero-width non-joiner and joiner, variation selectors, keycap: they belong to the character before them."""
ISOLATE: Final = "\u2068"
END_ISOLATE: Final = "\u2069"
"""What stands between these two is written in its own direction, and turns nothing around it."""


@dataclass(frozen=True)
class Message:
    """What is sent: blocks, and the text that notifications and screen readers get in their place.

    text      plain; `spoken` makes it safe for Slack where the message is sent
    fallback  to be sent instead where Slack does not know one of the blocks yet
    kept      queries that were too long for a control, by the name that the control carries in their place
    """

    text: str
    blocks: tuple[Block, ...] = ()
    fallback: "Message | None" = None
    kept: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def json(self) -> bytes:
        """The blocks as JSON, written once: to be measured, and to be sent."""
        return encoded(list(self.blocks))


def size(blocks: Iterable[Block]) -> int:
    """Bytes of the blocks as JSON, which is what Slack's unpublished ceiling counts."""
    return len(encoded(list(blocks)))


def encoded(value: object) -> bytes:
    """Compact JSON in UTF-8, by pydantic's encoder: a page takes a quarter of the time that it takes json's. Raises ValueError for half of
    a surrogate pair.
    """
    return to_json(value)


def cut(text: str, most: int) -> str:
    """The text, or as much of it as leaves room for an ellipsis; never half of an emoji or of an accented letter."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > 0 and _belong_together(text, end):
        end -= 1
    return text[:end].rstrip() + "…"


def _belong_together(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after in JOINERS or combining(after) or before == "\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if not (_is_flag_half(before) and _is_flag_half(after)):
        return False
    halves = 0
    while halves < at and _is_flag_half(text[at - 1 - halves]):
        halves += 1
    return halves % 2 == 1


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def one_line(text: str) -> str:
    """The text with line breaks and other control characters as single spaces."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() or char in JOINERS else " " for char in text)
    return " ".join(text.split())


def beginning(text: str, most: int) -> str:
    """As much of a text as so many characters on one line can hold. Of a long one, only its beginning is looked at."""
    if len(text) <= most and text.isprintable():
        return " ".join(text.split())
    looked_at = text[: 4 * most]
    line = one_line(looked_at)
    return cut(line if len(looked_at) == len(text) else f"{line}…", most)


def is_right_to_left(text: str) -> bool:
    """Whether anything in it is written from right to left, as Hebrew and Arabic are."""
    return not text.isascii() and any(bidirectional(char) in {"R", "AL"} for char in text)


def block_json(block: Block, **more: Any) -> Block:
    """block: a new one, which gets these as well, but for those that are None."""
    for name, value in more.items():
        if value is not None:
            block[name] = value
    return block


# --- text -------------------------------------------------------------------------------------------------------------


def plain(text: str, most: int = limits.SECTION_TEXT) -> Element:
    """Text that is shown as it is. Slack refuses an empty one."""
    return {"type": "plain_text", "text": cut(text, most) or " ", "emoji": False}


def mrkdwn(text: str) -> Element:
    """Our own words, in Slack's markup. Whatever else stands in it has gone through `escaped`."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def spoken(text: str) -> str:
    """A message's top-level text, which Slack reads as mrkdwn: nothing in it can mention or link, and it has the length that Slack wants."""
    most = limits.TEXT_SOFT
    while len(said := escaped(cut(text, most))) > limits.TEXT_SOFT:
        most = most * limits.TEXT_SOFT // len(said)
    return said


def moment(instant: datetime, fallback: str) -> str:
    """An instant in mrkdwn, which each reader sees in the zone of their device. fallback: the same in words, with its zone.

    Slack counts from 1970; what happened before is told in words.
    """
    seconds = instant.timestamp()
    if seconds < 0:
        return escaped(fallback)
    return f"<!date^{int(seconds)}^{{date_short_pretty}} {{time}}|{escaped(fallback)}>"


# --- rich text --------------------------------------------------------------------------------------------------------


def run(text: str, **style: bool) -> Element:
    """A piece of rich text. style: bold, italic, strike, code."""
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def channel(ident: str) -> Element:
    """Its name, in rich text, for whoever may know it."""
    return {"type": "channel", "channel_id": ident}


def rich(*sections: Sequence[Element]) -> Block:
    """A block of rich text, one line per section."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(each)} for each in sections],
    }


def bullets(*items: Sequence[Element]) -> Block:
    sections = [{"type": "rich_text_section", "elements": list(each)} for each in items]
    return {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": sections}]}


def preformatted(text: str) -> Block:
    """A box to copy from."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [run(text)]}]}


# --- blocks -----------------------------------------------------------------------------------------------------------


def section(text: Element, *, accessory: Element | None = None) -> Block:
    return block_json({"type": "section", "text": text}, accessory=accessory)


def context(*elements: Element) -> Block:
    return {"type": "context", "elements": list(elements[: limits.CONTEXT_ELEMENTS])}


def actions(*elements: Element, block_id: str | None = None) -> Block:
    return block_json({"type": "actions", "elements": list(elements)}, block_id=block_id)


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, limits.HEADER_TEXT)}


def divider() -> Block:
    return {"type": "divider"}


def data_table(caption: str, rows: Sequence[Sequence[str]], *, page_size: int) -> Block:
    """rows: the first is the header. Slack refuses an empty cell."""
    cells = [[{"type": "raw_text", "text": text or "–"} for text in row] for row in rows]
    return {"type": "data_table", "caption": caption, "rows": cells, "page_size": page_size}


# --- elements ---------------------------------------------------------------------------------------------------------


def button(
    label: str, action_id: str, value: str, *, style: str | None = None, described: str | None = None
) -> Element:
    """described: what a screen reader says in place of a label that is short."""
    return block_json(
        {"type": "button", "text": plain(label, limits.BUTTON_TEXT), "action_id": action_id, "value": value},
        style=style,
        accessibility_label=None if described is None else cut(described, limits.ACCESSIBILITY_LABEL),
    )


def option(label: str, value: str) -> Element:
    return {"text": plain(label, limits.OPTION_TEXT), "value": value}


def overflow(action_id: str, options: Sequence[Element]) -> Element:
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def select(action_id: str, placeholder: str, options: Sequence[Element], initial: Element | None = None) -> Element:
    """initial: one of the options."""
    return block_json(
        {
            "type": "static_select",
            "action_id": action_id,
            "placeholder": plain(placeholder, limits.PLACEHOLDER),
            "options": list(options),
        },
        initial_option=initial,
    )


def search(action_id: str, placeholder: str) -> Element:
    """A select that asks us for its options, from the moment it opens."""
    return {
        "type": "external_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, limits.PLACEHOLDER),
        "min_query_length": 0,
    }


def multi_search(action_id: str, placeholder: str, chosen: Sequence[Element]) -> Element:
    """As `search`, for any number of options; chosen need not be among those that were offered."""
    return block_json(
        {**search(action_id, placeholder), "type": "multi_external_select"}, initial_options=list(chosen) or None
    )


def datepicker(action_id: str, placeholder: str, day: str | None) -> Element:
    """day: YYYY-MM-DD."""
    return block_json(
        {"type": "datepicker", "action_id": action_id, "placeholder": plain(placeholder, limits.PLACEHOLDER)},
        initial_date=day,
    )
