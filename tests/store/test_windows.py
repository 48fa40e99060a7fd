"""Windows: the days of a filter are the reader's, also where clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from store import Store
from store.domain.query import HistoryQuery, Window, day_start
from tests.builders import a_customer, a_line, a_reader, history, imported


@pytest.mark.parametrize(
    "zone, day, hours",
    [
        ("UTC", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2025, 10, 26), 25),
        ("America/New_York", date(2025, 11, 2), 25),
        ("America/Santiago", date(2025, 9, 7), 23),  # there is no midnight: the day begins at 1:00
        ("Africa/Cairo", date(2025, 4, 25), 23),
        ("Asia/Beirut", date(2025, 3, 30), 23),
        ("America/Havana", date(2025, 11, 2), 25),  # midnight comes twice
        ("America/Asuncion", date(2024, 3, 23), 25),  # its last hour comes twice
        ("Australia/Lord_Howe", date(2025, 10, 5), 23.5),
        ("Pacific/Apia", date(2011, 12, 31), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),  # left out, when Samoa moved across the date line
    ],
)
async def test_a_day_has_the_hours_it_had_there(
    store: Store, workspace: str, zone: str, day: date, hours: float
) -> None:
    start = day_start(day, ZoneInfo(zone))
    assert day_start(day + timedelta(days=1), ZoneInfo(zone)) - start == timedelta(hours=hours)
    instants = [start - timedelta(microseconds=1), start, start + timedelta(hours=hours) - timedelta(microseconds=1),
                start + timedelta(hours=hours)]  # fmt: skip
    customer = await a_customer(store, workspace, ref="acme")
    await imported(store, workspace, *(a_line(occurred_at=at.isoformat(), text=f"{at}") for at in instants))
    reader = a_reader(zone=zone)
    inside = {f"{at}" for at in instants if start <= at < start + timedelta(hours=hours)}
    page = await history(store, workspace, HistoryQuery(customer, window=Window(since=day, until=day)), reader)
    assert {entry.text for entry in page.entries} == inside
    assert (page.since, page.until) == (start, start + timedelta(hours=hours))
    before = await history(store, workspace, HistoryQuery(customer, window=Window(until=day)), reader)
    assert {entry.text for entry in before.entries} == inside | {f"{instants[0]}"}
    onwards = await history(store, workspace, HistoryQuery(customer, window=Window(since=day)), reader)
    assert {entry.text for entry in onwards.entries} == inside | {f"{instants[3]}"}


def test_a_day_begins_with_its_first_instant_in_every_zone(full: bool) -> None:
    """At every change of clocks from 1970 to 2037."""
    zones = sorted(available_timezones())
    for name in zones if full else zones[::7]:
        zone = ZoneInfo(name)
        for day in days_of_change(zone):
            start = day_start(day, zone)
            assert start.astimezone(zone).date() >= day
            just_before = (start - timedelta(microseconds=1)).astimezone(zone).date()
            assert just_before < day, (name, day)


def days_of_change(zone: ZoneInfo) -> set[date]:
    """The days about each change of the zone's offset."""
    found: set[date] = set()
    at, step = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=6)
    while at.year < 2037:
        if (at + step).astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
            found |= {at.astimezone(zone).date() + timedelta(days=days) for days in range(9)}
        at += step
    return found


async def test_the_last_days_count_from_now_not_from_midnight(store: Store, workspace: str) -> None:
    """Also across a change of clocks: thirty times 24 hours."""
    customer = await a_customer(store, workspace, ref="acme")
    now = datetime(2026, 4, 10, 15, 30, tzinfo=UTC)
    edge = now - timedelta(days=30)
    for at in (edge, edge - timedelta(microseconds=1)):
        await imported(store, workspace, a_line(occurred_at=at.isoformat()))
    query = HistoryQuery(customer, window=Window(days=30))
    page = await history(
        store, workspace, query, a_reader(zone="Europe/Berlin", now=now.astimezone(ZoneInfo("Asia/Tokyo")))
    )
    assert [entry.occurred_at for entry in page.entries] == [edge]
    assert (page.since, page.until) == (edge, None)
