"""Histories that are older than this test: what was recorded is moved back in time and sealed anew, by somebody who owns the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from store import chain, tables
from store.chain import GENESIS
from store.engine import Database

A, C, F = tables.activity, tables.customer, tables.activity_field


@contextmanager
def unguarded(connection: sa.Connection) -> Iterator[None]:
    """Without the triggers, which stand again afterwards."""
    guarded = ("activity", "checkpoint")
    if connection.dialect.name == "postgresql":
        for table in guarded:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in guarded:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    for name, _ in found:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, made in found:
        connection.exec_driver_sql(made)


async def grown_old(database: Database, workspace: str, customer_id: str, *ages: float, days: float = 0) -> None:
    """As if the customer's entries had been recorded so many days ago, the first by the first age, and so on; those without one, `days`."""

    def work(connection: sa.Connection) -> None:
        mine = sa.and_(A.c.workspace_id == workspace, A.c.customer_id == customer_id)
        rows = connection.execute(sa.select(A).where(mine).order_by(A.c.seq)).mappings().all()
        before = GENESIS
        with unguarded(connection):
            for number, row in enumerate(rows):
                back = timedelta(days=ages[number] if number < len(ages) else days)
                times = {name: row[name] - back for name in ("occurred_at", "recorded_at")}
                before = chain.seal(before, row["seq"], **times, stated=chain.facts(dict(row)))
                this = sa.and_(mine, A.c.seq == row["seq"])
                connection.execute(A.update().where(this).values(**times, hash=before))
                field = sa.and_(F.c.workspace_id == workspace, F.c.customer_id == customer_id, F.c.seq == row["seq"])
                connection.execute(F.update().where(field).values(occurred_at=times["occurred_at"]))
            head = sa.and_(C.c.workspace_id == workspace, C.c.id == customer_id)
            connection.execute(C.update().where(head).values(last_hash=before))

    await database.alter(work)
