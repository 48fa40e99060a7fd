"""Every limit of what stands in blocks, of messages and views as a whole, and of what an options request is answered with.

The numbers are written out here as Slack's reference has them, not taken from `bot.limits`.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox.rules import judge_message, judge_options, judge_view
from tests.sandbox.judging import (
    MESSAGE,
    MODAL,
    Limit,
    Surface,
    a,
    context_actions,
    crossed,
    each_of,
    feedback,
    icon,
    in_actions,
    in_input,
    options,
)
from tests.sandbox.toy import Json, actions, button, home, modal, mrkdwn, option, plain, section, select, written

CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("Really?"), "confirm": plain("Yes"), "deny": plain("No")}
MENUS: list[Json] = [
    {"type": "static_select", "options": [option()]},
    {"type": "multi_static_select", "options": [option()]},
    *({"type": kind} for kind in ("external_select", "multi_external_select")),
    *({"type": kind} for kind in ("users_select", "multi_users_select")),
    *({"type": kind} for kind in ("conversations_select", "multi_conversations_select")),
    *({"type": kind} for kind in ("channels_select", "multi_channels_select")),
]
PICKERS: list[Json] = [*MENUS, {"type": "datepicker"}, {"type": "timepicker"}]
TYPED: list[Json] = [
    *({"type": f"{kind}_text_input"} for kind in ("plain", "email", "url") if kind != "plain"),
    {"type": "plain_text_input"},
    {"type": "number_input", "is_decimal_allowed": True},
    {"type": "rich_text_input"},
]
MANY = [each for each in MENUS if each["type"].startswith("multi_")]


def confirmed(**changes: Any) -> list[Json]:
    return in_actions(button(confirm={**CONFIRM, **changes}))


def overflow(*entries: Json) -> list[Json]:
    return in_actions({"type": "overflow", "action_id": "o", "options": list(entries)})


def grouped(groups: int = 1, each: int = 1, label: str = "Group") -> Json:
    found = [{"label": plain(label), "options": options(each)} for _ in range(groups)]
    return {"type": "static_select", "action_id": "s", "option_groups": found}


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


BUTTONS = [
    Limit("button text", 75, lambda n: in_actions(button(a(n))), least=1),
    Limit("button value", 2000, lambda n: in_actions(button(value=a(n))), least=1),
    Limit("button url", 3000, lambda n: in_actions(button(url=a(n))), least=1),
    Limit("button accessibility label", 75, lambda n: in_actions(button(accessibility_label=a(n))), least=1),
    Limit("action_id", 255, lambda n: in_actions(button(action_id=a(n))), least=1),
    Limit("feedback text", 75, lambda n: [context_actions(feedback(text=plain(a(n))))], surfaces=MESSAGE, least=1),
    Limit("feedback value", 2000, lambda n: [context_actions(feedback(value=a(n)))], surfaces=MESSAGE, least=1),
    Limit("icon button text", 75, lambda n: [context_actions(icon(text=plain(a(n))))], surfaces=MESSAGE, least=1),
    Limit("icon button value", 2000, lambda n: [context_actions(icon(value=a(n)))], surfaces=MESSAGE, least=1),
    Limit("icon button's people", 10, lambda n: [context_actions(icon(visible_to_user_ids=["U1"] * n))], surfaces=MESSAGE, least=1),
    Limit("confirm title", 100, lambda n: confirmed(title=plain(a(n))), least=1),
    Limit("confirm text", 300, lambda n: confirmed(text=mrkdwn(a(n))), least=1),
    Limit("confirm button", 30, lambda n: confirmed(confirm=plain(a(n))), least=1),
    Limit("deny button", 30, lambda n: confirmed(deny=plain(a(n))), least=1),
    Limit("overflow entries", 5, lambda n: overflow(*options(n)), least=1),
    Limit("overflow url", 3000, lambda n: overflow(option(url=a(n))), least=1),
]  # fmt: skip
OPTIONS = [
    Limit("options", 100, lambda n: in_actions({**MENUS[0], "options": options(n)}), least=1),
    Limit("options of a multi-select", 100, lambda n: in_actions({**MENUS[1], "options": options(n)}), least=1),
    Limit("option groups", 100, lambda n: in_actions(grouped(n)), least=1),
    Limit("options of a group", 100, lambda n: in_actions(grouped(1, n)), least=1),
    Limit("group label", 75, lambda n: in_actions(grouped(label=a(n))), least=1),
    Limit("option text", 75, lambda n: in_actions(select(options=[option(a(n), "v")])), least=1),
    Limit("option value", 150, lambda n: in_actions(select(options=[option("x", a(n))])), least=1),
    Limit("option description", 75, lambda n: in_actions(select(options=[option(description=plain(a(n)))])), least=1),
    *(
        Limit(kind, 10, lambda n, kind=kind: in_actions({"type": kind, "action_id": "c", "options": options(n)}), least=1)  # type: ignore[misc]
        for kind in ("checkboxes", "radio_buttons")
    ),
]  # fmt: skip
FIELDS = [
    *(
        Limit(f"placeholder of {each['type']}", 150, lambda n, each=each: in_input({**each, "placeholder": plain(a(n))}), least=1)  # type: ignore[misc]
        for each in [*PICKERS, *TYPED]
    ),
    *(
        Limit(f"{each['type']}: least that may be picked at most", 1000, lambda n, each=each: in_input({**each, "max_selected_items": n}), least=1)  # type: ignore[misc]
        for each in MANY
    ),
    Limit("most characters", 3000, lambda n: in_input(written(max_length=n)), least=1),
    Limit("least characters", 3000, lambda n: in_input(written(min_length=n))),
    Limit("initial text", 3000, lambda n: in_input(written(initial_value=a(n)))),
    Limit("lines", 100, lambda n: in_input({"type": "rich_text_input", "action_id": "r", "max_lines": n}), least=1),
    Limit("files", 10, lambda n: in_input({"type": "file_input", "action_id": "f", "max_files": n}), surfaces=MODAL, least=1),
]  # fmt: skip


@pytest.mark.parametrize("limit, surface", each_of([*BUTTONS, *OPTIONS, *FIELDS]))
def test_a_limit_is_kept_to_and_not_beyond(limit: Limit, surface: Surface) -> None:
    assert crossed(limit, surface) == ""


@pytest.mark.parametrize(
    "name, most, least, of_home, built",
    [
        ("title", 24, 1, False, lambda n: {"title": a(n)}),
        ("submit", 24, 1, False, lambda n: {"submit": plain(a(n))}),
        ("close", 24, 1, False, lambda n: {"close": plain(a(n))}),
        ("callback_id", 255, 0, True, lambda n: {"callback_id": a(n)}),
        ("external_id", 255, 0, True, lambda n: {"external_id": a(n)}),
        ("private_metadata", 3000, 0, True, lambda n: {"private_metadata": a(n)}),
    ],
)
def test_a_limit_of_views(name: str, most: int, least: int, *, of_home: bool, built: Callable[[int], Json]) -> None:
    for make in (modal, home) if of_home else (modal,):
        assert judge_view(make(**built(most))) == []
        assert next(each.pointer for each in judge_view(make(**built(most + 1)))).startswith(f"/view/{name}")
        assert judge_view(make(**built(least))) == []
        if least:
            assert judge_view(make(**built(least - 1)))


def test_the_limits_of_a_messages_text() -> None:
    assert judge_message("a" * 40_000) == []
    assert [each.code for each in judge_message("a" * 40_001)] == ["msg_too_long"]
    assert [each.code for each in judge_message("")] == ["no_text"]
    assert judge_message(None, [section()]) == []


def test_the_size_of_a_messages_blocks() -> None:
    """Bytes of JSON, of which one character may take several. It bites before some other limits do: a data table of 20,000 characters
    is never seen in a message, for nobody knows whether Slack would take it.
    """

    def blocks(more: int) -> list[Json]:
        found = [section("é" * 1490) for _ in range(4)]
        return [*found, section("a" * (13_000 + more - size([*found, section("")])))]

    assert judge_message("x", blocks(0)) == []
    assert [each.code for each in judge_message("x", blocks(1))] == ["msg_blocks_too_long"]


def test_the_size_of_a_view() -> None:
    def view(length: int) -> Json:
        found = modal()
        while (left := length - size({**found, "blocks": [*found["blocks"], section("")]})) > 0:
            found["blocks"].append(section("a" * (left if left <= 3000 else 2900)))
        return found

    assert judge_view(view(250_000)) == []
    assert size(view(250_000)) == 250_000
    assert [each.code for each in judge_view(view(250_001))] == ["view_too_large"]


@pytest.mark.parametrize(
    "answer, fits",
    [
        ({"options": options(100)}, True),
        ({"options": options(101)}, False),
        ({"options": []}, True),
        ({"option_groups": []}, True),
        ({"option_groups": [{"label": plain("G"), "options": options(100)}] * 100}, True),
        ({"option_groups": [{"label": plain("G"), "options": options(1)}] * 101}, False),
        ({"option_groups": [{"label": plain("G"), "options": options(101)}]}, False),
        ({"option_groups": [{"label": plain("a" * 76), "options": options(1)}]}, False),
        ({"options": options(1), "option_groups": []}, False),
        ({"options": [option("a" * 75)]}, True),
        ({"options": [option("a" * 76, "v")]}, False),
        ({"options": [option("x", "v" * 150)]}, True),
        ({"options": [option("x", "v" * 151)]}, False),
        ({"options": [{"text": mrkdwn("x"), "value": "v"}]}, False),
        ({"options": options(1), "more": 1}, False),
        ({"options": 7}, False),
        ({}, False),
        ("", False),
        ([], False),
    ],
)
def test_answers_to_an_options_request(answer: Any, *, fits: bool) -> None:
    problems = judge_options(answer)
    assert (problems == []) is fits
    assert {each.code for each in problems} <= {"invalid_options"}


def test_no_more_than_one_input_may_take_the_focus_and_none_in_a_message() -> None:
    one = in_input(written(focus_on_load=True))
    assert judge_view(modal(*one)) == []
    assert [each.message for each in judge_view(modal(*one, *[{**one[0], "block_id": "b"}]))] == [
        "only one element may have `focus_on_load`"
    ]
    menu = {"type": "users_select", "action_id": "u", "focus_on_load": True}
    assert [each.message for each in judge_message("x", [actions(menu)])] == [
        "`focus_on_load` is not available in messages"
    ]
