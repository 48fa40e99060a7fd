"""The JSON of the API: what comes in, what goes out, one shape of error. The OpenAPI document is made of these."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from store.domain.activity import KIND_LENGTH, KIND_SHAPE

MAX_LIMIT: Final = 1000
DEFAULT_LIMIT: Final = 100
MAX_EVENTS: Final = 1000
MAX_TEXT: Final = 10_000


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of reach") from None


Instant = Annotated[
    datetime,
    AfterValidator(_in_utc),
    PlainSerializer(lambda instant: instant.isoformat().replace("+00:00", "Z"), when_used="json"),
]
"""RFC 3339; without a zone it is UTC."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
Kind = Annotated[str, StringConstraints(pattern=f"^{KIND_SHAPE.pattern}$", max_length=KIND_LENGTH)]
Value = bool | int | float | Annotated[str, StringConstraints(max_length=MAX_TEXT)] | list[Word] | None


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# --- out --------------------------------------------------------------------------------------------------------------


class ActivityRow(Model):
    """One changed field of an activity, as in the CSV; an activity that changed none is one row. What does not apply is empty."""

    timestamp: str = Field(examples=["2026-11-20T12:00:00.000000Z"])
    actor: str = Field(examples=["Sam Lee"])
    actor_type: Literal["user", "integration", "pi", "contact", "api", "system"]
    event_type: str = Field(examples=["customer.field_changed"])
    field: str = Field(examples=["plan"])
    old_value: str
    new_value: str
    onboarding_id: str
    actor_id: str = Field(description="The actor's reference, which stays when the name changes.")
    source: Literal["slack", "hubspot", "stripe", "api", "pi", "import", "cli"]
    seq: int = Field(
        description="The activity's place in this customer's log, without gaps, in the order of recording. Where the workspace keeps its "
        "histories for so long only, the first that are kept do not begin at 1."
    )


class ActivityPage(Model):
    data: list[ActivityRow]
    next_cursor: str | None = Field(
        description="For the next page, with the same parameters; null: this was the last. A page may have fewer rows than `limit`."
    )


class CustomerItem(Model):
    id: str = Field(examples=["cus_k3v9x2m4q7wt"])
    slug: str = Field(examples=["acme-corp"])
    name: str
    domain: str | None


class CustomerPage(Model):
    data: list[CustomerItem]
    next_cursor: str | None


class EventResult(Model):
    """What became of one event."""

    index: int = Field(description="Its place in the request.")
    status: Literal["recorded", "queued", "repeated", "rejected"] = Field(
        description="queued: a nudge that is recorded when it has been posted. repeated: its dedupe_key has counted before."
    )
    seq: int | None = Field(description="Its place in the log; null, when it was not recorded now.")
    error: str | None = Field(description="Why it was rejected.")


class Recorded(Model):
    data: list[EventResult]
    next_cursor: None = None


class ProblemDetails(Model):
    """RFC 9457, as `application/problem+json`."""

    type: Literal["about:blank"] = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int
    detail: str


# --- in ---------------------------------------------------------------------------------------------------------------


class NewChange(Model):
    field: Word
    old: Value = None
    new: Value = None


class NewEvent(Model):
    """An activity to append. The actor is the key that it comes with; a `pi.nudge` is Pi's, posted in Slack first and recorded then."""

    event_type: Kind = Field(description="One of Pivotal's or your own `namespace.verb`.", examples=["acme.rang_up"])
    occurred_at: Instant | None = Field(
        None, description="When it happened; what lies in the future becomes now. Left out: now."
    )
    changes: list[NewChange] = Field([], max_length=100)
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)] | None = None
    onboarding_id: Word | None = None
    channel: Annotated[str, StringConstraints(pattern="^[CGD][A-Z0-9]{2,20}$")] | None = Field(
        None, description="Where a `pi.nudge` is posted in Slack; left out: the customer's channel, else its owner."
    )
    dedupe_key: Word | None = Field(None, description="An event with the same one counts once for this key.")


def json_of(model: Model) -> dict[str, Any]:
    return model.model_dump(mode="json")
