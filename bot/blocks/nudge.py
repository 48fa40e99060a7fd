"""A nudge as a message: what is so, since when, on which evidence, what to do next, and what somebody did about it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot import limits
from bot.blocks import kit, phrases
from bot.blocks.kit import Block, Element, Message
from store.domain.activity import Activity, Ref, printed
from store.domain.nudge import Kept, NudgeKind, NudgeState
from store.domain.rules import rule_named

DONE: Final = "nudge:done"
SNOOZE: Final = "nudge:snooze"
DISMISS: Final = "nudge:dismiss"
ASSIGN: Final = "nudge:assign"
HISTORY: Final = "nudge:history"
OPEN: Final = "nudge:open"

ICONS: Final = {NudgeKind.RISK: "rotating_light", NudgeKind.ATTENTION: "eyes"}
SNOOZES: Final = (("Snooze for a day", "1"), ("Snooze for 3 days", "3"), ("Snooze for a week", "7"))
UNTIL: Final = "until"
"""What a snooze carries that asks for the day."""
NAME: Final = 150
WORDING: Final = 1500
LINE: Final = 200
TOLD: Final = 15
"""Nudges in one digest's message."""


def title(each: Kept) -> str:
    return f"{phrases.shown(each.customer.name, NAME)}: {rule_named(each.rule).title}"


def nudge(each: Kept, zone: ZoneInfo, *, over: bool = False) -> Message:
    """over: it has come back as a newer message, which has the buttons."""
    reason = wording(each)
    blocks: list[Block] = [kit.section(kit.plain(title(each))), kit.section(kit.plain(reason, WORDING))]
    if each.evidence and not over:
        blocks.append(kit.context(*(kit.plain(_line(activity, each), LINE) for activity in each.evidence)))
    said = "It came back: see the newer message." if over else outcome(each, zone)
    if said:
        blocks.append(kit.section(kit.plain(said)))
    elif each.advice:
        blocks.append(kit.section(kit.plain(f"Next: {printed(each.advice, each.names)}", WORDING)))
    blocks.append(kit.context(*_about(each, zone)))
    if not over:
        blocks.append(_buttons(each))
    return Message(f"{title(each)}. {said or reason}", tuple(blocks))


def wording(each: Kept) -> str:
    return printed(each.reason, each.names)


def _line(activity: Activity, each: Kept) -> str:
    return phrases.line(activity, each.names, 80)


def _about(each: Kept, zone: ZoneInfo) -> Iterator[Element]:
    """Below it: which kind, since when, whose it is, and why it stands here."""
    since = kit.moment(each.since, f"{phrases.when(each.since, zone)} {zone.key}")
    yield kit.mrkdwn(f":{ICONS[each.kind]}: {each.kind.value}, since {since}")
    if each.assignee is not None:
        yield kit.plain(f"Assigned to {_name(each, each.assignee)}", LINE)
    if each.elsewhere:
        yield kit.plain("It came here since people outside your company read the customer's channel.")


def outcome(each: Kept, zone: ZoneInfo) -> str:
    """What became of it, in one sentence; "" while it stands."""
    who = _name(each, each.settled_by) if each.settled_by else ""
    match each.state:
        case NudgeState.DONE:
            return f"Done by {who}."
        case NudgeState.DISMISSED:
            return f"Dismissed by {who}: {phrases.shown(each.note or '', LINE)}"
        case NudgeState.SNOOZED if each.until is not None:
            return f"Snoozed by {who} until {phrases.when(each.until, zone)} ({zone.key})."
        case NudgeState.CLEARED:
            return f"Resolved: {phrases.shown(each.note or '', LINE)}"
        case _:
            return ""


def _name(each: Kept, ref: str) -> str:
    return phrases.shown(printed(Ref.parse(ref), each.names), NAME)


def _buttons(each: Kept) -> Block:
    history = kit.button("History", HISTORY, each.id)
    if each.state not in {NudgeState.STANDING, NudgeState.HELD, NudgeState.FAILED}:
        return kit.actions(history, block_id=_row(each))
    options = [*(kit.option(label, f"{each.id} {days}") for label, days in SNOOZES)]
    options.append(kit.option("Snooze until a day…", f"{each.id} {UNTIL}"))
    return kit.actions(
        kit.button("Done", DONE, each.id, style="primary"),
        kit.select(SNOOZE, "Snooze", options),
        kit.button("Dismiss…", DISMISS, each.id),
        kit.button("Assign…", ASSIGN, each.id),
        history,
        block_id=_row(each),
    )


def _row(each: Kept) -> str:
    """New in every version of the message: Slack keeps what was picked in a select whose ids stay the same."""
    return f"{each.id}.{each.revision}"


def several(those: Sequence[Kept], zone: ZoneInfo, head: str) -> Message:
    """Several nudges in one message, each with a button that opens it. head: what they have in common."""
    blocks: list[Block] = [kit.section(kit.plain(head))]
    shown = 0
    for each in those[:TOLD]:
        said = outcome(each, zone)
        text = f"{title(each)}. {said or wording(each)}"
        pair = [
            kit.section(kit.plain(text, 400), accessory=kit.button("Open", f"{OPEN}:{each.id}", each.id)),
            kit.context(kit.mrkdwn(f":{ICONS[each.kind]}: {each.kind.value}")),
        ]
        if kit.size([*blocks, *pair]) > limits.MESSAGE_JSON_SOFT - 200:
            break
        blocks += pair
        shown += 1
    if len(those) > shown:
        blocks.append(kit.context(kit.mrkdwn(f"and {len(those) - shown} more")))
    return Message(head, tuple(blocks))


def digest(those: Sequence[Kept], zone: ZoneInfo) -> Message:
    """What exceeded the day's budget of a channel."""
    return several(those, zone, f"{_count(len(those))} more today, in one message to keep this channel quiet")


def summary(those: Sequence[Kept], zone: ZoneInfo) -> Message:
    """What a scheduled digest tells."""
    if not those:
        return _said("Nothing stands: Pi has no open nudges.")
    return several(those, zone, f"{_count(len(those))} open")


def _count(number: int) -> str:
    return "1 nudge" if number == 1 else f"{number} nudges"


def assigned(each: Kept, by: str) -> Message:
    """To the one it was assigned to. by: whose name stands there."""
    text = f"{phrases.shown(by, NAME)} assigned you a nudge. {title(each)}. {wording(each)}"
    blocks = [kit.section(kit.plain(text, WORDING)), kit.actions(kit.button("Open", f"{OPEN}:{each.id}", each.id))]
    return Message(text, tuple(blocks))


def refused(number: int, channel: str, why: str) -> Message:
    """To whoever made a schedule: Slack does not take what it finds. channel: an id of Slack's."""
    where = f" in <#{channel}>" if channel.startswith(("C", "G")) else ""
    text = f"Pi could not post a nudge of schedule {number}: {why}"
    more = kit.context(kit.mrkdwn(f"It was to be posted{where}. `/pivotal nudges health` shows what was refused."))
    return Message(text, (kit.section(kit.plain(text)), more))


def _said(sentence: str) -> Message:
    return Message(sentence, (kit.section(kit.plain(sentence)),))


def usually(time: timedelta | None) -> str:
    if time is None:
        return ""
    hours = time.total_seconds() / 3600
    return (
        f"{round(hours * 60)} minutes"
        if hours < 2
        else f"{round(hours)} hours"
        if hours < 48
        else f"{round(hours / 24)} days"
    )
