"""R10 and R11: while the database is away everybody reads so in time, and truly; when it is back, so are we, without a restart of ours."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import asyncpg
import sqlalchemy as sa

from tests.bench.places import Place, Server, sqlite_path
from tests.full.asking import Heard, Read, Team, counted
from tests.full.commands import Office, office

SOON: Final = 3.0
"""Seconds within which a person reads that it does not work."""
BACK: Final = 5.0
"""Seconds within which it works again once the database does."""
AFTERWARDS: Final = 1.0
CALM: Final = 0.5

Fault = Callable[[], AbstractAsyncContextManager[None]]
"""The database is away within the block, and there again once it has ended."""


@dataclass(frozen=True, slots=True)
class Trial:
    """away: for how many seconds, each time. rounds: how often each fault."""

    people: int
    away: float
    rounds: int


TRIALS: Final = {"quick": Trial(people=3, away=2.0, rounds=1), "full": Trial(people=8, away=10.0, rounds=5)}


# --- R10 ---


async def away(place: Place, size: str, seed: int) -> str:
    trial, chance = TRIALS[size], Random(seed)
    told = []
    async with office(place) as at:
        team = await Team.of(at.slack, at.store, at.workspace, people=trial.people, customers=10, chance=chance)
        for name, fault in _faults(place, at).items():
            for _ in range(trial.rounds):
                happened = await _through(team, fault, trial.away, always=name != "restarted")
                told.append(f"{name}: {happened}")
        await team.is_true(at.store, at.workspace)
        assert at.web.is_running, "pivotal serve has ended"
        assert at.job.is_running, "the worker has ended"
    return "; ".join(told)


async def _through(team: Team, fault: Fault, seconds: float, *, always: bool) -> str:
    """always: whether somebody must have been refused, for the fault lasts."""
    loop = asyncio.get_running_loop()
    before = len(team.heard)
    async with team.at_it():
        await asyncio.sleep(CALM)
        gone = loop.time()
        async with fault():
            await asyncio.sleep(seconds)
        there = loop.time()
        back = await _back(team, there)
        await asyncio.sleep(AFTERWARDS)
    heard = team.heard[before:]
    meanwhile = [each for each in heard if each.overlaps(gone, back)]
    for each in heard:
        assert each.read is not Read.OTHER, f"somebody read: {each.text}"
        assert each.took <= SOON, f"somebody waited for {each.took:.1f} s, and read: {each.text}"
        assert each.read is Read.ANSWER or each in meanwhile, f"refused while it was there: {each.text}"
    refused = [each for each in meanwhile if each.read is not Read.ANSWER]
    assert refused or not always, "nobody noticed that it was away"
    worst = max((each.took for each in refused), default=0.0)
    return f"{counted(meanwhile)}, {worst:.1f} s at most, back after {back - there:.1f} s"


async def _back(team: Team, there: float) -> float:
    """Until a read and a write that were asked since have been answered; when that was."""

    def answered(*, writes: bool) -> float | None:
        return next((each.ended for each in team.heard if _well(each, there) and each.writes is writes), None)

    try:
        async with asyncio.timeout(BACK):
            while True:
                found = answered(writes=False), answered(writes=True)
                if found[0] is not None and found[1] is not None:
                    return max(found[0], found[1])
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not back within {BACK:.0f} s; last read: {team.heard[-1].text}") from None


def _well(each: Heard, since: float) -> bool:
    return each.began >= since and each.read is Read.ANSWER


def _faults(place: Place, at: Office) -> Mapping[str, Fault]:
    if not isinstance(place, Server):
        return {"locked": partial(_locked, sqlite_path(at.url))}
    return {
        "stopped": partial(_stopped, place),
        "frozen": partial(_frozen, place),
        "restarted": partial(_restarted, place),
        "without a connection left": partial(_crowded, at.url),
    }


@asynccontextmanager
async def _locked(path: str) -> AsyncIterator[None]:
    """By another program that writes and does not come to an end."""
    other = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()
    finally:
        other.close()


@asynccontextmanager
async def _stopped(server: Server) -> AsyncIterator[None]:
    await asyncio.to_thread(server.process.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(server.process.start)


@asynccontextmanager
async def _restarted(server: Server) -> AsyncIterator[None]:
    yield
    await server.restart()


@asynccontextmanager
async def _frozen(server: Server) -> AsyncIterator[None]:
    """First the process that would start others, then those."""
    first = int((server.process.pgdata / "postmaster.pid").read_text().splitlines()[0])
    os.kill(first, signal.SIGSTOP)
    others = _children(first)
    try:
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in (*others, first):
            os.kill(pid, signal.SIGCONT)


def _children(pid: int) -> Sequence[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@asynccontextmanager
async def _crowded(url: str) -> AsyncIterator[None]:
    """Others hold every connection that the server gives, those kept for its administrators too, and let go of none."""
    parts = sa.make_url(url)
    host = parts.query["host"]
    async with AsyncExitStack() as stack:
        first = await asyncpg.connect(host=host, user=parts.username, database="postgres")
        stack.push_async_callback(first.close)
        most = int(await first.fetchval("SHOW max_connections"))
        held = 1
        while held < most:
            await first.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", parts.database
            )
            try:
                while held < most:
                    other = await asyncpg.connect(host=host, user=parts.username, database="postgres")
                    stack.push_async_callback(other.close)
                    held += 1
            except asyncpg.TooManyConnectionsError:
                pass  # somebody of ours was quicker
        yield


# --- R11 ---


@dataclass(frozen=True, slots=True)
class Load:
    per_second: int
    restarts: int
    between: float


LOADS: Final = {"quick": Load(20, restarts=1, between=3.0), "full": Load(50, restarts=10, between=6.0)}


async def restarted(place: Place, size: str, seed: int) -> str:
    """Commands come at a steady rate. Whoever's began and was answered while the server was up notices nothing."""
    if not isinstance(place, Server):
        return "not tried: an SQLite file has no server that could be restarted"
    load = LOADS[size]
    loop = asyncio.get_running_loop()
    windows: list[tuple[float, float]] = []
    async with office(place) as at:
        team = await Team.of(at.slack, at.store, at.workspace, people=20, customers=50, chance=Random(seed))
        async with team.steadily(load.per_second):
            for _ in range(load.restarts):
                await asyncio.sleep(load.between)
                down = loop.time()
                await place.restart()
                windows.append((down, loop.time()))
            await asyncio.sleep(load.between)
        await team.is_true(at.store, at.workspace)
    during = [each for each in team.heard if any(each.overlaps(*window) for window in windows)]
    outside = [each for each in team.heard if each not in during]
    failed = [each for each in outside if each.read not in {Read.ANSWER, Read.BUSY}]
    busy = sum(each.read is Read.BUSY for each in outside)
    assert not failed, f"{len(failed)} failed while it was up: {failed[0].text}"
    assert busy < len(outside) / 2, (
        f"too much for this machine: {busy} of {len(outside)} were turned away while it was up"
    )
    assert not any(each.read is Read.OTHER for each in during), f"somebody read: {_other(during)}"
    lasted = max(end - begin for begin, end in windows)
    return (
        f"{len(team.heard)} commands at {load.per_second}/s, {load.restarts} restarts of {lasted:.1f} s at most, "
        f"meanwhile {counted(during)}; of {len(outside)} others none failed, and {busy} were turned away since too many asked"
    )


def _other(heard: Sequence[Heard]) -> str:
    return next(each.text for each in heard if each.read is Read.OTHER)
