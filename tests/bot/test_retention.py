"""What people read where entries of a history have been removed for their age: in Slack, by the API, in the metrics."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.jobs.retention import Retainer
from store import Store
from store.access import Scope
from store.engine import T, Work, connect
from store.wall import NOBODYS
from tests.aging import grown_old
from tests.bot.conftest import Pivotal
from tests.bot.edits import an_admin
from tests.bot.slow import Bug, Buggy, Held
from tests.bot.test_metrics import samples
from tests.builders import a_customer, an_activity, another_workspace
from tests.conftest import STEADY
from tests.export.files import reads, received

KEPT = "Days for which the entries of a history are kept"


@pytest.fixture
async def acme(pivotal: Pivotal) -> str:
    """A customer with twelve entries, of which six are 400 days old: its id."""
    await pivotal.says('/pivotal customer add "Acme Corp" plan=Plan0')
    for number in range(1, 11):
        await pivotal.says(f"/pivotal set acme-corp {'plan=Plan' if number % 2 else 'health='}{number}")
    customer = (await pivotal.store.find_customer(pivotal.workspace, "acme-corp")).id
    await grown_old(pivotal.database, pivotal.workspace, customer, *[400] * 6)
    return customer


async def retains(pivotal: Pivotal, count: int = 6) -> None:
    await pivotal.store.set_settings(pivotal.workspace, {"retention_days": 365})
    assert (await pivotal.store.retention.remove(pivotal.workspace)).activities == count


def day(days: float) -> str:
    """As it is printed, in the zone of whoever asks."""
    at = datetime.now(UTC) - timedelta(days=days)
    return f"{at.day} {at:%b %Y}"


async def test_an_admin_decides_for_how_long_and_is_kept_from_a_slip(pivotal: Pivotal) -> None:
    ada = await an_admin(pivotal)
    form = await ada.says("/pivotal settings")
    assert "What was recorded earlier than that is deleted for good" in str(form.blocks)
    await form.fill(KEPT, "3")
    assert "a history is kept for at least 30 days" in str(await form.submit())
    assert (await pivotal.store.settings(pivotal.workspace)).retention_days is None
    form = await ada.says("/pivotal settings")
    await form.fill(KEPT, "365")
    assert "saved" in (await form.submit()).plain
    assert (await pivotal.store.settings(pivotal.workspace)).retention_days == 365
    form = await ada.says("/pivotal settings")
    await form.fill(KEPT, "")
    assert "saved" in (await form.submit()).plain
    assert (await pivotal.store.settings(pivotal.workspace)).retention_days is None


async def test_the_end_of_the_feed_says_that_there_is_nothing_older(pivotal: Pivotal, acme: str) -> None:
    assert "no longer kept" not in (await pivotal.says("/pivotal history acme-corp")).plain
    await retains(pivotal)
    told = "What was recorded up to "
    for command in ("/pivotal history acme-corp", "/pivotal history acme-corp --table"):
        shown = await pivotal.says(command)
        assert "6 activities" in shown.plain
        assert told in str(shown.blocks)
    assert told not in str((await pivotal.says("/pivotal history acme-corp --90d")).blocks)
    assert told in str((await pivotal.says("/pivotal history acme-corp --to 2001-01-01")).blocks)


async def test_a_history_that_is_gone_says_so(pivotal: Pivotal, acme: str) -> None:
    await grown_old(pivotal.database, pivotal.workspace, acme, days=400)
    await retains(pivotal, 12)
    shown = await pivotal.says("/pivotal history acme-corp")
    assert "No activities" in shown.plain
    assert "is no longer kept." in shown.plain
    assert "Nothing has been recorded" not in shown.plain


async def test_who_set_what_and_what_it_was_say_since_when_that_is_known(pivotal: Pivotal, acme: str) -> None:
    await retains(pivotal)
    blamed = (await pivotal.says("/pivotal blame acme-corp")).plain
    assert f"name  Acme Corp, since before {day(400)}" in blamed
    assert " (older entries are no longer kept)" in blamed
    assert "Plan9, by sam on" in blamed
    before = f"{datetime.now(UTC) - timedelta(days=402):%Y-%m-%d}"
    shown = (await pivotal.says(f"/pivotal show acme-corp --at {before}")).plain
    assert shown.startswith(f"What Acme Corp was on {day(402)}")
    assert f"is no longer known. What was recorded up to {day(400)}" in shown
    assert shown.endswith("is no longer kept.")
    after = f"{datetime.now(UTC) - timedelta(days=398):%Y-%m-%d}"
    assert "Plan3" in (await pivotal.says(f"/pivotal show acme-corp --at {after}")).plain


async def test_verify_says_how_many_are_gone(pivotal: Pivotal, acme: str) -> None:
    await retains(pivotal)
    assert (await pivotal.says("/pivotal verify acme-corp")).plain == (
        "Acme Corp: whole. All 6 entries are as they were recorded. 6 older ones were removed for their age; the chain verifies from there."
    )


async def test_what_was_removed_cannot_be_taken_back(pivotal: Pivotal, acme: str) -> None:
    await grown_old(pivotal.database, pivotal.workspace, acme, days=400)
    shown = await pivotal.says("/pivotal history acme-corp --open 12")
    await retains(pivotal, 12)
    assert "no longer kept" in (await shown.click("Revert entry 12")).plain


async def test_a_file_says_that_it_begins_there(pivotal: Pivotal, acme: str) -> None:
    await retains(pivotal)
    await pivotal.says("/pivotal export acme-corp")
    (file,) = await received(pivotal)
    assert len(file.rows) == 6
    assert "up to entry 12. What was recorded up to " in file.message.text
    assert file.is_told_by_its_receipt()


async def test_a_file_is_known_after_its_own_entry_is_gone(pivotal: Pivotal, acme: str) -> None:
    await pivotal.says("/pivotal export acme-corp")
    await received(pivotal)
    await reads(pivotal, "done")
    entry = (await pivotal.history("acme-corp"))[0]
    assert (entry.kind, entry.seq) == ("history.exported", 13)
    await grown_old(pivotal.database, pivotal.workspace, acme, days=400)
    await retains(pivotal, 13)
    found = await pivotal.store.exports.by_digest(pivotal.workspace, str(entry.refs["sha256"]))
    assert found is not None
    assert found.seq == 13


async def test_a_program_is_given_what_is_kept(pivotal: Pivotal, acme: str) -> None:
    await retains(pivotal)
    _, key = await pivotal.store.access.create(pivotal.workspace, "Reports", [Scope.READ])
    url = pivotal.urls[-1].replace("/slack/events", f"/v1/customers/{acme}/activity")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http:
        for asked in ({}, {"after_seq": "0"}, {"after_seq": "3"}):
            async with http.get(url, params=asked) as answer:
                told = await answer.json()
            assert sorted({each["seq"] for each in told["data"]}) == [7, 8, 9, 10, 11, 12]
            assert told["next_cursor"] is None


async def test_the_job_removes_it_and_the_metrics_count_it(pivotal: Pivotal, acme: str) -> None:
    await pivotal.store.set_settings(pivotal.workspace, {"retention_days": 365})
    retain = pivotal.app.workers.jobs._jobs["retain"]
    async with aiohttp.ClientSession() as http:
        await retain.run()
        assert (await samples(pivotal, http))["pivotal_history_removed_total",] == 6
        await pivotal.says("/pivotal customer add Globex")
        globex = (await pivotal.store.find_customer(pivotal.workspace, "globex")).id
        await grown_old(pivotal.database, pivotal.workspace, globex, days=400)
        await retain.run()  # within the hour nothing is looked for
        assert (await samples(pivotal, http))["pivotal_history_removed_total",] == 6
    assert (await pivotal.store.verify(pivotal.workspace)).removed == 6


async def test_a_look_that_failed_is_tried_again_at_the_next_tick(installed: Pivotal) -> None:
    database = Buggy(connect(installed.database_url, patience=STEADY), "the database is away")
    await installed.starts(database=database)
    await installed.imports({"type": "customer", "ref": "acme", "name": "Acme"})
    await installed.remembers("acme", an_activity())
    acme = (await installed.store.find_customer(installed.workspace, "acme")).id
    await grown_old(installed.database, installed.workspace, acme, days=400)
    await installed.store.set_settings(installed.workspace, {"retention_days": 365})
    retain = installed.app.workers.jobs._jobs["retain"]
    database.times = 1
    await retain.run()
    assert database.times == 0
    assert (await installed.store.verify(installed.workspace)).removed == 0
    await retain.run()
    assert (await installed.store.verify(installed.workspace)).removed == 1


class BadForOne(Held):
    """A database in which nothing of one workspace can be written."""

    workspace = ""

    async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
        if workspace == self.workspace:
            raise Bug("a row that nobody has foreseen")
        return await super().write(work, workspace, alone=alone)

    async def scrub(self) -> bool:
        return await self._database.scrub()


async def test_a_workspace_that_fails_keeps_no_other_from_its_turn(installed: Pivotal) -> None:
    bad = BadForOne(connect(installed.database_url, patience=STEADY))
    both = sorted([installed.workspace, await another_workspace(installed.database, "T0OTHER")])
    for each in both:
        customer = await a_customer(installed.store, each, ref="acme")
        await installed.store.record(each, customer, [an_activity()])
        await grown_old(installed.database, each, customer, days=400)
        await installed.store.set_settings(each, {"retention_days": 365})
    bad.workspace = both[0]  # it comes first
    gone: list[int] = []
    retainer = Retainer(Store(bad), gone.append)
    await retainer.drain()
    assert gone == [1]
    assert [(await installed.store.verify(each)).removed for each in both] == [0, 1]
    bad.workspace = ""
    await retainer.drain()
    assert [(await installed.store.verify(each)).removed for each in both] == [1, 1]
    await bad.close()
