"""What comes with the app: each piece at one version, known by its hashes, under a licence that lets a company run it."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")
PERMISSIVE = re.compile(
    r"Apache|Apache-2\.0|BSD|BSD-[23]-Clause|ISC|ISCL|MIT|PSF-2\.0|Python Software Foundation|Mozilla Public|MPL-2\.0|Unlicense|0BSD|MIT-0"
)
"""Of what the app runs on. MPL asks for the source of its own files only, and of those nothing is changed."""


def pins(lock: str) -> Iterator[tuple[str, str]]:
    """(name, what follows it up to the next one)"""
    parts = re.split(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==", (ROOT / lock).read_text(), flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def licences(about: PackageMetadata) -> list[str]:
    """As the package says it, in the newest way that it has."""
    for expression in about.get_all("License-Expression") or []:
        return [expression]
    marks = [each for each in about.get_all("Classifier") or [] if each.startswith("License ::")]
    return marks or about.get_all("License") or []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_piece_has_one_version_and_its_hashes(lock: str) -> None:
    found = dict(pins(lock))
    assert len(found) > 30
    for name, rest in found.items():
        assert re.match(r"[0-9][A-Za-z0-9.+!]*", rest), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest), name
    assert "://" not in (ROOT / lock).read_text()


def test_a_company_may_run_all_of_it() -> None:
    known = 0
    for name, _ in pins("requirements.txt"):
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue  # for another system than this one
        said = licences(about)
        assert any(PERMISSIVE.search(each) for each in said), (name, said)
        assert not any(re.search(r"GPL|AGPL|SSPL|Commons Clause", each) for each in said), (name, said)
        known += 1
    assert known > 30
