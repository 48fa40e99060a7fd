"""Waiting for what comes to be in a database, of which nothing tells."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

LOOK: Final = timedelta(milliseconds=20)
PATIENCE: Final = timedelta(minutes=1)


async def until(ready: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so. Raises TimeoutError after a minute: however busy the machine is, it does not come then."""
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while not await ready():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(LOOK.total_seconds())
