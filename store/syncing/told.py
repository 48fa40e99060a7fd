"""What one delivery came to."""

from dataclasses import dataclass, field

from store.domain.activity import Value
from store.domain.sync import Notice


@dataclass(slots=True)
class Applied:
    """customers: those touched. repeated, unknown: numbers of notices. parked: what waits, by `provider:account:id`.

    told_of_removed  it tells of a contact who was removed for good: its body must not be kept
    """

    customers: list[str] = field(default_factory=list)
    repeated: int = 0
    unknown: int = 0
    parked: dict[str, list[Notice]] = field(default_factory=dict)
    told_of_removed: bool = False


@dataclass(slots=True)
class Told:
    """What one delivery told of one object of a customer, in order."""

    notice: Notice
    fields: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wanted: dict[str, Value] = field(default_factory=dict)
    of_removed: bool = False
