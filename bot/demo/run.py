"""The demo's process: stand-in, app and page on three ports of loopback, the database and the workspace in two files of a folder."""

import asyncio
import os
import signal
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from bot import app as whole
from bot.demo import saved, stage
from bot.demo.clock import MovedClock
from bot.demo.vocabulary import vocabulary
from bot.manifest import EVENTS, SHORTCUTS
from bot.sandbox import StandInSlack
from bot.sandbox.page import Declared, Page, Shortcut
from bot.settings import Settings, SlackAccess
from bot.web import listening
from store import Store
from store.domain.errors import PivotalError
from store.engine import Database, connect
from store.schema import HEAD, check, migrate, version

LOOPBACK: Final = "127.0.0.1"
DATABASE: Final = "pivotal-demo.db"
WORKSPACE: Final = "pivotal-demo.json"
STOPPING: Final = timedelta(seconds=1)
TICK: Final = timedelta(seconds=2)
"""Jobs run more often than in earnest: whoever moves the clock wants to see what comes of it."""
SAVES_EVERY: Final = 2.0
"""Seconds between two looks at whether there is something to save."""


async def run(
    *,
    port: int,
    browser: bool,
    reset: bool,
    folder: Path,
    stop: asyncio.Event | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Run the demo until SIGINT, SIGTERM or `stop`.

    port    of the page; 0 takes a free one
    folder  where what is done is kept, from one start to the next; reset: forget it first
    raises  PivotalError, when it cannot start: the port is taken, the folder cannot be written to, the files are of another version
    """
    database_file, workspace_file = folder / DATABASE, folder / WORKSPACE
    _writable(folder, database_file)
    if reset:
        saved.forget(workspace_file, *(folder / f"{DATABASE}{tail}" for tail in ("", "-wal", "-shm", "-journal")))
    told = saved.read(workspace_file) if database_file.exists() else None
    clock = MovedClock(timedelta(seconds=told["ahead_seconds"]) if told else timedelta())
    stop = stop or _stopped()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(_opened(database_file))
        store = Store(database)
        slack = await stack.enter_async_context(StandInSlack(clock=clock, signature_clock=clock))
        scene = stage.set_up(slack) if told is None else saved.restore(slack.workspace, told, workspace_file)
        built = await stack.enter_async_context(_app(slack, store, database, clock))
        slack.connect_app(f"{built}/slack/events")
        declared = Declared(
            title="Pivotal demo",
            cast=scene.cast,
            topics=scene.topics,
            hints=stage.HINTS,
            shortcuts=[Shortcut(each["name"], each["callback_id"], each["type"]) for each in SHORTCUTS],
            events=EVENTS,
        )
        words = vocabulary(store, (await store.default_workspace()).id, slack.workspace)
        page = Page(slack, words, declared, advance=clock.advance)
        if told is None:
            await stage.fill(store, slack, clock())
        url = await stack.enter_async_context(_page(page, port))
        await stack.enter_async_context(_kept(slack, scene, clock, workspace_file))
        say(
            f"The demo is at {url}\nWhat you do there is kept in {workspace_file.name} and {database_file.name}. Ctrl-C stops it."
        )
        if browser:
            await asyncio.to_thread(webbrowser.open, url)
        await stop.wait()


def _stopped() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt there
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _writable(folder: Path, database_file: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK) or (database_file.exists() and not os.access(database_file, os.W_OK)):
        raise PivotalError(
            f"Can't write in {folder}, where the demo keeps what you do.", "Start it in a folder of your own."
        )


@asynccontextmanager
async def _opened(file: Path) -> AsyncIterator[Database]:
    database = connect(f"sqlite:///{file}")
    try:
        found = await database.read(version)
        if found is not None and found > HEAD:
            raise PivotalError(
                f"{file.name} is of a newer Pivotal than this one.", "Start afresh with `pivotal demo --reset`."
            )
        await migrate(database)
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _app(slack: StandInSlack, store: Store, database: Database, clock: MovedClock) -> AsyncIterator[str]:
    """The app as `pivotal serve` runs it, with the stand-in for Slack. The environment has no say in it."""
    access = SlackAccess(
        bot_token=SecretStr(slack.bot_token), signing_secret=SecretStr(slack.signing_secret), app_token=None
    )
    settings = Settings.model_construct(slack_api_url=slack.api_url)
    async with (
        whole.build(settings, access, store, ready=partial(check, database), clock=clock) as built,
        listening(built.web, LOOPBACK, 0, STOPPING) as url,
        built.workers.jobs.ticking(TICK),
    ):
        yield url


@asynccontextmanager
async def _page(page: Page, port: int) -> AsyncIterator[str]:
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(listening(page.application(), LOOPBACK, port, STOPPING))
        except OSError as error:
            raise PivotalError(
                f"Port {port} is taken on this machine, perhaps by a demo that is running already.",
                "Choose another with `--port N`.",
            ) from error
        yield url


@asynccontextmanager
async def _kept(slack: StandInSlack, scene: stage.Stage, clock: MovedClock, file: Path) -> AsyncIterator[None]:
    """Save the workspace a moment after it changed, and at the end."""
    changed = asyncio.Event()
    slack.workspace.watchers.append(lambda _change: changed.set())

    def save() -> None:
        saved.write(file, saved.as_json(slack.workspace, scene, clock.ahead))

    async def saving() -> None:
        while True:
            await changed.wait()
            changed.clear()
            save()
            await asyncio.sleep(SAVES_EVERY)

    save()
    task = asyncio.create_task(saving())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        save()
