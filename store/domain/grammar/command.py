"""The first word of what was typed, and the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from store.domain.errors import UsageError, code
from store.domain.usage import PROGRAM, USAGE
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


def command_of(typed: Sequence[Word]) -> Command:
    if not typed:
        return Command("help", ())
    first, *rest = typed
    known = [usage.word for usage in USAGE]
    word = first.text.casefold().removeprefix("--")
    if word not in known:
        near = get_close_matches(word, known, n=1)
        hint = f"Did you mean `{PROGRAM} {near[0]}`?" if near else f"`{PROGRAM} help` lists what I know."
        raise UsageError(f"I read {code(first.text)}, which is not a command.", hint)
    return Command(word, tuple(rest))
