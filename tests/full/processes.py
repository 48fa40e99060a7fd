"""Workers that are killed, stopped and started again, whatever they are at."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

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
class Program:
    """One process that is ended and started again. arguments: of Python's. folder: where the program is; None: this one's."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    kills: int = 0
    _process: asyncio.subprocess.Process | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *self.arguments, env=self.environment, cwd=self.folder
        )

    async def kill(self) -> None:
        """kill -9, and up again at once."""
        await self._ended(signal.SIGKILL)
        self.kills += 1
        await self.start()

    async def stop(self) -> float:
        """SIGTERM. Returns how many seconds it took to be gone."""
        began = asyncio.get_running_loop().time()
        await self._ended(signal.SIGTERM)
        return asyncio.get_running_loop().time() - began

    async def end(self) -> None:
        await self._ended(signal.SIGKILL)

    async def _ended(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()


@dataclass
class Server(Program):
    """One that answers, always at the same address: `pivotal serve --no-worker`, or a worker."""

    address: str = ""

    async def is_ready(self) -> None:
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while not await _answers(http, f"{self.address}/readyz"):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def server(environment: Mapping[str, str], folder: Path | None = None) -> AsyncIterator[Server]:
    """Up and ready. folder: where its program is; None: this one. A connection to a port that nobody listens at is refused: so is one while it starts again."""
    port = _free_port()
    arguments = ("-m", "bot", "serve", "--no-worker", "--port", str(port))
    async with _running(Server(arguments, environment, folder, address=_address(port))) as found:
        await found.is_ready()
        yield found


@asynccontextmanager
async def worker(environment: Mapping[str, str]) -> AsyncIterator[Server]:
    """Begun; whoever needs it up waits until it is ready."""
    port = _free_port()
    arguments = ("-m", "tests.full.worker", str(port))
    async with _running(Server(arguments, environment, address=_address(port))) as found:
        yield found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@asynccontextmanager
async def _running(server: Server) -> AsyncIterator[Server]:
    try:
        await server.start()
        yield server
    finally:
        await server.end()


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
