"""How the processes are: what they take of memory and of open files, and what they say in their logs."""

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

import aiohttp

from tests.full.processes import Server

EVERY: Final = 5.0
"""Seconds between two looks."""
LEAST: Final = 15
"""Looks by which anything is said of how something grows."""
NAMES: Final = ("process_resident_memory_bytes", "process_open_fds")


@dataclass(frozen=True, slots=True)
class Look:
    at: datetime
    memory: float
    """Bytes."""
    files: float


@dataclass
class Watched(Server):
    """A process that answers /metrics, and whose log is kept. lives: what was seen of it, anew each time it was started."""

    log: Path = Path()
    name: str = ""
    lives: list[list[Look]] = field(default_factory=list)

    async def start(self) -> None:
        self.lives.append([])
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self.arguments, env=self.environment, stdout=log, stderr=log
            )

    async def look(self, http: aiohttp.ClientSession) -> None:
        try:
            async with http.get(f"{self.address}/metrics") as answer:
                text = await answer.text()
        except aiohttp.ClientError:
            return  # it is being started
        memory, files = (_value(text, name) for name in NAMES)
        self.lives[-1].append(Look(datetime.now(UTC), memory, files))

    def growth(self, warm_up: timedelta, troubles: Sequence[datetime]) -> float | None:
        """By how much its memory has grown at most from the first fifth to the last of a time without trouble, once it was warm; None: all
        such times were too short. Whoever is left when another is killed has to do that one's work, and is as cold to it as all were at first.
        """
        grown = []
        for calm in self._calm(warm_up, troubles):
            looks = [each.memory for each in calm]
            if fifth := len(looks) // 5 if len(looks) >= LEAST else 0:
                grown.append(median(looks[-fifth:]) / median(looks[:fifth]) - 1)
        return max(grown, default=None)

    def growth_in_all(self, warm_up: timedelta) -> float:
        """The same of its whole last life, troubles and all."""
        looks = [each.memory for each in self._warm(warm_up)]
        fifth = max(1, len(looks) // 5)
        return median(looks[-fifth:]) / median(looks[:fifth]) - 1

    def fifths(self) -> Sequence[float]:
        """Its memory in bytes, the median of each fifth of its last life: by them a step is told from what grows."""
        looks = [each.memory for each in self.lives[-1]]
        fifth = max(1, len(looks) // 5)
        return [median(looks[at : at + fifth]) for at in range(0, fifth * 5, fifth) if looks[at : at + fifth]]

    def files(self, warm_up: timedelta) -> tuple[float, float]:
        """Its open files: the median of the first fifth and of the last."""
        looks = [each.files for each in self._warm(warm_up)]
        fifth = max(1, len(looks) // 5)
        return median(looks[:fifth]), median(looks[-fifth:])

    def _warm(self, warm_up: timedelta) -> Sequence[Look]:
        """Its last life, but for so long at first: whoever was killed in the middle is as cold then as all were at the beginning."""
        life = self.lives[-1]
        return [each for each in life if each.at >= life[0].at + warm_up]

    def _calm(self, warm_up: timedelta, troubles: Sequence[datetime]) -> Iterator[Sequence[Look]]:
        """The times of its last life that are so long after its beginning and after each trouble, and before the next."""
        life = self.lives[-1]
        begins = [life[0].at, *(each for each in troubles if each > life[0].at)]
        for begin, end in pairwise([*begins, datetime.max.replace(tzinfo=UTC)]):
            yield [each for each in life if begin + warm_up <= each.at < end]

    def complaints(self) -> Iterator[tuple[datetime, str]]:
        """The errors in its log, and whatever else stands there that is no line of the log."""
        for line in self.log.read_text().splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                yield datetime.max.replace(tzinfo=UTC), line
            else:
                yield datetime.fromisoformat(said["timestamp"]), f"{said['event']}: {said.get('exception', '')[-300:]}"


def _value(text: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, f"/metrics does not tell {name}"
    return float(found[1])


@asynccontextmanager
async def watched(kind: str, number: int, folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Watched]:
    """kind: `web` or `worker`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ("serve", "--no-worker") if kind == "web" else ("worker",)
    found = Watched(
        ("-m", "bot", *command, "--port", str(port)),
        environment,
        address=f"http://127.0.0.1:{port}",
        log=folder / f"{kind}-{number}.log",
        name=f"{kind} {number}",
    )
    try:
        await found.start()
        await found.is_ready()
        yield found
    finally:
        await found.end()


async def looking(processes: list[Watched], until: float) -> None:
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession() as http:
        while loop.time() < until:
            for each in processes:
                await each.look(http)
            await asyncio.sleep(EVERY)
