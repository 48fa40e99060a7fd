"""SQL of the way through Slack's page: who sets out is given a secret, who comes back with it from the same browser may install, once.

The database has only hashes of both secrets, so that nobody who reads it can come back in somebody's place.
"""

import hashlib
import secrets
from datetime import timedelta
from enum import Enum, auto
from typing import Final

import sqlalchemy as sa

from store import tables
from store.engine import database_clock

LIFETIME: Final = timedelta(minutes=10)


class Return(Enum):
    GOOD = auto()
    UNKNOWN = auto()
    """Never given, or used before."""
    EXPIRED = auto()
    ELSEWHERE = auto()
    """Given to another browser."""


def begin(connection: sa.Connection, browser: str) -> str:
    """Returns the state, 256 bits at random, for this browser. What has expired goes."""
    now = database_clock(connection)
    connection.execute(tables.install_state.delete().where(tables.install_state.c.expires_at <= now - LIFETIME))
    state = secrets.token_urlsafe(32)
    row = {"digest": _digest(state), "browser": _digest(browser), "expires_at": now + LIFETIME}
    connection.execute(tables.install_state.insert(), row)
    return state


def use(connection: sa.Connection, state: str, browser: str) -> Return:
    """Use a state up, whatever comes of it."""
    s = tables.install_state.c
    used = tables.install_state.delete().where(s.digest == _digest(state)).returning(s.browser, s.expires_at)
    row = connection.execute(used).one_or_none()
    if row is None:
        return Return.UNKNOWN
    if row[1] <= database_clock(connection):
        return Return.EXPIRED
    return Return.GOOD if secrets.compare_digest(row[0], _digest(browser)) else Return.ELSEWHERE


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
