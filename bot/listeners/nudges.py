"""`/pivotal nudges`: when Pi looks after the customers, and how that goes; and what people do with a nudge."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks import nudge as blocks
from bot.blocks import nudges as list_blocks
from bot.blocks.kit import Message
from bot.directory import Asker
from bot.jobs.deliver import sentence
from bot.listeners.channels import may_post
from bot.listeners.forms import Forms, open_button
from bot.listeners.history import History, said
from bot.listeners.typed import Handler, Typed, Writing
from bot.slack import Slack
from store.domain.errors import NotFound
from store.domain.grammar import parse_filter
from store.domain.grammar.nudges import (
    Health,
    Listed,
    NewSchedule,
    RunNow,
    Turn,
    format_cadence,
    parse_nudges,
)
from store.domain.nudge import NudgeState
from store.domain.scope import Scope
from store.nudging import Schedule, Settling, Terms
from store.nudging.schedules import DIGEST, NUDGES, ONCE

DAYS: Final = 30
"""Of the outcomes that `nudges health` tells."""
STATES: Final = {"pause": "paused", "resume": "active", "delete": "deleted"}
SAID: Final = {"paused": "is paused", "active": "runs again", "deleted": "is deleted"}
SHARED: Final = "People outside your company read that channel, or are invited to: Pi posts nothing there. Each customer's owner gets theirs anyway."


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """Called when something has become due."""

    look: Callable[[], None]
    send: Callable[[], None]


class Nudges:
    """Whoever may change records may say when Pi looks at them, and settle what it found."""

    def __init__(
        self,
        writing: Writing,
        forms: Forms,
        slack: Slack,
        history: History,
        clock: Callable[[], datetime],
        woken: Woken,
    ) -> None:
        self.writing = writing
        self._store = writing.store
        self._forms = forms
        self._slack = slack
        self._history = history
        self._clock = clock
        self._woken = woken

    def handlers(self) -> dict[str, Handler]:
        return {"nudges": self.typed}

    async def typed(self, typed: Typed) -> Message | None:
        asker = typed.asker
        match parse_nudges(typed.words):
            case Listed():
                return await self.listed(asker)
            case Health():
                return await self.health(asker)
            case NewSchedule() as asked:
                scope = await self._scope(asker, asked.scope)
                kind, cadence = (DIGEST if asked.digest else NUDGES), format_cadence(asked.cadence)
                return await self.scheduled(
                    asker, Terms(kind=kind, cadence=cadence, channel=asked.channel, kinds=asked.kinds, scope=scope)
                )
            case RunNow(channel=channel, kinds=kinds, scope=scope):
                scope = await self._scope(asker, scope)
                return await self.run(asker, Terms(kind=ONCE, channel=channel, kinds=kinds, scope=scope))
            case Turn(action=action, number=number):
                return await self.turned(asker, number, STATES[action])

    async def _scope(self, asker: Asker, scope: Scope) -> Scope:
        """With a person whom Slack marks as a reference; names the store looks up."""
        if scope.owner is None:
            return scope
        return replace(scope, owner=await self.writing.with_people(asker, scope.owner))

    # --- schedules ---

    async def listed(self, asker: Asker) -> Message:
        await self.writing.allow(asker, "view")
        found = await self._store.nudging.schedules(asker.workspace)
        refs = {ref for each in found for ref in (each.made_by, each.scope.owner) if ref}
        names = dict(await self._store.names(asker.workspace, refs))
        for ident in {each.scope.customer for each in found if each.scope.customer}:
            names[ident] = (await self._store.find_customer(asker.workspace, ident)).name
        zone = (await self._store.settings(asker.workspace)).nudges.zone
        rows = [
            (each.number, _told(each, zone, names), each.state, each.channel, names.get(each.made_by, "Somebody"))
            for each in found
        ]
        return list_blocks.listed(rows, open_button("New schedule…", list_blocks.NEW, "-"))

    async def scheduled(self, asker: Asker, terms: Terms, number: int | None = None) -> Message:
        """A new schedule, or other terms for the one of this number."""
        await self.writing.allow(asker, "edit")
        await may_post(self._slack, asker, terms.channel, SHARED)
        by, now = self.writing.by(asker, None), self._clock()
        if number is None:
            made = await self._store.nudging.add_schedule(
                asker.workspace, terms, zone=asker.reader.zone.key, by=by, now=now
            )
        else:
            made = await self._store.nudging.alter_schedule(asker.workspace, number, terms, by, now)
        zone = (await self._store.settings(asker.workspace)).nudges.zone
        names = await self._store.names(asker.workspace, [made.scope.owner] if made.scope.owner else [])
        if made.scope.customer:
            customer = await self._store.find_customer(asker.workspace, made.scope.customer)
            names = {**names, customer.id: customer.name}
        return said(f"Schedule {made.number} is set. {_told(made, zone, names)}.")

    async def run(self, asker: Asker, terms: Terms = Terms(kind=ONCE)) -> Message:  # noqa: B008 - frozen
        await self.writing.allow(asker, "edit")
        await may_post(self._slack, asker, terms.channel, SHARED)
        by, zone = self.writing.by(asker, None), asker.reader.zone.key
        await self._store.nudging.add_schedule(asker.workspace, terms, zone=zone, by=by, now=self._clock())
        self._woken.look()
        return said(
            "Pi looks at the customers now. What it finds is posted at once; what stands already is not posted again."
        )

    async def name(self, asker: Asker, ref: str) -> str:
        return (await self._store.names(asker.workspace, [ref])).get(ref, "Somebody")

    async def schedule(self, asker: Asker, number: int) -> Schedule:
        """raises NotFound"""
        found = await self._store.nudging.schedules(asker.workspace)
        one = next((each for each in found if each.number == number), None)
        if one is None:
            raise NotFound(f"There is no schedule {number}.", "`/pivotal nudges` lists them.")
        return one

    async def turned(self, asker: Asker, number: int, state: str) -> Message:
        await self.writing.allow(asker, "edit")
        await self._store.nudging.turn(asker.workspace, number, state, self._clock())
        return said(f"Schedule {number} {SAID[state]}.")

    async def from_menu(self, asker: Asker, body: Json, action: Json) -> Message | None:
        number, state = action["selected_option"]["value"].split(" ")
        if state == list_blocks.EDIT:
            await self.form(asker, body, list_blocks.NEW, number)
            return None
        await self.turned(asker, int(number), state)
        return await self.listed(asker)

    async def health(self, asker: Asker) -> Message:
        await self.writing.allow(asker, "view")
        found = await self._store.nudging.health(asker.workspace, self._clock() - timedelta(days=DAYS))
        errors = [f"{count} times: {sentence(error or '')}" for _, error, count in found.errors]
        return list_blocks.health(found, DAYS, errors if asker.person.is_admin else ())

    # --- one nudge ---

    async def done(self, asker: Asker, nudge_id: str) -> None:
        await self.settle(asker, nudge_id, Settling(state=NudgeState.DONE))

    async def settle(self, asker: Asker, nudge_id: str, wanted: Settling) -> None:
        await self.writing.allow(asker, "edit")
        by = self.writing.by(asker, None)
        await self._store.nudging.settle(asker.workspace, nudge_id, wanted, by, self._clock())
        self._woken.send()

    async def assign(self, asker: Asker, nudge_id: str, person: str) -> None:
        await self.writing.allow(asker, "edit")
        await self._store.nudging.assign(asker.workspace, nudge_id, person, self.writing.by(asker, None))
        self._woken.send()

    async def history(self, asker: Asker, nudge_id: str) -> Message:
        """The slice of the history that it rests on."""
        await self.writing.allow(asker, "view")
        found = await self._store.nudging.kept(asker.workspace, nudge_id)
        return await self._history.shown(asker, replace(parse_filter(found.about), customer=found.customer.id))

    async def shown(self, asker: Asker, nudge_id: str) -> Message:
        await self.writing.allow(asker, "view")
        return blocks.nudge(await self._store.nudging.kept(asker.workspace, nudge_id), asker.reader.zone)

    async def form(self, asker: Asker, body: Json, name: str, nudge_id: str) -> None:
        await self._forms.opened(asker, body["trigger_id"], name, None, {"id": nudge_id})


def _told(each: Schedule, zone: str | None, names: Mapping[str, str]) -> str:
    kinds = [kind.value for kind in each.kinds]
    return list_blocks.what_it_does(each.kind, each.cadence, zone or each.zone, kinds, each.scope, names)


def register(bolt: AsyncApp, answers: Answers, nudges: Nudges) -> None:
    async def settled(ack: AsyncAck, body: Json, nudge_id: str, work: Callable[[Asker], Awaitable[None]]) -> None:
        """The message changes for everyone by the outbox; a copy that only one person sees, by its own answer."""

        async def quietly(asker: Asker) -> Message | None:
            await work(asker)
            return None

        async def in_place(asker: Asker) -> Message:
            await work(asker)
            return await nudges.shown(asker, nudge_id)

        if body["container"].get("is_ephemeral"):
            await answers.replace(ack, body, in_place)
        else:
            await answers.add(ack, body, quietly)

    @bolt.action(blocks.DONE)
    async def done(ack: AsyncAck, body: Json, action: Json) -> None:
        await settled(ack, body, action["value"], lambda asker: nudges.done(asker, action["value"]))

    @bolt.action(blocks.SNOOZE)
    async def snoozed(ack: AsyncAck, body: Json, action: Json) -> None:
        nudge_id, how_long = action["selected_option"]["value"].split(" ")

        async def work(asker: Asker) -> None:
            if how_long == blocks.UNTIL:
                await nudges.form(asker, body, "nudge_snooze", nudge_id)
                return
            until = asker.reader.now + timedelta(days=int(how_long))
            await nudges.settle(asker, nudge_id, Settling(state=NudgeState.SNOOZED, until=until))

        if how_long == blocks.UNTIL:
            await opened(ack, body, work)
        else:
            await settled(ack, body, nudge_id, work)

    async def opened(ack: AsyncAck, body: Json, work: Callable[[Asker], Awaitable[None]]) -> None:
        async def modal(asker: Asker) -> Message | None:
            await work(asker)
            return None

        await answers.add(ack, body, modal)

    @bolt.action(blocks.DISMISS)
    async def dismissed(ack: AsyncAck, body: Json, action: Json) -> None:
        await opened(ack, body, lambda asker: nudges.form(asker, body, "nudge_dismiss", action["value"]))

    @bolt.action(blocks.ASSIGN)
    async def assigned(ack: AsyncAck, body: Json, action: Json) -> None:
        await opened(ack, body, lambda asker: nudges.form(asker, body, "nudge_assign", action["value"]))

    @bolt.action(blocks.HISTORY)
    async def history(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.add(ack, body, lambda asker: nudges.history(asker, action["value"]))

    @bolt.action(re.compile(f"^{blocks.OPEN}:"))
    async def shown(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.add(ack, body, lambda asker: nudges.shown(asker, action["value"]))

    @bolt.action(re.compile(f"^{list_blocks.MENU}:"))
    async def menu(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: nudges.from_menu(asker, body, action))

    @bolt.action(list_blocks.RUN)
    async def run(ack: AsyncAck, body: Json) -> None:
        await answers.add(ack, body, nudges.run)
