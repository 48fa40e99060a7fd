"""A real history of 397 customers, where it is at hand: all of it comes in, once, and is what a plain count says."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from store import Store
from store.domain.query import HistoryQuery
from store.engine import Database
from store.importing import Imported, Importer, parse_line
from tests.builders import history

FILE = Path(__file__).parents[2] / "../shared/data/helpdesk.jsonl.gz"
LINES = 30_063


@pytest.mark.skipif(not FILE.exists(), reason="the folder of shared data is not beside the project")
async def test_the_help_desks_file_comes_in_whole_and_once(store: Store, elsewhere: Database, workspace: str) -> None:
    with gzip.open(FILE, "rb") as file:
        said: list[dict[str, Any]] = [json.loads(line) for line in file]
    kinds = Counter(line["type"] for line in said)
    assert len(said) == LINES
    patient = Store(elsewhere)

    async def run() -> Imported:
        importer, total = Importer(workspace), Imported()
        with gzip.open(FILE, "rb") as file:
            parsed = [parse_line(number, line) for number, line in enumerate(file, 1)]
        for start in range(0, LINES, 1000):
            done, bad = await patient.import_lines(importer, parsed[start : start + 1000])
            assert bad is None
            total += done
        return total

    assert await run() == Imported(LINES, kinds["activity"], 0)
    checked = await patient.verify(workspace)
    assert (checked.customers, checked.activities, checked.faults) == (kinds["customer"], kinds["activity"], ())
    for ref in sorted({line["customer"] for line in said if line["type"] == "activity"})[::40]:
        lines = [line for line in said if line.get("customer") == ref and line["type"] == "activity"]
        page = await history(store, workspace, HistoryQuery(ref))
        assert Counter(entry.kind for entry in page.entries) == Counter(line["event_type"] for line in lines)
        assert Counter(page.names[str(entry.actor)] for entry in page.entries) == Counter(
            line["actor"]["name"] for line in lines
        )
        assert Counter(entry.onboarding_id for entry in page.entries) == Counter(
            line.get("onboarding_id") for line in lines
        )
        fields = Counter(change["field"] for line in lines for change in line.get("changes", ()))
        assert Counter(change.field for entry in page.entries for change in entry.changes) == fields
        for field in fields:
            of_field = await store.history(workspace, HistoryQuery(ref, fields=(field,)), page.reader)
            assert of_field.total == min(
                sum(any(change["field"] == field for change in line.get("changes", ())) for line in lines), 1001
            )
    assert await run() == Imported(LINES, 0, kinds["activity"])
    assert (await patient.verify(workspace)).activities == kinds["activity"]
