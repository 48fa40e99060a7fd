"""`pivotal history`: the same query, the same page, the same words as in Slack, as a table."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.cli import feed, terminal
from bot.cli.database import Opened, opened
from bot.cli.zone import system_zone
from store.domain.errors import UsageError, code
from store.domain.grammar import parse_history
from store.domain.query import HistoryQuery, Page, Reader
from store.domain.words import from_arguments

LISTED = 20
"""Customers named where none was given."""


def run(arguments: Sequence[str], as_name: str | None) -> None:
    query = parse_history(from_arguments(arguments))
    page = terminal.run(_page(query, as_name))
    feed.show(terminal.output(), page, feed.Typed(query, as_name))


async def _page(query: HistoryQuery, as_name: str | None) -> Page:
    zone = system_zone()
    async with opened() as at:
        if query.customer is None:
            raise await _which(at)
        person = None if as_name is None else await at.store.who(at.workspace, as_name)
        return await at.store.history(at.workspace, query, Reader(now=datetime.now(UTC), zone=zone, person=person))


async def _which(at: Opened) -> UsageError:
    """Asks for a customer, naming some."""
    known = await at.store.customer_choices(at.workspace, "", LISTED + 1)
    if not known:
        return UsageError("There are no customers yet.", "Try `pivotal import --sample`.")
    more = " and more" if len(known) > LISTED else ""
    names = ", ".join(f"{one.name} ({code(one.slug)})" for one in known[:LISTED])
    return UsageError(f"Which customer? I know {names}{more}.", f"Try `/pivotal history {known[0].slug} --30d`.")
