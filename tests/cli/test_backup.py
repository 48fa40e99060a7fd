"""`pivotal backup`, `restore`, `erasures` and `move`, as somebody at a terminal types them."""

import asyncio
import json
import re
import stat
from pathlib import Path

import pytest

from store import Store
from store.domain.activity import PI, Source
from store.domain.record import By
from store.engine import connect
from tests.cli.conftest import Ran, Type, command, run
from tests.cli.screen import on_screen

EMPTY = "sqlite:///new.db"


@pytest.fixture
def saved(types: Type, sample: Path) -> Path:
    """A backup of the sample, which is the pivotal.db of this folder."""
    file = sample.parent / "monday.backup"
    ran = types("backup", str(file))
    assert (ran.code, ran.err) == (0, "")
    return file


@pytest.fixture
def new(saved: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That backup, and DATABASE_URL names a database that does not exist yet."""
    monkeypatch.setenv("DATABASE_URL", EMPTY)
    return saved


def test_a_backup_is_its_owners_and_is_never_written_over(types: Type, saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [each.name for each in saved.parent.glob("*backup*")] == ["monday.backup"]
    before = saved.read_bytes()
    said = f"{saved} is there already. Name a new file: a backup is never written over.\n"
    assert types("backup", str(saved)) == Ran(1, "", said)
    assert saved.read_bytes() == before


def test_it_says_how_much_it_has(types: Type, sample: Path) -> None:
    ran = types("backup", "b")
    assert re.fullmatch(r"b: 1,\d{3} rows at schema \d{4}\.\n", ran.out)
    assert (sample.parent / "b").exists()


def test_what_was_backed_up_can_be_restored_and_used(types: Type, new: Path) -> None:
    ran = types("restore", str(new), "--no-erasures")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(
        r"new\.db: 1,\d{3} rows, 299 activities of 6 customers, each verified, as of 20\S+\.\n", ran.out
    )
    assert types("verify").out == "Whole: 299 activities of 6 customers are as they were recorded.\n"
    assert "Acme Corp: 5 activities by Pi" in types("history", "acme", "--actor", "pi", "--90d").out


@pytest.mark.parametrize("said", [[], ["--no-erasures", "--erasures", "e"]])
def test_nobody_who_was_erased_comes_back_by_an_oversight(types: Type, new: Path, said: list[str]) -> None:
    ran = types("restore", str(new), *said)
    assert ran.code == 2
    assert "Write `--erasures FILE` with what `pivotal erasures` has listed, or `--no-erasures`" in ran.err
    assert not (new.parent / "new.db").exists()


@pytest.mark.promise(id="R20")
def test_the_list_of_the_erased_keeps_them_erased_to_the_last_byte(
    types: Type, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the file of the restored database, its log and its free pages, too."""
    folder = saved.parent
    (name, contact, customer) = asyncio.run(_erase_somebody(f"sqlite:///{folder / 'pivotal.db'}"))
    assert types("erasures").code == 0
    assert types("erasures", "-o", "erased").code == 0
    text = (folder / "erased").read_text()
    assert text == types("erasures").out
    assert (contact, customer) in {
        (json.loads(line)["contact"], json.loads(line)["customer"]) for line in text.splitlines()
    }
    assert name not in text
    monkeypatch.setenv("DATABASE_URL", EMPTY)
    ran = types("restore", str(saved), "--erasures", "erased")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(" 1 erased again.\n")
    held = b"".join(each.read_bytes() for each in folder.glob("new.db*"))
    assert name.encode() not in held
    assert types("verify").code == 0
    monkeypatch.setenv("DATABASE_URL", "sqlite:///unlike.db")
    assert types("restore", str(saved), "--no-erasures").code == 0
    assert name.encode() in (folder / "unlike.db").read_bytes()


async def _erase_somebody(url: str) -> tuple[str, str, str]:
    """Erase the first contact of Acme. Returns the name, and the ids of the contact and the customer."""
    database = connect(url)
    store = Store(database)
    workspace = (await store.default_workspace()).id
    acme = (await store.find_customer(workspace, "acme")).id
    contact = (await store.records.contacts(workspace, acme))[0]
    await store.records.erase_contact(workspace, acme, contact.id, By(actor=PI, source=Source.CLI))
    await database.close()
    return contact.name, contact.id, acme


@pytest.mark.parametrize(
    "content, said",
    [
        (None, "Can't read gone: No such file or directory.\n"),
        (b"{}\n", "gone is not a backup of Pivotal. `pivotal backup FILE` makes one.\n"),
    ],
)
def test_a_file_that_is_no_backup_is_one_sentence(types: Type, new: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (new.parent / "gone").write_bytes(content)
    assert types("restore", "gone", "--no-erasures") == Ran(1, "", said)


def test_a_file_that_was_cut_off_is_one_sentence(types: Type, new: Path) -> None:
    new.write_bytes(new.read_bytes()[:2000])
    said = f"{new} ends in the middle: it was cut off. Take another backup.\n"
    assert types("restore", str(new), "--no-erasures") == Ran(1, "", said)
    assert not (new.parent / "new.db").exists()


@pytest.mark.parametrize(
    "content, code, said",
    [
        (None, 1, "Can't read erased: No such file or directory.\n"),
        (b"{}\n", 1, "Line 1: it is not one of `pivotal erasures`.\n"),
        (b"\xff\xfe", 2, "erased is not what `pivotal erasures` lists.\n"),
    ],
)
def test_a_list_that_is_none_is_one_sentence(
    types: Type, new: Path, content: bytes | None, code: int, said: str
) -> None:
    if content is not None:
        (new.parent / "erased").write_bytes(content)
    assert types("restore", str(new), "--erasures", "erased") == Ran(code, "", said)
    assert not (new.parent / "new.db").exists()


def test_a_database_that_is_in_use_is_left_alone(types: Type, saved: Path) -> None:
    said = "That database is not empty: something is in it. Name a new one; nothing was changed.\n"
    assert types("restore", str(saved), "--no-erasures") == Ran(1, "", said)
    assert types("move", "--to", "sqlite:///pivotal.db") == Ran(1, "", said)


def test_where_it_cannot_be_written_it_says_so(types: Type, saved: Path) -> None:
    assert saved.exists()
    assert types("backup", "no/such/folder") == Ran(1, "", "Can't write no/such/folder: No such file or directory.\n")
    assert types("move", "--to", "mysql://h/d").err.startswith("--to: mysql is not a database Pivotal knows.")
    assert types("move", "--to", "sqlite:///no/folder.db").err.startswith("There is no folder no for the database.")


def test_everything_moves_to_another_database_and_back(types: Type, sample: Path, empty_url: str) -> None:
    """And what can be looked up there is what could be looked up here."""
    asked = ("history", "acme", "--as", "Sam Lee"), ("verify",), ("blame", "acme")
    before = [types(*each) for each in asked]
    moved = types("move", "--to", empty_url)
    assert (moved.code, moved.err) == (0, "")
    assert "299 activities of 6 customers, each verified. Set DATABASE_URL to it." in moved.out
    assert "password" not in moved.out
    there = [run(*each, DATABASE_URL=empty_url) for each in asked]
    assert there == before
    back = run("move", "--to", "sqlite:///back.db", DATABASE_URL=empty_url)
    assert back.code == 0
    assert [run(*each, DATABASE_URL="sqlite:///back.db") for each in asked] == before
    assert (sample.parent / "back.db").exists()


@pytest.mark.usefixtures("sample")
def test_a_terminal_sees_how_far_it_is() -> None:
    code, screen = on_screen(*command("backup", "b"), width=80)
    assert code == 0
    assert re.search(r"1,\d{3} rows .*100%", screen)
