"""No text raises anything but a UsageError, none takes over 200 ms, and twice the text takes twice the time.

Quick: 2,000 generated texts; full (HYPOTHESIS_PROFILE=full): 100,000. Times are this process's own, in seconds.
"""

import gc
import os
import random
from collections.abc import Callable, Iterator
from time import process_time

import pytest

from store.domain.errors import UsageError
from store.domain.grammar import format_history, parse_command, parse_filter, parse_history
from store.domain.grammar.flags import Flags
from store.domain.words import MAX_LENGTH, after, from_arguments, quote, words
from tests.domain.odd_commands import odd_commands
from tests.domain.queries import odd_text

pytestmark = pytest.mark.promise(id="S21")

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
GENERATED = 100_000 if FULL else 2_000
SEED = random.SystemRandom().randrange(2**32) if FULL else 2026

WORST = 0.2
P99 = 0.02
LONG = 16_000
"""Characters; beyond what anybody may send, so that growth shows."""


@pytest.fixture(autouse=True)
def _without_the_garbage_of_other_tests() -> Iterator[None]:
    """A collection walks all that the whole test session holds; that is not the grammar's time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


REPEATED = (
    *('"', "'", "“", '" ', '"\\', '\\"', "\\", "a'", "'a", '"a",', '="', ',"'),
    *("<", "<@", "<@U", "<@U1>", "<@U1|", "<!", "<http://", "<http://a|", "<mailto:", "<<@U1>", "|", ">"),
    *(",", ", ", " ,", "a,", "a, ", " , a", ",,", "=", "=,", "a=", " ="),
    *("-", "--", "-- ", "--a", "--a ", "---", "—", "— ", "—-", "–a "),
    *("&", "&amp;", "&amp;lt;", "&lt;", "&lt;@U1&gt;", "&lt;@", "&;", "\\;"),
    *(" ", "\n", "\xa0", "\u200b", " \u200b", "a\u200b", "\u200b,", "\u3000"),
    *("a", "a ", "é", "e\u0301", "👩\u200d👧", "0", "9", "1,", "1 ", "%", "`"),
    *("--actor ", "--actor a ", "--actor=a,", "--30d ", "--table ", "--open 1 ", "--from 2026-01-01 ", "--actr "),
)
AROUND = (
    "{}",
    "history {}",
    "history '{}",
    "history acme --{}",
    'history acme --actor "{}"',
    "history acme --actor={}",
    "history acme --open {}",
    "history <http://{}|a>",
)


def slowest(text: str) -> float:
    """Do all that the grammar does with a text; what it does not understand is a sentence. Returns the longest of the times."""
    return max(
        seconds(lambda: format_history(parse_history(parse_command(text).rest))),
        seconds(lambda: parse_history(text)),
        seconds(lambda: parse_filter(text)),
        seconds(lambda: from_arguments([text])),
        seconds(lambda: quote(text)),
        seconds(lambda: after(text, 2)),
    )


def seconds(work: Callable[[], object]) -> float:
    refused = None
    start = process_time()
    try:
        work()
    except UsageError as error:
        refused = error
    taken = process_time() - start
    assert refused is None or (refused.sentence and refused.hint)
    return taken


def test_generated_texts_raise_nothing_else_and_take_no_time() -> None:
    source = random.Random(SEED)
    times = []
    for number in range(GENERATED):
        text = odd_text(source)
        try:
            times.append(slowest(text))
        except Exception as raised:
            raised.add_note(f"seed {SEED}, text {number}: {text!r}")
            raise
    times.sort()
    assert times[-1] < WORST
    assert times[int(len(times) * 0.99)] < P99


@pytest.mark.parametrize("around", AROUND)
def test_repeats_of_anything_take_no_time(around: str) -> None:
    for piece in REPEATED:
        text = around.format(piece * ((MAX_LENGTH - len(around)) // len(piece)))
        assert slowest(text) < WORST, (piece, around)


def test_odd_commands_take_no_time() -> None:
    for text, _ in odd_commands():
        assert slowest(text) < WORST, repr(text)


@pytest.mark.parametrize("around", ["{}", "--actor={}"])
def test_the_time_grows_with_the_text_and_no_faster(around: str) -> None:
    """Eight times the text takes about eight times the time; if it were squared, it would be 64 times."""
    flags = Flags(("actor", "from", "open"), bare=lambda name: name in {"30d", "table"})

    def taken(piece: str, length: int) -> float:
        text = around.format(piece * (length // len(piece)))
        return seconds(lambda: list(flags.read(words(text, most=2 * LONG))))

    for piece in REPEATED:
        short = min(taken(piece, LONG // 8) for _ in range(2))
        assert taken(piece, LONG) < 32 * max(short, 0.0005), piece
