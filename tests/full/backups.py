"""R20: backups while other processes write, restored: every chain verifies and is the beginning of the one it was taken of, and whoever was
erased since stays erased. `python -m tests.full.backups` is one of those writers; DATABASE_URL says where.
"""

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import sqlalchemy as sa

from store import Store
from store.domain.activity import PI, Source
from store.domain.errors import Conflict, Unavailable
from store.domain.record import By
from store.engine import JOB, connect
from store.tables import metadata
from tests.bench.places import Place, opened, sqlite_path
from tests.builders import a_line, an_activity, imported
from tests.full.processes import Program

BY: Final = By(actor=PI, source=Source.CLI)
WRITERS: Final = 2
CUSTOMERS: Final = 12


@dataclass(frozen=True, slots=True)
class Trial:
    """activities: there before the writers begin. backups: one after the other, each with so many contacts who are erased after it."""

    activities: int
    backups: int
    erased: int = 2


TRIALS: Final = {"quick": Trial(activities=500, backups=1), "full": Trial(activities=100_000, backups=10)}


async def run(place: Place, size: str, seed: int) -> str:
    trial, chance = TRIALS[size], Random(seed)
    url = await place.fresh()
    async with opened(url, job=True) as (store, workspace):
        customers = await filled(store, workspace, trial.activities)
        before = (await store.verify(workspace)).activities
        for number in range(trial.backups):
            names = {f"Zyx{number}jane{each} Qwertson": chance.choice(customers) for each in range(trial.erased)}
            for name, home in names.items():
                await store.records.add_contact(workspace, home, name, None, BY)
                await store.records.add_comment(workspace, chance.choice(customers), f"Met {name} there", BY)
            with tempfile.TemporaryDirectory() as folder:
                backup, listed = Path(folder) / "backup", Path(folder) / "erased"
                async with _others_writing(url, store, workspace):
                    await _pivotal(url, "backup", str(backup))
                    for name, home in names.items():
                        await _erase(store, workspace, home, name)
                    await _pivotal(url, "erasures", "-o", str(listed))
                await _is_the_beginning(place, backup, store, workspace, names)
                await _are_gone(place, backup, listed, names)
        written = (await store.verify(workspace)).activities - before
    await place.drop(url)
    return (
        f"{trial.backups} backups of {before:,} activities while {written:,} came in; each restored twice, "
        f"{trial.backups * trial.erased} contacts erased anew"
    )


@asynccontextmanager
async def _others_writing(url: str, store: Store, workspace: str) -> AsyncIterator[None]:
    """Other processes at it, for as long as the block takes; then they are killed."""
    writers = [Program(("-m", "tests.full.backups"), {**os.environ, "DATABASE_URL": url}) for _ in range(WRITERS)]
    before = (await store.verify(workspace)).activities
    try:
        for each in writers:
            await each.start()
        while (await store.verify(workspace)).activities == before:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
        yield
    finally:
        for each in writers:
            await each.end()


async def filled(store: Store, workspace: str, activities: int) -> Sequence[str]:
    """The ids of new customers who have so many together."""
    refs = [f"c{number}" for number in range(CUSTOMERS)]
    await imported(store, workspace, *({"type": "customer", "ref": ref, "name": f"Corp {ref}"} for ref in refs))
    for begin in range(0, activities, 5000):
        numbers = range(begin, min(begin + 5000, activities))
        await imported(
            store, workspace, *(a_line(customer=refs[number % CUSTOMERS], text=f"Said {number}") for number in numbers)
        )
    return [(await store.find_customer(workspace, ref)).id for ref in refs]


async def _is_the_beginning(place: Place, backup: Path, store: Store, workspace: str, names: Iterable[str]) -> None:
    """Restored as it is: each chain is one through which the history that went on has passed, and nobody is missing."""
    url = await place.empty()
    await _pivotal(url, "restore", str(backup), "--no-erasures")
    async with opened(url, job=True) as (restored, same):
        assert same == workspace, "another workspace came back"
        heads = {each.customer_id: each for each in await restored.heads(workspace)}
    assert len(heads) == CUSTOMERS, f"{len(heads)} customers came back"
    faults = (await store.verify(workspace, anchors=heads)).faults
    assert faults == (), f"the backup is not the beginning of the history: {faults[:2]}"
    text = await _all_text(url)
    assert all(name in text for name in names), "what was there when the backup was made is not in it"
    await place.drop(url)


async def _are_gone(place: Place, backup: Path, listed: Path, names: Iterable[str]) -> None:
    url = await place.empty()
    await _pivotal(url, "restore", str(backup), "--erasures", str(listed))
    async with opened(url, job=True) as (restored, workspace):
        faults = (await restored.verify(workspace)).faults
        assert faults == (), f"a chain does not verify: {faults[:2]}"
    text = await _all_text(url)
    assert [name for name in names if name in text] == [], "somebody who was erased is back"
    await place.drop(url)


async def _erase(store: Store, workspace: str, home: str, name: str) -> None:
    """As somebody who tries again when the writers were in the way."""
    for _ in range(20):
        try:
            await store.records.erase_contact(workspace, home, name, BY)
        except (Conflict, Unavailable):
            await asyncio.sleep(0.2)
        else:
            return
    raise AssertionError("the writers let nobody erase")


async def _pivotal(url: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *arguments),
        env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, f"pivotal {arguments[0]}: {said.decode()}"


async def _all_text(url: str) -> str:
    """Of SQLite the very bytes of its files, free pages and log included; of PostgreSQL all rows."""
    if url.startswith("sqlite"):
        path = Path(sqlite_path(url))
        return "".join(each.read_bytes().decode(errors="replace") for each in path.parent.glob(f"{path.name}*"))
    database = connect(url, patience=JOB)

    def rows(connection: sa.Connection) -> str:
        return "".join(str(connection.execute(sa.select(table)).all()) for table in metadata.sorted_tables)

    try:
        return await database.read(rows)
    finally:
        await database.close()


async def _write() -> None:
    """Edits and entries at any customer, until this process is ended."""
    chance = random.Random(os.getpid())
    async with opened(os.environ["DATABASE_URL"]) as (store, workspace):
        customers = [each.id for each in await store.customer_choices(workspace, "", 100)]
        while True:
            customer = chance.choice(customers)
            try:
                await store.record(workspace, customer, [an_activity() for _ in range(chance.randrange(1, 4))])
                await store.records.add_comment(workspace, customer, f"Said {chance.random()}", BY)
            except (Conflict, Unavailable):
                pass
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(_write())
