"""What the database's errors mean to whoever waits, where no real server can be made to raise them at will."""

import asyncpg
import pytest

from store.domain.errors import MaybeSaved, Unavailable
from store.failures import sorted_out


@pytest.mark.promise(id="R10")
@pytest.mark.parametrize("committing, means", [(False, Unavailable), (True, MaybeSaved)])
def test_a_connection_whose_end_the_server_has_announced_is_an_outage(committing: bool, means: type[Exception]) -> None:
    """A command that comes between the server's last word and the end of the connection."""
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(sorted_out(error, committing=committing), means)
