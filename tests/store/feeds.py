"""A plain-Python feed: what a query must show, worked out from the rows alone, without an index or a database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from store.domain.activity import HUBSPOT, PI, STRIPE, ActorType, NewActivity, Ref, Source
from store.domain.query import HistoryQuery, Reader, Window

COUNTED_UP_TO = 1001


@dataclass(frozen=True, slots=True)
class Row:
    """As much of an activity as a filter looks at."""

    seq: int
    occurred_at: datetime
    kind: str
    actor: Ref
    source: Source
    fields: tuple[str, ...]

    @classmethod
    def of(cls, seq: int, new: NewActivity) -> "Row":
        assert new.occurred_at is not None
        return cls(seq, new.occurred_at, new.kind, new.actor, new.source, tuple(change.field for change in new.changes))


@dataclass(frozen=True, slots=True)
class PlainFeed:
    """names: display names by reference, as the history prints them; people: references by Slack's user ids."""

    rows: Sequence[Row]
    names: dict[Ref, str]
    people: dict[str, Ref]

    def shown(self, query: HistoryQuery, reader: Reader) -> list[int]:
        """The seqs of all pages, newest first."""
        wanted = [row for row in self.rows if self._is_wanted(row, query, reader)]
        return [row.seq for row in sorted(wanted, key=lambda row: (row.occurred_at, row.seq), reverse=True)]

    def widened(self, query: HistoryQuery, reader: Reader) -> set[str]:
        """The filters each of which alone, left out, would show something."""
        without = {
            "actor": replace(query, actors=()),
            "not-actor": replace(query, not_actors=()),
            "type": replace(query, types=()),
            "not-type": replace(query, not_types=()),
            "field": replace(query, fields=()),
            "window": replace(query, window=None),
        }
        return {name for name, wider in without.items() if wider != query and self.shown(wider, reader)}

    def _is_wanted(self, row: Row, query: HistoryQuery, reader: Reader) -> bool:
        return (
            (not query.actors or self._is_by(row, query.actors, reader))
            and not self._is_by(row, query.not_actors, reader)
            and (not query.types or _is_a(row.kind, query.types))
            and not _is_a(row.kind, query.not_types)
            and (not query.fields or any(_same(field, word) for field in row.fields for word in query.fields))
            and (query.window is None or _is_within(row.occurred_at, query.window, reader))
        )

    def _is_by(self, row: Row, words: Iterable[str], reader: Reader) -> bool:
        return any(self._means(word, row, reader) for word in words)

    def _means(self, word: str, row: Row, reader: Reader) -> bool:
        programs = {"pi": PI, "hubspot": HUBSPOT, "stripe": STRIPE}
        if word == "slack":
            return row.source is Source.SLACK
        if word == "api":
            return row.actor.type is ActorType.API
        if word == "me":
            return str(row.actor) == reader.person
        if word in programs:
            return row.actor == programs[word]
        if word.startswith("<@"):
            return row.actor == self.people[word[2:-1]]
        if ":" in word:
            return str(row.actor) == word
        return _same(self.names[row.actor], word)


def _is_a(kind: str, words: Iterable[str]) -> bool:
    parts = kind.split(".")
    families = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return any(word in families or word == parts[-1] for word in words)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _is_within(occurred_at: datetime, window: Window, reader: Reader) -> bool:
    if window.days is not None:
        return occurred_at >= reader.now - timedelta(days=window.days)
    day = occurred_at.astimezone(reader.zone).date()
    return (window.since is None or day >= window.since) and (window.until is None or day <= window.until)
