"""Who may have a file, and where it may go: asked when it is ready, whatever held when it was asked for."""

from typing import Final

from bot.directory import Directory
from bot.rights import may
from bot.slack import Slack, SlackError, Sort
from store import Store
from store.actors import KnownPerson, Standing
from store.domain.errors import Refused
from store.domain.export import Export

INSTEAD: Final = "It came here instead of the channel:"
MOST: Final = 1000
"""Members of a channel, each of whom is looked at."""


class Audience:
    def __init__(self, store: Store, slack: Slack, directory: Directory) -> None:
        self._store = store
        self._slack = slack
        self._directory = directory

    async def may_export(self, export: Export) -> None:
        """raises Refused, when the one who asked may export no more"""
        person = await self._person(export, export.slack_user_id or "")
        if person.standing is not Standing.MEMBER:
            raise Refused("Only full members of this workspace may export histories.")
        settings = await self._store.settings(export.workspace)
        if not await may(self._directory, export.workspace, person, "export", settings):
            raise Refused("You may not export histories any more.", "Ask an admin.")

    async def direct(self, export: Export) -> str:
        return await self._slack.direct(export.workspace, export.slack_user_id or "")

    async def place(self, export: Export) -> tuple[str, str | None]:
        """The channel, and, where that is not the one that was asked for, why."""
        if export.channel is None:
            return await self.direct(export), None
        try:
            reason = await self._against(export, export.channel)
        except SlackError as refused:
            if refused.sort is not Sort.GIVE_UP:
                raise
            reason = refused.sentence
        if reason is None:
            return export.channel, None
        return await self.direct(export), f"{INSTEAD} {reason}"

    async def _against(self, export: Export, channel: str) -> str | None:
        """Why not everybody in this channel may see the file; None: they may."""
        if await self._slack.is_shared_outside(export.workspace, channel):
            return "people outside your company read that channel, or are invited to."
        settings = await self._store.settings(export.workspace)
        members = [member async for member in self._slack.members(export.workspace, channel)]
        if export.slack_user_id not in members:
            return "you are not in that channel."
        if len(members) > MOST:
            return f"more than {MOST:,} people are in that channel."
        for member in members:
            person = await self._person(export, member)
            if person.standing in {Standing.GUEST, Standing.OUTSIDER}:
                return "there are guests in that channel."
            if person.standing is Standing.MEMBER and not await may(
                self._directory, export.workspace, person, "view", settings
            ):
                return "not everybody in that channel may see histories."
        return None

    async def _person(self, export: Export, slack_user_id: str) -> KnownPerson:
        team = await self._store.exports.team(export.workspace)
        return await self._directory.person(export.workspace, team, slack_user_id)
