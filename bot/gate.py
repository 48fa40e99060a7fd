"""How often a person and a workspace may ask, by the workspace's own settings. Who is over it is told when to come back; nothing is done."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from bot.directory import Asker, Cache
from bot.limiter import Limiter
from store import Store
from store.domain.errors import Refused
from store.settings import Limits

FRESH: Final = timedelta(seconds=5)
"""After how long a limit that was changed holds."""
COUNTED: Final = frozenset({"block_actions", "view_submission", "shortcut", "message_action"})
"""What counts besides commands. That a select asks for its options does not: it does so at every letter."""


class TooMany(Refused):
    def __init__(self, whose: str, per_minute: int, seconds: int) -> None:
        super().__init__(
            f"{whose} asked more than {per_minute:,} times within a minute. Nothing was done.",
            f"Try again in {seconds} {'second' if seconds == 1 else 'seconds'}.",
        )


class Gate:
    """Lets in whom `admitted` lets in, as often as the workspace has decided."""

    def __init__(
        self,
        store: Store,
        admitted: Callable[[Any], Awaitable[Asker]],
        limiter: Limiter | None = None,
        fresh: timedelta | None = None,
    ) -> None:
        self._store = store
        self._admitted = admitted
        self._limiter = limiter or Limiter()
        self._limits: Cache[Limits] = Cache(FRESH if fresh is None else fresh)

    async def admitted(self, body: Any) -> Asker:
        """As Directory.admitted. raises TooMany besides"""
        asker = await self._admitted(body)
        if "command" in body or body.get("type") in COUNTED:
            limits = await self._limits_of(asker.workspace)
            user, workspace = f"{asker.workspace} {asker.person.ref}", asker.workspace
            allowed = {user: limits.user_per_minute, workspace: limits.workspace_per_minute}
            if wait := self._limiter.wait(allowed):
                whose = "You have" if wait.caller == user else "The people of this workspace have together"
                raise TooMany(whose, allowed[wait.caller], wait.seconds)
        return asker

    async def _limits_of(self, workspace: str) -> Limits:
        if (known := self._limits.get(workspace)) is not None:
            return known
        limits = (await self._store.settings(workspace)).limits
        self._limits.put(limits, workspace)
        return limits
