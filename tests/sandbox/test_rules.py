"""What Slack refuses whatever its length: missing and unknown fields, other types, places, repeated ids, choices that are not offered."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import limits
from bot.sandbox.rules import judge_message, judge_options, judge_view
from bot.sandbox.rules.blocks import BLOCKS as MODELLED
from tests.sandbox.judging import (
    BLOCKS,
    EVERYWHERE,
    MESSAGE_AND_HOME,
    Surface,
    alert,
    card,
    carousel,
    container,
    context_actions,
    data_table,
    feedback,
    icon,
    image,
    in_actions,
    in_input,
    line,
    options,
    pie,
    problems_on,
    raw,
    rich,
    table,
)
from tests.sandbox.toy import Json, actions, button, entry, home, modal, mrkdwn, option, plain, section, select, written

SURFACES: dict[str, str] = {
    "alert": "modal",
    "carousel": "message home",
    "container": "message home",
    "context_actions": "message",
    "data_table": "message home",
    "data_visualization": "message",
    "markdown": "message",
    "table": "message home",
}
"""Where blocks may stand that do not go everywhere."""


BOT = {"type": "icon", "name": "bot"}


def test_there_is_an_example_of_every_block_that_is_modelled() -> None:
    assert BLOCKS.keys() == MODELLED.keys()


@pytest.mark.parametrize("surface", EVERYWHERE)
@pytest.mark.parametrize("kind", BLOCKS)
def test_each_block_stands_only_where_it_may(kind: str, surface: Surface) -> None:
    allowed = surface in SURFACES.get(kind, "message modal home").split()
    expected = [] if allowed else [f"unsupported type: {kind}"]
    assert [each.message for each in problems_on(surface, [BLOCKS[kind]])] == expected


CHILDREN = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "table"}


@pytest.mark.parametrize("surface", MESSAGE_AND_HOME)
@pytest.mark.parametrize("kind", BLOCKS)
def test_a_container_holds_only_some_blocks(kind: str, surface: Surface) -> None:
    expected = [] if kind in CHILDREN else [f"unsupported type: {kind}"]
    assert [each.message for each in problems_on(surface, [container(BLOCKS[kind])])] == expected


@pytest.mark.parametrize("kind", ["plan", "task_card", "file", "video", "workflow_button", "call", "nonsense"])
def test_what_is_not_modelled_does_not_pass_for_checked(kind: str) -> None:
    assert [each.message for each in problems_on("message", [{"type": kind}])] == [f"unsupported type: {kind}"]
    assert problems_on("message", in_actions({"type": kind}))


@pytest.mark.parametrize("kind", BLOCKS)
def test_no_field_is_invented(kind: str) -> None:
    surface: Surface = "modal" if kind == "alert" else "message"
    found = problems_on(surface, [{**BLOCKS[kind], "colour": "red"}])
    assert [each.message for each in found] == ["invalid additional property: colour"]


@pytest.mark.parametrize(
    "kind, field",
    [
        ("actions", "elements"),
        ("alert", "text"),
        ("card", "title"),
        ("carousel", "elements"),
        ("container", "child_blocks"),
        ("container", "title"),
        ("context", "elements"),
        ("context_actions", "elements"),
        ("data_table", "caption"),
        ("data_table", "rows"),
        ("data_visualization", "chart"),
        ("data_visualization", "title"),
        ("header", "text"),
        ("image", "alt_text"),
        ("image", "image_url"),
        ("input", "element"),
        ("input", "label"),
        ("markdown", "text"),
        ("rich_text", "elements"),
        ("section", "text"),
        ("table", "rows"),
    ],
)
@pytest.mark.parametrize("value", [None, 7, "absent"])
def test_no_field_is_missing_or_of_another_type(kind: str, field: str, value: Any) -> None:
    surface: Surface = "modal" if kind == "alert" else "message"
    block = {key: each for key, each in BLOCKS[kind].items() if key != field}
    assert problems_on(surface, [block if value == "absent" else {**block, field: value}])


@pytest.mark.parametrize(
    "wrong, why",
    [
        # Texts, and where only plain ones go.
        ([{"type": "header", "text": mrkdwn("x")}], "unsupported type: mrkdwn"),
        ([section() | {"text": "bare"}], "must be an object"),
        ([section() | {"text": {"type": "mrkdwn", "text": "x", "emoji": True}}], "invalid additional property: emoji"),
        ([section() | {"text": {"type": "plain_text", "text": "x", "verbatim": True}}], "property: verbatim"),
        ([section(expand="yes")], "must be a boolean"),
        ([{"type": "section", "fields": []}], "no less than 1 items"),
        ([image(slack_file={"id": "F00000001"})], "exactly one of `image_url` and `slack_file`"),
        ([{"type": "image", "alt_text": "A", "slack_file": {"id": "F1"}}], "must be the id of a file"),
        ([{"type": "image", "alt_text": "A", "slack_file": {}}], "exactly one of `id` and `url`"),
        # Elements, and where each may stand.
        (in_actions(written()), "unsupported type: plain_text_input"),
        (in_actions({"type": "checkboxes", "action_id": "c", "options": [*options(2), {}]}), "missing required field"),
        ([section(accessory={"type": "datetimepicker"})], "unsupported type: datetimepicker"),
        ([section(accessory=written())], "unsupported type: plain_text_input"),
        (in_input(button()), "unsupported type: button"),
        (in_actions(feedback()), "unsupported type: feedback_buttons"),
        ([context_actions(button())], "unsupported type: button"),
        ([{"type": "context", "elements": [button()]}], "unsupported type: button"),
        ([card(actions=[select()])], "unsupported type: static_select"),
        (in_actions(button(style="default")), "must be one of primary, danger"),
        (in_actions(button(confirm={"title": plain("x")})), "missing required field: text"),
        ([context_actions(icon(icon="star"))], "must be one of trash"),
        (in_actions({"type": "datepicker", "initial_date": "2026-2-1"}), "must be a date"),
        (in_actions({"type": "timepicker", "initial_time": "24:00"}), "must be a time"),
        (in_actions({"type": "datetimepicker", "initial_date_time": 177244200}), "must be between"),
        (in_actions({"type": "users_select", "initial_user": "sam"}), "must be an id"),
        (in_actions({"type": "conversations_select", "filter": {"include": ["dm"]}}), "must be one of im"),
        (in_input({"type": "number_input", "action_id": "n"}), "missing required field: is_decimal_allowed"),
        (in_input(written(min_length=3, max_length=2)), "`min_length` must not exceed `max_length`"),
        (in_input({"type": "rich_text_input", "min_lines": 3, "max_lines": 2}), "`min_lines` must not exceed"),
        # Menus.
        (in_actions({"type": "static_select"}), "exactly one of `options` and `option_groups`"),
        (in_actions(select(option_groups=[])), "exactly one of `options` and `option_groups`"),
        (in_actions(select(options=[option() | {"text": mrkdwn("x")}])), "unsupported type: mrkdwn"),
        (in_actions(select(options=[option(url="https://x")])), "invalid additional property: url"),
        # Tables and charts.
        ([data_table() | {"rows": [[rich()], [raw()]]}], "unsupported type: rich_text"),
        ([data_table() | {"rows": [[raw()], [raw(), raw()]]}], "every row must have the same number of cells"),
        ([data_table() | {"rows": [[raw()], [{"type": "raw_number", "value": "7"}]]}], "must be a number"),
        ([table() | {"rows": [[button()]]}], "unsupported type: button"),
        ([pie() | {"chart": {"type": "donut"}}], "unsupported type: donut"),
        ([pie() | {"chart": {"type": "pie", "segments": [{"label": "x", "value": 0}]}}], "must be more than 0"),
        ([line(2) | {"chart": {**line()["chart"], "series": [line()["chart"]["series"][0]] * 2}}], "`name` s0 already exists"),
        ([line() | {"chart": {**line()["chart"], "axis_config": {"categories": ["0", "2"]}}}], "one point for each category"),
        ([line() | {"chart": {**line()["chart"], "axis_config": {"categories": ["0"]}}}], "one point for each category"),
        # Containers, cards, alerts.
        ([container(width="huge")], "must be one of narrow, standard, wide, full"),
        ([container(default_collapsed=True)], "`default_collapsed` requires `is_collapsible`"),
        ([container(has_header_divider=True, is_collapsible=True)], "`has_header_divider` excludes `is_collapsible`"),
        ([card(subtitle=plain("x"))], "at least one of hero_image, title, actions and body"),
        ([card(title=plain("x"), icon=image(), slack_icon=BOT)], "`slack_icon` excludes `icon`"),
        ([card(title=plain("x"), slack_icon={"type": "icon", "name": "dragon"})], "must be one of archive"),
        ([card(title=plain("x"), icon=button())], "unsupported type: button"),
        ([container(rich_text_title=rich() | {"type": "section"})], "unsupported type: section"),
        # What is no block at all.
        ([None], "must be an object"),
        (["section"], "must be an object"),
        ([{"text": "x"}], "missing required field: type"),
        ([{"type": ["section"]}], "unsupported type"),
    ],
)  # fmt: skip
def test_what_is_refused(wrong: list[Any], why: str) -> None:
    assert any(why in each.message for each in problems_on("message", wrong)), problems_on("message", wrong)


@pytest.mark.parametrize("level", ["loud", "", None])
def test_an_alert_has_one_of_five_levels(level: Any) -> None:
    assert problems_on("modal", [alert(level=level)])
    for known in ("default", "info", "warning", "error", "success"):
        assert problems_on("modal", [alert(level=known)]) == []


@pytest.mark.parametrize(
    "right",
    [
        in_actions({"type": "datepicker", "initial_date": "2026-02-01", "placeholder": plain("From")}),
        in_actions({"type": "datetimepicker", "initial_date_time": 1_772_442_000}),
        in_actions({"type": "conversations_select", "filter": {"include": ["public"], "exclude_bot_users": True}}),
        in_actions(button(confirm={"title": plain("Sure?"), "text": plain("Really?"), "style": "danger"})),
        in_actions({"type": "checkboxes", "options": [{**option(), "text": mrkdwn("*x*"), "description": plain("y")}]}),
        [section(accessory=image())],
        [{"type": "image", "alt_text": "A", "slack_file": {"id": "F00000001"}}],
        [table() | {"rows": [[raw()], [raw(), {"type": "raw_number", "value": 7.5}]], "column_settings": [{}]}],
        [line() | {"chart": {**line()["chart"], "axis_config": {"categories": ["1", "0"]}}}],
        [container(is_collapsible=True, default_collapsed=True, width="full", icon=image())],
        [{"type": "container", "rich_text_title": rich(), "child_blocks": [section()]}],
        [card(hero_image=image()), card(actions=[button()]), card(body=plain("x"), slack_icon=BOT)],
    ],
)
def test_what_is_accepted(right: list[Json]) -> None:
    assert problems_on("message", right) == []


def test_no_block_id_occurs_twice_not_even_in_a_container() -> None:
    twice = [section(block_id="b"), container(section(block_id="b"))]
    assert [each.message for each in problems_on("message", twice)] == ["`block_id` b already exists"]
    assert problems_on("message", [section(block_id="b"), container(section(block_id="c"))]) == []
    cards = [carousel() | {"elements": [card(title=plain("x"), block_id="b")] * 2}]
    assert [each.message for each in problems_on("home", cards)] == ["`block_id` b already exists"]


def test_no_action_id_occurs_twice_in_one_block() -> None:
    twice = [button("One", "x"), button("Two", "x")]
    for block in (actions(*twice), card(actions=twice), context_actions(icon(), icon())):
        [problem] = problems_on("message", [block])
        assert problem.message.endswith("already exists")
    assert problems_on("message", [actions(twice[0]), actions(twice[1])]) == []


@pytest.mark.parametrize(
    "kind, grouped",
    [
        ("static_select", False),
        ("static_select", True),
        ("multi_static_select", False),
        ("multi_static_select", True),
        ("checkboxes", False),
        ("radio_buttons", False),
    ],
)
@pytest.mark.parametrize(
    "initial, fits",
    [
        (option("One", "1"), True),
        (option("One", "2"), False),
        (option("Won", "1"), False),
        (option("Three", "3"), False),
    ],
)
def test_what_is_picked_at_first_must_be_offered_to_the_letter(
    kind: str, initial: Json, *, fits: bool, grouped: bool
) -> None:
    offered = [option("One", "1"), option("Two", "2")]
    element: Json = {"type": kind, "action_id": "x"}
    element |= {"option_groups": [{"label": plain("G"), "options": offered}]} if grouped else {"options": offered}
    single = kind in {"static_select", "radio_buttons"}
    element |= {"initial_option": initial} if single else {"initial_options": [initial]}
    found = [each.message for each in problems_on("message", in_actions(element))]
    assert found == ([] if fits else ["initial option must exactly match an option that is offered"])


def test_what_is_picked_at_first_in_an_external_menu_need_not_be_known() -> None:
    menu = {"type": "multi_external_select", "initial_options": [option("Anything", "x")]}
    assert problems_on("message", in_actions(menu)) == []
    assert problems_on("message", in_actions({**menu, "initial_options": [option("a" * 76)]}))
    too_many = {**menu, "initial_options": options(2), "max_selected_items": 1}
    assert [each.message for each in problems_on("message", in_actions(too_many))] == [
        "`initial_options` must not exceed `max_selected_items`"
    ]


def test_a_modal_with_an_input_needs_a_way_to_send_it_in() -> None:
    view = modal(entry("Name", written()))
    del view["submit"]
    assert [each.message for each in judge_view(view)] == ["missing required field: submit"]
    assert judge_view({**view, "blocks": [section()]}) == []
    assert judge_view(home(entry("Name", written(), dispatch_action=True))) == []


def test_files_are_taken_in_modals_only_and_without_a_word_on_the_way() -> None:
    file_input = {"type": "file_input", "action_id": "f"}
    assert problems_on("modal", in_input(file_input)) == []
    for surface in MESSAGE_AND_HOME:
        assert [each.message for each in problems_on(surface, in_input(file_input))] == [
            "file_input is available in modals only"
        ]
    assert [each.message for each in problems_on("modal", [entry("File", file_input, dispatch_action=True)])] == [
        "`dispatch_action` is not available for file_input"
    ]


@pytest.mark.parametrize("view", [None, [], "modal", {}, {"type": "sheet"}, {"type": "modal"}, {"type": "home"}])
def test_what_is_no_view(view: Any) -> None:
    assert {each.code for each in judge_view(view)} == {"invalid_arguments"}


def test_unsupported_blocks_are_refused_in_messages_wherever_they_stand() -> None:
    unsupported = frozenset({"container", "data_table"})
    assert judge_message("x", [section()], unsupported=unsupported) == []
    for block in (container(), data_table()):
        assert [each.code for each in judge_message("x", [section(), block], unsupported=unsupported)] == [
            "invalid_blocks"
        ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "elements"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, each in inner for path in _paths(each, (*at, key)))]


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = _with(value[path[0]], path[1:], new)
    return changed


RICHEST = [*BLOCKS.values(), line(), in_actions(select(initial_option=option()))[0], container(data_table(), card())]


@given(st.sampled_from(RICHEST), st.data(), json_values)
def test_whatever_is_sent_is_judged_and_never_a_crash(block: Json, data: st.DataObject, new: Any) -> None:
    """Any part of any block, replaced by anything."""
    broken = _with(block, data.draw(st.sampled_from(_paths(block))), new)
    for found in (
        judge_message("x", [broken]),
        judge_message(new, new, metadata=new),
        judge_view(modal(broken)),
        judge_view(home(broken)),
        judge_view(new),
        judge_options(new),
    ):
        assert all(each.code and each.message for each in found)


def test_the_limits_are_slacks() -> None:
    """The numbers that no message or view shows; the others are proved one by one."""
    assert limits.ACK == limits.TRIGGER_LIFETIME == timedelta(seconds=3)
    assert (5, timedelta(minutes=30)) == (limits.RESPONSE_URL_USES, limits.RESPONSE_URL_LIFETIME)
    assert timedelta(minutes=5) == limits.SIGNATURE_WINDOW
    assert timedelta(minutes=10) == limits.OAUTH_STATE_LIFETIME
    assert timedelta(hours=12) == limits.TOKEN_ROTATION
    assert timedelta(seconds=1) == limits.POST_INTERVAL
    assert (limits.SOCKETS, limits.EVENT_RETRIES, limits.EVENTS_PER_HOUR) == (10, 3, 30_000)
    assert (limits.TEXT_SOFT, limits.MESSAGE_JSON_SOFT, limits.DATA_TABLE_ROWS_OLD) == (4_000, 12_000, 101)
    assert (limits.VIEW_STACK, limits.MIN_QUERY_LENGTH_DEFAULT) == (3, 3)
