"""So many in a minute, each for itself: who floods is told when to come back, and nobody else notices.

Counted in this process: several web processes let in as many each.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic
from typing import Final

MINUTE: Final = 60.0
REMEMBERED: Final = 10_000
"""Different callers; beyond that, who has been silent longest is forgotten."""


class Limiter:
    """per_minute: how many one caller may do in any 60 seconds; 0: as many as they like."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, caller: str) -> int:
        """0: go on, it is counted. Otherwise in how many seconds to try again; that does not count."""
        if not self._per_minute:
            return 0
        now = self._clock()
        times = self._seen.setdefault(caller, deque())
        self._seen.move_to_end(caller)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) >= self._per_minute:
            return max(1, math.ceil(times[0] + MINUTE - now))
        times.append(now)
        return 0
