"""Everything that can go wrong, as one small tree.

    PivotalError                 one sentence for a person, and what to type instead
    ├── UsageError               the text was not understood
    ├── NotFound                 it was understood, but names nobody we know
    ├── Ambiguous                it names more than one; we list them and never pick
    ├── Refused                  understood and known, but not allowed to this person or here
    ├── Conflict                 somebody else changed it in between
    ├── BadLine                  one line of an import does not fit; it carries the line's number
    ├── SchemaUnknown            the database is older or newer than this program
    ├── Unavailable              the database cannot be reached; nothing was changed
    └── MaybeSaved               the connection was lost while committing; it may have been saved

Sentences are plain text. What a person typed stands in them between back-ticks, by way of `code`.
"""

CODE_LENGTH = 80
"""Characters of typed text repeated in a sentence; the rest is cut."""


def code(typed: str) -> str:
    """Typed text between back-ticks: cut, on one line, and without back-ticks of its own."""
    line = " ".join(typed.split()).replace("`", "ˋ") or '""'
    return f"`{line[:CODE_LENGTH]}…`" if len(line) > CODE_LENGTH else f"`{line}`"


class PivotalError(Exception):
    """What went wrong in one sentence, and a hint: what to do or type about it."""

    def __init__(self, sentence: str, hint: str | None = None) -> None:
        super().__init__(sentence if hint is None else f"{sentence} {hint}")
        self.sentence = sentence
        self.hint = hint


class UsageError(PivotalError):
    pass


class NotFound(PivotalError):
    pass


class Ambiguous(PivotalError):
    pass


class Refused(PivotalError):
    pass


class Conflict(PivotalError):
    pass


class BadLine(PivotalError):
    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"Line {number}: {reason}")
        self.number = number
        self.reason = reason


class SchemaUnknown(PivotalError):
    pass


class Unavailable(PivotalError):
    def __init__(self) -> None:
        super().__init__("Can't reach the database. Nothing was changed.")


class MaybeSaved(PivotalError):
    def __init__(self) -> None:
        super().__init__("May not have been saved: check with `/pivotal history`.")
