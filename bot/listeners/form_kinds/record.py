"""The record: its fields, its status, a customer to begin with."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot import limits
from bot.blocks import forms as form
from bot.blocks import kit
from bot.blocks.kit import Block, Element
from bot.directory import Asker
from bot.listeners.form_kinds.kinds import Built, Kinds
from bot.listeners.forms import Asked, Form, Given, required
from store.domain.activity import Ref, Value, printed
from store.domain.customer import (
    STATUSES,
    Assignment,
    Customer,
    Field,
    FieldType,
    digest,
    field_named,
    key_of,
    nameable,
)
from store.domain.errors import NotFound
from store.domain.record import Receipt

FIELD = "field:"
LABELS = {
    "health_score": "Health score (0 to 100)",
    "hubspot_id": "HubSpot id",
    "stripe_id": "Stripe id",
    "tags": "Tags, between commas",
}


class Record(Kinds):
    def kinds(self) -> dict[str, Form]:
        return {
            "set": Form("Edit customer", self._set, self._save_set),
            "status": Form("Change status", self._status, self._save_status),
            "customer_add": Form("Add a customer", self._customer, self._save_customer, needs_customer=False),
        }

    async def _set(self, asker: Asker, customer_id: str, given: Given) -> Built:
        card = await self._records.card(asker.workspace, customer_id)
        typed = {self._key(each.field, card.custom): each.value for each in given.get("asked", ())}
        fields = [each for each in nameable(card.custom) if each.type is not FieldType.STATUS]
        fields.sort(key=lambda each: each.name not in typed)  # what was typed is shown, however many fields there are
        fitting = [each for each in fields if len(printed(card.record.value(each.name), {})) <= limits.INPUT_TEXT]
        shown = fitting[: limits.VIEW_BLOCKS - 1]
        blocks = [self._input(each, card.record, typed.get(each.name), card.names) for each in shown]
        if len(shown) < len(fields):
            blocks.append(
                kit.context(kit.mrkdwn("What Slack has no room for here is left out; `/pivotal set` sets it."))
            )
        return blocks, {"shown": [digest(card.record.value(each.name)) for each in sorted(shown, key=_block_id)]}

    def _key(self, name: str, custom: Sequence[Field]) -> str:
        found = field_named(name, custom)
        return found.name if found else name

    def _input(self, field: Field, record: Customer, typed: str | None, names: Mapping[str, str]) -> Block:
        now = record.value(field.name)
        label = LABELS.get(field.name, field.name if field.name[:1].isupper() else field.name.capitalize())
        return form.asked(_block_id(field), label, self._element(field, now, typed, names))

    def _element(self, field: Field, now: Value, typed: str | None, names: Mapping[str, str]) -> Element:
        text = printed(now, names) if typed is None else typed
        match field.type:
            case FieldType.SCORE:
                return form.number(text, whole=True)
            case FieldType.NUMBER:
                return form.number(f"{Decimal(text):f}" if typed is None and isinstance(now, float) else text)
            case FieldType.DATE:
                return form.day(text)
            case FieldType.CHOICE:
                return form.choice([("–", "-"), *((each, each) for each in field.choices)], text or "-")
            case FieldType.PERSON:
                return form.person((names.get(str(now), "a person"), str(now)) if isinstance(now, Ref) else None)
            case _:
                return form.text(text, long=len(text) > 100)

    async def _save_set(self, asked: Asked) -> Receipt:
        names = sorted(name for name in asked.answers if name.startswith(FIELD))
        custom = await self._store.records.fields(asked.asker.workspace)
        assignments = []
        expected: dict[str, str] = {}
        for name, shown in zip(names, asked.extra["shown"], strict=False):
            field = field_named(name.removeprefix(FIELD), custom)
            if field is None:
                raise NotFound("A field of this form is gone.", "Open the form again.")
            value = asked.answers[name]
            value = "" if field.type is FieldType.CHOICE and value == "-" else value
            if digest(value or None) == shown:
                continue  # it was left as it is: whatever somebody else has made of it meanwhile stands
            items = tuple(each.strip() for each in value.split(",")) if field.type is FieldType.LIST and value else ()
            assignments.append(Assignment(field.name, value, items))
            expected[field.name] = shown
        return await self._records.edit(
            asked.asker.workspace, asked.customer_id, assignments, asked.by, expected=expected
        )

    async def _status(self, asker: Asker, customer_id: str, _given: Given) -> Built:
        now = await self._records.customer(asker.workspace, customer_id)
        return [
            form.asked(
                "status", "Status", form.choice([(each, each) for each in STATUSES], now.status), optional=False
            ),
            form.asked("reason", "Reason", form.text(long=True)),
        ], {"shown": digest(now.status)}

    async def _save_status(self, asked: Asked) -> Receipt:
        return await self._records.edit(
            asked.asker.workspace,
            asked.customer_id,
            [Assignment("status", asked.answers["status"])],
            asked.by,
            expected={"status": asked.extra["shown"]},
            reason=asked.answers["reason"] or None,
        )

    async def _customer(self, _asker: Asker, _customer_id: str, given: Given) -> Built:
        return [
            form.asked("name", "Name", form.text(given.get("name"), most=200), optional=False),
            form.asked("domain", "Domain", form.text(most=253)),
            form.asked("plan", "Plan", form.text(most=200)),
            form.asked("owner", "Owner", form.person()),
        ], {}

    async def _save_customer(self, asked: Asked) -> Receipt:
        asked_for = [
            Assignment(name, asked.answers[name]) for name in ("domain", "plan", "owner") if asked.answers[name]
        ]
        name = required(asked.answers, "name", "The name")
        return await self._records.add_customer(asked.asker.workspace, name, asked_for, asked.by)


def _block_id(field: Field) -> str:
    return f"{FIELD}{key_of(field.name)}"
