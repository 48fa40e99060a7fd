"""Sharing a slice to the channel: once, for all to read, and only where all may."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.sandbox import Shown
from bot.sandbox.workspace import Message
from store import tables
from store.engine import Database
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.bot.feeds import count, seqs

SHARE = "Share to this channel"


def posted(pivotal: Pivotal) -> list[Message]:
    """What everybody in the room can read."""
    return pivotal.slack.messages_in(pivotal.room)


async def an_hour_passes(database: Database) -> None:
    """For what waits in the outbox, by the database's clock: as if it had been put there an hour ago."""
    o = tables.outbox
    hour = timedelta(hours=1)

    def work(connection: sa.Connection) -> None:
        for key, due, until in connection.execute(sa.select(o.c.key, o.c.due_at, o.c.lease_until)).all():
            moved = {"due_at": due - hour, "lease_until": until and until - hour}
            connection.execute(o.update().where(o.c.key == key).values(moved))

    await database.write(work)


async def test_it_is_posted_once_for_all_to_read(pivotal: Pivotal) -> None:
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme --actor pi --30d")
    assert (await feed.menu(SHARE)).plain == "Shared to this channel."
    (message,) = posted(pivotal)
    assert message.text.startswith("Sam Lee shared: Acme Corp: ")
    everybody = Shown.of_message(pivotal.joins("Mara Núñez"), message)
    assert everybody.buttons == ["Open and filter"]
    assert count(everybody) == count(feed)
    for line in feed.prose.splitlines()[1:]:
        assert line in everybody.prose
    assert "already" in (await feed.menu(SHARE)).plain
    assert len(posted(pivotal)) == 1


@pytest.mark.promise(id="R7")
async def test_a_double_click_posts_once_whichever_process_it_reaches(pivotal: Pivotal) -> None:
    """R7."""
    await acme(pivotal)
    await pivotal.starts()
    for _ in range(3):
        feed = await pivotal.says("/pivotal history acme --7d")
        before = len(posted(pivotal))
        first, second = await asyncio.gather(feed.menu(SHARE), feed.menu(SHARE))
        assert len(posted(pivotal)) == before + 1
        assert all("channel" in each.plain for each in (first, second))


async def test_another_person_opens_their_own_and_the_shared_one_stays_as_it_is(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    await (await pivotal.says("/pivotal history acme --actor me --90d")).menu(SHARE)
    (message,) = posted(pivotal)
    before = (message.text, str(message.blocks))
    assert "by Sam Lee, last 90 days" in message.text
    mara = pivotal.joins("Mara Núñez", tz="America/New_York")
    own = await Shown.of_message(mara, message).click("Open and filter")
    assert own.ephemeral
    assert not own.replaces(Shown.of_message(mara, message))
    expected = known.count(lambda each: str(each.actor) == known.sam and known.days(each) <= 90)
    assert count(own) == str(expected)
    assert "America/New_York" in own.text
    narrowed = await own.choose("Dates", "Last 7 days")
    assert narrowed.replaces(own)
    assert (message.text, str(message.blocks)) == before


async def test_a_slice_too_long_for_a_button_is_opened_by_its_hash(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    many = ",".join(f'"{name} and a long name to go with it"' for name in range(80))
    fields = [{"field": f"{name} and a long name to go with it", "old": None, "new": 1} for name in range(80)]
    at = "2026-01-02T00:00:00Z"
    line = {
        "type": "activity",
        "customer": "acme",
        "occurred_at": at,
        "actor": {"type": "pi", "id": "pi"},
        "source": "pi",
    }
    await pivotal.imports({**line, "event_type": "customer.field_changed", "changes": fields})
    await (await pivotal.says(f"/pivotal history acme --field {many}")).menu(SHARE)
    (message,) = posted(pivotal)
    own = await Shown.of_message(pivotal.joins("Mara Núñez"), message).click("Open and filter")
    assert seqs(own) == [known.count() + 1]


async def test_where_customers_read_along_nothing_is_posted(pivotal: Pivotal) -> None:
    await acme(pivotal)
    for facts in ({"ext_shared": True}, {"pending_ext_shared": True}):
        outside = pivotal.slack.add_channel("acme-and-us", members=[pivotal.sam.user], **facts)
        feed = await pivotal.says("/pivotal history acme", channel=outside)
        answer = await feed.menu(SHARE)
        assert answer.ephemeral
        assert answer.plain.startswith("People outside your company read that channel, or are invited to.")
        assert pivotal.slack.messages_in(outside) == []
    assert pivotal.slack.calls_of("chat.postMessage") == []


async def test_what_slack_refuses_is_said_and_can_be_tried_again(pivotal: Pivotal) -> None:
    await acme(pivotal)
    for number, (code, says) in enumerate((
        ("not_in_channel", "I am not in that channel. Invite me with /invite, then try again."),
        ("is_archived", "That channel is archived."),
        ("restricted_action", "Your workspace does not let me post in that channel."),
        ("a_code_of_tomorrow", "That failed on our side. (a_code_of_tomorrow)"),
    )):  # fmt: skip
        feed = await pivotal.says("/pivotal history acme")
        pivotal.slack.faults.refuse("chat.postMessage", code)
        assert (await feed.menu(SHARE)).plain == says
        assert len(posted(pivotal)) == number
        assert (await feed.menu(SHARE)).plain == "Shared to this channel."
        assert len(posted(pivotal)) == number + 1


async def test_where_the_app_is_no_member_it_says_how_to_invite_it(pivotal: Pivotal) -> None:
    await acme(pivotal)
    private = pivotal.slack.add_channel("board", members=[pivotal.sam.user], private=True, app_is_member=False)
    feed = await pivotal.says("/pivotal history acme", channel=private)
    assert "Invite me with /invite" in (await feed.menu(SHARE)).plain


@pytest.mark.promise(id="R3")
@pytest.mark.parametrize("fault", ["rate_limit", "fail", "drop before", "drop after"])
async def test_what_slack_did_not_take_or_did_not_confirm_is_there_once_in_the_end(
    pivotal: Pivotal, database: Database, fault: str
) -> None:
    """429, 503, and a connection lost before or after Slack accepted it: settled by the message's metadata, never posted twice."""
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    faults = pivotal.slack.faults
    match fault:
        case "rate_limit":
            faults.rate_limit("chat.postMessage", retry_after_seconds=30)
        case "fail":
            faults.fail("chat.postMessage")
        case _:
            faults.drop("chat.postMessage", accepted=fault == "drop after")
    assert (await feed.menu(SHARE)).plain == "Slack has not taken it yet. It will be in this channel soon."
    assert (
        await feed.menu(SHARE)
    ).plain == "You have shared this already: it is in this channel, or will be in a moment."
    assert len(posted(pivotal)) == (fault == "drop after")
    if fault == "rate_limit":
        assert len(pivotal.slack.calls_of("chat.postMessage")) == 1, "nothing is tried before Slack's time is up"
    await an_hour_passes(database)
    await pivotal.app.workers.deliverer.drain()
    await pivotal.app.workers.deliverer.drain()
    assert len(posted(pivotal)) == 1


async def test_in_a_direct_message_there_is_nothing_to_share_to(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await pivotal.sam.says("/pivotal history acme")
    assert SHARE not in str(shown.blocks)
    assert "Copy as command" in str(shown.blocks)


async def test_a_second_look_after_the_first_share_is_a_share_of_its_own(pivotal: Pivotal) -> None:
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    await feed.menu(SHARE)
    assert (await (await feed.click("Older →")).menu(SHARE)).plain == "Shared to this channel."
    assert len(posted(pivotal)) == 2
