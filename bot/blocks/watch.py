"""What a watch has seen, as a message; and the watches there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from bot import limits
from bot.blocks import activity, kit, phrases
from bot.blocks.feed import OWN
from bot.blocks.fit import Fit, Frame, fitting
from bot.blocks.kit import Block, Message
from bot.blocks.links import Links
from store.domain.grammar.watches import NewWatch, format_watch
from store.domain.query import CustomerName
from store.domain.scope import Scope
from store.domain.watch import Told, Watch

REMOVE: Final = "watch:remove"
WHAT: Final = 300
"""Characters of what a watch is about."""


def told(those: Told, zone: ZoneInfo, mark: str) -> Message:
    """For a channel or one person; each customer with a button to its history. mark: new in every message."""
    return fitting(partial(_frame, those, zone, mark)).closed


def _frame(those: Told, zone: ZoneInfo, mark: str, fit: Fit) -> Frame:
    links = Links(mark, fit.link)
    customers = {seen.customer.id: seen.customer for seen in those.seen}
    entries: dict[int, Sequence[Block]] = {}
    for seen in those.seen:
        query = replace(those.watch.query, customer=seen.customer.id)
        button = kit.button("History", f"{OWN}:{len(entries)}", links.value(query))
        head = kit.section(kit.plain(phrases.shown(seen.customer.name, fit.name)), accessory=button)
        for each in seen.activities:
            lead = [head] if each is seen.activities[0] else []
            entries[len(entries)] = [*lead, *activity.entry(each, those.names, zone, fit)]
    more = f"and {those.more} more in that minute. " if those.more else ""
    about = f"{more}Watch {those.watch.number}: {described(those.watch, those.names, customers)}"
    return Frame(_headline(those, fit), [], entries, [kit.context(kit.plain(about, WHAT))], links)


def _headline(those: Told, fit: Fit) -> str:
    """What a notification shows."""
    names = [phrases.shown(seen.customer.name, fit.name) for seen in those.seen]
    entries = [each for seen in those.seen for each in seen.activities]
    if len(entries) == 1 and not those.more:
        return f"{names[0]}: {phrases.line(entries[0], those.names, fit.value)}"
    return f"{phrases.count(len(entries) + those.more)}: {phrases.either(names, 3, last='and')}"


def described(watch: Watch, names: phrases.Names, customers: Mapping[str, CustomerName]) -> str:
    """The words that one would type for it: `acme-corp --type status_changed`."""

    def typed(words: Sequence[str]) -> tuple[str, ...]:
        return tuple(names.get(word, word) for word in words)

    query, scope = watch.query, watch.scope
    query = replace(query, actors=typed(query.actors), not_actors=typed(query.not_actors))
    customer = scope.customer and customers[scope.customer].slug
    owner = scope.owner and names.get(scope.owner, scope.owner)
    told = NewWatch(query, replace(scope, customer=customer, owner=owner), everything=scope == Scope())
    return phrases.shown(format_watch(told), WHAT)


def made(watch: Watch, names: phrases.Names, customers: Mapping[str, CustomerName]) -> Message:
    """The answer to who made it."""
    text = f"Watch {watch.number} is set: {described(watch, names, customers)}"
    where = f"in <#{watch.channel}>" if watch.channel else "to you, in direct messages"
    more = f"What is recorded from now on is told {where}, once a minute at most. `/pivotal unwatch {watch.number}` ends it."
    return Message(text, (kit.section(kit.plain(text)), kit.context(kit.mrkdwn(more))))


@dataclass(frozen=True, slots=True)
class Row:
    """error: a sentence, where something went wrong. removable: whether whoever looks may remove it."""

    watch: Watch
    who: str
    error: str | None
    removable: bool


def listed(rows: Sequence[Row], names: phrases.Names, customers: Mapping[str, CustomerName]) -> Message:
    if not rows:
        text = "Nothing is watched. `/pivotal watch acme --type status_changed` tells you when it happens."
        return Message(text, (kit.section(kit.mrkdwn(text)),))
    text = "1 watch" if len(rows) == 1 else f"{len(rows)} watches"
    blocks: list[Block] = [kit.section(kit.plain(text))]
    shown = 0
    for row in rows:
        number = row.watch.number
        what = f"{number}. {described(row.watch, names, customers)}"
        button = kit.button("Remove", f"{REMOVE}:{number}", str(number), described=f"Remove watch {number}")
        where = f"in <#{row.watch.channel}>" if row.watch.channel else "in direct messages to you"
        beside = [kit.mrkdwn(where), kit.plain(f"by {row.who}", 100)]
        if row.error is not None:
            beside.append(kit.plain(("It stopped: " if row.watch.state == "failed" else "Lately: ") + row.error, 300))
        pair = [
            kit.section(kit.plain(what, WHAT + 10), accessory=button if row.removable else None),
            kit.context(*beside),
        ]
        if kit.size([*blocks, *pair]) > limits.MESSAGE_JSON_SOFT - 300:
            break
        blocks += pair
        shown += 1
    if len(rows) > shown:
        blocks.append(kit.context(kit.mrkdwn(f"and {len(rows) - shown} more; `/pivotal unwatch N` removes one")))
    return Message(text, tuple(blocks))


def refused(number: int, channel: str, why: str) -> Message:
    """To whoever made a watch: Slack does not take what it has seen."""
    text = f"Watch {number} could not post what it saw: {why}"
    more = kit.context(
        kit.mrkdwn(f"It was for <#{channel}>. `/pivotal watches` shows it; type it again once that is put right.")
    )
    return Message(text, (kit.section(kit.plain(text)), more))
