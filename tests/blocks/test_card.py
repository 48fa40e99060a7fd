"""The customer on one card."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.blocks.card import _points

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "at, labels",
    [
        (["2026-09-25T08:02", "2026-10-01T08:02"], ["25 Sep", "1 Oct"]),
        (["2026-09-25T08:02", "2026-09-25T17:30", "2026-10-01T08:02"], ["25 Sep 08:02", "25 Sep 17:30", "1 Oct"]),
        (["2025-09-25T08:02", "2026-09-25T08:02"], ["25 Sep 2025", "25 Sep 2026"]),
        (["2026-09-25T08:02:01", "2026-09-25T08:02:59"], ["25 Sep 08:02"]),
    ],
)
def test_the_days_of_a_chart_are_told_apart_and_no_more(at: list[str], labels: list[str]) -> None:
    scores = [(datetime.fromisoformat(each).replace(tzinfo=BERLIN), score) for score, each in enumerate(at)]
    points = _points(scores)
    assert list(points) == labels
    assert list(points.values())[-1] == scores[-1][1]
