"""What to show, as a value: a query has a window and a cursor; a page is what came back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from store.domain.activity import Activity

MAX_DAYS: Final = 3650
COUNTED: Final = 1000
"""A total is exact up to here; a page that counted one more says `1,000+`."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
PLACE: Final = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Window:
    """Either the last `days` (1-3650), or the reader's days from `since` to `until`, both inclusive, either open."""

    days: int | None = None
    since: date | None = None
    until: date | None = None

    def resolve(self, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """The half-open range [start, end) in UTC."""
        if self.days is not None:
            return now.astimezone(UTC) - timedelta(days=self.days), None
        start = None if self.since is None else day_start(self.since, zone)
        end = None if self.until is None else day_start(self.until + timedelta(days=1), zone)
        return start, end


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC.

    Where clocks skip midnight (Cairo, Santiago, Beirut), fold 0 reads it by the offset before the gap: that is the instant of the shift,
    with which the day begins. Where clocks repeat midnight it is the first pass.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the feed's order. Its text, microseconds since 1970 and seq (`1763900000123456.12`), is safe in a URL.

    What happened before 1970 has a negative one.
    """

    occurred_at: datetime
    seq: int

    def __str__(self) -> str:
        return f"{(self.occurred_at - EPOCH) // MICROSECOND}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """raises ValueError, when the text is not a cursor's."""
        found = PLACE.fullmatch(text)
        if found is None:
            raise ValueError(f"not a cursor: {text!r}")
        try:
            return cls(EPOCH + int(found[1]) * MICROSECOND, int(found[2]))
        except OverflowError:
            raise ValueError(f"not a cursor: {text!r}") from None

    @classmethod
    def of(cls, activity: Activity) -> Self:
        return cls(activity.occurred_at, activity.seq)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """One slice of one customer's history, and how it is shown.

    The filter is what an export or a watch shares with the feed; the rest is where the reader stands in it.
    Actors are words of the grammar: `me`, `pi`, `hubspot`, `stripe`, `slack` (a source), `api` (an actor type), `<@U…>`, a display
    name, or a reference (`user:usr_…`). Types are full names, last parts or families. Empty means all.
    """

    customer: str | None = None
    actors: tuple[str, ...] = ()
    not_actors: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    not_types: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    window: Window | None = None

    before: Cursor | None = None
    after: Cursor | None = None
    opened: tuple[int, ...] = ()
    table: bool = False

    def filtered(
        self,
        *,
        actors: tuple[str, ...] | None = None,
        not_actors: tuple[str, ...] | None = None,
        types: tuple[str, ...] | None = None,
        not_types: tuple[str, ...] | None = None,
        fields: tuple[str, ...] | None = None,
    ) -> "HistoryQuery":
        """The same query with these filters instead, from its first page on."""
        return replace(
            self.first_page(),
            actors=self.actors if actors is None else actors,
            not_actors=self.not_actors if not_actors is None else not_actors,
            types=self.types if types is None else types,
            not_types=self.not_types if not_types is None else not_types,
            fields=self.fields if fields is None else fields,
        )

    def within(self, window: Window | None) -> "HistoryQuery":
        return replace(self.first_page(), window=window)

    def first_page(self) -> "HistoryQuery":
        return replace(self, before=None, after=None, opened=())

    def older_than(self, cursor: Cursor) -> "HistoryQuery":
        return replace(self, before=cursor, after=None, opened=())

    def newer_than(self, cursor: Cursor) -> "HistoryQuery":
        return replace(self, before=None, after=cursor, opened=())

    def toggled(self, seq: int) -> "HistoryQuery":
        """The same page with this entry expanded, or collapsed again."""
        return replace(self, opened=self.opened_after(seq))

    def opened_after(self, seq: int) -> tuple[int, ...]:
        """Which entries `toggled` leaves expanded."""
        return tuple(s for s in self.opened if s != seq) if seq in self.opened else (*self.opened, seq)

    @property
    def is_filtered(self) -> bool:
        """Whether it leaves anything out."""
        listed = (self.actors, self.not_actors, self.types, self.not_types, self.fields)
        return any(listed) or self.window is not None

    def bare(self) -> "HistoryQuery":
        """The filter alone, without page, expanded entries and view: what a person would type."""
        return replace(self.first_page(), table=False)


@dataclass(frozen=True, slots=True)
class CustomerName:
    """As much of a customer as a heading or a choice needs.

    last_seq  how far its history went at the moment of the look-up; None: nobody has looked
    """

    id: str
    slug: str
    name: str
    domain: str | None = None
    last_seq: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who asks, and when: decides what `me` and a day mean.

    person  the reader's reference (`user:usr_…`), None in a terminal without `--as` and for programs
    """

    now: datetime
    zone: ZoneInfo
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came back, newest first, with all that is needed to print it.

    query   as asked, with the customer as its id and people as references
    names   display names by reference
    total   activities that the filter matches, counted up to 1,001
    widen   for an empty page: the filters (`actor`, `not-actor`, `type`, `not-type`, `field`, `window`) each of which alone, left out,
            would show something
    last_at for an empty page: when the customer's last activity occurred, whatever the filter; None: there is none yet
    kept_since  where nothing older can be shown, and the window goes back further: what was recorded up to then is no longer kept
    """

    query: HistoryQuery
    customer: CustomerName
    reader: Reader
    entries: tuple[Activity, ...]
    names: Mapping[str, str]
    total: int
    since: datetime | None = None
    until: datetime | None = None
    older: Cursor | None = None
    newer: Cursor | None = None
    widen: tuple[str, ...] = ()
    last_at: datetime | None = None
    kept_since: datetime | None = None
    guessed: bool = False
    """The customer was found by the beginning of its name only: the answer names it in full."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of a select: what people read, and the word of the grammar that it stands for."""

    label: str
    word: str
