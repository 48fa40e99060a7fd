"""The outbox → Slack → settled. Everything that is posted without being an answer goes this way, and so is posted once.

Slack knows no idempotency key, so each message carries its delivery's id as metadata. Whatever may have been posted without our knowing
is left `sending`; once its lease has ended for a while, the channel's history says whether it is there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from math import inf
from secrets import token_hex
from time import monotonic
from typing import Final

import structlog

from bot import limits
from bot.blocks.kit import Message
from bot.errors import Failed, explained
from bot.slack import ERRORS, OutcomeUnknown, RateLimited, Slack, SlackError, Sort, Unreachable
from store import Store
from store.domain.errors import MaybeSaved, PivotalError, Unavailable
from store.domain.watch import NOT_ALLOWED
from store.outbox import Delivery, GivenUp, Outcome, Released, Sent

log = structlog.get_logger()

Render = Callable[[Delivery], Awaitable[Message]]
"""Raises NotWanted, when it is not to be sent any more."""
Chore = Callable[[Delivery], Awaitable[None]]
"""Something done in Slack that is no message. To do it twice is to do it once."""

ATTEMPTS: Final = 8
PERSON: Final = ("U", "W")
"""What a person's id begins with, where a channel's could stand."""
CLOCKS_DIFFER: Final = timedelta(minutes=11)
"""How much Slack's clock may lag behind the database's, when a message is looked for: more than the 10 minutes that are promised to do no
harm. What was posted meanwhile is seldom more than the one page that is read anyway.
"""

OWN_ERRORS: Final[Mapping[str, str]] = {
    "shared_outside": "People outside your company read that channel, or are invited to. I post nothing there for all to see.",
    "not_wanted": "It was not true any more.",
    "nowhere": "There is no place for it: no channel, no owner in Slack, and no channel of the workspace in the settings.",
    NOT_ALLOWED: "Whoever made it may not see histories any more, or not in a channel.",
    "outcome_unknown": "Slack did not say whether the message was posted, and I cannot read that channel to see.",
    "uninstalled": "I was not installed in your workspace at that time.",
    "failed": "That failed on our side.",
}


@dataclass(frozen=True, slots=True)
class Timing:
    """spare: what must be left of a lease to begin a post. doubt: how long after a lease's end a message is looked for in the history.

    A process that stands still between its last look at the lease and the post, and goes on within spare + doubt, has posted before
    anybody looks: together they are one and a half leases, and what Slack's history lags behind.
    """

    lease: timedelta = timedelta(seconds=60)
    spare: timedelta = timedelta(seconds=20)
    doubt: timedelta = timedelta(seconds=75)
    between_posts: timedelta = limits.POST_INTERVAL
    batch: int = 20


class NotWanted(PivotalError):
    def __init__(self) -> None:
        super().__init__(OWN_ERRORS["not_wanted"])


class NotAllowed(PivotalError):
    def __init__(self) -> None:
        super().__init__(OWN_ERRORS[NOT_ALLOWED])


class Deliverer:
    """One worker.

    renderers  by the delivery's kind, what turns it into a message at the moment of sending
    linked     kinds whose message's permalink is kept
    chores     by the delivery's kind, what is done instead of posting
    """

    def __init__(
        self,
        store: Store,
        slack: Slack,
        renderers: Mapping[str, Render],
        timing: Timing = Timing(),
        linked: Collection[str] = (),
        chores: Mapping[str, Chore] | None = None,
    ) -> None:
        self._store = store
        self._linked = frozenset(linked)
        self._slack = slack
        self._renderers = renderers
        self._chores = chores or {}
        self._timing = timing
        self._worker = token_hex(8)
        self._next_post: dict[str, float] = {}
        self._unsettled: dict[str, tuple[Delivery, Outcome]] = {}
        """What has become of them could not be written down: that comes first, and until it can be, nothing else is sent."""

    async def drain(self) -> Mapping[str, Outcome]:
        """Send all that is due, and look after what is in doubt. Returns how it went, by id; what stays in doubt is left out."""
        outcomes: dict[str, Outcome] = {}
        for delivery, outcome in list(self._unsettled.values()):
            await self._settle(delivery, outcome, outcomes)
        await self._resolve(outcomes)
        while claimed := await self._claim():
            until, deliveries = claimed
            by_channel = sorted(deliveries, key=_channel)  # a stable sort: within a channel the oldest stays first
            channels = [self._send_all(list(each), until, outcomes) for _, each in groupby(by_channel, _channel)]
            await asyncio.gather(*channels)
        return outcomes

    async def _claim(self) -> tuple[float, Sequence[Delivery]] | None:
        """What is due now, and until when on our own monotonic clock a post of it may begin."""
        until = self._may_begin_until()
        deliveries = await self._store.claim(self._worker, self._timing.lease, self._timing.batch)
        return (until, deliveries) if deliveries else None

    def _may_begin_until(self) -> float:
        return monotonic() + (self._timing.lease - self._timing.spare).total_seconds()

    async def _send_all(self, deliveries: list[Delivery], until: float, outcomes: dict[str, Outcome]) -> None:
        """One channel's deliveries, one a second; once Slack wants us to wait, the rest waits too."""
        wait: timedelta | None = None
        for delivery in deliveries:
            if wait is None:
                await self._pace(delivery.channel)
            if wait is not None or monotonic() > until:
                await self._settle(delivery, Released(wait or timedelta(), counted=False), outcomes)
                continue
            outcome = await self._send(delivery, until)
            if isinstance(outcome, Released):
                wait = outcome.wait
            await self._settle(delivery, outcome, outcomes)

    async def _pace(self, channel: str) -> None:
        now = monotonic()
        at = max(self._next_post.get(channel, now), now)
        self._next_post = {other: then for other, then in self._next_post.items() if then > now}
        self._next_post[channel] = at + self._timing.between_posts.total_seconds()
        await asyncio.sleep(at - now)

    async def _send(self, delivery: Delivery, until: float) -> Outcome | None:
        """Post it, or change the message whose ts its body names. None: nobody knows whether that was done.

        until  when, on our own monotonic clock, somebody else may begin to look for it: whoever was held up meanwhile posts nothing
        """
        if chore := self._chores.get(delivery.kind):
            return await _did(chore, delivery)
        try:
            changing = "ts" in delivery.body  # what stands there can always be changed, above all to take it away
            channel = await self._channel(delivery)
            if not changing and await self._slack.is_shared_outside(delivery.workspace, channel):
                return GivenUp("shared_outside")
            message = await self._renderers[delivery.kind](delivery)
        except Exception as error:  # noqa: BLE001 - nothing was sent yet, whatever it was
            return _unsent(delivery, error)
        try:
            if ts := delivery.body.get("ts"):
                return Sent(await self._slack.update(delivery.workspace, channel, ts, message))
            if monotonic() > until:
                return Released(timedelta(), counted=False)
            ts = await self._slack.post(delivery.workspace, channel, message, delivery.id)
            return await self._stands(delivery, channel, ts)
        except OutcomeUnknown:
            log.warning("a delivery is in doubt", delivery=delivery.id, channel=delivery.channel)
            return None
        except PivotalError as error:
            return _unsent(delivery, error)

    async def _channel(self, delivery: Delivery) -> str:
        """Where it goes: to a person, by the channel of our direct messages with them."""
        if delivery.channel.startswith(PERSON):
            return await self._slack.direct(delivery.workspace, delivery.channel)
        return delivery.channel

    async def _stands(self, delivery: Delivery, channel: str, ts: str) -> Sent:
        """It is posted. That Slack does not give its link is no reason to doubt it."""
        link = None
        if delivery.kind in self._linked:
            with suppress(PivotalError):
                link = await self._slack.permalink(delivery.workspace, channel, ts)
        return Sent(ts, channel, link)

    async def _settle(self, delivery: Delivery, outcome: Outcome | None, outcomes: dict[str, Outcome]) -> None:
        if outcome is None:
            return
        log.info("delivery settled", delivery=delivery.id, channel=delivery.channel, outcome=type(outcome).__name__)
        try:
            ours = await self._store.settle(delivery, self._worker, outcome)
        except (Unavailable, MaybeSaved):
            self._unsettled[delivery.id] = delivery, outcome
            raise
        except Exception:
            self._unsettled.pop(delivery.id, None)  # a mistake of ours about one is no reason to send nothing any more
            raise
        self._unsettled.pop(delivery.id, None)
        if ours:
            outcomes[delivery.id] = outcome

    async def _resolve(self, outcomes: dict[str, Outcome]) -> None:
        timing = self._timing
        for delivery in await self._store.doubtful(self._worker, timing.lease, timing.doubt, timing.batch):
            await self._settle(delivery, await self._resolved(delivery), outcomes)

    async def _resolved(self, delivery: Delivery) -> Outcome | None:
        """Look whether it was posted; if not, post it. Where we may not look it is posted once more at most, and marked."""
        readable = True
        if "ts" in delivery.body or delivery.kind in self._chores:
            return await self._send(delivery, inf)  # to change a message twice is to change it once
        try:
            since = delivery.attempted_at - CLOCKS_DIFFER
            channel = await self._channel(delivery)
            if ts := await self._slack.find_delivery(delivery.workspace, channel, delivery.id, since):
                return await self._stands(delivery, channel, ts)
        except (RateLimited, Unreachable, OutcomeUnknown):
            return None  # the new lease ends too, and then somebody looks again
        except SlackError:
            readable = False
        if delivery.possible_duplicate and not readable:
            return GivenUp("outcome_unknown")
        until = self._may_begin_until()
        if not await self._store.attempting(delivery, self._worker, self._timing.lease, marked=not readable):
            return None
        await self._pace(delivery.channel)
        return await self._send(delivery, until)


async def _did(chore: Chore, delivery: Delivery) -> Outcome:
    try:
        await chore(delivery)
    except Exception as error:  # noqa: BLE001 - whatever it was, it can be done again
        return _unsent(delivery, error)
    return Sent("")


def _channel(delivery: Delivery) -> tuple[str, str]:
    return delivery.workspace, delivery.channel


def _unsent(delivery: Delivery, error: Exception) -> Outcome:
    """Nothing was sent: whether to try again, and when."""
    match error:
        case RateLimited():
            return Released(error.retry_after, counted=False)
        case Unavailable():
            return Released(timedelta(seconds=5), counted=False)
        case NotWanted():
            return GivenUp("not_wanted")
        case NotAllowed():
            return GivenUp(NOT_ALLOWED)
        case SlackError() if error.sort is not Sort.RETRY:
            return GivenUp(error.code)
        case Unreachable() | OutcomeUnknown() | SlackError() if delivery.attempt < ATTEMPTS:
            return Released(timedelta(seconds=min(2**delivery.attempt, 300)), counted=True)
    said = explained(error)
    return GivenUp(f"failed {said.reference}" if isinstance(said, Failed) else type(said).__name__)


def sentence(error: str) -> str:
    """What to tell a person of a delivery that was given up. error: as `GivenUp` has it."""
    if error in OWN_ERRORS:
        return OWN_ERRORS[error]
    if error in ERRORS:
        return ERRORS[error][1]
    code, _, reference = error.partition(" ")
    return f"{OWN_ERRORS['failed']} Reference `{reference}`." if reference else f"{OWN_ERRORS['failed']} ({code})"
