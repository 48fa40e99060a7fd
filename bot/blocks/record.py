"""The record over time: who last set each field, and what it was on a day."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.blocks import kit, phrases
from bot.blocks.kit import Block, Element, Message
from store.domain.activity import Change, printed
from store.domain.query import CustomerName
from store.domain.record import Blame, Then

VALUE = 150
ROWS = 40


def blamed(found: Blame, zone: ZoneInfo) -> Message:
    """Each field: its value, who set it, when, and from what."""
    lines = list(blame_lines(found, zone))
    head = f"{kit.one_line(found.customer.name)}: who last set what"
    return Message(head, (kit.section(kit.plain(head)), *_bullets(lines, "No field is set, and none has changed.")))


def blame_lines(found: Blame, zone: ZoneInfo) -> Sequence[tuple[str, str]]:
    """(field, the rest in words), for Slack and a terminal alike."""
    lines = []
    for each in found.fields:
        value = _said(printed(each.value, found.names))
        if each.by is None:
            lines.append((each.field, f"{value}, since before the history begins"))
            continue
        change = next((one for one in each.by.changes if one.field == each.field), Change(each.field, None, None))
        was = _said(printed(change.old, found.names))
        at = phrases.when(each.by.occurred_at, zone)
        lines.append((each.field, f"{value}, by {phrases.who(each.by, found.names)} on {at}, from {was}"))
    return lines


def as_it_was(found: Then, zone: ZoneInfo) -> Message:
    """The record then, and what has changed since."""
    at = f"{phrases.when(found.at, zone)} {zone.key}"
    name = kit.one_line(found.customer.name)
    if not found.existed:
        text = f"{name} was not there yet on {at}."
        return Message(text, (kit.section(kit.plain(text)),))
    head = f"{name} as it was on {at}"
    then, since = then_lines(found)
    return Message(
        head,
        (
            kit.section(kit.plain(head)),
            *_bullets(then, "No field was set."),
            kit.section(kit.plain("Changed since")),
            *_bullets(since, "Nothing has changed since."),
        ),
    )


def then_lines(found: Then) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]:
    """(field, value) as it was, and (field, then → now) of what has changed since."""
    then = [(field, _said(printed(value, found.names))) for field, value in found.values.items()]
    since = [
        (each.field, f"{_said(printed(each.old, found.names))} → {_said(printed(each.new, found.names))}")
        for each in found.changes
    ]
    return then, since


def _said(text: str) -> str:
    return kit.cut(kit.one_line(text), VALUE) or phrases.NOTHING


def _bullets(lines: Sequence[tuple[str, str]], none: str) -> list[Block]:
    if not lines:
        return [kit.section(kit.plain(none))]
    rows: list[list[Element]] = [
        [kit.run(f"{kit.cut(kit.one_line(field), 60)}  ", bold=True), kit.run(said)] for field, said in lines[:ROWS]
    ]
    if len(lines) > ROWS:
        rows.append([kit.run(f"and {len(lines) - ROWS} more")])
    return [kit.bullets(*rows)]


def listed(found: Sequence[CustomerName], words: str, more: bool) -> Message:
    """Customers by name. more: there are others."""
    said = f" that fit “{kit.one_line(words)}”" if words else ""
    if not found:
        text = f"There are no customers{said}."
        return Message(text, (kit.section(kit.plain(text)),))
    head = f"{len(found)}{' of more' if more else ''} {'customer' if len(found) == 1 else 'customers'}{said}"
    rows = [[kit.run(kit.one_line(each.name)), kit.run(f"  {each.slug}", code=True)] for each in found]
    return Message(head, (kit.section(kit.plain(head)), kit.bullets(*rows)))
