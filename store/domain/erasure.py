"""What is left to do once a contact is erased: whatever shows the name outside the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

SHARED: Final = "history.share"
"""The kind of a delivery that shares a slice of a history to a channel."""
WITHDRAW: Final = "history.withdraw"
"""Of one that takes a shared history out of its channel again."""
RETOLD: Final = "pi.nudge.retold"
"""Of one that takes the wording out of a nudge that a program asked for."""
TAKEN_BACK: Final = "export.delete"
"""Of one that deletes an exported file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A contact who was erased.

    customers   whose records or histories named them
    nudges      ids of Pi's nudges that did
    deliveries  ids of the outbox whose own wording did
    looked_at   when it was first looked for what was sent: whatever was begun later was read after the erasure
    """

    workspace: str
    id: str
    customers: frozenset[str]
    nudges: frozenset[str]
    deliveries: frozenset[str]
    looked_at: datetime

    def is_of(self, query: str) -> bool:
        """Whether a filter in words, which begin with the customer, is about one of these."""
        return query.split(" ", 1)[0] in self.customers

    def is_told_in(self, body: Mapping[str, Any]) -> bool:
        """Whether what a watch saw, by its delivery's body, is of one of these."""
        return any(customer_id in self.customers for customer_id, _ in body["told"])
