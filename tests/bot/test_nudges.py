"""Pi's nudges as people meet them: found when a schedule is due, posted once, settled by a press, recorded always."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sandbox import Channel, Person
from store.domain.activity import Activity
from store.domain.query import HistoryQuery
from tests.bot.conftest import QUICK, Pivotal


async def presses(pivotal: Pivotal, button: str, person: Person | None = None) -> None:
    """Presses a button of the newest message in the room, which then changes for everyone."""
    newest = (person or pivotal.sam).sees(pivotal.room)[-1]
    await newest.press(button)
    await pivotal.slack.until(lambda: newest.now().text != newest.text)


async def picks(pivotal: Pivotal, how_long: str) -> None:
    newest = pivotal.sam.sees(pivotal.room)[-1]
    await newest.pick("Snooze", how_long)
    await pivotal.slack.until(lambda: newest.now().text != newest.text)


async def acme(pivotal: Pivotal, *flags: str) -> None:
    """A customer that belongs to the room, whose health then falls."""
    await pivotal.says('/pivotal customer add "Acme Corp" health=84 ' + " ".join(flags))
    await pivotal.says("/pivotal link acme-corp")


async def falls(pivotal: Pivotal, to: int = 60) -> None:
    await pivotal.says(f"/pivotal set acme-corp health={to}")


@pytest.fixture
async def pi(pivotal: Pivotal) -> Pivotal:
    """On a Wednesday morning, at which nobody wants quiet."""
    await pivotal.store.set_settings(pivotal.workspace, {"nudges.zone": "UTC"})
    now = datetime.now(UTC)
    pivotal.clock.now = (now + timedelta(days=(2 - now.weekday()) % 7)).replace(
        hour=9, minute=0, second=0, microsecond=0
    )
    if pivotal.clock.now < now:
        pivotal.clock.now += timedelta(days=7)
    return pivotal


def posted(pivotal: Pivotal, channel: Channel | None = None) -> Sequence[Any]:
    return pivotal.slack.messages_in(channel or pivotal.room)


def beside(pivotal: Pivotal, words: str) -> Sequence[str]:
    """What one person only was told."""
    return [each.text for each in pivotal.slack.messages_in(pivotal.room, ephemeral=True) if words in each.text]


async def recorded(pivotal: Pivotal, kind: str = "pi.nudge") -> Sequence[Activity]:
    return (await pivotal.page(HistoryQuery("acme-corp", types=(kind,)))).entries


async def test_a_schedule_finds_a_fallen_health_score_and_posts_it_to_the_customers_channel(pi: Pivotal) -> None:
    await acme(pi)
    await pi.says("/pivotal nudges daily 09:30")
    await falls(pi)
    await pi.looks()
    assert posted(pi) == []  # not due yet
    pi.clock.passes(timedelta(minutes=31))
    await pi.looks()
    [message] = posted(pi)
    assert "Acme Corp: " in message.text
    assert "84" in message.text
    assert "60" in message.text
    [activity] = await recorded(pi)
    assert activity.refs["ts"] == message.ts
    assert activity.refs["permalink"]
    assert str(activity.actor) == "pi:pi"


async def test_what_stands_is_not_posted_again(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges daily 09:30")
    for _ in range(3):
        pi.clock.passes(timedelta(days=1))
        await pi.looks()
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    assert len(posted(pi)) == 1
    assert len(await recorded(pi)) == 1


async def test_two_workers_post_once(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    first = pi.app
    second = await pi.starts()
    await pi.says("/pivotal nudges run now")
    await asyncio.gather(first.workers.nudger.drain(), second.workers.nudger.drain())
    await asyncio.gather(first.workers.deliverer.drain(), second.workers.deliverer.drain())
    await pi.looks()
    assert len(posted(pi)) == 1
    assert len(await recorded(pi)) == 1


async def test_it_says_when_it_is_resolved(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await falls(pi, to=82)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    [message] = posted(pi)
    assert "Resolved: health is back at 82" in message.text
    assert len(await recorded(pi, "pi.nudge_cleared")) == 1


async def test_done_is_recorded_seen_by_all_and_does_not_come_back(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    ada = pi.joins("Ada Byron")
    await presses(pi, "Done", ada)
    [message] = posted(pi)
    assert "Done by ada." in message.text
    [activity] = await recorded(pi, "pi.nudge_done")
    assert activity.source.value == "slack"
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    assert len(posted(pi)) == 1


async def test_a_second_press_is_told_who_was_first(pi: Pivotal) -> None:
    """Two people, two processes, at once."""
    await acme(pi)
    await falls(pi)
    await pi.starts()
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    ada = pi.joins("Ada Byron")
    await asyncio.gather(*(each.sees(pi.room)[-1].press("Done") for each in (pi.sam, ada)))
    await pi.slack.until(lambda: len(beside(pi, "already done by")) == 1)
    assert len(await recorded(pi, "pi.nudge_done")) == 1


async def test_a_snoozed_nudge_comes_back_as_a_new_message(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await picks(pi, "Snooze for a day")
    [message] = posted(pi)
    assert "Snoozed by sam until" in message.text
    pi.clock.passes(timedelta(hours=23))
    await pi.looks()
    assert len(posted(pi)) == 1
    pi.clock.passes(timedelta(hours=2))
    await pi.looks()
    old, new = posted(pi)
    assert "It came back" in old.text
    assert "60" in new.text
    assert len(await recorded(pi)) == 2


async def test_what_resolved_itself_during_a_snooze_does_not_come_back(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await picks(pi, "Snooze for a day")
    await falls(pi, to=90)
    pi.clock.passes(timedelta(days=1, hours=1))
    await pi.looks()
    [message] = posted(pi)
    assert "Resolved" in message.text


async def test_a_dismissal_needs_a_reason_which_health_repeats(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    form = await pi.sam.sees(pi.room)[-1].click("Dismiss…")
    filled = await form.fill("Why?", "they *moved* seats <!channel>")
    assert "Dismissed" in (await filled.submit()).plain
    await pi.looks()
    [message] = posted(pi)
    assert "Dismissed by sam: they *moved* seats" in message.text
    [activity] = await recorded(pi, "pi.nudge_dismissed")
    assert activity.text == "they *moved* seats <!channel>"
    assert "they *moved* seats <!channel>" in (await pi.says("/pivotal nudges health")).plain


async def test_whoever_it_is_assigned_to_hears_of_it(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    ada = pi.joins("Ada Byron")
    await ada.says("/pivotal help", channel=pi.room)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    form = await pi.sam.sees(pi.room)[-1].click("Assign…")
    await (await form.choose("To whom?", "ada")).submit()
    await pi.looks()
    assert "Assigned to ada" in pi.sam.sees(pi.room)[-1].plain
    [notice] = posted(pi, pi.slack.dm(ada.user))
    assert "sam assigned you a nudge" in notice.text
    assert len(await recorded(pi, "pi.nudge_assigned")) == 1


async def test_history_shows_the_evidence(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    shown = await pi.sam.sees(pi.room)[-1].click("History")
    assert "health_score" in shown.plain


async def test_it_never_goes_where_the_customer_reads(pi: Pivotal) -> None:
    """It goes to the owner instead, and says why."""
    await acme(pi, "owner=me")
    await falls(pi)
    pi.room.ext_shared = True
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await pi.looks()
    assert posted(pi) == []
    [message] = posted(pi, pi.slack.dm(pi.sam.user))
    assert "60" in message.text
    assert "outside your company" in pi.sam.sees(pi.slack.dm(pi.sam.user))[-1].plain
    assert len(await recorded(pi)) == 1


async def test_a_schedule_for_a_shared_channel_is_refused(pi: Pivotal) -> None:
    shared = pi.slack.add_channel("acme-shared", members=[pi.sam.user], ext_shared=True)
    shown = await pi.says(f"/pivotal nudges daily 09:00 <#{shared.id}|acme-shared>")
    assert "outside your company" in shown.plain
    assert "No schedule" in shown.plain or "no schedule is set" in (await pi.says("/pivotal nudges")).plain


async def test_in_quiet_hours_it_waits_and_at_the_weekend_too(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    pi.clock.passes(timedelta(days=2, hours=13))  # Friday, 22:00
    await pi.says("/pivotal nudges daily 23:00")
    pi.clock.passes(timedelta(hours=2))
    await pi.looks()
    assert posted(pi) == []
    pi.clock.passes(timedelta(days=2))  # Sunday night
    await pi.looks()
    assert posted(pi) == []
    pi.clock.passes(timedelta(hours=9))  # Monday, 09:00
    await pi.looks()
    assert len(posted(pi)) == 1
    assert len(await recorded(pi)) == 1


async def test_what_exceeds_the_budget_of_the_day_comes_in_one_message(pi: Pivotal) -> None:
    await pi.asks_without_end()
    await pi.store.set_settings(pi.workspace, {"nudges.per_day": 2, "nudges.channel": pi.room.id})
    for number in range(5):
        await pi.says(f'/pivotal customer add "Customer {number}" health=90')
        await pi.says(f"/pivotal set customer-{number} health=50")
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    assert len(posted(pi)) == 3
    [digest] = [each for each in pi.sam.sees(pi.room) if each.text.startswith("3 nudges more today")]
    for number in range(5):
        assert len((await pi.page(HistoryQuery(f"customer-{number}", types=("pi.nudge",)))).entries) == 1
    opened = await digest.click("Open", nth=1)
    await opened.click("Done")
    await pi.looks()
    assert "Done by sam." in digest.now().plain


async def test_the_budget_holds_for_direct_messages_too(pi: Pivotal) -> None:
    await pi.asks_without_end()
    await pi.store.set_settings(pi.workspace, {"nudges.per_day": 1})
    for number in range(3):
        await pi.says(f'/pivotal customer add "Customer {number}" health=90 owner=me')
        await pi.says(f"/pivotal set customer-{number} health=50")
        await pi.says("/pivotal nudges run now")
        await pi.looks()
    messages = posted(pi, pi.slack.dm(pi.sam.user))
    assert [each.text.startswith("1 nudge more today") for each in messages] == [False, True, True]


async def test_what_was_snoozed_settled_and_came_back_reads_right_in_both_messages(pi: Pivotal) -> None:
    """Pressed in the new message, the new one changes; the old one still says that it came back."""
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await picks(pi, "Snooze for a day")
    pi.clock.passes(timedelta(days=1))
    await pi.looks()
    await presses(pi, "Done")
    old, new = posted(pi)
    assert "It came back" in old.text
    assert "Done by sam." in new.text


async def test_a_nudge_that_had_no_place_is_posted_once_there_is_one(pi: Pivotal) -> None:
    await pi.says('/pivotal customer add "Acme Corp" health=84')
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await pi.says("/pivotal link acme-corp")
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    assert len(posted(pi)) == 1


async def test_what_may_be_there_twice_is_not_posted_a_third_time(pi: Pivotal) -> None:
    """Slack does not say whether it took the message, and the channel cannot be read: posted once more, then left."""
    await pi.restarts(timing=QUICK)
    await acme(pi)
    await falls(pi)
    pi.slack.faults.drop("chat.postMessage", times=2)
    pi.slack.faults.refuse("conversations.history", "missing_scope", times=1000)
    for _ in range(4):
        await pi.says("/pivotal nudges run now")
        await pi.looks()
    assert len(posted(pi)) == 2
    assert "1 failed" in (await pi.says("/pivotal nudges health")).plain


async def test_a_customer_without_a_place_is_told_of_in_health(pi: Pivotal) -> None:
    admin = pi.joins("Ada Byron", admin=True)
    await pi.says('/pivotal customer add "Acme Corp" health=84')
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    assert "There is no place for it" in (await pi.says("/pivotal nudges health", person=admin)).plain
    assert "There is no place for it" not in (await pi.says("/pivotal nudges health")).plain


async def test_whoever_made_a_schedule_hears_what_slack_refuses(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges daily 09:30")
    pi.room.archived = True
    pi.clock.passes(timedelta(hours=1))
    await pi.looks()
    await pi.looks()
    [notice] = posted(pi, pi.slack.dm(pi.sam.user))
    assert "schedule 1" in notice.text
    assert "archived" in notice.text
    assert await recorded(pi) == ()


async def test_what_was_imported_makes_pi_say_nothing(pi: Pivotal) -> None:
    await pi.imports(
        {"type": "customer", "ref": "c1", "name": "Acme Corp", "status": "active", "health_score": 40},
    )
    await pi.says("/pivotal link acme-corp")
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    assert posted(pi) == []


async def test_an_erased_contact_goes_from_what_pi_has_posted(pi: Pivotal) -> None:
    await acme(pi)
    await pi.says('/pivotal contact add acme-corp "Zyxjane Qwertson" z@acme.com')
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    await pi.says(f'/pivotal task add acme-corp "Call Zyxjane Qwertson" due={tomorrow}')
    pi.clock.passes(timedelta(days=5))
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    [message] = posted(pi)
    assert "Zyxjane" in str(message.blocks)
    question = await pi.says('/pivotal contact delete acme-corp "Zyxjane Qwertson"')
    await question.click("Remove Zyxjane Qwertson for good")
    await pi.looks()
    [message] = posted(pi)
    assert "Zyxjane" not in message.text + str(message.blocks)
    assert "removed contact" in str(message.blocks)


async def test_schedules_are_listed_paused_resumed_and_deleted(pi: Pivotal) -> None:
    assert "no schedule is set" in (await pi.says("/pivotal nudges")).plain
    await pi.says("/pivotal nudges weekdays 09:00 --risk --tag vip")
    await pi.says("/pivotal nudges digest weekly Mon 09:00")
    listed = (await pi.says("/pivotal nudges")).plain
    assert "1. Nudges weekdays 09:00 (UTC): risk, of customers tagged vip" in listed
    assert "2. Digest weekly Mon 09:00 (UTC)" in listed
    assert "is paused" in (await pi.says("/pivotal nudges pause 1")).plain
    assert "(paused)" in (await pi.says("/pivotal nudges")).plain
    assert "runs again" in (await pi.says("/pivotal nudges resume 1")).plain
    assert "is deleted" in (await pi.says("/pivotal nudges delete 2")).plain
    assert "There is no schedule 2" in (await pi.says("/pivotal nudges delete 2")).plain


async def test_the_form_makes_the_same_schedule(pi: Pivotal) -> None:
    form = await (await pi.says("/pivotal nudges")).click("New schedule…")
    form = await form.choose("Where", "In this channel")
    form = await form.fill("At", "08:30")
    assert "Schedule 1 is set. Nudges weekdays 08:30 (UTC): risk and attention." in (await form.submit()).plain
    listed = await pi.says("/pivotal nudges")
    assert "Nudges weekdays 08:30" in listed.plain
    form = await listed.menu("Edit…")
    form = await form.choose("When", "Every Fri")
    form = await form.choose("Which", "Risk only")
    assert "Schedule 1 is set. Nudges weekly Fri 08:30 (UTC): risk." in (await form.submit()).plain


async def test_a_channel_that_one_is_not_in_is_refused(pi: Pivotal) -> None:
    """Its id may have been seen once."""
    private = pi.slack.add_channel("board", members=[])
    shown = await pi.says(f"/pivotal nudges daily 09:00 <#{private.id}|board>")
    assert "You are not in that channel." in shown.plain


async def test_a_digest_tells_what_stands(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await pi.says(f"/pivotal nudges digest daily 09:30 <#{pi.room.id}|room>")
    pi.clock.passes(timedelta(hours=1))
    await pi.looks()
    assert posted(pi)[-1].text == "1 nudge open"
    assert len(await recorded(pi)) == 1


async def test_what_was_missed_by_a_day_is_not_caught_up(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges weekly Wed 09:30")
    pi.clock.passes(timedelta(days=2))
    await pi.looks()
    assert posted(pi) == []
    pi.clock.passes(timedelta(days=5, hours=1))
    await pi.looks()
    assert len(posted(pi)) == 1


async def test_whoever_may_not_edit_may_not_settle(pi: Pivotal) -> None:
    await acme(pi)
    await falls(pi)
    await pi.says("/pivotal nudges run now")
    await pi.looks()
    await pi.store.set_settings(pi.workspace, {"edit": "admins"})
    await pi.sam.sees(pi.room)[-1].press("Done")
    await pi.slack.until(lambda: len(beside(pi, "only admins may change records")) == 1)
    assert await recorded(pi, "pi.nudge_done") == ()
