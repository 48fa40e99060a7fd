"""Text ↔ what is asked of Pi's nudges: when they come, where to, and about whom. Each parse has its format."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from difflib import get_close_matches
from typing import Final

from store.domain.errors import UsageError, code
from store.domain.grammar.flags import Flag, Flags
from store.domain.grammar.scope import EXAMPLES, SCOPE_FLAGS, channel_among, each_once, format_scope, scope_of
from store.domain.nudge import NudgeKind
from store.domain.schedule import Cadence, Every
from store.domain.scope import Scope
from store.domain.words import Word, words

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TURNS: Final = ("pause", "resume", "delete")
HEALTH, DIGEST, RUN, NOW = "health", "digest", "run", "now"
WHEN: Final = {
    "daily": "daily 09:00",
    "weekdays": "weekdays 09:00",
    "weekly": "weekly Mon 09:00",
    "hourly": "hourly",
}
KNOWN: Final = {
    **WHEN,
    DIGEST: "digest weekly Mon 09:00",
    HEALTH: HEALTH,
    RUN: "run now",
    **{turn: f"{turn} 2" for turn in TURNS},
}
"""What may stand first, each with an example."""

FLAGS: Final = Flags(SCOPE_FLAGS, bare=lambda name: name in set(NudgeKind), shown=tuple(NudgeKind))

TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
LIKE_A_TIME: Final = re.compile(r"([0-9]{1,2})(?:[:.h]?([0-5][0-9]))? ?(?:([ap])\.?m\.?|h|uhr|o.clock)?", re.IGNORECASE)
"""What people write elsewhere: `9`, `9am`, `5.30 pm`, `0900`."""
NUMBER: Final = re.compile(r"#?([1-9][0-9]{0,8})")

EVERYBODY: Final = Scope()
EXAMPLE: Final = "`/pivotal nudges weekly Mon 09:00 --owner me`"


@dataclass(frozen=True, slots=True)
class Listed:
    """Every schedule there is."""


@dataclass(frozen=True, slots=True)
class Health:
    """What became of the nudges, and what waits."""


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """digest: one message about all. channel: its id; None: to each customer's own place. kinds: none are all."""

    cadence: Cadence
    digest: bool = False
    channel: str | None = None
    kinds: tuple[NudgeKind, ...] = ()
    scope: Scope = EVERYBODY


@dataclass(frozen=True, slots=True)
class RunNow:
    channel: str | None = None
    kinds: tuple[NudgeKind, ...] = ()
    scope: Scope = EVERYBODY


@dataclass(frozen=True, slots=True)
class Turn:
    """action: pause, resume or delete. number: the schedule's."""

    action: str
    number: int


Asked = Listed | Health | NewSchedule | RunNow | Turn


def parse_nudges(typed: Sequence[Word]) -> Asked:
    """What follows `nudges`.

    raises  UsageError, naming the part that does not fit, and what to type instead
    """
    if not typed:
        return Listed()
    first, rest = typed[0].text.casefold(), typed[1:]
    if first in TURNS:
        return Turn(first, _number(first, rest))
    if first == HEALTH:
        _nothing_behind(rest, "`health`")
        return Health()
    channel, unplaced = channel_among(
        typed, SCOPE_FLAGS, without="each nudge goes to its customer's own channel", each="a schedule"
    )
    before, flags = _flags(unplaced)
    kinds = tuple(kind for kind in NudgeKind if kind.value in flags)
    scope = scope_of(flags)
    if first == RUN:
        _run_now(before)
        return RunNow(channel, kinds, scope)
    digest = first == DIGEST
    return NewSchedule(_cadence(before[1:] if digest else before, digest=digest), digest, channel, kinds, scope)


def format_nudges(asked: Asked) -> str:
    """The text that `parse_nudges` reads as this."""
    match asked:
        case Listed():
            return ""
        case Health():
            return HEALTH
        case Turn(action, number):
            return f"{action} {number}"
        case RunNow(channel, kinds, scope):
            return " ".join([RUN, NOW, *_filters(channel, kinds, scope)])
        case NewSchedule(cadence, digest, channel, kinds, scope):
            when = [*([DIGEST] if digest else []), format_cadence(cadence)]
            return " ".join([*when, *_filters(channel, kinds, scope)])


def parse_cadence(text: str) -> Cadence:
    """`hourly`, `daily 09:00`, `weekdays 9:00`, `weekly Mon 09:00`.

    raises  UsageError, as `parse_nudges` does
    """
    return _cadence(words(text, escaped=False), digest=False)


def format_cadence(cadence: Cadence) -> str:
    """The text that `parse_cadence` reads as this cadence."""
    day = [] if cadence.day is None else [DAYS[cadence.day][:3]]
    at = [] if cadence.at is None else [f"{cadence.at:%H:%M}"]
    return " ".join([cadence.every.value, *day, *at])


# --- reading ----------------------------------------------------------------------------------------------------------


def _cadence(typed: Sequence[Word], *, digest: bool) -> Cadence:
    lead = "/pivotal nudges digest" if digest else "/pivotal nudges"
    if not typed:
        raise UsageError("I did not find when.", f"Try `{lead} weekly Mon 09:00`.")
    name, rest = typed[0].text.casefold(), typed[1:]
    if name not in set(Every):
        raise _unknown(typed[0], lead, digest=digest)
    every = Every(name)
    day: int | None = None
    if every is Every.HOURLY:
        _nothing_behind(rest, "`hourly`, which is on the hour")
        return Cadence(every)
    if every is Every.WEEKLY:
        day, rest = _day(rest, lead), rest[1:]
    return Cadence(every, _time(rest, f"{lead} {name}" + ("" if day is None else f" {DAYS[day][:3]}")), day)


def _day(typed: Sequence[Word], lead: str) -> int:
    if not typed:
        raise UsageError("On which day?", f"Try `{lead} weekly Mon 09:00`.")
    name = typed[0].text.casefold()
    found = next((at for at, day in enumerate(DAYS) if name in {day.casefold(), day[:3].casefold()}), None)
    if found is not None:
        return found
    near = next((day for day in DAYS if len(name) > 1 and day.casefold().startswith(name[:3])), None)
    hint = f"Did you mean `{near[:3]}`?" if near else f"Write {', '.join(day[:3] for day in DAYS[:-1])} or Sun."
    raise UsageError(f"I read {typed[0].shown} where the day should stand.", f"{hint} Try `{lead} weekly Mon 09:00`.")


def _time(typed: Sequence[Word], lead: str) -> time:
    if not typed:
        raise UsageError("At what time?", f"Try `{lead} 09:00`.")
    found = TIME.fullmatch(typed[0].text)
    if found is None:
        text = " ".join(word.text for word in typed)
        meant = _meant(text) or _meant(typed[0].text)
        shown = code(text) if _meant(text) else typed[0].shown
        raise UsageError(
            f"I read {shown} where the time should stand.",
            f"Did you mean `{lead} {meant:%H:%M}`?" if meant else f"Hours and minutes, as in `{lead} 09:00`.",
        )
    _nothing_behind(typed[1:], "the time")
    return time(int(found[1]), int(found[2]))


def _meant(text: str) -> time | None:
    """The time that a person means who writes it otherwise."""
    found = LIKE_A_TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").casefold()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour % 24, minute) if hour <= 24 else None


def _unknown(word: Word, lead: str, *, digest: bool) -> UsageError:
    if word.text.casefold() == DIGEST:
        return UsageError("There are two `digest`.", "Leave one out.")
    known = WHEN if digest else KNOWN
    near = next(iter(get_close_matches(word.text.casefold(), known, n=1)), None)
    if TIME.fullmatch(word.text) or _meant(word.text):
        return UsageError(f"I read {word.shown}, but not how often.", f"Try `{lead} daily 09:00`.")
    hint = (
        f"Did you mean `{lead} {known[near]}`?"
        if near
        else f"Say `daily`, `weekdays`, `weekly` or `hourly`. Try `{lead} weekly Mon 09:00`."
    )
    return UsageError(f"I read {word.shown}, which is no schedule.", hint)


def _run_now(typed: Sequence[Word]) -> None:
    if len(typed) < 2 or typed[1].text.casefold() != NOW:
        raise UsageError(
            f"I read {code(' '.join(word.text for word in typed))}, which is no schedule.",
            "Did you mean `/pivotal nudges run now`?",
        )
    _nothing_behind(typed[2:], "`run now`")


def _number(action: str, typed: Sequence[Word]) -> int:
    hint = f"`/pivotal nudges` lists them by number. Try `/pivotal nudges {action} 2`."
    if not typed:
        raise UsageError(f"Which schedule shall I {action}?", hint)
    found = NUMBER.fullmatch(typed[0].text)
    if found is None:
        raise UsageError(f"I read {typed[0].shown} where a schedule's number should stand.", hint)
    _nothing_behind(typed[1:], "the number")
    return int(found[1])


def _nothing_behind(typed: Sequence[Word], what: str) -> None:
    if typed:
        raise UsageError(
            f"I read {typed[0].shown} behind {what}.",
            f"Leave it out. A filter begins with two dashes, and a name of several words goes in quotes: `{EXAMPLES['customer']}`.",
        )


def _flags(typed: Sequence[Word]) -> tuple[Sequence[Word], dict[str, Flag]]:
    """The words before the flags, and the flags by name."""
    try:
        before, rest = FLAGS.before(typed)
        read = list(FLAGS.read(rest))
    except UsageError as error:
        # What is wrong is the same in every command; what to type is not.
        meant = re.match(r"Did you mean `[^`]*`\?|Write `--[a-z]+` alone\.", error.hint or "")
        hint = (
            meant[0]
            if meant
            else f"Filters are `--risk`, `--attention`, {', '.join(code(each) for each in EXAMPLES.values())}; names of several words go in quotes. Try {EXAMPLE}."
        )
        raise UsageError(error.sentence, hint) from None
    return before, each_once(read)


# --- writing ----------------------------------------------------------------------------------------------------------


def _filters(channel: str | None, kinds: Sequence[NudgeKind], scope: Scope) -> Iterator[str]:
    if channel is not None:
        yield f"<#{channel}>"
    yield from (f"--{kind}" for kind in kinds)
    yield from format_scope(scope)
