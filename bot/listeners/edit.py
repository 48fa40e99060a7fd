"""Changing a record by text: set, status, comment, phase, onboarding, task, contact; and taking it back."""

import re
from collections.abc import Callable, Sequence

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks.kit import Message
from bot.blocks.receipt import ERASE, REVERT, UNDO, erase_question, erased, read_seqs, receipt
from bot.directory import Asker
from bot.listeners.forms import Forms
from bot.listeners.history import said
from bot.listeners.typed import Handler, Typed, Writing, action_of
from store.domain.customer import Assignment
from store.domain.errors import Refused, UsageError
from store.domain.grammar import edits
from store.domain.query import CustomerName
from store.domain.record import By, Receipt


class Edits:
    """Each command: whom it is about, what is asked, the one transaction, the receipt. With something left out it opens a form."""

    def __init__(self, writing: Writing, forms: Forms, recall: Callable[[], None]) -> None:
        """recall: something was erased, and may stand in Slack."""
        self._writing = writing
        self._forms = forms
        self._recall = recall
        self._records = writing.store.records

    def handlers(self) -> dict[str, Handler]:
        return {
            "set": self.set,
            "status": self.status,
            "comment": self.comment,
            "phase": self.phase,
            "onboarding": self.onboarding,
            "task": self.task,
            "contact": self.contact,
            "undo": self.undo,
        }

    async def set(self, typed: Typed) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        named, rest = edits.before_assignments(typed.words)
        customer, _ = await self._writing.about(typed, named)
        asked = await self._writing.understood(typed.asker, edits.parse_assignments(rest))
        if customer is None or not asked:
            return await self._forms.opened(typed.asker, typed.trigger_id, "set", customer, {"asked": asked})
        done = await self._records.edit(typed.asker.workspace, customer.id, asked, self._by(typed))
        return self._receipt(typed.asker, done)

    async def status(self, typed: Typed) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        customer, taken = await self._writing.about(typed, typed.words[:1])
        if customer is None or not typed.words[taken:]:
            return await self._forms.opened(typed.asker, typed.trigger_id, "status", customer, {})
        move = edits.parse_status(typed.words[taken:])
        asked = [Assignment("status", move.status)]
        done = await self._records.edit(typed.asker.workspace, customer.id, asked, self._by(typed), reason=move.reason)
        return self._receipt(typed.asker, done)

    async def comment(self, typed: Typed) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        customer, taken = await self._writing.about(typed, typed.words[:1])
        text = typed.raw(taken)
        if customer is None or not text:
            return await self._forms.opened(typed.asker, typed.trigger_id, "comment", customer, {})
        text = await self._writing.mentioned(typed.asker, text)
        done = await self._records.add_comment(typed.asker.workspace, customer.id, text, self._by(typed))
        return self._receipt(typed.asker, done)

    async def phase(self, typed: Typed) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        customer, taken = await self._writing.about(typed, typed.words[:1])
        if customer is None or not typed.words[taken:]:
            return await self._forms.opened(typed.asker, typed.trigger_id, "phase", customer, {})
        move = edits.parse_phase(typed.words[taken:])
        settings = await self._writing.store.settings(typed.asker.workspace)
        done = await self._records.move_phase(
            typed.asker.workspace,
            customer.id,
            move.onboarding,
            phase_named(move.phase, settings.phases),
            self._by(typed),
        )
        return self._receipt(typed.asker, done)

    async def onboarding(self, typed: Typed) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        _, rest = action_of(typed.words, ("start",), "onboarding start acme")
        customer, taken = await self._writing.about(typed, rest[:1])
        if customer is None:
            return await self._forms.opened(typed.asker, typed.trigger_id, "onboarding", None, {})
        settings = await self._writing.store.settings(typed.asker.workspace)
        name = " ".join(word.text for word in rest[taken:])
        first = settings.phases[0] if settings.phases else None
        done = await self._records.start_onboarding(typed.asker.workspace, customer.id, name, first, self._by(typed))
        return self._receipt(typed.asker, done)

    async def task(self, typed: Typed) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        action, rest = action_of(typed.words, edits.TASK_ACTIONS, 'task add acme "Send the contract"')
        customer, taken = await self._writing.about(typed, rest[:1])
        if customer is None or not rest[taken:]:
            return await self._forms.opened(typed.asker, typed.trigger_id, f"task_{action}", customer, {})
        task = edits.parse_task(rest[taken:])
        workspace, by = typed.asker.workspace, self._by(typed)
        if action == edits.DONE:
            done = await self._records.complete_task(workspace, customer.id, task.title, by)
        elif action == edits.REOPEN:
            done = await self._records.reopen_task(workspace, customer.id, task.title, by)
        else:
            assignee = task.assignee and await self._writing.with_people(typed.asker, task.assignee)
            done = await self._records.add_task(workspace, customer.id, task.title, by, due=task.due, assignee=assignee)
        return self._receipt(typed.asker, done)

    async def contact(self, typed: Typed) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        action, rest = action_of(typed.words, edits.CONTACT_ACTIONS, 'contact add acme "Ann Lee" ann@acme.com')
        customer, taken = await self._writing.about(typed, rest[:1])
        if customer is None or not rest[taken:]:
            return await self._forms.opened(typed.asker, typed.trigger_id, f"contact_{action}", customer, {})
        words = edits.parse_contact(rest[taken:])
        workspace, by = typed.asker.workspace, self._by(typed)
        if action == "add":
            done = await self._records.add_contact(
                workspace, customer.id, words.name, words.email, by, primary=words.primary
            )
        elif action == "delete":
            return await self._confirming(typed.asker, customer, words.email or words.name)
        elif action == "archive":
            done = await self._records.archive_contact(workspace, customer.id, words.email or words.name, by)
        else:
            done = await self._records.restore_contact(workspace, customer.id, words.email or words.name, by)
        return self._receipt(typed.asker, done)

    async def _confirming(self, asker: Asker, customer: CustomerName, which: str) -> Message:
        """Erasing cannot be taken back: it is done by a button that asks once more."""
        known = await self._records.contact(asker.workspace, customer.id, which)
        return erase_question(customer, known)

    async def erased(self, asker: Asker, action: Json) -> Message:
        await self._writing.allow(asker, "edit")
        customer_id, contact_id = action["value"].split(" ", 1)
        by = self._writing.by(asker, f"erase:{contact_id}")
        done = await self._records.erase_contact(asker.workspace, customer_id, contact_id, by)
        self._recall()
        return said(erased(done))

    async def undo(self, typed: Typed) -> Message:
        await self._writing.allow(typed.asker, "edit")
        if typed.words:
            raise UsageError(
                "`undo` takes nothing else.", "It takes back your last edit; for another one open `/pivotal history`."
            )
        return self._receipt(typed.asker, await self._records.undo(typed.asker.workspace, self._by(typed)))

    async def reverted(self, asker: Asker, action: Json) -> Message:
        """The Undo of a receipt, and the Revert of an entry. Pressed twice, it is done once: the second finds it taken back."""
        await self._writing.allow(asker, "edit")
        try:
            customer_id, seqs = read_seqs(action["value"])
        except ValueError:
            raise Refused("That button leads nowhere any more.", "Nothing was changed.") from None
        by = self._writing.by(asker, None)
        return self._receipt(asker, await self._records.revert(asker.workspace, customer_id, seqs, by))

    def _by(self, typed: Typed) -> By:
        return self._writing.by(typed.asker, f"command:{typed.trigger_id}")

    def _receipt(self, asker: Asker, done: Receipt) -> Message:
        return receipt(done, asker.reader.zone)


def phase_named(typed: str, phases: Sequence[str]) -> str:
    """The workspace's own spelling of a phase; one that it does not know stays as it was typed."""
    return next((each for each in phases if each.casefold() == typed.casefold()), typed)


def register(bolt: AsyncApp, answers: Answers, edits_: Edits) -> None:
    @bolt.action(UNDO)
    async def undone(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: edits_.reverted(asker, action))

    @bolt.action(ERASE)
    async def erased(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: edits_.erased(asker, action))

    @bolt.action(re.compile(f"^{REVERT}:"))
    async def reverted(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.add(ack, body, lambda asker: edits_.reverted(asker, action))
