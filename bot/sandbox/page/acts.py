"""What a person does on the page → what Slack sends for it. Nothing here waits for more than the app's ack: what comes of it, the stream tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from bot import limits
from bot.sandbox import inputs, payloads, submissions
from bot.sandbox.core import Interaction
from bot.sandbox.inputs import Control, NotOnScreen
from bot.sandbox.page import shapes
from bot.sandbox.page.shapes import Json
from bot.sandbox.person import Person
from bot.sandbox.rules import judge_options
from bot.sandbox.rules.objects import options_of, same_option
from bot.sandbox.shown import Shown
from bot.sandbox.transport import Delivery, NoAnswer
from bot.sandbox.workspace import Channel, Message, View

if TYPE_CHECKING:
    from bot.sandbox.server import StandInSlack

LONGEST: Final = limits.TEXT_HARD


class Impossible(Exception):
    """Nobody could do that on the screen as it is; the message says why."""


class Acts:
    """commands: the app's slash commands. events: the types of the Events API that the app has subscribed to."""

    def __init__(self, slack: StandInSlack, *, commands: Iterable[str], events: Iterable[str]) -> None:
        self._slack = slack
        self._commands = frozenset(commands)
        self._events = frozenset(events)
        self._offered: dict[tuple[str, str, str], list[Any]] = {}

    async def say(self, user: str, channel: str, text: str, thread: str | None) -> Json:
        """Type into the composer: a command goes to the app, anything else stands there for all."""
        text = text.strip()
        if not text or len(text) > LONGEST:
            raise Impossible("A message has 1 to 40,000 characters.")
        person, here = self._person(user), self._channel(user, channel)
        if text.startswith("/"):
            return await self._command(person, here, text, thread)
        workspace = self._slack.workspace
        if thread is not None and (here.id, thread) not in workspace.messages:
            raise Impossible("That thread is gone.")
        written = payloads.escaped(workspace, text)
        message = Message(
            here.id, workspace.new_ts(), user, written, [], workspace.clock(), by_app=False, thread_ts=thread
        )
        workspace.post(message)
        return await self._told_of(message, here)

    async def _command(self, person: Person, here: Channel, text: str, thread: str | None) -> Json:
        name = text.split(maxsplit=1)[0]
        if thread is not None:
            raise Impossible(f"{name} is not supported in threads. Sorry!")
        if name not in self._commands:
            raise Impossible(f"{name} is not a valid command.")
        _, delivery = await person.types(text, channel=here)
        return _acked(delivery, f"{name} failed with the error “{delivery.error}”")

    async def _told_of(self, message: Message, here: Channel) -> Json:
        kind = (
            "message.im"
            if here.kind == "im"
            else "app_mention"
            if f"<@{self._slack.bot_user.id}" in message.text
            else None
        )
        if kind not in self._events:
            return {}
        event = {
            "type": kind.partition(".")[0],
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "channel": here.id,
            "event_ts": message.ts,
        }
        if kind == "message.im":
            event["channel_type"] = "im"
        if message.thread_ts:
            event["thread_ts"] = message.thread_ts
        await self._slack.event(event, ext_shared=here.ext_shared)
        return {}

    async def use(
        self, user: str, surface: Mapping[str, Any], block_id: str, action_id: str, value: Any, *, quiet: bool
    ) -> Json:
        """Press a button, or pick in a menu, a picker or an input. value: as `state.values` spells it; None for a button, and of feedback
        the side. quiet: it was typed, and the app hears of it only with what is sent later.
        """
        shown = self._surface(user, surface)
        control = _control(shown, block_id, action_id)
        value = self._value(surface, control, value)
        held = shown.view or shown.message
        if held is not None and control.kind in inputs.VALUE_KEY and control.kind != "overflow":
            held.chosen[control.key] = {"type": control.kind, inputs.VALUE_KEY[control.kind]: value}
        if quiet or (control.block["type"] == "input" and not control.block.get("dispatch_action")):
            return {}
        interaction = self._begin(shown, f"uses {control.names[0]!r}")
        action = control.action(value, self._slack.workspace.new_ts())
        payload = payloads.block_actions(self._slack.core, interaction, action)
        return _acked(await shown.person.deliver("block_actions", payload), "The app did not take that.")

    async def options(self, user: str, surface: Mapping[str, Any], block_id: str, action_id: str, typed: str) -> Json:
        """Type into a menu whose options the app gives."""
        shown = self._surface(user, surface)
        control = _control(shown, block_id, action_id)
        if control.kind not in inputs.EXTERNAL:
            raise Impossible("That menu has its options already.")
        core, interaction = self._slack.core, self._begin(shown, f"types {typed!r} into {control.names[0]!r}")
        payload = payloads.block_suggestion(core, interaction, {"block_id": block_id, "action_id": action_id}, typed)
        delivery = await shown.person.deliver("options", payload)
        answer = delivery.answer if delivery.acked else {}
        if delivery.acked and (problems := judge_options(answer)):
            core.refuse("options", problems, answer, interaction)
            answer = {}
        found = [*options_of(answer)] if isinstance(answer, dict) else []
        self._offered.setdefault(_key(surface, control), []).extend(found)
        return {key: answer[key] for key in ("options", "option_groups") if found and key in answer}

    async def submit(self, user: str, view: str) -> Json:
        try:
            await submissions.submit(self._modal(user, view))
        except NotOnScreen as error:
            raise Impossible(str(error)) from None
        except NoAnswer as error:
            return _acked(error.delivery, "We had some trouble connecting. Try again?") or {
                "failed": "The app answered with something that Slack refuses: see the inspector."
            }
        return {}

    async def close(self, user: str, view: str) -> Json:
        await submissions.close(self._modal(user, view))
        return {}

    async def home(self, user: str) -> Json:
        person = self._person(user)
        self._slack.core.begin("opens the Home tab", person.user, responds=False)
        if "app_home_opened" in self._events:
            await self._slack.event(payloads.home_opened(self._slack.core, person.user))
        return {}

    async def shortcut(self, user: str, callback_id: str, channel: str | None, ts: str | None) -> Json:
        person, core, workspace = self._person(user), self._slack.core, self._slack.workspace
        message = None if channel is None or ts is None else self._message(user, channel, ts)
        here = None if message is None else workspace.channels[message.channel]
        did = f"shortcut {callback_id}"
        interaction = core.begin(did, person.user, channel=here, message=message, responds=message is not None)
        payload = payloads.shortcut(core, interaction, callback_id, workspace.new_ts())
        return _acked(await person.deliver(payload["type"], payload), "The app did not take that.")

    async def dismiss(self, user: str, channel: str, ts: str) -> Json:
        """Put away what only this person sees. Slack does not tell the app."""
        message = self._message(user, channel, ts)
        if message.ephemeral_to != user:
            raise Impossible("Only what you alone see can be dismissed.")
        self._slack.workspace.delete(message)
        return {}

    # --- what is on the screen ---

    def _person(self, user: str) -> Person:
        found = self._slack.workspace.users.get(user)
        if found is None or found.bot:
            raise Impossible("There is no such person.")
        return self._slack.as_user(found)

    def _channel(self, user: str, channel: str) -> Channel:
        found = self._slack.workspace.channels.get(channel)
        if found is None or not shapes.is_open_to(found, user):
            raise Impossible("You are not in that channel.")
        return found

    def _message(self, user: str, channel: str, ts: str) -> Message:
        found = self._slack.workspace.messages.get((channel, ts))
        if found is None or not shapes.sees(self._slack.workspace, found, user):
            raise Impossible("That message is gone.")
        return found

    def _view(self, user: str, view: str) -> View:
        found = self._slack.workspace.views.get(view)
        if found is None or not found.open or found.user != user:
            raise Impossible("That is closed.")
        return found

    def _modal(self, user: str, view: str) -> Shown:
        return Shown.of_view(self._person(user), self._view(user, view))

    def _surface(self, user: str, surface: Mapping[str, Any]) -> Shown:
        """surface: {"view"} or {"channel", "ts"}."""
        if "view" in surface:
            return self._modal(user, str(surface["view"]))
        message = self._message(user, str(surface.get("channel")), str(surface.get("ts")))
        return Shown.of_message(self._person(user), message)

    def _begin(self, shown: Shown, did: str) -> Interaction:
        message, workspace = shown.message, self._slack.workspace
        return self._slack.core.begin(
            did,
            shown.person.user,
            channel=None if message is None else workspace.channels[message.channel],
            message=message,
            view=shown.view,
            responds=message is not None,
        )

    def _value(self, surface: Mapping[str, Any], control: Control, value: Any) -> Any:
        """What Slack's own client can send from such a control: of a menu only what it offers."""
        if control.halves:
            return control.element["negative_button" if value == "negative" else "positive_button"]
        if control.kind not in inputs.VALUE_KEY or not inputs.VALUE_KEY[control.kind].startswith("selected_option"):
            return value
        offered = [*options_of(control.element), *self._offered.get(_key(surface, control), ())]
        offered += _listed(control.initial)
        held = self._held(surface, control)
        offered += _listed(held)
        picked = [_among(offered, each) for each in _listed(value)]
        if control.kind in inputs.MANY:
            return picked
        return picked[0] if picked else None

    def _held(self, surface: Mapping[str, Any], control: Control) -> Any:
        workspace = self._slack.workspace
        held = (
            workspace.views.get(str(surface["view"]))
            if "view" in surface
            else workspace.messages.get((str(surface["channel"]), str(surface["ts"])))
        )
        chosen = held.chosen.get(control.key, {}) if held is not None else {}
        return chosen.get(inputs.VALUE_KEY[control.kind])


def _control(shown: Shown, block_id: str, action_id: str) -> Control:
    for each in inputs.controls(shown.blocks):
        if each.key == (block_id, action_id):
            return each
    raise Impossible("That control is gone.")


def _key(surface: Mapping[str, Any], control: Control) -> tuple[str, str, str]:
    return (str(surface.get("view") or surface.get("ts")), *control.key)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _among(offered: Sequence[Any], picked: Any) -> Any:
    for each in offered:
        if same_option(each, picked):
            return each
    raise Impossible("That menu does not offer this.")


def _acked(delivery: Delivery, sentence: str) -> Json:
    """Nothing when it was acked, otherwise what the person reads."""
    return {} if delivery.acked else {"failed": sentence, "error": delivery.error}
