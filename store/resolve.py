"""A query's words → the references and names that the log holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import sqlalchemy as sa

from store import actors, feed, tables
from store.actors import folded
from store.domain import kinds
from store.domain.activity import KINDS, PROGRAMS, ActorType, Ref, Source, printed
from store.domain.errors import Ambiguous, NotFound, UsageError, code
from store.domain.query import CustomerName, HistoryQuery, Reader


@dataclass(frozen=True, slots=True)
class Who:
    """What an actor filter means: these actors, or anybody through these sources."""

    actors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def resolved(
    connection: sa.Connection, workspace: str, customer: CustomerName, query: HistoryQuery, reader: Reader
) -> tuple[HistoryQuery, feed.Slice]:
    """The query with the customer as its id and people as references, and the slice of the log that it means.

    raises  NotFound or Ambiguous for a person, a type or a field that cannot be told; UsageError for `me` where nobody asks.
    """
    people = _People(connection, workspace, customer.id)
    query = replace(
        query,
        customer=customer.id,
        actors=people.settled(query.actors),
        not_actors=people.settled(query.not_actors),
    )
    wanted = people.meant(query.actors, reader)
    unwanted = people.meant(query.not_actors, reader)
    fields = _fields(connection, workspace, customer.id, query.fields) if query.fields else None
    since, until = query.window.resolve(reader.now, reader.zone) if query.window else (None, None)
    return query, feed.Slice(
        workspace,
        customer.id,
        actors=wanted.actors if wanted.actors or (query.actors and not wanted.sources) else None,
        sources=wanted.sources or None,
        not_actors=unwanted.actors,
        not_sources=unwanted.sources,
        types=_types(connection, workspace, customer.id, query),
        fields=fields,
        since=since,
        until=until,
    )


def settled(
    connection: sa.Connection, workspace: str, customer_id: str | None, query: HistoryQuery, reader: Reader
) -> HistoryQuery:
    """The filter in words that mean the same whoever reads it later, and for customers of whom nothing is known yet.

    customer_id  whose history it is about; None: that of several
    raises       as `resolved`
    """
    people = _People(connection, workspace, customer_id)

    def actors_of(words: Iterable[str]) -> tuple[str, ...]:
        told = (_reader(reader) if word == "me" else word for word in people.settled(words))
        return tuple(dict.fromkeys(told))

    occurring = [] if customer_id is None else _occurring_types(connection, workspace, customer_id)
    for word in (*query.types, *query.not_types):
        if "." not in word:  # a full name may be of a type that a program will send first
            _type_known(word, (*KINDS, *occurring))
    fields = _fields(connection, workspace, customer_id, query.fields)
    return replace(query, actors=actors_of(query.actors), not_actors=actors_of(query.not_actors), fields=fields).bare()


class _People:
    """Who can be named in a filter of this customer's history; looked up once, and only when a name is used."""

    def __init__(self, connection: sa.Connection, workspace: str, customer_id: str | None) -> None:
        self._connection = connection
        self._workspace = workspace
        self._customer_id = customer_id
        self._known: Mapping[str, str] | None = None

    @property
    def known(self) -> Mapping[str, str]:
        if self._known is None:
            known = dict(actors.named(self._connection, self._workspace, self._customer_id))
            strangers = [Ref.parse(ref) for ref in self._occurring if ref not in known]
            names = actors.names(self._connection, self._workspace, strangers)
            self._known = known | {str(ref): printed(ref, names) for ref in strangers}
        return self._known

    @property
    def _occurring(self) -> Sequence[str]:
        """Who has acted on this customer; among them may be a program that nobody has named."""
        if self._customer_id is None:
            return ()
        return feed.distinct_values(self._connection, tables.activity.c.actor, self._workspace, self._customer_id)

    def settled(self, words: Iterable[str]) -> tuple[str, ...]:
        """The same filter in words that stay true when a name changes: names become references."""
        return tuple(dict.fromkeys(ref for word in words for ref in self._settle(word)))

    def _settle(self, word: str) -> tuple[str, ...]:
        if word in PROGRAMS or word in {"me", "slack", "api"} or _is_reference(word):
            return (word,)
        if word.startswith("<@"):
            ref = actors.mentioned(self._connection, self._workspace, word[2:-1].partition("|")[0])
            if ref is None:
                raise NotFound("The person you mentioned has done nothing here that I know of.", "Try a name instead.")
            return (ref,)
        return self._by_name(word.removeprefix("@"))

    def _by_name(self, name: str) -> tuple[str, ...]:
        """Everybody whose printed name this is; else the only one whose name begins with it."""
        key = folded(name)
        same = tuple(ref for ref, known in self.known.items() if folded(known) == key)
        if same:
            return same
        begins = {ref: known for ref, known in self.known.items() if key and folded(known).startswith(key)}
        if len(begins) == 1:
            return tuple(begins)
        if begins:
            some = ", ".join(sorted(set(begins.values()))[:5])
            raise Ambiguous(
                f"{code(name)} fits several people: {some}.", 'Write the whole name, in quotes: `--actor "Sam Lee"`.'
            )
        near = get_close_matches(key, [folded(known) for known in self.known.values()], n=3, cutoff=0.6)
        meant = sorted({known for known in self.known.values() if folded(known) in near})
        hint = (
            f"Did you mean {', '.join(meant)}?" if meant else "Try `--actor pi`, `--actor hubspot` or a person's name."
        )
        raise NotFound(f"I don't know an actor {code(name)}.", hint)

    def meant(self, words: Iterable[str], reader: Reader) -> Who:
        """What settled words stand for, for this reader."""
        who: list[str] = []
        through: list[str] = []
        for word in words:
            if word == "slack":
                through.append(Source.SLACK.value)
            elif word == "me":
                who.append(_reader(reader))
            elif word == "api":
                who += self._api_actors()
            else:
                who.append(PROGRAMS.get(word, word))
        return Who(tuple(dict.fromkeys(who)), tuple(through))

    def _api_actors(self) -> list[str]:
        return [ref for ref in self._occurring if ref.startswith(f"{ActorType.API.value}:")]


def _reader(reader: Reader) -> str:
    if reader.person is None:
        raise UsageError("`me` needs to know who you are.", "In a terminal add `--as NAME`.")
    return reader.person


def _is_reference(word: str) -> bool:
    kind, colon, ident = word.partition(":")
    return bool(colon and ident) and kind in set(ActorType)


def _types(connection: sa.Connection, workspace: str, customer_id: str, query: HistoryQuery) -> tuple[str, ...] | None:
    """The full names that the type filters select, among all that can occur; None where they select everything."""
    if not (query.types or query.not_types):
        return None
    occurring = _occurring_types(connection, workspace, customer_id)
    for word in (*query.types, *query.not_types):
        _type_known(word, (*KINDS, *occurring))
    chosen = tuple(
        kind
        for kind in occurring
        if (not query.types or any(kinds.matches(word, kind) for word in query.types))
        and not any(kinds.matches(word, kind) for word in query.not_types)
    )
    return None if chosen == occurring else chosen


def _occurring_types(connection: sa.Connection, workspace: str, customer_id: str) -> tuple[str, ...]:
    return feed.distinct_values(connection, tables.activity.c.type, workspace, customer_id)


def _type_known(word: str, every: Iterable[str]) -> None:
    """raises NotFound, when none of these types is meant"""
    known = tuple(dict.fromkeys(every))
    if not any(kinds.matches(word, kind) for kind in known):
        near = get_close_matches(word, known, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(code(kind) for kind in near)}?" if near else "Try `--type field_changed`."
        raise NotFound(f"No activity of type {code(word)} has occurred here.", hint)


def _fields(
    connection: sa.Connection, workspace: str, customer_id: str | None, words: Iterable[str]
) -> tuple[str, ...]:
    """The fields as the log spells them. One that is known but never changed here is no error: nothing is found."""
    occurring: tuple[str, ...] = ()
    if customer_id is not None:
        occurring = feed.distinct_values(connection, tables.activity_field.c.field, workspace, customer_id)
    spelled: list[str] = []
    for word in words:
        same = [field for field in occurring if folded(field) == folded(word)]
        if not same and not _is_field(connection, workspace, word):
            near = get_close_matches(word, occurring, n=3, cutoff=0.5)
            hint = f"Did you mean {', '.join(code(field) for field in near)}?" if near else "Try `--field plan`."
            raise NotFound(f"No field {code(word)} has changed here.", hint)
        spelled += same or [word]
    return tuple(dict.fromkeys(spelled))


BUILT_IN_FIELDS = (
    "name",
    "domain",
    "owner",
    "plan",
    "tags",
    "health_score",
    "status",
    "phase",
    "task",
    "contact",
    "comment",
    "nudge",
)


def _is_field(connection: sa.Connection, workspace: str, word: str) -> bool:
    f = tables.custom_field.c
    defined = sa.select(f.name_key).where(f.workspace_id == workspace, f.name_key == folded(word))
    return folded(word) in BUILT_IN_FIELDS or connection.execute(defined).first() is not None
