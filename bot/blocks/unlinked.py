"""What providers told of customers that are not known: each with a way to link it, or to make a customer of it."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from bot import limits
from bot.blocks import kit, phrases
from bot.blocks.kit import Block, Message
from store.domain.sync import NAMES, Parked

LINK: Final = "unlinked:link"
CREATE: Final = "unlinked:create"
SHOWN: Final = 15
ROOM: Final = limits.MESSAGE_JSON_SOFT - 200
"""Bytes; the rest is for the line that says how many more there are."""


def unlinked(found: Sequence[Parked], mark: str, zone: ZoneInfo) -> Message:
    """mark: new in every message."""
    if not found:
        text = "Nothing waits: every customer that HubSpot and Stripe told of is known."
        return Message(text, (kit.section(kit.plain(text)),))
    text = f"{len(found)} unknown to us, told of by HubSpot or Stripe. Link each to a customer, or make it one."
    blocks = [kit.section(kit.plain(text))]
    shown = 0
    for each in found[:SHOWN]:
        pair = _asked(each, f"{mark}.{shown}|{each.known_as}", zone)
        if kit.size([*blocks, *pair]) > ROOM:
            break
        blocks += pair
        shown += 1
    if len(found) > shown:
        blocks.append(kit.context(kit.mrkdwn(f"and {len(found) - shown} more")))
    return Message(text, tuple(blocks))


def _asked(each: Parked, block_id: str, zone: ZoneInfo) -> Sequence[Block]:
    search = kit.search(LINK, "Link to a customer")
    button = kit.button("Make it a customer", CREATE, each.known_as)
    return kit.section(kit.plain(_told(each, zone))), kit.actions(search, button, block_id=block_id)


def _told(each: Parked, zone: ZoneInfo) -> str:
    provider, _, external_id = each.known_as.split(":", 2)
    name = next(name for source, name in NAMES.items() if source.value == provider)
    number = f"{each.deliveries} {'delivery' if each.deliveries == 1 else 'deliveries'}"
    return f"{name} {external_id}: {number} since {phrases.when(each.since, zone)}"
