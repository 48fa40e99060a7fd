"""Writing the record: each method reads the customer under its lock, computes what really changes, and writes record and log at once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from store import erasure
from store.domain.customer import Assignment, Customer, Field, FieldType
from store.domain.query import CustomerName
from store.domain.record import Blame, By, Card, Comment, Contact, Onboarding, Receipt, Task, Then
from store.engine import Database
from store.records import card, comment, contact, customer, onboarding, timeline
from store.records.recording import custom_fields, customer_of

__all__ = ["Records"]


class Records:
    """The record of each customer, and its writing. Every method is one transaction, scoped by a workspace's id.

    customer_id is an id as `Store.find_customer` gives it. `which` is what a person said of a task, contact or onboarding: id or name.
    expected: the digest (domain/customer.py) of what a form showed; Conflict, when that has changed meanwhile.
    Writes return a Receipt whose `recorded` is empty when nothing changed. They raise UsageError, NotFound, Ambiguous, Conflict, Refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading ---

    async def card(self, workspace: str, customer_id: str) -> Card:
        return await self._database.read(lambda c: card.card(c, workspace, customer_id), workspace)

    async def customer(self, workspace: str, customer_id: str) -> Customer:
        return await self._database.read(lambda c: customer_of(c, workspace, customer_id), workspace)

    async def fields(self, workspace: str) -> Sequence[Field]:
        """The workspace's custom fields."""
        return await self._database.read(lambda c: custom_fields(c, workspace), workspace)

    async def tasks(self, workspace: str, customer_id: str) -> Sequence[Task]:
        return await self._database.read(lambda c: onboarding.tasks(c, workspace, customer_id), workspace)

    async def onboardings(self, workspace: str, customer_id: str) -> Sequence[Onboarding]:
        return await self._database.read(lambda c: onboarding.onboardings(c, workspace, customer_id), workspace)

    async def contacts(self, workspace: str, customer_id: str) -> Sequence[Contact]:
        return await self._database.read(lambda c: contact.contacts(c, workspace, customer_id), workspace)

    async def contact(self, workspace: str, customer_id: str, which: str) -> Contact:
        return await self._database.read(lambda c: contact.chosen(c, workspace, customer_id, which), workspace)

    async def comment(self, workspace: str, customer_id: str, comment_id: str) -> Comment:
        return await self._database.read(lambda c: comment.one(c, workspace, customer_id, comment_id), workspace)

    async def owned(self, workspace: str, owner: str, limit: int) -> Sequence[CustomerName]:
        """The customers of this owner, given as a reference."""
        return await self._database.read(lambda c: customer.mine(c, workspace, owner, limit), workspace)

    async def lately_changed(self, workspace: str, limit: int) -> Sequence[CustomerName]:
        """The customers that people edited last, the latest first."""
        return await self._database.read(lambda c: customer.lately_changed(c, workspace, limit), workspace)

    async def blame(self, workspace: str, customer_id: str, field: str | None = None) -> Blame:
        return await self._database.read(lambda c: timeline.blame(c, workspace, customer_id, field), workspace)

    async def then(self, workspace: str, customer_id: str, at: datetime) -> Then:
        return await self._database.read(lambda c: timeline.then(c, workspace, customer_id, at), workspace)

    # --- customers ---

    async def edit(
        self,
        workspace: str,
        customer_id: str,
        asked: Sequence[Assignment],
        by: By,
        *,
        expected: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Set fields, status among them, all or none. expected: digests of what a form showed of them. reason: why the status moves."""
        return await self._database.write(
            lambda c: customer.edit(c, workspace, customer_id, asked, by, expected=expected, reason=reason), workspace
        )

    async def add_customer(self, workspace: str, name: str, asked: Sequence[Assignment], by: By) -> Receipt:
        return await self._database.write(lambda c: customer.add(c, workspace, name, asked, by), workspace)

    async def link(self, workspace: str, channel: str, customer_id: str | None, by: By) -> Receipt | None:
        """Bind a Slack channel to a customer; None unbinds it, and returns None when it was not bound."""
        return await self._database.write(lambda c: customer.link(c, workspace, channel, customer_id, by), workspace)

    async def define_field(self, workspace: str, name: str, kind: FieldType, choices: Sequence[str]) -> Field:
        return await self._database.write(lambda c: customer.define_field(c, workspace, name, kind, choices), workspace)

    # --- onboardings and tasks ---

    async def start_onboarding(self, workspace: str, customer_id: str, name: str, phase: str | None, by: By) -> Receipt:
        return await self._database.write(
            lambda c: onboarding.start(c, workspace, customer_id, name, phase, by), workspace
        )

    async def move_phase(
        self,
        workspace: str,
        customer_id: str,
        which: str | None,
        phase: str,
        by: By,
        *,
        expected: str | None = None,
    ) -> Receipt:
        return await self._database.write(
            lambda c: onboarding.move(c, workspace, customer_id, which, phase, by, expected=expected), workspace
        )

    async def add_task(
        self,
        workspace: str,
        customer_id: str,
        title: str,
        by: By,
        *,
        due: date | None = None,
        assignee: str | None = None,
        onboarding_: str | None = None,
    ) -> Receipt:
        return await self._database.write(
            lambda c: onboarding.add_task(
                c, workspace, customer_id, title, by, due=due, assignee=assignee, onboarding=onboarding_
            ),
            workspace,
        )

    async def complete_task(self, workspace: str, customer_id: str, which: str, by: By) -> Receipt:
        return await self._database.write(
            lambda c: onboarding.turn_task(c, workspace, customer_id, which, "done", by), workspace
        )

    async def reopen_task(self, workspace: str, customer_id: str, which: str, by: By) -> Receipt:
        return await self._database.write(
            lambda c: onboarding.turn_task(c, workspace, customer_id, which, "open", by), workspace
        )

    async def update_task(
        self,
        workspace: str,
        customer_id: str,
        task_id: str,
        by: By,
        *,
        title: str,
        due: date | None,
        assignee: str | None,
        expected: str | None = None,
    ) -> Receipt:
        return await self._database.write(
            lambda c: onboarding.update_task(
                c, workspace, customer_id, task_id, by, title=title, due=due, assignee=assignee, expected=expected
            ),
            workspace,
        )

    # --- contacts ---

    async def add_contact(
        self, workspace: str, customer_id: str, name: str, email: str | None, by: By, *, primary: bool = False
    ) -> Receipt:
        return await self._database.write(
            lambda c: contact.add(c, workspace, customer_id, name, email, by, primary=primary), workspace
        )

    async def archive_contact(self, workspace: str, customer_id: str, which: str, by: By) -> Receipt:
        return await self._database.write(
            lambda c: contact.turn(c, workspace, customer_id, which, "archived", by), workspace
        )

    async def restore_contact(self, workspace: str, customer_id: str, which: str, by: By) -> Receipt:
        return await self._database.write(
            lambda c: contact.turn(c, workspace, customer_id, which, "active", by), workspace
        )

    async def update_contact(
        self,
        workspace: str,
        customer_id: str,
        contact_id: str,
        by: By,
        *,
        name: str,
        email: str | None,
        primary: bool,
        expected: str | None = None,
    ) -> Receipt:
        return await self._database.write(
            lambda c: contact.update(
                c, workspace, customer_id, contact_id, by, name=name, email=email, primary=primary, expected=expected
            ),
            workspace,
        )

    async def erase_contact(self, workspace: str, customer_id: str, which: str, by: By) -> Receipt:
        """Erase a contact for good: see store/erasure.py. Whoever is archived only keeps their name. `Store.recalling` does the rest."""
        contact, found = await self._database.read(lambda c: erasure.scan(c, workspace, customer_id, which), workspace)
        return await self._database.write(
            lambda c: erasure.erase(c, workspace, customer_id, contact.id, found, by), workspace
        )

    # --- comments ---

    async def add_comment(
        self, workspace: str, customer_id: str, text: str, by: By, *, onboarding_: str | None = None
    ) -> Receipt:
        return await self._database.write(
            lambda c: comment.add(c, workspace, customer_id, text, by, onboarding=onboarding_), workspace
        )

    async def edit_comment(
        self, workspace: str, customer_id: str, comment_id: str, text: str, by: By, *, expected: str | None = None
    ) -> Receipt:
        return await self._database.write(
            lambda c: comment.edit(c, workspace, customer_id, comment_id, text, by, expected=expected), workspace
        )

    async def delete_comment(self, workspace: str, customer_id: str, comment_id: str, by: By) -> Receipt:
        return await self._database.write(
            lambda c: comment.delete(c, workspace, customer_id, comment_id, by), workspace
        )

    # --- taking back ---

    async def revert(self, workspace: str, customer_id: str, seqs: Sequence[int], by: By) -> Receipt:
        return await self._database.write(lambda c: timeline.revert(c, workspace, customer_id, seqs, by), workspace)

    async def undo(self, workspace: str, by: By) -> Receipt:
        """Take back this person's last edit, within the hour."""
        return await self._database.write(lambda c: timeline.undo(c, workspace, by), workspace)
