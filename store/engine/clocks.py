"""What time it is, for the database."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from store.tables import Instant


def database_clock(connection: sa.Connection) -> datetime:
    """The database's own clock. On SQLite that is this machine's, read by the database to the millisecond."""
    found: datetime = connection.execute(_NOW[connection.dialect.name]).scalar_one()
    return found


_UNIX_MS = sa.func.round(
    (sa.func.julianday("now") - 2440587.5) * 86_400_000
)  # days since noon of 4714 BC, less those to 1970
CLOCKS: Mapping[str, sa.ColumnElement[datetime]] = {
    "postgresql": sa.func.clock_timestamp(type_=Instant),
    "sqlite": sa.type_coerce(sa.cast(_UNIX_MS, sa.BigInteger) * 1000, Instant),
}
"""By dialect, for a statement that needs the time beside something else."""
_NOW = {dialect: sa.select(clock) for dialect, clock in CLOCKS.items()}
