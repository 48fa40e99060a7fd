"""A customer at a glance: fields, health with its trend, tasks, contacts, what happened last, and buttons for the common edits."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from bot.blocks import kit, phrases
from bot.blocks.controls import GO
from bot.blocks.kit import Block, Element, Message
from bot.blocks.links import Links
from store.domain.activity import printed
from store.domain.customer import BUILT_IN, FieldType
from store.domain.query import HistoryQuery
from store.domain.record import Card

OPEN = "form:open:"
SPARKS = "▁▂▃▄▅▆▇█"
SHOWN = 5
VALUE = 200


def card(shown: Card, mark: str, zone: ZoneInfo) -> Message:
    """For a message: with a chart of the health score, where Slack has such a block and the score has a history."""
    text = _headline(shown)
    plain = Message(text, (*_blocks(shown, zone), _buttons(shown, mark)))
    if len(shown.health) < 2:
        return plain
    charted = (*_blocks(shown, zone, chart=True), _buttons(shown, mark))
    return Message(text, charted, fallback=plain)


def in_modal(shown: Card, zone: ZoneInfo) -> Sequence[Block]:
    """For a modal or the Home tab, where Slack has no charts and no way back to a message."""
    return [*_blocks(shown, zone), kit.actions(*_edits(shown))]


def _headline(shown: Card) -> str:
    record = shown.record
    told = [kit.one_line(record.name), record.status]
    if record.health_score is not None:
        told.append(f"health {record.health_score}")
    if record.owner is not None:
        told.append(f"owner {printed(record.owner, shown.names)}")
    return ", ".join(told)


def _blocks(shown: Card, zone: ZoneInfo, *, chart: bool = False) -> Iterator[Block]:
    yield kit.header(kit.one_line(shown.record.name))
    yield kit.rich(*_fields(shown, spark=not chart))
    if chart:
        yield _chart(shown, zone)
    yield from _list(
        "Onboardings", [f"{each.name}: {each.phase or 'no phase'} ({each.state})" for each in shown.onboardings]
    )
    yield from _list("Open tasks", [_task(shown, number) for number in range(len(shown.open_tasks))])
    yield from _list("Contacts", [_contact(shown, number) for number in range(len(shown.contacts))])
    latest = [f"{phrases.when(each.occurred_at, zone)}  {phrases.line(each, shown.names)}" for each in shown.latest]
    yield from _list("Lately", latest)


def _fields(shown: Card, *, spark: bool) -> Iterator[list[Element]]:
    record = shown.record
    for field in (*BUILT_IN, *shown.custom):
        value = record.value(field.name)
        if field.name == "name" or value is None:
            continue
        said = kit.cut(kit.one_line(printed(value, shown.names)), VALUE)
        if field.type is FieldType.SCORE and spark and len(shown.health) > 1:
            said += f"  {sparkline([score for _, score in shown.health])}"
        yield [kit.run(f"{field.name}  ", bold=True), kit.run(said)]
    yield [kit.run(f"{record.last_seq:,} activities", italic=True)]


def sparkline(scores: Sequence[int]) -> str:
    """Scores from 0 to 100 as bars."""
    return "".join(SPARKS[min(score, 99) * len(SPARKS) // 100] for score in scores)


def _chart(shown: Card, zone: ZoneInfo) -> Block:
    points: list[tuple[str, int]] = []
    labels: set[str] = set()
    for at, score in shown.health:
        label = f"{at.astimezone(zone):%d %b %H:%M}"
        if label in labels:
            points[-1] = (label, score)
            continue
        labels.add(label)
        points.append((label, score))
    categories = [label for label, _ in points]
    data = [{"label": label, "value": score} for label, score in points]
    return {
        "type": "data_visualization",
        "title": "Health score",
        "chart": {
            "type": "line",
            "series": [{"name": "Health", "data": data}],
            "axis_config": {"categories": categories},
        },
    }


def _list(title: str, lines: Sequence[str]) -> Iterator[Block]:
    if not lines:
        return
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    yield kit.rich([kit.run(title, bold=True)])
    yield kit.bullets(*([kit.run(kit.cut(kit.one_line(each), VALUE))] for each in [*lines[:SHOWN], *more]))


def _task(shown: Card, number: int) -> str:
    task = shown.open_tasks[number]
    due = f", due {phrases.day(task.due)}" if task.due else ""
    who = f", {printed(task.assignee, shown.names)}" if task.assignee else ""
    return f"{task.title}{due}{who}"


def _contact(shown: Card, number: int) -> str:
    contact = shown.contacts[number]
    notes = {"primary": contact.is_primary, "archived": contact.state == "archived"}
    told = [note for note, holds in notes.items() if holds]
    mail = f" <{contact.email}>" if contact.email else ""
    return f"{contact.name}{mail}" + (f" ({', '.join(told)})" if told else "")


def _buttons(shown: Card, mark: str) -> Block:
    history = HistoryQuery(shown.customer.id)
    return kit.actions(kit.button("History", f"{GO}:history", Links(mark).value(history)), *_edits(shown))


def _edits(shown: Card) -> Iterator[Element]:
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
    choices = [
        kit.option(f"Task: {kit.one_line(each.title)}", f"task_edit {customer_id} {each.id}")
        for each in shown.open_tasks
    ]
    choices += [
        kit.option(f"Contact: {kit.one_line(each.name)}", f"contact_edit {customer_id} {each.id}")
        for each in shown.contacts
    ]
    choices += [
        kit.option(f"Comment: {kit.one_line(printed(each.text, shown.names))}", f"comment_edit {customer_id} {each.id}")
        for each in shown.comments
    ]
    if choices:
        yield kit.select("form:edit", "Change one of these", choices[:100])
