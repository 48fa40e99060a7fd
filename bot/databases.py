"""The database that the environment names, with a streaming replica beside it where there is one."""

from typing import Protocol

from bot.settings import Misconfigured
from store.domain.errors import UsageError
from store.engine import Database, Patience, connect, parse_url
from store.replica import Replicated, Served
from store.timed import Timed


class Measured(Protocol):
    """What is told how long each transaction took, and who read: Metrics, of which a command at the terminal has no use."""

    def queried(self, what: str, seconds: float) -> None: ...

    def read_by(self, served: Served) -> None: ...


def opened(url: str, read_url: str | None, patience: Patience, measured: Measured | None = None) -> Database:
    """Nothing is opened before its first use. measured: what tells how long each transaction took, and who read. Raises Misconfigured."""

    def timed(url: str) -> Database:
        database = connect(url, patience=patience)
        return database if measured is None else Timed(database, measured.queried)

    primary = timed(url)
    if read_url is None:
        return primary
    _check(url, read_url)
    replica = timed(read_url)
    return Replicated(primary, replica) if measured is None else Replicated(primary, replica, measured.read_by)


def _check(url: str, read_url: str) -> None:
    try:
        kind = parse_url(read_url).get_backend_name()
    except UsageError as error:
        raise Misconfigured(f"DATABASE_READ_URL: {error.sentence}", error.hint) from None
    if not kind == parse_url(url).get_backend_name() == "postgresql":
        raise Misconfigured("DATABASE_READ_URL is for a replica of a PostgreSQL database.", "Leave it unset.")
