r"""Text ↔ words: what people type, phones rewrite and Slack wraps, cut where they meant it.

    Acme “Sam Lee” —30d        three words; the second is quoted, the third reads `--30d`
    pi,"Lee, Sam",O'Brien      one word; `split(",")` gives three, since the comma in quotes is only text
    <http://acme.com|acme.com> one word, `acme.com`; `<@U123|sam>` is one word, `<@U123>`

A quote opens at the start of a word or after `,` or `=`, and closes only before a space, a comma or the end: so the apostrophes in
O'Brien and in 'O'Brien & Sons' are letters. Straight and curly ones of a kind (double, single) close each other. Inside, a backslash
before a quote, `\`, `<` or `;` takes its meaning away and nothing else is rewritten. Every character is looked at once.

Slack itself rewrites what reads like `@sam`, `#general` or `https://…` before we see it. A domain or an address comes back as it was;
a link swallows what touches it (`https://acme.com,pi` is one address), and a handle comes back as the person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from store.domain.errors import UsageError, code

MAX_LENGTH: Final = 4000
"""Characters of one command as it was typed; Slack's own limit for a message is the same."""

DOUBLE: Final = '"“”„‟'
SINGLE: Final = "'‘’‚‛"
QUOTES: Final = frozenset(DOUBLE + SINGLE)
ESCAPABLE: Final = QUOTES | frozenset("\\<;")
LONG_DASHES: Final = "‒–—―−"
INVISIBLE: Final = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Zero-width characters and direction marks that pasting leaves at the edges of words. Inside a word they may be meant (emoji, Persian)."""

EDGES: Final = INVISIBLE + "".join(char for char in map(chr, range(0x3001)) if char.isspace())
"""What is not part of a word at its edges: these, and every Unicode space (U+3000 is the last)."""

ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
"""The three that Slack writes; `&amp;` comes last, so that each is decoded once."""

MARKUP: Final = re.compile(r"<(?:[@#!][A-Za-z0-9]|https?://|mailto:|tel:)[^<>]*+>")
"""A person, channel, group or link as Slack sends it."""

NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
"""What no database keeps."""

ORDINARY: Final = re.compile(rf"[^\s,=<{re.escape(''.join(sorted(QUOTES)) + INVISIBLE)}]+")
"""Characters that stand for themselves wherever they are."""

MENTION: Final = re.compile(r"<[@#!][A-Za-z0-9][A-Za-z0-9^_-]*+>")


class Mark(Enum):
    """How a piece of a word came to be."""

    TYPED = auto()
    QUOTED = auto()
    SLACK = auto()


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Word:
    """One word as its parts, so that what was quoted is never mistaken for a flag or a separator."""

    parts: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def is_quoted(self) -> bool:
        return any(part.mark is Mark.QUOTED for part in self.parts)

    @property
    def is_flag(self) -> bool:
        return bool(self.parts) and self.parts[0].mark is Mark.TYPED and self.parts[0].text.startswith("--")

    @property
    def is_visible(self) -> bool:
        """Whether there is anything in it but spaces and invisible characters."""
        return bool(self.text.strip(EDGES))

    @property
    def shown(self) -> str:
        """As it stands in a sentence; what nobody could see there as the quotes around it."""
        return code(self.text) if self.is_visible else '`""`'

    def starts_with(self, typed: str) -> bool:
        return bool(self.parts) and self.parts[0].mark is Mark.TYPED and self.parts[0].text.startswith(typed)

    def ends_with(self, typed: str) -> bool:
        return bool(self.parts) and self.parts[-1].mark is Mark.TYPED and self.parts[-1].text.endswith(typed)

    def split(self, separator: str, times: int = -1) -> "list[Word]":
        """The words between typed separators, at most `times` of them, without spaces and invisible characters at their edges.

        An empty one has no parts, unlike one that is `""`.
        """
        cut: list[list[Part]] = [[]]
        for part in self.parts:
            pieces = part.text.split(separator, times) if part.mark is Mark.TYPED else [part.text]
            times -= len(pieces) - 1 if times > 0 else 0
            for number, piece in enumerate(pieces):
                if number:
                    cut.append([])
                if piece or part.mark is Mark.QUOTED:
                    cut[-1].append(Part(piece, part.mark))
        return [_trimmed(parts) for parts in cut]


def _trimmed(parts: list[Part]) -> Word:
    if parts and parts[0].mark is Mark.TYPED:
        parts[0] = Part(parts[0].text.lstrip(EDGES), Mark.TYPED)
    if parts and parts[-1].mark is Mark.TYPED:
        parts[-1] = Part(parts[-1].text.rstrip(EDGES), Mark.TYPED)
    return Word(tuple(part for part in parts if part.text or part.mark is Mark.QUOTED))


def words(text: str, *, escaped: bool = True, most: int = MAX_LENGTH) -> list[Word]:
    """Cut a command into words.

    escaped  `&`, `<` and `>` arrive as entities, as Slack sends what people type; a terminal does not
    most     characters, entities counted as the one that was typed
    raises   UsageError: too long, a quote that is not closed, a character that no database keeps
    """
    text = _decoded(text, most, escaped=escaped)
    found = []
    at = 0
    while at < len(text):
        if text[at].isspace() or text[at] in INVISIBLE:
            at += 1
        else:
            word, at = _word(text, at)
            found.append(word)
    return found


def after(text: str, count: int, *, escaped: bool = True) -> str:
    """What stands behind the first `count` words, as it was typed: for a comment, whose spaces, quotes and lines are its own.

    People stay `<@U123>`; links read as what was typed. raises UsageError, as `words` does
    """
    text = _decoded(text, MAX_LENGTH, escaped=escaped)
    at = 0
    while at < len(text) and (text[at].isspace() or text[at] in INVISIBLE):
        at += 1
    for _ in range(count):
        _, at = _word(text, at)
        while at < len(text) and (text[at].isspace() or text[at] in INVISIBLE):
            at += 1
    return MARKUP.sub(lambda found: _unwrapped(found[0]), text[at:]).rstrip()


def from_arguments(arguments: Sequence[str]) -> list[Word]:
    """A terminal's arguments as words: each is one, for the shell has cut them; commas and quotes within are read as in a message.

    raises  UsageError, as `words` does
    """
    _readable(" ".join(arguments), MAX_LENGTH)
    return [_word(argument, 0, spaced=True)[0] for argument in arguments]


def _decoded(text: str, most: int, *, escaped: bool) -> str:
    if escaped:
        for entity, char in ENTITIES.items():
            text = text.replace(entity, char)
    _readable(text, most)
    return text


def _readable(text: str, most: int) -> None:
    if len(text) > most:
        raise UsageError(
            f"That command has {len(text):,} characters; I read up to {most:,}.", "Shorten it, and send it again."
        )
    if NO_TEXT.search(text):
        raise UsageError("There is a character in that command that is not text.", "Type it instead of pasting it.")


def _word(text: str, start: int, *, spaced: bool = False) -> tuple[Word, int]:
    """The word that begins here, and where it ends. spaced: spaces belong to it."""
    parts: list[Part] = []
    typed: list[str] = []
    may_open = True
    at = start
    while at < len(text) and (spaced or not text[at].isspace()):
        char = text[at]
        if ordinary := ORDINARY.match(text, at):
            typed.append(ordinary[0])
            may_open = False
            at = ordinary.end()
        elif may_open and char in INVISIBLE:
            at += 1
        elif may_open and char in QUOTES:
            _settle(typed, Mark.TYPED, parts)
            at = _quoted(text, at, parts)
            may_open = False
        elif char == "<" and (markup := MARKUP.match(text, at)):
            _settle(typed, Mark.TYPED, parts)
            parts.append(Part(_unwrapped(markup[0]), Mark.SLACK))
            at = markup.end()
            may_open = False
        else:
            typed.append(char)
            may_open = char in ",=" or (may_open and char.isspace())
            at += 1
    _settle(list("".join(typed).rstrip(INVISIBLE)), Mark.TYPED, parts)
    if parts and parts[0].mark is Mark.TYPED:
        parts[0] = Part(_with_two_hyphens(parts[0].text), Mark.TYPED)
    return Word(tuple(parts)), at


def _quoted(text: str, start: int, parts: list[Part]) -> int:
    """Append what stands in the quotes that open here; return where they have closed."""
    closing = DOUBLE if text[start] in DOUBLE else SINGLE
    quoted: list[str] = []
    at = start + 1
    while at < len(text):
        char, after = text[at], text[at + 1 : at + 2]
        if char == "\\" and after in ESCAPABLE:
            quoted.append(after)
            at += 2
        elif char in closing and (not after or after.isspace() or after == "," or after in INVISIBLE):
            parts.append(Part("".join(quoted), Mark.QUOTED))
            return at + 1
        elif char == "<" and (markup := MARKUP.match(text, at)):
            _settle(quoted, Mark.QUOTED, parts)
            parts.append(Part(_unwrapped(markup[0]), Mark.SLACK))
            at = markup.end()
        else:
            quoted.append(char)
            at += 1
    raise UsageError(
        f"The quote that opens at {code(text[start:])} is not closed.",
        "Close it before a space or a comma, or leave it out.",
    )


def _settle(pending: list[str], mark: Mark, parts: list[Part]) -> None:
    """Move the characters read so far into a part of their own."""
    if pending:
        parts.append(Part("".join(pending), mark))
        pending.clear()


def _unwrapped(markup: str) -> str:
    """Slack's `<…>` as what was typed: a link's label, a bare address. People, channels and groups stay `<@U123>`, without their label."""
    target, _, label = markup[1:-1].partition("|")
    if target[0] in "@#!":
        return f"<{target}>"
    scheme, _, address = target.partition(":")
    return address if scheme in {"mailto", "tel"} else label or target


def _with_two_hyphens(typed: str) -> str:
    """Phones turn `--` into one long dash. A dash that stands alone was meant as one."""
    rest = typed.lstrip("-" + LONG_DASHES)
    rewritten = any(dash in LONG_DASHES for dash in typed[: len(typed) - len(rest)])
    return f"--{rest}" if rest and rewritten else typed


def quote(text: str, *, always: bool = False) -> str:
    """The text as one word, bare where nothing in it would be read otherwise. `words` gives it back, escaped or not."""
    if not always and _reads_as_itself(text):
        return text
    body = text.translate({ord(char): f"\\{char}" for char in f"{DOUBLE}\\<"})
    for entity in ENTITIES:
        body = body.replace(entity, f"{entity[:-1]}\\;")
    return f'"{body}"'


def _reads_as_itself(text: str) -> bool:
    if MENTION.fullmatch(text):
        return True
    return bool(
        text
        and text[0] not in QUOTES
        and text[0] not in f"-{LONG_DASHES}"
        and text[0] not in INVISIBLE
        and text[-1] not in INVISIBLE
        and not any(char.isspace() or char in ",=<" for char in text)
        and not any(entity in text for entity in ENTITIES)
    )


def joined(words: Sequence[Word]) -> Word:
    """Several words as one, nothing between them: `pi,` and `sam` is `pi,sam`."""
    return Word(tuple(part for word in words for part in word.parts))
