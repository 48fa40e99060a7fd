"""When something is due by a clock on a wall, as instants in UTC; and when Pi is quiet.

Local days are only ever enumerated and turned into instants one by one: two local times are never subtracted, since that ignores the
shift between them. A time that clocks skip becomes the first minute after the gap; one that they repeat is its first pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
SATURDAY: Final = 5
WEEK: Final = 7
"""Days."""


class Every(StrEnum):
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Cadence:
    """at: the local time; None for hourly, which is on the hour. day: of weekly, 0 is Monday."""

    every: Every
    at: time | None = None
    day: int | None = None

    def falls_on(self, day: date) -> bool:
        match self.every:
            case Every.WEEKDAYS:
                return day.weekday() < SATURDAY
            case Every.WEEKLY:
                return day.weekday() == self.day
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Slot:
    """One time at which a cadence is due. key: the local day, `2026-03-29`; hourly with its hour, `2026-03-29T05`."""

    key: str
    at: datetime


def slots(cadence: Cadence, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[Slot]:
    """The slots of the half-open range (after, until], oldest first, in UTC.

    A local day that a zone left out, as Apia did in 2011, has none; nor has an hour.
    """
    after, until = after.astimezone(UTC), until.astimezone(UTC)
    first = after.astimezone(zone).date()
    last = until.astimezone(zone).date() + DAY  # clocks that go back may show the day before once more
    for number in range((last - first).days + 1):
        day = first + number * DAY
        if cadence.falls_on(day):
            yield from (slot for slot in _of(cadence, zone, day) if after < slot.at <= until)


def _of(cadence: Cadence, zone: ZoneInfo, day: date) -> Iterator[Slot]:
    """The slots of one local day. Where a gap takes its end (Nuuk, 23:00 to midnight), its slot is at the midnight after it."""
    if cadence.every is not Every.HOURLY:
        if instant(day, time(), zone).astimezone(zone).date() == day:
            yield Slot(day.isoformat(), instant(day, cadence.at or time(), zone))
        return
    for hour in range(24):
        at = instant(day, time(hour), zone)
        local = at.astimezone(zone)
        if (local.date(), local.hour) == (day, hour):
            yield Slot(f"{day.isoformat()}T{hour:02}", at)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When this local time is, in UTC: the first pass of a repeated one, the first minute after the gap of a skipped one."""
    wanted = datetime.combine(day, at, zone)
    found = wanted.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return found
    # In a gap, fold 1 reads a time by the offset after it, which lies before the shift; fold 0 the other way round.
    return _shift(wanted.replace(fold=1).astimezone(UTC), found, zone)


def _shift(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the later offset, between these two. Offsets change on whole minutes."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, -(-(after - before) // MINUTE)
    while low + 1 < high:
        middle = (low + high) // 2
        if (before + middle * MINUTE).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + high * MINUTE


@dataclass(frozen=True, slots=True)
class Quiet:
    """When Pi says nothing: from start until end, which may be on the next day; the same time: at no hour. weekends: these days whole."""

    start: time
    end: time
    weekends: bool

    def covers(self, local: datetime) -> bool:
        """Whether this local time is a quiet one."""
        if self.weekends and local.weekday() >= SATURDAY:
            return True
        at = local.time()
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


def speaks_at(quiet: Quiet, zone: ZoneInfo, now: datetime) -> datetime:
    """The first instant from now on at which Pi may speak, in UTC: now itself, where that is one."""
    now = now.astimezone(UTC)
    if not quiet.covers(now.astimezone(zone)):
        return now
    return next(at for at in _turns(quiet, zone, now) if at > now and not quiet.covers(at.astimezone(zone)))


def _turns(quiet: Quiet, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """When it may turn from quiet to not: as a day begins, as quiet hours end, either pass, and as clocks are moved."""
    minute = now.replace(second=0, microsecond=0)
    found = set()
    for number in range(WEEK + 2):
        day = now.astimezone(zone).date() + number * DAY
        for at in (time(), quiet.end):
            found |= {instant(day, at, zone), datetime.combine(day, at, zone).replace(fold=1).astimezone(UTC)}
        begin, end = minute + number * DAY, minute + (number + 1) * DAY
        if begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
            found.add(_shift(begin, end, zone))
    return sorted(found)
