"""The sample: six customers and the 90 days up to now, for first runs. `sample.jsonl` holds it in the import format, with times that are relative.

    "occurred_at": "12 14:05:30"   14:05:30 UTC on the twelfth working day before today
    "occurred_at": "-03:42"        3 h 42 min before now: later than anything of the days before
    "due": -12                     the twelfth working day before today; 12 the one after it; the same in a change of `due`

Keys stay as they are in the file: imported again, on whatever day, the sample adds nothing.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from store.engine import canonical


def lines(now: datetime) -> Iterator[bytes]:
    """The sample's lines in the import format. now: aware; nothing in them is later, or 90 days older."""
    now = now.astimezone(UTC)
    with files("store").joinpath("sample.jsonl").open(encoding="utf-8") as sample:
        for text in sample:
            line: dict[str, Any] = json.loads(text)
            if "occurred_at" in line:
                line["occurred_at"] = _instant(line["occurred_at"], now).isoformat()
            if "due" in line:
                line["due"] = _day(line["due"], now)
            for change in line.get("changes", ()):
                if change["field"] == "due":
                    change["new"] = _day(change["new"], now)
            yield canonical(line).encode()


def _instant(relative: str, now: datetime) -> datetime:
    if relative.startswith("-"):
        return now - _length(relative.removeprefix("-"))
    days, _, clock = relative.partition(" ")
    return datetime.combine(working_day(now.date(), -int(days)), time(), UTC) + _length(clock)


def _day(relative: int, now: datetime) -> str:
    return working_day(now.date(), relative).isoformat()


def _length(clock: str) -> timedelta:
    hours, minutes, *seconds = map(int, clock.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def working_day(today: date, days: int) -> date:
    """The day that is so many days from Monday to Friday after today, or before it."""
    step = timedelta(days=1 if days > 0 else -1)
    for _ in range(abs(days)):
        today += step
        while today.isoweekday() > 5:
            today += step
    return today
