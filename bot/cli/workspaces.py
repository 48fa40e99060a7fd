"""`pivotal workspaces`, `purge` and `rekey`: which workspaces there are, one that is to go for good, and new keys for their tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import settings
from bot.cli import terminal
from bot.cli.database import connected, located
from store import Store
from store.domain.errors import PivotalError, UsageError, code
from store.installing import Installation
from store.schema import check
from store.sealing import Keys


@asynccontextmanager
async def opened_all() -> AsyncIterator[Store]:
    """The store, for what is about several workspaces."""
    environment = settings.read()
    located("DATABASE_URL", environment.database_url, new=False)
    async with connected(environment.database_url) as database:
        await check(database)
        yield Store(database, keys=Keys(environment.secret_keys))


def listed() -> None:
    terminal.run(_listed())


async def _listed() -> None:
    async with opened_all() as store:
        found = await store.installing.listed()
    for each in found:
        team = each.team_id or "no Slack team"
        terminal.output().print(terminal.shown(f"{each.workspace}  {each.name}  {team}  {_state(each)}"))


def _state(each: Installation) -> str:
    if each.left_at is not None:
        return f"uninstalled {each.left_at:%Y-%m-%d %H:%M} UTC"
    if each.installed_at is not None:
        return f"installed {each.installed_at:%Y-%m-%d %H:%M} UTC"
    return "not connected" if each.team_id is None else "by SLACK_BOT_TOKEN"


def purge(workspace: str, *, yes: bool) -> None:
    if not yes:
        raise UsageError(
            f"That deletes all there is of the workspace {code(workspace)}, its histories too, for good.",
            "Write `--yes` behind it if you mean it; `pivotal backup` keeps a copy.",
        )
    terminal.run(_purge(workspace))


async def _purge(workspace: str) -> None:
    async with opened_all() as store:
        await store.installing.ask_purge(workspace)
        await store.installing.purge()
    terminal.output().print(
        f"Nothing is left of {workspace}. Copies are in older backups, and what was posted is in Slack."
    )


def rekey() -> None:
    terminal.run(_rekey())


async def _rekey() -> None:
    if not settings.read().secret_keys:
        raise PivotalError("PIVOTAL_SECRET_KEY is not set.", "Set the new key, a comma, and the old one.")
    async with opened_all() as store:
        count = await store.installing.rewrap()
    secrets = "1 secret was" if count == 1 else f"{count:,} secrets were"
    terminal.output().print(f"{secrets} sealed anew. All are under the first key now; the others can go.")
