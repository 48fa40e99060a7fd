"""What watches have seen: looked for, and rendered at the moment of sending, by what holds then."""

from collections.abc import Callable
from secrets import token_hex
from zoneinfo import ZoneInfo

from bot.blocks import watch as blocks
from bot.blocks.kit import Message
from bot.directory import Directory
from bot.jobs.deliver import NotAllowed, NotWanted
from bot.rights import may
from store import Store
from store.actors import Standing, zone_named
from store.domain.watch import Told
from store.outbox import Delivery
from store.settings import EVERYONE


class Watcher:
    """came: called when something is in the outbox."""

    def __init__(self, store: Store, directory: Directory, came: Callable[[], None]) -> None:
        self._store = store
        self._directory = directory
        self._came = came

    async def drain(self) -> None:
        if await self._store.watching.collect():
            self._came()

    async def told(self, delivery: Delivery) -> Message:
        """raises  NotWanted, when the watch is removed; NotAllowed, when its maker may not see histories any more"""
        workspace, body = delivery.workspace, delivery.body
        places = [(customer_id, seq) for customer_id, seq in body["told"]]
        found = await self._store.watching.told(workspace, body["watch"], places, body["more"])
        if "ts" not in body:  # what stands there already is only told anew
            await self._wanted(workspace, found)
        zone = zone_named((await self._store.settings(workspace)).nudges.zone) or ZoneInfo("UTC")
        message = blocks.told(found, zone, token_hex(4))
        if message.kept:
            await self._store.keep_queries(workspace, message.kept)
        return message

    async def _wanted(self, workspace: str, found: Told) -> None:
        if found.watch.state != "active":
            raise NotWanted
        team = await self._store.exports.team(workspace)
        maker = await self._directory.person(workspace, team, found.maker)
        if maker.standing is not Standing.MEMBER:
            raise NotAllowed
        settings = await self._store.settings(workspace)
        if found.watch.channel is not None and settings.view != EVERYONE:
            raise NotAllowed
        if not await may(self._directory, workspace, maker, "view", settings):
            raise NotAllowed
