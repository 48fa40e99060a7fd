"""An activity: an actor did a kind of thing to a customer, through a source; its changes are field, old, new."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final


class ActorType(StrEnum):
    USER = "user"
    INTEGRATION = "integration"
    PI = "pi"
    CONTACT = "contact"
    API = "api"
    SYSTEM = "system"


class Source(StrEnum):
    """The way by which an activity came in."""

    SLACK = "slack"
    HUBSPOT = "hubspot"
    STRIPE = "stripe"
    API = "api"
    PI = "pi"
    IMPORT = "import"
    CLI = "cli"


KINDS: Final = (
    "customer.created",
    "customer.field_changed",
    "customer.status_changed",
    "customer.health_score_dropped",
    "customer.channel_linked",
    "onboarding.started",
    "onboarding.phase_moved",
    "task.created",
    "task.completed",
    "task.reopened",
    "task.updated",
    "contact.added",
    "contact.updated",
    "contact.archived",
    "contact.restored",
    "contact.removed",
    "comment.added",
    "comment.edited",
    "comment.deleted",
    "integration.sync_write",
    "pi.nudge",
    "pi.nudge_done",
    "pi.nudge_snoozed",
    "pi.nudge_dismissed",
    "pi.nudge_assigned",
    "pi.nudge_cleared",
    "history.exported",
)
"""The event types that Pivotal itself records. Event types are open: an API writer may send its own `namespace.verb`."""

KIND_SHAPE: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
KIND_LENGTH: Final = 80
"""Characters; an option's value in Slack holds 150."""

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""What is said to have happened before that is a slip, such as the year 1 that stands for no date; edges refuse it."""

REMOVED_CONTACT: Final = "removed contact"
"""What is printed wherever an erased contact was named."""


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A typed reference, so that a log never holds a name: `user:usr_…`, `contact:con_…`, `pi:pi`, `integration:hubspot`."""

    type: ActorType
    id: str

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """raises ValueError, when text is not `type:id` with a known type."""
        kind, colon, ident = text.partition(":")
        if not colon or not ident:
            raise ValueError(f"not a reference: {text!r}")
        return cls(ActorType(kind), ident)


PI: Final = Ref(ActorType.PI, "pi")
HUBSPOT: Final = Ref(ActorType.INTEGRATION, "hubspot")
STRIPE: Final = Ref(ActorType.INTEGRATION, "stripe")

OWN_NAMES: Final[Mapping[Ref, str]] = {PI: "Pi", HUBSPOT: "HubSpot", STRIPE: "Stripe"}
PROGRAMS: Final[Mapping[str, str]] = {"pi": str(PI), "hubspot": str(HUBSPOT), "stripe": str(STRIPE)}
"""Words of a filter that mean an actor, whatever its name."""
"""Display names that are ours to give, whatever a writer calls them."""

Value = str | int | float | bool | tuple[str, ...] | Ref | None
"""One side of a change. None is cleared, a tuple a list such as tags, a Ref a person or contact."""


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    old: Value
    new: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class NewActivity:
    """What a writer hands to the store; the store gives it its place in the log.

    occurred_at  the source's time, aware; None for our own writes: the database's clock, read under the customer's lock
    dedupe_key   counts once per workspace and source; None: counts each time
    subject      the object it was about within the customer, such as `task:tsk_…`
    refs         ids of what it rests on or caused: small JSON, ids only
    """

    kind: str
    actor: Ref
    source: Source
    occurred_at: datetime | None = None
    changes: tuple[Change, ...] = ()
    text: str | None = None
    subject: str | None = None
    onboarding_id: str | None = None
    edit_id: str | None = None
    refs: Mapping[str, object] = field(default_factory=dict)
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One entry of the log. redacted: it named an erased contact; its changes and text are gone for good."""

    seq: int
    occurred_at: datetime
    recorded_at: datetime
    kind: str
    actor: Ref
    source: Source
    changes: tuple[Change, ...] = ()
    text: str | None = None
    subject: str | None = None
    onboarding_id: str | None = None
    edit_id: str | None = None
    refs: Mapping[str, object] = field(default_factory=dict)
    redacted: bool = False


def printed(value: Value, names: Mapping[str, str]) -> str:
    """A value as people read it, in feed, export and terminal alike.

    names    display names by reference (`str(Ref)`); a contact without one has been erased
    returns  person → name, list → sorted and joined by `, `, number as typed, cleared → ""
    """
    match value:
        case str():
            if "@<" not in value:
                return value
            return MENTION.sub(lambda found: f"@{printed(Ref.parse(found[1]), names)}", value)
        case None:
            return ""
        case Ref():
            return names.get(str(value), REMOVED_CONTACT if value.type is ActorType.CONTACT else value.id)
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(sorted(value))
        case _:
            return str(value)


def mention(ref: Ref) -> str:
    """How a person or contact stands within a text: by reference, so that the text never holds the name."""
    return f"@<{ref}>"


MENTION: Final = re.compile(r"@<((?:user|contact):[a-z]{3}_[a-z0-9]+)>")


def refs_in(activities: Iterable[Activity]) -> frozenset[Ref]:
    """Every person, contact or program that these activities name: whose display names must be looked up to print them."""
    found: set[Ref] = set()
    for activity in activities:
        found.add(activity.actor)
        for value in (activity.text, *(side for change in activity.changes for side in (change.old, change.new))):
            if isinstance(value, Ref):
                found.add(value)
            elif isinstance(value, str) and "@<" in value:
                found |= {Ref.parse(ref) for ref in MENTION.findall(value)}
    return frozenset(found)
