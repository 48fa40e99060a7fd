"""R17: the clocks of the app's machines are off, and are set back: nudges are posted once, histories keep their order, signatures are as old
as the specified windows allow, and `pivotal doctor` tells.

The real program is told another time by libfaketime, which stands between it and the system. Where that is not installed the trial says so.
"""

import asyncio
import hashlib
import hmac
import json
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import aiohttp

from bot.answers import SLOW
from bot.sandbox import StandInSlack
from bot.sandbox.person import Person
from bot.sandbox.transport import NoAnswer
from store import Store
from store.domain.query import HistoryQuery
from tests.bench.places import Place, opened
from tests.full.asking import BY
from tests.full.nudges import READER, judged, prepared, until_sent
from tests.full.processes import environment, server, worker

LIBRARY: Final = "faketime/libfaketime.so.1"
SECRET: Final = "whsec_full"
WINDOW: Final = 300
"""Seconds by which the time of a signature may be off, Slack's as well as Stripe's."""
AGREE: Final = timedelta(seconds=20)
"""What a machine that stands still may take between two looks at clocks that agree."""


@dataclass(frozen=True, slots=True)
class Trial:
    """offsets: seconds. back: by how many it is set back while nudges are posted; on SQLite whatever was due then is due so much later."""

    nudges: int
    offsets: Sequence[int]
    back: Mapping[str, int]


TRIALS: Final = {
    "quick": Trial(nudges=20, offsets=(-600, -240, 0, 240, 600), back={"sqlite": 5, "postgresql": 300}),
    "full": Trial(
        nudges=500,
        offsets=(-600, -420, -330, -270, -120, 0, 120, 270, 330, 420, 600),
        back={"sqlite": 300, "postgresql": 300},
    ),
}


@dataclass(slots=True)
class Clock:
    """A process's time, by so many seconds off. It may be changed while the process runs."""

    file: Path

    def set(self, offset: int) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset:+d}\n")
        fresh.rename(self.file)  # at once, for it may just be read

    def of(self, variables: Mapping[str, str], library: Path) -> Mapping[str, str]:
        return {
            **variables,
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


async def run(place: Place, size: str, _seed: int) -> str:
    trial, library = TRIALS[size], _library()
    if library is None:
        return "not tried: libfaketime is not installed"
    if size == "quick" and place.dialect == "sqlite":
        return "tried in the full form only: under libfaketime a command may take more than 3 s there when the clock is set"
    url = await place.fresh()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pivotal-clocks-")))
        slack = await stack.enter_async_context(StandInSlack())
        store, workspace = await stack.enter_async_context(opened(url, job=True))
        await store.records.add_customer(workspace, "Acme Corp", (), BY)
        await prepared(store, workspace, slack, trial.nudges)
        variables = {**environment(slack, url), "STRIPE_WEBHOOK_SECRET": SECRET}
        web, early, late = (Clock(folder / name) for name in ("web", "early", "late"))
        if place.dialect == "sqlite":
            early = late = web  # processes of one machine have one clock
        saved = await _at_the_door(
            slack, web, web.of(variables, library), trial.offsets, by_database=place.dialect != "sqlite"
        )
        early.set(-600)
        late.set(600)
        for each in (early, late):
            await (await stack.enter_async_context(worker(each.of(variables, library)))).is_ready()
        async with asyncio.timeout(60):
            while not slack.workspace.messages:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        late.set(600 - trial.back[place.dialect])
        await until_sent(store, workspace, trial.nudges)
        await judged(store, workspace, slack, trial.nudges)
        await _in_order(store, workspace, saved, by_database=place.dialect != "sqlite")
        await _is_told(web, web.of(variables, library), by_database=place.dialect != "sqlite")
    return (
        f"commands and deliveries at {', '.join(f'{each / 60:+g}' for each in trial.offsets)} min; {trial.nudges} nudges by two workers, "
        f"{'both at +10' if place.dialect == 'sqlite' else 'at -10 and +10'} min, set back by {trial.back[place.dialect]} s; doctor told of 1 min"
    )


def _library() -> Path | None:
    return next(Path("/usr/lib").glob(f"*/{LIBRARY}"), None)


async def _at_the_door(
    slack: StandInSlack, clock: Clock, variables: Mapping[str, str], offsets: Sequence[int], *, by_database: bool
) -> Sequence[str]:
    """Commands and deliveries while the web process's clock is so many seconds off. Returns the plans that were set.

    by_database  its clock is another machine's, which is right
    """
    clock.set(0)
    sam = slack.as_user(slack.add_user("Sam Lee", tz="UTC"))
    saved: list[str] = []
    async with server(variables) as serving, aiohttp.ClientSession() as http:
        slack.connect_app(f"{serving.address}/slack/events")
        for offset in offsets:
            clock.set(offset)
            if await _commanded(sam, plan := f"at{offset:+d}", taken=abs(offset) <= WINDOW):
                saved.append(plan)
            status = await _delivered(http, f"{serving.address}/webhooks/stripe", offset)
            assert (status < 300) is (abs(offset) <= WINDOW), f"a delivery at {offset:+d} s was answered {status}"
            ahead = await _ahead(http, f"{serving.address}/metrics")
            off = ahead - offset * by_database
            assert abs(off) < AGREE.total_seconds(), f"at {offset:+d} s /metrics tells of {ahead:+.0f} s"
    return saved


async def _commanded(person: Person, plan: str, *, taken: bool) -> bool:
    """taken: whether it should be, and whether it was."""
    said: str | int | None = None
    for _ in range(3):  # where the machine stood still there is no answer; what was set already is not set again
        try:
            shown = await person.says(f"/pivotal set acme-corp plan={plan}")
            said = (await shown.later() if shown.plain == SLOW else shown).plain
        except NoAnswer as refused:
            said = refused.delivery.status
        if said is not None:
            break
    assert plan in str(said) if taken else said == 401, f"{plan}: a command was answered {said}"
    return taken


async def _delivered(http: aiohttp.ClientSession, address: str, offset: int) -> int:
    """Signed at the true time. Returns the answer's status."""
    body = json.dumps({"id": f"evt{offset}", "object": "event", "type": "x", "created": 1, "data": {"object": {}}})
    at = str(int(time.time()))
    signature = hmac.digest(SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hex()
    async with http.post(address, data=body, headers={"Stripe-Signature": f"t={at},v1={signature}"}) as answer:
        return answer.status


async def _ahead(http: aiohttp.ClientSession, address: str) -> float:
    async with http.get(address) as answer:
        told = await answer.text()
    return float(re.findall(r"^pivotal_clock_ahead_seconds (\S+)$", told, re.MULTILINE)[0])


async def _is_told(clock: Clock, variables: Mapping[str, str], *, by_database: bool) -> None:
    """By `pivotal doctor`, when the clock is a minute off; not when it is right."""
    clock.set(60)
    warned = await _doctor(variables)
    assert "BAD   Slack's clock: it is" in warned, f"doctor has not seen it by Slack's: {warned}"
    assert ("BAD   the database's clock: it is" in warned) is by_database, f"or not by the database's: {warned}"
    clock.set(0)
    calm = await _doctor(variables)
    assert "ok    Slack's clock" in calm, f"doctor sees a difference where there is none: {calm}"


async def _in_order(store: Store, workspace: str, saved: Sequence[str], *, by_database: bool) -> None:
    """by_database: its clock is another machine's, which is right."""
    page = await store.history(workspace, HistoryQuery("acme-corp"), READER, limit=1000)
    entries = sorted(page.entries, key=lambda each: each.seq)
    plans = [change.new for each in entries for change in each.changes if change.field == "plan"]
    assert plans == saved, f"set to {saved} in this order, and recorded as {plans}"
    assert [each.seq for each in entries] == list(range(1, len(entries) + 1)), "a gap"
    if by_database:
        times = [each.recorded_at for each in entries]
        assert times == sorted(times), f"recorded in another order: {times}"
        assert max(times) < datetime.now(UTC) + AGREE, f"recorded in the future: {max(times)}"
        assert [each.seq for each in reversed(page.entries)] == [each.seq for each in entries], "shown in another order"
    faults = (await store.verify(workspace)).faults
    assert faults == (), f"the chains do not hold: {faults[:3]}"


async def _doctor(variables: Mapping[str, str]) -> str:
    arguments = (sys.executable, "-m", "bot", "doctor")
    process = await asyncio.create_subprocess_exec(*arguments, env=variables, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode()
