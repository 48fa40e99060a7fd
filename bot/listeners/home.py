"""The ways in by hand: the Home tab, and the shortcuts."""

from contextlib import suppress
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks import card as card_blocks
from bot.blocks import forms as form
from bot.blocks import home as home_blocks
from bot.blocks.home import OPEN, PICK
from bot.blocks.kit import Message
from bot.directory import Asker
from bot.listeners.forms import Forms
from bot.slack import Slack
from store.domain.errors import PivotalError, Refused
from store.domain.words import MAX_LENGTH, after

SHOWN: Final = 10
CARD: Final = "card"


class Home:
    def __init__(self, forms: Forms, slack: Slack) -> None:
        self._forms = forms
        self._store = forms.writing.store
        self._slack = slack

    async def publish(self, asker: Asker) -> None:
        """Show the person's own Home tab: what they may see, or why not."""
        try:
            await self._forms.writing.allow(asker, "view")
            mine = await self._store.records.owned(asker.workspace, asker.person.ref, SHOWN)
            lately = await self._store.records.lately_changed(asker.workspace, SHOWN)
            view = home_blocks.home(mine, lately)
        except Refused as refused:
            view = home_blocks.refused(refused)
        await self._slack.publish_home(asker.workspace, asker.person.slack_user_id, view)

    async def card(self, asker: Asker, customer_id: str) -> Json:
        """A customer's card as a modal."""
        await self._forms.writing.allow(asker, "view")
        shown = await self._store.records.card(asker.workspace, customer_id)
        return form.told("Customer", card_blocks.in_modal(shown, asker.reader.zone))

    async def open_card(self, asker: Asker, trigger_id: str, customer_id: str) -> Message | None:
        await self._slack.open_view(asker.workspace, trigger_id, await self.card(asker, customer_id))
        return None

    async def choose(self, asker: Asker, trigger_id: str) -> Message | None:
        """Which customer? Then the card."""
        blocks = [form.asked("customer", "Customer", form.customer(), optional=False)]
        view = form.modal("Open a customer", f"home:{CARD}", blocks, {"channel": asker.channel}, "Open")
        await self._slack.open_view(asker.workspace, trigger_id, view)
        return None

    async def comment(self, asker: Asker, body: Json) -> Message | None:
        """A message → the comment form, with its text and where it stands."""
        message, channel = body["message"], body["channel"]["id"]
        refs = {"message": message["ts"], "channel": channel}
        with suppress(PivotalError):  # the message is told apart by its channel and ts all the same
            refs["permalink"] = await self._slack.permalink(asker.workspace, channel, message["ts"])
        customer = await self._forms.writing.linked(asker)
        text = after(str(message.get("text", ""))[:MAX_LENGTH], 0)
        given = {"text": await self._forms.writing.with_names(asker, text), "refs": refs}
        return await self._forms.opened(asker, body["trigger_id"], "comment", customer, given)


def register(bolt: AsyncApp, answers: Answers, home: Home) -> None:
    @bolt.event("app_home_opened")
    async def opened(ack: AsyncAck, body: Json, event: Json) -> None:
        await ack()
        if event.get("tab") == "home":
            answers.later({"team": {"id": body["team_id"]}, "user": {"id": event["user"]}}, home.publish)

    @bolt.action(PICK)
    async def picked(ack: AsyncAck, body: Json, action: Json) -> None:
        chosen = action["selected_option"]["value"]
        await answers.add(ack, body, lambda asker: home.open_card(asker, body["trigger_id"], chosen))

    @bolt.action(OPEN)
    async def pressed(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.add(ack, body, lambda asker: home.open_card(asker, body["trigger_id"], action["value"]))

    @bolt.view(f"home:{CARD}")
    async def chosen(ack: AsyncAck, body: Json, view: Json) -> None:
        await answers.submitted(ack, body, lambda asker: home.card(asker, form.answers(view)["customer"]))

    @bolt.shortcut("customer_open")
    async def customer(ack: AsyncAck, body: Json) -> None:
        await answers.add(ack, body, lambda asker: home.choose(asker, body["trigger_id"]))

    @bolt.shortcut("comment_add")
    async def comment(ack: AsyncAck, body: Json) -> None:
        await answers.add(ack, body, lambda asker: home.comment(asker, body))
