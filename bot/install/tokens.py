"""The token to call Slack with for a workspace, as the database has it at this moment; and its exchange for the next, where tokens expire.

Nothing is remembered: a token that was wiped is not used once more by another process (decisions/0042-tokens.md).
"""

import asyncio
from datetime import timedelta
from secrets import token_hex
from typing import Final

import structlog

from bot.answers import Tasks
from bot.directory import Clock
from bot.install.granting import granted
from bot.slack import OutcomeUnknown, SlackError, SlackOAuth, Sort, Unreachable
from store import Store
from store.domain.errors import Conflict, MaybeSaved, PivotalError, Unavailable
from store.installing import Exchange, Granted

log = structlog.get_logger()

EARLY: Final = timedelta(hours=2)
"""Before a token ends: it lives for twelve, and whoever has it meanwhile goes on with it."""
LEASE: Final = timedelta(seconds=30)
"""Longer than a call to Slack may take."""
SOON: Final = timedelta(minutes=1)
LATER: Final = timedelta(minutes=15)
PATIENT: Final = (1, 2, 4, 8, 16)
"""Seconds between the attempts to keep a token."""


class Tokens:
    def __init__(self, store: Store, oauth: SlackOAuth, tasks: Tasks, clock: Clock) -> None:
        self._installing = store.installing
        self._oauth = oauth
        self._tasks = tasks
        self._clock = clock
        self._worker = token_hex(8)

    async def of(self, workspace: str) -> str:
        """raises SlackError `not_installed`; Unreachable, where the token has ended and there is no other yet"""
        found = await self._installing.token(workspace)
        if found is not None and found.expired:
            # No job has been at work for hours.
            await self._exchange_due(timedelta(), workspace)
            found = await self._installing.token(workspace)
        if found is None:
            raise SlackError("not_installed")
        if found.expired:
            raise Unreachable
        return found.text

    async def drain(self) -> int:
        """Exchange what ends soon. Returns how many tokens."""
        count = 0
        while await self._exchange_due(EARLY):
            count += 1
        return count

    async def _exchange_due(self, before: timedelta, workspace: str | None = None) -> bool:
        exchange = await self._installing.claim(self._worker, LEASE, before, workspace)
        if exchange is None:
            return False
        # A refresh token is good once: what Slack gives for it must be kept, whoever has stopped waiting.
        await asyncio.shield(self._tasks.start(self._exchanged(exchange)))
        return True

    async def _exchanged(self, exchange: Exchange) -> None:
        try:
            answer, at = await self._oauth.access(grant_type="refresh_token", refresh_token=exchange.refresh_token)
            kept = await self._kept(exchange, granted(answer, at or self._clock()))
            log.info("token exchanged", workspace=exchange.workspace, kept=kept)
        except (Unreachable, OutcomeUnknown) as error:
            await self._put_off(exchange, SOON, error)
        except SlackError as error:
            await self._put_off(exchange, SOON if error.sort is Sort.RETRY else LATER, error)

    async def _kept(self, exchange: Exchange, grant: Granted) -> bool:
        """The one before it is used up: where the database does not answer, this is tried for a while."""
        for seconds in PATIENT:
            try:
                return await self._installing.exchanged(exchange, grant)
            except (Unavailable, MaybeSaved, Conflict):
                await asyncio.sleep(seconds)
        return await self._installing.exchanged(exchange, grant)

    async def _put_off(self, exchange: Exchange, wait: timedelta, error: PivotalError) -> None:
        code = getattr(error, "code", type(error).__name__)
        log.warning("a token could not be exchanged", workspace=exchange.workspace, error=code)
        await self._installing.put_off(exchange, wait)
