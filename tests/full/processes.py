"""Workers that are killed, stopped and started again, whatever they are at."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.sandbox import StandInSlack


def environment(slack: StandInSlack, url: str) -> Mapping[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "LOG_LEVEL": "ERROR",
    }


@dataclass
class Workers:
    """Always as many as there should be: who dies is started again at once."""

    environment: Mapping[str, str]
    count: int
    chance: random.Random
    kills: int = 0
    stops: int = 0
    _running: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self) -> None:
        while len(self._running) < self.count:
            self._running.append(
                await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.full.worker", env=self.environment)
            )

    async def kill_one(self) -> None:
        """kill -9: nothing of it runs on."""
        victim = self._running.pop(self.chance.randrange(len(self._running)))
        victim.kill()
        await victim.wait()
        self.kills += 1
        await self.start()

    async def stop_one(self, seconds: float) -> None:
        """Frozen for a while, as by a pause of its machine; then it goes on where it was."""
        victim = self.chance.choice(self._running)
        victim.send_signal(signal.SIGSTOP)
        self.stops += 1
        await asyncio.sleep(seconds)
        if victim.returncode is None:
            victim.send_signal(signal.SIGCONT)

    async def end(self) -> None:
        for each in self._running:
            if each.returncode is None:
                each.send_signal(signal.SIGCONT)
                each.kill()
                await each.wait()


@asynccontextmanager
async def workers(environment: Mapping[str, str], count: int, chance: random.Random) -> AsyncIterator[Workers]:
    found = Workers(environment, count, chance)
    try:
        await found.start()
        yield found
    finally:
        await found.end()
