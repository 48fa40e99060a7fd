"""Socket Mode: Slack's requests come over a connection that we open, so no public address is needed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp


@asynccontextmanager
async def connected(bolt: AsyncApp, app_token: SecretStr) -> AsyncIterator[None]:
    """Hold a connection open, renewed as Slack asks for it, until the block ends."""
    handler = AsyncSocketModeHandler(bolt, app_token.get_secret_value())
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
