"""What providers told us: each method one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from store import inbox, settings, syncing, workspaces
from store.domain.activity import Source
from store.domain.record import By
from store.domain.sync import Notice, Parked
from store.engine import Database
from store.inbox import Received
from store.records import customer
from store.records.recording import locked
from store.syncing import Applied
from store.wall import ACROSS

ParkedBodies = Callable[[bytes, Sequence[Notice]], bytes]


class Deliveries:
    """Webhooks received, and what they do to the record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def may_come_for(self, workspace: str) -> bool:
        """Whether there is such a workspace."""
        return await self._database.read(lambda c: workspaces.exists(c, workspace), workspace)

    async def receive(self, workspace: str, provider: Source, body: bytes) -> str:
        """Keep a delivery whose signature held. Once this returns it is not lost."""
        return await self._database.write(lambda c: inbox.keep(c, workspace, provider, body), workspace)

    async def claim(self, worker: str, lease: timedelta, limit: int) -> Sequence[Received]:
        return await self._database.write(lambda c: inbox.claim(c, worker=worker, lease=lease, limit=limit), ACROSS)

    async def apply(
        self, received: Received, worker: str, notices: Sequence[Notice], parked_bodies: ParkedBodies
    ) -> Applied | None:
        """Apply a delivery and settle it, in one transaction. None: it was not this worker's any more.

        parked_bodies  the notices of one customer that is not known → a body that will be translated into the same again
        """

        def work(connection: sa.Connection) -> Applied | None:
            if not inbox.is_mine(connection, received, worker):
                return None
            own = settings.read(connection, received.workspace)
            done = syncing.apply(connection, received.workspace, received.id, notices, own, again=received.again)
            for known_as, waiting in done.parked.items():
                body = parked_bodies(received.body, waiting)
                inbox.keep(connection, received.workspace, received.provider, body, parked_for=known_as)
            if done.told_of_removed:
                inbox.drop(connection, received)
            else:
                inbox.done(connection, received)
            return done

        return await self._database.write(work, received.workspace)

    async def fail(self, received: Received, worker: str, error: str, *, again_in: timedelta | None) -> None:
        await self._database.write(
            lambda c: inbox.failed(c, received, worker, error, again_in=again_in), received.workspace
        )

    async def parked(self, workspace: str) -> Sequence[Parked]:
        return await self._database.read(lambda c: inbox.parked(c, workspace), workspace)

    async def link(self, workspace: str, known_as: str, customer_id: str) -> int:
        """Say whose id it is: what waited for it is applied. Returns how many deliveries that are. Raises NotFound for the customer."""
        provider, account, external_id = known_as.split(":", 2)

        def work(connection: sa.Connection) -> int:
            locked(connection, workspace, customer_id)
            syncing.bind(connection, workspace, Source(provider), account, external_id, customer_id)
            return inbox.release(connection, workspace, known_as)

        return await self._database.write(work, workspace)

    async def create(self, workspace: str, known_as: str, name: str, by: By) -> int:
        """Make a customer of what waits, and apply it."""
        provider, account, external_id = known_as.split(":", 2)

        def work(connection: sa.Connection) -> int:
            made = customer.add(connection, workspace, name, (), by)
            syncing.bind(connection, workspace, Source(provider), account, external_id, made.customer.id)
            return inbox.release(connection, workspace, known_as)

        return await self._database.write(work, workspace)

    async def replay(self, workspace: str, since: datetime) -> int:
        """Apply kept deliveries once more, as after a change of the mapping. Returns how many."""
        return await self._database.write(lambda c: inbox.again(c, workspace, since), workspace)

    async def forget(self) -> int:
        """Drop the bodies of applied deliveries after the stated time."""
        return await self._database.write(inbox.forget, ACROSS)
