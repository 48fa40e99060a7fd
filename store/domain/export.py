"""An export as a value: what was asked for, what was made of it, how it ended."""

from dataclasses import dataclass
from datetime import timedelta

from store.domain.query import HistoryQuery, Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export.

    query    the filter, as `format_filter` writes it: the customer's id, people as references
    channel  where it was asked to go; None: to the direct messages of the one who asked
    message  the channel and ts of the message that tells how far it is
    rows, size_bytes, sha256   of the CSV, from when it has been made
    """

    workspace: str
    id: str
    customer_id: str
    query: HistoryQuery
    upto: int
    reader: Reader
    slack_user_id: str | None
    channel: str | None
    state: str
    attempt: int
    cancelled_by: str | None
    message: tuple[str, str] | None
    file_id: str | None
    rows: int | None
    size_bytes: int | None
    sha256: str | None
    seq: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The finished CSV."""

    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Delivered:
    made: Made


@dataclass(frozen=True, slots=True)
class Failed:
    error: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    pass


@dataclass(frozen=True, slots=True)
class Released:
    """counted: whether it was an attempt at all; being told to wait is none."""

    wait: timedelta
    counted: bool


Outcome = Delivered | Failed | Cancelled | Released
