"""Queries in controls: what a control leads to is written in the control, so that nothing is remembered between clicks.

A button carries its query in its value, a row of selects in its block_id; each leads with a mark that is new in every message, for Slack
keeps what was picked in a select whose ids stay the same. A query that is too long is kept as a row, and the control carries its hash.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from bot import limits
from store.domain.grammar import format_history
from store.domain.query import HistoryQuery

KEPT: Final = "#"
"""Before the hash of a kept query. No query's own text begins so: a customer's name that does is quoted."""


@dataclass(slots=True)
class Links:
    """The links of one message under construction.

    mark  new in every message, of letters and digits
    kept  the queries that were too long, by hash
    """

    mark: str
    kept: dict[str, str] = field(default_factory=dict)
    _rows: int = 0

    def value(self, query: HistoryQuery) -> str:
        """A button's value."""
        return self._short(query, limits.BUTTON_VALUE)

    def block_id(self, query: HistoryQuery) -> str:
        """A row's block_id, unique in its message."""
        self._rows += 1
        lead = f"{self.mark}.{self._rows}|"
        return lead + self._short(query, limits.BLOCK_ID - len(lead))

    def _short(self, query: HistoryQuery, most: int) -> str:
        text = format_history(query)
        if len(text) <= most and not text.startswith(KEPT):
            return text or " "  # Slack refuses an empty value
        name = hashlib.sha256(text.encode()).hexdigest()[:40]
        self.kept[name] = text
        return KEPT + name


def carried(value: str) -> str:
    """What a button's value or a row's block_id carries: a query's text, or `#` and the hash of a kept one."""
    mark, bar, text = value.partition("|")
    return text if bar and mark.replace(".", "").isalnum() else value
