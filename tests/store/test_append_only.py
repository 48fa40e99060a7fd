"""The log is append-only: the database itself refuses to rewrite it, but for the one change that erasing a contact makes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from store import Store, tables
from store.domain.activity import Change
from store.domain.query import HistoryQuery
from store.engine import Database
from tests.builders import NOW, a_customer, an_activity, history

A = tables.activity
REDACTED: dict[str, Any] = {"changes": None, "text": "removed contact", "salt": None}


@pytest.fixture
async def customer(store: Store, workspace: str) -> AsyncIterator[str]:
    """One with two activities, which are the same afterwards, whatever was tried."""
    customer = await a_customer(store, workspace)
    named = an_activity(
        changes=[Change("contact", None, "Ann Lee")],
        text="Ann Lee called",
        occurred_at=NOW - timedelta(days=1000),
        subject="task:tsk_1",
        onboarding_id="case-1",
        edit_id="edt_1",
        refs={"of": [1]},
    )
    await store.record(workspace, customer, [named, an_activity()])
    yield customer
    checked = await store.verify(workspace)
    assert checked.activities == 2
    assert [fault.what for fault in checked.faults] in (
        [],
        ["the row was redacted, and no removal of a contact lists it"],
    )


async def refused(database: Database, statement: str | sa.Executable) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(sa.text(statement) if isinstance(statement, str) else statement)

    with pytest.raises(sa.exc.IntegrityError, match="append-only"):
        await database.write(work)


@pytest.mark.promise(id="S28")
async def test_rows_are_neither_changed_nor_deleted(elsewhere: Database, customer: str) -> None:
    for statement in (
        "UPDATE activity SET text = 'it was never so'",
        "UPDATE activity SET text = text",
        "UPDATE activity SET changes = NULL",
        "UPDATE activity SET salt = NULL",
        "UPDATE activity SET seq = seq + 10",
        "UPDATE activity SET workspace_id = 'wsp_2'",
        "DELETE FROM activity",
        "DELETE FROM activity WHERE seq = 2",
    ):
        await refused(elsewhere, statement)


@pytest.mark.promise(id="S28")
async def test_the_table_is_not_emptied_nor_its_rows_replaced(elsewhere: Database, customer: str) -> None:
    if elsewhere.dialect == "postgresql":
        await refused(elsewhere, "TRUNCATE activity")
        await refused(elsewhere, "TRUNCATE customer CASCADE")
    else:
        await refused(elsewhere, "INSERT OR REPLACE INTO activity SELECT * FROM activity WHERE seq = 1")
        await refused(elsewhere, "REPLACE INTO activity SELECT * FROM activity")
        await refused(elsewhere, "UPDATE OR REPLACE activity SET seq = 2 WHERE seq = 1")


@pytest.mark.promise(id="S28")
async def test_a_customer_with_a_history_cannot_be_deleted(elsewhere: Database, customer: str) -> None:
    """Nothing cascades into the log."""

    def work(connection: sa.Connection) -> None:
        connection.execute(tables.external_id.delete())
        connection.execute(tables.customer.delete())

    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"):
        await elsewhere.write(work)


@pytest.mark.promise(id="S28")
async def test_the_one_change_allowed_is_to_redact(
    store: Store, elsewhere: Database, workspace: str, customer: str
) -> None:
    def redact(connection: sa.Connection) -> None:
        connection.execute(A.update().where(A.c.seq == 1).values(REDACTED))

    await elsewhere.write(redact)
    page = await history(store, workspace, HistoryQuery(customer))
    kept, gone = page.entries if page.entries[0].seq == 2 else page.entries[::-1]
    assert (gone.redacted, gone.changes, gone.text) == (True, (), "removed contact")
    assert (gone.subject, gone.onboarding_id, gone.refs) == ("task:tsk_1", "case-1", {"of": [1]})
    assert not kept.redacted
    await refused(elsewhere, A.update().where(A.c.seq == 1).values(REDACTED))


@pytest.mark.promise(id="S28")
async def test_redacting_changes_nothing_else(elsewhere: Database, customer: str) -> None:
    others: dict[str, Any] = {
        "seq": 9,
        "occurred_at": A.c.recorded_at,
        "recorded_at": A.c.occurred_at,
        "refs": {"of": [2]},
        "commitment": b"other",
        "hash": b"other",
    }
    cases: list[dict[str, Any]] = [{"text": "removed contacts"}, {"text": None}, {"salt": b"other"}, {"changes": []}]
    for column in A.c:
        if column.name not in REDACTED:
            cases += [{column.name: others.get(column.name, "other")}, {column.name: None}]
    for otherwise in cases:
        await refused(elsewhere, A.update().where(A.c.seq == 1).values(REDACTED | otherwise))
