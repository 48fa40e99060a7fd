"""`pivotal export`, `pivotal verify --file` and `pivotal apikey` as they are typed."""

import csv as standard
import json
import subprocess
from pathlib import Path

from store.access import KEY
from store.domain.rows import COLUMNS
from tests.cli.conftest import Type, _in_an_empty_folder, command, environment, run, sample, sample_template, types

__all__ = ["_in_an_empty_folder", "sample", "sample_template", "types"]


def test_a_file_holds_what_standard_output_gets(types: Type, sample: Path, tmp_path: Path) -> None:
    piped = types("export", "acme", "--actor", "pi")
    ran = types("export", "acme", "--actor", "pi", "-o", "acme.csv")
    assert (piped.code, ran.code, ran.err) == (0, 0, "")
    written = (tmp_path / "acme.csv").read_bytes()
    assert piped.out.encode() == written
    assert written.startswith(b'\xef\xbb\xbf"timestamp",')
    with (tmp_path / "acme.csv").open(newline="", encoding="utf-8-sig") as file:
        header, *found = standard.reader(file, strict=True)
    assert tuple(header) == COLUMNS
    assert {row[1] for row in found} == {"Pi"}
    assert f"{len(found)} rows" in ran.out
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []


def test_json_lines_are_objects_with_the_same_columns(types: Type, sample: Path) -> None:
    ran = types("export", "acme", "--30d", "--format", "jsonl")
    assert all([*json.loads(line)][:8] == [*COLUMNS] for line in ran.out.splitlines())


def test_a_file_tells_whether_it_is_whole(types: Type, sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "acme.csv"
    types("export", "acme", "-o", str(file))
    whole = types("verify", "--file", str(file))
    assert whole.code == 0
    assert "Complete and unaltered" in whole.out
    content = file.read_bytes()
    for altered in (content[:-20], content + b"\r\n", content.replace(b"Pi", b"Po", 1), b""):
        file.write_bytes(altered)
        ran = types("verify", "--file", str(file))
        assert ran.code == 1
        assert "is not a complete and unaltered export" in ran.err
    assert types("verify", "--file", str(tmp_path / "nothing.csv")).code == 1
    assert types("verify", "acme", "--file", str(file)).code == 2


def test_what_cannot_be_exported_is_said(types: Type, sample: Path) -> None:
    cases = {
        ("export",): (2, "Which customer?"),
        ("export", "nobody"): (1, "nobody"),
        ("export", "acme", "--table"): (2, "--table"),
        ("export", "acme", "--format", "xml"): (2, "csv or jsonl"),
        ("export", "acme", "-o", "no/such/folder.csv"): (1, "Can't write"),
    }
    for typed, (code, words) in cases.items():
        ran = types(*typed)
        assert (ran.code, ran.out) == (code, ""), typed
        assert words in ran.err


def test_whoever_reads_only_the_beginning_breaks_nothing(sample: Path) -> None:
    with subprocess.Popen(
        command("export", "acme"),
        env=environment(DATABASE_URL=f"sqlite:///{sample}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert run("verify", DATABASE_URL=f"sqlite:///{sample}").code == 0


def test_a_key_is_made_shown_once_listed_and_revoked(types: Type, sample: Path) -> None:
    made = types(
        "apikey", "create", "--name", "Till", "--scopes", "read,write", "--customer", "acme", "--expires", "90d"
    )
    assert (made.code, made.err) == (0, "")
    key = KEY.fullmatch(made.out.strip())
    assert key is not None
    listed = types("apikey", "list").out
    assert f"key_{key[1]}  Till  read,write  Acme" in listed
    assert "until 2" in listed
    assert key[2] not in listed
    assert "lets nobody in" in types("apikey", "revoke", f"key_{key[1]}").out
    assert "revoked 2" in types("apikey", "list").out


def test_a_key_that_cannot_be_made_is_said(types: Type, sample: Path) -> None:
    cases = {
        ("apikey", "make"): (2, "`create`, `list` or `revoke`"),
        ("apikey", "revoke"): (2, "Which key?"),
        ("apikey", "revoke", "key_nobody"): (1, "key_nobody"),
        ("apikey", "create", "--scopes", "all"): (2, "read, write or both"),
        ("apikey", "create", "--expires", "soon"): (2, "number of days"),
        ("apikey", "create", "--customer", "nobody"): (1, "nobody"),
    }
    for typed, (code, words) in cases.items():
        ran = types(*typed)
        assert (ran.code, ran.out) == (code, ""), typed
        assert words in ran.err, ran.err
