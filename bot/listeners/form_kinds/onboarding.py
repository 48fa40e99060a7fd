"""Onboardings and their tasks."""

from datetime import date

from bot.blocks import forms as form
from bot.blocks.kit import Block
from bot.directory import Asker
from bot.listeners.form_kinds.kinds import Built, Kinds
from bot.listeners.forms import Asked, Form, Given, required
from store.domain.customer import (
    digest,
)
from store.domain.errors import NotFound
from store.domain.record import Receipt


class Onboardings(Kinds):
    def kinds(self) -> dict[str, Form]:
        return {
            "phase": Form("Move phase", self._phase, self._save_phase),
            "onboarding": Form("Start an onboarding", self._onboarding, self._save_onboarding),
            "task_add": Form("Add a task", self._task, self._save_task),
            "task_edit": Form("Edit task", self._task_edit, self._save_task_edit),
            "task_done": Form("Complete a task", self._open_tasks, self._save_done),
            "task_reopen": Form("Reopen a task", self._done_tasks, self._save_reopen),
        }

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
        return await self._records.move_phase(
            asked.asker.workspace,
            asked.customer_id,
            asked.answers["onboarding"],
            asked.answers["phase"],
            asked.by,
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


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
