"""`python -m tests.bench [writes|feed|export|import|slack|nudges|all|large] [--db sqlite|postgres|both] [--rows N] [--quick]`

One table for each section of performance.md, the lines to reach below it, and how many of them are held. Exits with 1 when one of them is
missed, or has fallen behind what it was before, by more than the noise of ten runs (tests.bench.noise). --quick takes less than two minutes
on two processors and looks at less data. `large` is no part of `all`: it loads ten million activities, which takes minutes and tens of
gigabytes, and reads them for half an hour.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.cli import terminal
from store.domain.errors import PivotalError
from tests.bench import exporting, feed, figures, importing, large, millions, nudges, slack, spread, writes
from tests.bench.histories import Size
from tests.bench.measure import Pace
from tests.bench.places import Place, places
from tests.bench.report import Report
from tests.bench.shelves import loaded

SECTIONS = ("writes", "feed", "export", "import", "slack", "nudges")
READING = {"feed", "export", "slack"}
"""These share the databases that they read."""
DIALECTS = {"sqlite": ("sqlite",), "postgres": ("postgresql",), "both": ("sqlite", "postgresql")}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. size: what feed, export and slack read; small: what the feed is compared with; file: what is imported;
    customers: whom Pi looks at.
    """

    pace: Pace
    size: Size
    small: Size
    file: Size
    imports: int
    customers: int


QUICK = Plan(
    Pace(rounds=5, seconds=0.15), Size(30_000, share=3), Size(3_000, share=3), Size(40_000), imports=2, customers=300
)


def full(rows: int) -> Plan:
    return Plan(
        Pace(rounds=9, seconds=0.4), Size(rows), Size(10_000), Size(min(rows, 200_000)), imports=3, customers=10_000
    )


async def measure(sections: tuple[str, ...], found: Sequence[Place], plan: Plan, report: Report) -> None:
    """On both databases what a server serves, on one loop as it uses it."""
    for place in found:
        if "writes" in sections:
            await writes.run(place, plan.pace, report)
        if "import" in sections:
            await importing.run(place, plan.imports, report, plan.file)
        if "nudges" in sections:
            await nudges.run(place, report, plan.customers)
        async with AsyncExitStack() as stack:
            if READING & set(sections):
                big = await stack.enter_async_context(loaded(place, plan.size))
                if "feed" in sections:
                    little = await stack.enter_async_context(loaded(place, plan.small))
                    await feed.run(place, plan.pace, report, big, little)
                if "export" in sections:
                    await exporting.run(place, plan.pace, report, big)
                if "slack" in sections:
                    await slack.run(place, plan.pace, report, big)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.split("\n\n")[1])
    parser.add_argument("section", nargs="?", default="all", choices=(*SECTIONS, "all", "large"))
    parser.add_argument("--db", default="both", choices=("sqlite", "postgres", "both"))
    parser.add_argument(
        "--rows",
        type=int,
        help="activities that feed, export and slack read (1,000,000), or large (10,000,000)",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="where large keeps its databases for another run, or finds them"
    )
    parser.add_argument(
        "--quick", action="store_true", help="less than two minutes, less data; --rows is of no account"
    )
    parser.add_argument(
        "--readme", metavar="MACHINE", help="write table and chart into README; a word on where this was measured"
    )
    asked = parser.parse_args()
    rows = asked.rows or (large.ROWS if asked.section == "large" else 1_000_000)
    if asked.section == "large" and not large.LITTLE.rows <= rows <= millions.LATEST:
        parser.error(f"large takes --rows from {large.LITTLE.rows:,} to {millions.LATEST:,}.")
    if (asked.section == "large" and asked.quick) or (asked.section != "large" and asked.keep is not None):
        parser.error("--quick is not for large, and --keep is for nothing else.")
    report = Report(spread.read() if asked.quick else {})
    try:
        if asked.section == "large":
            large.make_room(asked.keep, DIALECTS[asked.db], rows)
        with places(asked.db, asked.keep) as found:
            if asked.section == "large":
                terminal.run(large.run(found, report, rows))
            else:
                sections = SECTIONS if asked.section == "all" else (asked.section,)
                terminal.run(measure(sections, found, QUICK if asked.quick else full(rows), report))
    except PivotalError as error:
        return terminal.failed(error)
    if asked.readme:
        words = [
            "python -m tests.bench",
            "" if asked.section == "all" else asked.section,
            "--quick" if asked.quick else f"--rows {rows}",
        ]
        figures.written(report.lines, asked.readme, " ".join(filter(None, words)))
    return 0 if report.close() else 1


if __name__ == "__main__":
    sys.exit(main())
