"""So many in a minute, each for itself."""

from bot.limiter import REMEMBERED, Limiter


def test_who_floods_waits_until_the_first_is_a_minute_old() -> None:
    now = [100.0]
    limiter = Limiter(3, lambda: now[0])
    assert [limiter.wait("a") for _ in range(3)] == [0, 0, 0]
    now[0] += 10
    assert limiter.wait("a") == 50
    assert limiter.wait("b") == 0
    now[0] += 49.5
    assert limiter.wait("a") == 1
    now[0] += 0.5
    assert [limiter.wait("a") for _ in range(4)] == [0, 0, 0, 60]


def test_none_means_no_limit() -> None:
    limiter = Limiter(0)
    assert not any(limiter.wait("a") for _ in range(1000))


def test_whoever_was_silent_longest_is_forgotten_first() -> None:
    limiter = Limiter(1, lambda: 0.0)
    for number in range(REMEMBERED + 1):
        assert limiter.wait(str(number)) == 0
    assert limiter.wait("0") == 0
    assert limiter.wait(str(REMEMBERED)) == 60
