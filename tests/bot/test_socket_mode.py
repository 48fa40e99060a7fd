"""The same app without a public address: over a connection that it opens itself."""

import asyncio

from bot.sandbox import NoAnswer
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.bot.feeds import count, seqs


async def test_everything_works_over_the_socket_too(installed: Pivotal) -> None:
    await acme(installed)
    await installed.starts(socket=True)
    feed = await installed.says("/pivotal history acme")
    assert count(feed) == "84"
    assert feed.delivery is not None
    assert feed.delivery.envelope
    assert feed.delivery.answer["response_type"] == "ephemeral", "the answer rides in the ack here too"
    older = await feed.click("Older →")
    assert older.replaces(feed)
    assert seqs(older) == list(range(11, 21))
    assert await older.options("Actors", typed="pi") == ["Anything, via the API", "Pi"]
    assert count(await older.choose("Actors", ["Pi"])) == "12"
    assert (await feed.menu("Share to this channel")).plain == "Shared to this channel."
    assert (await installed.says("/pivotal history payload")).plain.startswith("I don't know a customer payload.")
    told = await installed.slack.change_user(installed.sam.user, tz="Asia/Tokyo")
    assert told.acked
    assert "Asia/Tokyo" in (await installed.says("/pivotal history acme")).text


async def test_slack_recycles_a_connection_and_it_is_opened_again(installed: Pivotal) -> None:
    """What is typed while the connections change is lost, as Slack itself says; what is typed again is answered."""
    await acme(installed)
    await installed.starts(socket=True)
    slack = installed.slack
    await slack.sockets.disconnect("refresh_requested")
    async with asyncio.timeout(60):
        while len(slack.calls_of("apps.connections.open")) < 2:  # noqa: ASYNC110 - nothing tells of a call
            await asyncio.sleep(0.01)
    await slack.sockets.until_connected()
    try:
        shown = await installed.says("/pivotal history acme")
    except NoAnswer:
        shown = await installed.says("/pivotal history acme")
    assert count(shown) == "84"


async def test_by_socket_mode_nothing_is_taken_over_http(installed: Pivotal) -> None:
    await installed.starts(socket=True)
    assert "/slack/events" not in {each.canonical for each in installed.app.web.router.resources()}
    await installed.restarts()
    assert "/slack/events" in {each.canonical for each in installed.app.web.router.resources()}
