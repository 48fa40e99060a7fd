"""So many in a minute, each for itself: who floods is told when to come back, and nobody else notices.

Counted in this process: several web processes let in as many each (decisions/0024-limits-per-process.md).
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

MINUTE: Final = 60.0
REMEMBERED: Final = 10_000
"""Different callers; beyond that, who has been silent longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Who has used up their minute, and in how many seconds to try again."""

    caller: str
    seconds: int


class Limiter:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, allowed: Mapping[str, int]) -> Wait | None:
        """Count one for all of these callers, or, where one of them has used up its minute, for none.

        allowed  how many each may do in any 60 seconds; 0: as many as they like
        returns  None: go on. Otherwise whom to tell, the one who waits longest
        """
        now = self._clock()
        counted = [caller for caller, per_minute in allowed.items() if per_minute]
        waits = [wait for caller in counted if (wait := self._left(caller, allowed[caller], now))]
        if waits:
            return max(waits, key=lambda each: each.seconds)
        for caller in counted:
            self._seen[caller].append(now)
        return None

    def is_used_up(self, caller: str, per_minute: int) -> bool:
        """Whether this caller has used up its minute. Counts nothing, and remembers nobody who has not been counted."""
        return per_minute > 0 and caller in self._seen and self._left(caller, per_minute, self._clock()) is not None

    def _left(self, caller: str, per_minute: int, now: float) -> Wait | None:
        times = self._seen.setdefault(caller, deque())
        self._seen.move_to_end(caller)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) < per_minute:
            return None
        # A limit that was lowered meanwhile may have let in more: it is the last `per_minute` of them that count.
        return Wait(caller, max(1, math.ceil(times[-per_minute] + MINUTE - now)))
