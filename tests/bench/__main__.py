"""`python -m tests.bench [writes|feed|export|import|slack|nudges|all] [--db sqlite|postgres|both] [--rows N] [--quick]`

One table for each section of performance.md, the lines to reach below it, and how many of them are held. Exits with 1 when one of them is
missed by more than the noise of ten runs. --quick takes less than two minutes on two processors and looks at less data.
"""

import argparse
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.cli import terminal
from tests.bench import exporting, feed, figures, importing, nudges, slack, writes
from tests.bench.histories import Size
from tests.bench.measure import Pace
from tests.bench.places import Place, places
from tests.bench.report import Report
from tests.bench.shelves import loaded

SECTIONS = ("writes", "feed", "export", "import", "slack", "nudges")
READING = {"feed", "export", "slack"}
"""These share the databases that they read."""


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
    Pace(rounds=5, seconds=0.15), Size(30_000, share=3), Size(3_000, share=3), Size(20_000), imports=2, customers=300
)


def full(rows: int) -> Plan:
    return Plan(
        Pace(rounds=9, seconds=0.4), Size(rows), Size(10_000), Size(min(rows, 200_000)), imports=3, customers=10_000
    )


async def measure(sections: tuple[str, ...], found: list[Place], plan: Plan, report: Report) -> None:
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
                large = await stack.enter_async_context(loaded(place, plan.size))
                if "feed" in sections:
                    little = await stack.enter_async_context(loaded(place, plan.small))
                    await feed.run(place, plan.pace, report, large, little)
                if "export" in sections:
                    await exporting.run(place, plan.pace, report, large)
                if "slack" in sections:
                    await slack.run(place, plan.pace, report, large)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.split("\n\n")[1])
    parser.add_argument("section", nargs="?", default="all", choices=(*SECTIONS, "all"))
    parser.add_argument("--db", default="both", choices=("sqlite", "postgres", "both"))
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="activities that feed, export and slack read (1,000,000)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="less than two minutes, less data; --rows is of no account"
    )
    parser.add_argument(
        "--readme", metavar="MACHINE", help="write table and chart into README; a word on where this was measured"
    )
    asked = parser.parse_args()
    report = Report()
    plan = QUICK if asked.quick else full(asked.rows)
    with places(asked.db) as found:
        sections = SECTIONS if asked.section == "all" else (asked.section,)
        terminal.run(measure(sections, found, plan, report))
    if asked.readme:
        words = [
            "python -m tests.bench",
            "" if asked.section == "all" else asked.section,
            "--quick" if asked.quick else f"--rows {asked.rows}",
        ]
        figures.written(report.lines, asked.readme, " ".join(filter(None, words)))
    return 0 if report.close() else 1


if __name__ == "__main__":
    sys.exit(main())
