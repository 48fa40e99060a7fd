"""What a person sees at one moment, a message, a modal or the Home tab, and what can be done with it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot import limits
from bot.sandbox import inputs, payloads, submissions
from bot.sandbox.inputs import BUTTONS, Control, Named, NotOnScreen
from bot.sandbox.reading import read
from bot.sandbox.rules import Block, judge_options
from bot.sandbox.rules.objects import options_of

if TYPE_CHECKING:
    from bot.sandbox.core import Interaction
    from bot.sandbox.person import Person
    from bot.sandbox.transport import Delivery
    from bot.sandbox.workspace import Message, View


@dataclass(frozen=True, slots=True)
class Shown:
    """A snapshot: it stays as it was when the message changes afterwards."""

    person: Person = field(repr=False)
    text: str = ""
    blocks: Sequence[Block] = ()
    ephemeral: bool = False
    message: Message | None = field(default=None, repr=False)
    view: View | None = field(default=None, repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)
    """What a submission was refused for, by block_id."""
    closed: bool = False
    """The message was deleted, or the modal was closed: nothing is left to be seen."""
    interaction: Interaction | None = field(default=None, repr=False)
    delivery: Delivery | None = field(default=None, repr=False)
    """The request that led here, with its ack's status and time."""
    seen: int = field(default=0, repr=False)

    @classmethod
    def of_message(cls, person: Person, message: Message, **came_by: Any) -> Shown:
        return cls(
            person,
            text=message.text,
            blocks=copy.deepcopy(message.blocks),
            ephemeral=message.ephemeral_to is not None,
            message=message,
            **came_by,
        )

    @classmethod
    def of_view(cls, person: Person, view: View, **came_by: Any) -> Shown:
        title = view.content.get("title", {}).get("text", "")
        return cls(
            person, text=title, blocks=copy.deepcopy(view.blocks), view=view, errors=dict(view.errors), **came_by
        )

    @property
    def plain(self) -> str:
        """All that can be read on it, controls too, a line per piece."""
        return self._read(with_controls=True)

    @property
    def prose(self) -> str:
        """The same without buttons and menus."""
        return self._read(with_controls=False)

    def _read(self, *, with_controls: bool) -> str:
        names, dates = self.person.slack.workspace.names, self.person.reads_date
        title = self.text if self.view is not None else ""
        body = read(self.blocks, "" if title else self.text, names, dates=dates, with_controls=with_controls)
        return "\n".join(filter(None, [title, body]))

    @property
    def buttons(self) -> list[str]:
        return [label for each in inputs.controls(self.blocks) if each.kind in BUTTONS for label in each.labels]

    def control(self, name: str = "", **named: Any) -> Control:
        """A control by what is written on it, its placeholder or its action_id, or as `Named` says. raises NotOnScreen."""
        return inputs.find(self.blocks, Named(name, **named))

    def replaces(self, other: Shown) -> bool:
        """Whether this is the same message (or view), changed in place."""
        if self.message is not None and other.message is not None:
            return self.message.key == other.message.key
        return self.view is not None and other.view is not None and self.view.id == other.view.id

    async def later(self) -> Shown:
        """The next thing that the app shows in answer to the same command or click."""
        assert self.interaction is not None
        assert self.delivery is not None
        return await self.person.settled(self.interaction, self.delivery, after=self.seen)

    def now(self) -> Shown:
        """The same message or view as it stands now."""
        if self.view is not None:
            return Shown.of_view(self.person, self.view)
        assert self.message is not None
        if self.message.key not in self.person.slack.workspace.messages:
            return Shown(self.person, closed=True)
        return Shown.of_message(self.person, self.message)

    async def click(self, name: str = "", **named: Any) -> Shown:
        """Press a button, by its label or action_id. Where several share these, `beside=` names words in the same block, and `nth=`
        counts from 1: `click("Details", nth=2)`.
        """
        return await self._settle(*await self._act(*self._button(Named(name, **named))))

    async def choose(self, name: str, picks: str | Sequence[str], *, typed: str | None = None) -> Shown:
        """Pick options of a menu by their labels: all that are then picked, or the one of a single menu.

        typed   what is typed to search an external menu; the label when left out.
        """
        control = self.control(name)
        return await self._change(control, await self._picked(control, picks, typed))

    async def pick_date(self, name: str, day: str) -> Shown:
        return await self._change(self.control(name), day)

    async def fill(self, name: str, value: Any) -> Shown:
        """Write into an input, or pick people or channels by id, several as a list. An empty text empties it."""
        return await self._change(self.control(name), None if value == "" else value)

    async def menu(self, label: str, **named: Any) -> Shown:
        """Pick an entry of an overflow menu."""
        return await self._settle(*await self._act(*inputs.find_in_overflow(self.blocks, Named(label, **named))))

    async def press(self, name: str = "", **named: Any) -> Delivery:
        """Press a button, or an entry of an overflow menu, without waiting for more than the ack."""
        wanted = Named(name, **named)
        found = inputs.find_in_overflow(self.blocks, wanted) if self._is_entry(wanted) else self._button(wanted)
        return (await self._act(*found))[1]

    async def pick(self, name: str, label: str) -> Delivery:
        """Pick one option of a menu, without waiting for more than the ack."""
        control = self.control(name)
        return (await self._act(control, await self._picked(control, label, None)))[1]

    def _is_entry(self, wanted: Named) -> bool:
        """Whether it is written on no control, so that it can only be in an overflow menu."""
        return bool(wanted.name) and not any(wanted.name in each.names for each in inputs.controls(self.blocks))

    def _button(self, wanted: Named) -> tuple[Control, dict[str, Any] | None]:
        control = inputs.find(self.blocks, wanted, kinds=BUTTONS)
        return control, control.pressed(wanted.name)

    async def options(self, name: str, *, typed: str = "") -> list[str]:
        """The labels that a menu offers when this is typed into it. An answer that Slack refuses shows as none."""
        return [inputs.option_label(each) for each in await self._offered(self.control(name), typed)]

    async def submit(self) -> Shown:
        """Send a modal in: shows it again with its errors, its successor, the one below, or nothing (`closed`)."""
        return await submissions.submit(self)

    async def close(self) -> Shown:
        """Close a modal; the app hears of it if it asked to be notified."""
        return await submissions.close(self)

    async def _offered(self, control: Control, typed: str) -> list[dict[str, Any]]:
        if control.kind not in inputs.EXTERNAL:
            return [
                each for each in options_of(control.element) if typed.casefold() in inputs.option_label(each).casefold()
            ]
        least = control.element.get("min_query_length", limits.MIN_QUERY_LENGTH_DEFAULT)
        if len(typed) < least:
            raise NotOnScreen(f"{control.names[0]!r} offers nothing before {least} characters are typed")
        core = self.person.slack.core
        interaction = self._begin(f"types {typed!r} into {control.names[0]!r}")
        block_id, action_id = control.key
        action = {"block_id": block_id, "action_id": action_id}
        payload = payloads.block_suggestion(core, interaction, action, typed)
        delivery = await self.person.deliver("options", payload)
        if not delivery.acked:
            return []
        if problems := judge_options(delivery.answer):
            core.refuse("options", problems, delivery.answer, interaction)
            return []
        return list(options_of(delivery.answer))

    async def _picked(self, control: Control, picks: str | Sequence[str], typed: str | None) -> Any:
        labels = [picks] if isinstance(picks, str) else picks
        found = []
        for label in labels:
            search = typed if typed is not None else label
            found.append(
                inputs.pick(await self._offered(control, search if control.kind in inputs.EXTERNAL else ""), label)
            )
        return found if control.kind in inputs.MANY else found[0]

    async def _change(self, control: Control, value: Any) -> Shown:
        """Remember what was picked; tell the app unless it waits in an input block for a submission."""
        surface = self.view or self.message
        assert surface is not None
        surface.chosen[control.key] = {"type": control.kind, inputs.VALUE_KEY[control.kind]: value}
        if control.block["type"] == "input" and not control.block.get("dispatch_action"):
            return self.now()
        return await self._settle(*await self._act(control, value))

    async def _act(self, control: Control, value: Any) -> tuple[Interaction, Delivery]:
        did = f"uses {control.names[0]!r}"
        interaction = self._begin(did)
        action = control.action(value, self.person.slack.workspace.new_ts())
        payload = payloads.block_actions(self.person.slack.core, interaction, action)
        # The body of a click's ack goes nowhere: Slack ignores it.
        return interaction, await self.person.deliver("block_actions", payload)

    async def _settle(self, interaction: Interaction, delivery: Delivery) -> Shown:
        return await self.person.settled(interaction, delivery)

    def _begin(self, did: str) -> Interaction:
        slack = self.person.slack
        channel = slack.workspace.channels[self.message.channel] if self.message is not None else None
        return slack.core.begin(
            did,
            self.person.user,
            channel=channel,
            message=self.message,
            view=self.view,
            responds=self.message is not None,
        )
