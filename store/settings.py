"""What a workspace may decide: one validated model, kept on its row."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from store import tables
from store.domain.errors import NotFound, UsageError, code

Right = Literal["everyone", "admins"]
"""Every full member of the Slack workspace, or its admins and owners."""

Phase = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


Property = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


class WorkspaceSettings(BaseModel):
    """A field's description says what it decides, in the settings form and in `pivotal settings get`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

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
    phases: tuple[Phase, ...] = Field(
        ("Kickoff", "Setup", "Training", "Go-live", "Done"),
        description="Phases of an onboarding, in their order; with the last one it is done",
        max_length=50,
    )


def read(connection: sa.Connection, workspace: str) -> WorkspaceSettings:
    w = tables.workspace.c
    stored: Mapping[str, Any] = connection.execute(
        sa.select(w.settings).where(w.workspace_id == workspace)
    ).scalar_one()
    return WorkspaceSettings.model_validate(stored)


def write(connection: sa.Connection, workspace: str, values: Mapping[str, Any]) -> WorkspaceSettings:
    """Set some of them. raises  NotFound for an unknown one, UsageError for a value that does not fit"""
    w = tables.workspace.c
    mine = w.workspace_id == workspace
    stored: Mapping[str, Any] = connection.execute(sa.select(w.settings).where(mine).with_for_update()).scalar_one()
    settings = checked({**stored, **values})
    connection.execute(
        tables.workspace.update().where(mine).values(settings=settings.model_dump(mode="json", exclude_defaults=True))
    )
    return settings


def checked(values: Mapping[str, Any]) -> WorkspaceSettings:
    for name in values:
        if name not in WorkspaceSettings.model_fields:
            known = ", ".join(code(each) for each in WorkspaceSettings.model_fields)
            raise NotFound(f"There is no setting {code(name)}.", f"There are {known}.")
    try:
        return WorkspaceSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{code(str(first['loc'][0]))}: {first['msg']}.", "Nothing was changed.") from None


def from_text(name: str, text: str) -> Any:
    """A value as it is typed: phases between commas, the mapping as `hubspot.tier=plan, stripe.plan=-`."""
    parts = [each.strip() for each in text.split(",") if each.strip()]
    if name == "phases":
        return parts
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
