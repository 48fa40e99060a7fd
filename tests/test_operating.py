"""README's chapter for whoever runs it: each command after a mark is run here as it is written, one after the other.

`<!-- run -->` commands that end; `<!-- start -->` processes that stay, which are started and told to stop. The PostgreSQL that the chapter
writes as an example is one that the tests start.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bot.sandbox import StandInSlack
from bot.settings import Settings
from tests.conftest import _administer, str_url
from tests.test_readme import TEXT

ROOT: Final = Path(__file__).parents[1]
EXAMPLE: Final = "postgresql://user:password@host/database"
PATIENCE: Final = 600
"""Seconds; a process that takes longer hangs."""


def marked(mark: str) -> list[str]:
    """The commands in the blocks after this mark."""
    blocks = re.findall(rf"<!-- {mark} -->\n```sh\n(.*?)```", TEXT, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """Of a new installation: `pivotal` is in the path, and nothing is set."""
    program = tmp_path / "bin" / "pivotal"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bot "$@"\n')
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    return {**kept, "PATH": f"{program.parent}{os.pathsep}{kept['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def postgres(postgres_server: sa.URL) -> str:
    name = f"test_{uuid4().hex[:12]}"
    asyncio.run(_administer(postgres_server, f"CREATE DATABASE {name}"))
    return str_url(postgres_server.set(database=name))


def test_every_command_that_ends_does_what_it_says(
    tmp_path: Path, environment: Mapping[str, str], postgres: str
) -> None:
    commands = marked("run")
    assert {"backup", "restore", "erasures", "move", "migrate", "verify"} == {
        line.split()[1] for line in commands if line.startswith("pivotal ")
    }
    assert any(EXAMPLE in line for line in commands)
    script = "\n".join(["set -eu", "pivotal import --sample", *commands]).replace(EXAMPLE, postgres)
    shell = shutil.which("sh")
    assert shell is not None
    done = subprocess.run(
        [shell, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Whole: 299 activities of 6 customers are as they were recorded.\n") == 3
    assert {"before-upgrade.backup", "monday.backup", "erasures.jsonl", "restored.db"} <= {
        each.name for each in tmp_path.iterdir()
    }


async def test_every_process_that_stays_starts_and_stops(tmp_path: Path, environment: Mapping[str, str]) -> None:
    commands = marked("start")
    assert [line.split()[1] for line in commands] == ["serve", "worker"]
    async with StandInSlack() as slack:
        slack_says = {
            "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
        }
        for line in commands:
            # Any free port: the one that is written may be taken where the tests run.
            typed = [*re.sub(r" --port \d+", "", line).split(), "--port", "0"]
            process = await asyncio.create_subprocess_exec(
                str(tmp_path / "bin" / typed[0]),
                *typed[1:],
                cwd=tmp_path,
                env={**environment, **slack_says},
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                async with asyncio.timeout(PATIENCE):
                    assert process.stderr is not None
                    told = {"event": ""}
                    while told["event"] not in {"serving", "working"}:
                        told = json.loads(await process.stderr.readline())
                    process.send_signal(signal.SIGTERM)
                    assert await process.wait() == 0
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()


def test_the_processes_are_those_of_the_procfile() -> None:
    written = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert written["release"] in marked("run")
    web, worker = marked("start")
    assert web.startswith(written["web"])
    assert worker.startswith(written["worker"])
