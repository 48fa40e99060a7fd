"""R12: on a disk that is full whoever writes is refused, whoever reads is not, nothing is posted that cannot be recorded; and it all goes on
when there is room again.
"""

import asyncio
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final, Protocol

from bot.sandbox.faults import rate_limited
from store.actors import Person
from store.domain.activity import Ref, Source
from store.domain.customer import Assignment
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.domain.scope import Scope
from store.nudging import Terms
from store.nudging.schedules import ONCE
from tests.bench.places import Place, Server, sqlite_path
from tests.full.asking import Read, Team, counted
from tests.full.commands import Office, office
from tests.full.nudges import READER
from tests.full.schemas import is_sound, migrated, on_server

VOLUME: Final = {"sqlite": 8 * 1024**2, "postgresql": 64 * 1024**2}
"""Bytes; an empty database takes less than half of them."""
LEFT: Final = 64 * 1024
"""Bytes that are left on it, so that some get through before it is full."""
REFUSALS: Final = 5
UNRECORDED: Final = 1
"""Posts to the one channel that may have been made when the last write went through, and whose recording did not."""
SOON: Final = 3.0
BACK: Final = 5.0
PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True)
class Trial:
    """nudges: due when the disk is full. seconds: for how long it is, at least. rounds: how often."""

    nudges: int
    seconds: float
    rounds: int


TRIALS: Final = {"quick": Trial(nudges=3, seconds=2.0, rounds=1), "full": Trial(nudges=20, seconds=20.0, rounds=5)}


class Disk(Protocol):
    @property
    def how(self) -> str: ...

    def fill(self, at: Office) -> None: ...

    def free(self, at: Office) -> None: ...


@dataclass(frozen=True, slots=True)
class Volume:
    """A file system of its own, with a file in it that takes what is left."""

    folder: Path
    how: str = "on a small volume"

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self, at: Office) -> None:
        left = os.statvfs(self.folder)
        with self._ballast.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, left.f_bavail * left.f_frsize - LEFT)

    def free(self, at: Office) -> None:
        self._ballast.unlink()


@dataclass(frozen=True, slots=True)
class Limit:
    """Where nothing may be mounted: the processes may make no file longer than the log is now, and a little."""

    how: str = "by a limit of the processes"

    def fill(self, at: Office) -> None:
        log = Path(sqlite_path(at.url) + "-wal").stat().st_size
        self._set(at, log + LEFT)

    def free(self, at: Office) -> None:
        self._set(at, resource.RLIM_INFINITY)

    def _set(self, at: Office, most: int) -> None:
        for each in (at.web, at.job):
            _, hard = resource.prlimit(each.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (most, hard))


@dataclass(slots=True)
class Elsewhere:
    """A place whose databases lie on that volume."""

    place: Place
    folder: Path

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def dialect(self) -> str:
        return self.place.dialect

    async def empty(self) -> str:
        return await self.place.empty()

    async def fresh(self) -> str:
        if self.dialect == "sqlite":
            url = f"sqlite:///{self.folder}/pivotal.db"
            await migrated(url)
            return url
        url = await self.place.fresh()
        await on_server(url, f"CREATE TABLESPACE small LOCATION '{self.folder}'")
        await on_server(url, "ALTER DATABASE {database} SET TABLESPACE small")
        return url

    async def drop(self, url: str) -> None:
        if self.dialect == "sqlite":
            return  # it goes with its volume
        await self.place.drop(url)
        await on_server(url, "DROP TABLESPACE small")


async def run(place: Place, size: str, seed: int) -> str:
    trial, chance = TRIALS[size], Random(seed)
    if size == "quick" and isinstance(place, Server):
        return "tried in the full form only: one server serves all of these trials"
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(_mounted(place))
        if folder is None and isinstance(place, Server):
            return "not tried: nothing may be mounted here, and a server's files cannot be held off otherwise"
        disk: Disk = Limit() if folder is None else Volume(folder)
        where = place if folder is None else Elsewhere(place, folder)
        url = ""
        try:
            async with office(where) as at:
                url = at.url
                team = await Team.of(at.slack, at.store, at.workspace, people=3, customers=5, chance=chance)
                told = [await _filled(at, team, disk, trial, number) for number in range(trial.rounds)]
                await team.is_true(at.store, at.workspace)
                await is_sound(at.url)
        finally:
            if url:  # before its volume goes: the server could write nothing down any more, of no database
                await where.drop(url)
    return f"{disk.how}: {'; '.join(told)}"


@asynccontextmanager
async def _mounted(place: Place) -> AsyncIterator[Path | None]:
    """A small file system in memory; None where nothing may be mounted."""
    with tempfile.TemporaryDirectory(prefix="pivotal-disk-") as outer:
        folder = Path(outer) / "small"
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={VOLUME[place.dialect]}", "pivotal", str(folder)]
        try:
            done = await asyncio.to_thread(subprocess.run, mount, capture_output=True, check=False)
        except FileNotFoundError:
            done = None
        if done is None or done.returncode != 0:
            yield None
            return
        try:
            if isinstance(place, Server) and place.process.system_user:
                _given_to(place.process.system_user, folder)
            yield folder
        finally:
            await asyncio.to_thread(subprocess.run, ["umount", "-l", str(folder)], check=False)


def _given_to(user: str, folder: Path) -> None:
    folder.parent.chmod(0o755)
    shutil.chown(folder, user)


async def _filled(at: Office, team: Team, disk: Disk, trial: Trial, number: int) -> str:
    """The disk is filled while nudges wait to be posted and people ask; then there is room again."""
    loop = asyncio.get_running_loop()
    before, wanted = len(team.heard), trial.nudges * (number + 1)
    await _waiting(at, trial.nudges, number)
    disk.fill(at)
    try:
        async with team.at_it():
            async with asyncio.timeout(PATIENCE):
                while sum(each.read is Read.REFUSED for each in team.heard[before:]) < REFUSALS:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            full = loop.time()
            at.slack.faults.choose = lambda _method: None
            await asyncio.sleep(trial.seconds)
            unrecorded = len(_posted(at)) - await _recorded(at)
    finally:
        disk.free(at)
    heard = team.heard[before:]
    for each in heard:
        assert each.read in {Read.ANSWER, Read.REFUSED}, f"somebody read: {each.text}"
        assert each.took <= SOON, f"somebody waited for {each.took:.1f} s, and read: {each.text}"
    readers = [each for each in heard if not each.writes]
    refused = [each for each in readers if each.read is Read.REFUSED]
    # A server that has no room may end a connection that begins: it writes a file of its catalogue then.
    most = 0 if isinstance(disk, Limit) or at.url.startswith("sqlite") else len(readers) // 4
    assert len(refused) <= most, f"{len(refused)} of {len(readers)} readers were refused: {refused[0].text}"
    assert any(each.began >= full and not each.writes for each in heard), "nobody read meanwhile"
    assert unrecorded <= UNRECORDED, f"{unrecorded} nudges were posted that could not be recorded"
    there = loop.time()
    while (await team.ask(team.people[0], writes=True)).read is not Read.ANSWER:
        assert loop.time() - there < BACK, f"there is room, and it is still refused: {team.heard[-1].text}"
    back = loop.time() - there
    async with asyncio.timeout(PATIENCE):
        while await _recorded(at) < wanted:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)
    posted = _posted(at)
    assert len(posted) == len(set(posted)) == wanted, f"{len(posted)} posts of {wanted} nudges"
    return f"{counted(heard)}, {unrecorded} nudges posted meanwhile of {trial.nudges}, writes again after {back:.1f} s"


async def _waiting(at: Office, count: int, number: int) -> None:
    """So many nudges are in the outbox, since Slack tells us to wait."""
    at.slack.faults.choose = lambda method: rate_limited(1) if method == "chat.postMessage" else None
    sam = at.slack.add_user(f"Sam {number}", tz="UTC")
    room = at.slack.add_channel(f"room-{number}", members=[sam])
    known = await at.store.remember(at.workspace, Person(slack_user_id=sam.id, name=sam.name, zone="UTC"))
    by = By(actor=Ref.parse(known.ref), source=Source.CLI)
    await at.store.set_settings(at.workspace, {"nudges.per_day": 1000})
    for each in range(count):
        asked = (Assignment("health", "90", ("90",)), Assignment("tags", room.name, (room.name,)))
        made = await at.store.records.add_customer(at.workspace, f"Fell {number} {each}", asked, by)
        await at.store.records.edit(at.workspace, made.customer.id, [Assignment("health", "50", ("50",))], by)
    terms = Terms(kind=ONCE, channel=room.id, scope=Scope(tag=room.name))
    await at.store.nudging.add_schedule(at.workspace, terms, zone="UTC", by=by, now=datetime.now(UTC))
    async with asyncio.timeout(PATIENCE):
        while (await at.store.nudging.health(at.workspace, datetime.now(UTC))).pending < count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def _posted(at: Office) -> Sequence[str]:
    return [
        each.metadata["event_payload"]["delivery_id"] for each in at.slack.workspace.messages.values() if each.metadata
    ]


async def _recorded(at: Office) -> int:
    found = 0
    for each in await at.store.customer_choices(at.workspace, "Fell", 10_000):
        page = await at.store.history(at.workspace, HistoryQuery(each.id, types=("pi.nudge",)), READER)
        found += len(page.entries)
    return found
