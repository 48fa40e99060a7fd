"""Forms: what was left out of a command is asked for in a modal, which sends the same values to the same writes."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import limits
from bot.answers import Answers, Json
from bot.blocks import forms as form
from bot.blocks import kit
from bot.blocks.kit import Block, Message
from bot.blocks.picker import customer_options
from bot.blocks.receipt import told
from bot.directory import Asker
from bot.listeners.typed import Writing
from bot.slack import Slack
from store.domain.errors import NotFound, UsageError
from store.domain.grammar.edits import format_assignments, parse_assignments
from store.domain.query import CustomerName
from store.domain.record import By, Receipt
from store.domain.words import words

SAVE: Final = "form:save:"
OPEN: Final = "form:open:"
CHOOSE: Final = "form:choose"
CUSTOMER: Final = "customer"
ASKED: Final = "asked"

Given = Mapping[str, Any]
"""What was understood already, and ids of what the form is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A form that was sent in. extra: what its build had put aside, ids and digests only."""

    asker: Asker
    customer_id: str
    answers: Mapping[str, str]
    extra: Mapping[str, Any]
    by: By


@dataclass(frozen=True, slots=True)
class Form:
    """build: (asker, customer's id, given) → the inputs, and what to put aside. save: what was sent in → its receipt."""

    title: str
    build: Callable[[Asker, str, Given], Awaitable[tuple[Sequence[Block], Mapping[str, object]]]]
    save: Callable[[Asked], Awaitable[Receipt | str]]
    needs_customer: bool = True
    admin: bool = False
    submit: str = "Save"


class Forms:
    def __init__(self, writing: Writing, slack: Slack) -> None:
        self.writing = writing
        self._slack = slack
        self._known: dict[str, Form] = {}

    def add(self, kinds: Mapping[str, Form]) -> None:
        self._known |= kinds

    async def opened(
        self,
        asker: Asker,
        trigger_id: str,
        name: str,
        customer: CustomerName | None,
        given: Given,
        *,
        onto: bool = False,
    ) -> Message | None:
        """Open a form; one that asks for the customer first, where none is known. onto: a modal that is open."""
        if self._form(name).needs_customer and customer is None:
            blocks = [form.asked(CUSTOMER, "Customer", form.customer(), optional=False)]
            if written := format_assignments(given.get("asked", ())):
                blocks.append(form.asked(ASKED, "What to set", form.text(written[: limits.INPUT_TEXT], long=True)))
            view = form.modal("Which customer?", CHOOSE, blocks, {"form": name, "channel": asker.channel}, "Next")
        else:
            view = await self.view(asker, name, customer.id if customer else "", given)
        await self._slack.open_view(asker.workspace, trigger_id, view, onto=onto)
        return None

    async def view(self, asker: Asker, name: str, customer_id: str, given: Given) -> Json:
        kind = self._form(name)
        await self._allow(asker, kind)
        blocks, extra = await kind.build(asker, customer_id, given)
        aside = {"customer": customer_id, "channel": asker.channel, **extra}
        return form.modal(kind.title, f"{SAVE}{name}", blocks, aside, kind.submit)

    def _form(self, name: str) -> Form:
        if name not in self._known:
            raise NotFound("I don't know that form.", "Type the command again.")
        return self._known[name]

    async def _allow(self, asker: Asker, kind: Form) -> None:
        if kind.admin:
            await self.writing.allow_admin(asker)
        else:
            await self.writing.allow(asker, "edit")

    async def chosen(self, asker: Asker, view: Json) -> Json:
        """The customer was chosen: the form itself, filled with what had been typed."""
        aside = form.metadata(view)
        answers = form.answers(view)
        asked = parse_assignments(words(answers.get(ASKED, ""), escaped=False))
        return await self.view(
            _in(asker, aside), aside["form"], required(answers, CUSTOMER, "Customer"), {"asked": asked}
        )

    async def saved(self, asker: Asker, view: Json) -> Json:
        """A form was sent in: what it came to."""
        aside = form.metadata(view)
        asker = _in(asker, aside)
        kind = self._form(view["callback_id"].removeprefix(SAVE))
        await self._allow(asker, kind)
        by = self.writing.by(asker, f"view:{view['id']}:{view['hash']}", **aside.get("refs", {}))
        answers = form.answers(view)
        asked = Asked(asker=asker, customer_id=aside["customer"], answers=answers, extra=aside, by=by)
        done = await kind.save(asked)
        if isinstance(done, str):
            return form.told("Done", [kit.section(kit.plain(done))])
        hint = [kit.context(kit.mrkdwn("`/pivotal undo` takes it back within the hour."))] if done.recorded else []
        return form.told("Saved" if done.recorded else "Nothing changed", [*told(done, asker.reader.zone), *hint])


def _in(asker: Asker, aside: Mapping[str, Any]) -> Asker:
    """The asker where the form was opened: what is sent in does not say it."""
    return replace(asker, channel=aside.get("channel"))


def open_button(label: str, name: str, customer_id: str, ident: str = "") -> kit.Element:
    """A button that opens a form, for one customer or one thing of theirs."""
    return kit.button(label, f"{OPEN}{name}:{ident}"[:255], f"{customer_id} {ident}".strip())


def register(bolt: AsyncApp, answers: Answers, forms: Forms) -> None:
    store = forms.writing.store

    @bolt.action(re.compile(f"^{OPEN}"))
    async def opened(ack: AsyncAck, body: Json, action: Json) -> None:
        async def work(asker: Asker) -> Message | None:
            name = action["action_id"].removeprefix(OPEN).split(":", 1)[0]
            customer_id, _, ident = action["value"].partition(" ")
            customer = None if customer_id == "-" else CustomerName(customer_id, "", "")
            onto = (body.get("view") or {}).get("type") == "modal"
            return await forms.opened(asker, body["trigger_id"], name, customer, {"id": ident}, onto=onto)

        await answers.add(ack, body, work)

    @bolt.view(CHOOSE)
    async def chosen(ack: AsyncAck, body: Json, view: Json) -> None:
        await answers.submitted(ack, body, lambda asker: forms.chosen(asker, view))

    @bolt.view(re.compile(f"^{SAVE}"))
    async def saved(ack: AsyncAck, body: Json, view: Json) -> None:
        await answers.submitted(ack, body, lambda asker: forms.saved(asker, view))

    @bolt.options(form.CUSTOMER)
    async def customers(ack: AsyncAck, body: Json) -> None:
        async def work(asker: Asker) -> Sequence[Json]:
            return customer_options(await store.customer_choices(asker.workspace, kit.one_line(body["value"])))

        await answers.offer(ack, body, work)

    @bolt.options(form.PERSON)
    async def people(ack: AsyncAck, body: Json) -> None:
        async def work(asker: Asker) -> Sequence[Json]:
            found = await store.people(asker.workspace, kit.one_line(body["value"]))
            return [kit.option(kit.one_line(each.label) or "–", each.word) for each in found]

        await answers.offer(ack, body, work)


def required(answers: Mapping[str, str], name: str, label: str) -> str:
    """raises UsageError, for an input that was left empty."""
    if not answers.get(name, "").strip():
        raise UsageError(f"{label} is empty.")
    return answers[name]
