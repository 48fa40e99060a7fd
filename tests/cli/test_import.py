"""`pivotal import`: any file of lines, once, and on from where it stopped."""

import gc
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.cli.importing import BATCH, MAX_LINE
from tests.cli.conftest import Ran, Type, command, run
from tests.cli.screen import on_screen

CUSTOMER = {"type": "customer", "ref": "c", "name": "Customer"}


def an_activity(number: int, **said: Any) -> dict[str, Any]:
    return {
        "type": "activity",
        "customer": "c",
        "occurred_at": "2026-03-01T09:00:00Z",
        "actor": {"type": "user", "id": "sam", "name": "Sam Lee"},
        "source": "import",
        "event_type": "comment.added",
        "changes": [{"field": "comment", "new": f"Comment {number}"}],
        **said,
    }


def a_file(path: Path, activities: int, *more: str, end: str = "\n") -> Path:
    lines = [json.dumps(CUSTOMER), *(json.dumps(an_activity(number)) for number in range(activities)), *more]
    path.write_text(end.join(lines) + end)
    return path


def total(types: Type) -> str:
    return types("history", "c").out.split(",")[0]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return a_file(tmp_path / "lines.jsonl", 3)


def test_the_first_import_makes_the_database(types: Type, lines: Path) -> None:
    assert types("import", str(lines)) == Ran(0, "4 lines read, 3 activities added.\n", "")
    assert total(types) == "Customer: 3 activities"


def test_a_second_import_adds_nothing(types: Type, lines: Path) -> None:
    types("import", str(lines))
    again = types("import", str(lines))
    assert again.out == "4 lines read, 0 activities added, 3 were there already.\n"
    assert total(types) == "Customer: 3 activities"


def test_the_sample_is_imported_once(types: Type) -> None:
    first, again = types("import", "--sample"), types("import", "--sample")
    assert (first.code, again.code) == (0, 0)
    assert first.out == "354 lines read, 299 activities added.\n"
    assert again.out == "354 lines read, 0 activities added, 299 were there already.\n"


@pytest.mark.parametrize("name", ["lines.jsonl.gz", "misnamed.txt"])
def test_gzip_is_known_by_its_content(types: Type, lines: Path, name: str) -> None:
    zipped = lines.with_name(name)
    zipped.write_bytes(gzip.compress(lines.read_bytes()))
    assert types("import", name).out == "4 lines read, 3 activities added.\n"


def test_blank_lines_windows_ends_and_a_byte_order_mark_do_not_matter(types: Type, tmp_path: Path) -> None:
    lines = a_file(tmp_path / "lines.jsonl", 3, end="\r\n\r\n")
    lines.write_bytes(b"\xef\xbb\xbf" + lines.read_bytes())
    assert types("import", str(lines)).out == "4 lines read, 3 activities added.\n"


def test_an_empty_file_adds_nothing(types: Type, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert types("import", "empty") == Ran(0, "0 lines read, 0 activities added.\n", "")


BAD = {
    "no JSON": "oops",
    "no object": "[]",
    "no known type": '{"type": "invoice"}',
    "an unknown member": json.dumps({**CUSTOMER, "colour": "red"}),
    "a wrong type": json.dumps({**CUSTOMER, "health_score": "high"}),
    "a value out of range": json.dumps({**CUSTOMER, "health_score": 101}),
    "not a number": '{"type": "customer", "ref": "d", "name": "D", "fields": {"x": NaN}}',
    "a time without zone": json.dumps(an_activity(0, occurred_at="2026-03-01T09:00:00")),
    "an unknown customer": json.dumps(an_activity(0, customer="nobody")),
    "a contact without a name": json.dumps({"type": "contact", "customer": "c", "ref": "x"}),
    "a task of an unknown onboarding": json.dumps(
        {"type": "task", "customer": "c", "ref": "t", "title": "T", "onboarding": "x"}
    ),
    "a type that is no type": json.dumps(an_activity(0, event_type="Oops!")),
    "half a line": json.dumps(CUSTOMER)[:20],
    "bytes that are no text": "\udcff\udcfe",
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_a_line_that_does_not_fit_stops_with_its_number_and_reason(types: Type, tmp_path: Path, line: str) -> None:
    lines = a_file(tmp_path / "lines.jsonl", 3)
    lines.write_bytes(
        lines.read_bytes() + line.encode(errors="surrogateescape") + b"\n" + json.dumps(an_activity(9)).encode()
    )
    ran = types("import", str(lines))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Line 5: ")
    assert ran.err.endswith(
        " What stands before it is kept: 4 lines read, 3 activities added. Correct that line, and import the whole file again.\n"
    )
    assert ran.err.count("\n") == 1
    assert total(types) == "Customer: 3 activities"


def test_what_was_committed_stays_and_the_next_run_goes_on(types: Type, tmp_path: Path) -> None:
    lines = a_file(tmp_path / "lines.jsonl", BATCH + 500, "oops", json.dumps(an_activity(-1)))
    ran = types("import", str(lines))
    assert f"Line {BATCH + 502}: " in ran.err
    assert f"{BATCH + 500:,} activities added" in ran.err
    lines.write_text(lines.read_text().replace("oops\n", ""))
    assert (
        types("import", str(lines)).out
        == f"{BATCH + 502:,} lines read, 1 activity added, {BATCH + 500:,} were there already.\n"
    )


def test_a_line_without_an_end_is_not_read_into_memory(types: Type, tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(json.dumps(CUSTOMER).encode() + b"\n" + b"x" * (MAX_LINE + 2))
    ran = types("import", "long")
    assert ran.err.startswith(f"Line 2: it has more than {MAX_LINE:,} bytes.")


def test_a_gzip_file_that_was_cut_short_says_where(types: Type, lines: Path) -> None:
    lines.with_name("cut.gz").write_bytes(gzip.compress(lines.read_bytes())[:-20])
    ran = types("import", "cut.gz")
    assert ran.code == 1
    assert "the file cannot be read from there on" in ran.err
    assert "Traceback" not in ran.err


def test_a_pipe_is_closed_and_told_of_in_a_sentence(types: Type, tmp_path: Path) -> None:
    """What was left open would be a warning, and so an error here."""
    os.mkfifo(tmp_path / "pipe")
    other_end = os.open(tmp_path / "pipe", os.O_RDWR)  # without it, opening the pipe would wait
    try:
        ran = types("import", "pipe")
    finally:
        os.close(other_end)
    gc.collect()
    assert ran == Ran(1, "", "Can't read pipe: it is a pipe, and not a file.\n")


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        ([], 2, "I need either a FILE or `--sample`. Try `pivotal import --sample`."),
        (["x", "--sample"], 2, "I need either a FILE or `--sample`."),
        (["nothing.jsonl"], 1, "Can't read nothing.jsonl: No such file or directory."),
        (["."], 1, "Can't read .: Is a directory."),
        (["a", "b"], 2, "Try `pivotal import --help`."),
        (["--smaple"], 2, "No such option: --smaple"),
    ],
)
def test_what_is_wrong_is_one_sentence_on_stderr(types: Type, arguments: list[str], code: int, said: str) -> None:
    ran = types("import", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_terminal_shows_progress_and_a_pipe_does_not(lines: Path, types: Type) -> None:
    code, screen = on_screen(*command("import", str(lines)), width=80)
    assert code == 0
    assert "4 lines" in screen
    assert "100%" in screen
    assert types("import", str(lines)).err == ""


def test_both_databases_take_a_file_and_print_it(database_url: str, tmp_path: Path) -> None:
    lines = a_file(tmp_path / "lines.jsonl", BATCH + 1)
    first = run("import", str(lines), DATABASE_URL=database_url)
    assert first == Ran(0, f"{BATCH + 2:,} lines read, {BATCH + 1:,} activities added.\n", "")
    printed = run("history", "customer", "--type", "comment", DATABASE_URL=database_url)
    assert printed.out.startswith("Customer: 1,000+ activities of type comment")
    assert "commented: Comment" in printed.out
    verified = run("verify", DATABASE_URL=database_url)
    assert verified == Ran(0, f"Whole: {BATCH + 1:,} activities of 1 customer are as they were recorded.\n", "")
