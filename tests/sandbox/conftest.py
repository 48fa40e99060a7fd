"""A stand-in Slack with a person, a channel and a toy app in it; its clock stands still until a test moves it."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from functools import partial

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, Person, StandInSlack, User
from tests.sandbox.toy import Json, MovableClock, bolt_app, by_bolt, served, web_client

ANY = re.compile(".*")
A_LOOK = timedelta(minutes=1)
"""So long that a machine which stands still for a moment fails no test; those of what comes too late have their own."""


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def slack(clock: MovableClock) -> AsyncIterator[StandInSlack]:
    async with StandInSlack(clock=clock, ack_within=A_LOOK, patience=A_LOOK) as slack:
        yield slack


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(slack: StandInSlack, http: aiohttp.ClientSession) -> AsyncWebClient:
    return web_client(slack, http)


@pytest.fixture
async def bolt(slack: StandInSlack, http: aiohttp.ClientSession) -> AsyncIterator[AsyncApp]:
    bolt = bolt_app(slack, http)
    async with served(partial(by_bolt, bolt)) as url:
        slack.connect_app(url)
        yield bolt


@pytest.fixture
def user(slack: StandInSlack) -> User:
    return slack.add_user("Sam Lee")


@pytest.fixture
def sam(slack: StandInSlack, user: User) -> Person:
    return slack.as_user(user)


@pytest.fixture
def channel(slack: StandInSlack, user: User) -> Channel:
    return slack.add_channel("cs-acme", members=[user])


@pytest.fixture
def clicks(bolt: AsyncApp) -> list[Json]:
    """The payloads of clicks that came in. The app says beside the message which click it was."""
    seen: list[Json] = []

    @bolt.action(ANY)
    async def clicked(ack: AsyncAck, respond: AsyncRespond, body: Json) -> None:
        seen.append(body)
        await ack()
        await respond(text=f"click {len(seen)}", replace_original=False)

    return seen


@pytest.fixture
def opens(bolt: AsyncApp) -> list[Json]:
    """The app answers `/toy` with a modal: the first of these."""
    views: list[Json] = []

    @bolt.command("/toy")
    async def asked(ack: AsyncAck, command: Json, client: AsyncWebClient) -> None:
        await ack()
        with suppress(SlackApiError):
            await client.views_open(trigger_id=command["trigger_id"], view=views[0])

    return views


@pytest.fixture
def sent(bolt: AsyncApp) -> list[Json]:
    """The payloads of modals that were sent in. The app closes them."""
    seen: list[Json] = []

    @bolt.view({"type": "view_submission", "callback_id": ANY})
    async def submitted(ack: AsyncAck, body: Json) -> None:
        seen.append(body)
        await ack()

    return seen
