"""What a command's handler gets, and what all that writes shares: whom it is about, who asks, by which right."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.blocks.kit import Message
from bot.directory import Asker, Directory
from bot.rights import NotInGroup, Right, allowed, may
from store import Store
from store.domain.activity import Ref, Source, mention
from store.domain.customer import Assignment, FieldType, field_named
from store.domain.errors import NotFound, Refused, UsageError
from store.domain.query import CustomerName
from store.domain.record import By
from store.domain.words import Word, after

Json = dict[str, Any]
PERSON: Final = re.compile(r"<@([UW][A-Z0-9]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command as it was typed.

    words  what follows its first word
    text   all of it, from the first word on, as Slack sent it
    """

    asker: Asker
    words: Sequence[Word]
    text: str
    trigger_id: str

    def raw(self, count: int) -> str:
        """What follows the first `count` of the words, as it was typed."""
        return after(self.text, count + 1)


Handler = Callable[[Typed], Awaitable[Message | None]]
"""None: it has opened a modal."""


class Writing:
    """What every feature that writes asks first."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self.store = store
        self._directory = directory

    async def allow(self, asker: Asker, right: Right) -> None:
        """Checked when something is done, not when its button was drawn. Raises Refused."""
        settings = await self.store.settings(asker.workspace)
        try:
            allowed(asker, right, settings)
        except NotInGroup:
            if not await may(self._directory, asker.workspace, asker.person, right, settings):
                raise

    async def groups(self, asker: Asker) -> Sequence[tuple[str, str]]:
        """The user groups to whom a right may be given, (id, handle)."""
        return await self._directory.groups(asker.workspace)

    async def allow_admin(self, asker: Asker) -> None:
        if not asker.person.is_admin:
            raise Refused("Only admins of this Slack workspace may change settings.", "Ask one of them.")

    async def about(self, typed: Typed, words: Sequence[Word]) -> tuple[CustomerName | None, int]:
        """Whom a command is about, and how many of the words said so.

        words    those that may name the customer: one, or all that stand before `field=value`
        returns  the customer named, else the channel's (0 words), else None when there are no words
        raises   NotFound or Ambiguous, for words that name nobody in a channel without a customer
        """
        linked = await self.linked(typed.asker)
        if not words:
            return linked, 0
        name = " ".join(word.text for word in words)
        try:
            return await self.store.find_customer(typed.asker.workspace, name, writing=True), len(words)
        except NotFound:
            if linked is None:
                raise
            return linked, 0

    async def linked(self, asker: Asker) -> CustomerName | None:
        if asker.channel is None:
            return None
        return await self.store.linked_customer(asker.workspace, asker.channel)

    async def understood(self, asker: Asker, asked: Sequence[Assignment]) -> list[Assignment]:
        """The same with whom Slack marks as a reference where the field is a person, and by name in any other text."""
        if not any(PERSON.search(each.value) for each in asked):
            return list(asked)
        custom = await self.store.records.fields(asker.workspace)
        found = []
        for each in asked:
            field = field_named(each.field, custom)
            told = self.with_people if field is not None and field.type is FieldType.PERSON else self.with_names
            items = [await told(asker, item) for item in each.items]
            found.append(Assignment(each.field, await told(asker, each.value), tuple(items)))
        return found

    async def with_people(self, asker: Asker, text: str) -> str:
        """The text with mentions as references of people whom the store then knows."""
        known = await self._people(asker, text)
        return PERSON.sub(lambda each: known[each[1]], text)

    async def mentioned(self, asker: Asker, text: str) -> str:
        """A comment with the people whom Slack marks in it as references, as `mention` writes them."""
        known = await self._people(asker, text)
        return PERSON.sub(lambda each: mention(Ref.parse(known[each[1]])), text)

    async def with_names(self, asker: Asker, text: str) -> str:
        """The text of a message with people by name, as a person would type it into a form."""
        found = dict.fromkeys(PERSON.findall(text))
        names = {user: (await self._directory.person(asker.workspace, asker.team, user)).name for user in found}
        return PERSON.sub(lambda each: f"@{names[each[1]]}", text)

    async def _people(self, asker: Asker, text: str) -> dict[str, str]:
        """References by Slack's id of everybody whom the text mentions."""
        found = dict.fromkeys(PERSON.findall(text))
        return {user: (await self._directory.person(asker.workspace, asker.team, user)).ref for user in found}

    def by(self, asker: Asker, key: str | None, **refs: object) -> By:
        """The writer. key: of the request, so that it counts once; refs: where it came from, as ids."""
        where = {"channel": asker.channel} if asker.channel else {}
        return By(actor=Ref.parse(asker.person.ref), source=Source.SLACK, refs={**where, **refs}, key=key)


def action_of(words: Sequence[Word], known: Sequence[str], example: str) -> tuple[str, Sequence[Word]]:
    """The first word, when it is one of these, and the rest. Raises UsageError."""
    if not words or words[0].text.casefold() not in known:
        read = f"I read {words[0].shown} where one of" if words else "There should be one of"
        raise UsageError(
            f"{read} {', '.join(f'`{each}`' for each in known)} should stand.", f"Try `/pivotal {example}`."
        )
    return words[0].text.casefold(), words[1:]
