"""`python -m tests.bench [writes|all] [--db sqlite|postgres|both] [--rows N] [--quick]`"""

import argparse
import asyncio
import sys

from tests.bench import writes
from tests.bench.measure import Pace
from tests.bench.places import Place, places
from tests.bench.report import Report

QUICK = Pace(rounds=5, seconds=0.15)
FULL = Pace(rounds=9, seconds=0.4)


async def measure(found: list[Place], pace: Pace, report: Report) -> None:
    for place in found:
        await writes.run(place, pace, report)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("section", nargs="?", default="all", choices=("writes", "all"))
    parser.add_argument("--db", default="both", choices=("sqlite", "postgres", "both"))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    report = Report()
    with places(asked.db) as found:
        asyncio.run(measure(found, QUICK if asked.quick else FULL, report))
    return 0 if report.close() else 1


if __name__ == "__main__":
    sys.exit(main())
