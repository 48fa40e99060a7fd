"""The inbox → translated → applied. A delivery that cannot be read is failed for good, with one line in the log; any other failure is tried
again, later and later.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from secrets import token_hex
from typing import Final

import structlog

from bot.errors import explained
from bot.webhooks import hubspot, stripe
from bot.webhooks.payload import PayloadError
from store import Store
from store.domain.activity import Source
from store.domain.errors import Unavailable
from store.domain.sync import Notice
from store.inbox import ATTEMPTS, Received

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=60)
BATCH: Final = 20

TRANSLATORS: Final[Mapping[Source, Callable[[bytes], list[Notice]]]] = {
    Source.HUBSPOT: hubspot.notices,
    Source.STRIPE: stripe.notices,
}


class Applier:
    """One worker."""

    def __init__(self, store: Store, *, lease: timedelta = LEASE) -> None:
        self._deliveries = store.deliveries
        self._lease = lease
        self._worker = token_hex(8)

    async def drain(self) -> int:
        """Apply all that is due, in the order in which it came. Returns how many deliveries."""
        count = 0
        while claimed := await self._deliveries.claim(self._worker, self._lease, BATCH):
            for received in claimed:
                await self._apply(received)
            count += len(claimed)
        return count

    async def _apply(self, received: Received) -> None:
        try:
            notices = TRANSLATORS[received.provider](received.body)
            done = await self._deliveries.apply(received, self._worker, notices, parked_body)
        except PayloadError as error:
            log.warning("a delivery cannot be read", delivery=received.id, reason=str(error))
            await self._deliveries.fail(received, self._worker, str(error), again_in=None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the delivery stays, and is tried again
            explained(error)
            last = received.attempt >= ATTEMPTS and not isinstance(error, Unavailable)
            again_in = None if last else timedelta(seconds=min(2**received.attempt, 3600))
            await self._deliveries.fail(received, self._worker, type(error).__name__, again_in=again_in)
        else:
            if done is not None:
                log.info(
                    "delivery applied",
                    delivery=received.id,
                    customers=len(done.customers),
                    repeated=done.repeated,
                    unknown=done.unknown,
                    parked=len(done.parked),
                )


def parked_body(body: bytes, waiting: Sequence[Notice]) -> bytes:
    """Of a delivery's body, what these notices were translated from; Stripe's has one event only."""
    if waiting[0].provider is not Source.HUBSPOT:
        return body
    keys = {notice.key for notice in waiting}
    items = [
        item
        for item in json.loads(body)
        if any(each.key in keys for each in hubspot.notices(json.dumps([item]).encode()))
    ]
    return json.dumps(items).encode()
