"""The workspace as one person sees it, in JSON for the page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.sandbox.core import Core
from bot.sandbox.methods.views import views_below
from bot.sandbox.page.markdown import tree
from bot.sandbox.rules import Block
from bot.sandbox.rules.blocks import every_block
from bot.sandbox.workspace import Channel, File, Message, User, View, Workspace

Json = dict[str, Any]
Chosen = Mapping[tuple[str, str], dict[str, Any]]


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def person(user: User) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "handle": user.handle,
        "tz": user.tz or "UTC",
        "bot": user.bot,
        "guest": user.restricted or user.ultra_restricted,
        "outside": user.stranger,
    }


def channel(found: Channel) -> Json:
    return {
        "id": found.id,
        "name": found.name,
        "kind": found.kind,
        "members": len(found.members),
        "app": found.app_is_member,
        "shared": found.ext_shared or found.pending_ext_shared,
        "archived": found.archived,
    }


def is_open_to(found: Channel, user: str) -> bool:
    return user in found.members


def sees(workspace: Workspace, message: Message, user: str) -> bool:
    here = workspace.channels.get(message.channel)
    return here is not None and is_open_to(here, user) and message.ephemeral_to in {None, user}


def message(workspace: Workspace, shown: Message, answers: Sequence[Message] = ()) -> Json:
    """answers: what stands in its thread, oldest first, when it begins one."""
    return {
        "channel": shown.channel,
        "ts": shown.ts,
        "user": shown.user,
        "app": shown.by_app,
        "text": shown.text,
        "blocks": blocks(shown.blocks),
        "at": millis(shown.posted_at),
        "ephemeral": shown.ephemeral_to is not None,
        "thread": shown.thread_ts if shown.thread_ts != shown.ts else None,
        "broadcast": shown.broadcast,
        "edited": shown.edited,
        "files": [file(workspace.files[each]) for each in shown.files if each in workspace.files],
        "reactions": [{"name": name, "users": who} for name, who in shown.reactions.items()],
        "chosen": chosen(shown.chosen),
        "replies": [{"user": each.user, "at": millis(each.posted_at)} for each in answers],
    }


def replies(workspace: Workspace, parent: Message) -> list[Message]:
    """What stands for all to see in the thread under it, oldest first."""
    return [
        each
        for each in workspace.messages.values()
        if each.channel == parent.channel and each.thread_ts == parent.ts != each.ts and each.ephemeral_to is None
    ]


def blocks(given: Iterable[Block]) -> list[Block]:
    """The blocks as the app gave them; a markdown block besides with its `tree`."""
    found = [*given]
    if any(each.get("type") == "markdown" for each in every_block(found)):
        return [each | {"tree": tree(each["text"])} if each["type"] == "markdown" else each for each in found]
    return found


def chosen(given: Chosen) -> Json:
    found: Json = {}
    for (block_id, action_id), value in given.items():
        found.setdefault(block_id, {})[action_id] = value
    return found


def file(found: File) -> Json:
    return {
        "id": found.id,
        "name": found.name,
        "title": found.title or found.name,
        "size": found.length,
        "gone": found.deleted or found.content is None,
    }


def view(shown: View) -> Json:
    content = shown.content
    texts = {key: (content.get(key) or {}).get("text", "") for key in ("title", "submit", "close")}
    return {
        **texts,
        "id": shown.id,
        "hash": shown.hash,
        "type": content["type"],
        "blocks": blocks(shown.blocks),
        "errors": dict(shown.errors),
        "chosen": chosen(shown.chosen),
        "submit_disabled": bool(content.get("submit_disabled")),
        "callback_id": content.get("callback_id", ""),
        "private_metadata": content.get("private_metadata", ""),
    }


def modals(core: Core, user: str) -> list[Json]:
    """The stack of modals that this person has open, undermost first; of several stacks the one opened last."""
    mine = [
        each
        for each in core.workspace.views.values()
        if each.user == user and each.open and each.content.get("type") == "modal"
    ]
    return [view(each) for each in reversed(views_below(core, mine[-1]))] if mine else []


def home(workspace: Workspace, user: str) -> Json | None:
    found = workspace.homes.get(user)
    return None if found is None else view(workspace.views[found])
