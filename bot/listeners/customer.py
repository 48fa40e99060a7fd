"""Choosing a customer where none was given."""

from collections.abc import Sequence
from dataclasses import replace

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks.kit import Message
from bot.blocks.picker import PICK, customer_options
from bot.directory import Asker
from bot.listeners.history import History
from store import Store


def register(bolt: AsyncApp, answers: Answers, history: History, store: Store) -> None:
    @bolt.action(PICK)
    async def picked(ack: AsyncAck, body: Json, action: Json) -> None:
        async def work(asker: Asker) -> Message:
            query = await history.carried(asker, action["block_id"])
            return await history.shown(asker, replace(query, customer=action["selected_option"]["value"]))

        await answers.replace(ack, body, work)

    @bolt.options(PICK)
    async def choices(ack: AsyncAck, body: Json) -> None:
        async def work(asker: Asker) -> Sequence[Json]:
            return customer_options(await store.customer_choices(asker.workspace, body["value"]))

        await answers.offer(ack, body, work)
