"""An export as a person in Slack meets it."""

import asyncio
from datetime import timedelta

import pytest

from bot.exports import Caps
from bot.sandbox import Shown
from store.actors import Person
from store.domain.query import HistoryQuery, Window
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.builders import an_activity
from tests.export.files import at_work, files_in, reads, received, shown, told

EXPORT = "Export to CSV"


async def test_the_menu_sends_exactly_the_slice_on_screen_to_ones_own_messages(pivotal: Pivotal) -> None:
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme --actor pi --30d")
    answer = await feed.menu(EXPORT)
    assert "comes to your direct messages" in answer.plain
    (file,) = await received(pivotal)
    assert file.rows == await shown(pivotal, HistoryQuery("acme", actors=("pi",), window=Window(days=30)))
    assert file.is_told_by_its_receipt()
    assert "by Pi, last 30 days" in file.message.text
    assert "Europe/Berlin" in file.message.text
    assert files_in(pivotal, pivotal.room) == []


async def test_the_command_sends_the_same(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.says("/pivotal export acme --actor hubspot --7d")
    (file,) = await received(pivotal)
    assert file.rows == await shown(pivotal, HistoryQuery("acme", actors=("hubspot",), window=Window(days=7)))
    assert "up to entry 84" in file.message.text


async def test_the_export_itself_is_in_the_history(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    await pivotal.says("/pivotal export acme --actor pi")
    (file,) = await received(pivotal)
    await reads(pivotal, "done")
    entry = (await pivotal.history("acme"))[0]
    assert (entry.kind, str(entry.actor), entry.source) == ("history.exported", known.sam, "slack")
    assert entry.refs["rows"] == len(file.rows)
    assert "--actor pi" in str(entry.refs["filter"])
    found = await pivotal.store.exports.by_digest(pivotal.workspace, str(entry.refs["sha256"]))
    assert found is not None
    assert found.seq == entry.seq
    assert not (await pivotal.store.verify(pivotal.workspace)).faults


async def test_what_is_recorded_meanwhile_is_not_in_the_file(installed: Pivotal) -> None:
    """Nobody is at work yet when it is asked for: what comes in between must not be half in it."""
    await acme(installed)
    query = HistoryQuery("acme")
    before = await shown(installed, query)
    await installed.starts()
    installed.slack.faults.rate_limit("conversations.open", retry_after_seconds=1)
    await installed.says("/pivotal export acme")
    await installed.remembers("acme", *[an_activity() for _ in range(20)])
    await installed.restarts()
    async with at_work(installed):
        (file,) = await received(installed)
    assert file.rows == before


async def test_a_double_click_sends_one_file(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.starts()
    feed = await pivotal.says("/pivotal history acme --7d")
    answers = await asyncio.gather(feed.menu(EXPORT), feed.menu(EXPORT))
    assert sorted("already" in each.plain for each in answers) == [False, True]
    await received(pivotal)
    await asyncio.sleep(0.5)
    assert len(files_in(pivotal)) == 1


async def test_a_second_press_that_comes_after_the_file_is_a_double_click_still(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.starts()
    feed = await pivotal.says("/pivotal history acme --7d")
    await feed.menu(EXPORT)
    await received(pivotal)
    await reads(pivotal, "done")
    assert "was sent already" in (await feed.menu(EXPORT)).plain
    await pivotal.remembers("acme", an_activity())
    assert "on its way" in (await feed.menu(EXPORT)).plain
    await received(pivotal, many=2)


async def test_nothing_to_export_is_said_at_once(pivotal: Pivotal) -> None:
    await acme(pivotal)
    assert "nothing to export" in (await pivotal.says("/pivotal export acme --type comment --1d")).plain
    assert "Whose history?" in (await pivotal.says("/pivotal export")).plain
    assert "I read --table" in (await pivotal.says("/pivotal export acme --table")).plain


async def test_the_channel_gets_it_too_when_all_in_it_may_see_it(pivotal: Pivotal) -> None:
    await acme(pivotal)
    answer = await pivotal.says("/pivotal export acme --7d")
    said = await answer.click("To this channel, too")
    assert "comes to this channel" in said.plain
    (there,) = await received(pivotal, pivotal.room)
    (mine,) = await received(pivotal)
    assert there.content == mine.content
    assert "already" in (await answer.click("To this channel, too")).plain


@pytest.mark.promise(id="S9")
async def test_a_guest_who_joins_before_it_is_sent_keeps_it_out_of_the_channel(installed: Pivotal) -> None:
    """Asked anew when the file is ready."""
    await acme(installed)
    await installed.starts()
    installed.slack.faults.rate_limit("files.getUploadURLExternal", times=2, retry_after_seconds=1)
    answer = await installed.says("/pivotal export acme --7d")
    await answer.click("To this channel, too")
    installed.joins("Gus Guest", restricted=True)
    async with at_work(installed):
        assert len(await received(installed, many=2)) == 2
    assert files_in(installed, installed.room) == []
    await reads(installed, "there are guests in that channel")


async def test_a_channel_with_outsiders_is_never_offered(pivotal: Pivotal) -> None:
    await acme(pivotal)
    answer = await pivotal.says("/pivotal export acme --7d")
    pivotal.room.ext_shared = True
    refused = await answer.click("To this channel, too")
    assert "outside your company" in refused.plain
    shared = await pivotal.says("/pivotal export acme --90d")
    assert shared.buttons == ["Cancel"]
    await received(pivotal, many=2)
    assert files_in(pivotal, pivotal.room) == []


async def test_who_may_not_export_is_told_so(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.store.set_settings(pivotal.workspace, {"export": "admins"})
    ada = pivotal.joins("Ada Admin", admin=True)
    feed = await pivotal.says("/pivotal history acme --7d")
    assert "only admins may export" in (await feed.menu(EXPORT)).plain
    assert "only admins may export" in (await pivotal.says("/pivotal export acme")).plain
    assert "is on its way" in (await pivotal.says("/pivotal export acme", person=ada)).plain


async def test_a_right_that_is_taken_away_meanwhile_counts(installed: Pivotal) -> None:
    await acme(installed)
    await installed.starts()
    installed.slack.faults.rate_limit("files.getUploadURLExternal", retry_after_seconds=1)
    await installed.says("/pivotal export acme --7d")
    await asyncio.sleep(0.3)
    await installed.store.set_settings(installed.workspace, {"export": "admins"})
    async with at_work(installed):
        await reads(installed, "may not export histories any more")
    assert files_in(installed) == []


async def test_cancelled_it_sends_nothing(installed: Pivotal) -> None:
    await acme(installed)
    await installed.starts()
    installed.slack.faults.rate_limit("files.getUploadURLExternal", times=3, retry_after_seconds=1)
    answer = await installed.says("/pivotal export acme --7d")
    await installed.slack.until(lambda: bool(installed.sam.sees()))
    mara = installed.joins("Mara Núñez")
    other = Shown.of_message(mara, answer.message) if answer.message else answer
    assert "Only who asked" in (await other.click("Cancel")).plain
    assert "Cancelled" in (await answer.click("Cancel")).plain
    async with at_work(installed):
        await asyncio.sleep(1.5)
    assert files_in(installed) == []
    assert "Cancel\n" not in f"{told(installed)}\n"


async def test_what_slack_does_not_take_is_tried_again_or_said_in_words(installed: Pivotal) -> None:
    await acme(installed)
    await installed.starts()
    faults = installed.slack.faults
    faults.drop("upload", accepted=False)
    faults.fail("files.getUploadURLExternal", times=1, status=503)
    await installed.says("/pivotal export acme --7d")
    async with at_work(installed):
        assert len(await received(installed)) == 1
    faults.refuse("files.getUploadURLExternal", "storage_limit_reached")
    await installed.says("/pivotal export acme --30d")
    await reads(installed, "no room left for files")


async def test_an_answer_that_is_lost_after_sharing_shares_once(installed: Pivotal) -> None:
    """R13: the outcome is asked of Slack, not guessed."""
    await acme(installed)
    await installed.starts()
    installed.slack.faults.drop("files.completeUploadExternal", accepted=True)
    await installed.says("/pivotal export acme --7d")
    async with at_work(installed):
        await reads(installed, "done")
    assert len(files_in(installed)) == 1
    assert [each.kind for each in await installed.history("acme")].count("history.exported") == 1


async def test_a_large_file_comes_as_a_zip_with_the_same_bytes(pivotal: Pivotal) -> None:
    await acme(pivotal)
    text = "A long story. " * 700
    many = [an_activity("comment.added", text=text, changes=(), occurred_at=pivotal.clock() - timedelta(hours=1))]
    for _ in range(24):
        await pivotal.remembers("acme", *(many * 100))
    await pivotal.says("/pivotal export acme")
    (file,) = await received(pivotal, within=60)
    assert file.file.name.endswith(".csv.zip")
    assert len(file.content) > Caps().compressed_above_bytes
    assert file.file.length < len(file.content) / 10
    assert file.is_told_by_its_receipt()


async def test_verify_says_whether_a_history_is_whole(pivotal: Pivotal) -> None:
    await acme(pivotal)
    assert "whole. All 84 entries" in (await pivotal.says("/pivotal verify acme")).plain
    assert "Whose history?" in (await pivotal.says("/pivotal verify")).plain


@pytest.mark.promise(id="S11")
@pytest.mark.promise(id="S12")
async def test_a_name_that_would_steer_the_message_does_not(pivotal: Pivotal) -> None:
    await pivotal.imports({"type": "customer", "ref": "evil", "name": "<!channel> ../../etc\u202e;\r\n"})
    await pivotal.remembers("evil", an_activity())
    await pivotal.store.remember(pivotal.workspace, Person(slack_user_id=pivotal.sam.id, name="Sam Lee"))
    await pivotal.says("/pivotal export evil")
    (file,) = await received(pivotal)
    assert "<!channel>" not in file.message.text
    assert file.file.name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert file.file.name.isascii()
