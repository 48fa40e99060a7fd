"""Erasing a contact: nothing with the name is left, and the chain verifies before and after.

First all text of the workspace is read for the contact's names, without holding anything up. Then one transaction locks the customers
concerned, reads what came since, empties the contact, takes the names out of records and of deliveries that are kept, redacts the activities
that named them, and appends `contact.removed`, which lists those. A tombstone makes sure that an import or a late webhook does not bring the person back.
What stands in Slack is taken back once that is committed: see store/recalling.py.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from store import outbox, recalling, tables
from store.domain.activity import REMOVED_CONTACT, Change
from store.domain.names import Finder, Traces
from store.domain.nudge import DIGEST, EDIT, NUDGED, POST
from store.domain.record import By, Contact, Receipt
from store.engine import database_clock
from store.records.contact import chosen
from store.records.recording import (
    activity,
    counts,
    locked_all,
    one_at_a_time,
    one_sync_at_a_time,
    record,
    repeated,
)
from store.tombstones import entomb

PIECE = 1000
COMMITTED_LATE = timedelta(minutes=1)
"""A delivery may be seen so much later than the instant that it was received."""


@dataclass(slots=True)
class Found:
    """Where the contact is named.

    rows        activities, by customer; read_to: up to which seq each customer's log was read
    holders     customers in whose records the name stands
    deliveries  ids of deliveries kept; received_to: those received before have been read
    """

    rows: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    read_to: dict[str, int] = field(default_factory=dict)
    holders: set[str] = field(default_factory=set)
    deliveries: set[str] = field(default_factory=set)
    received_to: datetime | None = None


def scan(connection: sa.Connection, workspace: str, customer_id: str, which: str) -> tuple[Contact, Found]:
    """Who is meant, and all activities of the workspace that name them. Reads only; may take its time."""
    contact = chosen(connection, workspace, customer_id, which)
    traces = _traces(connection, workspace, contact)
    found = Found()
    _search(connection, workspace, customer_id, traces, found)
    found.holders = {
        held.customer_id for held in _records(connection, workspace) if _named_in(held, customer_id, traces)
    }
    _search_deliveries(connection, workspace, contact, traces, found)
    return contact, found


def erase(
    connection: sa.Connection, workspace: str, customer_id: str, contact_id: str, found: Found, by: By
) -> Receipt:
    """Erase the contact for good. found: as `scan` gave it; what was written since is read here."""
    one_sync_at_a_time(connection, workspace)
    one_at_a_time(connection, workspace)
    concerned = {customer_id, *found.rows, *found.holders}
    locked_all(connection, workspace, concerned)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    contact = chosen(connection, workspace, customer_id, contact_id)
    traces = _traces(connection, workspace, contact)
    _search(connection, workspace, customer_id, traces, found)
    locked_all(connection, workspace, found.rows.keys() - concerned)
    _search_deliveries(connection, workspace, contact, traces, found)
    entomb(connection, workspace, customer_id, contact)
    _empty(connection, workspace, contact)
    nudges = _clean_records(connection, workspace, customer_id, traces, concerned | found.rows.keys())
    _clean_deliveries(connection, workspace, found.deliveries, traces)
    worded = _clean_wordings(connection, workspace, customer_id, traces)
    redacted = {other: _redact(connection, workspace, other, seqs) for other, seqs in sorted(found.rows.items())}
    for other, seqs in redacted.items():
        if seqs and other != customer_id:
            record(connection, workspace, other, [_removed(by, contact, seqs)])
    recalling.begin(
        connection,
        workspace,
        contact.id,
        customers={customer_id, *found.rows, *found.holders},
        nudges=nudges,
        deliveries=[*worded, *_asked_for(connection, workspace, redacted)],
    )
    left = [Change("primary contact", contact.ref, None)] if contact.is_primary else []
    return record(connection, workspace, customer_id, [_removed(by, contact, redacted.get(customer_id, ()), left)])


def _removed(by: By, contact: Contact, seqs: Iterable[int], left: Iterable[Change] = ()) -> Any:
    """left: what else changed with it, at the contact's own customer."""
    return activity(
        by,
        "contact.removed",
        Change("contact", contact.ref, None),
        *left,
        subject=f"contact:{contact.id}",
        refs={"redacted": sorted(seqs)},
    )


def _traces(connection: sa.Connection, workspace: str, contact: Contact) -> Traces:
    n = tables.contact_name.c
    former = connection.execute(
        sa.select(n.name, n.email).where(n.workspace_id == workspace, n.contact_id == contact.id)
    ).all()
    return Traces.of(
        [contact.name, *(name for name, _ in former if name)],
        [contact.email or "", *(email for _, email in former if email)],
    )


def _search(connection: sa.Connection, workspace: str, home: str, traces: Traces, found: Found) -> None:
    finders = {True: traces.within(home=True), False: traces.within(home=False)}
    for row in _written(connection, workspace, found.read_to):
        customer_id = row["customer_id"]
        found.read_to[customer_id] = row["seq"]
        finder = finders[customer_id == home]
        if finder.finds(row["text"]) or any(finder.finds(text) for text in _strings(row["changes"])):
            found.rows[customer_id].add(row["seq"])


def _written(connection: sa.Connection, workspace: str, read_to: Mapping[str, int]) -> Iterator[Mapping[str, Any]]:
    """Every activity of the workspace with text of its own, behind what has been read of each customer."""
    a, c = tables.activity.c, tables.customer.c
    heads = connection.execute(sa.select(c.id, c.last_seq).where(c.workspace_id == workspace).order_by(c.id)).all()
    piece = (
        sa.select(a.customer_id, a.seq, a.changes, a.text)
        .where(
            a.workspace_id == workspace,
            a.customer_id == sa.bindparam("customer"),
            a.seq > sa.bindparam("after"),
            a.salt.is_not(None),
        )
        .order_by(a.seq)
        .limit(PIECE)
    )
    for customer_id, last_seq in heads:
        after = read_to.get(customer_id, 0)
        while after < last_seq:
            rows = connection.execute(piece, {"customer": customer_id, "after": after}).mappings().all()
            if not rows:
                break
            yield from map(dict, rows)
            after = rows[-1]["seq"]


def _strings(held: Any) -> Iterator[str]:
    """Every text within a JSON value, field names and whole numbers, which may be ids, too."""
    if isinstance(held, str):
        yield held
    elif isinstance(held, int):
        yield str(held)
    elif isinstance(held, Mapping):
        for key, value in held.items():
            yield str(key)
            yield from _strings(value)
    elif isinstance(held, Sequence):
        for value in held:
            yield from _strings(value)


def _redact(connection: sa.Connection, workspace: str, customer_id: str, seqs: Iterable[int]) -> Sequence[int]:
    """The one change that the log allows: changes and text go, and with the salt all means to test a guess at them.

    Returns which it was made to: another erasure may have redacted some of them since they were found.
    """
    a = tables.activity.c
    these = sa.and_(
        a.workspace_id == workspace, a.customer_id == customer_id, a.seq.in_(sorted(seqs)), a.salt.is_not(None)
    )
    gone = {"changes": sa.null(), "text": REMOVED_CONTACT, "salt": None}
    return connection.execute(tables.activity.update().where(these).values(gone).returning(a.seq)).scalars().all()


def _empty(connection: sa.Connection, workspace: str, contact: Contact) -> None:
    c, n = tables.contact.c, tables.contact_name.c
    values = {
        "name": None,
        "name_key": None,
        "email": None,
        "import_ref": None,
        "state": "removed",
        "is_primary": False,
        "erased_at": database_clock(connection),
    }
    connection.execute(tables.contact.update().where(c.workspace_id == workspace, c.id == contact.id).values(values))
    e = tables.external_contact
    theirs = sa.and_(e.c.workspace_id == workspace, e.c.contact_id == contact.id)
    connection.execute(e.update().where(theirs).values(told=sa.null(), erased=True))
    connection.execute(tables.contact_name.delete().where(n.workspace_id == workspace, n.contact_id == contact.id))


@dataclass(frozen=True, slots=True)
class _Held:
    """A row of the record, and what people typed into its columns."""

    table: sa.Table
    id: str
    customer_id: str
    texts: Mapping[str, Any]


TYPED: Final = (
    (tables.task, ("title",)),
    (tables.onboarding, ("name", "phase")),
    (tables.comment, ("text",)),
    (tables.customer, ("plan", "tags", "fields")),
    (tables.nudge, ("reason", "advice", "note")),
)
"""Columns that hold what people typed, or repeat it."""


def _records(connection: sa.Connection, workspace: str, only: Iterable[str] | None = None) -> Iterator[_Held]:
    """only: of these customers."""
    for table, columns in TYPED:
        owner = table.c.id if table is tables.customer else table.c.customer_id
        rows = sa.select(table.c.id, owner, *(table.c[name] for name in columns)).where(
            table.c.workspace_id == workspace
        )
        if only is not None:
            rows = rows.where(owner.in_(sorted(only)))
        for ident, customer_id, *texts in connection.execute(rows).all():
            yield _Held(table, ident, customer_id, dict(zip(columns, texts, strict=True)))


def _named_in(held: _Held, home: str, traces: Traces) -> bool:
    finder = traces.within(home=held.customer_id == home)
    return any(finder.finds(text) for text in _strings(held.texts))


def _clean_records(
    connection: sa.Connection, workspace: str, home: str, traces: Traces, customer_ids: Iterable[str]
) -> Sequence[str]:
    """Take the names out of what people typed into the records of these customers, whose locks are held, and out of kept queries.

    returns  ids of the nudges that had them
    """
    nudges = [
        held.id
        for held in _records(connection, workspace, customer_ids)
        if _rewrite(connection, workspace, held, traces.within(home=held.customer_id == home))
        and held.table is tables.nudge
    ]
    q = tables.saved_query.c
    kept = connection.execute(sa.select(q.hash, q.text).where(q.workspace_id == workspace)).all()
    finder = traces.within(home=True)
    named = [name for name, text in kept if finder.finds(text)]
    connection.execute(tables.saved_query.delete().where(q.workspace_id == workspace, q.hash.in_(named)))
    return nudges


def _rewrite(connection: sa.Connection, workspace: str, held: _Held, finder: Finder) -> bool:
    cleaned = {name: _cleaned(value, finder) for name, value in held.texts.items()}
    differing = {name: value for name, value in cleaned.items() if value != held.texts[name]}
    if differing:
        this = sa.and_(held.table.c.workspace_id == workspace, held.table.c.id == held.id)
        connection.execute(held.table.update().where(this).values(differing))
    if differing and held.table is tables.nudge:
        _tell_anew(connection, workspace, held.id)
    return bool(differing)


def _tell_anew(connection: sa.Connection, workspace: str, nudge_id: str) -> None:
    """Every message that told of a nudge reads as it does now; one that is being sent is edited once it is there, by its revision."""
    n, o = tables.nudge.c, tables.outbox.c
    mine = sa.and_(n.workspace_id == workspace, n.id == nudge_id)
    revision, ts = connection.execute(
        tables.nudge.update().where(mine).values(revision=n.revision + 1).returning(n.revision, n.ts)
    ).one()
    told = sa.and_(o.workspace_id == workspace, o.kind.in_((POST, DIGEST)), o.state == "sent", o.ts.is_not(None))
    for ident, channel, at, body in connection.execute(sa.select(o.id, o.channel, o.ts, o.body).where(told)).all():
        if nudge_id == body.get("nudge") or nudge_id in body.get("nudges", ()):
            again = {"nudge": nudge_id, "ts": at} | ({} if at == ts else {"over": True})
            key = f"anew:{ident}:{nudge_id}:{revision}"
            outbox.enqueue(connection, workspace, key=key, kind=EDIT, channel=channel, body=again)


def _cleaned(value: Any, finder: Finder) -> Any:
    if isinstance(value, str):
        return finder.without(value)
    if isinstance(value, list):
        return [_cleaned(each, finder) for each in value]
    if isinstance(value, dict):
        return {_cleaned(key, finder): _cleaned(each, finder) for key, each in value.items()}
    return value


# --- deliveries that are kept ---------------------------------------------------------------------------------------


def _search_deliveries(
    connection: sa.Connection, workspace: str, contact: Contact, traces: Traces, found: Found
) -> None:
    """Those that name the contact, or tell of the provider's object that the contact is."""
    e, i = tables.external_contact.c, tables.inbox.c
    mine = sa.select(e.external_id).where(e.workspace_id == workspace, e.contact_id == contact.id)
    objects = set(connection.execute(mine).scalars())
    finder = traces.within(home=True)
    since = [] if found.received_to is None else [i.received_at >= found.received_to - COMMITTED_LATE]
    found.received_to = database_clock(connection)
    for ident, body in connection.execute(sa.select(i.id, i.body).where(i.workspace_id == workspace, *since)):
        told = _read_json(body)
        if any(text in objects or finder.finds(text) for text in _strings(told)):
            found.deliveries.add(ident)


def _clean_deliveries(connection: sa.Connection, workspace: str, idents: Iterable[str], traces: Traces) -> None:
    """What has been applied goes; what waits loses the name, and where a worker holds it, it goes once it is applied."""
    i = tables.inbox
    these = sa.and_(i.c.workspace_id == workspace, i.c.id.in_(sorted(idents)))
    connection.execute(i.delete().where(these, i.c.state.in_(("done", "failed"))))
    finder = traces.within(home=True)
    waiting = sa.select(i.c.id, i.c.body).where(these, i.c.state.in_(("pending", "parked")))
    for ident, body in connection.execute(waiting.with_for_update(skip_locked=True)).all():
        cleaned = json.dumps(_cleaned(_read_json(body), finder)).encode()
        connection.execute(i.update().where(i.c.workspace_id == workspace, i.c.id == ident).values(body=cleaned))


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


# --- what programs asked to be posted ------------------------------------------------------------------------------------


def _clean_wordings(connection: sa.Connection, workspace: str, home: str, traces: Traces) -> Sequence[str]:
    """The wording of nudges that are not settled; when one is, that is what its history gets. Returns which had the name."""
    o, cleaned = tables.outbox, []
    waits = sa.and_(o.c.workspace_id == workspace, o.c.kind == NUDGED, o.c.state.in_(("pending", "sending")))
    for ident, body in connection.execute(sa.select(o.c.id, o.c.body).where(waits)).all():
        finder = traces.within(home=body["customer"] == home)
        without = finder.without(body["wording"])
        if without != body["wording"]:
            mine = sa.and_(waits, o.c.id == ident)
            connection.execute(o.update().where(mine).values(body={**body, "wording": without}))
            cleaned.append(ident)
    return cleaned


def _asked_for(connection: sa.Connection, workspace: str, redacted: Mapping[str, Sequence[int]]) -> Sequence[str]:
    """Deliveries of those activities that are nudges which a program asked for."""
    a = tables.activity.c
    found: list[str] = []
    for customer_id, seqs in redacted.items():
        theirs = sa.and_(a.workspace_id == workspace, a.customer_id == customer_id, a.seq.in_(seqs), a.type == NUDGED)
        for refs in connection.execute(sa.select(a.refs).where(theirs)).scalars():
            found += [str(refs["delivery"])] if "delivery" in (refs or {}) else []
    return found
