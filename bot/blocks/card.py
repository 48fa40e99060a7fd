"""A customer at a glance: fields, health with its trend, tasks, contacts, what happened last, and buttons for the common edits."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice, zip_longest
from zoneinfo import ZoneInfo

from bot import limits
from bot.blocks import kit, phrases
from bot.blocks.controls import GO
from bot.blocks.kit import Block, Element, Message
from bot.blocks.links import Links
from store.domain.activity import printed
from store.domain.customer import FieldType, nameable
from store.domain.query import HistoryQuery
from store.domain.record import Card, Contact, Task

OPEN = "form:open:"
SPARKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Room:
    """How much is shown. value: characters of each value and line; fields, listed, choices: how many of them."""

    value: int
    fields: int
    listed: int
    choices: int


WHOLE = Room(200, 50, 5, limits.OPTIONS)
ROOMS = (WHOLE, Room(200, 50, 5, 20), Room(120, 40, 5, 15), Room(60, 25, 4, 10), Room(40, 15, 3, 8), Room(15, 10, 2, 5))
"""From what is ordinary to what a message holds whatever people have written."""


def card(shown: Card, mark: str, zone: ZoneInfo) -> Message:
    """For a message: with a chart of the health score, where Slack has such a block and the score has a history."""
    text = _headline(shown)
    plain = Message(text, _fitting(shown, mark, zone, chart=False))
    if len(shown.health) < 2:
        return plain
    return Message(text, _fitting(shown, mark, zone, chart=True), fallback=plain)


def _fitting(shown: Card, mark: str, zone: ZoneInfo, *, chart: bool) -> tuple[Block, ...]:
    def made(room: Room) -> tuple[Block, ...]:
        return (*_blocks(shown, zone, room, chart=chart), _buttons(shown, mark, room))

    for room in ROOMS[:-1]:
        blocks = made(room)
        if kit.size(blocks) <= limits.MESSAGE_JSON_SOFT:
            return blocks
    return made(ROOMS[-1])


def in_modal(shown: Card, zone: ZoneInfo) -> Sequence[Block]:
    """For a modal or the Home tab, where Slack has no charts and no way back to a message."""
    return [*_blocks(shown, zone, WHOLE), kit.actions(*_edits(shown, WHOLE))]


def _headline(shown: Card) -> str:
    record = shown.record
    told = [kit.one_line(record.name), record.status]
    if record.health_score is not None:
        told.append(f"health {record.health_score}")
    if record.owner is not None:
        told.append(f"owner {printed(record.owner, shown.names)}")
    return ", ".join(told)


def _blocks(shown: Card, zone: ZoneInfo, room: Room, *, chart: bool = False) -> Iterator[Block]:
    yield kit.header(kit.one_line(shown.record.name))
    yield kit.rich(*_fields(shown, room, spark=not chart))
    if chart:
        yield _chart(shown, zone)
    onboardings = (f"{each.name}: {each.phase or 'no phase'} ({each.state})" for each in shown.onboardings)
    yield from _list("Onboardings", onboardings, len(shown.onboardings), room)
    yield from _list("Open tasks", (_task(each, shown.names) for each in shown.open_tasks), len(shown.open_tasks), room)
    yield from _list("Contacts", map(_contact, shown.contacts), len(shown.contacts), room)
    latest = (f"{phrases.when(each.occurred_at, zone)}  {phrases.line(each, shown.names)}" for each in shown.latest)
    yield from _list("Lately", latest, len(shown.latest), room)


def _fields(shown: Card, room: Room, *, spark: bool) -> Iterator[list[Element]]:
    record = shown.record
    held = [each for each in nameable(shown.custom) if each.name != "name" and record.value(each.name) is not None]
    for field in held[: room.fields]:
        said = kit.beginning(printed(record.value(field.name), shown.names), room.value)
        if field.type is FieldType.SCORE and spark and len(shown.health) > 1:
            said += f"  {sparkline([score for _, score in shown.health])}"
        yield [kit.run(f"{kit.beginning(field.name, room.value)}  ", bold=True), kit.run(said or "–")]
    if more := len(held) - room.fields if len(held) > room.fields else 0:
        yield [kit.run(f"and {more} more {'field' if more == 1 else 'fields'}", italic=True)]
    yield [kit.run(f"{record.last_seq:,} {'activity' if record.last_seq == 1 else 'activities'}", italic=True)]


def sparkline(scores: Sequence[int]) -> str:
    """Scores from 0 to 100 as bars."""
    return "".join(SPARKS[min(score, 99) * len(SPARKS) // 100] for score in scores)


def _points(scores: Sequence[tuple[datetime, int]]) -> dict[str, int]:
    """By a label of each, as short as it can be: the day; its hour, where there are several of one day; the year, where there are several.
    Of one minute the last counts.
    """
    several = len({at.year for at, _ in scores}) > 1
    of_day = Counter(at.date() for at, _ in scores)
    points: dict[str, int] = {}
    for at, score in scores:
        day = phrases.day(at) if several else f"{at.day} {phrases.MONTHS[at.month - 1]}"
        points[f"{day} {at:%H:%M}" if of_day[at.date()] > 1 else day] = score
    return points


def _chart(shown: Card, zone: ZoneInfo) -> Block:
    points = _points([(at.astimezone(zone), score) for at, score in shown.health[-limits.CHART_POINTS :]])
    categories = list(points)
    data = [{"label": label, "value": score} for label, score in points.items()]
    return {
        "type": "data_visualization",
        "title": "Health score",
        "chart": {
            "type": "line",
            "series": [{"name": "Health", "data": data}],
            "axis_config": {"categories": categories},
        },
    }


def _list(title: str, lines: Iterable[str], count: int, room: Room) -> Iterator[Block]:
    if not count:
        return
    more = [f"and {count - room.listed} more"] if count > room.listed else []
    yield kit.rich([kit.run(title, bold=True)])
    told = [kit.beginning(each, room.value) for each in islice(lines, room.listed)]
    yield kit.bullets(*([kit.run(each or "–")] for each in [*told, *more]))


def _task(task: Task, names: Mapping[str, str]) -> str:
    due = f", due {phrases.day(task.due)}" if task.due else ""
    who = f", {printed(task.assignee, names)}" if task.assignee else ""
    return f"{task.title}{due}{who}"


def _contact(contact: Contact) -> str:
    notes = {"primary": contact.is_primary, "archived": contact.state == "archived"}
    told = [note for note, holds in notes.items() if holds]
    mail = f" <{contact.email}>" if contact.email else ""
    return f"{contact.name}{mail}" + (f" ({', '.join(told)})" if told else "")


def _buttons(shown: Card, mark: str, room: Room) -> Block:
    history = HistoryQuery(shown.customer.id)
    return kit.actions(kit.button("History", f"{GO}:history", Links(mark).value(history)), *_edits(shown, room))


def _edits(shown: Card, room: Room) -> Iterator[Element]:
    customer_id = shown.customer.id
    for label, name in (
        ("Edit", "set"),
        ("Status", "status"),
        ("Comment", "comment"),
        ("Task", "task_add"),
        ("Contact", "contact_add"),
    ):
        yield kit.button(label, f"{OPEN}{name}:", customer_id)
    if shown.onboardings:
        yield kit.button("Move phase", f"{OPEN}phase:", customer_id)
    else:
        yield kit.button("Start onboarding", f"{OPEN}onboarding:", customer_id)
    if shown.open_tasks:
        yield kit.button("Complete a task", f"{OPEN}task_done:", customer_id)
    if choices := list(islice(_changeable(shown, room), room.choices)):
        yield kit.select("form:edit", "Change one of these", choices)


def _changeable(shown: Card, room: Room) -> Iterator[Element]:
    """In turns, so that many of one sort leave room for the others. What is chosen says which form, whose, and which."""
    sorts = (
        [(f"Task: {each.title}", "task_edit", each.id) for each in shown.open_tasks],
        [(f"Contact: {each.name}", "contact_edit", each.id) for each in shown.contacts],
        [(f"Comment: {printed(each.text, shown.names)}", "comment_edit", each.id) for each in shown.comments],
    )
    for label, name, ident in filter(None, chain.from_iterable(zip_longest(*sorts))):
        yield kit.option(
            kit.beginning(label, min(room.value, limits.OPTION_TEXT)), f"{name} {shown.customer.id} {ident}"
        )
