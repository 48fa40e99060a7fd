"""Windows: which instants a reader's days are, wherever clocks jump."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.query import MICROSECOND, Window, day_start
from tests.domain.queries import days

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
FIRST, LAST = date(2024, 1, 1), date(2030, 12, 31)
DAY = timedelta(days=1)
ZONES = sorted(available_timezones())


def noon(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone).utcoffset()


def around_transitions(zone: ZoneInfo) -> Iterator[date]:
    """The days from 2024 to 2030 between whose noons the clocks jumped, and their neighbours; in the full form, every day."""
    day = FIRST
    while day <= LAST:
        week = day + 7 * DAY
        if FULL:
            yield from (day + n * DAY for n in range(7))
        elif noon(day, zone) != noon(week, zone):
            changed = [n for n in range(7) if noon(day + n * DAY, zone) != noon(day + (n + 1) * DAY, zone)]
            yield from (day + near * DAY for n in changed for near in range(n - 1, n + 4))
        day = week


@pytest.mark.parametrize("letter", sorted({name[0] for name in ZONES}))
def test_a_day_begins_with_its_first_instant_in_every_zone(letter: str) -> None:
    """At every transition from 2024 to 2030; skipped and repeated midnights are among them."""
    for name in (name for name in ZONES if name.startswith(letter)):
        zone = ZoneInfo(name)
        for day in around_transitions(zone):
            start = day_start(day, zone)
            assert start.astimezone(zone).date() == day, (name, day)
            assert (start - MICROSECOND).astimezone(zone).date() == day - DAY, (name, day)


@pytest.mark.parametrize(
    "name, day, starts, hours",
    [
        ("UTC", "2024-03-31", "2024-03-31T00:00", 24),
        ("Europe/Berlin", "2024-03-31", "2024-03-30T23:00", 23),
        ("Europe/Berlin", "2024-10-27", "2024-10-26T22:00", 25),
        ("America/New_York", "2024-03-10", "2024-03-10T05:00", 23),
        ("Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30", 23.5),
        ("Asia/Kathmandu", "2024-01-01", "2023-12-31T18:15", 24),
        ("Pacific/Kiritimati", "2024-01-01", "2023-12-31T10:00", 24),
        ("Etc/GMT+12", "2024-01-01", "2024-01-01T12:00", 24),
        # midnight is skipped: the day begins at 1:00
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00", 23),
        ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00", 23),
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00", 23),
        ("America/Havana", "2024-03-10", "2024-03-10T05:00", 23),
        ("Atlantic/Azores", "2024-03-31", "2024-03-31T01:00", 23),
        # midnight is repeated: the day begins with the first one
        ("America/Havana", "2024-11-03", "2024-11-03T04:00", 25),
        ("Atlantic/Azores", "2024-10-27", "2024-10-27T00:00", 25),
        # the hour before midnight is repeated: it all belongs to the day that ends
        ("Africa/Cairo", "2024-10-31", "2024-10-30T21:00", 25),
        ("Africa/Cairo", "2024-11-01", "2024-10-31T22:00", 24),
        ("America/Nuuk", "2024-10-26", "2024-10-26T01:00", 25),
        # the hour before midnight is skipped
        ("America/Nuuk", "2024-03-30", "2024-03-30T02:00", 23),
        # a day that there was not
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00", 24),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
    ],
)
def test_a_day_is_as_long_as_it_was(name: str, day: str, starts: str, hours: float) -> None:
    """Days that have been: of those to come, countries change their minds."""
    on = date.fromisoformat(day)
    start, end = Window(since=on, until=on).resolve(datetime.now(UTC), ZoneInfo(name))
    assert start == datetime.fromisoformat(starts).replace(tzinfo=UTC)
    assert end == start + timedelta(hours=hours)


@pytest.mark.parametrize("name", ["Europe/Berlin", "Africa/Cairo", "America/Havana", "America/Nuuk", "Asia/Tehran"])
def test_every_instant_belongs_to_the_one_day_that_the_clock_shows(name: str) -> None:
    zone = ZoneInfo(name)
    starts = [day_start(FIRST + n * DAY, zone) for n in range(367)]
    instant = starts[0]
    for n, end in enumerate(starts[1:]):
        while instant < end:
            assert instant.astimezone(zone).date() == FIRST + n * DAY
            instant += timedelta(minutes=15)


NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def test_from_and_to_are_both_included_and_either_may_be_left_out() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 31)
    begins, ends = datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert Window(since=first, until=last).resolve(NOW, BERLIN) == (begins, ends)
    assert Window(since=first).resolve(NOW, BERLIN) == (begins, None)
    assert Window(until=last).resolve(NOW, BERLIN) == (None, ends)
    assert ends.astimezone(BERLIN) == datetime(2026, 2, 1, tzinfo=BERLIN)


@given(st.integers(1, 3650), st.sampled_from(ZONES))
def test_the_last_days_are_times_24_hours_back_from_now_whatever_the_clocks_did(count: int, name: str) -> None:
    start, end = Window(days=count).resolve(NOW, ZoneInfo(name))
    assert start is not None
    assert NOW - start == count * timedelta(hours=24)
    assert start.tzinfo is UTC
    assert end is None


def test_now_may_be_told_in_any_zone() -> None:
    """Subtracting from a local time would follow the clock on the wall: 23 or 25 hours where clocks jump."""
    spring = datetime(2026, 3, 29, 12, tzinfo=BERLIN)
    start, _ = Window(days=1).resolve(spring, BERLIN)
    assert start == datetime(2026, 3, 28, 10, tzinfo=UTC)


@given(days, st.sampled_from(ZONES))
def test_the_first_and_the_last_day_that_can_be_typed_resolve_in_every_zone(day: date, name: str) -> None:
    start, end = Window(since=day, until=day).resolve(NOW, ZoneInfo(name))
    assert start is not None
    assert end is not None
    assert start <= end
    assert start.tzinfo is end.tzinfo is UTC
