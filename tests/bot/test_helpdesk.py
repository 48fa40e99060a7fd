"""The help desk's real history, imported: what Slack shows is what a plain count over the file gives."""

import asyncio
import gzip
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from store import Store
from store.domain.activity import PI
from store.engine import JOB, connect
from store.importing import Importer, parse_line
from tests.bot.conftest import Pivotal
from tests.bot.feeds import command, count, seqs, to_the_end
from tests.builders import an_activity
from tests.conftest import _administer, str_url

FILE: Final = Path(__file__).parents[2].parent / "shared" / "data" / "helpdesk.jsonl.gz"
BATCH: Final = 2000
BERLIN: Final = ZoneInfo("Europe/Berlin")

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="the help desk's history lies beside the project, and is not there"
)

Line = Mapping[str, Any]


@pytest.fixture(scope="module")
def lines() -> Sequence[Line]:
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


async def _imported(url: str, lines: Sequence[Line]) -> None:
    database = connect(url, patience=JOB)
    store = Store(database)
    importer = Importer((await store.default_workspace()).id)
    parsed = [parse_line(number, json.dumps(line)) for number, line in enumerate(lines, 1)]
    for start in range(0, len(parsed), BATCH):
        _, bad = await store.import_lines(importer, parsed[start : start + BATCH])
        assert bad is None
    await database.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, lines: Sequence[Line]
) -> Iterator[str]:
    """In place of the empty database of other tests: one for all of these, with the whole file in it."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("helpdesk") / "pivotal.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        asyncio.run(_imported(f"sqlite:///{path}", lines))
        yield f"sqlite:///{path}"
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    name = f"helpdesk_{uuid4().hex[:12]}"
    asyncio.run(_administer(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = str_url(server.set(database=name))
    asyncio.run(_imported(url, lines))
    yield url
    asyncio.run(_administer(server, f"DROP DATABASE {name} WITH (FORCE)"))


def shown_as(total: int) -> str:
    return "No" if total == 0 else "1,000+" if total > 1000 else f"{total:,}"


def day(line: Line) -> date:
    """The day of a reader in Berlin."""
    return datetime.fromisoformat(line["occurred_at"]).astimezone(BERLIN).date()


def changed(line: Line) -> set[str]:
    return {change["field"] for change in line["changes"]}


FILTERS: Final[Mapping[str, Callable[[Line], bool]]] = {
    "": lambda _: True,
    "--type phase_moved --from 2012-01-01 --to 2012-12-31": (
        lambda line: line["event_type"] == "onboarding.phase_moved" and day(line).year == 2012
    ),
    "--type task": lambda line: line["event_type"].startswith("task."),
    "--type task.created,field_changed --not-actor 'Agent 1'": (
        lambda line: line["event_type"] in {"task.created", "customer.field_changed"} and line["actor"]["name"] != "Agent 1"
    ),
    "--actor 'Agent 1','Agent 2',\"agent 3\"": lambda line: line["actor"]["name"] in {"Agent 1", "Agent 2", "Agent 3"},
    "--actor 'Agent 1' --type phase_moved --from 2011-06-01": (
        lambda line: line["actor"]["name"] == "Agent 1" and line["event_type"] == "onboarding.phase_moved" and day(line) >= date(2011, 6, 1)
    ),
    "--not-type phase_moved --to 2012-03-31": lambda line: line["event_type"] != "onboarding.phase_moved" and day(line) <= date(2012, 3, 31),
    "--field phase --from 2012-03-25 --to 2012-03-25": lambda line: "phase" in changed(line) and day(line) == date(2012, 3, 25),
    "--field service_level,seriousness_2": lambda line: bool({"service_level", "seriousness_2"} & changed(line)),
    "--not-type task --not-actor 'Agent 1','Agent 2' --from 2010-01-01 --to 2013-12-31": (
        lambda line: not line["event_type"].startswith("task.")
        and line["actor"]["name"] not in {"Agent 1", "Agent 2"}
        and 2010 <= day(line).year <= 2013
    ),
    "--7d": lambda _: False,
}  # fmt: skip


def customers_by_activity(lines: Sequence[Line]) -> list[int]:
    busy = Counter(line["customer"] for line in lines if line["type"] == "activity").most_common()
    return [int(customer.removeprefix("customer-")) for customer, _ in busy]


def some_customers(lines: Sequence[Line]) -> list[int]:
    """22, the busiest, one in the middle and one that hardly ever asked."""
    busy = customers_by_activity(lines)
    return list(dict.fromkeys([22, busy[0], busy[2], busy[len(busy) // 2], busy[-1]]))


async def test_every_stack_of_filters_counts_what_a_plain_count_over_the_file_does(
    pivotal: Pivotal, lines: Sequence[Line]
) -> None:
    """Every one that names nobody and no field unknown to that customer: for those there is a sentence instead."""
    compared = 0
    for customer in some_customers(lines):
        mine = [line for line in lines if line["type"] == "activity" and line["customer"] == f"customer-{customer}"]
        fields = set[str]().union(*map(changed, mine))
        for flags, counts in FILTERS.items():
            shown = await pivotal.says(f'/pivotal history "Customer {customer}" {flags}')
            if "service_level" in flags and not {"service_level", "seriousness_2"} <= fields:
                assert "has changed here." in shown.plain or count(shown) == shown_as(sum(map(counts, mine)))
                continue
            assert shown.text.startswith(f"Customer {customer}: "), (customer, flags)
            assert count(shown) == shown_as(sum(map(counts, mine))), (customer, flags)
            compared += 1
    assert compared >= 40


async def test_pages_lead_to_the_end_without_gap_or_repeat_while_rows_are_added(
    pivotal: Pivotal, lines: Sequence[Line]
) -> None:
    """To a customer whom no other of these tests counts."""
    busy = customers_by_activity(lines)[1]
    mine = [line for line in lines if line["type"] == "activity" and line["customer"] == f"customer-{busy}"]
    total = sum(line["event_type"] == "onboarding.phase_moved" and day(line).year == 2012 for line in mine)
    assert total > 50
    shown = await pivotal.says(
        f'/pivotal history "Customer {busy}" --type phase_moved --from 2012-01-01 --to 2012-12-31'
    )
    found = seqs(shown)
    newer = an_activity("onboarding.phase_moved", actor=PI, occurred_at=datetime(2012, 12, 31, 22, 59, tzinfo=UTC))
    while "Older →" in shown.buttons:
        await pivotal.remembers(f"Customer {busy}", newer)
        shown = await shown.click("Older →")
        found += seqs(shown)
    assert len(found) == total
    assert len(set(found)) == total


async def test_every_click_gives_the_rows_of_its_command_typed_by_hand(pivotal: Pivotal) -> None:
    first = await pivotal.says('/pivotal history "Customer 22"')
    agent = next(each for each in await first.options("Actors") if each.startswith("Agent"))
    shown = await first.choose("Actors", [agent])
    assert seqs(shown) == seqs(await pivotal.says(f'/pivotal history customer-22 --actor "{agent}"'))
    shown = await shown.choose("Event types", ["onboarding.phase_moved"])
    assert seqs(shown) == seqs(await pivotal.says(f'/pivotal history customer-22 --type phase_moved --actor "{agent}"'))
    shown = await (await shown.choose("Dates", "Custom…")).pick_date("history:filter:from", "2011-01-01")
    shown = await shown.pick_date("history:filter:to", "2012-12-31")
    typed = f'/pivotal history customer-22 --from 2011-01-01 --to 2012-12-31 --actor "{agent}" --type onboarding.phase_moved'
    assert (shown.text, seqs(shown)) == ((await pivotal.says(typed)).text, seqs(await pivotal.says(typed)))
    copied = command(await shown.menu("Copy as command"))
    assert await to_the_end(await pivotal.says(copied)) == await to_the_end(shown)
