"""Databases as they are on a bad day: held up, or with a bug of ours in front of them."""

import asyncio

from store.engine import Database, T, Work
from store.wall import NOBODYS


class Held:
    """A database that answers nothing until it is let go."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = asyncio.Event()
        self._open.set()

    @property
    def dialect(self) -> str:
        return self._database.dialect

    def hold(self) -> None:
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
        await self._open.wait()
        return await self._database.read(work, workspace, brief=brief)

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        await self._open.wait()
        return await self._database.write(work, workspace, alone=alone)

    async def alter(self, work: Work[T]) -> T:
        return await self._database.alter(work)

    async def close(self) -> None:
        await self._database.close()


class Bug(Exception):
    """What nobody has foreseen."""


class Buggy(Held):
    """A database in front of which `says` is raised, as often as `times`."""

    def __init__(self, database: Database, says: str) -> None:
        super().__init__(database)
        self._says = says
        self.times = 0

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
        self._fail()
        return await super().read(work, workspace, brief=brief)

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        self._fail()
        return await super().write(work, workspace, alone=alone)

    def _fail(self) -> None:
        if self.times > 0:
            self.times -= 1
            raise Bug(self._says)
