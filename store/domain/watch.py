"""A watch as a value: what is posted where as it is recorded, and whether an activity is meant. Pure: what the feed finds by SQL, this tells of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from store.domain import kinds
from store.domain.activity import PROGRAMS, Activity, ActorType, Source
from store.domain.names import folded
from store.domain.query import CustomerName, HistoryQuery
from store.domain.scope import Scope

WATCH: Final = "watch"
"""The kind of a delivery that tells what a watch has seen."""
NOT_ALLOWED: Final = "not_allowed"
"""The error of a delivery whose watch was made by somebody who may not see histories any more."""
GONE: Final = frozenset(
    {
        NOT_ALLOWED,
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "shared_outside",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
    }
)
"""Errors after which nothing can be posted in that place, until somebody changes something: the watch has failed. Others pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One watch.

    query    the filter, settled: people as references
    scope    settled; empty: every customer
    channel  its id; None: the direct messages of the one who made it
    made_by  a reference
    state    active, or failed: nothing is posted any more
    error    why it failed, or what went wrong last
    """

    id: str
    number: int
    query: HistoryQuery
    scope: Scope
    channel: str | None
    made_by: str
    state: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be posted of one customer, in the order in which it was recorded."""

    customer: CustomerName
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of a watch.

    maker  the Slack id of who made it
    more   how much else there was in the same minute
    names  display names by reference
    """

    watch: Watch
    maker: str
    seen: tuple[Seen, ...]
    more: int
    names: Mapping[str, str]


def means(query: HistoryQuery, activity: Activity) -> bool:
    """Whether a settled filter has this activity in it."""
    fields = {folded(change.field) for change in activity.changes}
    return (
        (not query.actors or any(_acted(word, activity) for word in query.actors))
        and not any(_acted(word, activity) for word in query.not_actors)
        and (not query.types or any(kinds.matches(word, activity.kind) for word in query.types))
        and not any(kinds.matches(word, activity.kind) for word in query.not_types)
        and (not query.fields or any(folded(word) in fields for word in query.fields))
    )


def _acted(word: str, activity: Activity) -> bool:
    match word:
        case "slack":
            return activity.source is Source.SLACK
        case "api":
            return activity.actor.type is ActorType.API
        case _:
            return str(activity.actor) == PROGRAMS.get(word, word)
