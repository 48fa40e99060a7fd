"""What the soak says of a process's memory."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.soak.vitals import EVERY, Look, Watched

BEGAN = datetime(2026, 11, 30, tzinfo=UTC)
WARM_UP = timedelta(minutes=7.5)
TROUBLES = [BEGAN + timedelta(minutes=at) for at in (12, 15)]
MIB = 2.0**20


def lived(memory: Callable[[float], float], minutes: float = 30) -> Watched:
    """memory: MiB after so many minutes."""
    looks = int(minutes * 60 / EVERY)
    life = [Look(BEGAN + timedelta(seconds=at * EVERY), memory(at * EVERY / 60) * MIB, 20) for at in range(looks)]
    return Watched((), {}, address="", log=Path(), name="worker 1", lives=[life])


@pytest.mark.parametrize(
    "memory, grown",
    [
        (lambda _at: 100, 0.0),
        (lambda at: min(100, 10 + 20 * at), 0.0),  # it gets warm
        (lambda at: 100 if at < 15 else 106, 0.0),  # it does what another did
        (lambda at: 100 + at, 0.05),
        (lambda at: 100 if at < 15 else 100 + 2 * (at - 15), 0.1),
        (lambda at: 100 + 3 * min(at, 12), 0.09),
    ],
    ids=["flat", "warm", "step", "leaks", "leaks at last", "leaks at first"],
)
def test_what_grows_is_told_from_what_gets_warm(memory: Callable[[float], float], grown: float) -> None:
    found = lived(memory).growth(WARM_UP, TROUBLES)
    assert found is not None
    assert found == pytest.approx(grown, abs=0.015)


def test_a_step_is_told_of_the_whole_life() -> None:
    process = lived(lambda at: 100 if at < 15 else 106)
    assert process.growth_in_all(WARM_UP) == pytest.approx(0.06)
    assert list(process.fifths()) == [each * MIB for each in (100, 100, 103, 106, 106)]


def test_a_life_too_short_says_nothing() -> None:
    assert lived(lambda _at: 100, minutes=8).growth(WARM_UP, []) is None
