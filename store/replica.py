"""A database with a streaming replica beside it: what is of one customer's history is read there, if the replica has all of it.

A replica is behind by as much as it is. Whoever has just changed something must see it, so the primary is asked first whose history it is, and
how far that goes: two or three look-ups by key. What a page or an export then reads comes from the replica, provided that in the same snapshot it knows the
customer by the same words, and as far. Where it is behind, or does not answer, the primary serves (decisions/0044-replica.md).
"""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from store import tables
from store.domain.errors import Conflict, PivotalError, Unavailable
from store.engine import Database, Work
from store.wall import NOBODYS

T = TypeVar("T")
Place = tuple[str, int]
"""A customer's id, and the last seq of its history."""

RESTS: Final = timedelta(seconds=5)
"""How long a replica that did not answer is left alone: nobody waits for it meanwhile."""


class Served(StrEnum):
    """Who read, and why the primary did."""

    REPLICA = "replica"
    BEHIND = "behind"
    AWAY = "away"


class _Behind(Exception):
    """The replica does not have all that the primary had when it was asked."""


class Replicated:
    """Everything goes to the primary, but for `read_of`. told: is told of each of those who served it. rests: as RESTS."""

    def __init__(
        self,
        primary: Database,
        replica: Database,
        told: Callable[[Served], None] = lambda _served: None,
        rests: timedelta = RESTS,
    ) -> None:
        self._primary = primary
        self._replica = replica
        self._told = told
        self._rests = rests
        self._rests_until = -math.inf

    @property
    def dialect(self) -> str:
        return self._primary.dialect

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
        return await self._primary.read(work, workspace, brief=brief)

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        return await self._primary.write(work, workspace, alone=alone)

    async def alter(self, work: Work[T]) -> T:
        return await self._primary.alter(work)

    async def scrub(self) -> bool:
        return await self._primary.scrub()

    async def close(self) -> None:
        await asyncio.gather(self._replica.close(), self._primary.close())

    async def read_of(self, customer: Work[str], work: Work[T], workspace: str, *, brief: bool = False) -> T:
        wanted = await self._primary.read(lambda c: place(c, workspace, customer(c)), workspace)

        @wraps(work)  # it is timed by that name (timed.py)
        def there(connection: sa.Connection) -> T:
            ident, seq = place(connection, workspace, customer(connection))
            if ident != wanted[0] or seq < wanted[1]:
                raise _Behind
            return work(connection)

        served = Served.AWAY
        if time.monotonic() >= self._rests_until:
            try:
                answer = await self._replica.read(there, workspace)
            except (Unavailable, Conflict):  # Conflict: what it was reading was vacuumed away
                self._rests_until = time.monotonic() + self._rests.total_seconds()
            except (_Behind, PivotalError):  # what it does not know, the primary may
                served = Served.BEHIND
            else:
                self._told(Served.REPLICA)
                return answer
        self._told(served)
        return await self._primary.read(work, workspace, brief=brief)


async def read_of(database: Database, customer: Work[str], work: Work[T], workspace: str, *, brief: bool = False) -> T:
    """Read what is of one customer's history, where there is a replica from that.

    customer    its id, and whether it may be read at all; it may be asked more than once, as may `work`
    brief  as for Database.read; from a replica all is of one moment, that in which the replica has what is wanted
    """
    if isinstance(database, Replicated):
        return await database.read_of(customer, work, workspace, brief=brief)
    return await database.read(work, workspace, brief=brief)


def place(connection: sa.Connection, workspace: str, customer_id: str) -> Place:
    c = tables.customer.c
    found: Any = connection.execute(
        sa.select(c.id, c.last_seq).where(c.workspace_id == workspace, c.id == customer_id)
    ).one()
    return found[0], found[1]
