"""One page of a customer's history, as a value with all that is needed to print it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from store import actors, customers, feed, retention, tables
from store.customers import Allow
from store.domain.activity import PROGRAMS, ActorType, Ref, refs_in
from store.domain.errors import UsageError
from store.domain.query import Choice, Cursor, CustomerName, HistoryQuery, Page, Reader
from store.feed import Slice
from store.resolve import resolved


def whose(
    connection: sa.Connection, workspace: str, query: HistoryQuery, allow: Allow | None = None
) -> tuple[CustomerName, bool]:
    """The customer of the query, and whether the name had to be completed.

    allow   raises Refused where the settings forbid it: then nothing is said of customers
    raises  UsageError, when the query names no customer; NotFound and Ambiguous, as its words deserve.
    """
    if query.customer is None:
        raise UsageError("I don't know which customer you mean.", "Try `/pivotal history acme`.")
    return customers.find(connection, workspace, query.customer, allow=allow)


def page(
    connection: sa.Connection,
    workspace: str,
    query: HistoryQuery,
    reader: Reader,
    limit: int,
    allow: Allow | None = None,
) -> Page:
    """The page that the query leads to. Raises as `whose`, and what else its words deserve."""
    customer, guessed = whose(connection, workspace, query, allow)
    query, wanted = resolved(connection, workspace, customer, query, reader)
    wanted = replace(feed.spelled_out(connection, wanted), upto=customer.last_seq)
    found, names = feed.entries(connection, wanted, limit=limit + 1, before=query.before, after=query.after)
    at_the_top = query.after is not None and len(found) <= limit  # nothing newer is left out
    past_the_end = query.before is not None and not found  # the window has moved on since that page was drawn
    if at_the_top or past_the_end:
        query = query.first_page()
        found, names = feed.entries(connection, wanted, limit=limit + 1)
    more = len(found) > limit
    shown = found[:limit]
    if query.after is not None:
        shown.reverse()
    entries = tuple(shown)
    alone = query.before is None and query.after is None and not more
    # What is shown is counted, too, where retention has removed it since.
    total = len(entries) if alone else max(len(entries), feed.count(connection, wanted))
    named = [Ref.parse(word) for word in (*query.actors, *query.not_actors) if ":" in word]
    back = query.after is not None  # whoever came from an older page
    older = Cursor.of(entries[-1]) if entries and (more or back) else None
    newer = Cursor.of(entries[0]) if entries and (more if back else query.before is not None) else None
    return Page(
        query=query,
        customer=customer,
        reader=reader,
        entries=entries,
        names=actors.names(connection, workspace, {*refs_in(entries), *named}, names),
        total=total,
        since=wanted.since,
        until=wanted.until,
        older=older,
        newer=newer,
        widen=() if entries else tuple(_widening(connection, workspace, customer, query, reader)),
        last_at=None if entries else _last_at(connection, wanted),
        kept_since=None if older else _kept_since(connection, wanted),
        guessed=guessed,
    )


def _kept_since(connection: sa.Connection, wanted: Slice) -> datetime | None:
    since = retention.kept_since(connection, wanted.workspace, wanted.customer_id)
    return since if since is not None and (wanted.since is None or wanted.since <= since) else None


def _last_at(connection: sa.Connection, wanted: Slice) -> datetime | None:
    newest = feed.heads(connection, Slice(wanted.workspace, wanted.customer_id), limit=1)
    return newest[0].occurred_at if newest else None


def _widening(
    connection: sa.Connection, workspace: str, customer: CustomerName, query: HistoryQuery, reader: Reader
) -> Iterator[str]:
    """The filters each of which alone, left out, would show something."""
    without = {
        "actor": query.filtered(actors=()),
        "not-actor": query.filtered(not_actors=()),
        "type": query.filtered(types=()),
        "not-type": query.filtered(not_types=()),
        "field": query.filtered(fields=()),
        "window": query.within(None),
    }
    for name, wider in without.items():
        if wider != query.first_page():
            _, slice_ = resolved(connection, workspace, customer, wider, reader)
            if feed.heads(connection, slice_, limit=1):
                yield name


def actor_choices(
    connection: sa.Connection, workspace: str, customer_id: str, typed: str, limit: int
) -> Sequence[Choice]:
    """Who can be chosen in the actor filter: the reader, those who act on this customer, and the ways in."""
    occurring = feed.distinct_values(connection, tables.activity.c.actor, workspace, customer_id)
    refs = [Ref.parse(actor) for actor in occurring]
    names = actors.names(connection, workspace, refs)
    words = {ref: word for word, ref in PROGRAMS.items()}
    people = sorted(
        (Choice(names.get(str(ref), ref.id), words.get(str(ref), str(ref))) for ref in refs),
        key=lambda choice: (choice.word not in PROGRAMS, choice.label.casefold()),
    )
    ways = [Choice("Me", "me"), Choice("Anybody, via Slack", "slack")]
    if any(ref.type is ActorType.API for ref in refs):
        ways.append(Choice("Anything, via the API", "api"))
    return _matching([*ways, *people], typed, limit)


def type_choices(
    connection: sa.Connection, workspace: str, customer_id: str, typed: str, limit: int
) -> Sequence[Choice]:
    """The event types that occur in this customer's history, and their families where those have several."""
    occurring = feed.distinct_values(connection, tables.activity.c.type, workspace, customer_id)
    families = [kind.partition(".")[0] for kind in occurring]
    choices = []
    for kind, family in zip(occurring, families, strict=True):
        whole = Choice(f"{family} (all)", family)
        if families.count(family) > 1 and whole not in choices:
            choices.append(whole)
        choices.append(Choice(kind, kind))
    return _matching(choices, typed, limit)


def _matching(choices: Sequence[Choice], typed: str, limit: int) -> Sequence[Choice]:
    key = actors.folded(typed)
    return [choice for choice in choices if key in actors.folded(choice.label)][:limit]
