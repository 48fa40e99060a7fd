"""Text ↔ Scope, and channels as Slack sends them: what schedules and watches have in common."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from store.domain.errors import UsageError
from store.domain.grammar.flags import Flag
from store.domain.scope import Scope
from store.domain.words import Mark, Word, quote

SCOPE_FLAGS: Final = ("customer", "owner", "tag")
EXAMPLES: Final = {"customer": '--customer "Acme Corp"', "owner": "--owner me", "tag": "--tag vip"}
ME: Final = "me"

CHANNEL: Final = re.compile(r"<#([A-Za-z0-9]+)>")


def scope_of(flags: Mapping[str, Flag]) -> Scope:
    """Which customers these flags are about; flags other than those of a scope are left out.

    raises  UsageError: several values, where one is taken
    """
    values = {name: _one(flags[name]) for name in SCOPE_FLAGS if name in flags}
    return Scope(
        customer=values["customer"].text if "customer" in values else None,
        owner=_owner(values["owner"]) if "owner" in values else None,
        tag=values["tag"].text if "tag" in values else None,
    )


def format_scope(scope: Scope) -> list[str]:
    """The flags that `scope_of` reads as this scope."""
    given = {"customer": scope.customer, "owner": scope.owner, "tag": scope.tag}
    return [f"--{name} {quote(value)}" for name, value in given.items() if value is not None]


def each_once(flags: Iterable[Flag]) -> dict[str, Flag]:
    """By name. raises UsageError, when one is given twice."""
    found: dict[str, Flag] = {}
    for flag in flags:
        if flag.name in found:
            raise UsageError(f"There are two `--{flag.name}`.", "Leave one out.")
        found[flag.name] = flag
    return found


def channel_of(word: Word) -> str | None:
    """The id of a channel that was picked from Slack's list; None for any other word."""
    if len(word.parts) != 1 or word.parts[0].mark is not Mark.SLACK:
        return None
    found = CHANNEL.fullmatch(word.text)
    return found[1] if found else None


def channel_among(
    typed: Sequence[Word], valued: Collection[str], *, without: str, each: str
) -> tuple[str | None, list[Word]]:
    """The channel, wherever it stands, and the other words.

    valued   flags with a value: what is the value of a flag is no channel
    without  what becomes of it without a channel; each: what a channel has of its own; for the hints
    raises   UsageError, for several channels, and for one that was typed and not picked
    """
    found: list[str] = []
    rest: list[Word] = []
    for number, word in enumerate(typed):
        before = typed[number - 1] if number else None
        is_value = before is not None and before.is_flag and before.text[2:].casefold() in valued
        channel = None if is_value else channel_of(word)
        if channel is not None:
            found.append(channel)
            continue
        if not is_value and word.starts_with("#"):
            raise UsageError(
                f"I read {word.shown}, but not which channel that is.",
                f"Type `#` and pick the channel from the list that Slack shows; leave it out, and {without}.",
            )
        rest.append(word)
    if len(found) > 1:
        raise UsageError(
            f"I read {len(found)} channels.", f"Leave all but one out; each channel has {each} of its own."
        )
    return (found[0] if found else None), rest


def _one(flag: Flag) -> Word:
    if len(flag.values) != 1:
        raise UsageError(
            f"`--{flag.name}` takes one value; I read {len(flag.values)}.", f"Write it as `{EXAMPLES[flag.name]}`."
        )
    return flag.values[0]


def _owner(word: Word) -> str:
    """`me`, a mention or a name; a person of that very name is written in quotes, or behind an @."""
    if word.text.casefold() != ME:
        return word.text
    return f"@{word.text}" if word.is_quoted else ME
