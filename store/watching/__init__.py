"""Watches: saved filters, and what is told of by them."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from store import activities, actors, customers
from store.domain.activity import Ref, refs_in
from store.domain.grammar.watches import NewWatch
from store.domain.query import CustomerName, Reader
from store.domain.record import By
from store.domain.watch import Seen, Told, Watch
from store.engine import Database
from store.nudging.schedules import slack_user_of
from store.wall import ACROSS
from store.watching import collecting, watches

__all__ = ["Watching"]


class Watching:
    """Every method but `collect` is one transaction."""

    def __init__(self, database: Database, patient: Database) -> None:
        """patient: the same with more patience, for what nobody waits for."""
        self._database = database
        self._patient = patient

    async def add(self, workspace: str, asked: NewWatch, *, channel: str | None, by: By, reader: Reader) -> Watch:
        """Make one, or begin one again that has failed. Raises what its words deserve; Refused, when it is there."""
        return await self._database.write(
            lambda c: watches.add(c, workspace, asked, channel=channel, by=by, reader=reader), workspace
        )

    async def remove(self, workspace: str, number: int, by: By, *, admin: bool) -> Watch:
        """raises  NotFound, Refused"""
        return await self._database.write(
            lambda c: watches.remove(c, workspace, number, str(by.actor), admin=admin), workspace
        )

    async def listed(self, workspace: str) -> tuple[Sequence[Watch], Mapping[str, str], Mapping[str, CustomerName]]:
        """All of a workspace, display names by reference, and the customers that are named, by id."""

        def work(
            connection: sa.Connection,
        ) -> tuple[Sequence[Watch], Mapping[str, str], Mapping[str, CustomerName]]:
            found = watches.list_of(connection, workspace)
            named = {each.scope.customer for each in found if each.scope.customer is not None}
            return (
                found,
                actors.names(connection, workspace, refs_of(found)),
                {ident: customers.find(connection, workspace, ident)[0] for ident in sorted(named)},
            )

        return await self._database.read(work, workspace)

    async def collect(self) -> bool:
        """Put what is new into the outbox, in every workspace, some of it in one transaction. Returns whether there was any."""
        told = False
        for workspace in await self._patient.read(collecting.waiting, ACROSS):
            look = await self._look(workspace)
            told |= look.told
            while look.more:
                look = await self._look(workspace)
                told |= look.told
        return told

    async def _look(self, workspace: str) -> collecting.Look:
        return await self._patient.write(lambda c: collecting.collect(c, workspace), workspace)

    async def told(self, workspace: str, watch_id: str, places: Iterable[tuple[str, int]], more: int) -> Told:
        """What a message of a watch says, as it reads now."""

        def work(connection: sa.Connection) -> Told:
            watch = watches.one(connection, workspace, watch_id)
            wanted: dict[str, list[int]] = {}
            for customer_id, seq in places:
                wanted.setdefault(customer_id, []).append(seq)
            seen = []
            for customer_id, seqs in wanted.items():
                found = activities.by_seq(connection, workspace, customer_id, seqs)
                customer, _ = customers.find(connection, workspace, customer_id)
                seen.append(Seen(customer, tuple(found[seq] for seq in seqs if seq in found)))
            entries = [activity for each in seen for activity in each.activities]
            return Told(
                watch=watch,
                maker=slack_user_of(connection, workspace, watch.made_by) or "",
                seen=tuple(seen),
                more=more,
                names=actors.names(connection, workspace, {*refs_in(entries), *refs_of([watch])}),
            )

        return await self._database.read(work, workspace)


def refs_of(those: Iterable[Watch]) -> set[Ref]:
    """Who made them, and whom they name."""
    words = {
        word
        for each in those
        for word in (each.made_by, each.scope.owner, *each.query.actors, *each.query.not_actors)
        if word is not None and ":" in word
    }
    return {Ref.parse(word) for word in words}
