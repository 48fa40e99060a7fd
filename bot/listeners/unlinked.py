"""`/pivotal unlinked`: customers that providers told of and nobody here knows."""

from collections.abc import Callable, Sequence
from secrets import token_hex

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks import kit
from bot.blocks import unlinked as blocks
from bot.blocks.kit import Message
from bot.blocks.links import carried
from bot.blocks.picker import customer_options
from bot.directory import Asker
from bot.listeners.typed import Handler, Typed, Writing
from store.domain.sync import NAMES


class Unlinked:
    """came: called when what waited has become due."""

    def __init__(self, writing: Writing, came: Callable[[], None]) -> None:
        self._writing = writing
        self._deliveries = writing.store.deliveries
        self._came = came

    def handlers(self) -> dict[str, Handler]:
        return {"unlinked": self.typed}

    async def typed(self, typed: Typed) -> Message:
        return await self.shown(typed.asker)

    async def shown(self, asker: Asker) -> Message:
        await self._writing.allow(asker, "edit")
        return blocks.unlinked(await self._deliveries.parked(asker.workspace), token_hex(4), asker.reader.zone)

    async def linked(self, asker: Asker, action: Json) -> Message:
        await self._writing.allow(asker, "edit")
        known_as = carried(action["block_id"])
        await self._deliveries.link(asker.workspace, known_as, action["selected_option"]["value"])
        self._came()
        return await self.shown(asker)

    async def created(self, asker: Asker, action: Json) -> Message:
        """A customer by the provider's id; its name comes with what waited."""
        await self._writing.allow(asker, "edit")
        known_as = action["value"]
        provider, _, external_id = known_as.split(":", 2)
        name = next(name for source, name in NAMES.items() if source.value == provider)
        by = self._writing.by(asker, f"create:{known_as}")
        await self._deliveries.create(asker.workspace, known_as, f"{name} {external_id}", by)
        self._came()
        return await self.shown(asker)


def register(bolt: AsyncApp, answers: Answers, unlinked: Unlinked, writing: Writing) -> None:
    @bolt.action(blocks.LINK)
    async def linked(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: unlinked.linked(asker, action))

    @bolt.action(blocks.CREATE)
    async def created(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: unlinked.created(asker, action))

    @bolt.options(blocks.LINK)
    async def choices(ack: AsyncAck, body: Json) -> None:
        async def work(asker: Asker) -> Sequence[Json]:
            return customer_options(await writing.store.customer_choices(asker.workspace, kit.one_line(body["value"])))

        await answers.offer(ack, body, work)
