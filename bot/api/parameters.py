"""The query string → what is asked for. Names and meanings are those of the grammar, with commas between values."""

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from multidict import MultiMapping
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.api.schemas import DEFAULT_LIMIT, MAX_LIMIT
from store.domain.errors import UsageError, code
from store.domain.grammar.history import FIRST_DAY, KEYWORDS, LAST_DAY, MAX_VALUES
from store.domain.query import MICROSECOND, Cursor, HistoryQuery
from store.programs import After, Asked, parse_cursor

MAX_PLACE: Final = 10**18 - 1


def _values(given: Any) -> tuple[str, ...]:
    """`pi,"Lee, Sam"` → its two values."""
    try:
        found = next(csv.reader([str(given)], skipinitialspace=True), [])
    except csv.Error:  # a line break that stands in no quotes
        raise ValueError("a value with a line break goes in quotes") from None
    values = tuple(dict.fromkeys(value.strip() for value in found))
    if not values or not all(values):
        raise ValueError("there is an empty value")
    if len(values) > MAX_VALUES:
        raise ValueError(f"more than {MAX_VALUES} values")
    return values


def _actors(given: Any) -> tuple[str, ...]:
    return tuple(word.casefold() if word.casefold() in KEYWORDS else word for word in _values(given))


def _types(given: Any) -> tuple[str, ...]:
    return tuple(word.casefold() for word in _values(given))


def _moment(given: Any) -> date | datetime:
    """A day, or an instant; without a zone it is UTC."""
    text = str(given)
    try:
        if len(text) == len("2026-11-20"):
            return min(max(date.fromisoformat(text), FIRST_DAY), LAST_DAY)
        instant = datetime.fromisoformat(text.replace(" ", "+"))
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("it is no date such as 2026-11-20, and no instant such as 2026-11-20T12:00:00Z") from None


def _cursor(given: Any) -> Cursor | After:
    try:
        return parse_cursor(str(given))
    except ValueError:
        raise ValueError("it is not what `next_cursor` was") from None


Words = Annotated[tuple[str, ...], BeforeValidator(_values)]
Actors = Annotated[tuple[str, ...], BeforeValidator(_actors)]
Types = Annotated[tuple[str, ...], BeforeValidator(_types)]
Moment = Annotated[date | datetime, BeforeValidator(_moment)]
Place = Annotated[Cursor | After, BeforeValidator(_cursor)]


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ActivityParameters(Parameters):
    """Of `GET /v1/customers/{id}/activity`. A field's description is that of the OpenAPI document."""

    actor: Actors = Field((), description="By whom: names, references, `pi`, `hubspot`, `stripe`, `slack`, `api`.")
    not_actor: Actors = Field((), description="Not by whom.")
    type: Types = Field((), description="Event types: full names, last parts or families.")
    not_type: Types = Field((), description="Event types to leave out.")
    field: Words = Field((), description="Only what changed one of these fields.")
    since: Moment | None = Field(None, alias="from", description="From this day or instant on; UTC without a zone.")
    until: Moment | None = Field(
        None, alias="to", description="Up to and with this day or instant; UTC without a zone."
    )
    limit: int | None = Field(None, ge=1, le=MAX_LIMIT, description="Rows of a page; an activity is never split.")
    cursor: Place | None = Field(None, description="The `next_cursor` of the page before.")
    after_seq: int | None = Field(
        None,
        ge=0,
        le=MAX_PLACE,
        description="What was recorded after this seq, in that order: a follower misses nothing.",
    )

    def asked(self, customer: str) -> Asked:
        """raises UsageError for what cannot be asked for together"""
        at = self.cursor
        if self.after_seq is not None:
            if isinstance(at, Cursor):
                raise UsageError("`after_seq` and this `cursor` read in different orders.")
            at = After(max(self.after_seq, at.seq if at else 0))
        since, until = _start(self.since), _end(self.until)
        if since is not None and until is not None and since >= until:
            raise UsageError("`from` is after `to`.")
        query = HistoryQuery(
            actors=self.actor,
            not_actors=self.not_actor,
            types=self.type,
            not_types=self.not_type,
            fields=self.field,
        )
        return Asked(customer=customer, query=query, since=since, until=until, limit=self.limit or DEFAULT_LIMIT, at=at)

    @property
    def is_paged(self) -> bool:
        return any(each is not None for each in (self.limit, self.cursor, self.after_seq))


class CustomerParameters(Parameters):
    """Of `GET /v1/customers`."""

    q: str = Field(
        "", max_length=200, description="The beginning or a part of a name, slug or domain; the best come first."
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Customers of a page.")
    cursor: str = Field("", max_length=40, description="The `next_cursor` of the page before; there is none with `q`.")


def read_activity(query: MultiMapping[str]) -> ActivityParameters:
    return ActivityParameters.model_validate(_once(query, {"actor", "not_actor", "type", "not_type", "field"}))


def read_customers(query: MultiMapping[str]) -> CustomerParameters:
    return CustomerParameters.model_validate(_once(query, set()))


def is_text(given: str) -> bool:
    """Whether a database can hold it: no NUL, and no half of a character."""
    return "\0" not in given and not any("\ud800" <= char <= "\udfff" for char in given)


def _once(query: MultiMapping[str], several: set[str]) -> Mapping[str, str]:
    """Each parameter's one text. Of those that add up, the values of all of them. Raises UsageError."""
    found: dict[str, str] = {}
    for name in query:
        values = query.getall(name)
        if not all(map(is_text, (name, *values))):
            raise UsageError("There is a character in the address that no text has.")
        if len(values) > 1 and name not in several:
            raise UsageError(f"{code(name)} is there more than once.")
        found[name] = ",".join(values)
    return found


def misread(error: ValidationError) -> UsageError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "?"
    if first["type"] == "extra_forbidden":
        return UsageError(f"There is no parameter {code(name)}.")
    return UsageError(f"{code(name)}: {first['msg'].removeprefix('Value error, ')}.")


def _start(moment: date | datetime | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _end(moment: date | datetime | None) -> datetime | None:
    """The first instant that is not meant any more."""
    if moment is None:
        return None
    if isinstance(moment, datetime):
        return moment + MICROSECOND if moment < datetime.max.replace(tzinfo=UTC) else moment
    start = _start(moment)
    assert start is not None
    return start + timedelta(days=1)
