"""One activity → its rows: what CSV, JSON and the table view print, by one rule.

A row per changed field, in their order; an activity that changed no field has one row, with its text as the new value.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from store.domain.activity import Activity, printed


class Row(NamedTuple):
    """Text in every column; what does not apply is empty."""

    timestamp: str
    actor: str
    actor_type: str
    event_type: str
    field: str
    old_value: str
    new_value: str
    onboarding_id: str


COLUMNS: Final = Row._fields


def rows(activity: Activity, names: Mapping[str, str]) -> Iterator[Row]:
    """names: display names by reference, as `printed` takes them."""
    lead = (stamp(activity.occurred_at), printed(activity.actor, names), activity.actor.type.value, activity.kind)
    onboarding = activity.onboarding_id or ""
    if not activity.changes:
        yield Row(*lead, "", "", activity.text or "", onboarding)
    for change in activity.changes:
        yield Row(*lead, change.field, printed(change.old, names), printed(change.new, names), onboarding)


def count(activity: Activity) -> int:
    return len(activity.changes) or 1


def records(activity: Activity, names: Mapping[str, str]) -> Iterator[dict[str, str | int]]:
    """The same rows for programs: the columns by name, and by which reference, way and place in the log they can be found again."""
    more = {"actor_id": str(activity.actor), "source": activity.source.value, "seq": activity.seq}
    for row in rows(activity, names):
        yield {**row._asdict(), **more}


def stamp(instant: datetime) -> str:
    """RFC 3339 in UTC, always with microseconds: `2026-11-20T12:00:00.000000Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
