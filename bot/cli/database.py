"""The database that the environment names, and the commands that look after it: migrate, verify."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot import settings
from bot.cli import terminal
from bot.settings import Misconfigured, Settings
from store import Store, schema
from store.domain.errors import NotFound, PivotalError, UsageError
from store.engine import JOB, Database, connect, parse_url

SQLITE: Final = b"SQLite format 3\0"
"""With this every such file begins."""


@dataclass(frozen=True, slots=True)
class Opened:
    store: Store
    workspace: str


@asynccontextmanager
async def opened(*, for_import: bool = False) -> AsyncIterator[Opened]:
    """The store, and the id of its workspace.

    for_import  makes and migrates an SQLite file; PostgreSQL is migrated by `migrate` only
    raises      PivotalError: there is no such database, or it is of another schema
    """
    url = settings.read().database_url
    located("DATABASE_URL", url, new=for_import)
    async with connected(url) as database:
        if for_import and database.dialect == "sqlite":
            await schema.migrate(database)
        await schema.check(database)
        store = Store(database)
        yield Opened(store, (await store.default_workspace()).id)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Database]:
    database = connect(url, patience=JOB)
    try:
        yield database
    finally:
        await database.close()


def located(variable: str, url: str, *, new: bool) -> str:
    """What to call the database in a sentence: its password is not part of that.

    new     whether an SQLite file may be made
    raises  Misconfigured, NotFound: nothing can be opened there
    """
    try:
        parsed = parse_url(url)
    except UsageError as error:
        raise Misconfigured(f"{variable}: {error.sentence}", error.hint) from None
    if parsed.get_backend_name() != "sqlite":
        return f"{parsed.database or ''} on {parsed.host or 'this machine'}"
    file = Path(parsed.database or "")
    if not file.parent.is_dir():
        raise Misconfigured(f"There is no folder {file.parent} for the database.", f"Make it, or correct {variable}.")
    if not (new or file.exists()):
        raise NotFound(
            f"There is no database {file} yet.", f"`pivotal import --sample` makes one; {variable} names another."
        )
    if file.exists() and not _is_sqlite(file):
        raise Misconfigured(f"{file} is not an SQLite database.", f"Correct {variable}.")
    return str(file)


def _is_sqlite(file: Path) -> bool:
    """An empty file is one, too."""
    try:
        with file.open("rb") as content:
            return content.read(len(SQLITE)) in {b"", SQLITE}
    except OSError as error:
        raise Misconfigured(f"Can't read {file}: {error.strerror}.") from None


# --- commands ---------------------------------------------------------------------------------------------------------


def migrate() -> None:
    terminal.run(_migrate(settings.read()))


async def _migrate(environment: Settings) -> None:
    variable, url = "DATABASE_URL", environment.database_url
    if environment.migration_database_url is not None:
        variable, url = "MIGRATION_DATABASE_URL", environment.migration_database_url
    name = located(variable, url, new=True)
    async with connected(url) as database:
        await schema.migrate(database)
    terminal.output().print(f"The database {name} is at schema {schema.HEAD}.")


def verify(customer: str | None) -> None:
    terminal.run(_verify(customer))


async def _verify(customer: str | None) -> None:
    async with opened() as at:
        checked = await at.store.verify(at.workspace, customer)
    if checked.faults:
        found = [f"{fault.customer}, entry {fault.seq}: {fault.what}." for fault in checked.faults]
        raise NotWhole("\n".join(found))
    customers = "1 customer" if checked.customers == 1 else f"{checked.customers:,} customers"
    activities = "1 activity" if checked.activities == 1 else f"{checked.activities:,} activities"
    terminal.output().print(f"Whole: {activities} of {customers} are as they were recorded.")


class NotWhole(PivotalError):
    """The history was tampered with, or damaged."""
