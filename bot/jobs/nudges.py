"""The rules, when they are due: slots → customers → what they found, in the outbox. Any number of workers may do so at once."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final

import structlog

from store import Store
from store.nudging import Due
from store.nudging.schedules import DIGEST

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=60)
BATCH: Final = 500
"""Customers that are read at once: what is known of them is all that stays in memory."""
PIECE: Final = 20
"""Customers whose nudges are written in one transaction: others who write wait no longer."""


class Nudger:
    """One worker. came: called when something is in the outbox."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], came: Callable[[], None], *, lease: timedelta = LEASE
    ) -> None:
        self._nudging = store.nudging
        self._clock = clock
        self._came = came
        self._lease = lease
        self._worker = token_hex(8)

    async def drain(self) -> int:
        """Work off all that is due. Returns how many slots that were."""
        await self._nudging.plan(self._clock())
        found = await self._nudging.wake(self._clock())
        count = 0
        while due := await self._nudging.claim(self._worker, self._lease):
            await self._work(due)
            count += 1
        if count or found:
            self._came()
        return count

    async def _work(self, due: Due) -> None:
        workspace, schedule, now = due.workspace, due.schedule, self._clock()
        after, looked_at, told = "", 0, 0
        while schedule.kind != DIGEST and (batch := await self._nudging.batch(workspace, after, BATCH)):
            concerned = await self._nudging.concerned(workspace, batch, schedule, now)
            for piece in _pieces(concerned, PIECE):
                await self._nudging.evaluate(workspace, piece, schedule, now)
            if not await self._nudging.hold(due, self._worker, self._lease):
                return  # somebody else took it up, and finds what was done already
            after, looked_at, told = batch[-1], looked_at + len(batch), told + len(concerned)
        await self._nudging.done(due, self._worker, self._lease)
        log.info("schedule worked off", schedule=schedule.id, slot=due.key, customers=looked_at, concerned=told)


def _pieces(items: Sequence[str], size: int) -> Sequence[Sequence[str]]:
    return [items[at : at + size] for at in range(0, len(items), size)]
