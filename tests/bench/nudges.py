"""Section 6: Pi looks at every customer, against one statement that reads all of their activities."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from store import Store
from store.importing import Importer, parse_line
from tests.bench.measure import Arm
from tests.bench.places import Place, opened
from tests.bench.report import Line, Report

OURS, ONCE = "Pi looks at everybody", "one SELECT of all their rows"
ACTIVITIES = 100
"""Of each customer."""
PIECE = 2000
NEED, MEMORY = 3.0, 64.0
KINDS = ("customer.field_changed", "comment.added", "task.created", "onboarding.phase_moved")


async def run(place: Place, report: Report, customers: int) -> None:
    url = await place.fresh()
    async with opened(url, job=True) as (store, workspace):
        await _filled(store, workspace, customers)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.evaluating", url, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    ours, once, grown = map(float, told.split())
    arms = [Arm(name, (customers / seconds,)) for name, seconds in ((ONCE, once), (OURS, ours))]
    report.arms(f"6. {customers:,} customers of {ACTIVITIES} activities, {place.name}", arms, arms[0])
    report.reach(
        Line(f"{place.name}: time of {OURS} against {ONCE}", ours / once, NEED, 0.3, at_most=True),
        Line(f"{place.name}: MiB over idle", grown, MEMORY, 0.2, at_most=True),
    )


async def _filled(store: Store, workspace: str, customers: int) -> None:
    importer, waiting = Importer(workspace), []
    for number, line in enumerate(_lines(customers), start=1):
        waiting.append(parse_line(number, line))
        if len(waiting) == PIECE:
            await store.import_lines(importer, waiting)
            waiting = []
    await store.import_lines(importer, waiting)


def _lines(customers: int) -> Iterator[str]:
    began = datetime.now(UTC) - timedelta(days=60)
    sam = {"type": "user", "id": "sam", "name": "Sam Lee"}
    for customer in range(customers):
        ref, status = f"c{customer}", "at_risk" if customer % 10 == 0 else "active"
        yield json.dumps({"type": "customer", "ref": ref, "name": f"Customer {customer}", "status": status})
        for number in range(ACTIVITIES):
            yield json.dumps(
                {
                    "type": "activity",
                    "customer": ref,
                    "event_type": KINDS[number % len(KINDS)],
                    "occurred_at": (began + timedelta(hours=number)).isoformat(),
                    "actor": sam,
                    "source": "hubspot",
                    "changes": [{"field": "seats", "old": number, "new": number + 1}],
                }
            )
