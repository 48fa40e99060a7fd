"""So many requests are worked on at a time, in the order in which they came.

Worked on all at once, 200 requests of one second would miss Slack's 3 s together: each step of one waits for a step of every other, the acks
among them. In turns most are answered in time, and whoever's turn does not come is told so, with nothing done (decisions/0048-turns.md).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from datetime import timedelta
from typing import Final

from store.domain.errors import Refused

PLACES: Final = 8
"""More than one interpreter can work on, and few enough that a round of the loop, with a step of each, stays short."""

_mine: ContextVar["tuple[Turns, asyncio.Task[object] | None] | None"] = ContextVar("mine", default=None)
"""The turn that this task has taken. Whatever it starts inherits the context, and has no turn of its own."""


class Busy(Refused):
    def __init__(self) -> None:
        super().__init__("Too many ask at this moment. Nothing was changed.", "Try again in a few seconds.")


class Turns:
    """patience: how long a turn is waited for."""

    def __init__(self, patience: timedelta, places: int = PLACES) -> None:
        self._patience = patience.total_seconds()
        self._places = asyncio.Semaphore(places)
        self.turned_away = 0
        """Since the process began."""

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """One's turn. raises Busy, where it does not come in time"""
        if self._places.locked():
            await self._waited()
        else:
            await self._places.acquire()
        had = _mine.set((self, asyncio.current_task()))
        try:
            yield
        finally:
            _mine.reset(had)
            self._places.release()

    async def _waited(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            self.turned_away += 1
            raise Busy from None

    @asynccontextmanager
    async def _left(self) -> AsyncIterator[None]:
        self._places.release()
        try:
            yield
        finally:
            await self._places.acquire()


def elsewhere() -> AbstractAsyncContextManager[None]:
    """While it is waited for Slack another may have the place."""
    match _mine.get():
        case (turns, task) if task is asyncio.current_task():
            return turns._left()  # noqa: SLF001 - of the same module
    return nullcontext()
