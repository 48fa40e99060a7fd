"""Each form: its inputs, filled with what is known, and the write that it sends them to."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from bot import limits
from bot.blocks import forms as form
from bot.blocks import kit
from bot.blocks.kit import Block, Element
from bot.blocks.receipt import ERASING, erased
from bot.directory import Asker
from bot.listeners.forms import Asked, Form, Given, required
from bot.listeners.typed import Writing
from store.domain.activity import Ref, Value, printed
from store.domain.customer import (
    CUSTOM_TYPES,
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
from store.domain.errors import NotFound, Refused
from store.domain.record import Receipt
from store.settings import WorkspaceSettings, from_text, mapping_text

FIELD = "field:"
Built = tuple[Sequence[Block], Mapping[str, object]]
LABELS = {
    "health_score": "Health score (0 to 100)",
    "hubspot_id": "HubSpot id",
    "stripe_id": "Stripe id",
    "tags": "Tags, between commas",
}
MAPPING_HINT = "As hubspot.tier=plan, between commas; - keeps one out."
RIGHTS = (("Everyone", "everyone"), ("Admins", "admins"))


class FormKinds:
    def __init__(self, writing: Writing) -> None:
        self._store = writing.store
        self._records = writing.store.records
        self._writing = writing

    def kinds(self) -> dict[str, Form]:
        return {
            "set": Form("Edit customer", self._set, self._save_set),
            "status": Form("Change status", self._status, self._save_status),
            "comment": Form("Add a comment", self._comment, self._save_comment),
            "comment_edit": Form("Edit comment", self._comment_edit, self._save_comment_edit),
            "phase": Form("Move phase", self._phase, self._save_phase),
            "onboarding": Form("Start an onboarding", self._onboarding, self._save_onboarding),
            "task_add": Form("Add a task", self._task, self._save_task),
            "task_edit": Form("Edit task", self._task_edit, self._save_task_edit),
            "task_done": Form("Complete a task", self._open_tasks, self._save_done),
            "task_reopen": Form("Reopen a task", self._done_tasks, self._save_reopen),
            "contact_add": Form("Add a contact", self._contact, self._save_contact),
            "contact_edit": Form("Edit contact", self._contact_edit, self._save_contact_edit),
            "contact_archive": Form("Archive a contact", self._active_contacts, self._save_archive),
            "contact_delete": Form("Remove a contact", self._all_contacts, self._save_delete, submit="Remove for good"),
            "contact_restore": Form("Restore a contact", self._archived_contacts, self._save_restore),
            "customer_add": Form("Add a customer", self._customer, self._save_customer, needs_customer=False),
            "field_add": Form("Add a field", self._field, self._save_field, needs_customer=False, admin=True),
            "settings": Form("Settings", self._settings, self._save_settings, needs_customer=False, admin=True),
        }

    # --- the record ---

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

    # --- comments ---

    async def _comment(self, asker: Asker, customer_id: str, given: Given) -> Built:
        known = await self._records.onboardings(asker.workspace, customer_id)
        blocks = [
            form.asked(
                "text",
                "Comment",
                form.text(given.get("text"), long=True),
                optional=False,
                hint="@Ann names a contact or a person.",
            )
        ]
        if known:
            options = [(each.name, each.id) for each in known]
            blocks.append(form.asked("onboarding", "On an onboarding", form.choice(options)))
        return blocks, {"refs": given.get("refs", {})}

    async def _save_comment(self, asked: Asked) -> Receipt:
        text = required(asked.answers, "text", "The comment")
        onboarding = asked.answers.get("onboarding") or None
        return await self._records.add_comment(
            asked.asker.workspace, asked.customer_id, text, asked.by, onboarding_=onboarding
        )

    async def _comment_edit(self, asker: Asker, customer_id: str, given: Given) -> Built:
        card = await self._records.card(asker.workspace, customer_id)
        now = await self._records.comment(asker.workspace, customer_id, given["id"])
        text = printed(now.text, card.names)
        if len(text) > limits.INPUT_TEXT:
            raise Refused("That comment is longer than Slack's form takes.", "Add another one that corrects it.")
        blocks = [form.asked("text", "Comment", form.text(text, long=True), optional=False)]
        return blocks, {"id": now.id, "shown": digest(now.text)}

    async def _save_comment_edit(self, asked: Asked) -> Receipt:
        text = required(asked.answers, "text", "The comment")
        return await self._records.edit_comment(
            asked.asker.workspace, asked.customer_id, asked.extra["id"], text, asked.by, expected=asked.extra["shown"]
        )

    # --- onboardings and tasks ---

    async def _phase(self, asker: Asker, customer_id: str, _given: Given) -> Built:
        known = await self._records.onboardings(asker.workspace, customer_id)
        if not known:
            raise NotFound("This customer has no onboarding.", "Start one with `/pivotal onboarding start`.")
        settings = await self._store.settings(asker.workspace)
        options = [(f"{each.name} ({each.phase or 'no phase'})", each.id) for each in known]
        phases = list(dict.fromkeys([*settings.phases, *(each.phase for each in known if each.phase)]))
        return [
            form.asked("onboarding", "Onboarding", form.choice(options, options[0][1]), optional=False),
            form.asked(
                "phase", "To phase", form.choice([(each, each) for each in phases], known[0].phase), optional=False
            ),
        ], {}

    async def _save_phase(self, asked: Asked) -> Receipt:
        settings = await self._store.settings(asked.asker.workspace)
        return await self._records.move_phase(
            asked.asker.workspace,
            asked.customer_id,
            asked.answers["onboarding"],
            asked.answers["phase"],
            asked.by,
            last_phase=settings.phases[-1] if settings.phases else None,
        )

    async def _onboarding(self, _asker: Asker, _customer_id: str, _given: Given) -> Built:
        return [
            form.asked("name", "Name", form.text(most=200), hint="Left empty, it is called after the customer.")
        ], {}

    async def _save_onboarding(self, asked: Asked) -> Receipt:
        settings = await self._store.settings(asked.asker.workspace)
        first = settings.phases[0] if settings.phases else None
        return await self._records.start_onboarding(
            asked.asker.workspace, asked.customer_id, asked.answers["name"], first, asked.by
        )

    async def _task(self, _asker: Asker, _customer_id: str, _given: Given) -> Built:
        return self._task_inputs(None, None, None), {}

    def _task_inputs(self, title: str | None, due: str | None, assignee: tuple[str, str] | None) -> list[Block]:
        return [
            form.asked("title", "Task", form.text(title, most=500), optional=False),
            form.asked("due", "Due", form.day(due)),
            form.asked("assignee", "Assigned to", form.person(assignee)),
        ]

    async def _save_task(self, asked: Asked) -> Receipt:
        return await self._records.add_task(
            asked.asker.workspace,
            asked.customer_id,
            required(asked.answers, "title", "The task"),
            asked.by,
            due=_day(asked.answers["due"]),
            assignee=asked.answers["assignee"] or None,
        )

    async def _task_edit(self, asker: Asker, customer_id: str, given: Given) -> Built:
        card = await self._records.card(asker.workspace, customer_id)
        now = next(
            (each for each in await self._records.tasks(asker.workspace, customer_id) if each.id == given["id"]), None
        )
        if now is None:
            raise NotFound("That task is not there any more.")
        who = None if now.assignee is None else (card.names.get(str(now.assignee), "a person"), str(now.assignee))
        blocks = self._task_inputs(now.title, now.due.isoformat() if now.due else None, who)
        return blocks, {"id": now.id, "shown": digest(now.title, now.due, now.assignee)}

    async def _save_task_edit(self, asked: Asked) -> Receipt:
        return await self._records.update_task(
            asked.asker.workspace,
            asked.customer_id,
            asked.extra["id"],
            asked.by,
            title=required(asked.answers, "title", "The task"),
            due=_day(asked.answers["due"]),
            assignee=asked.answers["assignee"] or None,
            expected=asked.extra["shown"],
        )

    async def _open_tasks(self, asker: Asker, customer_id: str, _given: Given) -> Built:
        return await self._tasks(asker, customer_id, "open", "There is no open task.")

    async def _done_tasks(self, asker: Asker, customer_id: str, _given: Given) -> Built:
        return await self._tasks(asker, customer_id, "done", "No task is done.")

    async def _tasks(self, asker: Asker, customer_id: str, state: str, none: str) -> Built:
        found = [each for each in await self._records.tasks(asker.workspace, customer_id) if each.state == state]
        if not found:
            raise NotFound(none)
        return [form.asked("task", "Task", form.choice([(each.title, each.id) for each in found]), optional=False)], {}

    async def _save_done(self, asked: Asked) -> Receipt:
        return await self._records.complete_task(
            asked.asker.workspace, asked.customer_id, asked.answers["task"], asked.by
        )

    async def _save_reopen(self, asked: Asked) -> Receipt:
        return await self._records.reopen_task(
            asked.asker.workspace, asked.customer_id, asked.answers["task"], asked.by
        )

    # --- contacts ---

    async def _contact(self, _asker: Asker, _customer_id: str, _given: Given) -> Built:
        return self._contact_inputs(None, None, primary=False), {}

    def _contact_inputs(self, name: str | None, email: str | None, *, primary: bool) -> list[Block]:
        return [
            form.asked("name", "Name", form.text(name, most=200), optional=False),
            form.asked("email", "E-mail", form.text(email, most=320)),
            form.asked("primary", "Primary", form.tick("Primary contact", ticked=primary)),
        ]

    async def _save_contact(self, asked: Asked) -> Receipt:
        return await self._records.add_contact(
            asked.asker.workspace,
            asked.customer_id,
            required(asked.answers, "name", "The name"),
            asked.answers["email"] or None,
            asked.by,
            primary=bool(asked.answers["primary"]),
        )

    async def _contact_edit(self, asker: Asker, customer_id: str, given: Given) -> Built:
        known = await self._records.contacts(asker.workspace, customer_id)
        now = next((each for each in known if each.id == given["id"]), None)
        if now is None:
            raise NotFound("That contact is not there any more.")
        blocks = self._contact_inputs(now.name, now.email, primary=now.is_primary)
        return blocks, {"id": now.id, "shown": digest(now.name, now.email)}

    async def _save_contact_edit(self, asked: Asked) -> Receipt:
        return await self._records.update_contact(
            asked.asker.workspace,
            asked.customer_id,
            asked.extra["id"],
            asked.by,
            name=required(asked.answers, "name", "The name"),
            email=asked.answers["email"] or None,
            primary=bool(asked.answers["primary"]),
            expected=asked.extra["shown"],
        )

    async def _active_contacts(self, asker: Asker, customer_id: str, _given: Given) -> Built:
        return await self._contacts(asker, customer_id, "active", "There is no contact.")

    async def _archived_contacts(self, asker: Asker, customer_id: str, _given: Given) -> Built:
        return await self._contacts(asker, customer_id, "archived", "No contact is archived.")

    async def _contacts(self, asker: Asker, customer_id: str, state: str, none: str) -> Built:
        found = [each for each in await self._records.contacts(asker.workspace, customer_id) if each.state == state]
        if not found:
            raise NotFound(none)
        return [
            form.asked("contact", "Contact", form.choice([(each.name, each.id) for each in found]), optional=False)
        ], {}

    async def _all_contacts(self, asker: Asker, customer_id: str, _given: Given) -> Built:
        known = await self._records.contacts(asker.workspace, customer_id)
        if not known:
            raise NotFound("There is no contact.")
        which = form.choice([(f"{each.name} {each.email or ''}", each.id) for each in known])
        return [
            kit.section(kit.plain(ERASING)),
            form.asked("contact", "Whose name is taken out for good?", which, optional=False),
        ], {}

    async def _save_delete(self, asked: Asked) -> str:
        done = await self._records.erase_contact(
            asked.asker.workspace, asked.customer_id, asked.answers["contact"], asked.by
        )
        return erased(done)

    async def _save_archive(self, asked: Asked) -> Receipt:
        return await self._records.archive_contact(
            asked.asker.workspace, asked.customer_id, asked.answers["contact"], asked.by
        )

    async def _save_restore(self, asked: Asked) -> Receipt:
        return await self._records.restore_contact(
            asked.asker.workspace, asked.customer_id, asked.answers["contact"], asked.by
        )

    # --- the workspace ---

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
        described = WorkspaceSettings.model_fields
        blocks = [
            form.asked(
                name, described[name].description or name, form.choice(RIGHTS, getattr(now, name)), optional=False
            )
            for name in ("view", "edit", "export")
        ]
        unknown = (("Create it", "create"), ("Wait until it is linked", "park"))
        blocks.append(
            form.asked(
                "unknown_customer",
                "A customer that a sync tells of and nobody knows",
                form.choice(unknown, now.unknown_customer),
                optional=False,
            )
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
        return blocks, {}

    async def _save_settings(self, asked: Asked) -> str:
        values = {
            name: from_text(name, asked.answers[name])
            for name in WorkspaceSettings.model_fields
            if name in asked.answers
        }
        await self._store.set_settings(asked.asker.workspace, values)
        return "The settings are saved."


def _block_id(field: Field) -> str:
    return f"{FIELD}{key_of(field.name)}"


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
