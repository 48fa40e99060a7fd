"""`pivotal history`: the same feed, the same grammar, the same sentences as in Slack."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from bot.cli.feed import Typed
from store.domain.grammar import parse_history
from store.domain.query import HistoryQuery
from store.domain.words import from_arguments
from tests.cli.conftest import PATIENCE, Type, command, environment, run
from tests.cli.screen import on_screen, widest
from tests.domain.queries import queries

pytestmark = pytest.mark.usefixtures("sample")

ALL = 171
"""Activities of the sample's Acme."""


def seqs(out: str) -> list[int]:
    return [int(found) for found in re.findall(r"^ *(\d+)  ", out, re.MULTILINE)]


def leads(out: str, label: str) -> list[str]:
    """The arguments of the command that leads on, without `pivotal`."""
    found = re.search(rf"^{label} +pivotal (.*)$", out, re.MULTILINE)
    return shlex.split(found[1]) if found else []


# --- what is printed --------------------------------------------------------------------------------------------------


def test_the_feed_is_a_table_under_its_summary(types: Type) -> None:
    ran = types("history", "acme")
    assert (ran.code, ran.err) == (0, "")
    summary, _, heads, first, *_ = ran.out.splitlines()
    assert summary.startswith(f"Acme Corp: {ALL} activities, all time")
    assert heads.split() == ["#", "When", "Who", "Type", "What"]
    assert re.match(
        r"171  💬  .*  Mara Núñez  +customer.field_changed  changed renewal: March → March, verbally agreed", first
    )
    assert len(seqs(ran.out)) == 10


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["acme", "--actor", "pi", "--90d"], "5 activities by Pi, last 90 days ("),
        (
            ["acme", "--type", "onboarding", "--not-type", "started,phase_moved"],
            "No activities of type onboarding, not of type started or phase_moved",
        ),
        (["acme", "--type", "history.exported"], "1 activity of type history.exported, all time"),
        (["Acme", "Corp", "--actor", "田中 葵"], "activities by 田中 葵, all time"),
        (["acme", "--actor", "pi,Sam Lee"], "activities by Pi or Sam Lee, all time"),
        (["acme", "--actor", 'pi,"Sam Lee"'], "activities by Pi or Sam Lee, all time"),
        (["acme", "—actor", "pi"], "activities by Pi, all time"),
        (["acme.com", "--field", "plan"], "2 activities that changed plan, all time"),
        (["Müller & Söhne"], "Müller & Söhne: 27 activities, all time"),
        (["acme", "--from", "2024-01-01", "--to", "2024-12-31"], "No activities, 1 Jan 2024 to 31 Dec 2024 ("),
        (["acme", "--actor", "me", "--as", "sam lee"], "activities by "),
        (["acme", "--as=Sam Lee", "--actor", "me"], "activities by "),
    ],
)
def test_filters_are_told_in_words(types: Type, arguments: list[str], said: str) -> None:
    ran = types("history", *arguments)
    assert (ran.code, ran.err) == (0, "")
    assert said in ran.out.splitlines()[0]


def test_without_a_result_it_says_which_filter_to_widen(types: Type) -> None:
    ran = types("history", "acme", "--actor", "stripe", "--type", "comment")
    assert "Widen the actors or the types to see more." in ran.out
    assert "The last activity was on" in ran.out


def test_an_edit_of_several_fields_expands(types: Type) -> None:
    closed = types("history", "acme", "--actor", "Mara Núñez", "--field", "renewal")
    assert "changed 3 fields (tags, renewal, health_score)" in closed.out
    opened = types(*leads(closed.out, "Details"))
    assert "renewal: March, at risk → March" in opened.out
    assert "tags: −at-risk-review" in opened.out
    assert "health_score: 73 → 78" in opened.out
    assert "by way of Slack" in opened.out


def test_a_removed_contact_has_no_name(types: Type) -> None:
    out = types("history", "acme", "--type", "contact").out
    assert "removed a contact for good" in out
    assert "added a contact: removed contact" in out


# --- leading on -------------------------------------------------------------------------------------------------------


def test_older_leads_to_the_end_and_newer_back(types: Type) -> None:
    ran = types("history", "acme")
    pages = [seqs(ran.out)]
    while older := leads(ran.out, "Older"):
        ran = types(*older)
        assert ran.out.splitlines()[0].startswith(f"Acme Corp: {ALL} activities")
        pages.append(seqs(ran.out))
    assert [seq for page in pages for seq in page] == list(range(ALL, 0, -1))
    back = types(*leads(ran.out, "Newer"))
    assert seqs(back.out) == pages[-2]


def test_what_leads_on_keeps_the_filters_and_the_person(types: Type) -> None:
    ran = types("history", "acme", "--actor", "me,Mara Núñez", "--not-type", "task", "--as", "Sam Lee")
    older = leads(ran.out, "Older")
    assert older[:6] == ["history", "acme", "--actor", "me,Mara Núñez", "--not-type", "task"]
    assert older[-2:] == ["--as", "Sam Lee"]


@given(query=queries())
def test_a_printed_command_means_what_it_stands_for(query: HistoryQuery) -> None:
    """Whatever stands in it: the shell cuts it, and the grammar reads the same query."""
    program, word, *arguments = shlex.split(Typed(query).command(query))
    assert (program, word) == ("pivotal", "history")
    assert parse_history(from_arguments(arguments)) == query


# --- what is wrong ----------------------------------------------------------------------------------------------------

WRONG = [
    ([], 2, "Which customer? I know Acme Corp (`acme-corp`), Globex"),
    (["--30d"], 2, "Which customer?"),
    ([""], 2, "The customer's name is empty. Try `pivotal history"),
    (["nosuch"], 1, "I don't know a customer `nosuch`."),
    (["acne"], 1, "Did you mean Acme Corp (`acme-corp`)"),
    (["%"], 1, "I don't know a customer `%`."),
    (
        ["acme", "--actr", "pi"],
        2,
        "I read `--actr`, which is not a filter. Did you mean `--actor`? Try `pivotal history",
    ),
    (["acme", "-x"], 1, "I don't know a customer `acme -x`."),
    (["acme", "--actor"], 2, "`--actor` needs a value."),
    (["acme", "--actor", "pi,"], 2, "empty value in `--actor`"),
    (["acme", "--actor", "me"], 2, "In a terminal add `--as NAME`."),
    (["acme", "--actor", "me", "--as", "Nobody"], 1, "I don't know a person `Nobody`."),
    (["acme", "--as"], 2, "--as"),
    (["acme", "--actor", "Sam Leee"], 1, "Sam Lee?"),
    (["acme", "--type", "nudgee"], 1, "Did you mean"),
    (["acme", "--field", "plam"], 1, "Did you mean"),
    (["acme", "--7d", "--30d"], 2, "There are two windows"),
    (["acme", "--0d"], 2, "Say `--1d` to `--3650d`."),
    (["acme", "--30"], 2, "Did you mean `--30d`"),
    (["acme", "--from", "2026-02-30"], 2, "no such day"),
    (["acme", "--from", "01/02/2026"], 2, "rite year, month and day"),
    (["acme", "--from", "2026-03-01", "--to", "2026-01-01"], 2, "That range ends before it begins"),
    (["acme", "--before", "yesterday"], 2, "not a place in a history"),
    (["acme", "--open", "x"], 2, "not an entry's number"),
    (["acme", "--30d", "globex"], 2, "where a filter should stand"),
    (['"acme'], 2, "is not closed"),
    (["a" * 5000], 2, "characters; I read up to"),
    (["\x1b[31mred"], 1, "I don't know a customer"),
    (["acme", "\udcff"], 2, "character"),
]


@pytest.mark.parametrize("arguments, code, said", WRONG)
def test_what_is_wrong_is_one_sentence_on_stderr(types: Type, arguments: list[str], code: int, said: str) -> None:
    ran = types("history", *arguments)
    assert ran.code == code
    assert ran.out == ""
    assert said in ran.err
    assert "/pivotal" not in ran.err
    assert ran.err.count("\n") == 1
    assert "\x1b" not in ran.err


def test_a_database_that_is_not_there_is_not_made(types: Type, sample: Path) -> None:
    sample.unlink()
    ran = types("history", "acme")
    assert ran.code == 1
    assert (
        ran.err
        == "There is no database pivotal.db yet. `pivotal import --sample` makes one; DATABASE_URL names another.\n"
    )
    assert not sample.exists()


# --- stored text ------------------------------------------------------------------------------------------------------

NASTY = {
    "colours": "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "markup": "[bold]not bold[/bold] [link=http://x]x[/link] :smile:",
    "lines": "first\nsecond\r\nthird\ttab",
    "direction": "abc\u202egnp.exe",
    "hebrew": "שלום עולם",
    "family": "👩‍👩‍👧 flag 🇩🇪 combining e\u0301",
    "long": "x" * 4000,
}


@pytest.fixture
def nasty(sample: Path, types: Type) -> None:
    lines: list[dict[str, Any]] = [{"type": "customer", "ref": "n", "name": "Nasty [red]Ltd[/red]\x1b[7m"}]
    lines += [
        {
            "type": "activity",
            "customer": "n",
            "occurred_at": "2026-03-01T09:00:00Z",
            "actor": {"type": "user", "id": "eve", "name": "Eve [blink]\x1b[5m"},
            "source": "api",
            "event_type": "customer.field_changed",
            "changes": [{"field": name, "old": None, "new": text}],
        }
        for name, text in NASTY.items()
    ]
    sample.with_name("nasty.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert types("import", "nasty.jsonl").code == 0


@pytest.mark.usefixtures("nasty")
def test_stored_text_cannot_steer_the_terminal(types: Type) -> None:
    everything = ",".join(str(seq) for seq in range(1, len(NASTY) + 1))
    for more in ([], ["--open", everything]):
        ran = types("history", "n", *more)
        assert ran.code == 0
        assert set(re.findall(r"[^\x20-\U0010ffff]", ran.out)) == {"\n"}
        assert "\u202e" not in ran.out
        assert "Nasty [red]Ltd[/red]" in ran.out
        assert "[bold]not bold[/bold]" in ran.out
        assert ":smile:" in ran.out


@pytest.mark.usefixtures("nasty")
def test_an_opened_entry_shows_its_value_in_full(types: Type) -> None:
    ran = types("history", "n", "--open", "1,3,5,6,7")
    assert "x" * 4000 in ran.out
    assert "שלום עולם" in ran.out
    assert NASTY["family"] in ran.out
    assert re.search(r"first\n +second\\r\n +third\\ttab", ran.out)
    assert r"\x1b[31mred" in ran.out


# --- terminals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [50, 80, 120])
def test_it_fits_the_terminal(width: int) -> None:
    code, screen = on_screen(*command("history", "acme", "--actor", "pi,Mara Núñez", "--30d"), width=width)
    assert code == 0
    assert "\x1b[" in screen
    table = re.split(r"\n\S*(?:Details|Older) ", screen)[0].split("\n", 1)[1]
    assert widest(table) <= width
    assert "Suggest" in screen


def test_piped_it_has_no_colour_and_one_line_for_each_entry() -> None:
    ran = run("history", "acme")
    assert "\x1b" not in ran.out
    lines = ran.out.splitlines()
    assert len(lines) == 1 + 1 + 1 + 10 + 1 + 2 - ("Details" not in ran.out)
    assert all(line == line.rstrip() for line in lines)


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    """As in `pivotal history acme | head -1`."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        command("history", "acme"), env=environment(), stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    os.close(reading)
    _, err = process.communicate(timeout=PATIENCE)
    assert err == ""


def test_a_terminal_without_unicode_gets_the_rest(sample: Path) -> None:
    ran = run("history", "acme", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "Mara N\\xfa\\xf1ez" in ran.out


def test_days_are_those_of_the_systems_zone() -> None:
    """The sample's Stripe invoices of 58 working days ago were paid at 00:12 UTC: in New York that was the day before."""
    here = run("history", "acme", "--actor", "stripe", TZ="UTC").out
    there = run("history", "acme", "--actor", "stripe", TZ="America/New_York").out
    assert "all time (times in UTC)" in here
    assert "all time (times in America/New_York)" in there
    assert re.search(r"00:12 .* invoice", here)
    assert re.search(r"(19|20):12 .* invoice", there)


def test_a_zone_without_a_name_is_refused() -> None:
    ran = run("history", "acme", TZ="Middle/Earth")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "TZ must be the name of a zone. Write one such as `Europe/Berlin`.\n"
