"""Modals: filled in, refused, stacked, sent and closed, with the keyboard too."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.demo.conftest import Demo, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_modal_is_filled_in_refused_and_sent(demo: Demo, opened: Window, pictures: Path) -> None:
    page = opened.page
    await opened.say("/toy modal")
    modal = page.get_by_role("dialog", name="Edit Acme Corp")
    await expect(modal.get_by_label("Name")).to_be_focused()
    await expect(modal.get_by_label("Name")).to_have_value("Acme Corp")
    await page.screenshot(path=pictures / "modal.png")
    await opened.button("Save").click()
    await expect(modal).to_contain_text("Health score' must be filled in")
    await modal.get_by_label("Health score").fill("700")
    await modal.get_by_label("Name").fill("Acme & Söhne")
    await modal.get_by_role("button", name="Plan, Growth").click()
    await page.get_by_role("option", name="Scale").click()
    await modal.get_by_role("checkbox", name="vip").check()
    await page.screenshot(path=pictures / "modal-filled.png")
    await page.keyboard.press("Tab")
    await opened.button("Save").click()
    await expect(modal).to_contain_text("A whole number from 0 to 100")
    await expect(modal.get_by_label("Health score")).to_be_focused()
    await page.screenshot(path=pictures / "modal-errors.png")
    await modal.get_by_label("Health score").fill("70")
    await page.keyboard.press("Enter")
    await expect(modal).to_have_count(0)
    values = demo.toy.heard[-1]["view"]["state"]["values"]
    assert demo.toy.heard[-1]["view"]["private_metadata"] == '{"customer":"acme"}'
    assert values["name"]["value"]["value"] == "Acme & Söhne"
    assert values["health"]["value"]["value"] == "70"
    assert values["plan"]["value"]["selected_option"]["value"] == "scale"
    assert [each["value"] for each in values["tags"]["value"]["selected_options"]] == ["vip"]
    assert values["notes"]["value"]["value"] is None


async def test_a_stack_goes_back_and_is_cleared_as_a_whole(demo: Demo, opened: Window) -> None:
    page = opened.page
    await opened.say("/toy modal")
    await page.get_by_label("Health score").fill("55")
    await opened.button("More…").click()
    deeper = page.get_by_role("dialog", name="Deeper")
    await expect(deeper).to_be_visible()
    await opened.button("Back").click()
    await expect(page.get_by_role("dialog", name="Edit Acme Corp").get_by_label("Health score")).to_have_value("55")
    await opened.button("More…").click()
    await opened.button("Save", within=deeper).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_escape_closes_a_modal_but_only_the_menu_that_is_open_in_it(demo: Demo, opened: Window) -> None:
    page = opened.page
    await opened.say("/toy modal")
    await opened.button("Renews on: Select a date").click()
    await expect(page.get_by_role("grid")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("grid")).to_have_count(0)
    await expect(page.get_by_role("dialog", name="Edit Acme Corp")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_shortcuts_open_from_the_composer_and_from_a_message(demo: Demo, opened: Window) -> None:
    page = opened.page
    await opened.button("Shortcuts").click()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Edit Acme Corp")).to_be_visible()
    await opened.button("Cancel").click()
    demo.post("a finding")
    await opened.messages.last.hover()
    await opened.button("More actions", within=opened.messages.last).click()
    await page.get_by_role("menuitem", name="About this").click()
    await expect(opened.messages.last).to_contain_text("about: a finding")


async def test_the_home_tab_is_published_when_it_is_opened(demo: Demo, opened: Window) -> None:
    """This app's manifest asks for app_home_opened; one that does not has no such tab."""
    await opened.go("Pivotal")
    await opened.page.get_by_role("tab", name="Home").click()
    await expect(opened.page.get_by_role("tabpanel")).to_contain_text("Good day, home")
    await opened.button("Wave").click()
    assert (await demo.toy.hears("block_actions"))["container"]["type"] == "view"
    await opened.page.get_by_role("tab", name="Home").press("ArrowRight")
    await expect(opened.page.get_by_role("tab", name="Messages")).to_be_focused()
    await expect(opened.composer).to_be_visible()
