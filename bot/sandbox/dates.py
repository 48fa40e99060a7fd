"""`<!date^EPOCH^TOKENS|fallback>` as a person reads it: in their zone, with a 12-hour clock."""

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final

_TOKEN: Final = re.compile(r"\{(\w+)\}")
_PRETTY: Final = "_pretty"


def written(epoch: int, tokens: str, zone: tzinfo, now: datetime) -> str:
    """Slack's tokens filled in. `tokens` is their text, such as `{date_short_pretty} at {time}`; one that Slack does not know stays.

    source  Slack developer docs, "Formatting message text": date formatting.
    """
    moment, today = datetime.fromtimestamp(epoch, zone), now.astimezone(zone)

    def filled(found: re.Match[str]) -> str:
        token = found[1]
        if token.endswith(_PRETTY) and (word := _near(moment, today)):
            return word.capitalize() if found.start() == 0 else word
        text = _plain(token.removesuffix(_PRETTY), moment, today)
        return found[0] if text is None else text

    return _TOKEN.sub(filled, tokens)


def _near(moment: datetime, today: datetime) -> str | None:
    days = (moment.date() - today.date()).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)


def _plain(token: str, moment: datetime, today: datetime) -> str | None:
    clock = f"{moment.hour % 12 or 12}:{moment:%M}"
    long = f"{moment:%B} {_ordinal(moment.day)}, {moment.year}"
    match token:
        case "date_num":
            return f"{moment:%Y-%m-%d}"
        case "date":
            return long
        case "date_short":
            return f"{moment:%b} {moment.day}, {moment.year}"
        case "date_long":
            return f"{moment:%A}, {long}"
        case "time":
            return f"{clock} {moment:%p}"
        case "time_secs":
            return f"{clock}:{moment:%S} {moment:%p}"
        case "ago":
            return _ago(today - moment)
    return None


def _ordinal(day: int) -> str:
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _ago(past: timedelta) -> str:
    seconds = int(abs(past).total_seconds())
    for unit, length in (("year", 31_536_000), ("month", 2_592_000), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if count := seconds // length:
            amount = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{amount} ago" if past > timedelta(0) else f"in {amount}"
    return "just now"
