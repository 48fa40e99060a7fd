"""What comes with the app: each piece at one version, known by its hashes, under a licence that lets a company run it."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import pytest

from tests.audit import judged

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt", ".ci/audit.txt")
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
    assert len(found) > 20
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


SOUND = {"name": "yarl", "version": "1.25.1", "vulns": []}
FAULTY = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"]}]}
UNKNOWN = {"name": "tzdata", "skip_reason": "Dependency not found on PyPI and could not be audited: tzdata (2026.6)"}


@pytest.mark.promise(id="S26")
@pytest.mark.parametrize(
    "report, good, says",
    [
        ([SOUND, FAULTY, UNKNOWN], False, "lock has known faults: jinja2 2.4.1: PYSEC-2014-8"),
        ([SOUND, UNKNOWN], True, "lock: nothing is known against 1 packages. NOT AUDITED: tzdata."),
        ([SOUND], True, "lock: nothing is known against 1 packages."),
        ([UNKNOWN, UNKNOWN], None, "NOT AUDITED lock: the advisory service knows none of its 2 packages from here."),
        ([], None, "NOT AUDITED lock: the advisory service knows none of its 0 packages from here."),
        ("Name or service not known", None, "NOT AUDITED lock: Name or service not known"),
    ],
)
def test_a_known_fault_fails_the_build_and_what_nobody_looked_at_is_said(
    report: Any, good: bool | None, says: str
) -> None:
    """`.ci/run` gives it what pip-audit found; there a pin is planted, too, that pip-audit has to find."""
    assert judged("lock", report if isinstance(report, str) else {"dependencies": report, "fixes": []}) == (good, says)
