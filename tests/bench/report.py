"""What a run prints: one table per section of performance.md, the lines to reach below it, and how many of them are held."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.measure import Arm
from tests.bench.spread import Spread


@dataclass(frozen=True, slots=True)
class Line:
    """One "Reach" line of performance.md.

    noise  the part by which a run may fall short of it, or more where ten runs differ by more. 0: it is exact, and no runs can make it less
           so. None: it is shown, but never a reason to fail, since a time in milliseconds depends on the machine
    """

    what: str
    found: float
    need: float
    noise: float | None
    at_most: bool = False

    @property
    def key(self) -> str:
        """What it says, without a figure of this run."""
        return re.sub(r", MiB [0-9]+,", "", self.what)

    @property
    def held(self) -> bool:
        return self.found <= self.need if self.at_most else self.found >= self.need

    def bound(self, ten_runs: Spread | None) -> float | None:
        """Beyond what a run fails. It compares with what was reached before, where the line itself is not."""
        if self.noise is None:
            return None
        if self.noise and ten_runs is not None:
            return ten_runs.bound(self.need, self.noise, at_most=self.at_most)
        return self.need * (1 + self.noise if self.at_most else 1 - self.noise)

    def failed(self, ten_runs: Spread | None = None) -> bool:
        bound = self.bound(ten_runs)
        if bound is None or self.held:
            return False
        return self.found > bound if self.at_most else self.found < bound


@dataclass(slots=True)
class Report:
    """ten_runs: what those of the same form found, by the line's key."""

    ten_runs: Mapping[str, Spread] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        cells = [[str(cell) for cell in row] for row in rows]
        wide = [max(len(row[n]) for row in [list(head), *cells]) for n in range(len(head))]

        def line(row: Sequence[str]) -> str:
            first, *rest = (
                cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, wide, strict=True))
            )
            return "| " + " | ".join([first, *rest]) + " |"

        rule = "|".join(["-" * (wide[0] + 2), *("-" * (w + 1) + ":" for w in wide[1:])])
        print(f"\n## {title}\n", line(head), f"|{rule}|", *map(line, cells), sep="\n", flush=True)

    def arms(self, title: str, arms: Iterable[Arm], base: Arm, unit: str = "per second") -> None:
        self.table(
            title,
            ("arm", f"median {unit}", "min..max", f"against {base.name}"),
            (
                (
                    arm.name,
                    f"{arm.rate:,.0f}",
                    f"{min(arm.rates):,.0f}..{max(arm.rates):,.0f}",
                    f"{arm.ratio(base):.2f}",
                )
                for arm in arms
            ),
        )

    def reach(self, *lines: Line) -> None:
        print()
        for line in lines:
            sign = "≤" if line.at_most else "≥"
            said = f"{'held    ' if line.held else 'NOT HELD'}  {line.found:8.2f} {sign} {line.need:<6g} {line.what}"
            bound = line.bound(self.ten_runs.get(line.key))
            if not line.held and bound is not None:
                said += f" (a run fails beyond {bound:.2f})"
            print(said)
        self.lines.extend(lines)

    def left_out(self, what: str) -> None:
        print(f"\nLeft out: {what}", flush=True)

    def close(self) -> bool:
        """The last line. Returns whether every line is held, or is where it was before, but for noise."""
        failed = [line.what for line in self.lines if line.failed(self.ten_runs.get(line.key))]
        if failed:
            print("\nBeyond the noise of ten runs: " + "; ".join(failed) + ".")
        print(f"\n{sum(line.held for line in self.lines)} of {len(self.lines)} lines held.")
        return not failed
