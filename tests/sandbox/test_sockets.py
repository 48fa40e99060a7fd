"""Socket Mode: envelopes over at most ten sockets, each acked by its id; and Bolt's own handler on them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, NoAnswer, Person, StandInSlack
from tests.sandbox.toy import Json, actions, bolt_app, button, entry, modal, option, refused, written


@pytest.fixture
async def bolt(slack: StandInSlack, http: aiohttp.ClientSession) -> AsyncIterator[AsyncApp]:
    bolt = bolt_app(slack, http)
    handler = AsyncSocketModeHandler(bolt, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.sockets.until_connected()
    yield bolt
    await handler.close_async()  # type: ignore[no-untyped-call]


class Sockets:
    """Sockets opened by hand, without an SDK."""

    def __init__(self, slack: StandInSlack, http: aiohttp.ClientSession) -> None:
        self.http = http
        self.client = AsyncWebClient(token=slack.app_token, base_url=slack.api_url, session=http, retry_handlers=[])
        self.stack = AsyncExitStack()

    async def url(self) -> str:
        found: str = (await self.client.apps_connections_open(app_token=str(self.client.token)))["url"]
        return found

    async def open(self) -> aiohttp.ClientWebSocketResponse:
        return await self.stack.enter_async_context(self.http.ws_connect(await self.url()))


@pytest.fixture
async def by_hand(slack: StandInSlack, http: aiohttp.ClientSession) -> AsyncIterator[Sockets]:
    sockets = Sockets(slack, http)
    async with sockets.stack:
        yield sockets


async def test_bolt_answers_over_a_socket(
    slack: StandInSlack, bolt: AsyncApp, sam: Person, client: AsyncWebClient, channel: Channel
) -> None:
    """Commands, clicks, options, modals and events, with nothing to be reached by HTTP."""
    events: list[Json] = []

    @bolt.command("/toy")
    async def asked(ack: AsyncAck) -> None:
        menu = {"type": "external_select", "action_id": "customer", "min_query_length": 0}
        await ack({"text": "Here", "blocks": [actions(button("Go", "go"), button("Edit", "edit"), menu)]})

    @bolt.action("go")
    async def clicked(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond("Replaced", replace_original=True)

    @bolt.action("edit")
    async def edit(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(entry("Name", written())))

    @bolt.view("")
    async def submitted(ack: AsyncAck) -> None:
        await ack(response_action="errors", errors={"name": "No."})

    @bolt.options("customer")
    async def suggest(ack: AsyncAck) -> None:
        await ack(options=[option("Acme")])

    @bolt.event("app_mention")
    async def mentioned(event: Json) -> None:
        events.append(event)

    shown = await sam.says("/toy")
    assert await shown.options("customer") == ["Acme"]
    form = await shown.click("Edit")
    await form.fill("Name", "Acme")
    assert (await form.submit()).errors == {"name": "No."}
    assert (await shown.click("Go")).plain == "Replaced"
    assert (await slack.event({"type": "app_mention"})).acked
    assert len(events) == 1
    assert all(each.envelope and each.status == 200 for each in slack.deliveries)


async def test_an_envelope_says_what_it_is_and_waits_for_its_id(slack: StandInSlack, by_hand: Sockets) -> None:
    socket = await by_hand.open()
    hello = await socket.receive_json()
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    sending = asyncio.create_task(slack.event({"type": "app_mention"}, retry=2, retry_reason="http_timeout"))
    envelope = await socket.receive_json()
    assert (envelope["type"], envelope["retry_attempt"], envelope["retry_reason"]) == ("events_api", 2, "http_timeout")
    assert envelope["accepts_response_payload"] is False
    assert envelope["payload"]["event"]["type"] == "app_mention"
    await socket.send_json({"envelope_id": "another"})
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    assert (await sending).envelope == envelope["envelope_id"]


@pytest.mark.parametrize("kind, name", [("command", "slash_commands"), ("shortcut", "interactive")])
async def test_kinds_of_envelopes(slack: StandInSlack, by_hand: Sockets, sam: Person, kind: str, name: str) -> None:
    socket = await by_hand.open()
    await socket.receive_json()
    did = sam.types("/toy") if kind == "command" else sam.shortcut("find")
    doing = asyncio.ensure_future(did)
    envelope = await socket.receive_json()
    assert (envelope["type"], envelope["accepts_response_payload"]) == (name, True)
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)


async def test_an_envelope_that_nobody_acks_times_out(slack: StandInSlack, by_hand: Sockets, sam: Person) -> None:
    slack.transport.ack_within = timedelta(milliseconds=50)
    await (await by_hand.open()).receive_json()
    with pytest.raises(NoAnswer, match="operation_timeout"):
        await sam.says("/toy")


async def test_each_envelope_goes_to_one_of_the_sockets(slack: StandInSlack, by_hand: Sockets) -> None:
    sockets = [await by_hand.open() for _ in range(3)]
    assert [(await each.receive_json())["num_connections"] for each in sockets] == [1, 2, 3]
    for socket in [*sockets, sockets[0]]:
        sending = asyncio.create_task(slack.event({"type": "app_mention"}))
        await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
        assert (await sending).acked


async def test_an_eleventh_socket_is_turned_away(slack: StandInSlack, by_hand: Sockets) -> None:
    for _ in range(10):
        await (await by_hand.open()).receive_json()
    eleventh = await by_hand.open()
    told = await eleventh.receive_json()
    assert (told["type"], told["reason"]) == ("disconnect", "too_many_websockets")
    assert (await eleventh.receive()).type == aiohttp.WSMsgType.CLOSE


async def test_a_sockets_url_is_good_once_and_for_the_app_token_only(
    slack: StandInSlack, by_hand: Sockets, http: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    url = await by_hand.url()
    async with http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)
    assert await refused(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.apps_connections_open(app_token="xapp-other")


async def test_bolt_comes_back_when_slack_recycles_its_socket(slack: StandInSlack, bolt: AsyncApp) -> None:
    """An event that comes in between is delivered again."""
    seen: list[str] = []

    @bolt.event("app_mention")
    async def mentioned(body: Json) -> None:
        seen.append(body["event_id"])

    slack.transport.ack_within = timedelta(seconds=3)
    await slack.event({"type": "app_mention"})
    await slack.sockets.disconnect()
    await slack.sockets.until_connected()
    sent = await slack.event_until_acked({"type": "app_mention"})
    assert sent[-1].acked
    assert len(set(seen)) == 2
    assert len(slack.calls_of("apps.connections.open")) >= 2


async def test_between_two_sockets_a_command_fails(slack: StandInSlack, by_hand: Sockets, sam: Person) -> None:
    socket = await by_hand.open()
    await socket.receive_json()
    closing = asyncio.create_task(slack.sockets.disconnect())
    told = await socket.receive_json()
    assert (told["type"], told["reason"]) == ("disconnect", "refresh_requested")
    assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE
    await closing
    with pytest.raises(NoAnswer, match="dispatch_failed"):
        await sam.says("/toy")
    sent = await slack.event_until_acked({"type": "app_mention"})
    assert [each.error for each in sent] == ["dispatch_failed"] * 4
    assert sent[1].headers["X-Slack-Retry-Reason"] == "connection_failed"
