"""Workspaces that install the app by themselves: their tokens, how they leave and come back, and how one goes for good."""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa

from store import Store, tables
from store.domain.errors import NotFound
from store.domain.nudge import NUDGED
from store.domain.query import HistoryQuery
from store.engine import Database
from store.installing import Granted, Installing, Return
from store.sealing import Keys, NotOpened
from tests.builders import a_customer, a_person, a_reader, an_activity, history

RAW: Final = secrets.token_bytes(32)
KEYS: Final = Keys([RAW])
AT: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER: Final = AT + timedelta(hours=1)
LEASE: Final = timedelta(minutes=1)
EARLY: Final = timedelta(hours=2)


def granted(team_id: str = "T0ACME", token: str = "xoxb-first", **more: Any) -> Granted:
    given = {"team_name": "Acme", "enterprise_id": None, "bot_user_id": "U0BOT", "scopes": ("commands",), "at": AT}
    return Granted(team_id=team_id, token=token, **{"refresh_token": None, "lifetime": None, **given, **more})


def expiring(**more: Any) -> Granted:
    return granted(token="xoxe.xoxb-1", refresh_token="xoxe-1", **{"lifetime": timedelta(hours=1), **more})


@pytest.fixture
def installing(walled: Database) -> Installing:
    return Installing(walled, walled, KEYS)


async def rows(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row) for row in await database.read(lambda c: c.execute(sa.select(table)).mappings().all())]


async def token(installing: Installing, workspace: str) -> str | None:
    found = await installing.token(workspace)
    return None if found is None else found.text


async def test_each_team_gets_a_workspace_and_a_token_of_its_own(
    installing: Installing, store: Store, workspace: str
) -> None:
    """Never the one that `migrate` has made: somebody may have imported customers into that."""
    acme = await installing.install(granted())
    globex = await installing.install(granted("T0GLOBEX", "xoxb-second"))
    assert len({workspace, acme, globex}) == 3
    assert (await token(installing, acme), await token(installing, globex)) == ("xoxb-first", "xoxb-second")
    assert await token(installing, workspace) is None
    assert await store.workspace_of("T0ACME") == acme
    assert await installing.install(granted(token="xoxb-again")) == acme
    assert await token(installing, acme) == "xoxb-again"


async def test_two_who_install_one_team_at_once_get_one_workspace(installing: Installing, elsewhere: Database) -> None:
    other = Installing(elsewhere, elsewhere, KEYS)
    both = await asyncio.gather(installing.install(granted()), other.install(granted()))
    assert both[0] == both[1]


@pytest.mark.promise(id="S17")
async def test_a_dump_has_no_token_and_one_that_was_moved_does_not_open(
    installing: Installing, database: Database
) -> None:
    acme = await installing.install(expiring())
    globex = await installing.install(granted("T0GLOBEX", "xoxb-second"))
    assert "xox" not in str(await rows(database, tables.installation))
    i = tables.installation.c
    theirs = sa.select(i.bot_token).where(i.workspace_id == globex).scalar_subquery()
    moved = tables.installation.update().where(i.workspace_id == acme).values(bot_token=theirs)
    await database.write(lambda c: c.execute(moved))
    with pytest.raises(NotOpened, match="belongs somewhere else"):
        await installing.token(acme)
    swapped = tables.installation.update().where(i.workspace_id == globex).values(refresh_token=i.bot_token)
    await database.write(lambda c: c.execute(swapped.values(expires_at=AT)))
    with pytest.raises(NotOpened):
        await installing.claim("worker", LEASE, EARLY, globex)


@pytest.mark.promise(id="S17")
async def test_keys_are_changed_while_tokens_are_read(
    database: Database, elsewhere: Database, installing: Installing
) -> None:
    teams = [await installing.install(expiring(team_id=f"T{number}")) for number in range(5)]
    new = secrets.token_bytes(32)
    both = Keys([new, RAW])
    reading, changing = Installing(database, database, both), Installing(elsewhere, elsewhere, both)
    done = asyncio.Event()

    async def reads() -> int:
        count = 0
        while not done.is_set():
            assert await token(reading, teams[count % 5]) == "xoxe.xoxb-1"
            count += 1
            await asyncio.sleep(0)
        return count

    busy = asyncio.create_task(reads())
    await asyncio.sleep(0)
    assert await changing.rewrap() == 10
    done.set()
    assert await busy > 0
    assert await changing.rewrap() == 0
    only_new = Installing(database, database, Keys([new]))
    assert [await token(only_new, each) for each in teams] == ["xoxe.xoxb-1"] * 5


@pytest.mark.promise(id="S18")
async def test_a_state_is_good_once_in_its_browser_for_ten_minutes(
    installing: Installing, database: Database, elsewhere: Database
) -> None:
    other = Installing(elsewhere, elsewhere, KEYS)
    state = await installing.begin("browser")
    [kept] = await rows(database, tables.install_state)
    assert not {state, "browser"} & {*kept.values()}
    assert await other.use(state, "browser") is Return.GOOD
    assert await installing.use(state, "browser") is Return.UNKNOWN
    assert await installing.use("made up", "browser") is Return.UNKNOWN
    foreign = await installing.begin("browser")
    assert await installing.use(foreign, "another") is Return.ELSEWHERE
    assert await installing.use(foreign, "browser") is Return.UNKNOWN
    late = await installing.begin("browser")
    s = tables.install_state.c
    past = tables.install_state.update().values(expires_at=AT - timedelta(days=1000))
    await database.write(lambda c: c.execute(past))
    assert await installing.use(late, "browser") is Return.EXPIRED
    await installing.begin("browser")
    await database.write(lambda c: c.execute(past))
    await installing.begin("browser")
    assert await database.read(lambda c: c.execute(sa.select(sa.func.count(s.digest))).scalar_one()) == 1


# --- tokens that expire ---


async def test_one_of_two_workers_exchanges_a_token_and_only_when_it_is_time(
    installing: Installing, elsewhere: Database
) -> None:
    acme = await installing.install(expiring(lifetime=timedelta(hours=12)))
    assert await installing.claim("a", LEASE, EARLY) is None
    await installing.install(expiring())
    await installing.install(granted("T0GLOBEX"))
    other = Installing(elsewhere, elsewhere, KEYS)
    found = await asyncio.gather(installing.claim("a", LEASE, EARLY), other.claim("b", LEASE, EARLY))
    [exchange] = [each for each in found if each]
    assert (exchange.workspace, exchange.refresh_token) == (acme, "xoxe-1")
    following = replace(expiring(), token="xoxe.xoxb-2", refresh_token="xoxe-2", lifetime=timedelta(hours=12))
    assert await installing.exchanged(exchange, following)
    assert not await installing.exchanged(exchange, following)
    assert await token(installing, acme) == "xoxe.xoxb-2"
    assert await installing.claim("a", LEASE, EARLY) is None


async def test_whoever_dies_while_exchanging_is_followed_by_another(installing: Installing) -> None:
    await installing.install(expiring())
    assert await installing.claim("a", timedelta(0), EARLY)
    again = await installing.claim("b", LEASE, EARLY)
    assert again is not None
    await installing.put_off(again, LEASE)
    assert await installing.claim("b", LEASE, EARLY) is None
    await installing.put_off(again, timedelta(0))
    assert await installing.claim("b", LEASE, EARLY)


async def test_a_token_that_has_ended_says_so(installing: Installing) -> None:
    acme = await installing.install(expiring(lifetime=timedelta(seconds=-1)))
    found = await installing.token(acme)
    assert found is not None
    assert found.expired


# --- leaving and coming back ---


@pytest.mark.promise(id="S19")
async def test_who_leaves_keeps_the_history_and_no_token_and_nothing_waits(
    installing: Installing, store: Store, database: Database
) -> None:
    acme = await installing.install(expiring())
    customer = await a_customer(store, acme)
    await store.record(acme, customer, [an_activity()])
    sam = await a_person(store, acme, "Sam Lee")
    await store.enqueue(acme, key="1", kind="history.share", channel="C1", body={"query": ""})
    await store.enqueue(
        acme, key="2", kind=NUDGED, channel="C1", body={"customer": customer, "wording": "Hm", "by": "x"}
    )
    await store.enqueue(acme, key="recall:1:2", kind="history.withdraw", channel="C1", body={"ts": "1.2"})
    await store.exports.ask(acme, HistoryQuery(customer), a_reader(sam.ref), slack_user_id=sam.slack_user_id)
    exchange = await installing.claim("a", LEASE, EARLY)
    assert exchange is not None

    assert await installing.leave("T0ACME", LATER)
    assert not await installing.leave("T0ACME", LATER)
    assert await token(installing, acme) is None
    assert not await installing.exchanged(exchange, expiring())
    assert await store.workspace_of("T0ACME") is None
    [row] = await rows(database, tables.installation)
    assert (row["state"], row["bot_token"], row["refresh_token"], row["left_at"]) == ("left", None, None, LATER)
    waits = {each["key"]: (each["state"], each["error"]) for each in await rows(database, tables.outbox)}
    assert waits == {
        "1": ("failed", "uninstalled"),
        "2": ("failed", "uninstalled"),
        "recall:1:2": ("pending", None),
    }
    assert "Hm" not in str(await rows(database, tables.outbox))
    assert [each["state"] for each in await rows(database, tables.export)] == ["cancelled"]
    assert not await store.claim("w", LEASE, 10)
    assert not await store.exports.claim("w", LEASE, 10)

    await store.enqueue(acme, key="3", kind="history.share", channel="C1", body={"query": ""})
    assert not await store.claim("w", LEASE, 10)
    assert await installing.install(granted(at=LATER)) == acme
    assert [each.channel for each in await store.claim("w", LEASE, 10)] == ["C1"]  # the erased name's, and nothing else
    assert [each.kind for each in (await history(store, acme, HistoryQuery(customer))).entries] == [
        "customer.field_changed"
    ]


async def test_the_news_of_an_uninstalling_before_the_last_installation_come_too_late(installing: Installing) -> None:
    acme = await installing.install(granted(at=LATER))
    assert not await installing.leave("T0ACME", AT)
    assert await token(installing, acme) == "xoxb-first"
    assert not await installing.leave("T0UNKNOWN", LATER)


async def test_the_team_of_the_token_in_the_environment_may_leave_too(
    installing: Installing, store: Store, workspace: str
) -> None:
    await store.bind_workspace("T0ACME", None)
    assert await installing.leave("T0ACME", AT)
    assert await store.workspace_of("T0ACME") is None
    await store.enqueue(workspace, key="1", kind="history.share", channel="C1", body={})
    assert (await store.bind_workspace("T0ACME", None)).id == workspace
    assert await store.workspace_of("T0ACME") == workspace


# --- for good ---


@pytest.mark.promise(id="S19")
async def test_where_it_was_decided_so_all_data_goes_with_the_app(
    installing: Installing, store: Store, database: Database
) -> None:
    acme, globex = await installing.install(granted()), await installing.install(granted("T0GLOBEX"))
    for each in (acme, globex):
        customer = await a_customer(store, each)
        await a_person(store, each, "Sam Lee")
        await store.record(each, customer, [an_activity(), an_activity()])
    await store.set_settings(acme, {"on_uninstall": "delete"})
    assert await installing.leave("T0ACME", LATER)
    assert await installing.purge() == 1
    for table in tables.metadata.sorted_tables:
        if "workspace_id" in table.c:
            assert acme not in {row["workspace_id"] for row in await rows(database, table)}
    assert (await store.verify(globex)).activities == 2
    again = await installing.install(granted(at=LATER))
    assert again != acme


async def test_a_purge_goes_on_where_another_has_stopped(
    installing: Installing, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.purging.PIECE", 3)
    acme = await installing.install(granted())
    customer = await a_customer(store, acme)
    await store.record(acme, customer, [an_activity() for _ in range(10)])
    with pytest.raises(NotFound, match="wsp_unknown"):
        await installing.ask_purge("wsp_unknown")
    await installing.ask_purge(acme)
    assert await installing._piece(acme)
    assert await installing.purge() == 1
    assert acme not in {row["workspace_id"] for row in await rows(database, tables.workspace)}


@pytest.mark.promise(id="S28")
async def test_the_history_of_nobody_else_can_be_deleted_meanwhile(
    installing: Installing, store: Store, database: Database, workspace: str
) -> None:
    for each in (acme := await installing.install(granted()), workspace):
        await store.record(each, await a_customer(store, each), [an_activity()])
    await installing.ask_purge(acme)
    a = tables.activity
    for where in (a.c.workspace_id == workspace, sa.true()):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"):
            await database.write(lambda c, where=where: c.execute(a.delete().where(where)))  # type: ignore[misc]
    with pytest.raises(sa.exc.IntegrityError, match="append-only"):
        await database.write(lambda c: c.execute(a.update().where(a.c.workspace_id == acme).values(text="x")))
