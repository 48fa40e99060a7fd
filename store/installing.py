"""Workspaces that install the app by themselves: each method one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from store import install_states, installations, purging, settings, workspaces
from store.domain.errors import NotFound, code
from store.engine import Database
from store.install_states import Return
from store.installations import Exchange, Granted, Installation, Token
from store.retention import PAUSE
from store.sealing import Keys, NotOpened
from store.wall import ACROSS, NOBODYS, enter

__all__ = ["Exchange", "Granted", "Installation", "Installing", "Return", "Token"]


class Installing:
    """keys: under which tokens are sealed. patient: for what nobody waits for."""

    def __init__(self, database: Database, patient: Database, keys: Keys) -> None:
        self._database = database
        self._patient = patient
        self._keys = keys

    async def begin(self, browser: str) -> str:
        """Somebody sets out for Slack's page. Returns the state that comes back with them."""
        return await self._database.write(lambda c: install_states.begin(c, browser), NOBODYS)

    async def use(self, state: str, browser: str) -> Return:
        """Somebody came back. The state is used up by it."""
        return await self._database.write(lambda c: install_states.use(c, state, browser), NOBODYS)

    async def install(self, granted: Granted) -> str:
        """Returns the team's workspace, made at its first installation."""
        return await self._database.write(lambda c: installations.install(c, granted, self._keys), ACROSS)

    async def token(self, workspace: str) -> Token | None:
        """None: it is not installed there."""
        return await self._database.read(lambda c: installations.token(c, workspace, self._keys), workspace)

    async def leave(self, team_id: str, at: datetime) -> bool:
        """The app was taken out of a team: no token stays, what waits is given up, and the data goes where the workspace has decided so.

        at       by Slack's clock
        returns  False, where that was known, or the app was installed again since
        """

        def work(connection: sa.Connection) -> bool:
            workspace = workspaces.of_team(connection, team_id)
            if workspace is None:
                return False
            enter(connection, workspace)
            if not installations.leave(connection, workspace, at):
                return False
            if settings.read(connection, workspace).on_uninstall == "delete":
                purging.ask(connection, workspace)
            return True

        return await self._database.write(work, ACROSS)

    # --- tokens that expire ---

    async def claim(
        self, worker: str, lease: timedelta, before: timedelta, workspace: str | None = None
    ) -> Exchange | None:
        """Take a token that ends within `before`, of any workspace or of this one, to exchange it for the next."""
        return await self._database.write(
            lambda c: installations.claim(
                c, worker=worker, lease=lease, before=before, keys=self._keys, only=workspace
            ),
            workspace or ACROSS,
        )

    async def exchanged(self, exchange: Exchange, granted: Granted) -> bool:
        return await self._database.write(
            lambda c: installations.exchanged(c, exchange, granted, self._keys), exchange.workspace
        )

    async def put_off(self, exchange: Exchange, wait: timedelta) -> None:
        await self._database.write(lambda c: installations.put_off(c, exchange, wait), exchange.workspace)

    async def check_keys(self) -> None:
        """raises NotOpened, when something was sealed under a key that is not here"""
        for each in await self._database.read(installations.sealed, ACROSS):
            if not self._keys.knows(each):
                raise NotOpened(
                    "PIVOTAL_SECRET_KEY lacks a key under which tokens in this database were sealed.",
                    "Add that key behind the others.",
                )

    async def rewrap(self) -> int:
        """Seal everything under the first key, a workspace at a time. Returns how many secrets were under another."""
        count = 0
        for each in await self.listed():
            count += await self._rewrapped(each.workspace)
        return count

    async def _rewrapped(self, workspace: str) -> int:
        return await self._patient.write(lambda c: installations.rewrap(c, workspace, self._keys), workspace)

    # --- workspaces ---

    async def listed(self) -> Sequence[Installation]:
        return await self._database.read(installations.listed, ACROSS)

    async def ask_purge(self, workspace: str) -> None:
        """All of it is to go. raises NotFound"""

        def work(connection: sa.Connection) -> None:
            if not workspaces.exists(connection, workspace):
                raise NotFound(f"There is no workspace {code(workspace)}.", "`pivotal workspaces` lists them.")
            purging.ask(connection, workspace)

        await self._database.write(work, workspace)

    async def purge(self) -> int:
        """Delete what is to go, piece by piece. Returns how many workspaces are gone."""
        gone = 0
        for workspace in await self._patient.read(purging.asked, ACROSS):
            while await self._piece(workspace):
                pass
            gone += 1
        if gone:
            await self._patient.scrub()
        return gone

    async def _piece(self, workspace: str) -> bool:
        """Whether there is more; others write in between."""
        more = await self._patient.write(lambda c: purging.piece(c, workspace), workspace)
        if more:
            await asyncio.sleep(PAUSE)
        return more
