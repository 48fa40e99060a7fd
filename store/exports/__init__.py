"""Exports: a slice of a history as a file.

requests.py  what was asked for, and how far it is
slices.py    the rows themselves, as lines
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import sqlalchemy as sa

from store import tables
from store.domain.export import Export, Made, Outcome
from store.domain.grammar import format_filter
from store.domain.query import HistoryQuery, Reader
from store.engine import Database
from store.exports import requests, slices
from store.exports.slices import Frozen, Write
from store.wall import ACROSS

__all__ = ["Exports"]


class Exports:
    """What was asked for and how far it is, and the rows themselves. Every method is one transaction.

    patient  a database that may take its time over one statement: the rows are read from it
    """

    def __init__(self, database: Database, patient: Database) -> None:
        self._database = database
        self._patient = patient

    async def ask(
        self,
        workspace: str,
        query: HistoryQuery,
        reader: Reader,
        *,
        key: str | None = None,
        slack_user_id: str | None = None,
        channel: str | None = None,
    ) -> tuple[Export, bool]:
        """Freeze the slice and write down that it is wanted. key: of the request; None: of what it asks for at this moment.

        returns  the export, and whether it is new
        raises   as `Store.history`
        """

        def work(connection: sa.Connection) -> tuple[Export, bool]:
            what = slices.frozen(connection, workspace, query, reader)
            if key is None and (sent := requests.sent_just_now(connection, workspace, what, reader)):
                return sent, False
            named = key or f"{reader.person}:{what.upto}:{format_filter(what.query)}"
            return requests.ask(
                connection, workspace, what, reader, key=named, slack_user_id=slack_user_id, channel=channel
            )

        return await self._database.write(work, workspace)

    async def again(self, workspace: str, export_id: str, channel: str) -> tuple[Export, bool]:
        return await self._database.write(lambda c: requests.again(c, workspace, export_id, channel), workspace)

    async def one(self, workspace: str, export_id: str) -> Export:
        return await self._database.read(lambda c: requests.one(c, workspace, export_id), workspace)

    async def team(self, workspace: str) -> str:
        """The Slack team of a workspace from which an export was asked for."""
        w = tables.workspace.c
        asked = sa.select(w.slack_team_id).where(w.workspace_id == workspace)
        return await self._database.read(lambda c: str(c.execute(asked).scalar_one()), workspace)

    async def claim(self, worker: str, lease: timedelta, limit: int) -> Sequence[Export]:
        return await self._database.write(lambda c: requests.claim(c, worker=worker, lease=lease, limit=limit), ACROSS)

    async def hold(
        self,
        export: Export,
        worker: str,
        lease: timedelta,
        *,
        message: tuple[str, str] | None = None,
        file_id: str | None = None,
        made: Made | None = None,
    ) -> Export | None:
        return await self._database.write(
            lambda c: requests.hold(c, export, worker=worker, lease=lease, message=message, file_id=file_id, made=made),
            export.workspace,
        )

    async def settle(self, export: Export, worker: str, outcome: Outcome) -> int | None:
        return await self._database.write(
            lambda c: requests.settle(c, export, worker=worker, outcome=outcome), export.workspace
        )

    async def cancel(self, workspace: str, export_id: str, by: str) -> Export:
        return await self._database.write(lambda c: requests.cancel(c, workspace, export_id, by), workspace)

    async def write(
        self,
        workspace: str,
        query: HistoryQuery,
        reader: Reader,
        out: Write,
        *,
        upto: int | None = None,
        as_json: bool = False,
        told: Callable[[int], None] | None = None,
    ) -> Frozen:
        """Write the slice, all of one moment, as CSV or as JSON Lines.

        upto  as it was frozen earlier
        told  is told how many rows there will be, before the first
        out, told   may be called from another thread; what they raise ends the export
        """

        def work(connection: sa.Connection, taker: Write) -> Frozen:
            what = slices.frozen(connection, workspace, query, reader, upto)
            if told is not None:
                told(slices.count(connection, what))
            (slices.write_json if as_json else slices.write_csv)(connection, what, taker)
            return what

        def customer(connection: sa.Connection) -> str:
            return slices.whose(connection, workspace, query).id

        return await slices.streamed(self._patient, workspace, customer, work, out)

    async def note(self, workspace: str, what: Frozen, reader: Reader, made: Made) -> None:
        await self._database.write(lambda c: requests.note(c, workspace, what, reader, made), workspace)

    async def by_digest(self, workspace: str, sha256: str) -> Export | None:
        return await self._database.read(lambda c: requests.by_digest(c, workspace, sha256), workspace)
