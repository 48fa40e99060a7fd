"""A database's URL, in whatever usual spelling."""

from collections.abc import Mapping

import sqlalchemy as sa

from store.domain.errors import UsageError

Query = Mapping[str, str | tuple[str, ...]]


def parse_url(text: str) -> sa.URL:
    """Any usual spelling of a database URL → the one with our driver.

    raises UsageError, for what is neither SQLite nor PostgreSQL, or asks for something that our driver cannot do.
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # ValueError: a port that is no number
        raise UsageError(
            "The database URL cannot be read.",
            "Write sqlite:///pivotal.db or postgresql://user:password@host/database.",
        ) from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite")
        case "sqlite":
            raise UsageError("An SQLite database needs a file.", "Write sqlite:///pivotal.db.")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+asyncpg", query=_for_asyncpg(url.query))
        case other:
            raise UsageError(f"{other} is not a database Pivotal knows.", "Use SQLite or PostgreSQL.")


_UNDERSTOOD = {"host", "port", "ssl", "direct_tls", "passfile", "target_session_attrs", "krbsrvname", "gsslib"}
_WITHOUT_EFFECT = {"application_name", "channel_binding", "connect_timeout", "gssencmode"}
"""Settings of libpq that hosters put into their URLs; our driver has none of them, or we set it ourselves."""


def _for_asyncpg(query: Query) -> Query:
    """The settings of a PostgreSQL URL in the driver's words: libpq's `sslmode` is its `ssl`."""
    found = {
        "ssl" if name == "sslmode" else name: value for name, value in query.items() if name not in _WITHOUT_EFFECT
    }
    if unknown := sorted(found.keys() - _UNDERSTOOD):
        raise UsageError(f"The database URL sets {unknown[0]}, which Pivotal does not know.", "Leave it out.")
    return found
