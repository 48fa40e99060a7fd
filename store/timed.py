"""A Database whose every piece of work is timed, by the name of the function that asked for it."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import sqlalchemy as sa

from store.engine import Database, Work
from store.wall import NOBODYS

T = TypeVar("T")
Observe = Callable[[str, float], None]
"""What was done, such as `Store.history`, and how many seconds it took, waiting for its turn and failing included."""

INSIDE: Final = ".<locals>."


class Timed:
    def __init__(self, database: Database, observe: Observe) -> None:
        self._database = database
        self._observe = observe

    @property
    def dialect(self) -> str:
        return self._database.dialect

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
        began = time.perf_counter()
        try:
            return await self._database.read(work, workspace, brief=brief)
        finally:
            self._observe(name_of(work), time.perf_counter() - began)

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        began = time.perf_counter()
        try:
            return await self._database.write(work, workspace, alone=alone)
        finally:
            self._observe(name_of(work), time.perf_counter() - began)

    async def alter(self, work: Callable[[sa.Connection], T]) -> T:
        return await self._database.alter(work)

    async def scrub(self) -> bool:
        return await self._database.scrub()

    async def close(self) -> None:
        await self._database.close()


def name_of(work: Callable[..., object]) -> str:
    """The method that a function was made in, else its own name with its module's. There are as many as there are places in the code."""
    while isinstance(work, partial):
        work = work.func
    name = getattr(work, "__qualname__", type(work).__qualname__)
    if INSIDE in name:
        return name.partition(INSIDE)[0]
    return name if "." in name else f"{work.__module__.rpartition('.')[2]}.{name}"
