"""Queries in controls: what a control leads to is written in the control, so that nothing is remembered between clicks.

A button carries its query in its value, a row of selects in its block_id; each leads with a mark that is new in every message, for Slack
keeps what was picked in a select whose ids stay the same. A query that is too long is kept as a row, and the control carries its hash.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from bot import limits
from store.domain.grammar import format_history
from store.domain.grammar.history import format_opened
from store.domain.query import HistoryQuery

KEPT: Final = "#"
"""Before the hash of a kept query. No query's own text begins so: a customer's name that does is quoted."""


@dataclass(slots=True)
class Links:
    """The links of one message under construction.

    mark  new in every message, of letters and digits
    most  characters of a query in a button
    kept  the queries that were too long, by hash
    """

    mark: str
    most: int = limits.BUTTON_VALUE
    kept: dict[str, str] = field(default_factory=dict)
    _rows: int = 0

    def value(self, query: HistoryQuery) -> str:
        """A button's value."""
        return self._short(_written(query), self.most)

    def opening(self, closed: HistoryQuery, seqs: Sequence[int]) -> str:
        """The value of a button that leads to the same page with these entries open. closed: its query with none: what all of a page's
        entries have in common is written once.
        """
        return self._short(f"{_written(closed)} {format_opened(seqs)}".strip(), self.most)

    def block_id(self, query: HistoryQuery) -> str:
        """A row's block_id, unique in its message."""
        self._rows += 1
        lead = f"{self.mark}.{self._rows}|"
        return lead + self._short(_written(query), min(limits.BLOCK_ID - len(lead), self.most))

    def _short(self, text: str, most: int) -> str:
        if len(text) <= most and not text.startswith(KEPT):
            return text or " "  # Slack refuses an empty value
        name = hashlib.sha256(text.encode()).hexdigest()[:40]
        self.kept[name] = text
        return KEPT + name


_written = lru_cache(256)(format_history)
"""A message that has to be cut writes the same queries again, and those of a hundred names are long."""


def carried(value: str) -> str:
    """What a button's value or a row's block_id carries: a query's text, or `#` and the hash of a kept one."""
    mark, bar, text = value.partition("|")
    return text if bar and mark.replace(".", "").isalnum() else value
