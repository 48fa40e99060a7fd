"""Words → what stands before the flags, and each flag with its values. Which flags there are, their command says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from store.domain.errors import UsageError, code
from store.domain.usage import example_of, typed
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


def before_flags(words: Sequence[Word]) -> tuple[Sequence[Word], Sequence[Word]]:
    """The words before the first flag, and the rest."""
    at = next((at for at, word in enumerate(words) if word.is_flag), len(words))
    return words[:at], words[at:]


def flags(words: Sequence[Word], names: Sequence[str], bare: Callable[[str], bool]) -> Iterator[Flag]:
    """Each flag in turn.

    words   from the first flag on
    names   flags that take a value: `--name value`, `--name=value`, several between commas
    bare    whether a name is that of a flag without a value
    raises  UsageError: an unknown flag, with the nearest one; a value that is missing, empty, or not wanted; a word that belongs to none
    """
    rest = list(words)
    while rest:
        first = rest.pop(0)
        if not first.is_flag:
            raise UsageError(
                f"I read {code(first.text)} where a filter should stand.",
                'Put names of several words in quotes: `--actor "Sam Lee"`.',
            )
        head, *given = first.split("=", 1)
        name = head.text.removeprefix("--").casefold()
        if bare(name) and not given:
            yield Flag(name)
        elif name in names:
            value = given[0] if given else _following(rest, name)
            yield Flag(name, _values(_whole(value, rest), name))
        else:
            raise _unknown(first, name, names)


def _following(rest: list[Word], name: str) -> Word:
    if not rest or rest[0].is_flag:
        raise UsageError(f"`--{name}` needs a value.", tried(name))
    return rest.pop(0)


def _whole(value: Word, rest: list[Word]) -> Word:
    """The value with what was typed behind a space after, or before, a comma: `pi, sam` and `pi ,sam`."""
    while rest and not rest[0].is_flag and (value.ends_with(",") or rest[0].starts_with(",")):
        value = joined([value, rest.pop(0)])
    return value


def _values(value: Word, name: str) -> tuple[Word, ...]:
    found = tuple(value.split(","))
    if any(not each.text.strip() for each in found):
        raise UsageError(f"There is an empty value in `--{name}`.", tried(name))
    return found


def _unknown(word: Word, name: str, names: Sequence[str]) -> UsageError:
    if name.isascii() and name.isdigit():
        return UsageError(
            f"I read {code(word.text)}, which is not a filter.", f"Did you mean `--{name}d`, the last {name} days?"
        )
    near = get_close_matches(name, [*names, "table", "30d"], n=1)
    meant = f"Did you mean `--{near[0]}`? " if near else ""
    return UsageError(f"I read {code(word.text)}, which is not a filter.", f"{meant}{tried(near[0] if near else name)}")


def tried(name: str) -> str:
    """A hint: an example of this flag."""
    return f"Try {typed(example_of(name))}"
