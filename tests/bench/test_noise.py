"""When a run of the bench fails: not for noise, not for what is known to be missed, and always for a step back."""

from pathlib import Path

import pytest

from tests.bench import noise, spread
from tests.bench.report import Line, Report
from tests.bench.spread import Spread

HELD = Spread(0.45, 0.50, 0.55)
"""Runs that differ by a fifth."""


@pytest.mark.parametrize(
    "need, at_most, bound",
    [
        (0.30, False, 0.24),  # held: a fifth under the line
        (0.50, False, 0.40),
        (1.00, False, 0.40),  # missed: a fifth under what was reached
        (0.60, True, 0.72),  # held: a fifth over the line
        (0.40, True, 0.60),  # missed: a fifth over what was reached
    ],
)
def test_a_run_compares_with_its_line_or_with_what_was_reached(need: float, at_most: bool, bound: float) -> None:
    assert spread.of([0.50, 0.45, 0.55, 0.50]) == HELD
    assert HELD.noise == pytest.approx(0.2)
    assert HELD.bound(need, 0.1, at_most=at_most) == pytest.approx(bound)


def test_ten_runs_of_one_hour_do_not_make_a_line_narrower_than_it_is_from_day_to_day() -> None:
    assert HELD.bound(0.5, 0.4, at_most=False) == pytest.approx(0.3)
    assert HELD.bound(0.5, 0.4, at_most=True) == pytest.approx(0.7)


@pytest.mark.parametrize(
    "found, need, noise_, ten_runs, failed",
    [
        (0.31, 0.30, 0.25, None, False),  # held
        (0.25, 0.30, 0.25, None, False),  # missed, but for noise
        (0.22, 0.30, 0.25, None, True),
        (0.25, 0.30, 0.1, HELD, False),  # ten runs know better
        (0.23, 0.30, 0.1, HELD, True),
        (0.41, 1.00, 0.1, HELD, False),  # missed, as before
        (0.39, 1.00, 0.1, HELD, True),
        (0.39, 1.00, 0.25, HELD, False),  # more than ten runs differ
        (0.01, 0.30, None, HELD, False),  # depends on the machine
        (0.29, 0.30, 0.0, Spread(0.0, 0.1, 0.2), True),  # exact: no runs make it less so
    ],
)
def test_what_fails(found: float, need: float, noise_: float | None, ten_runs: Spread | None, failed: bool) -> None:
    assert Line("a ratio", found, need, noise_).failed(ten_runs) is failed


def test_a_run_that_fails_names_the_line_and_one_that_misses_as_before_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report({"SQLite: before": HELD, "SQLite: back": HELD})
    report.reach(Line("SQLite: before", 0.48, 1.0, 0.1), Line("SQLite: back", 0.3, 1.0, 0.1), Line("other", 2, 1, 0.0))
    assert report.close() is False
    said = capsys.readouterr().out
    assert "NOT HELD      0.48 ≥ 1      SQLite: before (a run fails beyond 0.40)" in said
    assert "Beyond the noise of ten runs: SQLite: back.\n" in said
    assert said.endswith("1 of 3 lines held.\n")


def test_ten_runs_are_gathered_by_line_whatever_figure_is_in_its_words(tmp_path: Path) -> None:
    runs = [
        [
            Line(f"SQLite: peak memory, MiB {90 + n}, against a quarter", 1.0 + n / 10, 1.15, 0.1, at_most=True),
            Line("SQLite: lost", 0, 0, 0.0, at_most=True),
            Line("SQLite: p99, ms", 3, 5, None, at_most=True),
        ]
        for n in range(3)
    ]
    file = tmp_path / "ten_runs.json"
    spread.write({"other": HELD}, file)
    spread.write(noise.table(Report(), runs), file)
    assert spread.read(file) == {
        "SQLite: peak memory against a quarter": Spread(1.0, 1.1, 1.2),
        "other": HELD,
    }


def test_runs_of_a_busy_machine_are_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [[Line("quiet", found, 1, 0.2), Line("busy", 2 * found - 0.5, 1, 0.2)] for found in (0.5, 0.6, 0.7)]
    assert noise.table(Report(), runs) == {"quiet": Spread(0.5, 0.6, 0.7)}
    assert "the machine was too busy for them: busy\n" in capsys.readouterr().out


def test_what_is_kept_can_be_read() -> None:
    for key, one in spread.read().items():
        assert one.least <= one.median <= one.most, key
