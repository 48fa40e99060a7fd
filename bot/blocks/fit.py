"""How much fits into one message: Slack takes some 13,000 bytes of blocks, and does not say how many exactly.

What is ordinary is shown as it is. For what is not, `FITS` says what is cut, from little to much; the last one fits whatever people and
programs have written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot import limits
from bot.blocks import phrases
from bot.blocks.kit import Block, Message
from bot.blocks.links import Links

ROOM: Final = limits.MESSAGE_JSON_SOFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How much of everything is shown.

    value   characters of each name and value on an entry's line
    line    characters of the whole line
    name    characters of each name in the summary
    names   so many names of each filter are told there; of more, their number
    listed  so many choices a select shows as picked; of more, their number, and a button drops them
    link    characters of a query in a control; a longer one is kept, and the control carries its hash
    """

    value: int = phrases.INLINE
    line: int = 1000
    name: int = phrases.NAME
    names: int = 5
    listed: int = 12
    link: int = limits.BUTTON_VALUE


FITS: Final = (
    Fit(),
    Fit(link=80),
    Fit(link=80, value=70, line=300, name=300),
    Fit(link=60, value=35, line=150, name=100, names=3, listed=3),
    Fit(link=60, value=20, line=80, name=50, names=2, listed=0),
    Fit(link=60, value=10, line=40, name=20, names=1, listed=0),
)


@dataclass(frozen=True)
class Frame:
    """What a message is made of. entries: the blocks of each, by seq, in the order in which they are shown."""

    text: str
    above: Sequence[Block]
    entries: Mapping[int, Sequence[Block]]
    below: Sequence[Block]
    links: Links

    @cached_property
    def closed(self) -> Message:
        """With none of its entries opened."""
        return self.opened({})

    def opened(self, details: Mapping[int, Block]) -> Message:
        """details: what follows an entry, by seq."""
        blocks = list(self.above)
        for seq, entry in self.entries.items():
            blocks += entry
            if seq in details:
                blocks.append(details[seq])
        return Message(self.text, (*blocks, *self.below), kept=self.links.kept)

    @property
    def size(self) -> int:
        """Bytes of its blocks, while all entries are closed."""
        return len(self.closed.json)


def fitting(made: Callable[[Fit], Frame], room: int = ROOM) -> Frame:
    """The frame as the first of FITS makes it that has room; else as the last does."""
    for fit in FITS[:-1]:
        frame = made(fit)
        if frame.size <= room:
            return frame
    return made(FITS[-1])


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """How much each may have of the room: who wants little gets it, the others get equal parts of the rest."""
    given = [0] * len(wanted)
    smallest_first = sorted(range(len(wanted)), key=wanted.__getitem__)
    for number, which in enumerate(smallest_first):
        given[which] = min(wanted[which], max(room, 0) // (len(wanted) - number))
        room -= given[which]
    return given
