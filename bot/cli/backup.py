"""`pivotal backup`, `restore`, `move` and `erasures`: all that the database has, into a file, out of one, or to another database."""

import sys
import tempfile
from pathlib import Path
from typing import IO

from bot import settings
from bot.cli import terminal
from bot.cli.database import apps_role, chosen, connected, located, owners_url
from bot.cli.files import written
from bot.cli.named import WORKSPACE
from bot.settings import Settings
from store import Store, schema
from store.backup import dumping, erased, file, loading
from store.backup.erased import Erased
from store.backup.file import Backup, Writer
from store.backup.loading import Loaded
from store.domain.errors import Conflict, NotFound, Refused, UsageError
from store.engine import Database
from store.granting import grant


def backup(output: Path) -> None:
    if output.exists():
        raise Refused(f"{output} is there already.", "Name a new file: a backup is never written over.")
    terminal.run(_backup(output))


async def _backup(output: Path) -> None:
    variable, url = owners_url(settings.read())
    located(variable, url, new=False)
    async with connected(url) as database:
        await schema.check(database)
        workspace = None if WORKSPACE.get() is None else await chosen(Store(database))
        with written(output, private=True) as raw, terminal.progress("rows") as moved:
            writer = await _dumped(database, raw, moved, workspace)
    terminal.output().print(f"{output}: {_rows(sum(writer.counts.values()))} at schema {schema.HEAD}.")


async def _dumped(database: Database, raw: IO[bytes], moved: terminal.Moved, workspace: str | None = None) -> Writer:
    with Writer(raw) as writer:
        await database.read(lambda connection: dumping.dump(connection, writer, moved, workspace))
    return writer


def restore(source: Path, erasures: Path | None, *, nobody: bool) -> None:
    if (erasures is None) is not nobody:
        raise UsageError(
            "Who was erased since this backup was made would be back.",
            "Write `--erasures FILE` with what `pivotal erasures` has listed, or `--no-erasures` if nobody was.",
        )
    everybody = [] if erasures is None else _read(erasures)
    terminal.run(_restore(source, settings.read(), everybody))


async def _restore(source: Path, environment: Settings, everybody: list[Erased]) -> None:
    variable, url = owners_url(environment)
    name, role = located(variable, url, new=True), apps_role(environment)
    with terminal.progress("bytes") as moved:
        found = _whole(source, moved)
        async with connected(url) as database:
            loaded = await _loaded(database, found, moved, everybody, in_doubt=True)
            if role is not None:
                await database.alter(lambda connection: grant(connection, role))
            await database.scrub()  # of the names of those who were erased again
    again = f" {loaded.erased:,} erased again." if everybody else ""
    terminal.output().print(f"{name}: {_summed_up(loaded)}, as of {found.made_at}.{again}")


def _whole(source: Path, moved: terminal.Moved) -> Backup:
    size = source.stat().st_size if source.is_file() else 0
    return file.whole(source, lambda read: moved(read, 2 * size))


async def _loaded(
    database: Database, found: Backup, moved: terminal.Moved, everybody: list[Erased], *, in_doubt: bool
) -> Loaded:
    size = found.path.stat().st_size
    return await database.alter(
        lambda connection: loading.load(
            connection, found, lambda read: moved(size + read, 2 * size), erasures=everybody, in_doubt=in_doubt
        )
    )


def _read(erasures: Path) -> list[Erased]:
    try:
        return list(erased.read(erasures.read_text("utf-8")))
    except OSError as error:
        raise NotFound(f"Can't read {erasures}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{erasures} is not what `pivotal erasures` lists.") from None


def move(to: str) -> None:
    terminal.run(_move(*owners_url(settings.read()), to))


async def _move(variable: str, url: str, to: str) -> None:
    """By way of a file that nobody else can read and that is gone afterwards: so both databases may take their own time."""
    located(variable, url, new=False)
    name = located("--to", to, new=True)
    with tempfile.TemporaryDirectory(prefix="pivotal-") as folder:
        path = Path(folder) / "moving"
        async with connected(url) as source, connected(to) as target:
            await schema.check(source)
            before = await source.read(dumping.heads)
            with terminal.progress("rows") as moved, path.open("wb") as raw:
                await _dumped(source, raw, moved)
            with terminal.progress("bytes") as moved:
                loaded = await _loaded(target, _whole(path, moved), moved, [], in_doubt=False)
            if not before == await source.read(dumping.heads) == await target.read(dumping.heads):
                raise Conflict(
                    "Somebody wrote to the old database meanwhile, and that is not in the new one.",
                    "Stop `serve` and `worker`, and move again to another new database.",
                )
    terminal.output().print(f"{name}: {_summed_up(loaded)}. Set DATABASE_URL to it.")


def list_erasures(output: Path | None) -> None:
    terminal.run(_list_erasures(output))


async def _list_erasures(output: Path | None) -> None:
    variable, url = owners_url(settings.read())
    located(variable, url, new=False)
    async with connected(url) as database:
        await schema.check(database)
        text = erased.lines(await database.read(erased.listed))
    if output is None:
        sys.stdout.write(text)
        return
    with written(output, private=True) as raw:
        raw.write(text.encode())


def _summed_up(loaded: Loaded) -> str:
    customers = "1 customer" if loaded.customers == 1 else f"{loaded.customers:,} customers"
    activities = "1 activity" if loaded.activities == 1 else f"{loaded.activities:,} activities"
    return f"{_rows(sum(loaded.counts.values()))}, {activities} of {customers}, each verified"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
