"""The demo in this process."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.demo import run


@asynccontextmanager
async def running(folder: Path, *, reset: bool = False, port: int = 0) -> AsyncIterator[str]:
    """Run it until the block ends; gives the page's address. raises what `run` raises when it cannot start."""
    stop, said = asyncio.Event(), asyncio.Queue[str]()
    demo = asyncio.create_task(
        run(port=port, browser=False, reset=reset, folder=folder, stop=stop, say=said.put_nowait)
    )
    first = asyncio.create_task(said.get())
    await asyncio.wait({demo, first}, return_when=asyncio.FIRST_COMPLETED)
    if demo.done():
        first.cancel()
        await demo
    found = re.search(r"http://127\.0\.0\.1:\d+", await first)
    assert found is not None
    try:
        yield found[0]
    finally:
        stop.set()
        await demo
