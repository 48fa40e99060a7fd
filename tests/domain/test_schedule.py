"""What is due by the clock on a wall, whatever clocks do: once on each local day, and nothing in quiet hours.

The quick form takes a sample of the zones and those that are known to be nasty; `PIVOTAL_ALL_ZONES=1` takes every one.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import pytest

from store.domain.schedule import Cadence, Every, Quiet, Slot, slots, speaks_at

pytestmark = pytest.mark.promise(id="R16")

NASTY: Final = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)
EVERY_ZONE: Final = sorted(available_timezones() - {"Factory", "localtime"})
ZONES: Final = (
    EVERY_ZONE if os.environ.get("PIVOTAL_ALL_ZONES") else sorted({*NASTY, *random.Random(2024).sample(EVERY_ZONE, 60)})
)
FIRST: Final = datetime(2024, 1, 1, tzinfo=UTC)
END: Final = datetime(2031, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
QUARTER: Final = timedelta(minutes=15)
"""Clocks are moved at its multiples, and by them."""
NIGHT: Final = Quiet(time(22), time(8), weekends=False)
TIMES: Final = (time(0), time(0, 30), time(1, 30), time(2, 30), time(9), time(22, 30), time(23, 30))


@cache
def transitions(name: str) -> tuple[datetime, ...]:
    """Every instant of 2024-2030 at which this zone's offset changes, to the minute."""
    zone = ZoneInfo(name)
    found = []
    at = FIRST
    while at < END:
        if offset(at, zone) != offset(at + DAY, zone):
            found.append(
                next(
                    at + number * MINUTE
                    for number in range(24 * 60 + 1)
                    if offset(at + number * MINUTE, zone) != offset(at, zone)
                )
            )
        at += DAY
    return tuple(found)


def offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def ticked(cadence: Cadence, zone: ZoneInfo, start: datetime, until: datetime, drift: random.Random) -> Iterator[Slot]:
    """What a worker sees that looks every few hours, late by up to 90 seconds, and goes on where it left off."""
    through = start
    while through < until:
        now = through + timedelta(hours=6, seconds=drift.uniform(0, 90))
        yield from slots(cadence, zone, through, now)
        through = now


def around(name: str) -> list[tuple[datetime, datetime]]:
    """Three days on either side of each transition, and of the days that Python's calendar finds hard."""
    quiet_ones = [datetime(2024, 2, 28, 12, tzinfo=UTC), datetime(2027, 12, 31, 12, tzinfo=UTC)]
    return [(at - 3 * DAY, at + 3 * DAY) for at in (*transitions(name), *quiet_ones)]


@pytest.mark.parametrize("name", ZONES)
def test_a_daily_schedule_is_due_once_on_each_local_day(name: str) -> None:
    zone, drift = ZoneInfo(name), random.Random(name)
    for number, (start, until) in enumerate(around(name)):
        at = TIMES[number % len(TIMES)]
        found = list(ticked(Cadence(Every.DAILY, at), zone, start, until, drift))
        days = [date.fromisoformat(slot.key) for slot in found]
        assert days == [days[0] + count * DAY for count in range(len(days))], "none is skipped, none comes twice"
        assert len(days) >= 5
        assert [slot.at for slot in found] == sorted({slot.at for slot in found})
        for day, slot in zip(days, found, strict=True):
            assert slot.at == first_valid(day, at, zone), f"{name} {day} {at}"


def first_valid(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first minute in UTC at which clocks show this time, or have passed it: walked to from well before."""
    wanted = datetime.combine(day, at)
    close = datetime.combine(day, at, UTC) - timedelta(hours=15)  # no clock is further ahead
    while close.astimezone(zone).replace(tzinfo=None) < wanted - timedelta(hours=4):
        close += timedelta(hours=1)
    while close.astimezone(zone).replace(tzinfo=None) < wanted:
        close += QUARTER
    return close


@pytest.mark.parametrize("name", ZONES)
def test_an_hourly_schedule_is_due_once_in_each_hour_that_clocks_show(name: str) -> None:
    zone, drift = ZoneInfo(name), random.Random(name)
    for start, until in around(name)[:4]:
        found = list(ticked(Cadence(Every.HOURLY), zone, start, until, drift))
        shown = [(start + number * QUARTER).astimezone(zone) for number in range(1, 6 * 24 * 4)]
        hours = list(dict.fromkeys(f"{each:%Y-%m-%dT%H}" for each in shown))
        keys = [slot.key for slot in found]
        assert len(keys) == len(set(keys)), "a repeated hour is due once"
        assert set(hours[1:]) <= set(keys), "an hour that clocks show is due"
        assert all(slot.at.astimezone(zone).strftime("%Y-%m-%dT%H") == slot.key for slot in found)


@pytest.mark.parametrize("name", ZONES)
def test_nothing_is_said_in_quiet_hours(name: str) -> None:
    zone, drift = ZoneInfo(name), random.Random(name)
    for start, until in around(name):
        for slot in slots(Cadence(Every.DAILY, TIMES[start.day % len(TIMES)]), zone, start, until):
            now = slot.at + timedelta(seconds=drift.uniform(0, 90))
            spoken = speaks_at(NIGHT, zone, now)
            assert now <= spoken < now + timedelta(hours=13)
            assert time(8) <= spoken.astimezone(zone).time() < time(22)
            assert spoken == now or not time(8) <= now.astimezone(zone).time() < time(22), "it waits for no reason"


def _at(text: str, name: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(name), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    "zone, cadence, day, due",
    [
        ("Europe/Berlin", Cadence(Every.DAILY, time(9)), "2026-03-29", ["07:00"]),
        ("Europe/Berlin", Cadence(Every.DAILY, time(2, 30)), "2026-03-29", ["01:00"]),  # 02:00-03:00 is no time: 03:00
        ("Europe/Berlin", Cadence(Every.DAILY, time(2, 30)), "2026-10-25", ["00:30"]),  # twice: the first
        ("America/New_York", Cadence(Every.DAILY, time(1, 30)), "2026-11-01", ["05:30"]),
        ("Africa/Cairo", Cadence(Every.DAILY, time(0)), "2026-04-24", ["22:00"]),  # midnight is skipped: 01:00
        ("Australia/Lord_Howe", Cadence(Every.DAILY, time(2, 15)), "2026-10-04", ["15:30"]),  # half an hour only
        (
            "America/Nuuk",
            Cadence(Every.DAILY, time(23, 30)),
            "2026-03-28",
            ["01:00"],
        ),  # no later time is left on that day
        ("UTC", Cadence(Every.WEEKDAYS, time(9)), "2026-03-27", ["09:00"]),  # a Friday
        ("UTC", Cadence(Every.WEEKDAYS, time(9)), "2026-03-28", []),
        ("UTC", Cadence(Every.WEEKDAYS, time(9)), "2026-03-29", []),
        ("UTC", Cadence(Every.WEEKLY, time(9), 0), "2026-03-30", ["09:00"]),  # a Monday
        ("UTC", Cadence(Every.WEEKLY, time(9), 6), "2026-03-30", []),
    ],
)
def test_when_a_day_is_due(zone: str, cadence: Cadence, day: str, due: list[str]) -> None:
    noon = datetime.combine(date.fromisoformat(day), time(12), ZoneInfo(zone)).astimezone(UTC)
    found = [slot for slot in slots(cadence, ZoneInfo(zone), noon - 2 * DAY, noon + 2 * DAY) if slot.key == day]
    assert [f"{slot.at:%H:%M}" for slot in found] == due


def test_a_day_that_a_zone_left_out_is_not_due() -> None:
    """Samoa had no 30 December 2011."""
    found = slots(Cadence(Every.DAILY, time(9)), ZoneInfo("Pacific/Apia"), _at("2011-12-29"), _at("2012-01-01"))
    assert [slot.key for slot in found] == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_a_day_that_clocks_take_back_for_an_hour_is_due_as_it_begins() -> None:
    """At one minute past midnight St. John's went back to 23:01 of the day before."""
    begun = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    found = slots(Cadence(Every.DAILY, time(0)), ZoneInfo("America/St_Johns"), begun - MINUTE, begun + 5 * MINUTE)
    assert list(found) == [Slot("2010-11-07", begun)]


def test_the_range_leaves_out_its_beginning_and_takes_its_end() -> None:
    nine, cadence = _at("2026-03-02T09:00"), Cadence(Every.DAILY, time(9))
    assert [slot.at for slot in slots(cadence, ZoneInfo("UTC"), nine, nine + DAY)] == [nine + DAY]
    assert list(slots(cadence, ZoneInfo("UTC"), nine, nine)) == []
    assert list(slots(cadence, ZoneInfo("UTC"), nine, nine - DAY)) == []


WEEKEND: Final = Quiet(time(20), time(8), weekends=True)
NEVER: Final = Quiet(time(8), time(8), weekends=False)
BERLIN: Final = "Europe/Berlin"


@pytest.mark.parametrize(
    "quiet, now, spoken",
    [
        (NEVER, _at("2026-03-03T03:00", BERLIN), _at("2026-03-03T03:00", BERLIN)),
        (NIGHT, _at("2026-03-03T21:59", BERLIN), _at("2026-03-03T21:59", BERLIN)),
        (NIGHT, _at("2026-03-03T22:00", BERLIN), _at("2026-03-04T08:00", BERLIN)),
        (NIGHT, _at("2026-03-04T07:59:59", BERLIN), _at("2026-03-04T08:00", BERLIN)),
        (NIGHT, _at("2026-03-04T08:00", BERLIN), _at("2026-03-04T08:00", BERLIN)),
        (Quiet(time(12), time(13), weekends=False), _at("2026-03-03T12:30", BERLIN), _at("2026-03-03T13:00", BERLIN)),
        (WEEKEND, _at("2026-03-06T19:59", BERLIN), _at("2026-03-06T19:59", BERLIN)),  # a Friday
        (WEEKEND, _at("2026-03-06T20:00", BERLIN), _at("2026-03-09T08:00", BERLIN)),
        (WEEKEND, _at("2026-03-07T12:00", BERLIN), _at("2026-03-09T08:00", BERLIN)),
        (WEEKEND, _at("2026-03-08T23:59", BERLIN), _at("2026-03-09T08:00", BERLIN)),
        (Quiet(time(8), time(8), weekends=True), _at("2026-03-08T23:59", BERLIN), _at("2026-03-09T00:00", BERLIN)),
        (NIGHT, _at("2026-03-29T01:00", BERLIN), _at("2026-03-29T08:00", BERLIN)),  # a night of one hour less
        (
            Quiet(time(22), time(2, 30), weekends=False),
            _at("2026-03-29T01:00", BERLIN),
            _at("2026-03-29T03:00", BERLIN),
        ),
        (
            Quiet(time(22), time(2, 30), weekends=False),
            _at("2026-10-25T02:15", BERLIN, fold=1),
            _at("2026-10-25T02:30", BERLIN, fold=1),
        ),
        (
            Quiet(time(2, 30), time(8), weekends=False),  # clocks go back out of it
            _at("2026-10-25T02:45", BERLIN),
            _at("2026-10-25T02:00", BERLIN, fold=1),
        ),
    ],
)
def test_when_pi_may_speak(quiet: Quiet, now: datetime, spoken: datetime) -> None:
    assert speaks_at(quiet, ZoneInfo(BERLIN), now) == spoken


@pytest.mark.parametrize("name", NASTY)
def test_pi_waits_no_longer_than_it_has_to(name: str) -> None:
    """Walked to, minute by minute, over each transition."""
    zone, drawn = ZoneInfo(name), random.Random(name)
    for at in transitions(name)[:4]:
        quiet = Quiet(time(drawn.randrange(24), 30), time(drawn.randrange(24)), weekends=False)
        now = at + timedelta(minutes=drawn.randrange(-300, 120))
        walked = now
        while quiet.covers(walked.astimezone(zone)):
            walked += MINUTE
        assert speaks_at(quiet, zone, now) == walked
