"""Database URL → a Database, which runs functions over a synchronous Core connection, one transaction each.

database.py  what a Database promises, and how long it is waited for
sqlite.py    in a file
postgres.py  on a server
urls.py      how its URL is read
clocks.py    what time it is there
spelling.py  JSON in one spelling
"""

from store.engine.clocks import CLOCKS, database_clock
from store.engine.database import ANSWER, JOB, Database, Patience, T, Work
from store.engine.postgres import PostgresDatabase
from store.engine.spelling import canonical
from store.engine.sqlite import SqliteDatabase
from store.engine.urls import parse_url

__all__ = [
    "ANSWER",
    "CLOCKS",
    "JOB",
    "Database",
    "Patience",
    "PostgresDatabase",
    "SqliteDatabase",
    "T",
    "Work",
    "canonical",
    "connect",
    "database_clock",
    "parse_url",
]


def connect(url: str, *, patience: Patience = ANSWER) -> Database:
    """A Database for this URL; nothing is opened before its first use."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, patience)
    return PostgresDatabase(parsed, patience)
