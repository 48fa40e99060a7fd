"""The lines of a file, each as a value; or the sentence on why it is none. The format is drawn in README, "Import"."""

import hashlib
import re
from dataclasses import field
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as shape
from pydantic_core import PydanticCustomError

from store.domain.activity import EARLIEST, KIND_LENGTH, KIND_SHAPE, ActorType, Source
from store.domain.errors import BadLine, code
from store.engine import canonical

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


def _in_utc(instant: datetime) -> datetime:
    if instant < EARLIEST:
        raise PydanticCustomError("too_early", "That is before {year}", {"year": EARLIEST.year})
    return min(instant, LATEST).astimezone(UTC)


LATEST = datetime(9999, 12, 31, tzinfo=UTC)
"""Later than that by a zone's hours there is no calendar; a time in the future is clamped in any case."""


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


# Dataclasses, not models: they are read in a third of the time (decisions/0011-import.md).
AS_WRITTEN: Final = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class UserRef:
    user: Word


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class ContactRef:
    contact: Word


# Tried in this order; since all are read strictly, no value fits two of them but a whole number, which `float` takes too.
GivenValue = Annotated[
    str | int | float | bool | list[str] | UserRef | ContactRef | None, Field(union_mode="left_to_right")
]


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class GivenChange:
    field: Word
    old: GivenValue = None
    new: GivenValue = None


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class GivenActor:
    type: ActorType
    id: Word
    name: Word | None = None


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class CustomerLine:
    type: Literal["customer"]
    ref: Word
    name: Word
    status: Literal["active", "at_risk", "churned", "archived"] = "active"
    domain: Word | None = None
    plan: Word | None = None
    owner: Word | None = None
    health_score: Annotated[int, Field(ge=0, le=100)] | None = None
    tags: list[Word] = field(default_factory=list)
    fields: dict[Word, GivenValue] = field(default_factory=dict)


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class ContactLine:
    type: Literal["contact"]
    customer: Word
    ref: Word
    name: Word | None = None
    email: Word | None = None
    state: Literal["active", "archived", "removed"] = "active"
    primary: bool = False


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class OnboardingLine:
    type: Literal["onboarding"]
    customer: Word
    ref: Word
    name: Word
    phase: Word | None = None
    state: Literal["open", "done"] = "open"


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class TaskLine:
    type: Literal["task"]
    customer: Word
    ref: Word
    title: Word
    onboarding: Word | None = None
    state: Literal["open", "done"] = "open"
    due: date | None = None
    assignee: Word | None = None


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class ActivityLine:
    type: Literal["activity"]
    customer: Word
    occurred_at: Moment
    actor: GivenActor
    source: Source
    event_type: Annotated[str, Field(pattern=f"^{KIND_SHAPE.pattern}$", max_length=KIND_LENGTH)]
    onboarding_id: Word | None = None
    edit_id: Word | None = None
    changes: list[GivenChange] = field(default_factory=list)
    text: Text | None = None
    dedupe_key: Word | None = None


AnyLine = Annotated[CustomerLine | ContactLine | OnboardingLine | TaskLine | ActivityLine, Field(discriminator="type")]
_LINE: TypeAdapter[AnyLine] = TypeAdapter(AnyLine)
_ACTIVITY = TypeAdapter(ActivityLine)

Numbered = tuple[int, AnyLine]


def parse_line(number: int, line: bytes | str) -> Numbered:
    """Raises BadLine, with the first thing that does not fit."""
    try:
        return number, _LINE.validate_json(_without_nul(line))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = [str(part) for part in first["loc"]]
        what = first["msg"]
        if where and where[0] in _TYPES:
            del where[0]
        if tried := next((part for part in where if part in _FORMS), None):
            del where[where.index(tried) :]
            what = 'A value is text, a number, true, false, null, a list of texts, {"user": …} or {"contact": …}'
        raise BadLine(number, f"{code('.'.join(where))}: {what}." if where else f"{what}.") from None


def _without_nul(line: bytes | str) -> bytes | str:
    """The same line as both databases can hold it, see tables.plain. In JSON a NUL can only be written as an escape."""
    if isinstance(line, bytes):
        return _NUL.sub(rb"\1\\ufffd", line) if rb"\u0000" in line else line
    return _without_nul(line.encode(errors="surrogatepass")) if r"\u0000" in line else line


_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")

_TYPES = {"customer", "contact", "onboarding", "task", "activity"}
_FORMS = {"bool", "int", "float", "str", "list[str]", "UserRef", "ContactRef"}
"""As pydantic names the line that it read, and each form of a value that it tried."""


def content_key(line: ActivityLine) -> str:
    """What the line says; a member that is left out or empty says nothing, so that the format may grow."""
    said = _ACTIVITY.dump_python(line, mode="json", exclude_defaults=True)
    return "content:" + hashlib.sha256(canonical(said).encode()).hexdigest()
