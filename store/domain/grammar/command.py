"""The first word of what was typed, and the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from store.domain.errors import UsageError
from store.domain.usage import PROGRAM, USAGE, typed
from store.domain.words import Word, words


@dataclass(frozen=True, slots=True)
class Command:
    """word: one of those in usage.py."""

    word: str
    rest: tuple[Word, ...]


def parse_command(text: str) -> Command:
    """What follows `/pivotal`. Nothing at all asks for help.

    raises  UsageError, for a command that we do not have, with the nearest ones
    """
    return command_of(words(text))


def command_of(given: Sequence[Word]) -> Command:
    if not given:
        return Command("help", ())
    first, *rest = given
    known = [usage.word for usage in USAGE]
    word = first.text.casefold().removeprefix("--")
    if word not in known:
        near = get_close_matches(
            word, known, n=1, cutoff=0.7
        )  # below, a customer's name passes for a slip: acme, blame
        hint = (
            f"Did you mean `{PROGRAM} {near[0]}`?"
            if near
            else f"For a customer's history type {typed(USAGE[0].examples[0])}; `{PROGRAM} help` lists what I know."
        )
        raise UsageError(f"I read {first.shown}, which is not a command.", hint)
    return Command(word, tuple(rest))
