"""`/pivotal history`, and every control of the feed."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import limits
from bot.answers import Answers, Json
from bot.blocks import controls, kit
from bot.blocks import feed as feed_blocks
from bot.blocks.feed import OWN
from bot.blocks.kit import Message
from bot.blocks.links import KEPT, carried
from bot.blocks.picker import picker
from bot.blocks.problem import problem
from bot.blocks.table import ENTRIES
from bot.directory import Asker, Clock
from bot.jobs.deliver import Deliverer, sentence
from bot.listeners.typed import Typed, Writing
from bot.rights import NotInGroup, allowed
from store import Store
from store.actors import zone_named
from store.domain.erasure import SHARED
from store.domain.errors import Ambiguous, NotFound, PivotalError, Refused
from store.domain.grammar import format_filter, format_history, parse_history
from store.domain.grammar.history import KEYWORDS
from store.domain.query import HistoryQuery, Reader, Window
from store.domain.usage import PROGRAM
from store.domain.words import MAX_LENGTH
from store.outbox import Delivery, GivenUp, Sent
from store.store import PAGE

COPIED: Final = "The command for what you see:"
DIRECT: Final = "D"
"""How the id of a direct conversation begins."""


class History:
    """What to show for a query, and for a click on what was shown."""

    def __init__(self, writing: Writing, clock: Clock) -> None:
        self._writing = writing
        self._store = writing.store
        self._clock = clock

    async def typed(self, typed: Typed) -> Message:
        """`history …`: the feed of the customer given, else of the one that the channel is linked to, else a picker."""
        return await self.shown(typed.asker, parse_history(typed.words))

    async def shown(self, asker: Asker, query: HistoryQuery) -> Message:
        if query.customer is None:
            await self._writing.allow(asker, "view")
            linked = await self._writing.linked(asker)
            if linked is None:
                return picker(query, token_hex(4))
            query = replace(query, customer=linked.id)
        # The right and the page are read at one moment, and in one transaction: two took a quarter longer on PostgreSQL.
        allow = partial(allowed, asker, "view")
        limit = ENTRIES if query.table else PAGE
        try:
            page = await self._store.history(asker.workspace, query, asker.reader, limit=limit, allow=allow)
        except NotInGroup:
            await self._writing.allow(asker, "view")
            page = await self._store.history(asker.workspace, query, asker.reader, limit=limit)
        return feed_blocks.feed(page, token_hex(4), sharing=may_share(asker))

    async def carried(self, asker: Asker, value: str) -> HistoryQuery:
        """The query that a button's value or a row's block_id carries."""
        text = carried(value)
        if text.startswith(KEPT):
            kept = await self._store.kept_query(asker.workspace, text.removeprefix(KEPT))
            if kept is None:
                raise NotFound("That button leads nowhere any more.", "Type the command again.")
            text = kept
        return parse_history(text)

    async def went(self, asker: Asker, action: Json) -> Message:
        """A button that carries the query it leads to."""
        return await self.shown(asker, await self.carried(asker, action["value"]))

    async def filtered(self, asker: Asker, action: Json) -> Message:
        """A select or a date picker: the row's query, changed by what was picked."""
        query = await self.carried(asker, action["block_id"])
        return await self.shown(asker, picked(query, action, asker.reader))

    async def turned(self, asker: Asker, action: Json) -> Message:
        """The same slice as a table, or as a list again."""
        query = await self.carried(asker, action["block_id"])
        return await self.shown(asker, replace(query.first_page(), table=not query.table))

    async def choosing(self, asker: Asker, body: Json) -> HistoryQuery:
        """The query of the row whose select asks for its options."""
        await self._writing.allow(asker, "view")
        return await self.carried(asker, body["block_id"])

    async def command(self, asker: Asker, action: Json, program: str) -> Message:
        """The slice as a command to copy, with names in place of ids."""
        await self._writing.allow(asker, "view")
        query = (await self.carried(asker, action["block_id"])).bare()
        page = await self._store.history(asker.workspace, query, asker.reader, limit=1)
        meant = replace(page.query, customer=page.customer.slug)
        named = replace(
            meant,
            actors=tuple(_typed_as(word, page.names) for word in page.query.actors),
            not_actors=tuple(_typed_as(word, page.names) for word in page.query.not_actors),
        )
        typed = format_filter(named if await self._means(asker, named, page.query) else meant)
        text = f"{program} history {typed}"
        if len(text) > MAX_LENGTH or kit.size([kit.preformatted(text)]) > limits.MESSAGE_JSON_SOFT:
            raise Refused("That filter is too long to be typed.", "Remove some of it, then copy it again.")
        return Message(f"{COPIED} {text}", (kit.section(kit.plain(COPIED)), kit.preformatted(text)))

    async def _means(self, asker: Asker, named: HistoryQuery, query: HistoryQuery) -> bool:
        """Whether a query by names is the same as the one by references: two people may share a name."""
        try:
            again = await self._store.history(asker.workspace, named, asker.reader, limit=1)
        except (NotFound, Ambiguous):
            return False
        return again.query == query

    async def share(self, asker: Asker, action: Json, body: Json, deliverer: Deliverer) -> Message:
        """Post the page to the channel that it was asked in, for all to see. Pressed twice, it is posted once."""
        await self._writing.allow(asker, "view")
        if asker.channel is None or not may_share(asker):
            raise Refused("There is no channel here to share to.", "Use `/pivotal history` in the channel you mean.")
        query = replace(await self.carried(asker, action["block_id"]), opened=(), table=False)
        # Everybody in the channel reads it as the one who shares it does.
        mine = {"me": asker.person.ref}
        query = replace(
            query,
            actors=tuple(mine.get(word, word) for word in query.actors),
            not_actors=tuple(mine.get(word, word) for word in query.not_actors),
        )
        text = format_history(query)
        about = hashlib.sha256(f"{body['container']['message_ts']} {text}".encode()).hexdigest()[:32]
        ident = await self._store.enqueue(
            asker.workspace,
            key=f"share:{asker.channel}:{about}",
            kind=SHARED,
            channel=asker.channel,
            body={"query": text, "person": asker.person.ref, "slack_user_id": asker.person.slack_user_id},
        )
        if ident is None:
            return said("You have shared this already: it is in this channel, or will be in a moment.")
        match (await deliverer.drain()).get(ident):
            case Sent():
                return said("Shared to this channel.")
            case GivenUp(error):
                return problem(PivotalError(sentence(error)))
            case _:
                return said("Slack has not taken it yet. It will be in this channel soon.")

    async def withdrawn(self, _delivery: Delivery) -> Message:
        """What stands in a channel in place of a shared history that may have named somebody who was removed."""
        return said(
            "This shared history was withdrawn, since a contact was removed. Type `/pivotal history` for how it reads now."
        )

    async def shared(self, delivery: Delivery) -> Message:
        """Render a share at the moment of sending."""
        body = delivery.body
        person = await self._store.person(delivery.workspace, body["slack_user_id"])
        zone = zone_named(person.zone if person else None) or zone_named("UTC")
        assert zone is not None
        reader = Reader(now=self._clock(), zone=zone, person=body["person"])
        page = await self._store.history(delivery.workspace, parse_history(body["query"]), reader)
        message = feed_blocks.shared(page, token_hex(4), person.name if person else "Somebody")
        if message.kept:
            await self._store.keep_queries(delivery.workspace, message.kept)
        return message


def picked(query: HistoryQuery, action: Json, reader: Reader) -> HistoryQuery:
    """The query after a click on one of its controls."""
    match action["action_id"]:
        case controls.ACTORS:
            return query.filtered(actors=_values(action))
        case controls.TYPES:
            return query.filtered(types=_values(action))
        case controls.WINDOW:
            today = reader.now.astimezone(reader.zone).date()
            chosen = action["selected_option"]["value"]
            return query.within(controls.window_chosen(query.window, chosen, Window(since=today, until=today)))
        case controls.FROM | controls.TO as end:
            # Read as if it had been typed, so that a range that ends before it begins gets the same sentence.
            dated = query.window if query.window and query.window.days is None else None
            since, until = (dated.since, dated.until) if dated else (None, None)
            first, last = (action["selected_date"], until) if end == controls.FROM else (since, action["selected_date"])
            rest = format_history(query.within(None))
            return parse_history(f"{rest}{f' --from {first}' if first else ''}{f' --to {last}' if last else ''}")
        case other:
            raise NotFound(f"I have no control `{other}`.")


def _values(action: Json) -> tuple[str, ...]:
    return tuple(option["value"] for option in action["selected_options"])


def _typed_as(word: str, names: Mapping[str, str]) -> str:
    """An actor's word as a person would type it."""
    name = names.get(word, word)
    return f"@{name}" if word in names and name.casefold() in KEYWORDS else name


def may_share(asker: Asker) -> bool:
    return asker.channel is not None and not asker.channel.startswith(DIRECT)


def said(sentence: str) -> Message:
    return Message(sentence, (kit.section(kit.plain(sentence)),))


Beside = Callable[[Asker, Json], Awaitable[Message]]
"""What an entry of the menu does, when it answers by a message of its own."""


def register(
    bolt: AsyncApp,
    answers: Answers,
    history: History,
    deliverer: Deliverer,
    store: Store,
    program: str = PROGRAM,
    more: Mapping[str, Beside] | None = None,
) -> None:
    """more: entries of the menu that belong to other features."""

    @bolt.action(re.compile("^history:go"))
    async def went(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: history.went(asker, action))

    @bolt.action(re.compile("^history:filter:"))
    async def filtered(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.replace(ack, body, lambda asker: history.filtered(asker, action))

    @bolt.action(re.compile(rf"^{OWN}(:\d+)?$"))
    async def own(ack: AsyncAck, body: Json, action: Json) -> None:
        await answers.add(ack, body, lambda asker: history.went(asker, action))

    @bolt.action(controls.MENU)
    async def menu(ack: AsyncAck, body: Json, action: Json) -> None:
        beside: dict[str, Beside] = {
            controls.SHARE: lambda asker, action: history.share(asker, action, body, deliverer),
            controls.COMMAND: lambda asker, action: history.command(asker, action, program),
            **(more or {}),
        }
        chosen = action["selected_option"]["value"]
        if chosen in beside:
            await answers.add(ack, body, lambda asker: beside[chosen](asker, action))
        else:
            await answers.replace(ack, body, lambda asker: history.turned(asker, action))

    @bolt.options(controls.ACTORS)
    async def actors(ack: AsyncAck, body: Json) -> None:
        async def offered(asker: Asker) -> Sequence[Json]:
            query = await history.choosing(asker, body)
            found = await store.actor_choices(asker.workspace, query.customer or "", kit.one_line(body["value"]))
            return controls.actor_options(found)

        await answers.offer(ack, body, offered)

    @bolt.options(controls.TYPES)
    async def types(ack: AsyncAck, body: Json) -> None:
        async def offered(asker: Asker) -> Sequence[Json]:
            query = await history.choosing(asker, body)
            found = await store.type_choices(asker.workspace, query.customer or "", kit.one_line(body["value"]))
            return [kit.option(choice.label, choice.word) for choice in found]

        await answers.offer(ack, body, offered)
