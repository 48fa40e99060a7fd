"""`pivotal manifest` prints what Slack asks for, and nothing else."""

from pathlib import Path

import pytest
import yaml

from bot.manifest import manifest
from tests.cli.conftest import ROOT, Type


def test_by_default_it_is_the_file_in_the_repository(types: Type) -> None:
    ran = types("manifest")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == Path(ROOT, "manifest.yml").read_text()
    assert types("manifest", "--socket").out == ran.out


def test_with_an_address_slack_calls_it(types: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    given = types("manifest", "--url", "https://pivotal.example.com").out
    assert yaml.safe_load(given) == manifest(url="https://pivotal.example.com")
    monkeypatch.setenv("PUBLIC_URL", "https://pivotal.example.com/")
    assert types("manifest").out == given
    assert yaml.safe_load(types("manifest", "--socket").out) == manifest()


@pytest.mark.parametrize(
    "arguments",
    [["--url", "http://pivotal.example.com"], ["--url", "pivotal"], ["--url", ""], ["--socket", "--url", "https://x"]],
)
def test_an_address_that_slack_cannot_call_is_refused(types: Type, arguments: list[str]) -> None:
    ran = types("manifest", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
