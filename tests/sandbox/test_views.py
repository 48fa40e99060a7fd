"""views.open, push, update: the trigger, the hash, the stack and the names of views."""

import asyncio

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Person, StandInSlack
from tests.sandbox.toy import Json, MovableClock, actions, button, modal, plain, refused, section


async def test_at_most_three_views_are_stacked(bolt: AsyncApp, opens: list[Json], sam: Person) -> None:
    opens.append(modal(actions(button("More", "more"))))
    codes: list[str] = []

    @bolt.action("more")
    async def clicked(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=opens[0])
        except SlackApiError as error:
            codes.append(error.response["error"])
            await client.views_update(view_id=body["view"]["id"], view=modal(title="No more"))

    shown = await sam.says("/toy")
    shown = await (await shown.click("More")).click("More")
    assert codes == []
    assert (await shown.click("More")).text == "No more"
    assert codes == ["push_limit_reached"]


@pytest.mark.parametrize("seconds, code", [(3, None), (3.01, "expired_trigger_id")])
async def test_a_trigger_is_good_for_three_seconds(
    slack: StandInSlack,
    bolt: AsyncApp,
    client: AsyncWebClient,
    clock: MovableClock,
    sam: Person,
    seconds: float,
    code: str | None,
) -> None:
    got: list[str] = []

    @bolt.command("/toy")
    async def asked(ack: AsyncAck, command: Json) -> None:
        got.append(command["trigger_id"])
        await ack()

    await sam.types("/toy")
    clock.pass_(seconds=seconds)
    if code is None:
        assert (await client.views_open(trigger_id=got[0], view=modal()))["ok"]
        code = "exchanged_trigger_id"
    assert await refused(client.views_open(trigger_id=got[0], view=modal())) == code


async def test_a_trigger_opens_one_modal_even_when_two_are_opened_at_once(
    bolt: AsyncApp, client: AsyncWebClient, sam: Person
) -> None:
    got: list[str] = []

    @bolt.command("/toy")
    async def asked(ack: AsyncAck, command: Json) -> None:
        got.append(command["trigger_id"])
        await ack()

    await sam.types("/toy")
    both = [client.views_open(trigger_id=got[0], view=modal()) for _ in range(2)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert [type(each) is SlackApiError for each in results].count(True) == 1
    assert await refused(client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"


async def test_a_loading_modal_is_filled_later_unless_it_has_changed_meanwhile(
    client: AsyncWebClient, opens: list[Json], sam: Person
) -> None:
    opens.append(modal(section("Loading …"), external_id="loading"))
    shown = await sam.says("/toy")
    assert shown.view is not None
    first_hash = shown.view.hash
    updated = await client.views_update(view_id=shown.view.id, view=modal(section("Here")), hash=first_hash)
    assert shown.now().plain == "A modal\nHere"
    assert updated["view"]["hash"] != first_hash
    late = client.views_update(view_id=shown.view.id, view=modal(section("Late")), hash=first_hash)
    assert await refused(late) == "hash_conflict"
    assert shown.now().plain == "A modal\nHere"
    await shown.now().close()
    assert await refused(client.views_update(view_id=shown.view.id, view=modal())) == "not_found"


async def test_a_view_can_be_named_by_the_app_and_no_two_share_a_name(
    slack: StandInSlack, client: AsyncWebClient, opens: list[Json], sam: Person
) -> None:
    opens.append(modal(section("One"), external_id="edit:c1"))
    shown = await sam.says("/toy")
    await sam.types("/toy")
    await slack.until(lambda: len(slack.calls_of("views.open")) == 2)
    assert slack.calls_of("views.open")[1].answer["error"] == "duplicate_external_id"
    await client.views_update(external_id="edit:c1", view=modal(section("Two"), external_id="edit:c1"))
    assert shown.now().plain == "A modal\nTwo"
    assert await refused(client.views_update(external_id="other", view=modal())) == "not_found"
    await shown.close()
    assert (await sam.says("/toy")).plain == "A modal\nOne"


async def test_views_beyond_a_quarter_megabyte_are_refused(
    client: AsyncWebClient, opens: list[Json], sam: Person
) -> None:
    fields = [plain("a" * 2000)] * 10
    heavy = modal(*[{"type": "section", "fields": fields} for _ in range(13)])
    opens.append(modal())
    shown = await sam.says("/toy")
    assert shown.view is not None
    assert await refused(client.views_update(view_id=shown.view.id, view=heavy)) == "view_too_large"
    heavy["blocks"].pop()
    await client.views_update(view_id=shown.view.id, view=heavy)


async def test_a_home_tab_is_no_modal(client: AsyncWebClient, opens: list[Json], sam: Person) -> None:
    opens.append(modal())
    shown = await sam.says("/toy")
    assert shown.view is not None
    home = {"type": "home", "blocks": []}
    assert await refused(client.views_update(view_id=shown.view.id, view=home)) == "invalid_arguments"
    assert await refused(client.views_publish(user_id=sam.id, view=modal())) == "invalid_arguments"
