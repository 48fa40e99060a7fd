"""`python -m tests.bench.noise [SECTION] [--db ...] [--runs 10] [--write]`

Runs the quick form of a section several times, each in a process of its own, and prints for each line how much its runs differ. --write
keeps that: the bench then fails when a ratio falls under its line, or under what was reached before where a line is not held, by more.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from bot.cli import terminal
from tests.bench import spread
from tests.bench.__main__ import QUICK, SECTIONS, measure
from tests.bench.places import places
from tests.bench.report import Line, Report

LOUD: Final = 0.5
"""Runs that differ by more than this part say nothing but that the machine was busy: they are not kept."""


def quick(section: str, db: str) -> list[Line]:
    """What one run finds. It prints nothing."""
    report = Report()
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), places(db) as found:
        terminal.run(measure(SECTIONS if section == "all" else (section,), found, QUICK, report))
    return report.lines


def table(report: Report, runs: Sequence[Sequence[Line]]) -> dict[str, spread.Spread]:
    """Print the spread of each line; gives those by which a run can fail, but for the loud ones."""
    lines = {line.key: line for run in runs for line in run}
    found = spread.gathered({line.key: line.found for line in run} for run in runs)
    rows, kept = [], {}
    for key, line in lines.items():
        one = spread.of(found[key])
        sign = "≤" if line.at_most else "≥"
        bound = ""
        if line.noise:
            if one.noise <= LOUD:
                kept[key] = one
            bound = f"{one.bound(line.need, line.noise, at_most=line.at_most):.2f}"
        cells = (f"{figure:.2f}" for figure in (one.least, one.median, one.most, one.noise))
        rows.append((key, len(found[key]), *cells, f"{sign} {line.need:g}", bound))
    head = ("line", "runs", "least", "median", "most", "noise", "to reach", "a run fails beyond")
    report.table("What the runs found", head, rows)
    if loud := [key for key, line in lines.items() if line.noise and key not in kept]:
        report.left_out(
            f"runs that differ by more than half, since the machine was too busy for them: {'; '.join(loud)}"
        )
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.noise", description=__doc__.split("\n\n")[1])
    parser.add_argument("section", nargs="?", default="all", choices=(*SECTIONS, "all"))
    parser.add_argument("--db", default="both", choices=("sqlite", "postgres", "both"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--write", action="store_true", help=f"keep what was found in {spread.TEN_RUNS.name}")
    asked = parser.parse_args()
    runs = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as processes:
        for number in range(asked.runs):
            runs.append(processes.submit(quick, asked.section, asked.db).result())
            print(f"Run {number + 1} of {asked.runs} is done.", file=sys.stderr, flush=True)
    kept = table(Report(), runs)
    if asked.write:
        spread.write(kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
