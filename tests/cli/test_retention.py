"""`pivotal retention`: what is kept, what would go, and having it go; and what the other commands say then."""

import asyncio
from pathlib import Path

import pytest

from store import Store
from store.engine import connect
from tests.aging import grown_old
from tests.cli.conftest import Ran, Type
from tests.cli.test_database import changed
from tests.cli.test_workspaces import installed
from tests.conftest import STEADY

__all__ = ["installed"]


@pytest.fixture
def workspace(sample: Path) -> str:
    """The sample's, in which Acme's first hundred entries are 400 days old."""

    async def aged() -> str:
        database = connect(f"sqlite:///{sample}", patience=STEADY)
        store = Store(database)
        workspace = (await store.default_workspace()).id
        acme = await store.find_customer(workspace, "acme")
        await grown_old(database, workspace, acme.id, *[400] * 100)
        await database.close()
        return workspace

    return asyncio.run(aged())


def test_it_says_what_would_go_and_then_lets_it_go(types: Type, workspace: str) -> None:
    kept = f"{workspace}  default  keeps everything; 299 activities kept, 0 removed so far\n"
    assert types("retention") == Ran(0, kept, "")
    assert types("retention", "--now") == Ran(0, kept, "")
    assert types("settings", "set", "retention_days", "365") == Ran(0, "retention_days = 365\n", "")
    would = types("retention")
    assert would.out.startswith(
        f"{workspace}  default  keeps 365 days; 299 activities kept, 0 removed so far; 100 activities of 1 customer, recorded before "
    )
    assert would.out.endswith(" UTC, would go\n")
    assert types("verify").out == "Whole: 299 activities of 6 customers are as they were recorded.\n"
    done = f"{workspace}  default  keeps 365 days; 199 activities kept, 100 removed so far; 100 activities of 1 customer just now\n"
    assert types("retention", "--now") == Ran(0, done, "")
    assert types("verify").out == (
        "Whole: 199 activities of 6 customers are as they were recorded. 100 older ones were removed for their age; the chain verifies "
        "from there.\n"
    )
    assert ", would go\n" in types("retention").out
    assert "nothing, recorded before" in types("retention").out
    assert types("settings", "set", "retention_days", "") == Ran(0, "retention_days = None\n", "")


def test_a_slip_is_refused_with_a_sentence(types: Type, workspace: str) -> None:
    ran = types("settings", "set", "retention_days", "3")
    said = (
        "`retention_days`: a history is kept for at least 30 days, lest a slip should delete it. Nothing was changed.\n"
    )
    assert (ran.code, ran.out, ran.err) == (2, "", said)


def test_the_other_commands_say_since_when_it_is_kept(types: Type, workspace: str) -> None:
    types("settings", "set", "retention_days", "365")
    types("retention", "--now")
    told = "What was recorded up to "
    page = types("history", "acme")
    assert told not in page.out
    while "Older" in page.out:
        older = page.out.partition("\nOlder")[2].split("\n")[0].split()
        page = types(*older[1:])
    assert told in page.out
    assert told in types("export", "acme", "-o", "acme.csv").out
    assert told not in types("export", "acme", "--30d", "-o", "lately.csv").out
    assert types("verify", "--file", "acme.csv").code == 0
    assert "is no longer known. What was recorded up to" in types("show", "acme", "--at", "2001-01-01").out
    assert "(older entries are no longer kept)" in types("blame", "acme").out
    backed = types("backup", "a.backup")
    assert backed.code == 0
    assert types("move", "--to", "sqlite:///moved.db").code == 0


def test_a_history_that_was_tampered_with_is_left_for_somebody_to_look_at(
    types: Type, workspace: str, sample: Path
) -> None:
    acme = "(SELECT id FROM customer WHERE slug = 'acme-corp')"
    changed(sample, f"UPDATE activity SET text = 'it was never so' WHERE seq = 5 AND customer_id = {acme}")
    types("settings", "set", "retention_days", "365")
    ran = types("retention", "--now")
    assert ran.code == 1
    assert "299 activities kept" in ran.out
    assert "entry 5: its changes or text are not those that were recorded." in ran.err
    assert "see what `pivotal verify` says" in ran.err


async def test_of_several_workspaces_each_has_its_line_or_the_one_that_is_named(
    types: Type, installed: dict[str, str]
) -> None:
    ran = await asyncio.to_thread(types, "retention")
    assert [line.split()[0] for line in ran.out.splitlines()] == list(installed.values())
    ran = await asyncio.to_thread(types, "--workspace", installed["acme"], "retention", "--now")
    assert [line.split()[0] for line in ran.out.splitlines()] == [installed["acme"]]
    unknown = await asyncio.to_thread(types, "--workspace", "wsp_x", "retention")
    assert unknown == Ran(1, "", "There is no workspace `wsp_x`. `pivotal workspaces` lists them.\n")
