"""What ten runs of the quick form found of each line, and from it how far a run may fall before it fails.

`ten_runs.json` holds them; `python -m tests.bench.noise` measures and writes it (decisions/0053-noise.md).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

TEN_RUNS: Final = Path(__file__).with_name("ten_runs.json")


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one figure, over several runs."""

    least: float
    median: float
    most: float

    @property
    def noise(self) -> float:
        """The part of its median by which the runs differ."""
        return (self.most - self.least) / self.median if self.median else 0.0

    def bound(self, need: float, noise: float, *, at_most: bool) -> float:
        """What a run must reach: its line, or what was reached before where that is less, but for the noise. noise: what to allow for at
        least, since ten runs are those of one hour.
        """
        allowed = max(noise, self.noise)
        if at_most:
            return max(need, self.median) * (1 + allowed)
        return min(need, self.median) * (1 - allowed)


def of(found: Sequence[float]) -> Spread:
    return Spread(min(found), median(found), max(found))


def gathered(runs: Iterable[Mapping[str, float]]) -> dict[str, list[float]]:
    """What the runs found, by figure. One that only some of them have is there as often as they have it."""
    by_key: dict[str, list[float]] = {}
    for run in runs:
        for key, found in run.items():
            by_key.setdefault(key, []).append(found)
    return by_key


def read(file: Path = TEN_RUNS) -> dict[str, Spread]:
    """By the line's key; empty where nothing was measured yet."""
    if not file.exists():
        return {}
    return {key: Spread(*three) for key, three in json.loads(file.read_text()).items()}


def write(spreads: Mapping[str, Spread], file: Path = TEN_RUNS) -> None:
    """Replace these; what was measured of other lines stays."""
    whole = read(file) | dict(spreads)
    rows = (
        f"  {json.dumps(key)}: [{', '.join(f'{figure:.4g}' for figure in (one.least, one.median, one.most))}]"
        for key, one in sorted(whole.items())
    )
    file.write_text("{\n" + ",\n".join(rows) + "\n}\n")
