"""Text ↔ HistoryQuery: `[CUSTOMER] [FILTER…]`, as people type it and as controls carry it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from store.domain.activity import ActorType
from store.domain.errors import UsageError, code
from store.domain.grammar.flags import Flag, before_flags, flags, tried
from store.domain.query import MAX_DAYS, Cursor, HistoryQuery, Window
from store.domain.words import Word, quote, words

FILTERS: Final = ("actor", "not-actor", "type", "not-type", "field", "from", "to")
PLACES: Final = ("before", "after", "open")
LAST_DAYS: Final = re.compile(r"([0-9]{1,9})d")
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
MAX_VALUES: Final = 100
"""Values of one filter."""
MAX_OPEN: Final = 100
"""Entries that one page can show expanded."""

KEYWORDS: Final = frozenset({"me", "pi", "hubspot", "stripe", "slack", "api"})
"""Actors with a meaning of their own. A person of such a name is written `@pi`, or in quotes."""

_SEQ: Final = re.compile(r"[1-9][0-9]{0,17}")


def parse_history(text: str | Sequence[Word]) -> HistoryQuery:
    """What follows `history`, as one text or as its words.

    raises  UsageError, naming the part that does not fit, and what to type instead
    """
    return _parsed(text, (*FILTERS, *PLACES), table=True)


def parse_filter(text: str | Sequence[Word]) -> HistoryQuery:
    """What follows `export` or `watch`: the same without page, expanded entries and view."""
    return _parsed(text, FILTERS, table=False)


def format_history(query: HistoryQuery) -> str:
    """The text that `parse_history` reads as this query."""
    places = [
        *([f"--before {query.before}"] if query.before else ()),
        *([f"--after {query.after}"] if query.after else ()),
        *([f"--open {','.join(map(str, query.opened))}"] if query.opened else ()),
        *(["--table"] if query.table else ()),
    ]
    return " ".join([*_filter_words(query), *places])


def format_filter(query: HistoryQuery) -> str:
    """The text that `parse_filter` reads as this query's filter."""
    return " ".join(_filter_words(query))


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Read:
    """What has been read so far."""

    listed: dict[str, list[str]] = field(default_factory=dict)
    once: dict[str, Flag] = field(default_factory=dict)
    days: int | None = None
    table: bool = False

    def take(self, flag: Flag) -> None:
        match flag.name:
            case "actor" | "not-actor":
                self._extend(flag, map(_actor, flag.values))
            case "type" | "not-type":
                self._extend(flag, (word.text.casefold() for word in flag.values))
            case "field":
                self._extend(flag, (word.text for word in flag.values))
            case "table":
                self.table = True
            case name if name in self.once:
                raise UsageError(f"There are two `--{name}`.", "Leave one out.")
            case "from" | "to" | "before" | "after" | "open":
                self.once[flag.name] = flag
            case _:
                if self.days is not None:
                    raise UsageError(f"There are two windows: `--{self.days}d` and `--{flag.name}`.", "Leave one out.")
                self.days = _days(flag.name)

    def _extend(self, flag: Flag, values: Iterable[str]) -> None:
        into = self.listed.setdefault(flag.name, [])
        into += [value for value in dict.fromkeys(values) if value not in into]
        if len(into) > MAX_VALUES:
            raise UsageError(f"`--{flag.name}` has {len(into)} values; I take up to {MAX_VALUES}.")

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(self.listed.get(name, ()))


def _parsed(text: str | Sequence[Word], names: Sequence[str], *, table: bool) -> HistoryQuery:
    typed = words(text) if isinstance(text, str) else text
    customer, rest = before_flags(typed)
    read = _Read()
    for flag in flags(rest, names, lambda name: bool(LAST_DAYS.fullmatch(name)) or (table and name == "table")):
        read.take(flag)
    if "before" in read.once and "after" in read.once:
        raise UsageError("`--before` and `--after` lead to different pages.", "Leave one out.")
    return HistoryQuery(
        customer=_customer(customer),
        actors=read.values("actor"),
        not_actors=read.values("not-actor"),
        types=read.values("type"),
        not_types=read.values("not-type"),
        fields=read.values("field"),
        window=_window(read),
        before=_cursor(read.once.get("before")),
        after=_cursor(read.once.get("after")),
        opened=_opened(read.once.get("open")),
        table=read.table,
    )


def _customer(typed: Sequence[Word]) -> str | None:
    """Unquoted names of several words are one name."""
    if not typed:
        return None
    name = " ".join(word.text for word in typed)
    if not name.strip():
        raise UsageError("The customer's name is empty.", tried("actor"))
    return name


def _actor(word: Word) -> str:
    """The word of the query: a keyword, a mention, a reference, or a name."""
    text = word.text
    if word.is_quoted:
        return f"@{text}" if text.casefold() in KEYWORDS or _is_reference(text) else text
    return text.casefold() if text.casefold() in KEYWORDS else text


def _is_reference(text: str) -> bool:
    kind, colon, ident = text.partition(":")
    return bool(colon and ident) and kind in set(ActorType)


def _days(name: str) -> int:
    found = LAST_DAYS.fullmatch(name)
    days = int(found[1]) if found else 0
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"`--{name}` is not a window I have.", f"Say `--1d` to `--{MAX_DAYS}d`.")
    return days


def _window(read: _Read) -> Window | None:
    since, until = read.once.get("from"), read.once.get("to")
    if read.days is not None:
        if dated := since or until:
            raise UsageError(f"There are two windows: `--{read.days}d` and `--{dated.name}`.", "Leave one out.")
        return Window(days=read.days)
    if since is None and until is None:
        return None
    first, last = _day(since), _day(until)
    if first and last and first > last:
        raise UsageError(
            f"That range ends before it begins: `--from {first} --to {last}`.", f"Try `--from {last} --to {first}`."
        )
    return Window(since=first, until=last)


def _day(flag: Flag | None) -> date | None:
    if flag is None:
        return None
    text = flag.one()
    if not DATE.fullmatch(text):
        raise UsageError(
            f"I read {code(text)} after `--{flag.name}`, which is not a date I can be sure of.",
            "Write year, month and day, such as `2026-02-28`.",
        )
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"There is no day {code(text)}.", "Write year, month and day, such as `2026-02-28`.") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise UsageError(f"{code(text)} is out of reach.", f"I know the days from {FIRST_DAY} to {LAST_DAY}.")
    return day


def _cursor(flag: Flag | None) -> Cursor | None:
    if flag is None:
        return None
    try:
        return Cursor.parse(flag.one())
    except (ValueError, OverflowError):
        raise UsageError(
            f"I read {code(flag.one())} after `--{flag.name}`, which is not a place in a history.", tried(flag.name)
        ) from None


def _opened(flag: Flag | None) -> tuple[int, ...]:
    if flag is None:
        return ()
    for word in flag.values:
        if not _SEQ.fullmatch(word.text):
            raise UsageError(f"I read {code(word.text)} after `--open`, which is not an entry's number.", tried("open"))
    opened = tuple(dict.fromkeys(int(word.text) for word in flag.values))
    if len(opened) > MAX_OPEN:
        raise UsageError(f"`--open` has {len(opened)} entries; I open up to {MAX_OPEN}.")
    return opened


# --- writing ----------------------------------------------------------------------------------------------------------


def _filter_words(query: HistoryQuery) -> Iterator[str]:
    if query.customer is not None:
        yield quote(query.customer)
    listed = {
        "actor": query.actors,
        "not-actor": query.not_actors,
        "type": query.types,
        "not-type": query.not_types,
        "field": query.fields,
    }
    for name, values in listed.items():
        if values:
            yield f"--{name} {','.join(map(quote, values))}"
    if query.window is None:
        return
    if query.window.days is not None:
        yield f"--{query.window.days}d"
    if query.window.since is not None:
        yield f"--from {query.window.since}"
    if query.window.until is not None:
        yield f"--to {query.window.until}"
