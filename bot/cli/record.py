"""The record over time, and what a workspace may decide: blame, show, settings, replay."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table

from bot.blocks import phrases
from bot.blocks.record import blame_lines, then_lines, unknown
from bot.cli import terminal
from bot.cli.database import opened
from bot.cli.zone import system_zone
from bot.jobs.apply import Applier
from store.domain.customer import day
from store.domain.errors import UsageError
from store.domain.query import MAX_DAYS, Window
from store.settings import WorkspaceSettings, described, from_text, mapping_text, value


def blame(customer: str, field: str | None) -> None:
    terminal.run(_blame(customer, field))


async def _blame(customer: str, field: str | None) -> None:
    zone = system_zone()
    async with opened() as at:
        found = await at.store.find_customer(at.workspace, customer)
        told = await at.store.records.blame(at.workspace, found.id, field)
    _print(f"{told.customer.name}: who last set what", blame_lines(told, zone))


def show(customer: str, at: str) -> None:
    terminal.run(_show(customer, at))


async def _show(customer: str, at: str) -> None:
    zone, now = system_zone(), datetime.now(UTC)
    asked = day(at, "--at")
    _, end = Window(since=asked, until=asked).resolve(now, zone)
    assert end is not None
    moment = min(end - timedelta(microseconds=1), now)
    async with opened() as here:
        found = await here.store.find_customer(here.workspace, customer)
        then = await here.store.records.then(here.workspace, found.id, moment)
    if text := unknown(then, zone):
        terminal.output().print(terminal.shown(text), markup=False)
        return
    when = f"{phrases.when(then.at, zone)} {zone.key}"
    held, since = then_lines(then)
    _print(f"{then.customer.name} as it was on {when}", held)
    _print("Changed since", since or [("", "Nothing has changed since.")])


def _print(title: str, lines: Sequence[tuple[str, str]]) -> None:
    table = Table(title=terminal.shown(title), title_justify="left", show_header=False, box=None, pad_edge=False)
    for field, said in lines:
        table.add_row(terminal.shown(field), terminal.shown(said))
    terminal.output().print(table, markup=False)


# --- the workspace ----------------------------------------------------------------------------------------------------


def get_settings(name: str | None) -> None:
    """Print all settings with what they decide, or one value."""
    settings = terminal.run(_settings())
    if name is None:
        for each, decides in described():
            terminal.output().print(f"{each} = {_written(value(settings, each))}  # {decides}", markup=False)
        return
    if name not in dict(described()):
        raise UsageError(f"There is no setting `{name}`.", "`pivotal settings get` lists them.")
    terminal.output().print(_written(value(settings, name)), markup=False)


async def _settings() -> WorkspaceSettings:
    async with opened() as at:
        return await at.store.settings(at.workspace)


def set_setting(name: str, text: str) -> None:
    terminal.run(_set(name, text))


async def _set(name: str, text: str) -> None:
    async with opened() as at:
        settings = await at.store.set_settings(at.workspace, {name: from_text(name, text)})
    terminal.output().print(f"{name} = {_written(value(settings, name))}", markup=False)


def _written(decided: Any) -> str:
    if isinstance(decided, tuple):
        return ", ".join(decided)
    return mapping_text(decided) or "(the usual)" if isinstance(decided, dict) else str(decided)


def replay(days: int) -> None:
    terminal.run(_replay(days))


async def _replay(days: int) -> None:
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"I can go back 1 to {MAX_DAYS} days.", "Try `pivotal replay --days 7`.")
    async with opened() as at:
        count = await at.store.deliveries.replay(at.workspace, datetime.now(UTC) - timedelta(days=days))
        await Applier(at.store).drain()
    told = "1 delivery was" if count == 1 else f"{count:,} deliveries were"
    terminal.output().print(f"{told} applied once more; only what was missing has been added.", markup=False)
