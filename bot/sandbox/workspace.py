"""The workspace as plain state: people, channels, messages, views, files. It can be inspected, rendered, and listened to."""

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bot.sandbox.rules import Block
from bot.sandbox.rules.blocks import elements_of, every_block
from bot.sandbox.rules.elements import INTERACTIVE

Clock = Callable[[], datetime]
"""Now, as an aware datetime."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    handle: str
    team_id: str
    tz: str | None = "Europe/Berlin"
    restricted: bool = False
    ultra_restricted: bool = False
    bot: bool = False
    deleted: bool = False
    email: str = ""
    admin: bool = False
    owner: bool = False
    stranger: bool = False
    """From another company: users.info shows a reduced profile."""


@dataclass(slots=True)
class UserGroup:
    id: str
    name: str
    handle: str
    members: set[str] = field(default_factory=set)
    disabled: bool = False


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    kind: Literal["public", "private", "im", "mpim"] = "public"
    members: set[str] = field(default_factory=set)
    app_is_member: bool = True
    ext_shared: bool = False
    pending_ext_shared: bool = False
    org_shared: bool = False
    archived: bool = False


@dataclass(slots=True)
class Message:
    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Block]
    posted_at: datetime
    by_app: bool = True
    ephemeral_to: str | None = None
    """The one person who sees it; None: everybody in the channel does."""
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: dict[str, Any] | None = None
    files: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Who reacted, by the emoji's name."""
    edited: bool = False
    chosen: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """What people have picked in its inputs, by (block_id, action_id), as `state.values` will tell it."""

    @property
    def key(self) -> tuple[str, str]:
        return self.channel, self.ts


@dataclass(slots=True)
class View:
    id: str
    user: str
    content: dict[str, Any]
    """What the app gave: type, title, blocks, private_metadata, callback_id, …"""
    hash: str
    root_id: str
    previous_id: str | None = None
    open: bool = True
    errors: dict[str, str] = field(default_factory=dict)
    """What a submission's `errors` said, by block_id."""
    chosen: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Block]:
        found: list[Block] = self.content["blocks"]
        return found


@dataclass(slots=True)
class File:
    id: str
    name: str
    length: int
    """Bytes promised when the upload URL was asked for."""
    content: bytes | None = None
    title: str = ""
    channels: list[str] = field(default_factory=list)
    shares: dict[str, list[str]] = field(default_factory=dict)
    """The ts of the messages that show it, by channel."""
    completed_at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Something that became visible. `cause` is the interaction whose answer it is, None when the app acted by itself."""

    kind: Literal["posted", "edited", "deleted", "view", "home", "view_closed", "file", "channel"]
    message: tuple[str, str] | None = None
    view: str | None = None
    user: str | None = None
    """The only person who can see it; None: it is not for one person."""
    direct: bool = False
    """It is in that person's DM with the app, rather than ephemeral."""
    cause: str | None = None


@dataclass(slots=True)
class Workspace:
    clock: Clock
    team_id: str
    team_domain: str
    enterprise_id: str | None
    app_id: str
    bot_id: str
    bot_user: User
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    """In the order of posting; deleted ones are gone."""
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    """The view in each person's Home tab, by user id."""
    files: dict[str, File] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    watchers: list[Callable[[Change], None]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _last_ts: int = 0

    @property
    def names(self) -> dict[str, str]:
        """Of people, channels and user groups, by id."""
        return {
            **{user.id: user.name for user in self.users.values()},
            **{channel.id: channel.name for channel in self.channels.values()},
            **{group.id: group.handle for group in self.groups.values()},
        }

    def tell(self, change: Change) -> None:
        for watcher in [*self.watchers]:
            watcher(change)

    def new_id(self, letter: str) -> str:
        return f"{letter}{next(self._numbers):09d}"

    def new_ts(self) -> str:
        """A message's id: seconds with six decimals, never twice (Slack promises that per channel)."""
        micros = (self.clock() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        self._last_ts = max(micros, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def post(self, message: Message, *, cause: str | None = None) -> Message:
        message.blocks = self.named(message.blocks)
        self.messages[message.key] = message
        channel = self.channels[message.channel]
        reader = next(iter(channel.members)) if channel.kind == "im" else None
        self.tell(
            Change(
                "posted",
                message=message.key,
                user=message.ephemeral_to or reader,
                direct=message.ephemeral_to is None,
                cause=cause,
            )
        )
        return message

    def edit(
        self,
        message: Message,
        *,
        text: str,
        blocks: list[Block],
        metadata: dict[str, Any] | None = None,
        cause: str | None = None,
    ) -> None:
        """Replace what it says. What was picked in an input stays when the input keeps its block_id and action_id."""
        message.text, message.blocks, message.edited = text, self.named(blocks), True
        if metadata is not None:
            message.metadata = metadata or None
        message.chosen = {key: value for key, value in message.chosen.items() if key in input_keys(message.blocks)}
        self.tell(Change("edited", message=message.key, user=message.ephemeral_to, cause=cause))

    def delete(self, message: Message, *, cause: str | None = None) -> None:
        del self.messages[message.key]
        self.tell(Change("deleted", message=message.key, user=message.ephemeral_to, cause=cause))

    def dm(self, *user_ids: str) -> Channel:
        """The direct conversation of the app with these people; opened when there is none."""
        kind: Literal["im", "mpim"] = "im" if len(user_ids) == 1 else "mpim"
        for channel in self.channels.values():
            if channel.kind == kind and channel.members == set(user_ids):
                return channel
        channel = Channel(self.new_id("D" if kind == "im" else "G"), "directmessage", kind, set(user_ids))
        self.channels[channel.id] = channel
        self.tell(Change("channel"))
        return channel

    def named(self, blocks: list[Block]) -> list[Block]:
        """A copy in which every block has a block_id and every element an action_id, as Slack fills them in."""
        blocks = copy.deepcopy(blocks)
        for block in every_block(blocks):
            block.setdefault("block_id", self.new_id("b"))
            for element in elements_of(block):
                if element.get("type") in INTERACTIVE:
                    element.setdefault("action_id", self.new_id("a"))
        return blocks

    def change_user(self, user: User, **fields: Any) -> User:
        """The same person with other facts: made an admin, deactivated, gone to another zone."""
        self.users[user.id] = replace(self.users[user.id], **fields)
        return self.users[user.id]


def input_keys(blocks: list[Block]) -> set[tuple[str, str]]:
    """(block_id, action_id) of every interactive element."""
    return {
        (block["block_id"], element["action_id"])
        for block in every_block(blocks)
        for element in elements_of(block)
        if element.get("type") in INTERACTIVE
    }
