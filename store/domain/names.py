"""Finding a person's names in text, however they are spelled: folded forms, whole words only."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import combining, normalize

from store.domain.activity import REMOVED_CONTACT

SHORTEST = 3
"""Characters: a shorter name alone is found in too much that does not mean it."""


def folded(name: str) -> str:
    """The form by which names are compared: NFC and case-folded, outer and repeated spaces dropped."""
    return normalize("NFC", " ".join(name.split()).casefold())


def folded_deep(text: str) -> str:
    """NFKC, case-folded, accents folded."""
    flat = normalize("NFKD", normalize("NFKC", text).casefold())
    return "".join(char for char in flat if not combining(char))


@dataclass(frozen=True, slots=True)
class Traces:
    """What of a person may stand in text.

    everywhere  full names and addresses, looked for in all of the workspace
    at_home     first name and the part of an address before its @, looked for only at the contact's own customer
    """

    everywhere: frozenset[str]
    at_home: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str], addresses: Iterable[str]) -> "Traces":
        everywhere: set[str] = set()
        at_home: set[str] = set()
        for name in filter(None, names):
            words = folded_deep(name).split()
            (everywhere if len(words) > 1 else at_home).add(" ".join(words))
            if len(words) > 1:
                everywhere.add(f"{words[-1]}, {' '.join(words[:-1])}")
                at_home.add(words[0])
        for address in filter(None, addresses):
            whole = folded_deep(address)
            everywhere.add(whole)
            at_home.add(whole.partition("@")[0])
        return cls(frozenset(everywhere), frozenset(each for each in at_home if len(each) >= SHORTEST))

    def within(self, *, home: bool) -> "Finder":
        return Finder(self.everywhere | self.at_home if home else self.everywhere)


class Finder:
    """Whether a text names the person, and the text without the name."""

    def __init__(self, forms: Iterable[str]) -> None:
        longest = sorted(forms, key=len, reverse=True)
        spaced = (r"\s+".join(map(re.escape, form.split())) for form in longest)
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)") if longest else None

    def finds(self, text: str | None) -> bool:
        return bool(text and self._pattern and self._pattern.search(folded_deep(text)))

    def without(self, text: str) -> str:
        """The text with the name taken out; where folding has moved the letters, nothing of it is kept."""
        if not self.finds(text):
            return text
        flat = folded_deep(text)
        if self._pattern is None or len(flat) != len(text):
            return REMOVED_CONTACT
        parts, at = [], 0
        for found in self._pattern.finditer(flat):
            parts += [text[at : found.start()], REMOVED_CONTACT]
            at = found.end()
        return "".join([*parts, text[at:]])
