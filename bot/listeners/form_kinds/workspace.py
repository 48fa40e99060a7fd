"""What holds for the whole workspace: its fields, its settings."""

from collections.abc import Sequence

import structlog

from bot import limits
from bot.blocks import forms as form
from bot.directory import Asker
from bot.listeners.form_kinds.kinds import Built, Kinds
from bot.listeners.forms import Asked, Form, Given
from store.domain.customer import (
    CUSTOM_TYPES,
    FieldType,
    key_of,
)
from store.settings import ADMINS, EVERYONE, described, from_text, mapping_text, value

log = structlog.get_logger()

MAPPING_HINT = "As hubspot.tier=plan, between commas; - keeps one out."
KEPT_HINT = "30 or more; empty: for ever. What was recorded earlier than that is deleted for good, within the hour."
NUMBERS = ("limits.", "caps.")
CHOICES = (
    (
        "unknown_customer",
        "A customer that a sync tells of and nobody knows",
        (("Create it", "create"), ("Wait until it is linked", "park")),
    ),
    (
        "on_uninstall",
        "The data, once the app is taken out of this Slack workspace",
        (("Keep it", "keep"), ("Delete all of it, for good", "delete")),
    ),
)
RIGHTS = (("Everyone", EVERYONE), ("Admins", ADMINS))


class OfWorkspace(Kinds):
    def kinds(self) -> dict[str, Form]:
        return {
            "field_add": Form("Add a field", self._field, self._save_field, needs_customer=False, admin=True),
            "settings": Form("Settings", self._settings, self._save_settings, needs_customer=False, admin=True),
        }

    async def _field(self, _asker: Asker, _customer_id: str, _given: Given) -> Built:
        kinds = [(each.value, each.value) for each in CUSTOM_TYPES]
        return [
            form.asked("name", "Name", form.text(most=60), optional=False),
            form.asked("type", "Type", form.choice(kinds, "text"), optional=False),
            form.asked("choices", "Choices, between commas", form.text(), hint="For a choice only."),
        ], {}

    async def _save_field(self, asked: Asked) -> str:
        choices = [each.strip() for each in asked.answers["choices"].split(",") if each.strip()]
        made = await self._records.define_field(
            asked.asker.workspace, asked.answers["name"], FieldType(asked.answers["type"]), choices
        )
        return f"There is a field {made.name} now. Set it with /pivotal set acme {key_of(made.name)}=…"

    async def _settings(self, asker: Asker, _customer_id: str, _given: Given) -> Built:
        now = await self._store.settings(asker.workspace)
        decides = dict(described())
        groups = [(f"@{handle}", ident) for ident, handle in await self._writing.groups(asker)]
        blocks = [
            form.asked(
                name, decides[name], form.choice(_who(groups, getattr(now, name)), getattr(now, name)), optional=False
            )
            for name in ("view", "edit", "export")
        ]
        blocks += [
            form.asked(name, label, form.choice(choices, getattr(now, name)), optional=False)
            for name, label, choices in CHOICES
        ]
        days = None if now.retention_days is None else str(now.retention_days)
        kept = form.number(days, whole=True)
        blocks.append(
            form.asked("retention_days", "Days for which the entries of a history are kept", kept, hint=KEPT_HINT)
        )
        texts = (
            ("mapping", "Which property feeds which field", mapping_text(now.mapping), MAPPING_HINT),
            ("phases", "Phases of an onboarding, between commas", ", ".join(now.phases), None),
        )
        blocks += [
            form.asked(name, label, form.text(text, long=True), hint=hint)
            for name, label, text, hint in texts
            if len(text) <= limits.INPUT_TEXT  # a longer one is set in a terminal: cut here, it would be saved so
        ]
        blocks += [
            form.asked(name, said, form.number(str(value(now, name)), whole=True), optional=False)
            for name, said in decides.items()
            if name.startswith(NUMBERS)
        ]
        return blocks, {}

    async def _save_settings(self, asked: Asked) -> str:
        values = {name: from_text(name, asked.answers[name]) for name, _ in described() if name in asked.answers}
        await self._store.set_settings(asked.asker.workspace, values)
        # The one setting that deletes: somebody may ask whose decision it was.
        log.info(
            "settings saved",
            workspace=asked.asker.workspace,
            person=asked.asker.person.ref,
            retention_days=values.get("retention_days"),
        )
        return "The settings are saved."


def _who(groups: Sequence[tuple[str, str]], now: str) -> Sequence[tuple[str, str]]:
    """To whom a right may be given; the one who has it among them, whether Slack tells of it or not."""
    told = [*RIGHTS, *groups[: limits.OPTIONS - len(RIGHTS) - 1]]
    return told if now in {ident for _, ident in told} else [*told, (f"The user group {now}", now)]
