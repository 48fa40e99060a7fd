"""R19: `pivotal migrate` from each release on, with rows, killed anywhere, run twice and by two at once: everything is there, once; and the
program of before goes on serving meanwhile.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from bot.sandbox import StandInSlack
from store.engine import connect
from store.schema import HEAD, version
from tests.bench.places import Place, opened
from tests.full import backups
from tests.full.asking import BY, Read, Team
from tests.full.commands import UNLIMITED
from tests.full.processes import environment, server
from tests.full.schemas import as_of, columns_of, copied, held, is_sound, made_of, migrated, revisions

LATEST_MS: Final = 40
"""How long after its beginning a statement is still killed at: as long as most take."""
AT_ONCE: Final = 2
AROUND: Final = 0.5
"""Seconds before and after, in which people ask, too."""


@dataclass(frozen=True, slots=True)
class Trial:
    """steps: how many of the schemas there were are begun at, the first release's first; kills: for each."""

    rows: int
    steps: int | None
    kills: int


TRIALS: Final = {"quick": Trial(rows=2000, steps=1, kills=2), "full": Trial(rows=100_000, steps=None, kills=20)}


async def run(place: Place, size: str, seed: int) -> str:
    trial, chance = TRIALS[size], Random(seed)
    filled = await _filled(place, trial.rows)
    wanted = await made_of(filled)
    begun = revisions()[:-1][: trial.steps]
    killed = 0
    for revision in begun:
        killed += await _stepped(place, revision, filled, wanted, trial.kills, chance)
    served = await _old_one_serves(place, filled, chance)
    return (
        f"from {', '.join(begun)} to {HEAD} with {trial.rows:,} activities, killed at {killed} points, each time finished by two at "
        f"once; {served}"
    )


async def _filled(place: Place, rows: int) -> str:
    """A database of today with customers, their history, and something of everything that belongs to one."""
    url = await place.fresh()
    async with opened(url, job=True) as (store, workspace):
        for customer in await backups.filled(store, workspace, rows):
            await store.records.add_contact(workspace, customer, "Kim Park", "kim@acme.example", BY)
            await store.records.add_comment(workspace, customer, "Met Kim Park", BY)
            await store.records.start_onboarding(workspace, customer, "Rollout", None, BY)
            await store.records.add_task(workspace, customer, "Send the contract", BY)
    return url


async def _stepped(
    place: Place,
    revision: str,
    filled: str,
    wanted: Mapping[str, Sequence[tuple[object, ...]]],
    kills: int,
    chance: Random,
) -> int:
    """How often it was killed on its way from this release's schema."""
    before = await as_of(place, revision, filled)
    columns = await columns_of(before)
    rows = await held(before, columns)
    statements = 0

    async def is_whole(url: str) -> None:
        assert await held(url, columns) == rows, f"from {revision}: other rows than before"
        shape = await made_of(url)
        assert shape == wanted, f"from {revision}: {[what for what in wanted if shape[what] != wanted[what]]} differ"

    url = await copied(place, before)
    statements = int((await _migrate(url)).splitlines()[-1])
    await is_whole(url)
    await is_sound(url)
    every = await columns_of(url)
    done = await held(url, every)
    await migrated(url)
    assert await held(url, every) == done, f"from {revision}: a second run did something"
    await is_whole(url)
    async with opened(url, job=True) as (store, workspace):
        faults = (await store.verify(workspace)).faults
    assert faults == (), f"from {revision}: the chains do not hold: {faults[:3]}"
    await place.drop(url)
    places = asyncio.Semaphore(AT_ONCE)

    async def killed(point: int) -> bool:
        async with places:
            url = await copied(place, before)
            in_time = await _killed(url, point, chance.randrange(LATEST_MS))
            assert await _version(url) in {revision, HEAD}, f"from {revision}: neither here nor there"
            assert await held(url, columns) == rows, f"from {revision}, killed at {point}: other rows than before"
            await asyncio.gather(_migrate(url), _migrate(url))
            await is_whole(url)
            await is_sound(url)
            await place.drop(url)
            return in_time

    found = await asyncio.gather(*(killed(point) for point in _points(statements, kills, chance)))
    await place.drop(before)
    return sum(found)


def _points(statements: int, kills: int, chance: Random) -> Sequence[int]:
    """Numbers of statements, all over the run, the last one among them: that is the commit."""
    if kills >= statements:
        return range(1, statements + 1)
    return sorted({*chance.sample(range(1, statements), kills - 1), statements})


async def _migrate(url: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.full.migrate"),
        env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert process.returncode == 0, f"pivotal migrate: {complained.decode()[-500:]}"
    return said.decode()


async def _killed(url: str, at: int, after_ms: int) -> bool:
    """Whether it was, before it came to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.full.migrate", str(at), str(after_ms)),
        env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await process.wait() < 0


async def _version(url: str) -> str | None:
    database = connect(url)
    try:
        return await database.read(version)
    finally:
        await database.close()


# --- the program of before ---


async def _old_one_serves(place: Place, filled: str, chance: Random) -> str:
    """Commands all the while, to the program as it was before the newest migration, which runs beneath it."""
    with tempfile.TemporaryDirectory(prefix="pivotal-former-") as folder:
        revision = _former(Path(folder))
        if revision is None:
            return "not tried beneath the program of before: there is no history here to take it from"
        url = await as_of(place, revision, filled)
        async with AsyncExitStack() as stack:
            slack = await stack.enter_async_context(StandInSlack())
            old = await stack.enter_async_context(server(environment(slack, url), Path(folder)))
            slack.connect_app(f"{old.address}/slack/events")
            store, workspace = await stack.enter_async_context(opened(url, job=True))
            await store.set_settings(workspace, UNLIMITED)
            team = await Team.of(slack, store, workspace, people=3, customers=5, chance=chance)
            async with team.at_it():
                await asyncio.sleep(AROUND)
                await _migrate(url)
                await asyncio.sleep(AROUND)
            wrong = [each for each in team.heard if each.read is not Read.ANSWER]
            assert not wrong, f"{len(wrong)} of {len(team.heard)} commands failed: {wrong[0].text}"
            assert old.is_running, "the program of before has ended"
            await team.is_true(store, workspace)
        await place.drop(url)
    return f"the program of {revision} answered {len(team.heard)} commands before, meanwhile and afterwards"


def _former(folder: Path) -> str | None:
    """Lay out there the newest program that does not know the newest migration. Returns its schema; None where git cannot tell."""
    newest = next(Path("store/migrations/versions").glob(f"{HEAD}_*.py"))
    added = _git("log", "--diff-filter=A", "--format=%H", "--", str(newest))
    if added is None:
        return None
    program = _git("archive", f"{added.split()[-1].decode()}^" if added else "HEAD")
    if program is None:
        return None
    subprocess.run(["tar", "-x", "-C", folder], input=program, check=True)
    found = re.search(r'^HEAD = "(\w+)"', (folder / "store/schema.py").read_text(), re.MULTILINE)
    assert found is not None, "no HEAD in the former store/schema.py"
    return found[1]


def _git(*arguments: str) -> bytes | None:
    """What it prints; None where there is no git, or none of this program's history."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
