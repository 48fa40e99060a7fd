"""What Pi says of a customer, as values: an account, which is what is known of it, goes into a rule, and a nudge or nothing comes out.

A rule is pure: of the same account at the same time it always says the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from store.domain.activity import Activity, Ref, Value
from store.domain.query import CustomerName, HistoryQuery

_UTC: Final = ZoneInfo("UTC")


class NudgeKind(StrEnum):
    RISK = "risk"
    """We may lose this customer."""
    ATTENTION = "attention"
    """Something is left lying."""


class NudgeState(StrEnum):
    HELD = "held"
    """Found, and waiting until it may be posted."""
    STANDING = "standing"
    """Due to be posted, or posted, and still true."""
    SNOOZED = "snoozed"
    DONE = "done"
    DISMISSED = "dismissed"
    CLEARED = "cleared"
    """It was true no more."""
    FAILED = "failed"
    """Slack refused it for good."""


OPEN: Final = (NudgeState.HELD, NudgeState.STANDING, NudgeState.SNOOZED)
"""Of one rule and customer at most one nudge is in one of these."""


NUDGED: Final = "pi.nudge"
"""The kind of the activity that a posted nudge becomes; and of the delivery of one that a program asked for."""
POST: Final = "nudge.post"
EDIT: Final = "nudge.edit"
DIGEST: Final = "nudge.digest"
NOTICE: Final = "nudge.notice"
SUMMARY: Final = "nudge.summary"
"""Kinds of deliveries: one nudge; its message as it reads now; several in one message; a word to one person; what stands."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a rule speaks. plans: their names from the smallest to the largest; none: a change of plan says nothing."""

    health_drop: int = 10
    untouched: timedelta = timedelta(days=7)
    stalled: timedelta = timedelta(days=14)
    overdue: timedelta = timedelta(days=1)
    silence: timedelta = timedelta(days=30)
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One activity that a rule looks at: its place in the customer's log, when it occurred, and the change that matters."""

    seq: int
    at: datetime
    old: Value = None
    new: Value = None


@dataclass(frozen=True, slots=True)
class OpenOnboarding:
    """entered: the activity by which it came into its phase; None: before Pi was switched on."""

    id: str
    name: str
    phase: str | None
    entered: Fact | None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """created: its activity; None: before Pi was switched on."""

    id: str
    title: str
    due: date
    assignee: Ref | None
    created: Fact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the rules know of a customer. Each fact is the newest of its kind since `since`; None: there was none.

    since        when Pi was switched on, or when the customer was made, whichever is later: what was imported makes nobody speak
    zone         in which `today` is the day, and in which days are named
    last         the last activity that is not Pi's own, ever
    touched      the last activity by a person, ever
    at_risk      the move to at_risk
    dropped      the fall of the health score that counted as one
    plan_moved   the last change of the plan
    payment      the last change of the field `payment`, as Stripe tells it
    primary_gone the primary contact was archived or removed; has_primary: there is one now
    forgotten    up to which seq the log is no longer kept: a fact that is not there may have been
    """

    customer: CustomerName
    status: str
    owner: Ref | None
    plan: str | None
    health_score: int | None
    since: datetime
    today: date
    zone: ZoneInfo = _UTC
    tags: tuple[str, ...] = ()
    last: Fact | None = None
    touched: Fact | None = None
    at_risk: Fact | None = None
    dropped: Fact | None = None
    plan_moved: Fact | None = None
    payment: Fact | None = None
    primary_gone: Fact | None = None
    has_primary: bool = False
    onboardings: tuple[OpenOnboarding, ...] = ()
    tasks: tuple[OpenTask, ...] = ()
    """Open ones with a due day, the longest overdue first."""
    forgotten: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """episode   the same for as long as it is about the same thing: what was settled once does not come back in it
    since     since when it is so
    reason    one sentence: what is so. Persons and contacts stand in it as references (`mention`), so that it names nobody
    evidence  seqs of the activities that it rests on
    about     the slice of the history that shows them, without the customer
    advice    what to do next
    """

    rule: str
    kind: NudgeKind
    episode: str
    since: datetime
    reason: str
    advice: str
    evidence: tuple[int, ...] = ()
    about: HistoryQuery = field(default_factory=HistoryQuery)


@dataclass(frozen=True, slots=True)
class Rule:
    """find: what it says of an account at a time. cleared: why it says so no more, as the end of “Resolved: …”."""

    name: str
    title: str
    kind: NudgeKind
    find: Callable[[Account, datetime, Thresholds], Nudge | None]
    cleared: Callable[[Account], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A nudge as it is kept, with all that is needed to show it.

    about        the slice that shows its evidence, in words of the grammar, without the customer
    evidence     the newest activities that it rests on, newest first
    until        of a snoozed one; None otherwise
    note         why it was dismissed, or what cleared it
    in_digest    it stands in a message with others
    elsewhere    it was to be posted in a channel that outsiders read
    names        display names by reference
    """

    id: str
    customer: CustomerName
    rule: str
    kind: NudgeKind
    state: NudgeState
    since: datetime
    reason: str
    advice: str
    about: str
    revision: int
    evidence: tuple[Activity, ...]
    until: datetime | None
    assignee: str | None
    settled_by: str | None
    settled_at: datetime | None
    note: str | None
    in_digest: bool
    elsewhere: bool
    permalink: str | None
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How nudging goes.

    due        slots that wait or are worked off
    pending    deliveries that wait; uncertain: being sent, or of unknown outcome; failed: nudges that Slack refused
    outcomes   how those ended that were settled lately; reasons: why some were dismissed
    usually    how long after its message half of them were settled
    errors     (channel, error, number), the most frequent first
    """

    due: int
    pending: int
    uncertain: int
    failed: int
    standing: int
    held: int
    snoozed: int
    outcomes: Mapping[NudgeState, int]
    reasons: tuple[str, ...]
    usually: timedelta | None
    errors: tuple[tuple[str | None, str | None, int], ...]
