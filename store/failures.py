"""What a failure of the database means to whoever waits for it."""

import sqlite3
from typing import NoReturn

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from store.domain.errors import Conflict, MaybeSaved, Unavailable


def sorted_out(error: Exception, *, committing: bool = False) -> Exception:
    """What a failure of the database means to whoever waits: not reachable, of unknown outcome, in another's way, or a bug of ours
    (returned as it is).
    """
    if isinstance(error, PoolTimeoutError | OSError):  # a driver's time-out is an OSError too
        return MaybeSaved() if committing else Unavailable()
    cause = error.orig if isinstance(error, DBAPIError) else error
    if type(cause).__name__ == _SAID_GOODBYE:
        return MaybeSaved() if committing else Unavailable()
    if isinstance(cause, sqlite3.Error):
        return Unavailable() if _primary_code(cause) in _SQLITE_PASSING else error
    sqlstate = getattr(cause, "sqlstate", None) or ""
    if sqlstate.startswith(_ROLLED_BACK):
        return Conflict("Somebody else changed the same thing at the same moment. Nothing was changed.", "Try again.")
    if sqlstate.startswith(_POSTGRES_PASSING) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return MaybeSaved() if committing else Unavailable()
    return error


def reraised(error: Exception, *, committing: bool = False) -> NoReturn:
    """Raise what `sorted_out` makes of it; a bug of ours goes on as it came, and does not become its own cause."""
    meant = sorted_out(error, committing=committing)
    if meant is error:
        raise error
    raise meant from error


_SAID_GOODBYE = "InternalClientError"
"""What asyncpg raises on a connection that the server has told it ends, and that is not closed yet. By name: an SQLite file needs no asyncpg."""

_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
}
"""Not the statement's fault; and a transaction that ends so was rolled back."""

_POSTGRES_PASSING = (
    "08",  # the connection broke
    "28",  # our role is not let in
    "3D",  # the database is not there
    "53",  # out of connections, memory or disk
    "57",  # shutting down, starting up, cancelled
    "58",  # the system beneath it failed
    "55000",  # it is not taking connections now
    "55P03",  # a lock was not to be had
    "25006",  # it is a standby, which takes no writes
)
"""Classes of SQLSTATE, and codes, that are not the statement's fault."""

_ROLLED_BACK = "40"
"""The class of deadlocks and lost races: the server undid all of it."""


def _primary_code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
