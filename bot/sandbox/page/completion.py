"""What a half-typed command may go on with. The page knows no command: the words, and who may be named, are handed to it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

MOST: Final = 8

_WORD: Final = re.compile(r'"[^"]*"?|\S+')


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on. text: what takes the place of the last word; detail: what it is, in a few words."""

    text: str
    detail: str = ""


Search = Callable[[str], Awaitable[Sequence[Completion]]]
"""The beginning of a name → whom it may mean."""


class Completions(Protocol):
    async def complete(self, typed: str) -> Sequence[Completion]:
        """typed: the line up to the caret. None where nothing is to be said."""
        ...


async def _nobody(_typed: str) -> Sequence[Completion]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Completions of one command.

    command    "/pivotal"
    words      its subcommands
    flags      what each subcommand takes after its name; a value flag is in `values`, too
    values     words that a flag takes
    customers  looks up the name that follows a subcommand in `about`
    about      the subcommands that are followed by a customer's name
    """

    command: str
    words: Sequence[Completion]
    flags: Mapping[str, Sequence[Completion]] = field(default_factory=dict)
    values: Mapping[str, Search] = field(default_factory=dict)
    about: frozenset[str] = frozenset()
    customers: Search = _nobody

    async def complete(self, typed: str) -> Sequence[Completion]:
        name, space, rest = typed.partition(" ")
        if not space:
            offered = Completion(self.command, "the app's command")
            return [offered] if typed and self.command.startswith(typed) and typed.startswith("/") else []
        if name != self.command:
            return []
        *before, word = words(rest)
        found = await self._next(before, word)
        return [each for each in found if each.text != word][:MOST]

    async def _next(self, before: Sequence[str], word: str) -> Sequence[Completion]:
        if not before:
            return _beginning(self.words, word)
        subcommand, last = before[0], before[-1]
        if last in self.values:
            return await self._values(last, word)
        if word.startswith("-"):
            return _beginning(self.flags.get(subcommand, ()), word)
        if len(before) == 1 and subcommand in self.about:
            return await self.customers(word.strip('"'))
        return [] if word else self.flags.get(subcommand, ())

    async def _values(self, flag: str, word: str) -> Sequence[Completion]:
        """Values are parted by commas: the last of them is the one being typed."""
        typed, comma, last = word.rpartition(",")
        found = await self.values[flag](last.strip('"'))
        return [Completion(f"{typed}{comma}{each.text}", each.detail) for each in found]


def words(line: str) -> list[str]:
    """The words of a line, quotes and all; the last is empty after a space."""
    found = _WORD.findall(line)
    finished = not line or (line[-1].isspace() and (line.count('"') % 2 == 0))
    return [*found, ""] if finished else found


def quoted(name: str) -> str:
    """A name as one word of a command."""
    return f'"{name}"' if re.search(r"[\s,]", name) else name


def _beginning(offered: Sequence[Completion], word: str) -> list[Completion]:
    return [each for each in offered if each.text.casefold().startswith(word.casefold())]
