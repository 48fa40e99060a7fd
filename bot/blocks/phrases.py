"""A page and its activities in words: plain text, the same in Slack and in a terminal."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.blocks.kit import END_ISOLATE, ISOLATE, beginning, cut, is_right_to_left, one_line
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
NAME: Final = 1000
"""Characters of the customer's name in the summary: all of any that we have met."""
NOTHING: Final = "(none)"
"""A side of a change that is empty."""
CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,20}")
"""An id of Slack's, which tells nobody anything."""

VERBS: Final[Mapping[str, str]] = {
    "customer.created": "created the customer",
    "customer.field_changed": "changed",
    "customer.status_changed": "changed",
    "customer.health_score_dropped": "recorded a drop of the health score",
    "customer.channel_linked": "linked a channel",
    "onboarding.started": "started an onboarding",
    "onboarding.phase_moved": "moved",
    "task.created": "created a task",
    "task.completed": "completed a task",
    "task.reopened": "reopened a task",
    "task.updated": "updated a task",
    "contact.added": "added a contact",
    "contact.updated": "updated a contact",
    "contact.archived": "archived a contact",
    "contact.restored": "restored a contact",
    "contact.removed": "removed a contact for good",
    "comment.added": "commented",
    "comment.edited": "edited a comment",
    "comment.deleted": "deleted a comment",
    "integration.sync_write": "synced",
    "pi.nudge": "nudged",
    "pi.nudge_done": "settled a nudge",
    "pi.nudge_snoozed": "snoozed a nudge",
    "pi.nudge_dismissed": "dismissed a nudge",
    "pi.nudge_assigned": "assigned a nudge",
    "pi.nudge_cleared": "saw a nudge resolve itself",
    "history.exported": "exported the history",
}
TRANSITIVE: Final = frozenset({"changed", "moved", "synced"})
"""Verbs that what they are about follows without a colon: `changed plan: Starter → Growth`."""
UNLINKED: Final = "unlinked a channel"
BEGINNINGS: Final = frozenset({"customer.created", "onboarding.started", "task.created", "contact.added"})
"""Before these there was nothing: of their changes only the new side is told."""
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


def who(activity: Activity, names: Names, most: int = INLINE) -> str:
    return shown(printed(activity.actor, names), most)


def line(activity: Activity, names: Names, most: int = INLINE, *, ids: bool = False) -> str:
    """One activity on one line: who did what, old → new. most: characters of each name and value. ids: as for `what`."""
    return f"{who(activity, names, most)} {what(activity, names, most, ids=ids)}"


def what(activity: Activity, names: Names, most: int = INLINE, *, ids: bool = False) -> str:
    """What was done, without who did it: `changed plan: Starter → Growth`. ids: a channel's too, where nothing else shows which one it is."""
    verb = _verb(activity)
    if activity.kind == "contact.removed":
        return verb
    if activity.redacted:
        return f"{verb}: {REMOVED_CONTACT}"
    about = "; ".join(filter(None, [_about(activity, names, most, ids=ids), _said(activity, names, most)]))
    if activity.kind == "integration.sync_write":
        about = about.removeprefix(f"{who(activity, names)} ")  # "HubSpot synced HubSpot company 8812"
    if not about:
        return verb
    return f"{verb} {about}" if verb in TRANSITIVE else f"{verb}: {about}"


def channel(change: Change) -> str | None:
    """The id of the channel that was linked, else of the one that no longer is. Slack shows its name to whoever may know it."""
    said = change.new or change.old
    return said if change.field == "channel" and isinstance(said, str) and CHANNEL.fullmatch(said) else None


def _verb(activity: Activity) -> str:
    if activity.kind == "customer.channel_linked" and any(change.new is None for change in activity.changes):
        return UNLINKED
    return VERBS.get(activity.kind) or f"recorded {activity.kind}"


def _about(activity: Activity, names: Names, most: int, *, ids: bool) -> str:
    """What it was about, and what changed of that: `Prepare the review (assignee: Sam Lee → Ann Lee)`."""
    objects = [change for change in activity.changes if change.field in OBJECT_FIELDS and (ids or not channel(change))]
    others = [change for change in activity.changes if change.field not in OBJECT_FIELDS]
    if len(others) > INLINE_CHANGES:
        fields = cut(", ".join(one_line(change.field) for change in others), most)
        told = f"{len(others)} fields ({fields})"
    else:
        begins = activity.kind in BEGINNINGS
        bare = activity.kind == "customer.health_score_dropped"
        told = "; ".join(change_line(change, names, most, bare=bare, begins=begins) for change in others)
    named = "; ".join(change_line(change, names, most) for change in objects)
    return f"{named} ({told})" if named and told else named or told


def _said(activity: Activity, names: Names, most: int) -> str:
    """Its text, unless a change says the same."""
    if not activity.text or any(activity.text == printed(change.new, names) for change in activity.changes):
        return ""
    if activity.kind == "customer.status_changed":
        return f"reason: {shown(printed(activity.text, names), most)}"
    return shown(printed(activity.text, names), most)


def change_line(change: Change, names: Names, most: int = INLINE, *, bare: bool = False, begins: bool = False) -> str:
    """`plan: Starter → Growth`. bare: without the field's name. begins: there was no old side, so none is told."""
    old, new = value(change.old, names, most), value(change.new, names, most)
    if change.field in OBJECT_FIELDS:
        return f"{old} → {new}" if old and new else new or old or NOTHING
    if isinstance(change.old, tuple) and isinstance(change.new, tuple) and old.endswith("…") and new.endswith("…"):
        told = shown(list_diff(change.old, change.new), most)  # two long lists, each cut, might look the same
    elif begins and not old:
        told = new or NOTHING
    else:
        told = f"{old or NOTHING} → {new or NOTHING}"
    return told if bare else f"{shown(change.field, most)}: {told}"


def list_diff(old: Sequence[str], new: Sequence[str]) -> str:
    """`+vip, −trial`."""
    added = [f"+{each}" for each in sorted(set(new) - set(old))]
    removed = [f"−{each}" for each in sorted(set(old) - set(new))]
    return ", ".join([*added, *removed]) or "nothing changed"


def value(side: Value, names: Names, most: int = INLINE) -> str:
    return shown(printed(side, names), most)


def shown(text: str, most: int = INLINE) -> str:
    """What people typed, as a part of one of our lines: on one line, cut, and kept apart where it is written from right to left.

    Without that, a Hebrew `old → new` would be read as new, then old.
    """
    line = beginning(text, most)
    return f"{ISOLATE}{line}{END_ISOLATE}" if is_right_to_left(line) else line


# --- the summary ------------------------------------------------------------------------------------------------------


def summary(page: Page, most: int = NAME, named: int = 5) -> str:
    """The customer, how many activities, which filters, which days, in which zone.

    most   characters of each name
    named  so many names of each filter are told; of more, their number
    """
    told = f"{count(page.total)} {', '.join(filters(page, most, named))}".rstrip()
    return f"{shown(page.customer.name, most)}: {told}, {window(page)}"


def count(total: int) -> str:
    if total == 0:
        return "No activities"
    if total == 1:
        return "1 activity"
    return f"{COUNTED:,}+ activities" if total > COUNTED else f"{total:,} activities"


def filters(page: Page, most: int = INLINE, named: int = 5) -> Iterator[str]:
    """Each filter as a phrase: `by Pi or Sam Lee`."""
    query = page.query
    for lead, words in (
        ("by", actor_names(query.actors, page.names, most)),
        ("not by", actor_names(query.not_actors, page.names, most)),
        ("of type", [shown(word, most) for word in query.types]),
        ("not of type", [shown(word, most) for word in query.not_types]),
        ("that changed", [shown(word, most) for word in query.fields]),
    ):
        if words:
            yield f"{lead} {either(words, named)}"


def actor_names(words: Sequence[str], names: Names, most: int = INLINE) -> list[str]:
    return [shown(actor_name(word, names), most) for word in words]


KEYWORDS: Final[Mapping[str, str]] = {
    "me": "you",
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


def either(words: Sequence[str], most: int = 5, last: str = "or") -> str:
    """`a, b or c`; beyond that many, how many more there are. last: the word before the last."""
    shown = list(words[:most]) + ([f"{len(words) - most} more"] if len(words) > most else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"


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


MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def when(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{day(local)}, {local.hour:02}:{local.minute:02}"


def day(local: date | None) -> str:
    return "" if local is None else f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def kept(since: datetime, zone: ZoneInfo) -> str:
    """Why there is nothing older. since: what was recorded up to then is gone."""
    return f"What was recorded up to {when(since, zone)} is no longer kept."


def removed(count: int) -> str:
    """Behind what verify has found whole; nothing, where nothing has been removed."""
    if not count:
        return ""
    return f" {'1 older one was' if count == 1 else f'{count:,} older ones were'} removed for their age; the chain verifies from there."


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
    """For a page without entries: which filter to widen, and when the last activity was; and where some are kept no longer, that."""
    gone = "" if page.kept_since is None else kept(page.kept_since, page.reader.zone)
    if page.last_at is None:
        return gone or "Nothing has been recorded for this customer yet."
    last = f"The last activity was on {when(page.last_at, page.reader.zone)}."
    if page.widen:
        last = f"{last} Widen {either([WIDER[name] for name in page.widen])} to see more."
    elif list(filters(page)):
        last = f"{last} No single filter is to blame: remove several."
    return f"{last} {gone}".rstrip()
