"""What is asked of a record, what a write came to, and what a record looks like: values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from store.domain.activity import Activity, ActorType, Change, Ref, Source, Value
from store.domain.customer import Customer, Field
from store.domain.query import CustomerName

RECORD_KINDS: Final = ("customer.created", "customer.field_changed", "customer.status_changed")
"""Of activities whose changes are fields of the customer's record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who writes, by which way.

    refs  where it came from, as ids: `channel`, `message`; kept on every activity
    key   of the request: asked twice with the same one, it has one effect
    edit_id      under which its activities stand together; None: each write has its own
    occurred_at  the source's time; None: the database's clock
    """

    actor: Ref
    source: Source
    refs: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None
    edit_id: str | None = None
    occurred_at: datetime | None = None

    @property
    def is_here(self) -> bool:
        """Whether it happens by this write, and not before and elsewhere."""
        return self.occurred_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a write came to.

    recorded  the activities it made, in their order; none, when nothing changed
    names     display names by reference, to print them
    repeated  the same request has counted before; recorded is then empty
    """

    customer: CustomerName
    recorded: tuple[Activity, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Onboarding:
    """label: what is printed as its onboarding_id: the name that it came with, else our own id."""

    id: str
    label: str
    name: str
    phase: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    title: str
    state: str
    due: date | None
    assignee: Ref | None
    onboarding: str | None
    """The label of its onboarding."""


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    name: str
    email: str | None
    state: str
    is_primary: bool

    @property
    def ref(self) -> Ref:
        return Ref(ActorType.CONTACT, self.id)


@dataclass(frozen=True, slots=True)
class Comment:
    """text: people and contacts in it stand as references."""

    id: str
    author: Ref
    text: str
    created_at: datetime
    onboarding: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """names: display names by reference. health: (when, score), oldest first, as the log has it, the score of now last."""

    customer: CustomerName
    record: Customer
    custom: tuple[Field, ...]
    onboardings: tuple[Onboarding, ...]
    open_tasks: tuple[Task, ...]
    contacts: tuple[Contact, ...]
    comments: tuple[Comment, ...]
    latest: tuple[Activity, ...]
    health: tuple[tuple[datetime, int], ...]
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blamed:
    """field's value now, and the activity that set it; None, when it has been so since before the log begins, or is kept."""

    field: str
    value: Value
    by: Activity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """kept_since: what was recorded up to then is no longer kept; None: everything is."""

    customer: CustomerName
    fields: tuple[Blamed, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    kept_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """The record as it was.

    existed   whether the customer was there by then
    kept_since  what was recorded up to then is no longer kept, and that moment is before it: nothing else is known
    values    each field that held something then
    changes   what is different now: field, then, now
    """

    customer: CustomerName
    at: datetime
    existed: bool
    values: Mapping[str, Value]
    changes: tuple[Change, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    kept_since: datetime | None = None


REVERTIBLE: Final = frozenset(
    {
        *RECORD_KINDS[1:],
        "task.completed",
        "task.reopened",
        "contact.added",
        "contact.archived",
        "contact.restored",
        "comment.added",
        "comment.edited",
        "onboarding.phase_moved",
    }
)


def revertible(activity: Activity) -> bool:
    """Whether this activity can be taken back, if nothing has changed since."""
    return activity.kind in REVERTIBLE and not activity.redacted
