"""`pivotal demo` as a newcomer meets it: the real app on the page, kept from one start to the next, with a sentence for what is wrong."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Locator, expect

from store.domain.errors import PivotalError
from tests.demo.conftest import Window
from tests.demo.running import running
from tests.demo.test_blocks import CLIPPED, CONTRASTS

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_whole_app_on_the_page(window: Window, tmp_path: Path, pictures: Path) -> None:
    page = window.page
    async with running(tmp_path) as url:
        await window.open(url)
        await expect(window.messages.first).to_contain_text("Welcome.")

        # A command, completed, and answered.
        await window.composer.focus()
        await page.keyboard.type("/pivotal history acm")
        await expect(page.get_by_role("option", name="acme")).to_contain_text("Acme Corp")
        await window.say("/pivotal history acme --actor pi --30d")
        feed = window.messages.last
        await expect(feed).to_contain_text("Only visible to you")
        await expect(feed).to_contain_text("Acme Corp: 2 activities by Pi, last 30 days")
        await looked_at(window, pictures / "feed.png")

        # An entry, expanded and collapsed in place.
        details = _control(feed, "history:go:open").first
        await details.click()
        await expect(details).to_have_text("Close")
        await expect(feed).to_contain_text("happened")
        await looked_at(window, pictures / "feed-expanded.png")
        await details.click()
        await expect(details).to_have_text("Details")
        await expect(window.messages).to_have_count(2)

        # The three filters stack.
        await _control(feed, "history:filter:window").click()
        await page.get_by_role("option", name="Last 90 days").click()
        await expect(feed).to_contain_text("by Pi, last 90 days")
        await window.button("Clear filters", within=feed).click()
        await expect(feed).to_contain_text(re.compile(r"Acme Corp: 1\d\d activities, all time"))
        await _control(feed, "history:filter:actors").click()
        await page.keyboard.type("mara")
        await page.get_by_role("option", name="Mara Núñez").click()
        await window.button("Done").click()
        await expect(feed).to_contain_text("by Mara Núñez, all time")
        await _control(feed, "history:filter:types").click()
        await page.get_by_role("option", name=re.compile("comment")).first.click()
        await window.button("Done").click()
        await expect(feed).to_contain_text("by Mara Núñez, of type comment")

        # A range of one's own.
        await _control(feed, "history:filter:window").click()
        await page.get_by_role("option", name="Custom…").click()
        pickers = feed.locator(".picker")
        await expect(pickers).to_have_count(2)
        first = await pickers.first.inner_text()
        await pickers.first.click()
        await page.keyboard.press("PageUp")
        await page.keyboard.press("Enter")
        await expect(pickers.first).not_to_have_text(first)
        await looked_at(window, pictures / "feed-range.png")

        # Older, newer, and the table.
        await window.say("/pivotal history acme")
        await expect(window.messages).to_have_count(3)
        feed = window.messages.last
        newest = await feed.inner_text()
        await window.button("Older →", within=feed).click()
        await expect(_control(feed, "history:go:newer")).to_be_visible()
        assert await feed.inner_text() != newest
        await _control(feed, "history:go:newer").click()
        await expect(_control(feed, "history:go:newer")).to_have_count(0)
        await _control(feed, "history:menu").click()
        await page.get_by_role("menuitem", name="Table view").click()
        await expect(feed.locator("table").first).to_be_visible()
        await looked_at(window, pictures / "feed-table.png")

        # Shared with the channel, all see it.
        await window.say("/pivotal history acme --actor pi --30d")
        await expect(window.messages.last).to_contain_text("2 activities by Pi")
        await _control(window.messages.last, "history:menu").click()
        await page.get_by_role("menuitem", name="Share to this channel").click()
        shared = page.locator(".place .message:not(.ephemeral)", has_text="2 activities by Pi")
        await expect(shared).to_have_count(1)
        await window.act_as("Ines Duarte")
        await expect(shared).to_have_count(1)
        await expect(page.locator(".place .ephemeral")).to_have_count(0)

        # A guest is told no, and nothing of this was refused by Slack.
        await window.act_as("Gus Novak")
        await window.say("/pivotal history acme")
        await expect(window.messages.last).to_contain_text("Guests cannot see")
        assert await _bad(window) == []


async def test_records_are_changed_by_command_by_form_and_from_the_home_tab(
    window: Window, tmp_path: Path, pictures: Path
) -> None:
    page = window.page
    async with running(tmp_path) as url:
        await window.open(url)
        await window.say("/pivotal set acme health=61")
        await expect(window.messages.last).to_contain_text("Acme Corp is changed")
        await expect(window.messages.last).to_contain_text("61")

        # Without what to set, a form asks for it.
        await window.say("/pivotal set acme")
        form = page.get_by_role("dialog")
        await expect(form.get_by_label("Plan")).to_have_value("Enterprise")
        await looked_at(window, pictures / "form.png")
        await form.get_by_label("Plan").fill("Growth")
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_contain_text("Acme Corp is changed")
        await page.keyboard.press("Escape")
        await expect(form).to_have_count(0)
        await window.say("/pivotal history acme --actor me --field plan")
        await expect(window.messages.last).to_contain_text("1 activity by you, that changed plan")

        # The Home tab leads to a customer's card, and that to the form of a comment.
        await window.go("Pivotal")
        await page.get_by_role("tab", name="Home").click()
        await page.get_by_role("tabpanel").get_by_role("button", name=re.compile("^Open")).first.click()
        await expect(form).to_contain_text("Acme Corp")
        await looked_at(window, pictures / "card.png")
        await page.keyboard.press("Escape")

        # Whoever may only look is told so.
        await window.act_as("Ines Duarte")
        await window.go("customer-success")
        await window.say("/pivotal set acme health=10")
        await expect(window.messages.last).to_contain_text("admins")
        assert await _bad(window) == []


async def test_a_nudge_arrives_is_snoozed_comes_back_and_resolves_itself(
    window: Window, tmp_path: Path, pictures: Path
) -> None:
    """By moving the clock: each day Pi looks at the customers."""
    async with running(tmp_path) as url:
        await window.open(url)
        await window.say("/pivotal set acme health=60")
        await expect(window.messages.last).to_contain_text("Acme Corp is changed")
        await window.go("acme")
        await expect(window.messages).to_have_count(0)

        await later(window, "+1 day")
        nudge = window.messages.last
        await expect(nudge).to_contain_text("Acme Corp: Health dropped")
        await expect(nudge).to_contain_text("from 88 to 60")
        await looked_at(window, pictures / "nudge.png")

        await _control(nudge, "nudge:snooze").click()
        await window.page.get_by_role("option", name="Snooze for a day").click()
        await expect(nudge).to_contain_text("Snoozed by")
        await later(window, "+1 day")
        await later(window, "+1 hour")
        await expect(window.messages).to_have_count(2)
        await expect(window.messages.first).to_contain_text("It came back")

        await window.button("History", within=window.messages.last).click()
        await expect(window.messages.last).to_contain_text("that changed health_score")
        await window.say("/pivotal set acme health=90")
        await expect(window.messages.last).to_contain_text("Acme Corp is changed")
        await later(window, "+1 day")
        await expect(window.messages.nth(1)).to_contain_text("Resolved: health is back at 90")
        await looked_at(window, pictures / "nudge-resolved.png")
        await window.say("/pivotal nudges")
        await expect(window.messages.last).to_contain_text("Nudges daily 09:00")
        await looked_at(window, pictures / "nudges.png")
        assert await _bad(window) == []


async def later(window: Window, how_much: str) -> None:
    await window.page.locator("#clock").click()
    await window.page.get_by_role("menuitem", name=how_much).click()


async def test_the_real_feed_in_a_narrow_window_and_in_the_dark(window: Window, tmp_path: Path, pictures: Path) -> None:
    async with running(tmp_path) as url:
        await window.page.emulate_media(color_scheme="dark")
        await window.open(url)
        await window.say("/pivotal history acme")
        await expect(window.messages.last).to_contain_text("activities, all time")
        await looked_at(window, pictures / "feed-dark.png")
        await window.page.set_viewport_size({"width": 390, "height": 844})
        await looked_at(window, pictures / "feed-narrow-dark.png")
        await window.page.emulate_media(color_scheme="light")
        await looked_at(window, pictures / "feed-narrow.png")


async def test_what_was_done_is_there_at_the_next_start_and_its_buttons_work(window: Window, tmp_path: Path) -> None:
    async with running(tmp_path) as url:
        await window.open(url)
        await window.say("/pivotal history acme --actor pi --30d")
        await expect(window.messages.last).to_contain_text("2 activities by Pi")
        await window.say("Look at that")
        await expect(window.messages.last).to_contain_text("Look at that")
        await window.page.locator("#clock").click()
        await window.page.get_by_role("menuitem", name="+1 week").click()
        await expect(window.page.locator("#notices")).to_contain_text("1 week")
    window.complaints.clear()  # the browser says that the server is gone
    async with running(tmp_path) as url:
        await window.open(url)
        await expect(window.messages).to_have_count(3)
        await window.say("/pivotal history acme --7d")  # a week on, nothing of the sample is that young
        await expect(window.messages.last).to_contain_text("No activities")
        feed = window.messages.nth(1)
        await _control(feed, "history:filter:window").click()
        await window.page.get_by_role("option", name="All time").click()
        await expect(feed).to_contain_text("by Pi, all time")
    window.complaints.clear()
    async with running(tmp_path, reset=True) as url:
        await window.open(url)
        await expect(window.messages).to_have_count(1)
    window.complaints.clear()


async def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PivotalError, match=r"Port \d+ is taken .* Choose another with `--port N`"):
            async with running(tmp_path, port=taken.getsockname()[1]):
                pass


async def test_a_folder_that_cannot_be_written_to_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write anywhere, so the system's answer is what is bent here."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PivotalError, match=r"Can't write in .*\. Start it in a folder of your own"):
        async with running(tmp_path):
            pass


async def test_files_of_another_version_are_named_and_left_alone(tmp_path: Path) -> None:
    async with running(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "pivotal-demo.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(PivotalError, match=r"pivotal-demo.db is of a newer Pivotal .*--reset"):
        async with running(tmp_path):
            pass
    with closing(sqlite3.connect(tmp_path / "pivotal-demo.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    for damaged in ("{", "[]", '{"version": 0}', '{"version": 1}'):
        (tmp_path / "pivotal-demo.json").write_text(damaged)
        with pytest.raises(PivotalError, match=r"pivotal-demo.json cannot be read: .*--reset|newer Pivotal"):
            async with running(tmp_path):
                pass
        assert (tmp_path / "pivotal-demo.json").read_text() == damaged
    async with running(tmp_path, reset=True):
        pass


async def test_it_starts_soon_and_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    """As a process of its own, with a page open."""
    program = "import asyncio; from pathlib import Path; from bot.demo import run; asyncio.run(run(port=0, browser=False, reset=False, folder=Path('.'), say=lambda words: print(words, flush=True)))"
    root = Path(__file__).parents[2]
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(root)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    while not (said := (await process.stdout.readline()).decode()).startswith("The demo is at"):
        assert said, "it ended before it said where it is"
    url = said.split()[-1]
    async with aiohttp.ClientSession() as http, http.get(url) as page, http.get(f"{url}/stream") as stream:
        assert page.status == 200
        print(f"the demo's page answered after {time.monotonic() - begun:.1f} s")  # noqa: T201 - a figure of this run
        assert (await stream.content.readline()) == b"event: hello\n"
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert b"Traceback" not in out + err
    assert _names(tmp_path) == ["pivotal-demo.db", "pivotal-demo.json"]


def _names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def _control(within: Locator, name: str) -> Locator:
    return within.locator(f"[data-control^='{name}']")


async def looked_at(window: Window, picture: Path) -> None:
    """A picture for people; and what can be told without them: nothing is cut off, and all is readable."""
    await window.page.mouse.move(0, 0)
    await window.page.screenshot(path=picture)
    assert await window.page.evaluate(CLIPPED) == []
    assert await window.page.evaluate(CONTRASTS) == []


async def _bad(window: Window) -> list[str]:
    """What the inspector shows as failed or refused."""
    found: list[str] = await window.page.evaluate(
        "async () => { const { state } = await import('./static/state.js'); return [...state.traffic.values()].filter((each) => each.error || each.refused.length).map((each) => `${each.kind} ${each.error}`); }"
    )
    return found
