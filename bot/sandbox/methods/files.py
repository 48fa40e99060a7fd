"""files.*: the upload in three steps, and looking at and deleting what was uploaded."""

from typing import Any

from bot.sandbox.core import Core, SlackError
from bot.sandbox.methods.conversations import find_joined
from bot.sandbox.web_api import Arguments
from bot.sandbox.workspace import Change, File, Message


def get_upload_url(core: Core, arguments: Arguments) -> dict[str, Any]:
    """`length` is in bytes and must be what is sent then."""
    file = File(core.workspace.new_id("F"), arguments.text("filename"), arguments.number("length", 0))
    if file.length <= 0:
        raise SlackError("invalid_arguments")
    core.workspace.files[file.id] = file
    return {"upload_url": f"{core.origin}/upload/v1/{file.id}", "file_id": file.id}


def receive(core: Core, file_id: str, content: bytes) -> tuple[int, str]:
    """The bytes at the upload URL → status and text."""
    file = core.workspace.files.get(file_id)
    if file is None or file.content is not None:
        return 404, "not_found"
    if len(content) != file.length:
        return 400, f"length mismatch: {file.length} bytes promised, {len(content)} received"
    file.content = content
    return 200, f"OK - {len(content)}"


def complete_upload(core: Core, arguments: Arguments) -> dict[str, Any]:
    """Share the files, or leave them to the app alone.

    As in Slack, the answer does not tell the messages' ts: files.info does, after a while (`faults.share_lag`).
    """
    wanted = arguments.json("files")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    files = [_uploaded(core, each) for each in wanted]
    names = arguments.text("channel_id", "") or arguments.text("channels", "")
    channels = [find_joined(core, name) for name in names.split(",") if name]
    if "thread_ts" in arguments and len(channels) > 1:
        raise SlackError("invalid_arguments")
    workspace = core.workspace
    for channel in channels:
        message = Message(
            channel.id,
            workspace.new_ts(),
            workspace.bot_user.id,
            arguments.text("initial_comment", ""),
            [],
            workspace.clock(),
            thread_ts=arguments.values.get("thread_ts"),
            files=[each.id for each in files],
        )
        for each in files:
            each.channels.append(channel.id)
            each.shares.setdefault(channel.id, []).append(message.ts)
        workspace.post(message)
    for each, told in zip(files, wanted, strict=True):
        each.completed_at, each.title = workspace.clock(), told.get("title") or each.name
        workspace.tell(Change("file"))
    return {"files": [{"id": each.id, "title": each.title, "name": each.name} for each in files]}


def info(core: Core, arguments: Arguments) -> dict[str, Any]:
    file = _present(core, arguments.text("file"))
    shares: dict[str, dict[str, Any]] = {"public": {}, "private": {}}
    workspace = core.workspace
    assert file.completed_at is not None
    settled = workspace.clock() - file.completed_at >= core.faults.share_lag
    for channel, stamps in file.shares.items() if settled else ():
        side = "public" if workspace.channels[channel].kind == "public" else "private"
        shares[side][channel] = [{"ts": each} for each in stamps]
    return {
        "file": {
            "id": file.id,
            "name": file.name,
            "title": file.title,
            "size": file.length,
            "user": workspace.bot_user.id,
            "permalink": f"https://{workspace.team_domain}.slack.com/files/{workspace.bot_user.id}/{file.id}",
            "channels": file.channels if settled else [],
            "shares": {side: told for side, told in shares.items() if told},
        }
    }


def delete(core: Core, arguments: Arguments) -> dict[str, Any]:
    file = _present(core, arguments.text("file"))
    file.deleted, file.content = True, None
    core.workspace.tell(Change("file"))
    return {}


def _uploaded(core: Core, told: Any) -> File:
    file = core.workspace.files.get(told.get("id", "")) if isinstance(told, dict) else None
    if file is None or file.content is None or file.completed_at is not None:
        raise SlackError("file_not_found")
    return file


def _present(core: Core, file_id: str) -> File:
    file = core.workspace.files.get(file_id)
    if file is None or file.completed_at is None:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    return file
