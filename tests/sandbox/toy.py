"""A toy app for the stand-in to talk to: slack-bolt behind a web server, its listeners given by each test. And what tests do and build
over and over.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, Person, Shown, StandInSlack

Json = dict[str, Any]


class MovableClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **by: float) -> None:
        self.now += timedelta(**by)


def web_client(slack: StandInSlack, http: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, session=http, retry_handlers=[])


def bolt_app(slack: StandInSlack, http: aiohttp.ClientSession) -> AsyncApp:
    client = web_client(slack, http)
    return AsyncApp(client=client, signing_secret=slack.signing_secret)


async def by_bolt(bolt: AsyncApp, request: web.Request) -> web.Response:
    """Every request is answered by Bolt, which verifies the signature."""
    return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))


@asynccontextmanager
async def served(handle: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A request URL where this answers."""

    async def handler(request: web.Request) -> web.Response:
        return await handle(request)

    app = web.Application()
    app.router.add_post("/slack/events", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "Words", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(label: str = "Go", action_id: str = "go", **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, **more}


def option(label: str = "One", value: str | None = None, **more: Any) -> Json:
    return {"text": plain(label), "value": label.lower() if value is None else value, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def entry(label: str, element: Json, **more: Any) -> Json:
    """An input block; its block_id is the label in lower case."""
    return {"type": "input", "block_id": label.lower(), "label": plain(label), "element": element, **more}


def written(action_id: str = "it", **more: Any) -> Json:
    return {"type": "plain_text_input", "action_id": action_id, **more}


def modal(*blocks: Json, title: str = "A modal", **more: Any) -> Json:
    return {"type": "modal", "title": plain(title), "submit": plain("Save"), "blocks": list(blocks), **more}


def home(*blocks: Json, **more: Any) -> Json:
    return {"type": "home", "blocks": list(blocks), **more}


def select(action_id: str = "pick", *, options: Sequence[Json] = (), **more: Any) -> Json:
    return {"type": "static_select", "action_id": action_id, "options": list(options) or [option()], **more}


async def refused(call: Any) -> str:
    """The error code of a Web API call that must fail."""
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


async def posted(client: AsyncWebClient, channel: Channel, sam: Person, *blocks: Json, text: str = "Posted") -> Shown:
    """A message of the app's, as this person sees it."""
    await client.chat_postMessage(channel=channel.id, text=text, blocks=list(blocks))
    return sam.sees(channel)[-1]


async def whispered(
    client: AsyncWebClient, channel: Channel, sam: Person, *blocks: Json, text: str = "Whispered"
) -> Shown:
    await client.chat_postEphemeral(channel=channel.id, user=sam.id, text=text, blocks=list(blocks))
    return sam.sees(channel)[-1]
