"""Contacts."""

from bot.blocks import forms as form
from bot.blocks import kit
from bot.blocks.kit import Block
from bot.blocks.receipt import ERASING, erased
from bot.directory import Asker
from bot.listeners.form_kinds.kinds import Built, Kinds
from bot.listeners.forms import Asked, Form, Given, required
from store.domain.customer import (
    digest,
)
from store.domain.errors import NotFound
from store.domain.record import Receipt


class Contacts(Kinds):
    def kinds(self) -> dict[str, Form]:
        return {
            "contact_add": Form("Add a contact", self._contact, self._save_contact),
            "contact_edit": Form("Edit contact", self._contact_edit, self._save_contact_edit),
            "contact_archive": Form("Archive a contact", self._active_contacts, self._save_archive),
            "contact_delete": Form("Remove a contact", self._all_contacts, self._save_delete, submit="Remove for good"),
            "contact_restore": Form("Restore a contact", self._archived_contacts, self._save_restore),
        }

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
