"""What may go wrong with a call to Slack, on demand."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one call. The delay comes first; then the status or error, or the call is carried out; then the drop."""

    delay: timedelta = timedelta(0)
    status: int = 200
    """Other than 200: the answer, instead of carrying the call out."""
    accepted: bool = False
    """With such a status: the call is carried out all the same, and its own answer is lost."""
    retry_after_seconds: int | None = None
    error: str = ""
    """One of Slack's error codes: answered instead of carrying the call out."""
    details: dict[str, Any] = field(default_factory=dict)
    """What else the error's body says, such as `needed` and `provided`."""
    drop: bool = False
    """The connection is closed without an answer."""


DROPPED_AFTER_ACCEPTING = Fault(drop=True)
"""Slack carries the call out and the answer is lost."""
DROPPED_BEFORE_ACCEPTING = Fault(status=0, drop=True)
"""Nothing has happened, but the caller cannot know."""


def rate_limited(retry_after_seconds: int = 1) -> Fault:
    return Fault(status=429, retry_after_seconds=retry_after_seconds, error="ratelimited")


class Faults:
    """Faults by Web API method; `response_url` and `upload` stand for the two addresses that are not methods.

    `history_lag` is how long a new message is missing from conversations.history and conversations.replies,
    `share_lag` how long files.info does not tell where a file was shared. `page_limit` is the most that one page
    of anything holds, whatever `limit` asks for: Slack may give less than that, and gives some apps 15.
    `choose` is asked when no fault is queued, for faults at random.
    """

    def __init__(self) -> None:
        self.history_lag = timedelta(0)
        self.share_lag = timedelta(0)
        self.page_limit = 999
        self.choose: Callable[[str], Fault | None] = lambda _method: None
        self._queued: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def queue(self, method: str, *faults: Fault) -> None:
        """The method's next calls meet these faults, one each."""
        self._queued[method].extend(faults)

    def rate_limit(self, method: str, *, times: int = 1, retry_after_seconds: int = 1) -> None:
        self.queue(method, *[rate_limited(retry_after_seconds)] * times)

    def fail(self, method: str, *, times: int = 1, status: int = 503, accepted: bool = False) -> None:
        self.queue(method, *[Fault(status=status, accepted=accepted)] * times)

    def refuse(self, method: str, error: str, *, times: int = 1, **details: Any) -> None:
        self.queue(method, *[Fault(error=error, details=details)] * times)

    def drop(self, method: str, *, times: int = 1, accepted: bool = True) -> None:
        self.queue(method, *[DROPPED_AFTER_ACCEPTING if accepted else DROPPED_BEFORE_ACCEPTING] * times)

    def delay(self, method: str, by: timedelta, *, times: int = 1) -> None:
        self.queue(method, *[Fault(delay=by)] * times)

    def next(self, method: str) -> Fault | None:
        """The fault that this call meets, if any."""
        if self._queued[method]:
            return self._queued[method].popleft()
        return self.choose(method)
