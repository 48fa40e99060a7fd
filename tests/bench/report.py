"""What a run prints: one table per section of performance.md, the lines to reach below it, and how many of them are held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.bench.measure import Arm


@dataclass(frozen=True, slots=True)
class Line:
    """One "Reach" line of performance.md.

    noise  the part by which ten runs on one machine differed: a run fails only beyond that. None: it is shown, but never a reason to
           fail, since a time in milliseconds depends on the machine
    """

    what: str
    found: float
    need: float
    noise: float | None
    at_most: bool = False

    @property
    def held(self) -> bool:
        return self.found <= self.need if self.at_most else self.found >= self.need

    @property
    def failed(self) -> bool:
        if self.noise is None or self.held:
            return False
        return self.found > self.need * (1 + self.noise) if self.at_most else self.found < self.need * (1 - self.noise)


@dataclass(slots=True)
class Report:
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
            print(f"{'held    ' if line.held else 'NOT HELD'}  {line.found:8.2f} {sign} {line.need:<6g} {line.what}")
        self.lines.extend(lines)

    def left_out(self, what: str) -> None:
        print(f"\nLeft out: {what}", flush=True)

    def close(self) -> bool:
        """The last line. Returns whether every line is held, but for noise."""
        failed = [line.what for line in self.lines if line.failed]
        if failed:
            print("\nBeyond the noise of ten runs: " + "; ".join(failed) + ".")
        print(f"\n{sum(line.held for line in self.lines)} of {len(self.lines)} lines held.")
        return not failed
