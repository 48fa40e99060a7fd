"""Which scope each method needs, as far as it is modelled."""

from collections.abc import Iterable, Mapping
from typing import Final

GRANTED: Final = frozenset(
    {
        *("app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write", "commands"),
        *("files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write"),
        *("mpim:history", "mpim:read", "mpim:write", "reactions:write", "team:read", "usergroups:read"),
        *("users:read", "users:read.email"),
    }
)
"""What the app holds unless a test takes something away: all of it but chat:write.public."""

_NEEDED: Final[Mapping[str, str]] = {
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.join": "channels:join",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "team.info": "team:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}
_RIGHT: Final[Mapping[str, str]] = {
    "conversations.history": "history",
    "conversations.info": "read",
    "conversations.list": "read",
    "conversations.members": "read",
    "conversations.open": "write",
    "conversations.replies": "history",
    "users.conversations": "read",
}
"""What these methods need depends on the kind of conversation: channels:read, groups:read, im:read, mpim:read."""
FAMILY: Final[Mapping[str, str]] = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}


def needed(method: str, kinds: Iterable[str] = ()) -> list[str]:
    """The scopes of one call.

    kinds   of the conversations that it names: public, private, im, mpim.
    """
    if method in _RIGHT:
        return [f"{FAMILY[kind]}:{_RIGHT[method]}" for kind in kinds]
    return [_NEEDED[method]] if method in _NEEDED else []
