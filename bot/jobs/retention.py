"""What workspaces keep for so many days only goes when it has had its time: looked for once an hour, in every process."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.errors import explained
from store import Store
from store.retention import Done

log = structlog.get_logger()

EVERY: Final = timedelta(hours=1)
"""To look costs a probe for each customer of those workspaces."""


class Retainer:
    """removed: told how many entries are gone."""

    def __init__(self, store: Store, removed: Callable[[int], None]) -> None:
        self._store = store
        self._removed = removed
        self._next = time.monotonic()

    async def drain(self) -> None:
        """Where one fails, the others are worked off all the same, and the next tick tries again."""
        if time.monotonic() < self._next:
            return
        failed = False
        for workspace in await self._store.retention.decided():
            try:
                done = await self._store.retention.remove(workspace)
            except Exception as error:  # noqa: BLE001 - of one workspace, whatever it is
                explained(error)
                failed = True
                continue
            told(done)
            self._removed(done.activities)
        if not failed:
            self._next = time.monotonic() + EVERY.total_seconds()


def told(done: Done) -> None:
    """To the log, which alone tells of what is gone."""
    if done.activities:
        log.info("history removed", workspace=done.workspace, customers=done.customers, activities=done.activities)
    for fault in done.faults:
        log.error("not whole, so nothing more is removed", customer=fault.customer_id, seq=fault.seq, what=fault.what)
