"""What a workspace may decide: one validated model, kept on its row."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from store import tables
from store.actors import zone_named
from store.chain import KEPT_AT_LEAST
from store.domain.errors import NotFound, UsageError, code
from store.domain.nudge import Thresholds
from store.prepared import Prepared

EVERYONE: Final = "everyone"
ADMINS: Final = "admins"
_GROUP = re.compile(r"(?:<!subteam\^)?(S[A-Z0-9]{2,20})(?:\|[^<>]*>|>)?")


def _who(text: str) -> str:
    if text in {EVERYONE, ADMINS}:
        return text
    group = _GROUP.fullmatch(text.strip())
    if group is None:
        raise ValueError("it is everyone, admins, or a user group of Slack, by its id or by mention")
    return group[1]


Right = Annotated[str, AfterValidator(_who)]
"""Every full member of the Slack workspace; its admins and owners; or a user group of Slack's, and admins."""

Phase = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


Property = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


def _zone(name: str) -> str:
    if zone_named(name) is None:
        raise ValueError("there is no such zone")
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Channel = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,20}$")]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


def _kept(days: int) -> int:
    if days < KEPT_AT_LEAST.days:
        raise ValueError(f"a history is kept for at least {KEPT_AT_LEAST.days} days, lest a slip should delete it")
    return days


Retained = Annotated[int, Field(le=36_500), AfterValidator(_kept)]


class Group(BaseModel):
    """Settings that belong together. A field's description says what it decides, in the settings form and in `pivotal settings get`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Limits(Group):
    """How often people may ask. Each process counts for itself."""

    user_per_minute: int = Field(
        60, ge=0, le=10_000, description="Commands and clicks of one person in a minute, in each process; 0: no limit"
    )
    workspace_per_minute: int = Field(
        600,
        ge=0,
        le=100_000,
        description="Commands and clicks of all together in a minute, in each process; 0: no limit",
    )


class ExportCaps(Group):
    """What one file of an export may have. The most that may be set is what the machine's disk and Slack can be asked for."""

    rows: int = Field(2_000_000, ge=1, le=100_000_000, description="Rows that one export may have")
    megabytes: int = Field(1_000, ge=1, le=1_000, description="Megabytes that one export may have")
    compressed_above_megabytes: int = Field(
        20, ge=0, le=1_000, description="Megabytes from which on an export comes as a ZIP"
    )


class Nudges(Group):
    """When Pi speaks, and where."""

    zone: Zone | None = Field(
        None, description="Zone of schedules and quiet hours, such as Europe/Berlin; none: of whoever makes a schedule"
    )
    channel: Channel | None = Field(
        None, description="Id of the channel for customers with neither a channel of their own nor an owner in Slack"
    )
    per_day: int = Field(
        10, ge=1, le=1000, description="Nudges that one channel gets in a day; the rest come in a digest"
    )
    quiet_from: TimeOfDay = Field("20:00", description="From when on Pi is quiet; the same as until when: never")
    quiet_to: TimeOfDay = Field("08:00", description="Until when Pi is quiet")
    quiet_weekends: bool = Field(True, description="Whether Pi is quiet on Saturdays and Sundays")
    health_drop: int = Field(10, ge=1, le=100, description="Points that the health score has to have fallen by")
    untouched_days: int = Field(7, ge=1, le=365, description="Days that a customer at risk may be left alone")
    stalled_days: int = Field(14, ge=1, le=365, description="Days that an onboarding may stay in a phase")
    overdue_days: int = Field(1, ge=1, le=365, description="Days that a task may be overdue")
    silence_days: int = Field(30, ge=1, le=365, description="Days without any activity")
    plans: tuple[Phase, ...] = Field((), description="Plans from the smallest to the largest", max_length=50)

    def thresholds(self) -> Thresholds:
        return Thresholds(
            health_drop=self.health_drop,
            untouched=timedelta(days=self.untouched_days),
            stalled=timedelta(days=self.stalled_days),
            overdue=timedelta(days=self.overdue_days),
            silence=timedelta(days=self.silence_days),
            plans=self.plans,
        )


class WorkspaceSettings(Group):
    """All of them. One within a group is named after it: `limits.user_per_minute`."""

    view: Right = Field("everyone", description="Who may see histories")
    edit: Right = Field("everyone", description="Who may change records")
    export: Right = Field("everyone", description="Who may export histories")
    unknown_customer: Literal["create", "park"] = Field(
        "create",
        description="What a sync does with a customer that is not known: create it, or keep what was told until it is linked",
    )
    mapping: dict[str, dict[Property, Property]] = Field(
        {},
        description="Which property of HubSpot or Stripe feeds which field, where it is not the usual one; - keeps it out",
    )
    on_uninstall: Literal["keep", "delete"] = Field(
        "keep",
        description="What becomes of the data once the app is taken out of the Slack workspace: keep it, or delete all of it for good",
    )
    retention_days: Retained | None = Field(
        None,
        description="Days for which an entry of a history is kept after it was recorded, 30 or more; then it is deleted for good; none: for ever",
    )
    phases: tuple[Phase, ...] = Field(
        ("Kickoff", "Setup", "Training", "Go-live", "Done"),
        description="Phases of an onboarding, in their order; with the last one it is done",
        max_length=50,
    )
    limits: Limits = Limits()
    caps: ExportCaps = ExportCaps()
    nudges: Nudges = Nudges()


def described(group: type[Group] = WorkspaceSettings) -> Iterator[tuple[str, str]]:
    """Every setting as it is typed, with what it decides."""
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            yield from ((f"{name}.{own}", said) for own, said in described(field.annotation))
        else:
            yield name, field.description or name


def value(settings: Group, name: str) -> Any:
    """One of them, by its name as it is typed."""
    first, dot, rest = name.partition(".")
    found = getattr(settings, first)
    return value(found, rest) if dot else found


def read(connection: sa.Connection, workspace: str) -> WorkspaceSettings:
    [(stored,)] = _STORED.all(connection, {"of": workspace})
    return WorkspaceSettings.model_validate(stored)


_STORED = Prepared(sa.select(tables.workspace.c.settings).where(tables.workspace.c.workspace_id == sa.bindparam("of")))


def write(connection: sa.Connection, workspace: str, values: Mapping[str, Any]) -> WorkspaceSettings:
    """Set some of them. raises  NotFound for an unknown one, UsageError for a value that does not fit"""
    w = tables.workspace.c
    mine = w.workspace_id == workspace
    stored: Mapping[str, Any] = connection.execute(sa.select(w.settings).where(mine).with_for_update()).scalar_one()
    settings = checked(stored, values)
    connection.execute(
        tables.workspace.update().where(mine).values(settings=settings.model_dump(mode="json", exclude_defaults=True))
    )
    return settings


def checked(stored: Mapping[str, Any], values: Mapping[str, Any]) -> WorkspaceSettings:
    """The stored ones with these in their place, by name as it is typed."""
    known = dict(described())
    wanted = dict(stored)
    for name, given in values.items():
        if name not in known:
            raise NotFound(f"There is no setting {code(name)}.", f"There are {', '.join(map(code, known))}.")
        group, dot, own = name.partition(".")
        wanted[group] = {**wanted.get(group, {}), own: given} if dot else given
    try:
        return WorkspaceSettings.model_validate(wanted)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(each) for each in first["loc"])
        raise UsageError(
            f"{code(name)}: {first['msg'].removeprefix('Value error, ')}.", "Nothing was changed."
        ) from None


def from_text(name: str, text: str) -> Any:
    """A value as it is typed: phases between commas, the mapping as `hubspot.tier=plan, stripe.plan=-`."""
    parts = [each.strip() for each in text.split(",") if each.strip()]
    if name in {"phases", "nudges.plans"}:
        return parts
    if name in {"nudges.zone", "nudges.channel", "retention_days"}:
        return text.strip() or None
    if name != "mapping":
        return text.strip()
    mapping: dict[str, dict[str, str]] = {}
    for part in parts:
        source, equals, target = part.partition("=")
        provider, dot, prop = source.strip().partition(".")
        if not (equals and dot and provider in {"hubspot", "stripe"}):
            raise UsageError(
                f"I read {code(part)} in the mapping.", "Write `hubspot.tier=plan`, several between commas."
            )
        mapping.setdefault(provider, {})[prop.strip()] = target.strip()
    return mapping


def mapping_text(mapping: Mapping[str, Mapping[str, str]]) -> str:
    """The mapping as `from_text` reads it."""
    return ", ".join(f"{provider}.{prop}={target}" for provider, own in mapping.items() for prop, target in own.items())
