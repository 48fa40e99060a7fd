"""What the forms of each subject share."""

from collections.abc import Mapping, Sequence

from bot.blocks.kit import Block
from bot.listeners.typed import Writing

Built = tuple[Sequence[Block], Mapping[str, object]]
"""The inputs of a form, and what to put aside until it is sent in: ids and digests only."""


class Kinds:
    """The forms of one subject: for each, its inputs filled with what is known, and the write that it sends them to."""

    def __init__(self, writing: Writing) -> None:
        self._store = writing.store
        self._records = writing.store.records
        self._writing = writing
