"""The record over time: who last set each field, and what it was on a day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import limits
from bot.blocks import kit, phrases
from bot.blocks.kit import Block, Element, Message
from store.domain.activity import Change, printed
from store.domain.query import CustomerName
from store.domain.record import Blame, Then

NAME = 200
FIELD = 60


@dataclass(frozen=True, slots=True)
class Room:
    """How much is shown. value: characters of each value; rows: how many lines of each list."""

    value: int
    rows: int


ROOMS = (Room(150, 40), Room(80, 40), Room(40, 30), Room(20, 20), Room(10, 10))
"""From what is ordinary to what a message holds whatever people have written."""


def _fitting(made: Callable[[Room], Message]) -> Message:
    """The message as the first of ROOMS makes it that Slack takes; else as the last does."""
    for room in ROOMS[:-1]:
        message = made(room)
        if kit.size(message.blocks) <= limits.MESSAGE_JSON_SOFT:
            return message
    return made(ROOMS[-1])


def blamed(found: Blame, zone: ZoneInfo) -> Message:
    """Each field: its value, who set it, when, and from what."""
    head = f"{kit.beginning(found.customer.name, NAME)}: who last set what"

    def made(room: Room) -> Message:
        lines = blame_lines(found, zone, room.value)
        bullets = _bullets(lines, "No field is set, and none has changed.", room)
        return Message(head, (kit.section(kit.plain(head)), *bullets))

    return _fitting(made)


def blame_lines(found: Blame, zone: ZoneInfo, most: int = ROOMS[0].value) -> Sequence[tuple[str, str]]:
    """(field, the rest in words), for Slack and a terminal alike. most: characters of each value and name."""
    lines = []
    for each in found.fields:
        value = _said(printed(each.value, found.names), most)
        if each.by is None:
            lines.append((each.field, f"{value}, since before {_beginning(found.kept_since, zone)}"))
            continue
        change = next((one for one in each.by.changes if one.field == each.field), Change(each.field, None, None))
        was = _said(printed(change.old, found.names), most)
        at = phrases.when(each.by.occurred_at, zone)
        lines.append((each.field, f"{value}, by {_said(phrases.who(each.by, found.names), most)} on {at}, from {was}"))
    return lines


def _beginning(kept_since: datetime | None, zone: ZoneInfo) -> str:
    if kept_since is None:
        return "the history begins"
    return f"{phrases.when(kept_since, zone)} (older entries are no longer kept)"


def unknown(found: Then, zone: ZoneInfo) -> str | None:
    """In place of the record, where nothing is known of that moment."""
    at, name = f"{phrases.when(found.at, zone)} {zone.key}", kit.beginning(found.customer.name, NAME)
    if found.kept_since is not None:
        return f"What {name} was on {at} is no longer known. {phrases.kept(found.kept_since, zone)}"
    return None if found.existed else f"{name} was not there yet on {at}."


def as_it_was(found: Then, zone: ZoneInfo) -> Message:
    """The record then, and what has changed since."""
    if text := unknown(found, zone):
        return Message(text, (kit.section(kit.plain(text)),))
    head = f"{kit.beginning(found.customer.name, NAME)} as it was on {phrases.when(found.at, zone)} {zone.key}"

    def made(room: Room) -> Message:
        then, since = then_lines(found, room.value)
        return Message(
            head,
            (
                kit.section(kit.plain(head)),
                *_bullets(then, "No field was set.", room),
                kit.section(kit.plain("Changed since")),
                *_bullets(since, "Nothing has changed since.", room),
            ),
        )

    return _fitting(made)


def then_lines(found: Then, most: int = ROOMS[0].value) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]:
    """(field, value) as it was, and (field, then → now) of what has changed since. most: characters of each value."""
    then = [(field, _said(printed(value, found.names), most)) for field, value in found.values.items()]
    since = [
        (each.field, f"{_said(printed(each.old, found.names), most)} → {_said(printed(each.new, found.names), most)}")
        for each in found.changes
    ]
    return then, since


def _said(text: str, most: int) -> str:
    return kit.beginning(text, most) or phrases.NOTHING


def _bullets(lines: Sequence[tuple[str, str]], none: str, room: Room) -> list[Block]:
    if not lines:
        return [kit.section(kit.plain(none))]
    rows: list[list[Element]] = [
        [kit.run(f"{kit.beginning(field, min(room.value, FIELD))}  ", bold=True), kit.run(said)]
        for field, said in lines[: room.rows]
    ]
    if len(lines) > room.rows:
        rows.append([kit.run(f"and {len(lines) - room.rows} more")])
    return [kit.bullets(*rows)]


def listed(found: Sequence[CustomerName], words: str, more: bool) -> Message:
    """Customers by name. more: there are others."""
    said = f" that fit “{kit.beginning(words, NAME)}”" if words else ""
    if not found:
        text = f"There are no customers{said}."
        return Message(text, (kit.section(kit.plain(text)),))
    head = f"{len(found)}{' of more' if more else ''} {'customer' if len(found) == 1 else 'customers'}{said}"

    def made(room: Room) -> Message:
        rows = [
            [kit.run(_said(each.name, room.value)), kit.run(f"  {kit.cut(each.slug, 2 * room.value)}", code=True)]
            for each in found
        ]
        return Message(head, (kit.section(kit.plain(head)), kit.bullets(*rows)))

    return _fitting(made)
