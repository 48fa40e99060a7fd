"""The database that the environment names, and the commands that look after it: migrate, verify."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot import databases, settings
from bot.blocks.phrases import removed
from bot.cli import terminal
from bot.cli.named import WORKSPACE
from bot.settings import Misconfigured, Settings
from store import Store, schema
from store.domain.errors import NotFound, PivotalError, UsageError, code
from store.engine import JOB, Database, parse_url

SQLITE: Final = b"SQLite format 3\0"
"""With this every such file begins."""


@dataclass(frozen=True, slots=True)
class Opened:
    store: Store
    workspace: str
    dialect: str


@asynccontextmanager
async def opened(*, for_import: bool = False) -> AsyncIterator[Opened]:
    """The store, and the id of its workspace.

    for_import  makes and migrates an SQLite file; PostgreSQL is migrated by `migrate` only
    raises      PivotalError: there is no such database, or it is of another schema
    """
    environment = settings.read()
    located("DATABASE_URL", environment.database_url, new=for_import)
    async with connected(environment.database_url, environment.database_read_url) as database:
        if for_import and database.dialect == "sqlite":
            await schema.migrate(database)
        await schema.check(database)
        store = Store(database)
        yield Opened(store, await chosen(store), database.dialect)


async def chosen(store: Store) -> str:
    """The workspace that a command is about: the one that was named, else the only one. Raises NotFound, Refused."""
    named = WORKSPACE.get()
    if named is None:
        return (await store.default_workspace()).id
    if not await store.deliveries.may_come_for(named):
        raise NotFound(f"There is no workspace {code(named)}.", "`pivotal workspaces` lists them.")
    return named


@asynccontextmanager
async def connected(url: str, read_url: str | None = None) -> AsyncIterator[Database]:
    """read_url: of its replica."""
    database = databases.opened(url, read_url, JOB)
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
    variable, url = owners_url(environment)
    name = located(variable, url, new=True)
    role = apps_role(environment)
    async with connected(url) as database:
        await schema.migrate(database, role)
    granted = "" if role is None else f" {role} may work in it, and sees one workspace at a time."
    terminal.output().print(f"The database {name} is at schema {schema.HEAD}.{granted}")


def owners_url(environment: Settings) -> tuple[str, str]:
    """The variable, and the address by which whoever owns the tables is let in: for what is about all workspaces at once."""
    if environment.migration_database_url is not None:
        return "MIGRATION_DATABASE_URL", environment.migration_database_url
    return "DATABASE_URL", environment.database_url


def apps_role(environment: Settings) -> str | None:
    """The role that DATABASE_URL names, where it is another than that of MIGRATION_DATABASE_URL."""
    if environment.migration_database_url is None:
        return None
    located("DATABASE_URL", environment.database_url, new=True)
    app, owner = (parse_url(each) for each in (environment.database_url, environment.migration_database_url))
    if app.get_backend_name() != "postgresql" or app.username == owner.username:
        return None
    return app.username


def verify(customer: str | None) -> None:
    terminal.run(_verify(customer))


async def _verify(customer: str | None) -> None:
    async with opened() as at:
        with terminal.progress("activities") as moved:
            checked = await at.store.verify(at.workspace, customer, told=moved)
    if checked.faults:
        found = [f"{fault.customer}, entry {fault.seq}: {fault.what}." for fault in checked.faults]
        raise NotWhole("\n".join(found))
    customers = "1 customer" if checked.customers == 1 else f"{checked.customers:,} customers"
    activities = "1 activity" if checked.activities == 1 else f"{checked.activities:,} activities"
    whole = f"Whole: {activities} of {customers} are as they were recorded.{removed(checked.removed)}"
    terminal.output().print(whole)


class NotWhole(PivotalError):
    """The history was tampered with, or damaged."""
