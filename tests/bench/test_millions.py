"""What the bench loads in its own fast way is, to the last hash, what the Store would have written."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from store import Store, tables
from store.engine import JOB, Database, connect
from tests.bench import millions
from tests.bench.feed import stacks
from tests.bench.histories import Size
from tests.bench.large import NoRoom, make_room, stocked
from tests.bench.millions import LANES, Cast, Maker
from tests.bench.places import Folder, KeptPlace, Server
from tests.bench.report import Report
from tests.bench.shelves import PAGE, READER
from tests.builders import a_line, imported

SIZE = Size(3007)


async def test_what_is_loaded_is_what_an_import_would_have_left(database_url: str, database: Database) -> None:
    await millions.load(database_url, SIZE, processes=2)
    store = Store(database)
    workspace = (await store.default_workspace()).id

    checked = await store.verify(workspace)
    assert (checked.activities, checked.faults) == (SIZE.rows, ())

    big = (await store.find_customer(workspace, "big")).id
    assert {head.seq for head in await store.heads(workspace) if head.customer_id == big} == {-(-SIZE.rows // 10)}
    for name, query in stacks(SIZE).items():
        if name.endswith("(3)"):
            assert (await store.history(workspace, query, READER, limit=PAGE)).total == 3, name

    lines = [a_line(customer="Big", dedupe_key=key) for key in (f"{big}:0000001", "another")]
    done = await imported(store, workspace, *lines)
    assert (done.activities, done.repeated) == (1, 1)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        await database.write(lambda connection: connection.execute(tables.activity.delete()))


async def test_tables_keys_and_indexes_are_as_the_migrations_made_them(database_url: str) -> None:
    before = await _schema(database_url)
    await millions.load(database_url, SIZE, processes=1)
    assert await _schema(database_url) == before


async def _schema(url: str) -> object:
    def work(connection: sa.Connection) -> object:
        seen = sa.inspect(connection)
        return [
            (
                seen.get_pk_constraint(name),
                sorted(seen.get_foreign_keys(name), key=str),
                sorted(seen.get_indexes(name), key=str),
            )
            for name in millions.TABLES
        ]

    database = connect(url, patience=JOB)
    found = await database.read(work)
    await database.close()
    return found


def test_a_number_decides_on_what_its_activity_says_in_whatever_order_it_is_made() -> None:
    customers = tuple(tuple(f"cus_{lane}_{n}" for n in range(1 if lane == 0 else 3)) for lane in range(LANES))
    everybody = {(who["type"], who["id"]): f"{who['type']}:{who['id']}" for who, _ in millions.everybody()}
    cast = Cast("wsp", SIZE, customers, everybody, datetime(2026, 1, 1, tzinfo=UTC))
    in_time = list(Maker(cast, range(LANES)).in_time())
    by_customer = [
        made for lanes in (range(0, LANES, 2), range(1, LANES, 2)) for made in Maker(cast, lanes).by_customer()
    ]
    assert len(in_time) == SIZE.rows
    assert sorted(in_time) == sorted(by_customer)


# --- kept for another run ---------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeptPlace]:
    if request.param == "sqlite":
        yield Folder(tmp_path, tmp_path)
    else:
        yield Server(request.getfixturevalue("postgres_server"), process=None)


async def test_a_database_that_is_kept_is_not_loaded_again(
    place: KeptPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    size = Size(1000 + uuid4().int % 100)  # the server is the whole session's
    urls = []
    for _ in range(2):
        async with stocked(place, Report(), size) as shelf:
            assert (await shelf.store.verify(shelf.workspace)).activities == size.rows
            urls.append(shelf.url)
    assert capsys.readouterr().out.count("## Loading") == 1
    assert urls[0] == urls[1]
    await place.drop(urls[0])


def test_a_disk_that_is_too_small_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(
        NoRoom, match=r"1,000,000,000,000 activities need 1600000 GB of disk in .*, where \d+ GB are free\."
    ):
        make_room(tmp_path, ("sqlite",), 10**12)
    make_room(tmp_path / "new", ("sqlite", "postgresql"), 1)
    assert (tmp_path / "new").is_dir()
