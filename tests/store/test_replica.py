"""A streaming replica: histories are read there, and nobody misses what was changed a moment ago, however far behind it is."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest

from bot.databases import opened
from bot.metrics import Metrics
from store import Store, schema
from store.access import Scope
from store.domain.errors import NotFound, Refused, Unavailable
from store.domain.query import HistoryQuery
from store.engine import JOB, Database, connect, parse_url
from store.programs import Asked
from store.replica import Replicated, Served
from store.settings import WorkspaceSettings
from tests.builders import a_customer, a_line, a_reader, an_activity, history, imported
from tests.conftest import APP, STEADY, _administer, apps_url, in_memory
from tests.store.standby import Pair, standing_by

REPLICA, BEHIND, AWAY = Served.REPLICA, Served.BEHIND, Served.AWAY
ALL_OF_IT = HistoryQuery("acme")


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with (
        TemporaryDirectory(prefix="pivotal-", dir=in_memory(), ignore_cleanup_errors=True) as folder,
        standing_by(Path(folder)) as pair,
    ):
        asyncio.run(_administer(parse_url(pair.primary_url()), f"CREATE ROLE {APP} LOGIN"))
        yield pair


@dataclass
class Two:
    """A database with its replica, as the running program has them. served: by whom, of each read of a history."""

    pair: Pair
    name: str
    database: Database
    replica: Database
    store: Store
    workspace: str
    customer: str
    served: list[Served] = field(default_factory=list)

    def pause(self) -> None:
        self.pair.replica.psql("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        self.pair.replica.psql("SELECT pg_wal_replay_resume()")

    async def caught_up(self) -> None:
        written = self.pair.primary.psql("COPY (SELECT pg_current_wal_insert_lsn()) TO STDOUT").strip()
        there = f"COPY (SELECT pg_last_wal_replay_lsn() >= '{written}') TO STDOUT"
        for _ in range(1200):
            if self.pair.replica.psql(there).strip() == "t":
                return
            await asyncio.sleep(0.05)
        pytest.fail("the replica did not catch up")

    async def read(self, query: HistoryQuery = ALL_OF_IT) -> tuple[int, list[Served]]:
        """How many entries the page has, and who served it."""
        self.served.clear()
        return len((await history(self.store, self.workspace, query)).entries), [*self.served]


@pytest.fixture
async def two(pair: Pair) -> AsyncIterator[Two]:
    name = f"test_{uuid4().hex[:12]}"
    await _administer(parse_url(pair.primary_url()), f"CREATE DATABASE {name}")
    owner = connect(pair.primary_url(name), patience=JOB)
    await schema.migrate(owner, APP)
    await owner.close()
    served: list[Served] = []
    database = connect(apps_url(pair.primary_url(name)), patience=STEADY)
    replica = connect(apps_url(pair.replica_url(name)), patience=STEADY)
    store = Store(Replicated(database, replica, served.append, rests=timedelta(0)))
    workspace = (await store.default_workspace()).id
    customer = await a_customer(store, workspace, "Acme", ref="acme")
    await store.record(workspace, customer, [an_activity()])
    two = Two(pair, name, database, replica, store, workspace, customer, served)
    await two.caught_up()
    yield two
    two.resume()
    await store.close()


async def test_a_history_is_read_from_the_replica(two: Two) -> None:
    assert await two.read() == (1, [REPLICA])


async def test_the_metrics_tell_who_has_read(two: Two) -> None:
    measured = Metrics()
    database = opened(
        apps_url(two.pair.primary_url(two.name)), apps_url(two.pair.replica_url(two.name)), STEADY, measured
    )
    store = Store(database)
    await history(store, two.workspace, ALL_OF_IT)
    two.pause()
    await store.record(two.workspace, two.customer, [an_activity()])
    await history(store, two.workspace, ALL_OF_IT)
    await store.close()
    told = measured.text(None, {}, 0).decode().splitlines()
    assert {'pivotal_history_reads_total{by="replica"} 1.0', 'pivotal_history_reads_total{by="behind"} 1.0'} <= {*told}
    assert 'pivotal_query_seconds_count{what="Store.history"} 3.0' in told  # once there, once there in vain, once here


async def test_who_has_just_changed_something_sees_it(two: Two) -> None:
    other = await a_customer(two.store, two.workspace, "Other")
    await two.caught_up()
    two.pause()
    await two.store.record(two.workspace, two.customer, [an_activity()])
    assert await two.read() == (2, [BEHIND])
    assert await two.read(HistoryQuery(other)) == (0, [REPLICA])  # nobody has touched that one
    two.resume()
    await two.caught_up()
    assert await two.read() == (2, [REPLICA])


async def test_who_is_found_by_a_name_is_whom_it_means_now(two: Two) -> None:
    """A new customer, and one that took over the name of another that was found by its beginning."""
    await a_customer(two.store, two.workspace, "Globex North")
    await two.caught_up()
    two.pause()
    assert (await history(two.store, two.workspace, HistoryQuery("globex"))).customer.name == "Globex North"
    await a_customer(two.store, two.workspace, "Globex")
    assert (await history(two.store, two.workspace, HistoryQuery("globex"))).customer.name == "Globex"
    assert two.served[-2:] == [REPLICA, BEHIND]


async def test_who_may_not_look_any_more_does_not(two: Two) -> None:
    def allow(settings: WorkspaceSettings) -> None:
        if settings.phases == ("Closed",):
            raise Refused("Not here.")

    two.pause()
    await two.store.history(two.workspace, ALL_OF_IT, a_reader(), allow=allow)
    await two.store.set_settings(two.workspace, {"phases": ["Closed"]})
    with pytest.raises(Refused):
        await two.store.history(two.workspace, ALL_OF_IT, a_reader(), allow=allow)


async def test_an_export_and_a_programs_rows_have_the_newest_too(two: Two) -> None:
    key, _ = await two.store.access.create(two.workspace, "reader", [Scope.READ])
    asked = Asked(customer="acme", query=ALL_OF_IT, since=None, until=None, limit=100)
    await two.caught_up()
    for behind in (False, True):
        if behind:
            two.pause()
            await two.store.record(two.workspace, two.customer, [an_activity()])
        two.served.clear()
        taken = bytearray()
        await two.store.exports.write(
            two.workspace,
            ALL_OF_IT,
            a_reader(),
            lambda piece, _rows, to=taken: to.extend(piece),  # type: ignore[misc]
        )
        rows = await two.store.programs.rows(key, asked, a_reader())
        streamed = bytearray()
        await two.store.programs.write_csv(key, asked, a_reader(), lambda piece, _rows, to=streamed: to.extend(piece))  # type: ignore[misc]
        assert taken == streamed
        assert taken.count(b"\r\n") - 1 == len(rows.records) == 1 + behind
        assert set(two.served) == ({BEHIND} if behind else {REPLICA})
        assert len(two.served) == 3


async def test_a_customer_of_another_workspace_is_not_found_there_either(two: Two) -> None:
    with pytest.raises(NotFound):
        await history(two.store, "wsp_nobodys", ALL_OF_IT)
    with pytest.raises(NotFound):
        await two.store.history(two.workspace, HistoryQuery("nobody"), a_reader())


async def test_while_the_replica_is_away_the_primary_serves(two: Two) -> None:
    two.pair.replica.stop()
    try:
        assert await two.read() == (1, [AWAY])
        resting = Store(Replicated(two.database, two.replica, two.served.append, rests=timedelta(minutes=1)))
        for _ in range(2):
            await history(resting, two.workspace, ALL_OF_IT)
    finally:
        two.pair.replica.start()
    await history(resting, two.workspace, ALL_OF_IT)
    assert two.served == [AWAY] * 4  # it was left alone meanwhile
    await two.caught_up()
    assert await two.read() == (1, [REPLICA])


async def test_an_export_that_is_half_out_is_not_begun_again_by_the_primary(two: Two) -> None:
    """Whoever has the first half would get it twice. An export that was asked for is tried again as a whole."""
    lines = [a_line(text=f"Line {number} " + "x" * 500) for number in range(4000)]
    await imported(two.store, two.workspace, *lines)
    await two.caught_up()
    pieces: list[bytes] = []

    def take(piece: bytes, _rows: int) -> None:
        pieces.append(piece)
        if len(pieces) == 2:
            two.pair.replica.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + two.name + "'"
            )

    with pytest.raises(Unavailable):
        await two.store.exports.write(two.workspace, ALL_OF_IT, a_reader(), take)
    out = b"".join(pieces).splitlines()
    assert len(set(out)) == len(out) < len(lines)
