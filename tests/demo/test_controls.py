"""Using each control with mouse and keyboard: what Slack would send reaches the app, and what comes back is on the page."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.demo.conftest import Demo, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _action(demo: Demo, count: int = 1) -> dict[str, Any]:
    """The newest of so many actions."""
    acted = [each for each in demo.toy.heard if each["type"] == "block_actions"]
    assert len(acted) == count
    action: dict[str, Any] = acted[-1]["actions"][0]
    return action


def _labels(action: dict[str, Any]) -> list[str]:
    return [each["text"]["text"] for each in action["selected_options"]]


async def test_a_button_sends_its_value_and_its_answer_appears_below(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    await opened.button("Plain").click()
    await expect(opened.messages.last).to_contain_text('plain {"value": "1"}')
    await expect(opened.messages.last).to_contain_text("Only visible to you")
    assert demo.slack.deliveries[-1].acked


async def test_a_dangerous_button_asks_first(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    await opened.button("Danger").click()
    asked = opened.page.get_by_role("dialog", name="Are you sure?")
    await expect(asked).to_contain_text("This cannot be undone.")
    await opened.page.keyboard.press("Escape")
    await expect(asked).to_have_count(0)
    assert demo.toy.heard == []
    await opened.button("Danger").click()
    await opened.button("Delete", within=asked).click()
    await expect(opened.messages.last).to_contain_text("danger")


async def test_menus_are_walked_by_keyboard(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    page = opened.page
    await opened.button("Plan").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("listbox", name="Plan")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(opened.button("Plan, Growth")).to_be_focused()
    await expect(opened.messages.last).to_contain_text("plan {")
    assert (await _action(demo))["selected_option"]["value"] == "growth"


async def test_several_picks_are_sent_once_when_the_menu_closes(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    page = opened.page
    await opened.button("Fruit, Fruit 1, Fruit 2").click()
    search = page.get_by_role("combobox", name="Search: Fruit")
    await search.fill("1")
    await expect(page.get_by_role("option")).to_have_count(4)
    await page.get_by_role("option", name="Fruit 12").click()
    await page.get_by_role("option", name="Fruit 10").click()
    await expect(page.get_by_role("option", selected=True)).to_have_count(2)
    assert demo.toy.heard == []
    await opened.button("Done").click()
    await expect(opened.messages.last).to_contain_text("fruit {")
    assert _labels(await _action(demo)) == ["Fruit 1", "Fruit 2", "Fruit 12"]


async def test_escape_leaves_the_picks_as_they_were(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    await opened.button("Fruit, Fruit 1, Fruit 2").click()
    await opened.page.get_by_role("option", name="Fruit 3").click()
    await opened.page.keyboard.press("Escape")
    await expect(opened.button("Fruit, Fruit 1, Fruit 2")).to_be_focused()
    assert demo.toy.heard == []


async def test_an_external_menu_asks_the_app_at_each_keystroke(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    page = opened.page
    await opened.button("Actors").click()
    await expect(page.get_by_role("option")).to_have_count(8)
    await page.keyboard.type("sa")
    await expect(page.get_by_role("option")).to_have_text(["Sam Lee"])
    await page.keyboard.press("Enter")
    await page.get_by_role("combobox", name="Search: Actors").fill("pi")
    await expect(page.get_by_role("option").first).to_have_text("Pi")
    await page.get_by_role("option", name="Pi", exact=True).click()
    await opened.button("Done").click()
    await expect(opened.button("Actors, Sam Lee, Pi")).to_be_visible()
    await expect(opened.messages.last).to_contain_text("actors {")
    assert _labels(await _action(demo)) == ["Sam Lee", "Pi"]
    asked = [each["value"] for each in demo.toy.heard if each["type"] == "block_suggestion"]
    assert asked[0] == ""


async def test_an_external_menu_waits_for_as_many_characters_as_it_says(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    await opened.button("Customer").click()
    await expect(opened.page.get_by_text("Type 3 or more characters")).to_be_visible()
    await opened.page.keyboard.type("ac")
    await expect(opened.page.get_by_text("Type 3 or more characters")).to_be_visible()
    await opened.page.keyboard.type("m")
    await expect(opened.page.get_by_role("option")).to_have_text(["Acme Corp"])
    await opened.page.keyboard.type("zz")
    await expect(opened.page.get_by_text("No results")).to_be_visible()


async def test_people_and_channels_are_sent_as_ids(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    page = opened.page
    await opened.button("Person").click()
    await page.get_by_role("option", name="Ann Chu").click()
    await expect(opened.messages.last).to_contain_text("person {")
    assert (await _action(demo))["selected_user"] == demo.viewer.id
    await opened.button("Where").click()
    await expect(page.get_by_role("option")).to_have_text(["# customer-success"])
    await page.keyboard.press("Enter")
    await expect(opened.messages.last).to_contain_text("where {")
    assert (await _action(demo, 2))["selected_conversation"] == demo.general.id


async def test_groups_of_options_have_their_headings(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    await opened.button("Grouped").click()
    await expect(opened.page.get_by_role("group", name="People").get_by_role("option")).to_have_count(2)
    await expect(opened.page.get_by_role("group", name="Integrations").get_by_role("option")).to_have_text(["HubSpot"])


async def test_a_date_is_picked_with_the_arrow_keys(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    page = opened.page
    await opened.button("Mar 31, 2026").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-day='2026-03-31']")).to_be_focused()
    await page.keyboard.press("PageUp")  # February has no 31st
    await expect(page.locator("[data-day='2026-02-28']")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await expect(opened.button("Mar 6, 2026")).to_be_focused()
    await expect(opened.messages.last).to_contain_text('"selected_date": "2026-03-06"')


async def test_times_are_meant_in_the_zone_of_the_person(demo: Demo, opened: Window) -> None:
    """Sam is in Berlin, an hour ahead of UTC in winter; the browser is in Tokyo."""
    demo.show("controls")
    field = opened.page.locator("input[type=datetime-local]")
    await expect(field).to_have_value("2026-01-01T01:00")
    await field.fill("2026-01-01T02:30")
    await field.blur()
    await expect(opened.messages.last).to_contain_text(f'"selected_date_time": {1767225600 + 90 * 60}')
    await opened.page.locator("input[type=time]").fill("18:05")
    await opened.page.locator("input[type=time]").blur()
    await expect(opened.messages.last).to_contain_text('"selected_time": "18:05"')


async def test_boxes_radios_overflow_and_feedback(demo: Demo, opened: Window) -> None:
    demo.show("controls")
    page = opened.page
    await page.get_by_role("checkbox", name="Quiet hours").check()
    await expect(opened.messages.last).to_contain_text("ticks {")
    assert _labels(await _action(demo)) == ["Quiet hours", "Weekends"]
    await page.get_by_role("radio", name="Weekly").check()
    await expect(opened.messages.last).to_contain_text("radio {")
    await opened.messages.first.locator("[data-control=more]").click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(opened.messages.last).to_contain_text("more {")
    assert (await _action(demo, 3))["selected_option"]["value"] == "share"
    await opened.button("Not useful").click()
    await expect(opened.messages.last).to_contain_text('useful {"value": "no"}')
    await opened.button("Remove").click()
    await expect(opened.messages.last).to_contain_text("remove {}")


async def test_a_message_that_is_replaced_keeps_the_focus_on_its_control(demo: Demo, opened: Window) -> None:
    message = demo.post("one", [{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Next"}, "action_id": "next"}]}])  # fmt: skip
    await opened.button("Next").focus()
    demo.slack.workspace.edit(message, text="two", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "*page 2*"}}, *message.blocks])  # fmt: skip
    await expect(opened.messages.first).to_contain_text("page 2")
    await expect(opened.button("Next")).to_be_focused()


async def test_a_data_table_is_sorted_filtered_and_paged(demo: Demo, opened: Window) -> None:
    demo.show("tables")
    table = opened.page.locator(".data-table")
    rows = table.locator("tbody tr")
    await expect(rows).to_have_count(4)
    await opened.button("Events", within=table).click()
    await expect(rows.first).to_contain_text("Customer 11")  # with 3; as text, 10 would come first
    await opened.button("Events", within=table).click()
    await expect(table.locator("th[aria-sort=descending]")).to_have_text("Events")
    await expect(rows.first).to_contain_text("Customer 8")
    await opened.button("Next", within=table).click()
    await expect(table).to_contain_text("5–8 of 11")
    await table.get_by_role("searchbox").fill("customer 1")
    await expect(rows).to_have_count(3)
    await table.get_by_role("searchbox").fill("nobody")
    await expect(table).to_contain_text("No rows match")


async def test_containers_stay_folded_when_their_message_is_replaced(demo: Demo, opened: Window) -> None:
    message = demo.show("holders")
    monday = opened.page.get_by_role("button", name="Monday")
    await expect(opened.button("Details")).to_be_visible()
    await monday.click()
    await expect(opened.button("Details")).to_be_hidden()
    demo.slack.workspace.edit(message, text="again", blocks=message.blocks)
    await expect(opened.button("Details")).to_be_hidden()
    await opened.page.get_by_role("button", name="Sunday").click()
    await expect(opened.page.get_by_text("Nothing much")).to_be_visible()
