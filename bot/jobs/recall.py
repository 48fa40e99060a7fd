"""After an erasure: what was sent to Slack is taken back or told anew, and exported files are deleted."""

from collections.abc import Callable
from contextlib import suppress

from bot.blocks import export as blocks
from bot.slack import Slack, SlackError
from store import Store
from store.outbox import Delivery


class Recaller:
    """came: called when something is in the outbox."""

    def __init__(self, store: Store, slack: Slack, came: Callable[[], None]) -> None:
        self._store = store
        self._slack = slack
        self._came = came

    async def drain(self) -> None:
        if await self._store.recalling.work_off():
            self._came()

    async def delete_file(self, delivery: Delivery) -> None:
        """The message that told of the file says so; where it cannot be changed any more, it tells nothing of the contact either."""
        await self._slack.delete_file(delivery.workspace, delivery.body["file"])
        if told := delivery.body["message"]:
            channel, ts = told
            with suppress(SlackError):
                await self._slack.update(delivery.workspace, channel, ts, blocks.taken_back())
