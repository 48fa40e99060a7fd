"""Which job runs when, on one page. The scheduler only ticks: what is due, the database knows, so any number of processes may tick."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.answers import Tasks
from bot.errors import explained

TICK: Final = timedelta(seconds=10)

Work = Callable[[], Awaitable[object]]


class Job:
    """Work that never runs twice at once in this process. Asked for while it runs, it runs once more."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._running = False
        self._again = False

    async def run(self) -> None:
        if self._running:
            self._again = True
            return
        self._running = True
        structlog.contextvars.clear_contextvars()  # of the request that woke it: what it does now is not for that one
        try:
            await self._once()
            while self._again:
                self._again = False
                await self._once()
        finally:
            self._running = False

    async def ticked(self) -> None:
        """The same for the scheduler, which would log as an error that it is cut off when the process is told to stop."""
        with suppress(asyncio.CancelledError):
            await self.run()

    async def _once(self) -> None:
        try:
            await self._work()
        except Exception as error:  # noqa: BLE001 - the top of a job: it is logged, and the next tick tries again
            explained(error)


class Jobs:
    """The jobs by name. Nobody waits for them; a request that made something due wakes its job at once."""

    def __init__(self, tasks: Tasks, work: Mapping[str, Work]) -> None:
        self._tasks = tasks
        self._jobs = {name: Job(each) for name, each in work.items()}

    def wake(self, name: str) -> None:
        self._tasks.start(self._jobs[name].run())

    @asynccontextmanager
    async def ticking(self, every: timedelta = TICK) -> AsyncIterator[None]:
        """Run each job now and then at every tick, until the block ends."""
        scheduler = AsyncIOScheduler(timezone=UTC)
        for name, job in self._jobs.items():
            # A second one returns at once while the first runs, and makes it run once more; a third would say nothing new.
            scheduler.add_job(
                job.ticked, "interval", seconds=every.total_seconds(), id=name, max_instances=2, coalesce=True
            )
            self.wake(name)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)
