"""People who ask through an outage: what each reads, how soon, and whether it was true."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final

from bot.answers import SLOW
from bot.sandbox import StandInSlack
from bot.sandbox.person import Person
from bot.sandbox.transport import NoAnswer
from store import Store
from store.domain.activity import Ref, Source
from store.domain.query import HistoryQuery
from store.domain.record import By
from tests.full.nudges import READER

BY: Final = By(actor=Ref.parse("user:usr_full"), source=Source.CLI)
BEAT: Final = 0.05


class Read(StrEnum):
    """What a person read first."""

    ANSWER = "answered"
    REFUSED = "told that nothing was changed"
    MAYBE = "told that it may not have been saved"
    BUSY = "told that too many ask"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class Heard:
    """One command. customer: which. plan: what it was to set; empty when it only reads. began, ended: by the loop's clock. took: seconds,
    without those in which this machine stood still.
    """

    customer: str
    plan: str
    began: float
    ended: float
    took: float
    read: Read
    text: str

    @property
    def writes(self) -> bool:
        return bool(self.plan)

    def overlaps(self, begin: float, end: float) -> bool:
        return self.began <= end and self.ended >= begin


@dataclass(slots=True)
class Team:
    """customers: their names in commands; each person asks about any."""

    people: Sequence[Person]
    customers: Sequence[str]
    chance: Random
    heard: list[Heard] = field(default_factory=list)
    _lost: float = 0.0
    _number: int = 0

    @classmethod
    async def of(
        cls, slack: StandInSlack, store: Store, workspace: str, *, people: int, customers: int, chance: Random
    ) -> "Team":
        for number in range(customers):
            await store.records.add_customer(workspace, f"Customer {number}", (), BY)
        found = [slack.as_user(slack.add_user(f"Client {number}", tz="UTC")) for number in range(people)]
        team = cls(found, [f"customer-{number}" for number in range(customers)], chance)
        for person in found:  # each is known, and each way of asking has been gone once
            await team.ask(person, writes=False)
            await team.ask(person, writes=True)
        assert all(each.read is Read.ANSWER for each in team.heard), f"not even before: {team.heard[-1].text}"
        team.heard.clear()
        return team

    async def ask(self, person: Person, *, writes: bool) -> Heard:
        self._number += 1
        customer = self.chance.choice(self.customers)
        plan = f"n{self._number}x" if writes else ""
        loop = asyncio.get_running_loop()
        began, lost = loop.time(), self._lost
        try:
            typed = f"/pivotal set {customer} plan={plan}" if writes else f"/pivotal history {customer} --30d"
            shown = await person.says(typed)
            if SLOW in shown.plain:  # that is no answer yet
                shown = await shown.later()
            text = shown.plain
        except NoAnswer as nothing:
            text, read = str(nothing), Read.OTHER
        else:
            read = _read(text, plan or "Customer ")
        ended = loop.time()
        took = ended - began - (self._lost - lost)
        self.heard.append(Heard(customer, plan, began, ended, took, read, text))
        return self.heard[-1]

    @asynccontextmanager
    async def at_it(self) -> AsyncIterator[None]:
        """Everybody reads and writes in turn, one command after the other, until the block ends and they have their answers."""
        done = asyncio.Event()

        async def one(person: Person) -> None:
            while not done.is_set():
                await self.ask(person, writes=False)
                await self.ask(person, writes=True)
                await asyncio.sleep(self.chance.uniform(0, 0.1))

        async with asyncio.TaskGroup() as group, self.noting_when_it_stands_still():
            asking = [group.create_task(one(person)) for person in self.people]
            try:
                yield
            finally:
                done.set()
            await asyncio.gather(*asking)

    @asynccontextmanager
    async def steadily(self, per_second: int) -> AsyncIterator[None]:
        """So many commands begin in each second, whether or not the last was answered; every other one writes."""
        done = asyncio.Event()

        async def begin(group: asyncio.TaskGroup) -> None:
            loop = asyncio.get_running_loop()
            due = loop.time()
            number = 0
            while not done.is_set():
                number += 1
                group.create_task(self.ask(self.chance.choice(self.people), writes=number % 2 == 0))
                due += 1 / per_second
                await asyncio.sleep(due - loop.time())

        async with self.noting_when_it_stands_still(), asyncio.TaskGroup() as group:
            group.create_task(begin(group))
            try:
                yield
            finally:
                done.set()

    @asynccontextmanager
    async def noting_when_it_stands_still(self) -> AsyncIterator[None]:
        """A machine that stands still for a second is not an answer that takes one longer."""

        async def beating() -> None:
            loop = asyncio.get_running_loop()
            while True:
                due = loop.time() + BEAT
                await asyncio.sleep(BEAT)
                self._lost += max(0.0, loop.time() - due - BEAT)

        beats = asyncio.create_task(beating())
        try:
            yield
        finally:
            beats.cancel()

    async def is_true(self, store: Store, workspace: str) -> None:
        """What was answered as saved is in the log, once; what was answered as refused is not."""
        plans: Counter[str] = Counter()
        for customer in self.customers:
            page = await store.history(workspace, HistoryQuery(customer), READER, limit=1_000_000)
            plans.update(f"{change.new}" for each in page.entries for change in each.changes if change.field == "plan")
        twice = [plan for plan, times in plans.items() if times > 1]
        lost = self._of(Read.ANSWER) - plans.keys()
        untrue = (self._of(Read.REFUSED) | self._of(Read.BUSY)) & plans.keys()
        assert not twice, f"changed twice by one command: {twice}"
        assert not lost, f"answered as saved, and not in the log: {lost}"
        assert not untrue, f"answered that nothing was changed, and changed: {untrue}"
        faults = (await store.verify(workspace)).faults
        assert faults == (), f"the chains do not hold: {faults[:3]}"

    def _of(self, read: Read) -> set[str]:
        return {each.plan for each in self.heard if each.writes and each.read is read}


def _read(text: str, wanted: str) -> Read:
    if "Can't reach the database. Nothing was changed." in text:
        return Read.REFUSED
    if "May not have been saved: check with" in text:
        return Read.MAYBE
    if "Too many ask at this moment. Nothing was changed." in text:
        return Read.BUSY
    return Read.ANSWER if wanted in text else Read.OTHER


def counted(heard: Iterable[Heard]) -> str:
    found = Counter(each.read.value for each in heard)
    return ", ".join(f"{count} {what}" for what, count in found.items()) or "nobody asked"
