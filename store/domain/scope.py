"""Which customers a schedule or a watch is about, as a value."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Every customer, or those that fit all that is given.

    customer  as it was typed; once settled, an id
    owner     `me`, a mention or a name; once settled, a reference
    tag       compared case-folded
    """

    customer: str | None = None
    owner: str | None = None
    tag: str | None = None

    def includes(self, customer_id: str, owner: str | None, tags: Sequence[str]) -> bool:
        """Whether a settled scope has this customer in it."""
        return (
            self.customer in {None, customer_id}
            and self.owner in {None, owner}
            and (self.tag is None or self.tag.casefold() in {tag.casefold() for tag in tags})
        )
