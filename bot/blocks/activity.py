"""One activity as blocks: a line, its circumstances below it, and, when it is opened, all of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.blocks import kit, phrases
from bot.blocks.kit import Block, Element
from bot.blocks.phrases import Names
from store.domain.activity import REMOVED_CONTACT, Activity, Change, Source, printed

LATE_SECONDS = 60
"""Recorded later than this after it happened, an activity says so."""

SOURCES = {
    Source.SLACK: "Slack",
    Source.HUBSPOT: "HubSpot",
    Source.STRIPE: "Stripe",
    Source.API: "the API",
    Source.PI: "Pi",
    Source.IMPORT: "an import",
    Source.CLI: "the command line",
}


def entry(activity: Activity, names: Names, zone: ZoneInfo, button: Element | None) -> tuple[Block, Block]:
    """The collapsed entry. button: what opens it; none where the message is for reading only."""
    _, emoji = phrases.icon(activity)
    at = kit.moment(activity.occurred_at, f"{phrases.when(activity.occurred_at, zone)} {zone.key}")
    about = [kit.mrkdwn(f":{emoji}: {at}"), kit.plain(activity.kind)]
    if activity.onboarding_id:
        about.append(kit.plain(kit.one_line(activity.onboarding_id), 60))
    return kit.section(kit.plain(phrases.line(activity, names)), accessory=button), kit.context(*about)


def details(activity: Activity, names: Names, zone: ZoneInfo, room: int) -> Block:
    """All of an activity, its values as they were typed, each on lines of its own.

    room  bytes that the block may have; what does not fit is cut, and the block says so
    """
    whole = kit.rich(*_sections(activity, names, zone, None))
    if kit.size([whole]) <= room:
        return whole
    most = 2000
    while most > 10:
        block = kit.rich(*_sections(activity, names, zone, most))
        if kit.size([block]) <= room:
            return block
        most //= 2
    return kit.rich([kit.run("Too much to show here. `pivotal history` in a terminal, or an export, has all of it.")])


def _sections(activity: Activity, names: Names, zone: ZoneInfo, most: int | None) -> Iterator[Sequence[Element]]:
    """most: characters of each value, None for all."""
    if activity.redacted:
        yield [
            kit.run(
                f"This named somebody who asked to be forgotten. It reads “{REMOVED_CONTACT}” now, for good.",
                italic=True,
            )
        ]
    for change in activity.changes:
        yield [*_change(change, names, most), kit.run("\n")]
    if activity.text and not activity.redacted:
        yield [kit.run("text  ", bold=True), kit.run(_shortened(activity.text, most)), kit.run("\n")]
    yield [kit.run(_circumstances(activity, zone), italic=True)]


def _change(change: Change, names: Names, most: int | None) -> Iterator[Element]:
    yield kit.run(f"{change.field}  ", bold=True)
    if isinstance(change.old, tuple) and isinstance(change.new, tuple):
        yield kit.run(_list_diff(change.old, change.new, most))
        return
    old, new = printed(change.old, names), printed(change.new, names)
    if old:
        yield kit.run(_shortened(old, most), strike=bool(new))
    else:
        yield kit.run(phrases.NOTHING, italic=True)
    yield kit.run("  →  ")
    yield kit.run(_shortened(new, most)) if new else kit.run(phrases.NOTHING, italic=True)


def _list_diff(old: tuple[str, ...], new: tuple[str, ...], most: int | None) -> str:
    """`+vip, −trial` and what stayed."""
    added = [f"+{each}" for each in sorted(set(new) - set(old))]
    removed = [f"−{each}" for each in sorted(set(old) - set(new))]
    kept = sorted(set(old) & set(new))
    told = ", ".join([*added, *removed]) or "nothing changed"
    return _shortened(told + (f"  (kept: {', '.join(kept)})" if kept else ""), most)


def _shortened(text: str, most: int | None) -> str:
    """Cut, with how much is missing."""
    if most is None or len(text) <= most:
        return text
    return f"{kit.cut(text, most)} [{len(text) - most + 1:,} more characters]"


def _circumstances(activity: Activity, zone: ZoneInfo) -> str:
    told = [f"Entry {activity.seq}", activity.kind, f"by way of {SOURCES[activity.source]}"]
    if activity.onboarding_id:
        told.append(f"onboarding {kit.one_line(activity.onboarding_id)}")
    told.append(f"happened {_exactly(activity.occurred_at, zone)}")
    if (activity.recorded_at - activity.occurred_at).total_seconds() > LATE_SECONDS:
        told.append(f"recorded {_exactly(activity.recorded_at, zone)}")
    return " · ".join(told)


def _exactly(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"
