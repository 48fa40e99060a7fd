"""R13 and R14: whoever stops or dies meanwhile, an export that was acknowledged is delivered once, a command is answered or had no effect;
and an export is of one moment, while rows are added.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

from bot.answers import SLOW
from bot.sandbox.person import Person
from bot.sandbox.transport import NoAnswer
from store import Store
from store.domain.query import HistoryQuery
from tests.bench.places import Place
from tests.builders import a_customer, a_line, an_activity, imported
from tests.export.files import Received
from tests.full.commands import Office, office
from tests.full.nudges import READER

BATCH: Final = 5000
GONE_WITHIN: Final = 10.0
PATIENCE: Final = timedelta(minutes=20)
DAYS: Final = 3000
"""An export of the last 3,000 days is of all there is; of a day less, another export of the same."""


@dataclass(frozen=True, slots=True)
class Trial:
    """stops: how often web and worker are told to stop; half of the times the worker is killed instead. rows: of an export."""

    exports: int
    rows: int
    commands: int
    stops: int


TRIALS: Final = {
    "quick": Trial(exports=3, rows=2_000, commands=20, stops=2),
    "full": Trial(exports=20, rows=100_000, commands=200, stops=30),
}
ADDED_TO: Final = {"quick": 3_000, "full": 100_000}
PER_SECOND: Final = 100


async def _filled(at: Office, rows: int) -> None:
    """Rows that can be told from one another."""
    await a_customer(at.store, at.workspace, ref="acme")
    for start in range(1, rows + 1, BATCH):
        numbers = range(start, min(start + BATCH, rows + 1))
        lines = [a_line(event_type="acme.rang_up", onboarding_id=f"row-{number}") for number in numbers]
        await imported(at.store, at.workspace, *lines)


def _files(person: Person) -> list[Received]:
    workspace = person.slack.workspace
    return [
        Received(workspace.files[each], message)
        for message in person.slack.messages_in(workspace.dm(person.id))
        for each in message.files
    ]


def _rows_of(file: Received) -> list[int]:
    """The numbers of the rows that were there; that it was exported meanwhile stands in the history, too."""
    rows = [row for row in file.rows if row.event_type != "history.exported"]
    return sorted(int(row.onboarding_id.removeprefix("row-")) for row in rows)


# --- R13 ---


@dataclass(slots=True)
class Asked:
    """exports: how many were acknowledged. The rest: the values that commands were to set. refused: told that nothing was changed."""

    exports: int = 0
    answered: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    unanswered: dict[str, str] = field(default_factory=dict)
    """How each ended."""
    silent: list[str] = field(default_factory=list)


async def stopped(place: Place, size: str, seed: int) -> str:
    trial = TRIALS[size]
    chance = Random(seed)
    async with office(place) as at:
        await _filled(at, trial.rows)
        await a_customer(at.store, at.workspace, "Umbrella")
        sam = at.slack.as_user(at.slack.add_user("Sam Lee", tz="UTC"))
        asked = Asked()
        slowest = 0.0
        killed = 0
        for turn in range(trial.stops):
            due = trial.exports * (turn + 1) // trial.stops
            commands = [
                asyncio.create_task(_command(sam, asked, f"t{turn}n{n}x", chance)) for n in range(trial.commands)
            ]
            await _export(sam, asked, due)
            await asyncio.sleep(chance.uniform(0, 1))
            killed += turn % 2
            slowest = max(slowest, *await asyncio.gather(at.web.stop(), _ended(at, kill=bool(turn % 2))))
            await asyncio.gather(*commands)
            await asyncio.gather(at.web.start(), at.job.start())
            await at.web.is_ready()
        await _export(sam, asked, trial.exports)
        await at.slack.until(lambda: len(_files(sam)) >= asked.exports, within=PATIENCE)
        await _settled(at, asked.exports)
        files = _files(sam)
        assert slowest < GONE_WITHIN, f"it took {slowest:.1f} s to be gone"
        assert len(files) == asked.exports, f"{len(files)} files for {asked.exports} exports"
        windows = Counter(re.sub(r" as of .*", "", each.message.text) for each in files)
        assert max(windows.values()) == 1, f"delivered more than once: {windows.most_common(1)}"
        wrong = [each.message.text for each in files if not each.is_told_by_its_receipt()]
        assert not wrong, f"the file is not what its receipt says: {wrong}"
        assert all(_rows_of(each) == list(range(1, trial.rows + 1)) for each in files), (
            "rows are missing, or there twice"
        )
        await _judged(at.store, at.workspace, asked)
    answered = f"{len(asked.answered)} commands done, {len(asked.refused)} told that they were not, {len(asked.unsure)} told to look"
    return (
        f"{len(files)} exports of {trial.rows:,} rows, {answered}, {len(asked.unanswered)} met nobody; "
        f"{trial.stops} stops, gone after {slowest:.1f} s at most, {killed} workers killed instead"
    )


async def _export(sam: Person, asked: Asked, due: int) -> None:
    """Ask until so many exports were acknowledged. Who is told that nothing was changed asks again."""
    while asked.exports < due:
        answer = await sam.says(f"/pivotal export acme-corp --{DAYS - asked.exports}d")
        if answer.plain == SLOW:
            answer = await answer.later()
        if "on its way" in answer.plain:
            asked.exports += 1
        else:
            assert "Nothing was changed" in answer.plain, answer.plain
            await asyncio.sleep(1)


async def _command(sam: Person, asked: Asked, value: str, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(0, 1))
    try:
        shown = await sam.says(f"/pivotal set umbrella plan={value}")
    except NoAnswer as nothing:
        if nothing.delivery.acked:
            asked.silent.append(value)
        asked.unanswered[value] = f"{nothing.delivery.error} after {nothing.delivery.ms / 1000:.0f} s"
    else:
        nothing_done = "Nothing was changed" in shown.plain
        said = asked.refused if nothing_done else asked.answered if value in shown.plain else asked.unsure
        said.add(value)


async def _ended(at: Office, *, kill: bool) -> float:
    if not kill:
        return await at.job.stop()
    await at.job.end()
    return 0.0


async def _settled(at: Office, exports: int) -> None:
    """Until each is recorded: a file that came twice would have come by then."""
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while True:
            query = HistoryQuery("acme-corp", types=("history.exported",))
            recorded = len((await at.store.history(at.workspace, query, READER, limit=1000)).entries)
            assert recorded <= exports, f"{recorded} exports were recorded of {exports}"
            if recorded == exports:
                return
            await asyncio.sleep(0.3)


async def _judged(store: Store, workspace: str, asked: Asked) -> None:
    assert not asked.silent, f"acknowledged, and never answered: {asked.silent}"
    page = await store.history(workspace, HistoryQuery("umbrella"), READER, limit=100_000)
    plans = {change.new for each in page.entries for change in each.changes if change.field == "plan"}
    lost = asked.answered - plans
    assert not lost, f"answered, and not done: {lost}"
    untrue = asked.refused & plans
    assert not untrue, f"answered that nothing was changed, and done: {untrue}"
    silent = Counter(how for value, how in asked.unanswered.items() if value in plans)
    assert not silent, f"done, and not answered: {dict(silent)}"


# --- R14 ---


async def grown(place: Place, size: str, _seed: int) -> str:
    """Rows are added, 100 a second, from before the export is asked for until it is there."""
    rows = ADDED_TO[size]
    async with office(place) as at:
        await _filled(at, rows)
        sam = at.slack.as_user(at.slack.add_user("Sam Lee", tz="UTC"))
        found = await at.store.find_customer(at.workspace, "acme-corp")
        total = [rows]
        adding = asyncio.create_task(_adding(at.store, at.workspace, found.id, total))
        await asyncio.sleep(1)
        at_first = total[0]
        await sam.says("/pivotal export acme-corp")
        await at.slack.until(lambda: bool(_files(sam)), within=PATIENCE)
        (file,) = _files(sam)
        told = re.search(r"up to entry ([0-9]+)", file.message.text)
        assert told is not None, file.message.text
        last = int(told[1])
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while total[0] <= last:  # noqa: ASYNC110 - a small one is there before the next rows are
                await asyncio.sleep(0.05)
        adding.cancel()
        await asyncio.gather(adding, return_exceptions=True)
        assert file.is_told_by_its_receipt(), file.message.text
        assert _rows_of(file) == list(range(1, last + 1)), "a gap, or a row twice"
        assert rows <= at_first <= last < total[0], f"entries {at_first} to {total[0]}, and the export ends at {last}"
        missing = await _differing(at, file, last)
        assert not missing, f"the feed has other rows: {missing[:3]}"
    return f"{last:,} rows to entry {last}, while {total[0] - rows:,} were added; {total[0] - last:,} came too late"


async def _adding(store: Store, workspace: str, customer: str, total: list[int]) -> None:
    """A tenth of a second's worth in one transaction, at a steady rate."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        numbers = range(total[0] + 1, total[0] + 1 + PER_SECOND // 10)
        happened = [an_activity("acme.rang_up", changes=(), onboarding_id=f"row-{number}") for number in numbers]
        await store.record(workspace, customer, happened)
        total[0] = numbers[-1]
        due += 0.1
        await asyncio.sleep(due - loop.time())


async def _differing(at: Office, file: Received, last: int) -> Sequence[str]:
    """Onboardings that the feed shows up to that entry and the file does not, or the other way round."""
    page = await at.store.history(at.workspace, HistoryQuery("acme-corp"), READER, limit=last * 2)
    shown = {str(each.onboarding_id) for each in page.entries if each.seq <= last}
    return sorted(shown ^ {row.onboarding_id for row in file.rows})
