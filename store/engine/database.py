"""What a Database is: functions over a synchronous Core connection are run, each in a transaction of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

import sqlalchemy as sa

from store.wall import NOBODYS

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a database is waited for.

    statement    for one statement, or for the turn of a transaction
    lock         for the lock of an SQLite file
    connection   for a connection, from the pool or to the server
    bulk         much is written at once: an SQLite file gets more memory
    """

    statement: timedelta
    lock: timedelta
    connection: timedelta = timedelta(seconds=1)
    bulk: bool = False


ANSWER = Patience(timedelta(milliseconds=1500), lock=timedelta(milliseconds=1200))
"""While a person waits."""
JOB = Patience(timedelta(minutes=10), lock=timedelta(seconds=5), bulk=True)
"""Where nobody does: import, verify, migrate."""


class Database(Protocol):
    """A place where work is done, in a transaction of its own.

    All raise Unavailable when nothing can have been changed, MaybeSaved when the commit's outcome is unknown, and Conflict when two
    writers stood in each other's way.
    """

    @property
    def dialect(self) -> str: ...

    async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
        """All that the work reads is of one moment; it can change nothing.

        workspace  whose rows it is about, NOBODYS or ACROSS. Where the database keeps workspaces apart by itself, it sees no others.
        brief      a few look-ups, each of which may be of a moment of its own: PostgreSQL need not be told where the work begins and ends, and
                   SQLite does it at once. It may be done a second time when that takes too long.
        """
        ...

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        """Commit what the work did, or nothing. workspace: as for `read`. alone: it is a single statement, which needs no transaction
        around it.
        """
        ...

    async def alter(self, work: Work[T]) -> T:
        """Like write, for a change of the schema: foreign keys are not enforced meanwhile (SQLite), and it may take its time."""
        ...

    async def scrub(self) -> bool:
        """Let go of what deleted and overwritten rows have left behind in the files. Returns False while somebody who reads holds on to it."""
        ...

    async def close(self) -> None: ...
