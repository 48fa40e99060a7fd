"""An error → what a person reads: what we read, what is wrong, what to type."""

from collections.abc import Iterator

from bot import limits
from bot.blocks import kit
from bot.blocks.kit import Element, Message
from store.domain.errors import PivotalError
from store.domain.usage import PROGRAM, called


def problem(error: PivotalError, program: str = PROGRAM) -> Message:
    """program: how the command is called in this workspace."""
    sentence = called(str(error), program)
    return Message(sentence, (kit.rich(list(with_code(sentence))),))


def with_code(sentence: str) -> Iterator[Element]:
    """A sentence whose commands and typed text stand between back-ticks, as rich text that shows those as code."""
    for number, part in enumerate(kit.cut(sentence, limits.SECTION_TEXT).split("`")):
        if part:
            yield kit.run(part, code=True) if number % 2 else kit.run(part)
