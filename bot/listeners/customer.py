"""Customers: the card, making and listing them, channels that belong to one, the workspace's fields, and the record over time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from secrets import token_hex

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks import card as card_blocks
from bot.blocks import kit, record
from bot.blocks.kit import Message
from bot.blocks.picker import PICK, customer_options, picker
from bot.blocks.receipt import receipt
from bot.directory import Asker
from bot.listeners.forms import Forms
from bot.listeners.history import History, said
from bot.listeners.typed import Handler, Typed, Writing, action_of
from store.domain.activity import EARLIEST
from store.domain.customer import day, key_of
from store.domain.errors import NotFound, UsageError
from store.domain.grammar import edits
from store.domain.query import CustomerName, HistoryQuery, Window
from store.domain.words import Word

LISTED = 30
MOST_WORDS = 12
"""Of what may be a customer's name and a field's: each number of them is looked up."""


class Customers:
    def __init__(self, writing: Writing, forms: Forms) -> None:
        self._writing = writing
        self._forms = forms
        self._store = writing.store

    def handlers(self) -> dict[str, Handler]:
        return {
            "customer": self.customer,
            "link": self.link,
            "unlink": self.unlink,
            "field": self.field,
            "settings": self.settings,
            "blame": self.blame,
            "show": self.show,
        }

    async def customer(self, typed: Typed) -> Message | None:
        """`customer CUSTOMER`, `customer add NAME [field=value …]`, `customer list [words]`."""
        action = typed.words[0].text.casefold() if typed.words else ""
        if action == "add":
            return await self._add(typed, typed.words[1:])
        if action == "list":
            return await self._list(typed, " ".join(word.text for word in typed.words[1:]))
        await self._writing.allow(typed.asker, "view")
        found = await self._read(typed, typed.words)
        return picker(HistoryQuery(), token_hex(4)) if found is None else await self.card(typed.asker, found.id)

    async def card(self, asker: Asker, customer_id: str) -> Message:
        shown = await self._store.records.card(asker.workspace, customer_id)
        return card_blocks.card(shown, token_hex(4), asker.reader.zone)

    async def _add(self, typed: Typed, words: Sequence[Word]) -> Message | None:
        await self._writing.allow(typed.asker, "edit")
        named, rest = edits.before_assignments(words)
        name = " ".join(word.text for word in named)
        if not name:
            return await self._forms.opened(typed.asker, typed.trigger_id, "customer_add", None, {})
        asked = await self._writing.understood(typed.asker, edits.parse_assignments(rest))
        by = self._writing.by(typed.asker, f"command:{typed.trigger_id}")
        done = await self._store.records.add_customer(typed.asker.workspace, name, asked, by)
        return receipt(done, typed.asker.reader.zone)

    async def _list(self, typed: Typed, words: str) -> Message:
        await self._writing.allow(typed.asker, "view")
        found = await self._store.customer_choices(typed.asker.workspace, words, LISTED + 1)
        return record.listed(found[:LISTED], words, len(found) > LISTED)

    async def _read(self, typed: Typed, words: Sequence[Word]) -> CustomerName | None:
        """For a command that only reads: by the beginning of a name, too."""
        if not words:
            return await self._writing.linked(typed.asker)
        return await self._store.find_customer(typed.asker.workspace, " ".join(word.text for word in words))

    # --- channels ---

    async def link(self, typed: Typed) -> Message:
        await self._writing.allow(typed.asker, "edit")
        channel = _channel(typed.asker)
        if not typed.words:
            raise UsageError("Link this channel to which customer?", "Try `/pivotal link acme`.")
        name = " ".join(word.text for word in typed.words)
        found = await self._store.find_customer(typed.asker.workspace, name, writing=True)
        by = self._writing.by(typed.asker, f"command:{typed.trigger_id}")
        done = await self._store.records.link(typed.asker.workspace, channel, found.id, by)
        if done is not None and not done.recorded and not done.repeated:
            return said(f"This channel is {found.name}'s already.")
        return said(f"This channel is {found.name}'s now: here you can leave the customer out.")

    async def unlink(self, typed: Typed) -> Message:
        await self._writing.allow(typed.asker, "edit")
        by = self._writing.by(typed.asker, f"command:{typed.trigger_id}")
        done = await self._store.records.link(typed.asker.workspace, _channel(typed.asker), None, by)
        if done is None:
            return said("This channel is not linked to a customer.")
        return said(f"This channel is not {done.customer.name}'s any more.")

    # --- the workspace ---

    async def field(self, typed: Typed) -> Message | None:
        action, rest = action_of(typed.words, ("add", "list"), "field add Segment choice SMB,Enterprise")
        if action == "list":
            await self._writing.allow(typed.asker, "view")
            known = await self._store.records.fields(typed.asker.workspace)
            told = [
                f"{each.name}: {each.type}" + (f" ({', '.join(each.choices)})" if each.choices else "")
                for each in known
            ]
            return said("Fields of this workspace: " + ("; ".join(told) or "none yet. `field add` makes one."))
        await self._writing.allow_admin(typed.asker)
        if not rest:
            return await self._forms.opened(typed.asker, typed.trigger_id, "field_add", None, {})
        asked = edits.parse_field(rest)
        made = await self._store.records.define_field(typed.asker.workspace, asked.name, asked.type, asked.choices)
        return said(f"There is a field {made.name} now. Set it with /pivotal set acme {key_of(made.name)}=…")

    async def settings(self, typed: Typed) -> Message | None:
        await self._writing.allow_admin(typed.asker)
        return await self._forms.opened(typed.asker, typed.trigger_id, "settings", None, {})

    # --- over time ---

    async def blame(self, typed: Typed) -> Message:
        """`blame [CUSTOMER] [field]`: the last word is a field, when the words before it name a customer."""
        await self._writing.allow(typed.asker, "view")
        customer, field = await self._with_rest(typed)
        found = await self._store.records.blame(typed.asker.workspace, customer.id, field)
        return record.blamed(found, typed.asker.reader.zone)

    async def _with_rest(self, typed: Typed) -> tuple[CustomerName, str | None]:
        linked = await self._writing.linked(typed.asker)
        words = [word.text for word in typed.words]
        for taken in range(min(len(words), MOST_WORDS), 0, -1):
            try:
                found = await self._store.find_customer(typed.asker.workspace, " ".join(words[:taken]))
            except NotFound:
                if taken == 1 and linked is None:
                    raise
                continue
            return found, " ".join(words[taken:]) or None
        if linked is None:
            raise UsageError("I don't know which customer you mean.", "Try `/pivotal blame acme plan`.")
        return linked, " ".join(words) or None

    async def show(self, typed: Typed) -> Message:
        """`show [CUSTOMER] --at DATE`: as it was when that day of the reader's ended."""
        await self._writing.allow(typed.asker, "view")
        words = list(typed.words)
        at = next((number for number, word in enumerate(words) if word.is_flag), len(words))
        flag = words[at].text.casefold().partition("=")[0] if at < len(words) else ""
        rest = [
            *([words[at].text.partition("=")[2]] if at < len(words) and "=" in words[at].text else []),
            *(w.text for w in words[at + 1 :]),
        ]
        if flag != "--at" or len(rest) != 1:
            raise UsageError("As of which day?", "Try `/pivotal show acme --at 2026-02-28`.")
        asked = day(rest[0], "--at")
        found = await self._read(typed, words[:at])
        if found is None:
            raise UsageError("I don't know which customer you mean.", "Try `/pivotal show acme --at 2026-02-28`.")
        reader = typed.asker.reader
        asked = min(asked, reader.now.astimezone(reader.zone).date())
        if asked < EARLIEST.date():
            raise UsageError(f"{asked} is before anything that I know of.", "Try `/pivotal show acme --at 2026-02-28`.")
        _, end = Window(since=asked, until=asked).resolve(reader.now, reader.zone)
        assert end is not None
        moment = min(end - timedelta(microseconds=1), reader.now)
        then = await self._store.records.then(typed.asker.workspace, found.id, moment)
        return record.as_it_was(then, typed.asker.reader.zone)


def _channel(asker: Asker) -> str:
    if asker.channel is None or asker.channel.startswith("D"):
        raise UsageError("There is no channel here to link.", "Type it in the channel that you mean.")
    return asker.channel


def register(bolt: AsyncApp, answers: Answers, history: History, forms: Forms) -> None:
    store = forms.writing.store

    @bolt.action(PICK)
    async def picked(ack: AsyncAck, body: Json, action: Json) -> None:
        async def work(asker: Asker) -> Message:
            query = await history.carried(asker, action["block_id"])
            return await history.shown(asker, replace(query, customer=action["selected_option"]["value"]))

        await answers.replace(ack, body, work)

    @bolt.options(PICK)
    async def choices(ack: AsyncAck, body: Json) -> None:
        async def work(asker: Asker) -> Sequence[Json]:
            return customer_options(await store.customer_choices(asker.workspace, kit.one_line(body["value"])))

        await answers.offer(ack, body, work)

    @bolt.action("form:edit")
    async def edited(ack: AsyncAck, body: Json, action: Json) -> None:
        async def work(asker: Asker) -> Message | None:
            name, customer_id, ident = action["selected_option"]["value"].split(" ", 2)
            onto = (body.get("view") or {}).get("type") == "modal"
            about = CustomerName(customer_id, "", "")
            return await forms.opened(asker, body["trigger_id"], name, about, {"id": ident}, onto=onto)

        await answers.add(ack, body, work)
