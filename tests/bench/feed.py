"""Section 3: pages of the feed, under stacked filters, at any depth and any size."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median
from typing import NamedTuple

from store.domain.query import COUNTED, Cursor, HistoryQuery, Window
from tests.bench import peers
from tests.bench.histories import BEGIN, EVERY, KINDS, PEOPLE, RARE_FIELD, RARE_KIND, Size
from tests.bench.measure import Operation, Pace, interleaved, percentile, timed
from tests.bench.places import Place
from tests.bench.replay import Bare, Statement
from tests.bench.report import Line, Report
from tests.bench.shelves import PAGE, Shelf

DEEP = 1000
"""The page that the lines name."""
NOISE = 0.25
IN_DATABASE_MS = 5.0
GROWTH = 1.5
BOUND = {"postgresql": COUNTED + 1, "sqlite": 15 * (COUNTED + 1)}
"""Keys that a count may read. SQLite does not tell; its virtual machine takes some ten steps for each."""
TIMES, WARM = 60, 5

BIG = HistoryQuery(customer="big")
FIVE = tuple(f"Person {n}" for n in range(1, 6))
THREE = ("task.created", "comment.added", "contact.added")


def stacks(size: Size) -> dict[str, HistoryQuery]:
    """Filters as people stack them, from none to all at once."""
    middle = (BEGIN + EVERY * (size.rows // 2)).date()
    day = Window(since=middle, until=middle)
    return {
        "no filter": BIG,
        "a common actor": BIG.filtered(actors=("hubspot",)),
        "a rare actor (3)": BIG.filtered(actors=("Rare Person",)),
        "a rare type": BIG.filtered(types=("pi.nudge",)),
        "actor and type, common": BIG.filtered(actors=("Person 7",), types=("task.created",)),
        "actor and type, rare pair (3)": BIG.filtered(actors=("pi",), types=(RARE_KIND,)),
        "5 actors": BIG.filtered(actors=FIVE),
        "3 types": BIG.filtered(types=THREE),
        "5 actors, 3 types": BIG.filtered(actors=FIVE, types=THREE),
        "20 actors, 11 types": BIG.filtered(
            actors=tuple(f"Person {n}" for n in range(1, PEOPLE // 2 + 1)), types=tuple(KINDS)
        ),
        "a source": BIG.filtered(actors=("slack",)),
        "an actor or a source": BIG.filtered(actors=("Person 3", "slack")),
        "not an actor": BIG.filtered(not_actors=("hubspot",)),
        "not a family": BIG.filtered(not_types=("customer",)),
        "one day, long ago": BIG.within(day),
        "3 actors, 3 types, that day": BIG.filtered(actors=FIVE[:3], types=THREE).within(day),
        "a field": BIG.filtered(fields=("plan",)),
        "two fields": BIG.filtered(fields=("plan", "owner")),
        "a rare field (3)": BIG.filtered(fields=(RARE_FIELD,)),
        "a field and a rare type": BIG.filtered(fields=("plan",), types=("pi.nudge",)),
        "a field and a rare actor": BIG.filtered(fields=("plan",), actors=("Rare Person",)),
        "5 actors, 3 types, a field, that day": BIG.filtered(
            actors=FIVE, types=("customer.field_changed", *THREE[:2]), fields=("plan",)
        ).within(day),
    }


async def run(place: Place, pace: Pace, report: Report, large: Shelf, little: Shelf) -> None:
    await stacked(place, report, large, little)
    await depth(place, report, large)
    await _against_peers(place, pace, report, large)


async def stacked(place: Place, report: Report, large: Shelf, little: Shelf, times: int = TIMES) -> None:
    """Every stack of filters, each so many times, and against the little database where that shows as many entries. worked: for how long
    the database itself had a processor, however busy the machine is.
    """
    size, small = large.size, little.size
    rows, slowest, growth, read = [], 0.0, 0.0, 0
    for name, query in stacks(size).items():
        page, statements = await large.statements((await large.page(query)).query)
        compared, same = await little.statements((await little.page(stacks(small)[name])).query)
        turns = await _turns(large.bare, _paging(statements), little.bare, _paging(same), times)
        counting = [one for one in statements if one.counts]
        keys = [await large.bare.keys(one) for one in counting]
        count_ms = await large.bare.seconds(counting) * 1000
        p99, grown = percentile(turns.here, 0.99), median(turns.here) / median(turns.there)
        slowest, read = max(slowest, p99), max([read, *keys])
        alike = len(compared.entries) == len(page.entries)
        if alike:
            growth = max(growth, grown)
        rows.append(
            (
                name,
                page.total,
                f"{median(turns.here):.2f}",
                f"{p99:.2f}",
                f"{grown:.2f}" if alike else "",
                f"{percentile(turns.worked, 0.99):.2f}",
                f"{median(turns.worked) / median(turns.worked_there):.2f}" if alike else "",
                f"{count_ms:.2f}" if counting else "",
                " + ".join(f"{n:,}" for n in keys),
            )
        )
    against = f"against {small.rows:,}"
    unit = "keys read" if place.dialect == "postgresql" else "steps"
    head = ("filter", "total", "page p50 ms", "p99 ms", against, "worked p99 ms", against, "count ms", f"count {unit}")
    title = f"3. Statements of a page, {place.name}, {size.rows:,} activities, {size.big:,} of one customer"
    report.table(title, head, rows)
    report.reach(
        Line(f"{place.name}: a page in the database, slowest p99, ms", slowest, IN_DATABASE_MS, None, at_most=True),
        Line(f"{place.name}: a page {against} activities, worst filter", growth, GROWTH, 0.35, at_most=True),
        Line(f"{place.name}: {unit} by one count", read, BOUND[place.dialect], 0.0, at_most=True),
    )


def _paging(statements: Sequence[Statement]) -> list[Statement]:
    """What finds and reads a page's rows, without the count for its heading."""
    return [one for one in statements if one.reads_the_log and not one.counts]


class _Taken(NamedTuple):
    """Milliseconds, one of each turn. worked: of a processor in the database."""

    here: list[float]
    there: list[float]
    worked: list[float]
    worked_there: list[float]


async def _turns(
    one: Bare, statements: Sequence[Statement], other: Bare, same: Sequence[Statement], times: int
) -> _Taken:
    taken = _Taken([], [], [], [])
    for turn in range(times + WARM):
        here, worked = await _taken(one, statements)
        there, worked_there = await _taken(other, same)
        if turn >= WARM:
            for found, seconds in zip(taken, (here, there, worked, worked_there), strict=True):
                found.append(seconds * 1000)
    return taken


async def _taken(one: Bare, statements: Sequence[Statement]) -> tuple[float, float]:
    before = one.worked()
    return await one.seconds(statements), one.worked() - before


async def depth(place: Place, report: Report, large: Shelf) -> None:
    """Pages far down, without a filter and with some, against the first."""
    size = large.size
    middle = Cursor(BEGIN + EVERY * (size.rows // 2), 0)
    rows, worst = [], 0.0
    for name in ("no filter", "a common actor", "5 actors", "a rare type", "a source", "a field", "not a family"):
        first = (await large.page(stacks(size)[name])).query
        _, top = await large.statements(first)
        deep = {"half way back": first.older_than(middle)}
        if name == "no filter":
            deep |= {f"page {n:,}": await large.deep(first, n) for n in (DEEP, 50_000) if n * PAGE <= size.big}
        for where, query in deep.items():
            _, below = await large.statements(query)
            turns = await _turns(large.bare, _paging(below), large.bare, _paging(top), TIMES)
            times = median(turns.here) / median(turns.there)
            worst = max(worst, times)
            worked = median(turns.worked) / median(turns.worked_there)
            rows.append((f"{name}, {where}", f"{median(turns.here):.2f}", f"{times:.2f}", f"{worked:.2f}"))
    head = ("page", "p50 ms", "against page 1", "worked, against it")
    report.table(f"3. Depth, {place.name}", head, rows)
    report.reach(Line(f"{place.name}: a deep page against page 1", worst, 1.2, 0.35, at_most=True))


async def _against_peers(place: Place, pace: Pace, report: Report, large: Shelf) -> None:
    size = large.size
    number = min(DEEP, size.big // PAGE)
    query = (await large.page(BIG)).query
    pages = {1: query, number: await large.deep(query, number)}
    arms = {f"Store.history, page {n:,}": timed(_repeated(large, page)) for n, page in pages.items()}
    async with AsyncExitStack() as stack:
        theirs = await peers.arms(stack, place, "feed", report, size.rows, size.share)
        if not theirs:
            return
        found = await interleaved(arms | theirs, pace)
    mine = found[f"Store.history, page {number:,}"]
    report.arms(f"3. Pages, {place.name}, {size.big:,} entries of {size.rows:,}", found.values(), mine, "pages/s")
    report.reach(
        *(
            Line(f"{place.name}: page {number:,} against {name}", mine.ratio(arm), 10.0, NOISE)
            for name, arm in found.items()
            if name.endswith(f"page {number:,}") and arm is not mine
        )
    )


def _repeated(shelf: Shelf, query: HistoryQuery) -> Operation:
    async def run(n: int) -> None:
        for _ in range(n):
            await shelf.page(query)

    return run
