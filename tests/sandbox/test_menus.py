"""Menus, pickers and what they remember; and the options that an app is asked for as one types."""

import re

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, NotOnScreen, Person, StandInSlack, User
from tests.sandbox.toy import Json, actions, button, option, plain, posted, select

DATE = {"type": "datepicker", "action_id": "from", "initial_date": "2026-02-01"}
ANY = re.compile(".*")


async def test_menus_tell_what_was_picked_and_remember_it(
    clicks: list[Json], client: AsyncWebClient, sam: Person, channel: Channel, user: User
) -> None:
    kinds = [option("Nudge"), option("Edit"), option("Sync")]
    many = {"type": "multi_static_select", "action_id": "kinds", "options": kinds, "placeholder": plain("Kinds")}
    overflow = {"type": "overflow", "action_id": "more", "options": [option("Export to CSV", "csv")]}
    who = {"type": "users_select", "action_id": "who"}
    shown = await posted(client, channel, sam, actions(many, DATE, overflow, who, block_id="filters"))

    await shown.choose("Kinds", ["Nudge", "Sync"])
    assert clicks[-1]["actions"][0]["selected_options"] == [kinds[0], kinds[2]]
    await shown.pick_date("from", "2026-02-14")
    assert clicks[-1]["actions"][0]["selected_date"] == "2026-02-14"
    assert clicks[-1]["actions"][0]["initial_date"] == "2026-02-01"
    await shown.fill("who", user.id)
    assert clicks[-1]["actions"][0]["selected_user"] == user.id
    await shown.menu("Export to CSV")
    assert clicks[-1]["actions"][0]["selected_option"] == option("Export to CSV", "csv")
    assert clicks[-1]["state"]["values"] == {
        "filters": {
            "kinds": {"type": "multi_static_select", "selected_options": [kinds[0], kinds[2]]},
            "from": {"type": "datepicker", "selected_date": "2026-02-14"},
            "who": {"type": "users_select", "selected_user": user.id},
        }
    }
    with pytest.raises(NotOnScreen, match="'Nudge', 'Edit', 'Sync'"):
        await shown.choose("Kinds", ["Absent"])


async def test_what_was_picked_is_forgotten_when_the_message_comes_with_new_block_ids(
    bolt: AsyncApp, client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    states: list[Json] = []

    @bolt.action(ANY)
    async def clicked(ack: AsyncAck, respond: AsyncRespond, body: Json) -> None:
        states.append(body["state"]["values"])
        await ack()
        kept = "row" if len(states) == 1 else "row:2"
        await respond(blocks=[actions(DATE, button(), block_id=kept)], text="Again", replace_original=True)

    shown = await posted(client, channel, sam, actions(DATE, button(), block_id="row"))
    shown = await shown.pick_date("from", "2026-02-14")
    shown = await shown.click("Go")
    await shown.click("Go")
    assert [each["selected_date"] for state in states for row in state.values() for each in row.values()] == [
        "2026-02-14",
        "2026-02-14",
        "2026-02-01",
    ]


async def test_external_menus_ask_the_app_as_one_types(
    slack: StandInSlack, bolt: AsyncApp, clicks: list[Json], client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    asked: list[Json] = []

    @bolt.options("customer")
    async def suggest(ack: AsyncAck, payload: Json) -> None:
        asked.append(payload)
        found = [each for each in ("Acme", "Acme Labs", "Globex") if each.lower().startswith(payload["value"])]
        if payload["value"] == "grouped":
            await ack(option_groups=[{"label": plain("Active"), "options": [option("Initech")]}])
        else:
            await ack(options=[option(each) for each in found])

    menu = {"type": "external_select", "action_id": "customer", "placeholder": plain("Customer")}
    shown = await posted(client, channel, sam, actions({**menu, "min_query_length": 0}, block_id="b"))
    assert await shown.options("Customer") == ["Acme", "Acme Labs", "Globex"]
    assert await shown.options("Customer", typed="acme") == ["Acme", "Acme Labs"]
    assert await shown.options("Customer", typed="grouped") == ["Initech"]
    assert await shown.options("Customer", typed="zzz") == []
    assert [each["value"] for each in asked] == ["", "acme", "grouped", "zzz"]
    assert (asked[0]["type"], asked[0]["action_id"], asked[0]["block_id"]) == ("block_suggestion", "customer", "b")
    assert "response_url" not in asked[0]
    await shown.choose("Customer", "Acme Labs", typed="acme")
    assert clicks[0]["actions"][0]["selected_option"] == option("Acme Labs")

    shown = await posted(client, channel, sam, actions(menu))
    with pytest.raises(NotOnScreen, match="before 3 characters"):
        await shown.options("Customer", typed="ac")
    assert len(asked) == 5


async def test_options_that_slack_refuses_or_never_gets_show_as_none(
    slack: StandInSlack, bolt: AsyncApp, client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    @bolt.options("customer")
    async def suggest(ack: AsyncAck, payload: Json) -> None:
        match payload["value"]:
            case "many":
                await ack(options=[option(str(number)) for number in range(101)])
            case "long":
                await ack(options=[option("a" * 76)])
            case "raise":
                raise RuntimeError

    menu = {"type": "external_select", "action_id": "customer", "min_query_length": 0}
    shown = await posted(client, channel, sam, actions(menu))
    for typed in ("many", "long", "raise"):
        assert await shown.options("customer", typed=typed) == []
    assert [(each.where, each.problems[0].pointer) for each in slack.refusals] == [
        ("options", "/options"),
        ("options", "/options/0/text/text"),
    ]


async def test_static_menus_filter_what_is_typed_without_asking(
    slack: StandInSlack, bolt: AsyncApp, client: AsyncWebClient, sam: Person, channel: Channel
) -> None:
    shown = await posted(client, channel, sam, actions(select(options=[option("Nudge"), option("Edit")])))
    assert await shown.options("pick", typed="nud") == ["Nudge"]
    assert slack.deliveries == []
