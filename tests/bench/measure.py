"""Time arms in turns, and take ratios within a round."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median

Operation = Callable[[int], Awaitable[None]]
"""Does the thing n times."""
Timed = Callable[[int], Awaitable[float]]
"""Does the thing n times and gives the seconds that this took: for whoever measures on the far side of a pipe."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure. warm: runs before the clock starts; seconds: of one arm in one round; least: runs of one arm in one round,
    however long they take.
    """

    rounds: int
    seconds: float
    warm: int = 20
    least: int = 2


@dataclass(frozen=True, slots=True)
class Arm:
    """rates: per second, one of each round; the same rounds for all arms measured together."""

    name: str
    rates: tuple[float, ...]

    @property
    def rate(self) -> float:
        return median(self.rates)

    def ratio(self, other: "Arm") -> float:
        """How many times as fast as the other: the median of the rounds' own ratios."""
        return median(mine / theirs for mine, theirs in zip(self.rates, other.rates, strict=True))


def timed(operation: Operation) -> Timed:
    async def run(n: int) -> float:
        began = time.perf_counter()
        await operation(n)
        return time.perf_counter() - began

    return run


async def interleaved(arms: Mapping[str, Timed], pace: Pace) -> dict[str, Arm]:
    """Every arm in every round, there and back again, each for about as long."""
    counts = {}
    for name, run in arms.items():
        await run(pace.warm)
        counts[name] = max(pace.least, min(20_000, int(pace.seconds * pace.warm / await run(pace.warm))))
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(pace.rounds):
        for name in list(arms) if number % 2 == 0 else list(arms)[::-1]:
            rates[name].append(counts[name] / await arms[name](counts[name]))
    return {name: Arm(name, tuple(found)) for name, found in rates.items()}


def percentile(values: list[float], part: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * part))]
