"""A terminal: commands typed in this process, where many are tried, or as a process of their own, where that is what matters."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bot.cli.program import main
from bot.settings import Settings

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 600
"""Seconds; a process that takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: what it exited with, and what it said where."""

    code: int
    out: str
    err: str


Type = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing in the environment that Pivotal reads."""
    for name in (*Settings.model_fields, "tz", "columns", "no_color", "force_color"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def types(capfd: pytest.CaptureFixture[str]) -> Type:
    """Type a command, in this process."""

    def typed(*arguments: str) -> Ran:
        capfd.readouterr()
        code = main(list(arguments))
        return Ran(code, *capfd.readouterr())

    return typed


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def run(*arguments: str, **variables: str) -> Ran:
    """Run a command as a process of its own, in this folder."""
    done = subprocess.run(
        command(*arguments), env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def sample_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample in it, as `pivotal import --sample` puts it there."""
    path = tmp_path_factory.mktemp("sample") / "pivotal.db"
    shutil.copy(sqlite_template, path)
    assert run("import", "--sample", DATABASE_URL=f"sqlite:///{path}").code == 0
    return path


@pytest.fixture
def sample(sample_template: Path, tmp_path: Path) -> Path:
    """That database as the pivotal.db of this folder."""
    return Path(shutil.copy(sample_template, tmp_path / "pivotal.db"))
