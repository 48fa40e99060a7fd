"""What programs read and write: pages of rows, what came after a seq, events with their outcomes. The HTTP API's side of the store."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import activities, actors, chain, customers, feed, nudged, tables
from store.access import ApiKey
from store.domain.activity import Activity, NewActivity, refs_in
from store.domain.errors import Ambiguous, Conflict, NotFound, Refused, UsageError
from store.domain.query import Cursor, CustomerName, HistoryQuery, Reader
from store.domain.rows import count, records
from store.engine import Database, database_clock
from store.exports.slices import Frozen, Write, matching, streamed, write_csv
from store.feed import Slice
from store.replica import read_of
from store.resolve import resolved
from store.wall import ACROSS

REMEMBERED: Final = timedelta(hours=24)
"""How long a write that named itself is answered as it was the first time."""
AT_ONCE: Final = 200
"""Activities fetched at a time."""
STRETCH: Final = 20_000
"""Of the log that one request of a follower reads, whatever its filter finds there."""

_AFTER: Final = re.compile(r"after\.([0-9]{1,18})")

Record = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class After:
    """A follower's place: what was recorded up to this seq it has."""

    seq: int

    def __str__(self) -> str:
        return f"after.{self.seq}"


def parse_cursor(text: str) -> Cursor | After:
    """raises ValueError, when the text is not one that `next_cursor` was."""
    if found := _AFTER.fullmatch(text):
        return After(int(found[1]))
    return Cursor.parse(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for rows.

    customer   as the address has it
    since, until   instants, in place of the query's window: [since, until)
    at         None: from the newest on
    limit      rows; an activity is never split, so one alone may have more
    """

    customer: str
    query: HistoryQuery
    since: datetime | None
    until: datetime | None
    limit: int
    at: Cursor | After | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    records: Sequence[Record]
    next: Cursor | After | None


def known(connection: sa.Connection, key: ApiKey, customer: str) -> CustomerName:
    """The customer of an address, as far as the key may know it. Raises NotFound or Ambiguous."""
    found, _ = customers.find(connection, key.workspace, customer, writing=True)
    if key.customer_id not in {None, found.id}:
        raise NotFound("I don't know that customer.")
    return found


def sliced(connection: sa.Connection, key: ApiKey, asked: Asked, reader: Reader) -> Slice:
    """raises  NotFound or Ambiguous for the customer; UsageError for anything in the filter"""
    customer = known(connection, key, asked.customer)
    try:
        _, wanted = resolved(connection, key.workspace, customer, asked.query, reader)
    except (NotFound, Ambiguous) as error:
        raise UsageError(error.sentence, error.hint) from None
    return replace(wanted, since=asked.since, until=asked.until)


def rows(connection: sa.Connection, key: ApiKey, asked: Asked, reader: Reader) -> Rows:
    wanted = sliced(connection, key, asked, reader)
    if isinstance(asked.at, After):
        return _following(connection, wanted, asked.at, asked.limit)
    places = feed.heads(connection, wanted, limit=asked.limit + 1, before=asked.at)
    seqs = [place.seq for place in places]
    chosen, _ = _fitting(_fetched(connection, wanted, seqs), asked.limit)
    more = len(chosen) < len(places)
    return Rows(
        records=_records(connection, key.workspace, chosen), next=Cursor.of(chosen[-1]) if chosen and more else None
    )


def _following(connection: sa.Connection, wanted: Slice, after: After, limit: int) -> Rows:
    """In the order of recording. seq has no gaps and is given under the customer's lock, so nothing can still come before it. What is no
    longer kept is passed over at once.
    """
    a, c = tables.activity.c, tables.customer.c
    mine = sa.and_(c.workspace_id == wanted.workspace, c.id == wanted.customer_id)
    last = connection.execute(sa.select(c.last_seq).where(mine)).scalar_one()
    start = chain.checkpoint(connection, wanted.workspace, wanted.customer_id)
    begin = after.seq if start is None else max(after.seq, start.seq)
    to = min(last, begin + STRETCH)
    within = sa.and_(matching(wanted), a.seq > begin, a.seq <= to)
    seqs = connection.execute(sa.select(a.seq).where(within).order_by(a.seq).limit(limit + 1)).scalars().all()
    chosen, full = _fitting(_fetched(connection, wanted, seqs), limit)
    read_to = chosen[-1].seq if full else to
    return Rows(records=_records(connection, wanted.workspace, chosen), next=After(read_to) if read_to < last else None)


def _fetched(connection: sa.Connection, wanted: Slice, seqs: Sequence[int]) -> Iterator[Activity]:
    for start in range(0, len(seqs), AT_ONCE):
        some = seqs[start : start + AT_ONCE]
        found = activities.by_seq(connection, wanted.workspace, wanted.customer_id, some)
        yield from (found[seq] for seq in some)


def _fitting(found: Iterator[Activity], limit: int) -> tuple[list[Activity], bool]:
    """As many whole activities as have that many rows, at least one; and whether any was left out."""
    chosen: list[Activity] = []
    room = limit
    for each in found:
        room -= count(each)
        if chosen and room < 0:
            return chosen, True
        chosen.append(each)
    return chosen, False


def _records(connection: sa.Connection, workspace: str, chosen: Sequence[Activity]) -> Sequence[Record]:
    names = actors.names(connection, workspace, refs_in(chosen))
    return [record for each in chosen for record in records(each, names)]


# --- customers --------------------------------------------------------------------------------------------------------


def listed(connection: sa.Connection, key: ApiKey, typed: str, after: str, limit: int) -> Sequence[CustomerName]:
    """Customers by what was typed, the best first; or, where nothing was, all in the order of their ids, those behind `after`."""
    c = tables.customer.c
    if key.customer_id is not None:
        found = customers.by_id(connection, key.workspace, key.customer_id)
        fits = found is not None and found.id > after and typed.casefold() in found.name.casefold()
        return [found] if found is not None and fits else []
    if typed.strip():
        return customers.search(connection, key.workspace, typed, limit)
    rows_ = connection.execute(
        sa.select(c.id, c.slug, c.name, c.domain)
        .where(c.workspace_id == key.workspace, c.id > after)
        .order_by(c.id)
        .limit(limit)
    )
    return [CustomerName(*row) for row in rows_]


# --- writing ----------------------------------------------------------------------------------------------------------


class AnotherRequest(Conflict):
    """Something else was asked by the same name."""


Event = NewActivity | nudged.Asked | None
Result = Mapping[str, Any]
"""What became of an event: its `seq`; `queued`, with the delivery's id; `repeated`; or `refused`, with a sentence."""
Answer = Any
"""What is told of each event: small JSON, places and outcomes only."""


def _taken(connection: sa.Connection, key: ApiKey, customer_id: str, event: Event) -> Result:
    match event:
        case None:
            return {}
        case NewActivity():
            seq = activities.append(connection, key.workspace, customer_id, event)
            return {"seq": seq} if seq is not None else {"repeated": True}
        case nudged.Asked():
            try:
                ident = nudged.enqueue(connection, key.workspace, customer_id, event, str(key.actor))
            except Refused as refused:
                return {"refused": refused.sentence}
            return {"queued": ident} if ident is not None else {"repeated": True}


def once(
    connection: sa.Connection, key: ApiKey, named: str, body_hash: bytes, work: Callable[[], Answer]
) -> tuple[Answer, bool]:
    """Do this once for the name that a program gave it; for 24 hours its repetition gets the same answer.

    returns  the answer, and whether it is one from before
    raises   AnotherRequest
    """
    t = tables.api_answer.c
    now = database_clock(connection)
    mine = sa.and_(t.workspace_id == key.workspace, t.api_key_id == key.id, t.key == named)
    connection.execute(tables.api_answer.delete().where(mine, t.recorded_at < now - REMEMBERED))
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {
        "workspace_id": key.workspace,
        "api_key_id": key.id,
        "key": named,
        "body_hash": body_hash,
        "answer": [],
        "recorded_at": now,
    }
    first = insert(tables.api_answer).on_conflict_do_nothing().returning(t.key)
    if connection.execute(first, row).first() is None:
        before = connection.execute(sa.select(t.body_hash, t.answer).where(mine)).one()
        if before.body_hash != body_hash:
            raise AnotherRequest("That Idempotency-Key was used for another request.", "Use a new one for each.")
        return before.answer, True
    answer = work()
    connection.execute(tables.api_answer.update().where(mine).values(answer=answer))
    return answer, False


def forget(connection: sa.Connection) -> int:
    """Drop the answers that are older than a day. Returns how many."""
    t = tables.api_answer.c
    old = t.recorded_at < database_clock(connection) - REMEMBERED
    return len(connection.execute(tables.api_answer.delete().where(old).returning(t.key)).all())


def written(connection: sa.Connection, key: ApiKey, asked: Asked, reader: Reader, out: Write) -> CustomerName:
    """The whole slice as CSV, whatever page was asked for."""
    wanted = sliced(connection, key, asked, reader)
    c = tables.customer.c
    mine = sa.and_(c.workspace_id == wanted.workspace, c.id == wanted.customer_id)
    upto = connection.execute(sa.select(c.last_seq).where(mine)).scalar_one()
    customer = customers.by_id(connection, wanted.workspace, wanted.customer_id)
    assert customer is not None
    write_csv(connection, Frozen(customer=customer, query=asked.query, slice=wanted, upto=upto), out)
    return customer


class Programs:
    """What programs read and write, by the key that let them in. Every method is one transaction."""

    def __init__(self, database: Database, patient: Database) -> None:
        """patient: the same with more patience over one statement, for whole slices."""
        self._database = database
        self._patient = patient

    async def known(self, key: ApiKey, customer: str) -> CustomerName:
        return await self._database.read(lambda c: known(c, key, customer), key.workspace)

    async def rows(self, key: ApiKey, asked: Asked, reader: Reader) -> Rows:
        return await read_of(
            self._database,
            lambda c: known(c, key, asked.customer).id,
            lambda c: rows(c, key, asked, reader),
            key.workspace,
        )

    async def write_csv(self, key: ApiKey, asked: Asked, reader: Reader, out: Write) -> CustomerName:
        """The whole slice, all of one moment; returns whose it is. What `out` raises ends it."""
        return await streamed(
            self._patient,
            key.workspace,
            lambda c: known(c, key, asked.customer).id,
            lambda c, taker: written(c, key, asked, reader, taker),
            out,
        )

    async def customers(self, key: ApiKey, typed: str, after: str, limit: int) -> Sequence[CustomerName]:
        return await self._database.read(lambda c: listed(c, key, typed, after, limit), key.workspace)

    async def record(
        self,
        key: ApiKey,
        customer: str,
        events: Sequence[Event],
        *,
        named: str | None = None,
        body_hash: bytes = b"",
    ) -> tuple[Sequence[Result], bool]:
        """Take in these events, all in one transaction; None stands for one that does not count.

        named    what the program calls this request, so that its repetition has no second effect
        returns  what became of each; and whether this was answered before
        raises   NotFound for the customer; AnotherRequest
        """

        def work(connection: sa.Connection) -> tuple[Sequence[Result], bool]:
            found = known(connection, key, customer)

            def taken() -> list[Result]:
                return [_taken(connection, key, found.id, each) for each in events]

            if named is None:
                return taken(), False
            return once(connection, key, named, body_hash, taken)

        return await self._database.write(work, key.workspace)

    async def forget(self) -> int:
        return await self._database.write(forget, ACROSS)
