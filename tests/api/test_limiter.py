"""So many in a minute, each for itself."""

from collections import Counter

from bot.limiter import REMEMBERED, Limiter


class Waits:
    """A limiter at a clock of the test's own; how long one caller has to wait."""

    def __init__(self) -> None:
        self.now = 100.0
        self.limiter = Limiter(lambda: self.now)

    def of(self, caller: str, per_minute: int) -> int:
        wait = self.limiter.wait({caller: per_minute})
        return 0 if wait is None else wait.seconds


def test_who_floods_waits_until_the_first_is_a_minute_old() -> None:
    waits = Waits()
    assert [waits.of("a", 3) for _ in range(3)] == [0, 0, 0]
    waits.now += 10
    assert waits.of("a", 3) == 50
    assert waits.of("b", 3) == 0
    waits.now += 49.5
    assert waits.of("a", 3) == 1
    waits.now += 0.5
    assert [waits.of("a", 3) for _ in range(4)] == [0, 0, 0, 60]


def test_looking_counts_nothing_and_remembers_nobody() -> None:
    waits = Waits()
    assert not any(waits.limiter.is_used_up("a", 1) for _ in range(10))
    assert waits.of("a", 1) == 0
    assert waits.limiter.is_used_up("a", 1)
    assert not waits.limiter.is_used_up("a", 0)
    waits.now += 60
    assert not waits.limiter.is_used_up("a", 1)


def test_none_means_no_limit() -> None:
    waits = Waits()
    assert not any(waits.of("a", 0) for _ in range(1000))


def test_a_limit_may_change_between_two_requests() -> None:
    waits = Waits()
    for _ in range(5):
        waits.now += 1
        assert waits.of("a", 5) == 0
    assert waits.of("a", 2) == 59
    assert waits.of("a", 6) == 0


def test_whoever_is_over_one_limit_uses_up_none_of_the_other() -> None:
    waits = Waits()
    heard: Counter[str] = Counter()
    for user in ("a", "a", "a", "b", "b", "c"):
        wait = waits.limiter.wait({user: 2, "everyone": 4})
        heard["go on" if wait is None else wait.caller] += 1
    assert heard == {"go on": 4, "a": 1, "everyone": 1}


def test_whoever_was_silent_longest_is_forgotten_first() -> None:
    waits = Waits()
    for number in range(REMEMBERED + 1):
        assert waits.of(str(number), 1) == 0
    assert waits.of("0", 1) == 0
    assert waits.of(str(REMEMBERED), 1) == 60
