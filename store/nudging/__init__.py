"""Pi's nudges: when the rules run, what they found, what became of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from store import customers, outbox, settings
from store.domain.nudge import SUMMARY, Health, Kept
from store.domain.record import By
from store.domain.scope import Scope
from store.engine import Database
from store.nudging import accounts, planning, reading, schedules, settling
from store.nudging.planning import Evaluation
from store.nudging.schedules import ONCE, Due, Schedule, Terms
from store.nudging.settling import Settling
from store.records.customer import person
from store.wall import ACROSS

__all__ = ["Due", "Nudging", "Schedule", "Settling", "Terms"]


class Nudging:
    """Every method is one transaction. now: the business clock's; leases go by the database's own."""

    def __init__(self, database: Database, patient: Database) -> None:
        """patient: the same with more patience, for what nobody waits for."""
        self._database = database
        self._patient = patient

    # --- schedules ---

    async def schedules(self, workspace: str) -> Sequence[Schedule]:
        return await self._database.read(lambda c: schedules.listed(c, workspace), workspace)

    async def add_schedule(
        self,
        workspace: str,
        terms: Terms,
        *,
        zone: str,
        by: By,
        now: datetime,
    ) -> Schedule:
        """Make one; of the kind `once` it is due at once, and is not listed. Raises what its scope's words deserve."""

        def work(connection: sa.Connection) -> Schedule:
            known = _settled(connection, workspace, terms, by)
            made = schedules.add(connection, workspace, known, zone=zone, made_by=str(by.actor), now=now)
            if terms.kind == ONCE:
                schedules.at_once(connection, workspace, made, now)
            return made

        return await self._database.write(work, workspace)

    async def alter_schedule(self, workspace: str, number: int, terms: Terms, by: By, now: datetime) -> Schedule:
        """Give one other terms. Raises NotFound, and what its scope's words deserve."""
        return await self._database.write(
            lambda c: schedules.alter(c, workspace, number, _settled(c, workspace, terms, by), now), workspace
        )

    async def turn(self, workspace: str, number: int, state: str, now: datetime) -> Schedule:
        """Make one active, paused or deleted. Raises NotFound."""
        return await self._database.write(lambda c: schedules.turn(c, workspace, number, state, now), workspace)

    async def plan(self, now: datetime) -> int:
        """Write down which slots are due. Returns how many are new."""
        return await self._patient.write(lambda c: schedules.plan(c, now), ACROSS)

    async def claim(self, worker: str, lease: timedelta) -> Due | None:
        return await self._patient.write(lambda c: schedules.claim(c, worker=worker, lease=lease), ACROSS)

    async def hold(self, due: Due, worker: str, lease: timedelta) -> bool:
        return await self._patient.write(lambda c: schedules.hold(c, due, worker=worker, lease=lease), due.workspace)

    async def done(self, due: Due, worker: str, lease: timedelta) -> bool:
        """The slot is worked off: what exceeded the day's budgets goes into its digest, what stands into a scheduled one."""

        def work(connection: sa.Connection) -> bool:
            if not schedules.hold(connection, due, worker=worker, lease=lease, done=True):
                return False
            planning.finish(connection, due.workspace)
            if due.schedule.kind == schedules.DIGEST:
                _summarize(connection, due)
            return True

        return await self._patient.write(work, due.workspace)

    # --- evaluating ---

    async def batch(self, workspace: str, after: str, limit: int) -> Sequence[str]:
        """Ids of the next customers."""
        return await self._patient.read(lambda c: accounts.batch(c, workspace, after, limit), workspace)

    async def concerned(
        self, workspace: str, customer_ids: Sequence[str], schedule: Schedule, now: datetime
    ) -> Sequence[str]:
        """For whom of these customers there is something to do. Only reads."""

        def work(connection: sa.Connection) -> Sequence[str]:
            return _evaluation(connection, workspace, schedule, now).concerned(customer_ids)

        return await self._patient.read(work, workspace)

    async def evaluate(self, workspace: str, customer_ids: Sequence[str], schedule: Schedule, now: datetime) -> None:
        """Do it: what is to be posted or edited is in the outbox then."""
        await self._patient.write(lambda c: _evaluation(c, workspace, schedule, now).act(customer_ids), workspace)

    async def wake(self, now: datetime) -> int:
        """Look again at what was held or snoozed until now, in every workspace. Returns for how many customers."""
        waiting = await self._patient.read(lambda c: planning.waiting(c, now), ACROSS)
        for workspace, schedule_id, customer_id in waiting:
            await self._look_again(workspace, schedule_id, customer_id, now)
        return len(waiting)

    async def _look_again(self, workspace: str, schedule_id: str, customer_id: str, now: datetime) -> None:
        def work(connection: sa.Connection) -> None:
            # Whatever the schedule is about by now, this one nudge is looked at again.
            schedule = replace(schedules.one(connection, workspace, schedule_id), scope=Scope(customer=customer_id))
            waits = replace(schedule, kind=schedules.NUDGES) if schedule.kind == ONCE else schedule
            _evaluation(connection, workspace, waits, now).act([customer_id])
            planning.finish(connection, workspace)

        await self._patient.write(work, workspace)

    # --- what becomes of them ---

    async def settle(self, workspace: str, nudge_id: str, wanted: Settling, by: By, now: datetime) -> None:
        """Done, snoozed or dismissed. Raises Refused when somebody was faster, NotFound."""
        await self._database.write(lambda c: settling.settle(c, workspace, nudge_id, wanted, by, now), workspace)

    async def assign(self, workspace: str, nudge_id: str, assignee: str, by: By) -> None:
        """Raises Refused, NotFound."""
        await self._database.write(lambda c: settling.assign(c, workspace, nudge_id, assignee, by), workspace)

    # --- reading ---

    async def kept(self, workspace: str, nudge_id: str) -> Kept:
        """raises NotFound"""
        return await self._database.read(lambda c: reading.kept(c, workspace, nudge_id), workspace)

    async def chosen(self, workspace: str, idents: Sequence[str]) -> Sequence[Kept]:
        return await self._database.read(lambda c: reading.chosen(c, workspace, idents), workspace)

    async def in_message(self, workspace: str, nudge_id: str) -> Sequence[Kept]:
        """All that the message tells of in which this one stands."""
        return await self._database.read(lambda c: reading.in_message(c, workspace, nudge_id), workspace)

    async def standing(self, workspace: str, schedule_id: str) -> Sequence[Kept]:
        """What stands of the customers and kinds that this schedule is about."""
        return await self._database.read(
            lambda c: reading.of_schedule(c, workspace, schedules.one(c, workspace, schedule_id)), workspace
        )

    async def health(self, workspace: str, since: datetime) -> Health:
        return await self._database.read(lambda c: reading.health(c, workspace, since), workspace)


def _evaluation(connection: sa.Connection, workspace: str, schedule: Schedule, now: datetime) -> Evaluation:
    own = settings.read(connection, workspace).nudges
    return Evaluation(connection=connection, workspace=workspace, schedule=schedule, settings=own, now=now)


def _settled(connection: sa.Connection, workspace: str, terms: Terms, by: By) -> Terms:
    """The same with the customer as its id and the owner as a reference."""
    scope = terms.scope
    customer = scope.customer and customers.find(connection, workspace, scope.customer, writing=True)[0].id
    owner = scope.owner and person(connection, workspace, scope.owner, by)
    return replace(terms, scope=Scope(customer=customer or None, owner=owner or None, tag=scope.tag))


def _summarize(connection: sa.Connection, due: Due) -> None:
    channel = due.schedule.channel or schedules.slack_user_of(connection, due.workspace, due.schedule.made_by)
    if channel is not None:
        key = f"summary:{due.schedule.id}:{due.key}"
        body = {"schedule": due.schedule.id}
        outbox.enqueue(connection, due.workspace, key=key, kind=SUMMARY, channel=channel, body=body)
