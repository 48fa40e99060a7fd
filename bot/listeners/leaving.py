"""Slack tells that the app was taken out of a workspace, or that its token was taken away: nothing is asked of Slack for it any more."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Json
from bot.directory import Directory
from store import Store

log = structlog.get_logger()


def register(bolt: AsyncApp, store: Store, directory: Directory, left: Callable[[], None]) -> None:
    """left: called when a workspace has left, for there may be something to delete."""

    async def leave(body: Json) -> None:
        at = datetime.fromtimestamp(body["event_time"], UTC)
        has_left = await store.installing.leave(body["team_id"], at)
        directory.forget(body["team_id"])  # whoever heard of it first
        if has_left:
            log.info("uninstalled", team=body["team_id"])
            left()

    # Acked once it is written down: otherwise Slack tells it again.

    @bolt.event("app_uninstalled")
    async def uninstalled(ack: AsyncAck, body: Json) -> None:
        await leave(body)
        await ack()

    @bolt.event("tokens_revoked")
    async def revoked(ack: AsyncAck, body: Json, event: Json) -> None:
        if event["tokens"].get("bot"):
            await leave(body)
        await ack()
