"""Text ↔ HistoryQuery: `[CUSTOMER] [FILTER…]`, as people type it and as controls carry it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from store.domain.errors import UsageError, code
from store.domain.grammar.flags import Flag, Flags, tried
from store.domain.query import MAX_DAYS, Cursor, HistoryQuery, Window
from store.domain.usage import PROGRAM
from store.domain.words import MAX_LENGTH, Word, quote, words

FILTERS: Final = ("actor", "not-actor", "type", "not-type", "field", "from", "to")
PLACES: Final = ("before", "after", "open")
LAST_DAYS: Final = re.compile(r"([0-9]+)(d?)")
"""A window, or one whose `d` was left out."""
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
MAX_VALUES: Final = 100
"""Values of one filter."""
MAX_OPEN: Final = 100
"""Entries that one page can show expanded."""

KEYWORDS: Final = frozenset({"me", "pi", "hubspot", "stripe", "slack", "api"})
"""Actors with a meaning of their own. A person of such a name is written `@pi`, or in quotes."""

MAX_WRITTEN: Final = 4 * MAX_LENGTH
"""Characters of a query's text in a control. It may be longer than what was typed: names have become references, quotes were added."""

MAX_DIGITS: Final = 9
"""Of a window; leading zeros are no error, a number without end is."""

_SEQ: Final = re.compile(r"[1-9][0-9]{0,17}")


def parse_history(text: str | Sequence[Word]) -> HistoryQuery:
    """What follows `history`: as its words, or as one text, which a control carries.

    raises  UsageError, naming the part that does not fit, and what to type instead
    """
    return _parsed(text, (*FILTERS, *PLACES), table=True)


def parse_filter(text: str | Sequence[Word]) -> HistoryQuery:
    """The same without page, expanded entries and view."""
    return _parsed(text, FILTERS, table=False)


def parse_export(words: Sequence[Word]) -> HistoryQuery:
    """What follows `export`: a filter. Raises as `parse_history`, with examples of an export."""
    try:
        return parse_filter(words)
    except UsageError as error:
        hint = error.hint and error.hint.replace(f"{PROGRAM} history ", f"{PROGRAM} export ")
        raise UsageError(error.sentence, hint) from None


def format_history(query: HistoryQuery) -> str:
    """The text that `parse_history` reads as this query."""
    places = [
        *([f"--before {query.before}"] if query.before else ()),
        *([f"--after {query.after}"] if query.after else ()),
        *(["--table"] if query.table else ()),
        *([format_opened(query.opened)] if query.opened else ()),
    ]
    return " ".join([*_filter_words(query), *places])


def format_opened(seqs: Sequence[int]) -> str:
    """What a query's text ends in when these entries of its page are expanded; nothing, when none is."""
    return f"--open {','.join(map(str, seqs))}" if seqs else ""


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
                days = _days(flag.name)
                if self.days is not None:
                    raise UsageError(f"There are two windows: `--{self.days}d` and `--{days}d`.", "Leave one out.")
                self.days = days

    def _extend(self, flag: Flag, values: Iterable[str]) -> None:
        into = self.listed.setdefault(flag.name, [])
        into += [value for value in dict.fromkeys(values) if value not in into]
        if len(into) > MAX_VALUES:
            raise UsageError(f"`--{flag.name}` has {len(into)} values; I take up to {MAX_VALUES}.", "Leave some out.")

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(self.listed.get(name, ()))


def _parsed(text: str | Sequence[Word], names: Sequence[str], *, table: bool) -> HistoryQuery:
    typed = words(text, most=MAX_WRITTEN) if isinstance(text, str) else text
    taken = Flags(
        names,
        bare=lambda name: bool(LAST_DAYS.fullmatch(name)) or (table and name == "table"),
        shown=("30d", "table") if table else ("30d",),
    )
    customer, rest = taken.before(typed)
    read = _Read()
    for flag in taken.read(rest):
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
    if not any(word.is_visible for word in typed):
        raise UsageError("The customer's name is empty.", tried(None))
    return " ".join(word.text for word in typed)


def _actor(word: Word) -> str:
    """The word of the query: a keyword, a mention, a reference, or a name."""
    if word.text.casefold() not in KEYWORDS:
        return word.text
    return f"@{word.text}" if word.is_quoted else word.text.casefold()


def _days(name: str) -> int:
    found = LAST_DAYS.fullmatch(name)
    days = int(found[1]) if found and len(found[1]) <= MAX_DIGITS else 0
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"I read {code(f'--{name}')}, which is no window.", f"Say `--1d` to `--{MAX_DAYS}d`.")
    if not name.endswith("d"):
        raise UsageError(f"I read `--{name}`, which is not a filter.", f"Did you mean `--{days}d`?")
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
            f"I read {code(text)} after `--{flag.name}`, which is not a date I can be sure of.", _date_hint(flag.name)
        )
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"I read {code(text)} after `--{flag.name}`; there is no such day.", _date_hint(flag.name)
        ) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise UsageError(
            f"I read {code(text)} after `--{flag.name}`, which is out of reach.",
            f"I know the days from {FIRST_DAY} to {LAST_DAY}.",
        )
    return day


def _date_hint(name: str) -> str:
    return f"Write year, month and day: `--{name} 2026-02-28`."


def _cursor(flag: Flag | None) -> Cursor | None:
    if flag is None:
        return None
    text = flag.one()
    try:
        return Cursor.parse(text)
    except ValueError:
        dated = {"before": "to", "after": "from"}[flag.name]
        hint = f"For days type `--{dated} 2026-02-28`." if DATE.fullmatch(text) else tried(flag.name)
        raise UsageError(
            f"I read {code(text)} after `--{flag.name}`, which is not a place in a history.", hint
        ) from None


def _opened(flag: Flag | None) -> tuple[int, ...]:
    if flag is None:
        return ()
    for word in flag.values:
        if not _SEQ.fullmatch(word.text):
            raise UsageError(f"I read {word.shown} after `--open`, which is not an entry's number.", tried("open"))
    opened = tuple(dict.fromkeys(int(word.text) for word in flag.values))
    if len(opened) > MAX_OPEN:
        raise UsageError(f"`--open` has {len(opened)} entries; I open up to {MAX_OPEN}.", "Leave some out.")
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
