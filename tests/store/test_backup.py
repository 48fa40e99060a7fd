"""Backups: all of one moment, the same from either database into either, checked, and nobody comes back who was erased."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from store import Store, outbox, sample, schema
from store.access import Scope
from store.actors import Person
from store.backup import dumping, erased, loading
from store.backup.erased import Erased
from store.backup.file import Backup, NotABackup, Writer, whole
from store.backup.loading import Loaded, NotWhole
from store.domain.activity import Ref, Source
from store.domain.errors import Refused, SchemaUnknown
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.engine import JOB, Database, connect
from store.importing import Importer, parse_line
from store.tables import Instant, metadata
from tests.aging import grown_old
from tests.builders import a_customer, a_reader, an_activity, another_workspace, history, imported

NAME: Final = "Zyxjane Qwertson-Ångström"
EMAIL: Final = "zyxjane@canary.example"
INSTANT: Final = datetime(2026, 11, 20, 12, 34, 56, 789012, tzinfo=UTC)
TEXT: Final = 'é 株 "\\ \n\t 😀 \u2028'

Rows = Mapping[str, list[tuple[Any, ...]]]


@pytest.fixture
async def target(empty_url: str) -> AsyncIterator[Database]:
    database = connect(empty_url, patience=JOB)
    yield database
    await database.close()


def nobody_is_told(_done: int, _total: int) -> None: ...


async def backed_up(database: Database, path: Path, moved: Callable[[int, int], None] = nobody_is_told) -> Path:
    with path.open("wb") as raw, Writer(raw) as writer:
        await database.read(lambda c: dumping.dump(c, writer, moved))
    return path


async def loaded(target: Database, found: Backup, **how: Any) -> Loaded:
    return await target.alter(lambda c: loading.load(c, found, lambda _read: None, **how))


def read(path: Path) -> Backup:
    return whole(path, lambda _read: None)


async def everything(database: Database) -> Rows:
    """All rows by table, and of JSON its very text."""

    def work(connection: sa.Connection) -> Rows:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(*(as_text(column) for column in table.c)))), key=str
            )
            for table in metadata.sorted_tables
        }

    def as_text(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        if not isinstance(column.type, sa.JSON):
            return column
        return sa.cast(column, sa.Text) if database.dialect == "postgresql" else sa.type_coerce(column, sa.Text)

    return await database.read(work)


async def fill(database: Database, store: Store, workspace: str) -> None:
    """The sample, and in every table that has nothing of it, a row with odd values."""
    lines = [parse_line(number, line) for number, line in enumerate(sample.lines(datetime.now(UTC)), 1)]
    await store.import_lines(Importer(workspace), lines)
    old = await a_customer(store, workspace, "Old Corp")
    await store.record(workspace, old, [an_activity(), an_activity()])
    await grown_old(database, workspace, old, 400, 10)
    await store.set_settings(workspace, {"retention_days": 365})
    await store.retention.remove(workspace)

    def work(connection: sa.Connection) -> None:
        for table in metadata.sorted_tables:
            if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0:
                connection.execute(table.insert(), odd_row(connection, table, workspace))

    await database.write(work)


def odd_row(connection: sa.Connection, table: sa.Table, workspace: str) -> dict[str, Any]:
    row = {column.name: odd_value(column) for column in table.c} | {"workspace_id": workspace}
    for key in table.foreign_key_constraints:
        for column, element in zip(key.columns, key.elements, strict=True):
            if column.name != "workspace_id":
                parent = element.column.table
                row[column.name] = connection.execute(sa.select(parent.c.id).limit(1)).scalar_one()
    return row


def odd_value(column: sa.Column[Any]) -> Any:
    match column.type:
        case Instant():
            return INSTANT
        case sa.JSON():
            return {TEXT: [1, 1.5, None, True, 2**53, TEXT]}
        case sa.LargeBinary():
            return bytes(range(256))
        case sa.Date():
            return date(2028, 2, 29)
        case sa.Boolean():
            return True
        case sa.Integer():
            return 2**31 - 1
        case _:
            return f"{column.name} {TEXT}"


# --- the same in both -------------------------------------------------------------------------------------------------


async def test_what_is_restored_is_to_the_letter_what_was_backed_up(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    """From either database into either: every table, rows, the text of JSON, times to the microsecond, chains, keys of the API, a page."""
    await fill(database, store, workspace)
    _, key = await store.access.create(workspace, "Reports", [Scope.READ])
    before = await everything(database)
    assert [name for name, rows in before.items() if not rows] == []
    done = await loaded(target, read(await backed_up(database, tmp_path / "a")))
    assert await everything(target) == before
    assert done.counts == {name: len(rows) for name, rows in before.items()}
    other = Store(target)
    assert await target.read(dumping.heads) == await database.read(dumping.heads)
    assert (await other.verify(workspace)).faults == ()
    admitted = await other.access.admitted(key)
    assert admitted is not None
    assert admitted.name == "Reports"
    reader, query = a_reader(now=datetime.now(UTC)), HistoryQuery("acme")
    page = await store.history(workspace, query, reader)
    assert len(page.entries) == 10
    assert await other.history(workspace, query, reader) == page


async def test_what_is_restored_goes_on(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    """The next entry follows the last, the guards against change stand, and a file from there is the same again."""
    acme = await a_customer(store, workspace)
    await store.record(workspace, acme, [an_activity() for _ in range(5)])
    await loaded(target, read(await backed_up(database, tmp_path / "a")))
    before = await everything(target)
    await backed_up(target, tmp_path / "b")
    assert read(tmp_path / "b").counts == read(tmp_path / "a").counts
    assert unzipped(tmp_path / "b")[1:-1] == unzipped(tmp_path / "a")[1:-1]
    assert await everything(target) == before
    other = Store(target)
    assert await other.record(workspace, acme, [an_activity()]) == [6]
    assert (await other.verify(workspace)).faults == ()
    with pytest.raises(Exception, match="append-only"):
        await target.write(lambda c: c.exec_driver_sql("DELETE FROM activity"))
    await schema.migrate(target)
    await schema.check(target)


def unzipped(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


async def test_several_workspaces_come_along(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    other = await another_workspace(database, "T0OTHER")
    for each in (workspace, other):
        await a_customer(store, each, f"Corp of {each}")
    done = await loaded(target, read(await backed_up(database, tmp_path / "a")))
    assert done.customers == 2
    assert await Store(target).workspace_of("T0OTHER") == other


@pytest.mark.promise(id="R20")
async def test_while_others_write_it_is_of_one_moment(
    database: Database, elsewhere: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    """R20, in small: every chain ends where its customer's record says, and what came later is not there in part."""
    customers = [await a_customer(store, workspace, f"Corp {number}") for number in range(4)]
    stop = asyncio.Event()

    async def writes(customer: str) -> None:
        while not stop.is_set():
            await store.record(workspace, customer, [an_activity() for _ in range(3)])

    writers = [asyncio.create_task(writes(each)) for each in customers]
    await asyncio.sleep(0.2)
    path = await backed_up(elsewhere, tmp_path / "a")
    stop.set()
    await asyncio.gather(*writers)
    done = await loaded(target, read(path))
    assert done.customers == 4
    assert done.activities % 3 == 0
    assert 0 < done.activities < (await store.verify(workspace)).activities


# --- erased stays erased ----------------------------------------------------------------------------------------------


async def person(store: Store, workspace: str) -> By:
    known = await store.remember(workspace, Person(slack_user_id="U1", name="Sam Lee"))
    return By(actor=Ref.parse(known.ref), source=Source.SLACK)


async def spelled_out(database: Database) -> str:
    """All rows as text, bodies of deliveries too."""
    return str(await everything(database)).casefold()


async def with_a_contact(store: Store, workspace: str, by: By) -> tuple[str, str]:
    """The ids of a customer and of a contact who is named in comments there and elsewhere, and in a delivery that is kept."""
    acme = await a_customer(store, workspace, "Acme Corp", ref="acme")
    globex = await a_customer(store, workspace, "Globex", ref="globex")
    await imported(
        store, workspace, {"type": "contact", "customer": "acme", "ref": "zyx", "name": NAME, "email": EMAIL}
    )
    for customer in (acme, globex):
        await store.records.add_comment(workspace, customer, f"Spoke to {NAME}", by)
    await store.deliveries.receive(workspace, Source.HUBSPOT, json.dumps({"email": EMAIL}).encode())
    (contact,) = [each.id for each in await store.records.contacts(workspace, acme)]
    return acme, contact


@pytest.mark.promise(id="R20")
async def test_whoever_was_erased_since_is_erased_in_what_is_restored(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    by = await person(store, workspace)
    acme, contact = await with_a_contact(store, workspace, by)
    backup = read(await backed_up(database, tmp_path / "before"))
    await store.records.erase_contact(workspace, acme, contact, by)
    listed = await database.read(erased.listed)
    assert "zyx" not in erased.lines(listed).casefold()
    done = await loaded(target, backup, erasures=erased.read(erased.lines(listed)))
    assert done.erased == 1
    assert "zyxjane" not in await spelled_out(target)
    other = Store(target)
    assert (await other.verify(workspace)).faults == ()
    (removal, *_) = (await history(other, workspace, HistoryQuery("acme", types=("contact.removed",)))).entries
    assert removal.actor == by.actor
    await imported(other, workspace, {"type": "contact", "customer": "acme", "ref": "zyx", "name": NAME})
    await imported(other, workspace, {"type": "contact", "customer": "globex", "ref": "z", "name": "Q", "email": EMAIL})
    assert "zyxjane" not in await spelled_out(target)
    assert [each.contact for each in await target.read(erased.listed)] == [contact]


async def test_without_the_list_they_would_be_back(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    by = await person(store, workspace)
    await with_a_contact(store, workspace, by)
    await loaded(target, read(await backed_up(database, tmp_path / "before")))
    assert "zyxjane" in await spelled_out(target)


async def test_whoever_came_and_was_erased_since_does_not_come_again(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    by = await person(store, workspace)
    await a_customer(store, workspace, "Acme Corp", ref="acme")
    await a_customer(store, workspace, "Globex", ref="globex")
    backup = read(await backed_up(database, tmp_path / "before"))
    acme, contact = await with_a_contact(store, workspace, by)
    await store.records.erase_contact(workspace, acme, contact, by)
    listed = await database.read(erased.listed)
    hers = Erased(**{**listed[0].model_dump(), "external": (("hubspot", "1", "77"),)})
    done = await loaded(target, backup, erasures=[hers])
    assert done.erased == 0
    other = Store(target)
    await imported(other, workspace, {"type": "contact", "customer": "acme", "ref": "zyx", "name": NAME})
    await imported(other, workspace, {"type": "contact", "customer": "globex", "ref": "z", "name": "Q", "email": EMAIL})
    assert "zyxjane" not in await spelled_out(target)
    assert (await everything(target))["external_contact"] == [
        (workspace, "hubspot", "1", "77", None, contact, None, True)
    ]


async def test_an_erasure_of_another_database_changes_nothing(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    await a_customer(store, workspace)
    stranger = Erased(
        workspace="wsp_x", contact="con_x", customer="cus_x", by="pi:pi", at=1, digests=("d",), external=()
    )
    before = await everything(database)
    done = await loaded(target, read(await backed_up(database, tmp_path / "a")), erasures=[stranger])
    assert done.erased == 0
    assert await everything(target) == before


# --- what was still to be sent ----------------------------------------------------------------------------------------


async def test_what_was_to_be_sent_then_is_looked_for_before_it_is_sent(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    """It may have been sent since. Moved, it was not: there it waits as before."""
    await store.enqueue(workspace, key="k", kind="test", channel="C1", body={})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await database.write(
        lambda c: outbox.enqueue(c, workspace, key="later", kind="later", channel="C1", body={}, due_at=tomorrow)
    )
    backup = read(await backed_up(database, tmp_path / "a"))
    await loaded(target, backup, in_doubt=True)
    other, lease = Store(target), timedelta(minutes=1)
    assert await other.claim("worker", lease, 10) == ()
    (found,) = await other.doubtful("worker", lease, timedelta(0), 10)
    assert (found.kind, found.attempt) == ("test", 1)
    assert {row[6] for row in (await everything(target))["outbox"]} == {"pending", "sending"}


# --- what is refused --------------------------------------------------------------------------------------------------


async def test_a_database_with_something_in_it_is_left_alone(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    await a_customer(store, workspace)
    backup = read(await backed_up(database, tmp_path / "a"))
    await loaded(target, backup)
    before = await everything(target)
    with pytest.raises(Refused, match="not empty"):
        await loaded(target, backup)
    assert await everything(target) == before


async def test_one_that_was_just_migrated_counts_as_empty(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    await schema.migrate(target)
    await a_customer(store, workspace)
    await loaded(target, read(await backed_up(database, tmp_path / "a")))
    assert await everything(target) == await everything(database)


async def test_an_empty_one_of_another_schema_is_left_alone(
    database: Database, target: Database, tmp_path: Path
) -> None:
    await target.alter(lambda c: schema.upgrade(c, "0003"))
    backup = read(await backed_up(database, tmp_path / "a"))
    with pytest.raises(Refused, match=r"at schema 0003 and the backup at 0"):
        await loaded(target, backup)
    assert await target.read(schema.version) == "0003"


def rewritten(path: Path, lines: list[bytes]) -> Path:
    """A file that says of itself that it is whole."""
    body = b"".join(lines[:-1])
    foot = json.loads(lines[-1]) | {"sha256": hashlib.sha256(body).hexdigest()}
    path.write_bytes(gzip.compress(body + json.dumps(foot).encode() + b"\n"))
    return path


async def test_a_backup_of_a_history_that_was_tampered_with_is_not_kept(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    acme = await a_customer(store, workspace)
    await store.record(workspace, acme, [an_activity() for _ in range(3)])
    lines = unzipped(await backed_up(database, tmp_path / "a"))
    forged = [line.replace(b"Starter", b"Stormer", 1) if line.startswith(b'["wsp_') else line for line in lines]
    assert forged != lines
    with pytest.raises(NotWhole, match="Acme Corp, entry 1: its changes or text are not those"):
        await loaded(target, read(rewritten(tmp_path / "b", forged)))
    with pytest.raises(SchemaUnknown):
        await schema.check(target)


async def test_one_of_an_older_schema_is_brought_to_this_one(
    database: Database, store: Store, workspace: str, target: Database, tmp_path: Path
) -> None:
    acme = await a_customer(store, workspace)
    await store.record(workspace, acme, [an_activity() for _ in range(3)])
    lines = unzipped(await backed_up(database, tmp_path / "a"))
    since = ("checkpoint", "erasure", "install_state", "installation", "purge")
    older = [line for line in lines if not line.startswith(tuple(f'{{"table":"{each}"'.encode() for each in since))]
    older[0] = json.dumps(json.loads(older[0]) | {"schema": "0003"}).encode() + b"\n"
    foot = json.loads(older[-1])
    for table in since:
        del foot["rows"][table]
    older[-1] = json.dumps(foot).encode() + b"\n"
    done = await loaded(target, read(rewritten(tmp_path / "b", older)))
    assert done.activities == 3
    await schema.check(target)
    assert await everything(target) == await everything(database)


@pytest.mark.parametrize(
    "spoil, says",
    [
        (lambda raw: b"", "is not a backup"),
        (lambda raw: b"customer,activity\n", "is not a backup"),
        (lambda raw: gzip.compress(b'{"type": "customer"}\n'), "is not a backup"),
        (lambda raw: raw[: len(raw) // 2], "was cut off"),
        (lambda raw: raw[:-1], "was cut off"),
        (lambda raw: gzip.compress(b"".join(gzip.decompress(raw).splitlines(keepends=True)[:-1])), "was cut off"),
        (lambda raw: gzip.compress(gzip.decompress(raw).replace(b"Acme", b"Bcme", 1)), "is damaged"),
        (lambda raw: gzip.compress(gzip.decompress(raw).replace(b"[", b"{", 1)), "is damaged"),
        (lambda raw: raw[:60] + bytes([raw[60] ^ 255]) + raw[61:], "is damaged|was cut off|is not a backup"),
    ],
)
async def test_a_file_that_is_not_whole_is_known_before_the_database_is_touched(
    database: Database, store: Store, workspace: str, tmp_path: Path, spoil: Any, says: str
) -> None:
    await a_customer(store, workspace)
    path = await backed_up(database, tmp_path / "a")
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(NotABackup, match=says):
        read(path)


@pytest.mark.usefixtures("workspace")
async def test_one_that_was_stopped_has_nothing_left_to_write(database: Database, tmp_path: Path) -> None:
    """Not even when it is collected, long after its file was closed."""

    def stop(_done: int, _total: int) -> None:
        raise Refused("Stopped.")

    path = tmp_path / "half"
    with pytest.raises(Refused, match="Stopped"):
        await backed_up(database, path, stop)
    assert gzip.decompress(path.read_bytes()).startswith(b'{"pivotal":"backup"')
    with pytest.raises(NotABackup, match="was cut off"):
        read(path)


async def test_one_of_a_newer_schema_says_so(database: Database, tmp_path: Path) -> None:
    lines = unzipped(await backed_up(database, tmp_path / "a"))
    lines[0] = json.dumps(json.loads(lines[0]) | {"schema": "9999"}).encode() + b"\n"
    with pytest.raises(SchemaUnknown, match="made by a newer Pivotal, at schema 9999"):
        read(rewritten(tmp_path / "b", lines))
