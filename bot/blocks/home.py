"""The Home tab: find a customer, mine, those that changed lately."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.blocks import forms, kit
from bot.blocks.kit import Block
from bot.blocks.problem import with_code
from store.domain.errors import PivotalError
from store.domain.query import CustomerName

PICK = forms.CUSTOMER
"""The select that searches customers; its options come from the same place as a form's."""
OPEN = "home:open"
NAME = 300


def home(mine: Sequence[CustomerName], lately: Sequence[CustomerName]) -> dict[str, Any]:
    blocks: list[Block] = [
        kit.header("Customers"),
        kit.actions(
            forms.customer(),
            kit.button("Add a customer", "form:open:customer_add:", "-"),
            kit.button("Settings", "form:open:settings:", "-"),
        ),
        *_list("Yours", mine, "You own no customer yet. `/pivotal set acme owner=me` makes one yours."),
        *_list("Changed lately by people", lately, "Nobody has changed a record here yet."),
    ]
    return {"type": "home", "blocks": blocks}


def _list(title: str, found: Sequence[CustomerName], none: str) -> Iterator[Block]:
    yield kit.header(title)
    if not found:
        yield kit.rich(list(with_code(none)))
    for each in found:
        name = kit.beginning(f"{each.name} ({each.domain})" if each.domain else each.name, NAME)
        yield kit.section(kit.plain(name), accessory=kit.button("Open", OPEN, each.id, described=f"Open {name}"))


def refused(error: PivotalError) -> dict[str, Any]:
    return {"type": "home", "blocks": [kit.rich(list(with_code(str(error))))]}
