"""What Slack would refuse, as pure functions: a message, a view, a menu's options → problems, none when it is fine.

Modelled are the blocks and elements in `blocks.BLOCKS` and `elements.ELEMENTS`. Any other type is refused as unsupported, also where Slack would take
it (plan, task_card, file, video, workflow_button): what nobody has checked here must not pass for checked.
"""

import json
from typing import Any

from bot import limits
from bot.sandbox.rules.blocks import Surface, every_block, judge_blocks
from bot.sandbox.rules.objects import option_groups, options, plain
from bot.sandbox.rules.shapes import Block, Node, Problem, Shape, flag, string

__all__ = ["Block", "Problem", "Surface", "judge_blocks", "judge_message", "judge_options", "judge_view"]


def judge_message(
    text: Any,
    blocks: Any = None,
    *,
    metadata: Any = None,
    unsupported: frozenset[str] = frozenset(),
) -> list[Problem]:
    """Problems of a message, worst first; the first one's code is what Slack answers.

    text      the top-level text, which feeds notifications. Needed when there are no blocks.
    blocks    decoded JSON: a list of blocks, or whatever the app sent for one.
    metadata  decoded JSON, too. Slack publishes no size for it.
    """
    problems: list[Problem] = []
    if text is not None and not isinstance(text, str):
        problems.append(Problem("invalid_arguments", "must be a string", "/text"))
    elif not blocks and not (text or "").strip():
        problems.append(Problem("no_text", "no text and no blocks"))
    elif len(text or "") > limits.TEXT_HARD:
        problems.append(Problem("msg_too_long", f"text must be less than {limits.TEXT_HARD + 1} characters"))
    if blocks is not None:
        node = Node(blocks, "/blocks", problems)
        if not isinstance(blocks, list):
            node.refuse("must be an array", code="invalid_blocks_format")
        else:
            judge_blocks(node, "message", unsupported=unsupported)
            if json_size(blocks) > limits.MESSAGE_JSON_HARD:
                node.refuse(f"more than {limits.MESSAGE_JSON_HARD} bytes", code="msg_blocks_too_long")
    if metadata:
        _METADATA(Node(metadata, "/metadata", problems, "invalid_metadata_format"))
    return problems


def json_size(value: Any) -> int:
    """Bytes of it as JSON, written as tightly as it goes."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _values(node: Node, *, depth: int = 1) -> None:
    """Texts, numbers and booleans, and lists or objects of these: one level."""
    if isinstance(node.value, dict | list) and depth:
        for key in node.value if isinstance(node.value, dict) else range(len(node.value)):
            _values(node.at(key), depth=depth - 1)
    elif not isinstance(node.value, str | int | float):
        node.refuse("must be a string, a number, a boolean, or one level of these")


def _payload(node: Node) -> None:
    if not isinstance(node.value, dict):
        node.refuse("must be an object")
    else:
        for key in node.value:
            _values(node.at(key))


_METADATA = Shape({"event_type": string(limits.ACTION_ID), "event_payload": _payload})


def _submit_for_input(node: Node) -> None:
    blocks = node.get("blocks")
    if (
        "submit" not in node.value
        and isinstance(blocks, list)
        and any(each.get("type") == "input" for each in every_block(blocks))
    ):
        node.refuse("missing required field: submit")


_MODAL = Shape(
    {"title": plain(limits.VIEW_TITLE), "blocks": lambda node: judge_blocks(node, "modal")},
    {
        "submit": plain(limits.VIEW_TITLE),
        "close": plain(limits.VIEW_TITLE),
        "callback_id": string(limits.CALLBACK_ID, least=0),
        "external_id": string(limits.EXTERNAL_ID, least=0),
        "private_metadata": string(limits.PRIVATE_METADATA, least=0),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
    also=(_submit_for_input,),
)
_HOME = Shape(
    {"blocks": lambda node: judge_blocks(node, "home")},
    {key: _MODAL.may[key] for key in ("callback_id", "external_id", "private_metadata")},
)


def judge_view(view: Any) -> list[Problem]:
    """Problems of a modal or Home tab. Slack calls them `invalid_arguments`, but for the size."""
    problems: list[Problem] = []
    node = Node(view, "/view", problems, "invalid_arguments")
    if not isinstance(view, dict):
        node.refuse("must be an object")
    elif view.get("type") not in ("modal", "home"):
        node.refuse("`type` must be modal or home")
    else:
        (_MODAL if view["type"] == "modal" else _HOME)(node)
        if json_size(view) > limits.VIEW_JSON_HARD:
            node.refuse(f"more than {limits.VIEW_JSON_HARD} bytes", code="view_too_large")
    return problems


def judge_options(answer: Any) -> list[Problem]:
    """Problems of what an app answers to an options request: `options` or `option_groups`. An empty list is an answer."""
    problems: list[Problem] = []
    node = Node(answer, "", problems, "invalid_options")
    if not isinstance(answer, dict) or ("options" in answer) == ("option_groups" in answer):
        node.refuse("exactly one of `options` and `option_groups` is required")
    elif answer.get("options") or answer.get("option_groups"):
        Shape(may={"options": options, "option_groups": option_groups})(node)
    return problems
