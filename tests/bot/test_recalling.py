"""After a contact is erased: what was sent to Slack before, and while it happened, does not have the name any more."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.sandbox import Shown
from store import Store, tables
from store.domain.activity import PI, Source
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.engine import connect
from store.nudged import Asked, enqueue
from tests.bot.conftest import Pivotal
from tests.export.files import at_work, files_in, received

pytestmark = pytest.mark.promise(id="R24")
NAME = "Zyxjane Qwertson"


@pytest.fixture
async def known(pivotal: Pivotal) -> Pivotal:
    """A customer with a contact whose name a comment repeats."""
    await pivotal.says('/pivotal customer add "Acme Corp" plan=Starter')
    await pivotal.says(f'/pivotal contact add acme-corp "{NAME}" zyx@acme.com')
    await pivotal.says(f"/pivotal comment acme-corp Met {NAME} today")
    return pivotal


async def erases(pivotal: Pivotal) -> Shown:
    question = await pivotal.says(f'/pivotal contact delete acme-corp "{NAME}"')
    return await question.click(f"Remove {NAME} for good")


def everything(pivotal: Pivotal) -> str:
    """All that stands in Slack for more than the moment, files too."""
    lasting = [each for each in pivotal.slack.workspace.messages.values() if each.ephemeral_to is None]
    standing = {ident for each in lasting for ident in each.files}
    files = [each.content for each in pivotal.slack.workspace.files.values() if each.id in standing]
    return str(lasting) + str(files)


async def test_exported_files_are_deleted_and_say_so(known: Pivotal) -> None:
    async with at_work(known):
        answer = await known.says("/pivotal export acme-corp")
        await answer.click("To this channel, too")
        await received(known)
        await received(known, known.room)
        await known.says("/pivotal customer add Globex")
        await known.says("/pivotal export globex")
        await received(known, many=2)
    assert NAME in everything(known)
    await erases(known)
    await known.recalls()
    assert "Zyxjane" not in everything(known)
    assert [each.file.content for each in files_in(known, known.room)] == [None]
    [gone, left] = files_in(known)
    assert gone.file.content is None
    assert left.file.content is not None
    assert "was deleted, since a contact was removed" in everything(known)


async def test_an_export_that_was_read_before_and_shared_after_is_deleted(known: Pivotal) -> None:
    known.slack.faults.rate_limit("files.completeUploadExternal", times=1, retry_after_seconds=2)
    await known.says("/pivotal export acme-corp")
    await known.slack.until(lambda: bool(known.slack.workspace.files), within=timedelta(seconds=20))
    await erases(known)
    async with at_work(known):
        await received(known)
    assert NAME in files_in(known)[0].content.decode()
    await known.recalls()
    assert "Zyxjane" not in everything(known)


async def test_a_file_that_slack_does_not_let_go_is_told_of(known: Pivotal) -> None:
    async with at_work(known):
        await known.says("/pivotal export acme-corp")
        await received(known)
    known.slack.faults.refuse("files.delete", "cant_delete_file")
    await erases(known)
    await known.recalls()
    o = tables.outbox.c
    failed = sa.select(o.error).where(o.workspace_id == known.workspace, o.kind == "export.delete")
    assert await known.database.read(lambda c: c.execute(failed).scalars().all()) == ["cant_delete_file"]


async def test_what_watches_told_is_told_anew(known: Pivotal) -> None:
    await known.says(f"/pivotal watch acme-corp <#{known.room.id}|room>")
    await known.says(f"/pivotal comment acme-corp {NAME} called again")
    await known.looks()
    assert NAME in everything(known)
    await erases(known)
    await known.recalls()
    assert "Zyxjane" not in everything(known)
    assert "removed contact" in everything(known)


async def test_what_a_program_had_pi_say_is_taken_back(known: Pivotal) -> None:
    acme = await known.store.find_customer(known.workspace, "acme-corp")

    async def asked(key: str) -> None:
        wanted = Asked(key=key, wording=f"Call {NAME} ({key})", channel=known.room.id)
        await known.database.write(lambda c: enqueue(c, known.workspace, acme.id, wanted, "api:key_x"))

    await asked("early")
    await known.looks()
    known.slack.faults.rate_limit("chat.postMessage", times=1, retry_after_seconds=1)
    await asked("late")
    await known.app.workers.deliverer.drain()
    await erases(known)
    await known.recalls()
    await asyncio.sleep(1)  # as long as Slack wanted us to wait
    await known.recalls()
    assert "(late)" in everything(known)
    assert "Zyxjane" not in everything(known)
    [late, early] = (await known.page(HistoryQuery("acme-corp", types=("pi.nudge",)))).entries
    assert (early.text, early.changes) == ("removed contact", ())
    assert "removed contact (late)" in str(late.changes)
    assert (await known.store.verify(known.workspace)).faults == ()


async def test_a_worker_that_sends_while_it_is_erased_puts_the_name_into_no_history(known: Pivotal) -> None:
    """It has read the wording; the row has another one since."""
    acme = await known.store.find_customer(known.workspace, "acme-corp")
    wanted = Asked(key="k", wording=f"Call {NAME}", channel=known.room.id)
    await known.database.write(lambda c: enqueue(c, known.workspace, acme.id, wanted, "api:key_x"))
    known.slack.faults.delay("chat.postMessage", timedelta(seconds=1.5))
    sending = asyncio.create_task(known.app.workers.deliverer.drain())
    await asyncio.sleep(0.3)
    await erases(known)
    await sending
    await known.recalls()
    [entry] = (await known.page(HistoryQuery("acme-corp", types=("pi.nudge",)))).entries
    assert "Zyxjane" not in str(entry)
    assert "Zyxjane" not in everything(known)


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Somebody reads, and holds on to what was there when they began."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM activity").fetchone()
        yield


def held_in(path: str) -> bytes:
    """What stands in the files of an SQLite database."""
    return b"".join(each.read_bytes() for each in Path(path).parent.glob(f"{Path(path).name}*"))


async def test_whoever_comes_next_ends_what_was_left(known: Pivotal) -> None:
    """The process that erased dies at once, and while somebody reads an SQLite file it cannot be scrubbed."""
    feed = await known.says("/pivotal history acme-corp")
    await feed.menu("Share to this channel")
    assert NAME in everything(known)
    await known.stops()
    acme = await known.store.find_customer(known.workspace, "acme-corp")
    by = By(actor=PI, source=Source.CLI)
    path = known.database_url.removeprefix("sqlite:///")
    brief = connect(known.database_url)  # it waits for who reads no longer than a person does
    with reading(path) if known.database.dialect == "sqlite" else nullcontext():
        await Store(brief).records.erase_contact(known.workspace, acme.id, NAME, by)
        await Store(brief).recalling.work_off()
        if known.database.dialect == "sqlite":
            assert b"Zyxjane" in held_in(path)
    await brief.close()
    await known.starts()
    await known.recalls()
    assert "Zyxjane" not in everything(known)
    if known.database.dialect == "sqlite":
        assert b"Zyxjane" not in held_in(path)
