"""views.*: modals, their stack, and the Home tab."""

from typing import Any, Final

from bot import limits
from bot.sandbox.core import Core, Interaction, SlackError
from bot.sandbox.rules.blocks import elements_of, every_block
from bot.sandbox.web_api import Arguments
from bot.sandbox.workspace import Change, View

_KEPT: Final = ("callback_id", "external_id", "private_metadata", "clear_on_close", "notify_on_close")


def open_(core: Core, arguments: Arguments) -> dict[str, Any]:
    content = _content(core, "views.open", arguments, kind="modal")
    interaction = core.exchange(arguments.text("trigger_id"))
    return {"view": shape(core, show(core, interaction, content))}


def push(core: Core, arguments: Arguments) -> dict[str, Any]:
    """On top of the view in which the person did it; at most three."""
    content = _content(core, "views.push", arguments, kind="modal")
    interaction = core.exchange(arguments.text("trigger_id"))
    return {"view": shape(core, stack(core, interaction, content))}


def update(core: Core, arguments: Arguments) -> dict[str, Any]:
    content = _content(core, "views.update", arguments, kind="modal")
    external_id = arguments.text("external_id", "")
    view_id = _named(core, external_id) if external_id else arguments.text("view_id", "")
    view = core.workspace.views.get(view_id or "")
    if view is None or not view.open:
        raise SlackError("not_found")
    _unchanged_since(view, arguments)
    replace_content(core, view, content)
    return {"view": shape(core, view)}


def publish(core: Core, arguments: Arguments) -> dict[str, Any]:
    content = _content(core, "views.publish", arguments, kind="home")
    user = arguments.text("user_id")
    if user not in core.workspace.users:
        raise SlackError("user_not_found")
    present = core.workspace.homes.get(user)
    if present is None:
        view = _new(core, user, content)
        core.workspace.homes[user] = view.id
    else:
        view = core.workspace.views[present]
        _unchanged_since(view, arguments)
        _set(core, view, content)
    core.workspace.tell(Change("home", view=view.id, user=user))
    return {"view": shape(core, view)}


def show(core: Core, interaction: Interaction, content: dict[str, Any]) -> View:
    """Open a modal as the answer of an interaction."""
    view = _new(core, interaction.user.id, content)
    if interaction.channel is not None:
        _at_current_conversation(view, interaction.channel.id)
    core.workspace.tell(Change("view", view=view.id, user=view.user, cause=interaction.id))
    return view


def stack(core: Core, interaction: Interaction, content: dict[str, Any]) -> View:
    below = interaction.view
    if below is None or not below.open or below.content["type"] != "modal":
        raise SlackError("not_found")
    if len(views_below(core, below)) >= limits.VIEW_STACK:
        raise SlackError("push_limit_reached")
    view = show(core, interaction, content)
    view.root_id, view.previous_id = below.root_id, below.id
    return view


def views_below(core: Core, view: View) -> list[View]:
    """The view and those under it, topmost first."""
    found = [view]
    while found[-1].previous_id is not None:
        found.append(core.workspace.views[found[-1].previous_id])
    return found


def replace_content(core: Core, view: View, content: dict[str, Any], *, cause: str | None = None) -> None:
    _set(core, view, content)
    core.workspace.tell(Change("view", view=view.id, user=view.user, cause=cause))


def shape(core: Core, view: View) -> dict[str, Any]:
    """A view as answers show it; payloads add its state."""
    workspace = core.workspace
    return {
        "id": view.id,
        "team_id": workspace.team_id,
        "app_id": workspace.app_id,
        "bot_id": workspace.bot_id,
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        **{key: view.content.get(key, "") for key in _KEPT},
        **view.content,
    }


def _content(core: Core, where: str, arguments: Arguments, *, kind: str) -> dict[str, Any]:
    content = arguments.json("view")
    core.check_view(where, content)
    assert isinstance(content, dict)
    if content["type"] != kind:
        raise SlackError(
            "invalid_arguments",
            response_metadata={"messages": [f"[ERROR] `type` must be {kind} [json-pointer:/view/type]"]},
        )
    return content


def _new(core: Core, user: str, content: dict[str, Any]) -> View:
    view_id = core.workspace.new_id("V")
    view = View(view_id, user, {}, "", view_id)
    _set(core, view, content)
    core.workspace.views[view_id] = view
    return view


def _set(core: Core, view: View, content: dict[str, Any]) -> None:
    """raises SlackError `duplicate_external_id`, when another open view has it."""
    external_id = content.get("external_id")
    if external_id and _named(core, external_id) not in {None, view.id}:
        raise SlackError("duplicate_external_id")
    view.content = {**content, "blocks": core.workspace.named(content["blocks"])}
    view.hash = f"{core.workspace.new_ts()}.{view.id}"
    view.errors = {}


def _named(core: Core, external_id: str) -> str | None:
    """The id of the open view to which the app gave this name."""
    views = core.workspace.views.values()
    return next((each.id for each in views if each.open and each.content.get("external_id") == external_id), None)


def _at_current_conversation(view: View, channel: str) -> None:
    """`default_to_current_conversation`: the menu begins with where the person was when the modal was opened."""
    for block in every_block(view.blocks):
        for element in elements_of(block):
            if element.pop("default_to_current_conversation", False):
                many = element["type"] == "multi_conversations_select"
                element.setdefault(
                    "initial_conversations" if many else "initial_conversation", [channel] if many else channel
                )


def _unchanged_since(view: View, arguments: Arguments) -> None:
    if "hash" in arguments and arguments.text("hash") != view.hash:
        raise SlackError("hash_conflict")
