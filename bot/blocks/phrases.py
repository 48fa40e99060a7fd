"""A page and its activities in words: plain text, the same in Slack and in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.blocks.kit import cut, one_line
from store.domain.activity import (
    PI,
    REMOVED_CONTACT,
    Activity,
    ActorType,
    Change,
    Ref,
    Source,
    Value,
    printed,
)
from store.domain.query import COUNTED, Page

Names = Mapping[str, str]

INLINE: Final = 140
"""Characters of a value on an entry's one line; its details show the whole."""
INLINE_CHANGES: Final = 2
"""An edit of more fields is summed up on its line."""
NOTHING: Final = "(none)"
"""A side of a change that is empty."""

VERBS: Final[Mapping[str, str]] = {
    "customer.created": "created the customer",
    "customer.field_changed": "changed",
    "customer.status_changed": "moved",
    "customer.health_score_dropped": "saw the health score drop",
    "customer.channel_linked": "linked a channel",
    "onboarding.started": "started onboarding",
    "onboarding.phase_moved": "moved",
    "task.created": "created task",
    "task.completed": "completed task",
    "task.reopened": "reopened task",
    "task.updated": "updated task",
    "contact.added": "added contact",
    "contact.updated": "updated contact",
    "contact.archived": "archived contact",
    "contact.restored": "restored contact",
    "contact.removed": "removed contact",
    "comment.added": "commented",
    "comment.edited": "edited a comment",
    "comment.deleted": "deleted a comment",
    "integration.sync_write": "synced",
    "pi.nudge": "nudged",
    "history.exported": "exported the history",
}
TRANSITIVE: Final = frozenset({"changed", "moved"})
"""Verbs that the field's name follows: `changed plan: Starter → Growth`."""
OBJECT_FIELDS: Final = frozenset({"task", "contact", "comment", "nudge", "onboarding", "channel", "export", "sync"})
"""Fields that only name what the activity is about: the verb has said it, so their name is not repeated."""

ICONS: Final[Mapping[str, tuple[str, str]]] = {
    "pi": ("🤖", "robot_face"),
    "hubspot": ("🟠", "large_orange_circle"),
    "stripe": ("🟣", "large_purple_circle"),
    "integration": ("🔗", "link"),
    "slack": ("💬", "speech_balloon"),
    "user": ("👤", "bust_in_silhouette"),
    "contact": ("📇", "card_index"),
    "api": ("🔌", "electric_plug"),
    "system": ("⚙️", "gear"),
}
"""By what shows best where something came from: the character for a terminal, Slack's name for it."""


def icon(activity: Activity) -> tuple[str, str]:
    """The icon of who acted; a person shows by which way they came."""
    actor = activity.actor
    if actor == PI:
        return ICONS["pi"]
    if actor.type is ActorType.INTEGRATION:
        return ICONS.get(actor.id, ICONS["integration"])
    if actor.type is ActorType.USER and activity.source is Source.SLACK:
        return ICONS["slack"]
    return ICONS[actor.type.value]


def who(activity: Activity, names: Names) -> str:
    return one_line(printed(activity.actor, names))


def line(activity: Activity, names: Names) -> str:
    """One activity on one line: who did what, old → new."""
    return f"{who(activity, names)} {what(activity, names)}"


def what(activity: Activity, names: Names) -> str:
    verb = VERBS.get(activity.kind, activity.kind)
    if activity.redacted:
        return verb if verb == REMOVED_CONTACT else f"{verb}: {REMOVED_CONTACT}"
    said = "; ".join(_told(activity, names))
    if not said:
        return verb
    return f"{verb} {said}" if verb in TRANSITIVE else f"{verb}: {said}"


def _told(activity: Activity, names: Names) -> Iterator[str]:
    changes = activity.changes
    if len(changes) > INLINE_CHANGES:
        fields = ", ".join(one_line(change.field) for change in changes)
        yield f"{len(changes)} fields ({cut(fields, INLINE)})"
    else:
        bare = activity.kind == "customer.health_score_dropped"
        yield from (change_line(change, names, bare=bare) for change in changes)
    if activity.text and not _repeats(activity, names):
        yield cut(one_line(activity.text), INLINE)


def _repeats(activity: Activity, names: Names) -> bool:
    """Whether the text says only what a change has said."""
    return any(activity.text == printed(change.new, names) for change in activity.changes)


def change_line(change: Change, names: Names, *, bare: bool = False) -> str:
    """`plan: Starter → Growth`. bare: without the field's name."""
    old, new = value(change.old, names), value(change.new, names)
    if change.field not in OBJECT_FIELDS:
        return f"{'' if bare else f'{one_line(change.field)}: '}{old or NOTHING} → {new or NOTHING}"
    return f"{old} → {new}" if old and new else new or old or NOTHING


def value(side: Value, names: Names) -> str:
    return cut(one_line(printed(side, names)), INLINE)


# --- the summary ------------------------------------------------------------------------------------------------------


def summary(page: Page) -> str:
    """The customer, how many activities, which filters, which days, in which zone."""
    told = " ".join([count(page.total), *filters(page)])
    named = one_line(page.customer.name)
    return f"{named}: {told}, {window(page)}"


def count(total: int) -> str:
    if total == 0:
        return "No activities"
    if total == 1:
        return "1 activity"
    return f"{COUNTED:,}+ activities" if total > COUNTED else f"{total:,} activities"


def filters(page: Page) -> Iterator[str]:
    """Each filter as a phrase: `by Pi or Sam Lee`."""
    query = page.query
    if query.actors:
        yield f"by {either(actor_names(query.actors, page.names))}"
    if query.not_actors:
        yield f"not by {either(actor_names(query.not_actors, page.names))}"
    if query.types:
        yield f"of type {either(query.types)}"
    if query.not_types:
        yield f"not of type {either(query.not_types)}"
    if query.fields:
        yield f"that changed {either(query.fields)}"


def actor_names(words: Sequence[str], names: Names) -> list[str]:
    return [one_line(actor_name(word, names)) for word in words]


KEYWORDS: Final[Mapping[str, str]] = {
    "me": "me",
    "pi": "Pi",
    "hubspot": "HubSpot",
    "stripe": "Stripe",
    "slack": "anybody via Slack",
    "api": "the API",
}


def actor_name(word: str, names: Names) -> str:
    """A word of an actor filter as people read it."""
    if word in KEYWORDS:
        return KEYWORDS[word]
    try:
        return printed(Ref.parse(word), names)
    except ValueError:
        return word


def either(words: Sequence[str], most: int = 5) -> str:
    """`a, b or c`; beyond that many, how many more there are."""
    shown = list(words[:most]) + ([f"{len(words) - most} more"] if len(words) > most else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def window(page: Page) -> str:
    """The window with its days, in the reader's zone: `last 30 days (26 Oct 2026, 09:12 to now, Europe/Berlin)`."""
    zone, asked = page.reader.zone, page.query.window
    if asked is None:
        return f"all time (times in {zone.key})"
    if asked.days is not None and page.since is not None:
        days = "last day" if asked.days == 1 else f"last {asked.days} days"
        return f"{days} ({when(page.since, zone)} to now, {zone.key})"
    if asked.since and asked.until:
        return f"{day(asked.since)} to {day(asked.until)} ({zone.key})"
    return f"from {day(asked.since)} on ({zone.key})" if asked.since else f"up to {day(asked.until)} ({zone.key})"


def when(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M}"


def day(local: date | None) -> str:
    return "" if local is None else f"{local.day} {local:%b %Y}"


# --- an empty page ----------------------------------------------------------------------------------------------------

WIDER: Final[Mapping[str, str]] = {
    "actor": "the actors",
    "not-actor": "the actors left out",
    "type": "the types",
    "not-type": "the types left out",
    "field": "the fields",
    "window": "the dates",
}


def advice(page: Page) -> str:
    """For a page without entries: which filter to widen, and when the last activity was."""
    if page.last_at is None:
        return "Nothing has been recorded for this customer yet."
    last = f"The last activity was on {when(page.last_at, page.reader.zone)}."
    if page.query.before or page.query.after:
        return f"There is nothing further this way. {last}"
    if not page.widen:
        return f"{last} No single filter is to blame: remove several." if list(filters(page)) else last
    return f"{last} Widen {either([WIDER[name] for name in page.widen])} to see more."
