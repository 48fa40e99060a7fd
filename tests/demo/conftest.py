"""A page on a toy app, and a real browser to look at it with."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, async_playwright, expect

from bot.demo.clock import MovedClock
from bot.sandbox import Channel, Message, StandInSlack, User
from bot.sandbox.page import Cast, Completion, Declared, Shortcut, Vocabulary
from bot.sandbox.page import Page as SlackPage
from bot.web import listening
from tests.demo.gallery import EVERY
from tests.demo.toy import NAMES, Toy

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

PATIENCE_MS = 60_000
"""Of a test, on a machine that does other things too."""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run's screenshots are left to be looked at: PIVOTAL_PICTURES, or the session's temporary folder."""
    given = os.environ.get("PIVOTAL_PICTURES")
    folder = Path(given) if given else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    assert CHROMIUM is not None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium`, then these tests drive the page in it")
    async with chromium() as browser:
        yield browser


@dataclass
class Window:
    """A browser window on the page, and what it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def complains(self, what: ConsoleMessage | Exception) -> None:
        if not isinstance(what, ConsoleMessage):
            self.complaints.append(str(what))
        elif what.type in {"error", "warning"}:
            self.complaints.append(what.text)

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await self.composer.wait_for()

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer-text")

    @property
    def messages(self) -> Locator:
        return self.page.locator(".place .message")

    def button(self, name: str, *, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def act_as(self, name: str) -> None:
        await self.page.locator("#as").click()
        await self.page.get_by_role("menuitem", name=name).click()
        await self.page.locator("#as", has_text=name).wait_for()

    async def go(self, channel: str) -> None:
        await self.page.locator("#side").get_by_text(channel, exact=True).click()
        await self.page.locator(".place-title", has_text=channel).wait_for()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that is in Tokyo: the page has to go by the zone of the person in Slack."""
    context = await browser.new_context(
        viewport={"width": 1360, "height": 860}, timezone_id="Asia/Tokyo", color_scheme="light"
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def window(context: BrowserContext) -> AsyncIterator[Window]:
    """A window that nothing is open in yet. Whatever the page complains about on its console fails the test."""
    window = Window(await context.new_page())
    window.page.on("console", window.complains)
    window.page.on("pageerror", window.complains)
    yield window
    assert window.complaints == []


@dataclass
class Demo:
    """The stand-in with the toy app, and its page."""

    slack: StandInSlack
    toy: Toy
    url: str
    page: SlackPage
    editor: User
    viewer: User
    guest: User
    general: Channel
    shared: Channel

    def post(self, text: str = "", blocks: list[dict[str, Any]] | None = None, **more: Any) -> Message:
        """A message of the app's in the general channel."""
        workspace = self.slack.workspace
        return workspace.post(
            Message(
                self.general.id,
                workspace.new_ts(),
                workspace.bot_user.id,
                text,
                blocks or [],
                workspace.clock(),
                **more,
            )
        )

    def show(self, name: str) -> Message:
        return self.post(name, EVERY[name])


async def _customers(typed: str) -> list[Completion]:
    return [Completion(each.casefold(), each) for each in NAMES if each.casefold().startswith(typed.casefold())]


@pytest_asyncio.fixture(loop_scope="session")
async def demo() -> AsyncIterator[Demo]:
    clock = MovedClock()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandInSlack(clock=clock, ack_within=timedelta(seconds=1)))
        editor = slack.add_user("Sam Lee", tz="Europe/Berlin", admin=True)
        viewer = slack.add_user("Ann Chu", tz="America/New_York")
        guest = slack.add_user("Gil Guest", tz="Asia/Kolkata", restricted=True)
        general = slack.add_channel("customer-success", members=[editor, viewer])
        shared = slack.add_channel("acme-shared", members=[editor, guest], ext_shared=True)
        toy = Toy(slack)
        app = await stack.enter_async_context(listening(toy.application(), "127.0.0.1", 0, timedelta(seconds=1)))
        slack.connect_app(f"{app}/slack/events")
        vocabulary = Vocabulary(
            command="/toy",
            words=[Completion("show", "a piece of the gallery"), Completion("say", "in the ack")],
            flags={"show": [Completion("--actor", "by whom"), Completion("--30d", "the last 30 days")]},
            values={"--actor": _customers},
            about=frozenset({"show"}),
            customers=_customers,
        )
        declared = Declared(
            title="Toy",
            commands=["/toy"],
            hints=["/toy show words"],
            cast=[Cast(editor.id, "editor"), Cast(viewer.id, "viewer"), Cast(guest.id, "guest")],
            topics={general.id: "Where customers are talked about"},
            shortcuts=[Shortcut("Edit a customer", "edit", "global"), Shortcut("About this", "about", "message")],
        )
        page = SlackPage(slack, vocabulary, declared, advance=clock.advance)
        url = await stack.enter_async_context(listening(page.application(), "127.0.0.1", 0, timedelta(seconds=1)))
        yield Demo(slack, toy, url, page, editor, viewer, guest, general, shared)


@pytest_asyncio.fixture(loop_scope="session")
async def opened(demo: Demo, window: Window) -> Window:
    await window.open(demo.url)
    return window
