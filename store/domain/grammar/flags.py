"""Words → what stands before the flags, and each flag with its values. Which flags there are, their command says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from store.domain.errors import UsageError, code
from store.domain.usage import ELSEWHERE, example_of, typed
from store.domain.words import Word, joined


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag as it was typed.

    name    without dashes, case-folded
    values  what stands between the commas of its value, none of them empty; none at all for a flag that takes no value
    """

    name: str
    values: tuple[Word, ...] = ()

    def one(self) -> str:
        """The only value. Raises UsageError, when there are several."""
        if len(self.values) > 1:
            raise UsageError(f"`--{self.name}` takes one value; I read {len(self.values)}.", tried(self.name))
        return self.values[0].text


@dataclass(frozen=True, slots=True)
class Flags:
    """Which flags a command takes.

    valued  names of those with a value: `--name value`, `--name=value`, several between commas
    bare    whether a name is that of a flag without a value
    shown   of the bare ones, those to suggest
    """

    valued: Sequence[str]
    bare: Callable[[str], bool]
    shown: Sequence[str] = ()

    def before(self, words: Sequence[Word]) -> tuple[Sequence[Word], Sequence[Word]]:
        """The words before the first flag, and the rest. Raises UsageError for a flag among them that has one dash only."""
        at = next((at for at, word in enumerate(words) if word.is_flag), len(words))
        for word in words[:at]:
            if meant := self._with_one_dash(word):
                raise UsageError(f"I read {word.shown}; filters begin with two dashes.", f"Did you mean {meant}?")
        return words[:at], words[at:]

    def read(self, words: Sequence[Word]) -> Iterator[Flag]:
        """Each flag in turn, from the first one on.

        raises  UsageError: an unknown flag, with the nearest one; a value that is missing, empty, or not wanted; a word that belongs to
                none
        """
        rest = list(reversed(words))
        while rest:
            first = rest.pop()
            if not first.is_flag:
                raise self._stray(first)
            head, *given = first.split("=", 1)
            name = head.text.removeprefix("--").casefold()
            if self.bare(name):
                yield Flag(name)  # first, so that whoever takes it can say what is wrong with the name
                if given:
                    raise UsageError(f"{_flag(name)} takes no value.", f"Write {_flag(name)} alone.")
            elif name in self.valued:
                value = given[0] if given else _following(rest, name)
                yield Flag(name, _values(_whole(value, rest), name))
            else:
                raise self._unknown(head, name)

    def _with_one_dash(self, word: Word) -> str | None:
        """The flag that this word would be with a second dash, to stand in a sentence."""
        if not word.starts_with("-"):
            return None
        name = word.split("=", 1)[0].text.casefold().removeprefix("-")
        known = name in self.valued or (self.bare(name) and not name.isdigit())  # the number in "Catch -22" is a name's
        return _flag(name) if known else None

    def _stray(self, word: Word) -> UsageError:
        meant = self._with_one_dash(word)
        hint = (
            f"Did you mean {meant}?"
            if meant
            else "The customer comes first, commas go between values, and a value of several words goes in quotes: "
            f"{typed(example_of('actor'))}"
        )
        return UsageError(f"I read {word.shown} where a filter should stand.", hint)

    def _unknown(self, word: Word, name: str) -> UsageError:
        known = [*self.valued, *self.shown]
        near = ELSEWHERE.get(name) or next(iter(get_close_matches(name, known, n=1)), None)
        meant = f"Did you mean `--{near}`? " if near in known else ""
        return UsageError(f"I read {word.shown}, which is not a filter.", meant + tried(near if meant else None))


def _following(rest: list[Word], name: str) -> Word:
    if not rest or rest[-1].is_flag:
        raise UsageError(f"`--{name}` needs a value.", tried(name))
    return rest.pop()


def _whole(value: Word, rest: list[Word]) -> Word:
    """The value with what was typed behind a space after, or before, a comma: `pi, sam` and `pi ,sam`."""
    whole = [value]
    while rest and not rest[-1].is_flag and (whole[-1].ends_with(",") or rest[-1].starts_with(",")):
        whole.append(rest.pop())
    return joined(whole)


def _values(value: Word, name: str) -> tuple[Word, ...]:
    found = tuple(value.split(","))
    if not all(each.is_visible for each in found):
        raise UsageError(f"There is an empty value in `--{name}`.", tried(name))
    return found


def _flag(name: str) -> str:
    """A flag as it was typed, to stand in a sentence."""
    return code(f"--{name}")


def tried(name: str | None) -> str:
    """A hint: an example of this flag, or of several."""
    return f"Try {typed(example_of(name))}"
