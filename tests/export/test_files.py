"""The file that an export is made in."""

import errno
import hashlib
import io
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest

from bot.exports import Caps, DiskFull, Tally, TooLarge, compressed, digest_of, file_name, unnamed_file
from store.domain.errors import NotFound
from tests.builders import NOW


def test_bytes_are_counted_and_hashed_as_they_pass() -> None:
    passed = io.BytesIO()
    tally = Tally(passed.write)
    tally(b"head", 0)
    tally(b"one\r\ntwo\r\n", 2)
    assert passed.getvalue() == b"headone\r\ntwo\r\n"
    assert (tally.made.rows, tally.made.size_bytes) == (2, 14)
    assert tally.made.sha256 == hashlib.sha256(passed.getvalue()).hexdigest()


def test_more_than_the_caps_allow_ends_it() -> None:
    for caps in (Caps(rows=2), Caps(size_bytes=10)):
        tally = Tally(lambda _piece: None, caps)
        tally(b"12345", 2)
        with pytest.raises(TooLarge):
            tally(b"123456", 1)


def test_a_full_disk_is_said_in_words() -> None:
    def full() -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFull, match="disk of this machine is full"), unnamed_file():
        full()


def test_nothing_is_left_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with unnamed_file() as file:
        file.write(b"x" * 100_000)
        file.flush()
        assert list(tmp_path.iterdir()) == []


def test_a_zip_holds_the_same_bytes(tmp_path: Path) -> None:
    content = b'"a","b"\r\n' * 50_000
    zipped, plain = tmp_path / "a.zip", tmp_path / "a.csv"
    plain.write_bytes(content)
    with zipped.open("wb") as into:
        compressed(io.BytesIO(content), into, "a.csv")
    assert zipped.stat().st_size < len(content) / 50
    assert digest_of(zipped) == digest_of(plain)
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr("b.csv", "more")
    with pytest.raises(NotFound):
        digest_of(zipped)


def test_a_file_is_named_by_ids_and_the_day_only() -> None:
    assert file_name("cus_k3v9x2m4q7wt", NOW) == "pivotal-history-cus_k3v9x2m4q7wt-2026-11-20.csv"
