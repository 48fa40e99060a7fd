"""One activity as blocks: a line, its circumstances below it, and, when it is opened, all of it."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from bot.blocks import kit, phrases
from bot.blocks.fit import Fit
from bot.blocks.kit import Block, Element
from bot.blocks.phrases import Names
from store.domain.activity import REMOVED_CONTACT, Activity, Change, Source, printed

LEAST: Final = 600
"""Bytes of the details that say least: when, by which way, and how much else there is."""
ONBOARDING: Final = 60
"""Characters of an onboarding's id below an entry's line."""
LATE_SECONDS: Final = 60
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


def entry(
    activity: Activity, names: Names, zone: ZoneInfo, fit: Fit, button: Element | None = None
) -> tuple[Block, Block]:
    """The collapsed entry. button: what opens it; none where the message is for reading only."""
    _, emoji = phrases.icon(activity)
    at = kit.moment(activity.occurred_at, f"{phrases.when(activity.occurred_at, zone)} {zone.key}")
    about = [kit.mrkdwn(f":{emoji}: {at}"), kit.plain(activity.kind)]
    about += [kit.mrkdwn(f"<#{each}>") for each in map(phrases.channel, activity.changes) if each]
    if activity.onboarding_id:
        about.append(kit.plain(kit.one_line(activity.onboarding_id), min(fit.value, ONBOARDING)))
    line = kit.plain(phrases.line(activity, names, fit.value), fit.line)
    return kit.section(line, accessory=button), kit.context(*about)


def details(activity: Activity, names: Names, zone: ZoneInfo, room: int | None = None) -> Block:
    """All of an activity, its values as they were typed, each change on a line of its own.

    room  bytes that the block may have, at least LEAST; None: all that it needs. What has no room is cut, and the block says how much
    """
    if room is None:
        return _made(_sections, activity, names, zone)

    def fits(told: Told, cut: Cut) -> bool:
        return kit.size([_made(told, activity, names, zone, cut)]) <= room

    # First the differences of letters go, then what the values have beyond so many characters, then whole changes.
    if fits(_sections, CUTS[0]):
        return _made(_sections, activity, names, zone)
    cut = CUTS[min(bisect_left(CUTS, True, key=partial(fits, _in_one_run)), len(CUTS) - 1)]
    return _made(_sections if fits(_sections, cut) else _in_one_run, activity, names, zone, cut)


def needs(activity: Activity, names: Names, zone: ZoneInfo) -> tuple[int, int]:
    """Bytes of all of it: at least, and as it should look."""
    least, most = (kit.size([_made(told, activity, names, zone)]) for told in (_in_one_run, _sections))
    return min(least, most), most


def _made(told: "Told", activity: Activity, names: Names, zone: ZoneInfo, cut: "Cut | None" = None) -> Block:
    sections = told(activity, names, cut or CUTS[0])
    return kit.rich(*sections, [kit.run(_circumstances(activity, zone), italic=True)])


@dataclass(frozen=True, slots=True)
class Cut:
    """value: characters of each value. changes: how many of them. None: all."""

    value: int | None = None
    changes: int | None = None


CUTS: Final = (
    Cut(),
    *(Cut(value) for value in (4000, 3000, 2200, 1600, 1200, 900, 700, 500, 350, 250, 180, 120, 80, 50, 30, 15)),
    *(Cut(15, changes) for changes in (100, 60, 40, 20, 10, 5, 2, 1)),
    Cut(8, 0),
)
"""From all of it to nothing."""

Told = Callable[[Activity, Names, Cut], Iterator[Sequence[Element]]]


def _sections(activity: Activity, names: Names, cut: Cut) -> Iterator[Sequence[Element]]:
    """What changed, in letters that tell the sides apart."""
    if activity.redacted:
        yield [
            kit.run(
                f"This named somebody who asked to be forgotten. It reads “{REMOVED_CONTACT}” now, for good.\n",
                italic=True,
            )
        ]
    for change in activity.changes[: cut.changes]:
        yield [*_change(change, names, cut.value), kit.run("\n")]
    if left := _left_out(activity, cut):
        yield [kit.run(left)]
    if activity.text and not activity.redacted:
        yield _named("text", printed(activity.text, names), cut)
    if activity.onboarding_id:
        yield _named("onboarding", activity.onboarding_id, cut)


def _named(name: str, value: str, cut: Cut) -> Sequence[Element]:
    return [kit.run(f"{name}  ", bold=True), kit.run(_shortened(value, cut.value)), kit.run("\n")]


def _change(change: Change, names: Names, most: int | None) -> Iterator[Element]:
    """The field, and its two sides; one only, where the field says what the activity is about and not what changed."""
    yield kit.run(f"{_shortened(change.field, most)}  ", bold=True)
    if isinstance(change.old, tuple) and isinstance(change.new, tuple):
        yield kit.run(_shortened(_lists(change.old, change.new), most))
        return
    if channel := phrases.channel(change):
        yield kit.channel(channel)
        return
    old, new = (_shortened(printed(side, names), most) for side in (change.old, change.new))
    if change.field in phrases.OBJECT_FIELDS and not (old and new):
        yield kit.run(new or old or phrases.NOTHING)
        return
    arrow = "  →  "
    if kit.is_right_to_left(old) or kit.is_right_to_left(new):
        # Otherwise both sides would be read as one text from right to left: the new one first.
        yield kit.run(kit.ISOLATE)
        arrow = f"{kit.END_ISOLATE}  →  {kit.ISOLATE}"
    yield kit.run(old, strike=bool(new)) if old else kit.run(phrases.NOTHING, italic=True)
    yield kit.run(arrow)
    yield kit.run(new) if new else kit.run(phrases.NOTHING, italic=True)


def _in_one_run(activity: Activity, names: Names, cut: Cut) -> Iterator[Sequence[Element]]:
    """The same without differences of letters, which take more room than what is said in them."""
    if text := "".join(
        run.get("text") or run["channel_id"] for section in _sections(activity, names, cut) for run in section
    ):
        yield [kit.run(text)]


def _lists(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    """What came, what went, and what stayed."""
    kept = sorted(set(old) & set(new))
    return phrases.list_diff(old, new) + (f"  (kept: {', '.join(kept)})" if kept else "")


def _left_out(activity: Activity, cut: Cut) -> str:
    left = 0 if cut.changes is None else len(activity.changes) - cut.changes
    return f"and {left} more {'field' if left == 1 else 'fields'}\n" if left > 0 else ""


def _shortened(text: str, most: int | None) -> str:
    """Cut, with how much is missing."""
    if most is None or len(text) <= most:
        return text
    shown = kit.cut(text, most)
    return f"{shown} [{len(text) - len(shown) + 1:,} more characters]"


def _circumstances(activity: Activity, zone: ZoneInfo) -> str:
    told = [f"Entry {activity.seq}", f"by way of {SOURCES[activity.source]}"]
    told.append(f"happened {_exactly(activity.occurred_at, zone)}")
    if (activity.recorded_at - activity.occurred_at).total_seconds() > LATE_SECONDS:
        told.append(f"recorded {_exactly(activity.recorded_at, zone)}")
    return " · ".join([*told, *_why(activity)])


def _why(activity: Activity) -> Iterator[str]:
    """What a writer keeps of the reason: which entries it takes back, what a provider said, where it can be seen."""
    refs = activity.refs
    if isinstance(seqs := refs.get("reverts"), list):
        yield f"takes back entry {', '.join(map(str, seqs))}"
    if isinstance(reason := refs.get("reason"), Mapping):
        yield from (f"{name}: {said}" for name, said in reason.items())
    yield from (str(refs[name]) for name in ("link", "permalink") if name in refs)


def _exactly(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"
