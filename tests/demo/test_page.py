"""The page around the messages: writing, completing, threads, files, people, time, the inspector, many messages, a narrow window."""

import asyncio
import csv
import io
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from bot.sandbox import Message
from tests.demo.conftest import Demo, Window
from tests.demo.test_blocks import CLIPPED

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_command_is_completed_by_keyboard(demo: Demo, opened: Window) -> None:
    page, completions = opened.page, opened.page.get_by_role("listbox", name="Completions").get_by_role("option")
    await opened.composer.focus()
    await page.keyboard.type("/t")
    await expect(completions).to_contain_text(["/toy"])
    await page.keyboard.press("Tab")
    await expect(completions.first).to_contain_text("show")
    await page.keyboard.type("sh")
    await expect(completions).to_have_count(1)
    await page.keyboard.press("Tab")
    await page.keyboard.type("glo")
    await expect(completions).to_contain_text(["globex"])
    await page.keyboard.press("Tab")
    await expect(completions.first).to_contain_text("--actor")
    await page.keyboard.press("Tab")
    await page.keyboard.type("p")
    await expect(completions).to_contain_text(["pi"])
    await page.keyboard.press("Escape")
    await expect(completions).to_have_count(0)
    await expect(opened.composer).to_have_value("/toy show globex --actor p")
    await opened.composer.fill("/toy say hello")
    await page.keyboard.press("Enter")
    await expect(opened.messages.last).to_contain_text("hello")
    await expect(opened.composer).to_have_value("")
    await page.keyboard.press("ArrowUp")
    await expect(opened.composer).to_have_value("/toy say hello")


async def test_what_fails_is_said_in_slacks_words(demo: Demo, opened: Window) -> None:
    notices = opened.page.locator("#notices")
    await opened.say("/toy slow")
    await expect(notices).to_contain_text("/toy failed with the error “operation_timeout”")
    await opened.say("/toy wrong")
    await expect(notices).to_contain_text("/toy failed with the error “invalid_blocks”")
    await opened.say("/other word")
    await expect(notices).to_contain_text("/other is not a valid command.")
    await expect(opened.composer).to_have_value("/other word")


async def test_messages_threads_and_unread_channels(demo: Demo, opened: Window) -> None:
    page = opened.page
    await opened.say("Has @ann seen #acme-shared? *Look* & <b>tell</b>")
    first = opened.messages.last
    await expect(first).to_contain_text("Has @Ann Chu seen #acme-shared? Look & <b>tell</b>")
    await first.hover()
    await opened.button("Reply in thread", within=first).click()
    reply = page.get_by_role("combobox", name="Reply…")
    await expect(reply).to_be_focused()
    await reply.fill("yes")
    await reply.press("Enter")
    await expect(page.locator("#thread .message")).to_have_count(2)
    await expect(opened.messages).to_have_count(1)
    await expect(first).to_contain_text("1 reply")
    await reply.fill("/toy say no")
    await reply.press("Enter")
    await expect(page.locator("#notices")).to_contain_text("/toy is not supported in threads")
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()
    workspace = demo.slack.workspace
    workspace.post(Message(demo.shared.id, workspace.new_ts(), workspace.bot_user.id, "news", [], workspace.clock()))
    await expect(page.locator("#side .unread")).to_contain_text("acme-shared")
    await opened.go("acme-shared")
    await expect(page.locator("#side .unread")).to_have_count(0)
    await expect(opened.messages.last).to_contain_text("news")


async def test_a_file_is_opened_as_a_table_and_downloaded(demo: Demo, opened: Window, pictures: Path) -> None:
    page = opened.page
    await opened.say("/toy file")
    await opened.button("Open").click()
    preview = page.get_by_role("dialog", name="acme.csv")
    await expect(preview.get_by_role("columnheader")).to_have_text(["timestamp", "actor", "field"])
    await expect(preview.get_by_role("row").nth(2)).to_contain_text("Lee, Sam")
    await page.screenshot(path=pictures / "preview.png")
    await page.keyboard.press("Escape")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download acme.csv").click()
    download = await started.value
    assert download.suggested_filename == "acme.csv"
    saved = await asyncio.to_thread(Path(await download.path()).read_text, "utf-8-sig")
    rows = [*csv.reader(io.StringIO(saved))]
    assert rows[2] == ["2026-01-02T00:00:00Z", "Lee, Sam", "=owner"]


async def test_each_sees_what_is_theirs_in_their_own_time(demo: Demo, opened: Window) -> None:
    demo.post("for all <!date^1767225600^{date_short} {time}|then>")
    await expect(opened.messages.last).to_contain_text("Jan 1, 2026 1:00 AM")
    await opened.say("/toy say psst")
    await expect(opened.messages.last).to_contain_text("psst")
    await opened.act_as("Ann Chu")
    await expect(opened.messages).to_have_count(1)
    await expect(opened.messages.last).to_contain_text("Dec 31, 2025 7:00 PM")
    await opened.act_as("Gil Guest")
    await expect(opened.page.locator("#side .place-name")).to_have_text(["acme-shared", "Pivotal"])
    await opened.act_as("Sam Lee")
    await opened.go("customer-success")
    await expect(opened.messages).to_have_count(2)
    await opened.button("Dismiss").click()
    await expect(opened.messages).to_have_count(1)


async def test_the_clock_moves_forward_and_dates_with_it(demo: Demo, opened: Window) -> None:
    now = demo.slack.workspace.clock()
    demo.post(f"posted <!date^{int(now.timestamp())}^{{date_pretty}}|then>")
    await expect(opened.messages.last).to_contain_text("posted today")
    await opened.page.locator("#clock").click()
    await opened.page.get_by_role("menuitem", name="+1 day").click()
    await expect(opened.messages.last).to_contain_text("posted yesterday")
    assert (demo.slack.workspace.clock() - now).days == 1


async def test_the_inspector_shows_payload_ack_and_refusal(demo: Demo, opened: Window, pictures: Path) -> None:
    page = opened.page
    await opened.button("Inspector").click()
    panel = page.get_by_role("complementary", name="Inspector")
    await opened.say("/toy say seen")
    entry = panel.locator(".entry", has_text="/toy say seen")
    await expect(entry).to_contain_text("ack 200")
    await entry.locator("summary").click()
    await expect(entry).to_contain_text('"user_name": "sam"')
    await expect(entry).to_contain_text("X-Slack-Signature")
    await expect(entry.get_by_role("region", name="Answer")).to_contain_text('"text": "seen"')
    await opened.say("/toy wrong")
    refused = panel.locator(".entry.bad", has_text="/toy wrong")
    await expect(refused).to_contain_text("invalid_blocks")
    await refused.locator("summary").click()
    await expect(refused).to_contain_text("must be less than 3001 characters")
    await expect(refused.locator("mark")).to_contain_text("xxx")
    await page.screenshot(path=pictures / "inspector.png")
    await opened.say("/toy file")
    await expect(panel).to_contain_text("files.completeUploadExternal")
    await opened.button("Refused", within=panel).click()
    await expect(panel.locator(".entry")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(opened.button("Inspector")).to_be_focused()


async def test_a_thousand_messages_stay_usable(demo: Demo, window: Window) -> None:
    for number in range(1_000):
        demo.post(f"message {number}", [{"type": "section", "text": {"type": "mrkdwn", "text": f"*message* {number}"}}])
    await window.open(demo.url)
    await expect(window.messages.last).to_contain_text("message 999")
    drawn = await window.messages.count()
    assert drawn < 100
    for _ in range(20):
        if before := await window.messages.count():
            await window.page.locator(".log").evaluate("log => log.scrollTo(0, 0)")  # more of them come on the way up
            await window.page.wait_for_function(
                "before => document.querySelectorAll('.message').length > before || document.querySelector('.load').hidden",
                arg=before,
            )
    assert await window.messages.count() == 1_000
    assert "message 0" in await window.messages.first.inner_text()
    took = await window.page.evaluate(
        """async () => {
          const field = document.querySelector('#composer-text');
          const begun = performance.now();
          field.value = 'x'; field.dispatchEvent(new Event('input'));
          await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
          return performance.now() - begun;
        }"""
    )
    assert took < 500  # a keystroke, on a machine that does other things, too
    await window.say("one more")
    await expect(window.messages.last).to_contain_text("one more")


async def test_a_narrow_window_has_a_drawer_and_nothing_is_cut_off(demo: Demo, window: Window, pictures: Path) -> None:
    await window.page.set_viewport_size({"width": 360, "height": 740})
    await window.open(demo.url)
    for name in ("words", "controls", "tables", "holders"):
        demo.show(name)
    await expect(window.messages).to_have_count(4)
    assert await window.page.evaluate(CLIPPED) == []
    await window.page.screenshot(path=pictures / "narrow.png")
    side = window.page.locator("#side")
    await expect(side).to_be_hidden()
    await window.button("Channels").press("Enter")
    await expect(side).to_be_visible()
    await expect(side.locator("[aria-current]")).to_be_focused()
    await window.page.screenshot(path=pictures / "narrow-drawer.png")
    await window.page.keyboard.press("Escape")
    await expect(side).to_be_hidden()
    await window.button("Inspector").click()
    await window.page.screenshot(path=pictures / "narrow-inspector.png")
    assert await window.page.evaluate(CLIPPED) == []


async def test_colours_follow_the_system_until_one_chooses(demo: Demo, window: Window) -> None:
    await window.page.emulate_media(color_scheme="dark")
    await window.open(demo.url)
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = await window.page.evaluate(ground)
    await window.button("Light colours").click()
    light = await window.page.evaluate(ground)
    assert light != dark
    await window.page.reload()
    await window.composer.wait_for()
    assert await window.page.evaluate(ground) == light


async def test_one_writes_at_once_where_one_went(demo: Demo, opened: Window) -> None:
    await expect(opened.composer).to_be_focused()
    await opened.page.locator("#side").get_by_role("button", name="acme-shared").press("Enter")
    await expect(opened.page.get_by_role("combobox", name="Message #acme-shared")).to_be_focused()


async def test_nothing_that_comes_while_a_channel_is_fetched_is_lost(demo: Demo, opened: Window) -> None:
    await opened.go("acme-shared")

    async def late(route: Route) -> None:
        answer = await route.fetch()
        demo.post("in between")
        await opened.page.wait_for_timeout(300)
        await route.fulfill(response=answer)

    await opened.page.route("**/messages?*", late)
    await opened.go("customer-success")
    await expect(opened.messages).to_have_text([re.compile("in between")])


async def test_everything_is_reached_by_tab_alone(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    await opened.button("Plain").wait_for()
    await opened.page.keyboard.press("Tab")
    reached = []
    for _ in range(60):
        reached.append(
            await opened.page.evaluate(
                "() => { const at = document.activeElement; const box = at.getBoundingClientRect(); return [at.getAttribute('aria-label') || at.textContent.trim() || at.id, box.width > 0 && getComputedStyle(at).outlineStyle !== 'none' || at.matches('body, input, textarea')]; }"
            )
        )
        await opened.page.keyboard.press("Tab")
    names = [name for name, _ in reached]
    for wanted in ("Skip to the message field", "Inspector", "customer-success", "Plain", "Danger", "Plan", "Mar 31, 2026", "Useful", "Message #customer-success", "Send"):  # fmt: skip
        assert wanted in names, wanted
    assert [name for name, shown in reached if not shown and name] == []
