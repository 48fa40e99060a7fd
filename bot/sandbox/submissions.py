"""Sending a modal in, or closing it: what the ack of a view_submission does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox import filling, payloads
from bot.sandbox.core import Core, Interaction, SlackError
from bot.sandbox.inputs import VALUE_KEY, NotOnScreen, controls, state_values
from bot.sandbox.methods import views
from bot.sandbox.rules import Problem
from bot.sandbox.transport import NoAnswer
from bot.sandbox.workspace import Change, View

if TYPE_CHECKING:
    from bot.sandbox.shown import Shown
    from bot.sandbox.transport import Delivery


async def submit(shown: Shown) -> Shown:
    """raises NotOnScreen, when Slack itself would ask for more; NoAnswer, when the app's ack failed or was refused."""
    view = _open_view(shown)
    if asked := next(filling.complaints(view), None):
        raise NotOnScreen(asked)
    core = shown.person.slack.core
    interaction = core.begin(f"submits {shown.text!r}", shown.person.user, view=view, responds=False)
    payload = payloads.view_event(
        core,
        interaction,
        "view_submission",
        view,
        trigger_id=interaction.trigger_id,
        response_urls=_response_urls(core, interaction, view),
    )
    delivery = await shown.person.deliver("view_submission", payload)
    try:
        if not delivery.acked:
            raise SlackError(str(delivery.error))  # noqa: TRY301 - Slack's own refusals of the ack end the same way
        on_top = _after_submission(core, interaction, view, delivery.answer or {})
    except SlackError as error:
        raise NoAnswer(interaction, delivery, error.problems, error.code) from error
    return _screen(shown, on_top, interaction, delivery)


async def close(shown: Shown) -> Shown:
    view = _open_view(shown)
    core = shown.person.slack.core
    interaction = core.begin(f"closes {shown.text!r}", shown.person.user, view=view, responds=False)
    cleared = bool(view.content.get("clear_on_close"))
    on_top = _take_away(core, views.views_below(core, view) if cleared else [view])
    payload = payloads.view_event(core, interaction, "view_closed", view, is_cleared=cleared)
    if not view.content.get("notify_on_close"):
        return _screen(shown, on_top, interaction, None)
    return _screen(shown, on_top, interaction, await shown.person.deliver("view_closed", payload))


def _response_urls(core: Core, interaction: Interaction, view: View) -> list[dict[str, str]]:
    """One for each menu with `response_url_enabled`: answers go to the conversation that was picked there."""
    found = []
    values = state_values(view.blocks, view.chosen)
    for control in controls(view.blocks):
        if control.block["type"] == "input" and control.element.get("response_url_enabled"):
            block_id, action_id = control.key
            channel = core.workspace.channels.get(values[block_id][action_id][VALUE_KEY[control.kind]] or "")
            if channel is not None:
                url = core.response_url(core.hook(interaction, channel))
                told = {"block_id": block_id, "action_id": action_id, "channel_id": channel.id, "response_url": url}
                found.append(told)
    return found


def _after_submission(core: Core, interaction: Interaction, view: View, answer: Any) -> View | None:
    """Do what the ack says → the view then on top."""
    action = answer.get("response_action") if isinstance(answer, dict) else "unknown"
    if action is None:
        return _take_away(core, [view])
    if action == "clear":
        return _take_away(core, views.views_below(core, view))
    if action == "errors":
        return _with_errors(core, interaction, view, answer.get("errors"))
    if action in {"update", "push"}:
        core.check_view("ack", answer.get("view"), interaction=interaction)
        if action == "push":
            return views.stack(core, interaction, answer["view"])
        views.replace_content(core, view, answer["view"], cause=interaction.id)
        return view
    raise _refused(core, interaction, answer, f"unknown response_action {action!r}")


def _with_errors(core: Core, interaction: Interaction, view: View, errors: Any) -> View:
    """Errors are texts for input blocks of this view; anything else makes Slack show its own error instead."""
    blocks = {each["block_id"] for each in view.blocks if each["type"] == "input"}
    texts = isinstance(errors, dict) and all(isinstance(each, str) and each for each in errors.values())
    if not errors or not texts or not errors.keys() <= blocks:
        raise _refused(
            core, interaction, errors, f"errors must be texts by block_id of input blocks: {', '.join(sorted(blocks))}"
        )
    view.errors = errors
    core.workspace.tell(Change("view", view=view.id, user=view.user, cause=interaction.id))
    return view


def _refused(core: Core, interaction: Interaction, body: Any, why: str) -> SlackError:
    problem = Problem("invalid_arguments", why)
    core.refuse("ack", [problem], body, interaction)
    return SlackError(problem.code, [problem])


def _take_away(core: Core, closed: list[View]) -> View | None:
    """Close these; returns the view that is then on top, if any."""
    for view in closed:
        view.open = False
        core.workspace.tell(Change("view_closed", view=view.id, user=view.user))
    below = closed[-1].previous_id
    return core.workspace.views[below] if below is not None else None


def _screen(shown: Shown, on_top: View | None, interaction: Interaction, delivery: Delivery | None) -> Shown:
    seen = len(interaction.answers)
    if on_top is None:
        return type(shown)(shown.person, interaction=interaction, delivery=delivery, seen=seen, closed=True)
    return type(shown).of_view(shown.person, on_top, interaction=interaction, delivery=delivery, seen=seen)


def _open_view(shown: Shown) -> View:
    if shown.view is None or not shown.view.open:
        raise NotOnScreen("there is no open modal")
    return shown.view
