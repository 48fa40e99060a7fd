"""What the page's composer may offer: the commands, flags and words of the grammar, and the customers of the store."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bot.sandbox.page import Completion, Vocabulary
from bot.sandbox.workspace import Workspace
from store import Store
from store.domain.activity import KINDS
from store.domain.usage import FILTERS, PROGRAM, USAGE

UNTYPED: Final = {"before", "after", "open"}
"""Flags that buttons write, and hardly anybody types."""
WINDOWS: Final = ("--7d", "--30d", "--90d")
ACTORS: Final = {
    "me": "you",
    "pi": "the agent that watches accounts",
    "hubspot": "the integration",
    "stripe": "the integration",
    "slack": "all that came through Slack",
    "api": "whoever holds an API key",
}
FIELDS: Final = ("name", "domain", "owner", "plan", "tags", "health_score", "status", "phase")


def vocabulary(store: Store, workspace_id: str, workspace: Workspace) -> Vocabulary:
    async def customers(typed: str) -> Sequence[Completion]:
        found = await store.customer_choices(workspace_id, typed, 8)
        return [Completion(each.slug, each.name) for each in found]

    async def actors(typed: str) -> Sequence[Completion]:
        people = {f"@{each.handle}": each.name for each in workspace.users.values() if not each.bot}
        return _beginning({**ACTORS, **people}, typed)

    flags = [*_flags()]
    values = {"actor": actors, "type": _among(dict.fromkeys(KINDS, "")), "field": _among(dict.fromkeys(FIELDS, ""))}
    return Vocabulary(
        command=PROGRAM,
        words=[Completion(each.word, each.purpose) for each in USAGE],
        flags={each.word: flags for each in USAGE if "FILTER" in each.synopsis},
        values={f"--{negation}{name}": search for name, search in values.items() for negation in ("", "not-")},
        about=frozenset(each.word for each in USAGE if "CUSTOMER" in each.synopsis),
        customers=customers,
    )


def _flags() -> Sequence[Completion]:
    found = []
    for each in FILTERS:
        if each.flags[0] in UNTYPED:
            continue
        if each.flags[0] == "30d":
            found += [Completion(window, f"the last {window.strip('-d')} days") for window in WINDOWS]
            continue
        detail = re.split(r"(?<=[.:]) ", each.purpose)[0]
        found += [Completion(f"--{flag}", detail) for flag in each.flags]
    return found


def _among(words: dict[str, str]) -> Callable[[str], Awaitable[Sequence[Completion]]]:
    async def search(typed: str) -> Sequence[Completion]:
        return _beginning(words, typed)

    return search


def _beginning(words: dict[str, str], typed: str) -> list[Completion]:
    wanted = typed.casefold()
    return [
        Completion(word, detail)
        for word, detail in words.items()
        if word.casefold().startswith(wanted) or word.rpartition(".")[2].startswith(wanted)
    ]
