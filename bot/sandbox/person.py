"""A person at the screen: types commands, opens the Home tab, uses shortcuts; and waits for what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.sandbox import dates, payloads
from bot.sandbox.answers import in_ack
from bot.sandbox.core import Interaction, SlackError
from bot.sandbox.shown import Shown
from bot.sandbox.transport import Delivery, NoAnswer
from bot.sandbox.workspace import Change, Channel, Message, User

if TYPE_CHECKING:
    from bot.sandbox.server import StandInSlack


class Person:
    def __init__(self, slack: StandInSlack, user: User) -> None:
        self.slack = slack
        self.id = user.id

    @property
    def user(self) -> User:
        return self.slack.workspace.users[self.id]

    def reads_date(self, epoch: int, tokens: str) -> str:
        """A date as it reads on this person's screen."""
        zone = ZoneInfo(self.user.tz or "UTC")
        return dates.written(epoch, tokens, zone, self.slack.workspace.clock())

    async def says(self, text: str, *, channel: Channel | None = None) -> Shown:
        """Type a slash command, in the DM with the app when no channel is given; returns the answer, wherever it came from.

        raises NoAnswer, when it was not acked, or when nothing was to be seen within the stand-in's patience.
        """
        interaction, delivery = await self.types(text, channel=channel)
        return await self.settled(interaction, delivery)

    async def types(self, text: str, *, channel: Channel | None = None) -> tuple[Interaction, Delivery]:
        """Type a slash command and do not wait for more than its ack. An ack's body becomes a message here."""
        name, _, arguments = text.partition(" ")
        core = self.slack.core
        interaction = core.begin(text, self.user, channel=channel or self.slack.workspace.dm(self.id))
        if self.slack.should_escape:
            arguments = payloads.escaped(self.slack.workspace, arguments)
        form = payloads.command(core, interaction, name, arguments)
        delivery = await self.slack.transport.deliver("command", form)
        if delivery.acked:
            try:
                in_ack(core, interaction, delivery.answer, typed=text)
            except SlackError as error:
                # What a person is shown instead of an answer that Slack cannot make a message of.
                delivery.error = error.code
        return interaction, delivery

    async def shortcut(self, callback_id: str, *, on: Shown | None = None) -> Shown:
        """Use a global shortcut, or one on a message."""
        workspace = self.slack.workspace
        message = None if on is None else on.message
        channel = None if message is None else workspace.channels[message.channel]
        did = f"shortcut {callback_id}"
        interaction = self.slack.core.begin(
            did, self.user, channel=channel, message=message, responds=message is not None
        )
        payload = payloads.shortcut(self.slack.core, interaction, callback_id, workspace.new_ts())
        return await self.settled(interaction, await self.slack.transport.deliver(payload["type"], payload))

    async def opens_home(self) -> Shown:
        """Open the app's Home tab; returns it as it is when it was published after that."""
        interaction = self.slack.core.begin("opens the Home tab", self.user, responds=False)
        event = payloads.home_opened(self.slack.core, self.user)
        return await self.settled(interaction, await self.slack.event(event))

    def writes(self, text: str, *, channel: Channel, thread_ts: str | None = None) -> Shown:
        """Write a message of one's own, which the app is not told of: for a shortcut to be used on, or a thread to be begun."""
        workspace = self.slack.workspace
        message = Message(
            channel.id, workspace.new_ts(), self.id, text, [], workspace.clock(), by_app=False, thread_ts=thread_ts
        )
        return Shown.of_message(self, workspace.post(message))

    def sees(self, channel: Channel | None = None) -> list[Shown]:
        """What stands in a channel for this person, oldest first; in the DM with the app when none is given.

        Nothing, where only members look in and this person is none.
        """
        place = channel or self.slack.workspace.dm(self.id)
        if place.kind != "public" and self.id not in place.members:
            return []
        return [
            Shown.of_message(self, each)
            for each in self.slack.workspace.messages.values()
            if each.channel == place.id and each.ephemeral_to in {None, self.id}
        ]

    async def settled(self, interaction: Interaction, delivery: Delivery, *, after: int = 0) -> Shown:
        """What the person sees once the app has answered.

        after   how many answers to this were seen before.
        """
        refused = [each for each in self.slack.refusals if each.interaction == interaction.id]
        if not delivery.acked:
            raise NoAnswer(interaction, delivery, refused, str(delivery.error))
        try:
            await self.slack.until(lambda: len(interaction.answers) > after)
        except TimeoutError:
            refused = [each for each in self.slack.refusals if each.interaction == interaction.id]
            why = f"nothing to be seen within {self.slack.patience.total_seconds():g} s"
            raise NoAnswer(interaction, delivery, refused, why) from None
        change = _answer(interaction, after)
        return self.look(change, interaction, delivery)

    def look(self, change: Change, interaction: Interaction, delivery: Delivery) -> Shown:
        workspace, seen = self.slack.workspace, len(interaction.answers)
        if change.view is not None:
            return Shown.of_view(
                self, workspace.views[change.view], interaction=interaction, delivery=delivery, seen=seen
            )
        assert change.message is not None
        message = workspace.messages.get(change.message)
        if message is None:
            return Shown(self, interaction=interaction, delivery=delivery, seen=seen, closed=True)
        return Shown.of_message(self, message, interaction=interaction, delivery=delivery, seen=seen)

    async def deliver(self, kind: str, payload: Mapping[str, Any]) -> Delivery:
        return await self.slack.transport.deliver(kind, payload)


def _answer(interaction: Interaction, after: int) -> Change:
    """The newest answer; one that the app gave through this very interaction comes before what it did by itself."""
    fresh = interaction.answers[after:]
    own = [each for each in fresh if each.cause == interaction.id]
    return (own or fresh)[-1]
