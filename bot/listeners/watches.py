"""`/pivotal watch …`, `watches`, `unwatch N`; and what they see, rendered at the moment of sending."""

import re
from dataclasses import replace
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks import watch as blocks
from bot.blocks.kit import Message
from bot.directory import Asker
from bot.jobs.deliver import sentence
from bot.listeners.channels import may_post
from bot.listeners.history import said
from bot.listeners.typed import Handler, Typed, Writing
from bot.slack import Slack
from store.domain.errors import Refused
from store.domain.grammar.watches import NewWatch, parse_unwatch, parse_watch
from store.domain.scope import Scope
from store.settings import EVERYONE

SHARED: Final = "People outside your company read that channel, or are invited to: nothing is posted there."


class Watches:
    """Whoever may see histories may have what happens told to them, or to a channel that they are in."""

    def __init__(self, writing: Writing, slack: Slack) -> None:
        self._writing = writing
        self._store = writing.store
        self._slack = slack

    def handlers(self) -> dict[str, Handler]:
        return {"watch": self.made, "watches": self.typed, "unwatch": self.unwatched}

    async def made(self, typed: Typed) -> Message:
        asker = typed.asker
        await self._writing.allow(asker, "view")
        asked = await self._understood(asker, parse_watch(typed.words))
        await may_post(self._slack, asker, asked.channel, SHARED)
        if asked.channel is not None and (await self._store.settings(asker.workspace)).view != EVERYONE:
            raise Refused(
                "In this workspace not everybody may see histories, so none is posted in a channel.",
                "Leave the channel out, and I tell you in direct messages.",
            )
        by = self._writing.by(asker, None)
        watch = await self._store.watching.add(
            asker.workspace, asked, channel=asked.channel, by=by, reader=asker.reader
        )
        _, names, customers = await self._store.watching.listed(asker.workspace)
        return blocks.made(watch, names, customers)

    async def _understood(self, asker: Asker, asked: NewWatch) -> NewWatch:
        """With the channel's customer where none is named, and people whom Slack marks as references."""
        scope = asked.scope
        if scope == Scope() and not asked.everything:
            linked = await self._writing.linked(asker)
            scope = replace(scope, customer=linked.id if linked else None)
        if scope.owner is not None:
            scope = replace(scope, owner=await self._writing.with_people(asker, scope.owner))
        return replace(asked, scope=scope)

    async def typed(self, typed: Typed) -> Message:
        return await self.listed(typed.asker)

    async def listed(self, asker: Asker) -> Message:
        """Those of channels, and the asker's own."""
        await self._writing.allow(asker, "view")
        found, names, customers = await self._store.watching.listed(asker.workspace)
        own, admin = asker.person.ref, asker.person.is_admin
        rows = [
            blocks.Row(
                each,
                names.get(each.made_by, "Somebody"),
                None if each.error is None else sentence(each.error),
                removable=admin or each.made_by == own,
            )
            for each in found
            if each.channel is not None or each.made_by == own
        ]
        return blocks.listed(rows, names, customers)

    async def unwatched(self, typed: Typed) -> Message:
        number = parse_unwatch(typed.words)
        await self._removed(typed.asker, number)
        return said(f"Watch {number} is removed.")

    async def pressed(self, asker: Asker, action: Json) -> Message:
        await self._removed(asker, int(action["value"]))
        return await self.listed(asker)

    async def _removed(self, asker: Asker, number: int) -> None:
        await self._writing.allow(asker, "view")
        by = self._writing.by(asker, None)
        await self._store.watching.remove(asker.workspace, number, by, admin=asker.person.is_admin)


def register(bolt: AsyncApp, answers: Answers, watches: Watches) -> None:
    @bolt.action(re.compile(f"^{blocks.REMOVE}:"))
    async def removed(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: watches.pressed(asker, action))
