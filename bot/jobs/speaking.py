"""What Pi says, rendered at the moment of sending."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.blocks import nudge as blocks
from bot.blocks import watch
from bot.blocks.kit import Message
from bot.jobs.deliver import NotWanted, Render, sentence
from store import Store
from store.actors import zone_named
from store.domain.nudge import DIGEST, EDIT, NOTICE, POST, SUMMARY, NudgeState
from store.outbox import Delivery


class Speaking:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._nudging = store.nudging

    def renderers(self) -> Mapping[str, Render]:
        return {
            POST: self.posted,
            EDIT: self.edited,
            DIGEST: self.digest,
            SUMMARY: self.summary,
            NOTICE: self.notice,
        }

    async def posted(self, delivery: Delivery) -> Message:
        """raises NotWanted, when it was settled while it waited"""
        found = await self._nudging.kept(delivery.workspace, delivery.body["nudge"])
        if found.state is not NudgeState.STANDING:
            raise NotWanted
        return blocks.nudge(found, await self._zone(delivery))

    async def edited(self, delivery: Delivery) -> Message:
        """The message as it reads now: one nudge, or the digest that it stands in."""
        body, zone = delivery.body, await self._zone(delivery)
        found = await self._nudging.kept(delivery.workspace, body["nudge"])
        if body.get("over") or not found.in_digest:
            return blocks.nudge(found, zone, over=bool(body.get("over")))
        return blocks.digest(await self._nudging.in_message(delivery.workspace, found.id), zone)

    async def digest(self, delivery: Delivery) -> Message:
        found = await self._nudging.chosen(delivery.workspace, delivery.body["nudges"])
        if not found:
            raise NotWanted
        return blocks.digest(found, await self._zone(delivery))

    async def summary(self, delivery: Delivery) -> Message:
        found = await self._nudging.standing(delivery.workspace, delivery.body["schedule"])
        return blocks.summary(found, await self._zone(delivery))

    async def notice(self, delivery: Delivery) -> Message:
        body: Mapping[str, Any] = delivery.body
        if body["notice"] == "assigned":
            found = await self._nudging.kept(delivery.workspace, body["nudge"])
            names = await self._store.names(delivery.workspace, [body["by"]])
            return blocks.assigned(found, names.get(body["by"], "Somebody"))
        if body["notice"] == "watch":
            return watch.refused(body["watch"], body["channel"], sentence(body["error"]))
        return blocks.refused(body["schedule"], body["channel"], sentence(body["error"]))

    async def _zone(self, delivery: Delivery) -> ZoneInfo:
        """Of the workspace; readers see most times in that of their own device anyway."""
        own = (await self._store.settings(delivery.workspace)).nudges.zone
        return zone_named(own) or ZoneInfo("UTC")
