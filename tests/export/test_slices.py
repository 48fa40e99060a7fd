"""Feed, export, JSON and a plain count agree on every stack of filters, on both databases."""

import csv as standard
import errno
import io
import json
from collections import Counter

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from store import Store
from store.activities import by_seq
from store.actors import names
from store.domain import csv
from store.domain.activity import Activity, printed, refs_in
from store.domain.kinds import matches
from store.domain.query import HistoryQuery, Reader
from store.domain.rows import COLUMNS, Row, rows
from store.engine import Database
from tests.builders import a_reader, an_activity, imported
from tests.export.slices import FIRST, filters, lines


class Bytes:
    """Takes an export."""

    def __init__(self) -> None:
        self.content = b""
        self.rows = 0

    def __call__(self, piece: bytes, rows: int) -> None:
        self.content += piece
        self.rows += rows

    @property
    def read(self) -> list[Row]:
        assert self.content.startswith(csv.MARK)
        text = self.content.removeprefix(csv.MARK).decode()
        header, *found = standard.reader(io.StringIO(text, newline=""), strict=True)
        assert tuple(header) == COLUMNS
        return [Row(*map(csv.original, row)) for row in found]


@pytest.fixture
async def reader(store: Store, workspace: str) -> Reader:
    await imported(store, workspace, *lines(seed=5))
    return a_reader(zone="Europe/Berlin")


async def feed_rows(store: Store, workspace: str, query: HistoryQuery, reader: Reader, limit: int = 7) -> list[Row]:
    """What the feed shows, from its first page to its last."""
    shown: list[Row] = []
    while True:
        page = await store.history(workspace, query, reader, limit=limit)
        shown += [row for each in page.entries for row in rows(each, page.names)]
        if page.older is None:
            return shown
        query = page.query.older_than(page.older)


async def exported(store: Store, workspace: str, query: HistoryQuery, reader: Reader) -> list[Row]:
    taken = Bytes()
    await store.exports.write(workspace, query, reader, taken)
    assert len(taken.read) == taken.rows
    return taken.read


async def everything(database: Database, workspace: str, customer_id: str) -> tuple[list[Activity], dict[str, str]]:
    """All activities as they lie in the log, without any filter's SQL, and all names."""

    def work(connection: sa.Connection) -> tuple[list[Activity], dict[str, str]]:
        found = list(by_seq(connection, workspace, customer_id, range(1, 1000)).values())
        return found, names(connection, workspace, refs_in(found))

    return await database.read(work)


def plainly(all_of_it: list[Activity], known: dict[str, str], query: HistoryQuery, reader: Reader) -> Counter[Row]:
    """The rows that a person would tick off on paper."""

    def is_by(activity: Activity, words: tuple[str, ...]) -> bool:
        name = printed(activity.actor, known)
        return any(
            name == word
            or (word == "pi" and name == "Pi")
            or (word == "hubspot" and name == "HubSpot")
            or (word == "slack" and activity.source == "slack")
            or (word == "api" and activity.actor.type == "api")
            for word in words
        )

    def is_of(activity: Activity, words: tuple[str, ...]) -> bool:
        return any(matches(word, activity.kind) for word in words)

    since, until = query.window.resolve(reader.now, reader.zone) if query.window else (None, None)
    return Counter(
        row
        for each in all_of_it
        if (not query.actors or is_by(each, query.actors))
        and not is_by(each, query.not_actors)
        and (not query.types or is_of(each, query.types))
        and not is_of(each, query.not_types)
        and (not query.fields or any(change.field in query.fields for change in each.changes))
        and (since is None or each.occurred_at >= since)
        and (until is None or each.occurred_at < until)
        for row in rows(each, known)
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(query=filters)
async def test_feed_export_and_a_plain_count_are_the_same_rows(
    store: Store, database: Database, workspace: str, reader: Reader, query: HistoryQuery
) -> None:
    customer = await store.find_customer(workspace, "acme")
    all_of_it, known = await everything(database, workspace, customer.id)
    file = await exported(store, workspace, query, reader)
    assert file == await feed_rows(store, workspace, query, reader)
    assert Counter(file) == plainly(all_of_it, known, query, reader)


async def test_json_lines_hold_the_same_rows_and_where_to_find_them(
    store: Store, workspace: str, reader: Reader
) -> None:
    query = HistoryQuery("acme")
    taken = Bytes()
    await store.exports.write(workspace, query, reader, taken, as_json=True)
    read = [json.loads(line) for line in taken.content.decode().splitlines()]
    assert [Row(*(each[name] for name in COLUMNS)) for each in read] == await exported(store, workspace, query, reader)
    assert {each["seq"] for each in read} == set(range(1, 121))
    assert all(each["actor_id"].startswith(each["actor_type"]) for each in read)


async def test_what_is_recorded_while_an_export_waits_is_not_in_it(
    store: Store, workspace: str, reader: Reader
) -> None:
    asked, _ = await store.exports.ask(workspace, HistoryQuery("acme", types=("nudge",)), reader)
    before = await exported(store, workspace, HistoryQuery("acme", types=("nudge",)), reader)
    await store.record(workspace, asked.customer_id, [an_activity("pi.nudge", occurred_at=FIRST)])
    taken = Bytes()
    await store.exports.write(workspace, asked.query, asked.reader, taken, upto=asked.upto)
    assert taken.read == before


async def test_a_full_disk_is_not_taken_for_trouble_of_the_database(
    store: Store, workspace: str, reader: Reader
) -> None:
    def full(_piece: bytes, _rows: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await store.exports.write(workspace, HistoryQuery("acme"), reader, full)
    assert await exported(store, workspace, HistoryQuery("acme"), reader)


async def test_how_many_rows_there_will_be_is_known_before_the_first(
    store: Store, workspace: str, reader: Reader
) -> None:
    told: list[int] = []
    taken = Bytes()
    await store.exports.write(workspace, HistoryQuery("acme", fields=("plan",)), reader, taken, told=told.append)
    assert told == [taken.rows]
