"""Watches as people meet them: typed, told of in a channel or in direct messages, listed, removed, failed in sight."""

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from bot.sandbox import Channel
from bot.sandbox import Message as SlackMessage
from store import tables
from store.domain.activity import ActorType, Change, Ref, Source
from store.domain.watch import WATCH
from tests.bot.conftest import Pivotal
from tests.builders import an_activity


def posted(pivotal: Pivotal, channel: Channel | None = None) -> Sequence[SlackMessage]:
    return pivotal.slack.messages_in(channel or pivotal.room)


@pytest.fixture
async def acme(pivotal: Pivotal) -> Pivotal:
    await pivotal.says('/pivotal customer add "Acme Corp" plan=Starter')
    return pivotal


def here(pivotal: Pivotal) -> str:
    return f"<#{pivotal.room.id}|customer-success>"


async def test_a_channel_is_told_what_was_recorded_by_whom_and_from_what_to_what(acme: Pivotal) -> None:
    answer = await acme.says(f"/pivotal watch acme {here(acme)} --field plan")
    assert "Watch 1 is set: acme-corp --field plan" in answer.text
    await acme.says("/pivotal set acme-corp plan=Growth")
    await acme.says("/pivotal comment acme-corp hello")
    await acme.looks()
    [message] = posted(acme)
    assert message.text == "Acme Corp: sam changed plan: Starter → Growth"
    shown = str(message.blocks)
    assert "Watch 1: acme-corp --field plan" in shown
    assert "hello" not in shown


async def test_without_a_channel_it_comes_in_direct_messages(acme: Pivotal) -> None:
    await acme.says("/pivotal link acme-corp")
    answer = await acme.says("/pivotal watch")
    assert "in direct messages" in str(answer.blocks)
    await acme.says("/pivotal set acme-corp plan=Growth")
    await acme.remembers("acme-corp", an_activity(), an_activity("pi.nudge", changes=[Change("nudge", None, "Look!")]))
    await acme.looks()
    assert posted(acme) == []
    [message] = acme.slack.messages_in(acme.slack.dm(acme.sam.user))
    assert message.text == "2 activities: Acme Corp"
    assert "Look!" in str(message.blocks)


async def test_the_button_of_a_message_opens_the_readers_own_feed(acme: Pivotal) -> None:
    ann = acme.joins("Ann Lee")
    await acme.says(f"/pivotal watch acme {here(acme)} --field plan")
    await acme.says("/pivotal set acme-corp plan=Growth")
    await acme.looks()
    seen = ann.sees(acme.room)[-1]
    feed = await seen.click("History")
    assert feed.ephemeral
    assert feed.text.startswith("Acme Corp: 2 activities that changed plan")


async def test_watches_are_listed_and_removed_by_whoever_made_them(acme: Pivotal) -> None:
    ann = acme.joins("Ann Lee")
    await acme.says(f"/pivotal watch acme {here(acme)} --type status_changed")
    await acme.says("/pivotal watch --all --actor pi", person=ann)
    mine = await acme.says("/pivotal watches")
    assert "1. acme-corp --type status_changed" in str(mine.blocks)
    assert "--all" not in str(mine.blocks)  # of others' direct messages nobody learns
    theirs = await acme.says("/pivotal watches", person=ann)
    assert "1 watch" not in theirs.text
    assert "2. --actor pi --all" in str(theirs.blocks)
    assert "There is no watch 2" in (await acme.says("/pivotal unwatch 2")).text
    assert "Only an admin" in (await acme.says("/pivotal unwatch 1", person=ann)).text
    left = await (await acme.says("/pivotal watches")).click("Remove")
    assert "Nothing is watched" in left.text
    await acme.says("/pivotal status acme-corp at_risk")
    await acme.looks()
    assert posted(acme) == []


@pytest.mark.parametrize(
    "typed, says",
    [
        ("watch", "I don't know which customer to watch."),
        ("watch nobody", "I don't know a customer"),
        ("watch acme --30d", "takes no dates"),
        ("watch acme --actor Nobody", "I don't know an actor"),
        ("unwatch", "Which watch"),
        ("unwatch 7", "There is no watch 7."),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(acme: Pivotal, typed: str, says: str) -> None:
    assert says in (await acme.says(f"/pivotal {typed}")).text


@pytest.mark.promise(id="S7")
async def test_nothing_is_told_where_outsiders_read(acme: Pivotal) -> None:
    shared = acme.slack.add_channel("with-acme", members=[acme.sam.user], ext_shared=True)
    answer = await acme.says(f"/pivotal watch acme <#{shared.id}|with-acme>")
    assert "People outside your company" in answer.text


@pytest.mark.promise(id="S8")
async def test_a_channel_that_one_is_not_in_cannot_be_told(acme: Pivotal) -> None:
    other = acme.slack.add_channel("secret", members=[], private=True)
    assert "not in that channel" in (await acme.says(f"/pivotal watch acme <#{other.id}|>")).text


@pytest.mark.promise(id="S8")
async def test_a_right_that_is_gone_is_gone_when_it_is_sent(acme: Pivotal) -> None:
    await acme.says("/pivotal watch acme")
    await acme.store.set_settings(acme.workspace, {"view": "admins"})
    await acme.remembers("acme-corp", an_activity())
    await acme.looks()
    assert acme.slack.messages_in(acme.slack.dm(acme.sam.user)) == []
    await acme.store.set_settings(acme.workspace, {"view": "everyone"})
    listed = await acme.says("/pivotal watches")
    assert "It stopped: Whoever made it may not see histories any more" in str(listed.blocks)


@pytest.mark.promise(id="S8")
async def test_while_slack_does_not_say_who_is_in_a_user_group_what_a_watch_saw_waits(acme: Pivotal) -> None:
    group = acme.slack.add_group("Success", members=[acme.sam.user])
    await acme.says("/pivotal watch acme")
    await acme.store.set_settings(acme.workspace, {"view": group.id})
    acme.slack.faults.rate_limit("usergroups.users.list", retry_after_seconds=2)
    await acme.remembers("acme-corp", an_activity())
    await acme.looks()
    assert acme.slack.messages_in(acme.slack.dm(acme.sam.user)) == []
    await asyncio.sleep(2.1)
    await acme.looks()
    assert len(acme.slack.messages_in(acme.slack.dm(acme.sam.user))) == 1


async def test_a_channel_that_is_archived_fails_the_watch_and_its_maker_hears_of_it(acme: Pivotal) -> None:
    await acme.says(f"/pivotal watch acme {here(acme)}")
    acme.room.archived = True
    await acme.remembers("acme-corp", an_activity())
    await acme.looks()
    await acme.looks()
    [told] = acme.slack.messages_in(acme.slack.dm(acme.sam.user))
    assert told.text == "Watch 1 could not post what it saw: That channel is archived."
    acme.room.archived = False
    assert "It stopped: That channel is archived." in str((await acme.says("/pivotal watches")).blocks)
    again = await acme.says(f"/pivotal watch acme {here(acme)}")
    assert "Watch 1 is set" in again.text
    await acme.says("/pivotal set acme-corp plan=Growth")
    await acme.looks()
    assert len(posted(acme)) == 1


async def test_whatever_people_and_programs_write_fits_and_mentions_nobody(acme: Pivotal) -> None:
    await acme.says(f"/pivotal watch acme {here(acme)}")
    odd = "<!channel> <@U1> *bold* " + "長" * 3000
    strange = [
        an_activity("acme.rang_up", source=Source.API, actor=Ref(ActorType.API, "key_x"), text=odd),
        *(an_activity(changes=[Change(odd, odd, odd)] * 5) for _ in range(20)),
    ]
    await acme.remembers("acme-corp", *strange)
    await acme.looks()
    [message] = posted(acme)
    assert "and 9 more in that minute" in str(message.blocks)
    assert "21 activities" in message.text
    assert acme.slack.refusals == []


async def test_it_waits_for_its_minute_and_is_told_in_one(acme: Pivotal) -> None:
    await acme.says(f"/pivotal watch acme {here(acme)}")
    await acme.remembers("acme-corp", an_activity())
    await acme.looks()
    await acme.remembers("acme-corp", an_activity())
    await acme.looks()
    await acme.remembers("acme-corp", an_activity())
    await acme.looks()
    assert len(posted(acme)) == 1
    o = tables.outbox.c
    mine = sa.select(o.body).where(o.workspace_id == acme.workspace, o.kind == WATCH, o.state == "pending")
    [body] = await acme.database.read(lambda c: c.execute(mine).scalars().all())
    assert len(body["told"]) == 2
