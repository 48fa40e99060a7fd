"""No customer was given: a select to choose one, which carries the rest of the query."""

from collections.abc import Sequence

from bot.blocks import kit
from bot.blocks.kit import Element, Message
from bot.blocks.links import Links
from store.domain.query import CustomerName, HistoryQuery

PICK = "customer:pick"
ASK = "Which customer? Type a few letters of the name."


def picker(query: HistoryQuery, mark: str) -> Message:
    links = Links(mark)
    row = kit.actions(kit.search(PICK, "Choose a customer"), block_id=links.block_id(query))
    return Message(ASK, (kit.section(kit.plain(ASK)), row), kept=links.kept)


def customer_options(found: Sequence[CustomerName]) -> list[Element]:
    return [
        kit.option(kit.one_line(f"{each.name} ({each.domain})" if each.domain else each.name), each.id)
        for each in found
    ]
