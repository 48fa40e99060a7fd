"""The store's face: one public method, one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from store import (
    activities,
    actors,
    chain,
    customers,
    figures,
    history,
    installations,
    nudged,
    outbox,
    settings,
    workspaces,
)
from store.access import Access
from store.actors import KnownPerson, Person
from store.chain import Checked, Head
from store.customers import Allow
from store.deliveries import Deliveries
from store.domain.activity import NewActivity, Ref
from store.domain.errors import BadLine
from store.domain.query import Choice, CustomerName, HistoryQuery, Page, Reader
from store.engine import Database
from store.exports import Exports
from store.importing import Imported, Importer, Numbered
from store.installing import Installing
from store.nudging import Nudging, posting
from store.outbox import Body, Delivery, Outcome
from store.programs import Programs
from store.recalling import Recalling
from store.records import Records
from store.replica import read_of
from store.retention import Retention
from store.sealing import Keys
from store.settings import WorkspaceSettings
from store.wall import ACROSS, enter
from store.watching import Watching, watches
from store.workspaces import Workspace

PAGE = 10
OPTIONS = 100
"""Rows of a select in Slack."""


class Store:
    """Customers and what happened to them. Every method is scoped by a workspace's id, and raises Unavailable or MaybeSaved
    (domain/errors.py) when the database does not answer.
    """

    def __init__(self, database: Database, patient: Database | None = None, keys: Keys | None = None) -> None:
        """patient: the same database with more patience, for what nobody waits for; None: there is no other.
        keys: under which tokens are sealed; None: no workspace installs the app by itself.
        """
        self._database = database
        self.records = Records(database)
        self.deliveries = Deliveries(database)
        self.exports = Exports(database, patient or database)
        self.access = Access(database)
        self.programs = Programs(database, patient or database)
        self.nudging = Nudging(database, patient or database)
        self.watching = Watching(database, patient or database)
        self.recalling = Recalling(patient or database)
        self.retention = Retention(database, patient or database)
        self.installing = Installing(database, patient or database, keys or Keys())

    async def close(self) -> None:
        await self._database.close()

    # --- workspaces ---

    async def default_workspace(self) -> Workspace:
        return await self._database.read(workspaces.default, ACROSS)

    async def bind_workspace(self, team_id: str, enterprise_id: str | None) -> Workspace:
        """The workspace of the team whose token stands in the environment. Raises as `workspaces.bind`."""

        def work(connection: sa.Connection) -> Workspace:
            bound = workspaces.bind(connection, team_id, enterprise_id)
            enter(connection, bound.id)
            installations.speaks_again(connection, bound.id)
            return bound

        return await self._database.write(work, ACROSS)

    async def workspace_of(self, team_id: str) -> str | None:
        return await self._database.read(lambda c: workspaces.of_team(c, team_id), ACROSS)

    async def settings(self, workspace: str) -> WorkspaceSettings:
        return await self._database.read(lambda c: settings.read(c, workspace), workspace)

    async def set_settings(self, workspace: str, values: Mapping[str, Any]) -> WorkspaceSettings:
        """Set some of the workspace's settings, all or none."""
        return await self._database.write(lambda c: settings.write(c, workspace, values), workspace)

    # --- people ---

    async def person(self, workspace: str, slack_user_id: str) -> KnownPerson | None:
        return await self._database.read(lambda c: actors.person(c, workspace, slack_user_id), workspace)

    async def remember(self, workspace: str, person: Person) -> KnownPerson:
        return await self._database.write(lambda c: actors.remember(c, workspace, person), workspace)

    async def people(self, workspace: str, typed: str, limit: int = OPTIONS) -> Sequence[Choice]:
        """People to choose from, by what was typed of the name."""
        return await self._database.read(lambda c: actors.people(c, workspace, typed, limit), workspace)

    async def names(self, workspace: str, refs: Iterable[str]) -> Mapping[str, str]:
        """Display names by reference."""
        wanted = [Ref.parse(each) for each in refs]
        return await self._database.read(lambda c: actors.names(c, workspace, wanted), workspace) if wanted else {}

    async def who(self, workspace: str, name: str) -> str:
        """The reference of the one person whom this name means: for a terminal's `--as`."""
        return await self._database.read(lambda c: actors.one_named(c, workspace, name), workspace)

    # --- history ---

    async def history(
        self,
        workspace: str,
        query: HistoryQuery,
        reader: Reader,
        *,
        limit: int = PAGE,
        allow: Allow | None = None,
    ) -> Page:
        """allow: raises Refused where the workspace's settings of that moment forbid it; nothing else is read then."""

        def customer(connection: sa.Connection) -> str:
            return history.whose(connection, workspace, query, allow)[0].id

        def work(connection: sa.Connection) -> Page:
            return history.page(connection, workspace, query, reader, limit, allow)

        # Its statements need no transaction: they read the history up to the entry that was the last for the first of them
        # (decisions/0050-a-page-in-few-statements.md).
        return await read_of(self._database, customer, work, workspace, brief=True)

    async def actor_choices(self, workspace: str, customer_id: str, typed: str) -> Sequence[Choice]:
        return await self._database.read(
            lambda c: history.actor_choices(c, workspace, customer_id, typed, OPTIONS), workspace
        )

    async def type_choices(self, workspace: str, customer_id: str, typed: str) -> Sequence[Choice]:
        return await self._database.read(
            lambda c: history.type_choices(c, workspace, customer_id, typed, OPTIONS), workspace
        )

    async def keep_queries(self, workspace: str, kept: Mapping[str, str]) -> None:
        """Keep long queries under the hash of their text, which a control carries in their place."""
        await self._database.write(lambda c: workspaces.keep(c, workspace, kept), workspace)

    async def kept_query(self, workspace: str, name: str) -> str | None:
        return await self._database.read(lambda c: workspaces.kept(c, workspace, name), workspace)

    # --- customers ---

    async def find_customer(self, workspace: str, words: str, *, writing: bool = False) -> CustomerName:
        """The one customer that these words name. Raises NotFound or Ambiguous."""
        found, _ = await self._database.read(lambda c: customers.find(c, workspace, words, writing=writing), workspace)
        return found

    async def customer_choices(self, workspace: str, typed: str, limit: int = OPTIONS) -> Sequence[CustomerName]:
        return await self._database.read(lambda c: customers.search(c, workspace, typed, limit), workspace)

    async def linked_customer(self, workspace: str, slack_channel_id: str) -> CustomerName | None:
        return await self._database.read(
            lambda c: workspaces.linked_customer(c, workspace, slack_channel_id), workspace
        )

    # --- recording ---

    async def record(self, workspace: str, customer_id: str, new: Sequence[NewActivity]) -> list[int | None]:
        """Append activities to a customer's history, all or none. Returns the seq of each, None for one that has counted before."""

        def work(connection: sa.Connection) -> list[int | None]:
            return [activities.append(connection, workspace, customer_id, one) for one in new]

        return await self._database.write(work, workspace, alone=len(new) == 1)

    async def import_lines(self, importer: Importer, lines: Sequence[Numbered]) -> tuple[Imported, BadLine | None]:
        """Apply a batch of lines. What stands before a line that does not fit is kept; that line comes back with its reason."""
        try:
            return await self._imported(importer, lines), None
        except BadLine as bad:
            good = [line for line in lines if line[0] < bad.number]
            return await self._imported(importer, good), bad

    async def _imported(self, importer: Importer, lines: Sequence[Numbered]) -> Imported:
        try:
            return await self._database.write(lambda c: importer.apply(c, lines), importer.workspace)
        except BaseException:
            importer.forget()
            raise

    # --- is it whole? ---

    async def verify(
        self,
        workspace: str,
        customer: str | None = None,
        anchors: Mapping[str, Head] | None = None,
        told: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Checked:
        """Walk the chain of one customer (as a person names it), or of all: each in a transaction of its own, since one of many minutes would
        keep a database from tidying up.

        anchors  heads noted earlier, by customer: each chain must still pass through its own
        told     called after each customer with how many activities were walked, of about how many
        """
        noted = dict(anchors or {})
        if customer is not None:

            def one(connection: sa.Connection) -> Checked:
                ident = customers.find(connection, workspace, customer)[0].id
                return chain.verify(connection, workspace, ident, noted.get(ident))

            return await self._database.read(one, workspace)
        ends = {head.customer_id: head.seq for head in await self.heads(workspace)}
        found, walked, of = Checked(), 0, sum(ends.values())
        for ident in [*ends, *sorted(noted.keys() - ends)]:
            found += await self._database.read(
                partial(chain.verify, workspace=workspace, customer_id=ident, anchor=noted.get(ident)), workspace
            )
            walked += ends.get(ident, 0)
            told(walked, of)
        return found

    async def heads(self, workspace: str) -> Sequence[Head]:
        """The end of each customer's chain: kept elsewhere, it shows later whether a tail was cut."""
        return await self._database.read(lambda c: chain.heads(c, workspace), workspace)

    async def figures(self) -> figures.Figures:
        """How much there is to do, in all workspaces together."""
        return await self._database.read(figures.figures, ACROSS)

    # --- what is still to be sent ---

    async def enqueue(self, workspace: str, *, key: str, kind: str, channel: str, body: Body) -> str | None:
        """Put something in the outbox. Returns its id; None when its key is there already."""
        return await self._database.write(
            lambda c: outbox.enqueue(c, workspace, key=key, kind=kind, channel=channel, body=body), workspace
        )

    async def claim(self, worker: str, lease: timedelta, limit: int) -> Sequence[Delivery]:
        return await self._database.write(lambda c: outbox.claim(c, worker=worker, lease=lease, limit=limit), ACROSS)

    async def doubtful(self, worker: str, lease: timedelta, wait: timedelta, limit: int) -> Sequence[Delivery]:
        """Take up deliveries whose outcome is unknown since their lease ended, `wait` ago or longer."""
        return await self._database.write(
            lambda c: outbox.doubtful(c, worker=worker, lease=lease, wait=wait, limit=limit), ACROSS
        )

    async def attempting(self, delivery: Delivery, worker: str, lease: timedelta, *, marked: bool) -> bool:
        """Begin another attempt at a delivery in doubt; marked, as it may then be there twice."""
        return await self._database.write(
            lambda c: outbox.attempting(c, delivery, worker=worker, lease=lease, marked=marked), delivery.workspace
        )

    async def settle(self, delivery: Delivery, worker: str, outcome: Outcome) -> bool:
        """Write down how it went. Returns whether it was still ours to say."""

        def work(connection: sa.Connection) -> bool:
            nudged.lock(connection, delivery)
            mine = outbox.settle(connection, delivery, worker=worker, outcome=outcome)
            if mine:
                nudged.settled(connection, delivery, outcome)
                posting.settled(connection, delivery, outcome)
                watches.delivered(connection, delivery, outcome)
            return mine

        return await self._database.write(work, delivery.workspace)
