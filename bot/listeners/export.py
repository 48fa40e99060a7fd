"""`/pivotal export`, "Export to CSV" in the feed's menu, and the buttons of an export on its way; and `/pivotal verify`."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks.export import CANCEL, HERE, taken_on
from bot.blocks.kit import Message
from bot.blocks.phrases import removed
from bot.directory import Asker
from bot.listeners.history import History, may_share, said
from bot.listeners.typed import Handler, Typed, Writing
from bot.slack import Slack
from store.domain.errors import PivotalError, Refused, UsageError
from store.domain.export import Export
from store.domain.grammar import parse_export
from store.domain.query import HistoryQuery


class Exporting:
    """wake: an export is due."""

    def __init__(self, writing: Writing, history: History, slack: Slack, wake: Callable[[], None]) -> None:
        self._writing = writing
        self._store = writing.store
        self._history = history
        self._slack = slack
        self._wake = wake

    def handlers(self) -> dict[str, Handler]:
        return {"export": self.typed, "verify": self.verify}

    async def typed(self, typed: Typed) -> Message:
        """`export …`: of the customer given, else of the one that the channel is linked to."""
        query = parse_export(typed.words)
        if query.customer is None:
            linked = await self._writing.linked(typed.asker)
            if linked is None:
                raise UsageError("Whose history?", "Try `/pivotal export acme --30d`.")
            query = replace(query, customer=linked.id)
        return await self._asked(typed.asker, query, f"command:{typed.trigger_id}")

    async def clicked(self, asker: Asker, action: Json) -> Message:
        """The slice on screen. Pressed twice, it is one export, as long as nothing was recorded in between."""
        query = await self._history.carried(asker, action["block_id"])
        return await self._asked(asker, query.bare(), None)

    async def _asked(self, asker: Asker, query: HistoryQuery, key: str | None) -> Message:
        await self._writing.allow(asker, "export")
        page = await self._store.history(asker.workspace, query, asker.reader, limit=1)
        if not page.total:
            return said("There is nothing to export: no activity fits that filter.")
        export, is_new = await self._store.exports.ask(
            asker.workspace, page.query, asker.reader, key=key, slack_user_id=asker.person.slack_user_id
        )
        self._wake()
        return taken_on(export, page, offered=await self._may_be_offered(asker), is_new=is_new)

    async def _may_be_offered(self, asker: Asker) -> bool:
        """Whether the file may go to the channel that it was asked in, as far as can be told at once. Asked again when it is ready."""
        if asker.channel is None or not may_share(asker):
            return False
        try:
            return not await self._slack.is_shared_outside(asker.workspace, asker.channel)
        except PivotalError:
            return False  # I am not in that channel, or Slack does not say

    async def here(self, asker: Asker, action: Json) -> Message:
        """The same file to this channel, besides."""
        export = await self._mine(asker, action["value"])
        if asker.channel is None or not may_share(asker):
            raise Refused("There is no channel here.", "Ask for the export in the channel you mean.")
        if await self._slack.is_shared_outside(asker.workspace, asker.channel):
            raise Refused("People outside your company read this channel, or are invited to. I send no file here.")
        _, is_new = await self._store.exports.again(asker.workspace, export.id, asker.channel)
        self._wake()
        return said("The file comes to this channel." if is_new else "It comes to this channel already.")

    async def cancelled(self, asker: Asker, action: Json) -> Message:
        export = await self._mine(asker, action["value"])
        now = await self._store.exports.cancel(asker.workspace, export.id, asker.person.ref)
        self._wake()
        match now.state:
            case "done":
                return said("Too late to cancel: the file is there.")
            case "failed":
                return said("There was nothing left to cancel: it had failed.")
        done = said("Cancelled. No file will be sent.")
        if now.state == "cancelled" and now.message is not None:
            with suppress(PivotalError):  # it says the same as the answer
                await self._slack.update(asker.workspace, *now.message, done)
        return done

    async def _mine(self, asker: Asker, export_id: str) -> Export:
        await self._writing.allow(asker, "export")
        export = await self._store.exports.one(asker.workspace, export_id)
        if asker.person.ref != export.reader.person and not asker.person.is_admin:
            raise Refused("Only who asked for an export, or an admin, may do that.")
        return export

    async def verify(self, typed: Typed) -> Message:
        """`verify CUSTOMER`: whether that customer's history is as it was recorded."""
        await self._writing.allow(typed.asker, "view")
        customer, taken = await self._writing.about(typed, typed.words)
        if customer is None or taken != len(typed.words):
            raise UsageError("Whose history?", "Try `/pivotal verify acme`.")
        checked = await self._store.verify(typed.asker.workspace, customer.id)
        if checked.faults:
            fault = checked.faults[0]
            return said(
                f"{customer.name}: the history is not whole. Entry {fault.seq}: {fault.what}. Tell whoever runs Pivotal."
            )
        whole = f"{customer.name}: whole. All {checked.activities:,} entries are as they were recorded."
        return said(whole + removed(checked.removed))


def register(bolt: AsyncApp, answers: Answers, exporting: Exporting) -> None:
    @bolt.action(HERE)
    async def here(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.add(ack, body, lambda asker: exporting.here(asker, action))

    @bolt.action(CANCEL)
    async def cancelled(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: exporting.cancelled(asker, action))
