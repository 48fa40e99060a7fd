"""Text ↔ NewWatch: `[CUSTOMER] [#channel] [FILTER…] [--owner O] [--tag T] [--all]`. The filter is that of the history, without dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from store.domain.errors import UsageError
from store.domain.grammar.flags import Flags
from store.domain.grammar.history import FILTERS, format_filter, parse_filter
from store.domain.grammar.scope import channel_among, each_once, format_scope, scope_of
from store.domain.query import HistoryQuery
from store.domain.scope import Scope
from store.domain.words import Word, quote

ALL: Final = "all"
VALUED: Final = ("owner", "tag")
SCOPING: Final = (*VALUED, ALL)
EXAMPLE: Final = "`/pivotal watch acme --type status_changed,nudge`"
NUMBER: Final = re.compile(r"#?([1-9][0-9]{0,8})")

_TAKEN: Final = (*(name for name in FILTERS if name not in {"from", "to"}), *VALUED)
_SCOPE: Final = Flags(VALUED, bare=lambda name: name == ALL, shown=(ALL,))
_MEANT: Final = re.compile(r"Did you mean `--(?!from|to|[0-9])[^`]*`\?|Write `--[a-z-]+` alone\.")
"""What a hint of the history's says that holds for a watch, too."""

EVERYBODY: Final = Scope()


@dataclass(frozen=True, slots=True)
class NewWatch:
    """query: the filter alone. scope: as typed. everything: every customer was asked for. channel: its id; None: direct messages."""

    query: HistoryQuery
    scope: Scope = EVERYBODY
    everything: bool = False
    channel: str | None = None


def parse_watch(typed: Sequence[Word]) -> NewWatch:
    """What follows `watch`.

    raises  UsageError, naming the part that does not fit, and what to type instead
    """
    channel, rest = channel_among(typed, _TAKEN, without="I tell you in direct messages", each="watches")
    scoping, filtering = _parted(rest)
    try:
        flags = each_once(_SCOPE.read(scoping))
        query = parse_filter(filtering)
    except UsageError as error:
        meant = _MEANT.match(error.hint or "")
        raise UsageError(error.sentence, meant[0] if meant else f"Try {EXAMPLE}.") from None
    if query.window is not None:
        raise UsageError("A watch looks at what is recorded from now on, so it takes no dates.", f"Try {EXAMPLE}.")
    scope = replace(scope_of(flags), customer=query.customer)
    everything = ALL in flags
    if everything and scope != EVERYBODY:
        raise UsageError("`--all` is every customer, but I read which ones, too.", "Leave one of the two out.")
    return NewWatch(replace(query, customer=None), scope, everything, channel)


def format_watch(asked: NewWatch) -> str:
    """The text that `parse_watch` reads as this."""
    customer = asked.scope.customer
    marked = customer is not None and customer.startswith(("#", "<"))  # bare it would be a channel, or read like one
    return " ".join(
        [
            *([] if customer is None else [quote(customer, always=marked)]),
            *([f"<#{asked.channel}>"] if asked.channel else []),
            *([text] if (text := format_filter(asked.query)) else []),
            *format_scope(replace(asked.scope, customer=None)),
            *([f"--{ALL}"] if asked.everything else []),
        ]
    )


def parse_unwatch(typed: Sequence[Word]) -> int:
    """What follows `unwatch`: a watch's number. raises UsageError"""
    hint = "`/pivotal watches` lists them by number. Try `/pivotal unwatch 2`."
    if not typed:
        raise UsageError("Which watch shall I remove?", hint)
    found = NUMBER.fullmatch(typed[0].text)
    if found is None:
        raise UsageError(f"I read {typed[0].shown} where a watch's number should stand.", hint)
    if len(typed) > 1:
        raise UsageError(f"I read {typed[1].shown} behind the number.", "Leave it out.")
    return int(found[1])


def _parted(typed: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """The flags that say which customers, each with the words behind it; and the rest, which reads as a filter does."""
    scoping: list[Word] = []
    filtering: list[Word] = []
    into = filtering
    for word in typed:
        if word.is_flag:
            name = word.split("=", 1)[0].text.removeprefix("--").casefold()
            into = scoping if name in SCOPING else filtering
        into.append(word)
    return scoping, filtering
