"""What the bench measures is that of the command, or of the database, and of nobody else."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.commands import ran
from tests.bench.replay import Statement, bare


def test_a_commands_peak_is_its_own(tmp_path: Path) -> None:
    """A child's peak begins with that of whoever started it, and a bench that has loaded much is large."""
    much = bytearray(b"x" * 400 * 2**20)
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    done = ran(f"sqlite:///{tmp_path / 'pivotal.db'}", "--help")
    assert len(much) < mine * 2**20
    assert 0 < done.peak < 300
    assert done.seconds > 0
    asked = subprocess.run(
        (sys.executable, "-c", "from tests.bench.commands import own_peak; print(own_peak())"),
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        check=True,
    )
    assert 0 < float(asked.stdout) < 300


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="`pivotal verify` ended with 1"):
        ran(f"sqlite:///{tmp_path / 'pivotal.db'}", "verify")


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell for how long another process has worked")
async def test_a_database_has_worked_for_its_statements_and_not_while_it_waited(
    database_url: str,
) -> None:
    much = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"
    async with bare(database_url) as connection:
        before = connection.worked()
        seconds = await connection.seconds([Statement(much, ())] * 5)
        assert 0 < connection.worked() - before < seconds * 1.5
