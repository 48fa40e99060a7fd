"""A workspace takes the app out: nothing is asked of Slack any more, and all is there when it comes back."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sandbox import StandInSlack
from store import tables
from store.domain.query import HistoryQuery
from store.engine import Database
from store.wall import ACROSS
from tests.builders import a_reader
from tests.install.conftest import Many
from tests.waiting import until


@pytest.fixture
async def both(many: Many) -> Many:
    """Both teams have installed the app, and have a history; what is due is told by the worker of every process."""
    for slack, count in ((many.acme, 3), (many.globex, 5)):
        await many.browser().installs(slack)
        await many.remembers(slack, "Initech", count)
        await many.reads(slack, "initech")
    return many


async def waits(many: Many, slack: StandInSlack) -> None:
    """A message and an export are due, a watch is to look, and nudges are to be looked for."""
    workspace = await many.workspace(slack)
    room = slack.add_channel("success", members=list(slack.workspace.users.values()))
    customer = (await many.store.find_customer(workspace, "initech")).id
    body = {"query": "history initech", "person": None, "slack_user_id": None}
    await many.store.enqueue(workspace, key="1", kind="history.share", channel=room.id, body=body)
    [sam] = [each for each in slack.workspace.users.values() if each.name == "Sam Lee"]
    person = await many.store.person(workspace, sam.id)
    assert person is not None
    await many.store.exports.ask(workspace, HistoryQuery(customer), a_reader(person.ref), slack_user_id=sam.id)
    for text in (f"/pivotal watch initech <#{room.id}>", "/pivotal nudges hourly"):
        await slack.as_user(sam).says(text, channel=room)


async def works(many: Many) -> None:
    """What every process's jobs do at a tick."""
    for app in many.apps:
        await many.does(app, "watch", "nudge", "deliver", "export", "purge")


@pytest.mark.promise(id="S19")
@pytest.mark.parametrize(
    "told", [("tokens_revoked", "app_uninstalled"), ("app_uninstalled", "tokens_revoked"), ("app_uninstalled",)]
)
async def test_after_the_news_slack_is_not_called_with_the_old_token(
    both: Many, database: Database, told: tuple[str, ...]
) -> None:
    await both.starts()
    await waits(both, both.acme)
    workspace = await both.workspace(both.acme)
    before = len(both.acme.calls)
    assert all(each.acked for each in await both.acme.uninstall(told=told))
    both.clock.passes(timedelta(hours=2))
    await works(both)
    assert both.acme.calls[before:] == []
    o, e = tables.outbox.c, tables.export.c
    waiting = sa.select(o.state, o.error).where(o.workspace_id == workspace)
    assert set(await database.read(lambda c: c.execute(waiting).all(), ACROSS)) == {("failed", "uninstalled")}
    exports = sa.select(e.state).where(e.workspace_id == workspace)
    assert set(await database.read(lambda c: c.execute(exports).scalars().all(), ACROSS)) == {"cancelled"}
    assert "Initech: 5 activities" in await both.reads(both.globex, "initech")


async def test_whoever_asks_afterwards_is_told_that_it_is_not_installed(both: Many) -> None:
    await both.acme.uninstall()
    assert "I am not installed in this workspace." in await both.reads(both.acme, "initech")
    assert "Initech: 5 activities" in await both.reads(both.globex, "initech")


@pytest.mark.promise(id="S19")
async def test_installed_again_all_is_as_it_was(both: Many) -> None:
    await waits(both, both.acme)
    workspace = await both.workspace(both.acme)
    await both.acme.uninstall()
    both.clock.passes(timedelta(days=3))
    await both.browser().installs(both.acme)
    assert await both.workspace(both.acme) == workspace
    assert "Initech: 3 activities" in await both.reads(both.acme, "initech")
    [sam] = [each for each in both.acme.workspace.users.values() if each.name == "Sam Lee"]
    [room] = [each for each in both.acme.workspace.channels.values() if each.name == "success"]
    before = len(both.acme.messages_in(room))
    await works(both)
    assert len(both.acme.messages_in(room)) == before  # what was due then is not sent now
    await both.acme.as_user(sam).says("/pivotal set initech plan=Enterprise", channel=room)
    await works(both)
    await both.acme.until(lambda: len(both.acme.messages_in(room)) == before + 1)  # but the watch goes on
    assert "Enterprise" in str(both.acme.messages_in(room)[-1].blocks)


async def _until_none(database: Database, rows: sa.Select[Any]) -> None:
    async def are_none() -> bool:
        return await database.read(lambda c: c.execute(rows).first(), ACROSS) is None

    await until(are_none)


async def test_news_of_the_time_before_do_not_take_out_what_was_installed_since(both: Many) -> None:
    """Slack may tell for hours; the order is not promised."""
    late = both.clock.now - timedelta(minutes=5)
    both.acme.workspace.clock, now = (lambda: late), both.acme.workspace.clock
    assert (await both.acme.event({"type": "app_uninstalled"})).acked
    both.acme.workspace.clock = now
    assert "Initech: 3 activities" in await both.reads(both.acme, "initech")


async def test_a_persons_token_that_was_taken_away_is_not_ours(both: Many) -> None:
    told = {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}
    assert (await both.acme.event(told)).acked
    assert "Initech: 3 activities" in await both.reads(both.acme, "initech")


@pytest.mark.promise(id="S19")
async def test_where_it_was_decided_so_everything_goes(both: Many, database: Database) -> None:
    workspace = await both.workspace(both.acme)
    await both.store.set_settings(workspace, {"on_uninstall": "delete"})
    await both.acme.uninstall()
    found = sa.select(tables.workspace.c.workspace_id).where(tables.workspace.c.workspace_id == workspace)
    await _until_none(database, found)  # the event has woken the job
    await both.browser().installs(both.acme)
    assert await both.workspace(both.acme) != workspace
    assert "Initech: 5 activities" in await both.reads(both.globex, "initech")
