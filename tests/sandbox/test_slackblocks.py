"""Our rules beside those of the `slackblocks` package, which others wrote from the same reference: where it models a limit, both accept
what is at it and both refuse one past it. Where the two differ, the difference stands here, with what we hold to and why.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import slackblocks as sb

from bot.sandbox.rules import judge_message, judge_view
from tests.sandbox import test_limits_of_blocks as blocks
from tests.sandbox import test_limits_of_elements as elements
from tests.sandbox.judging import BLOCKS, a, crossed, problems_on
from tests.sandbox.toy import Json, actions, option, plain, section, select

Built = Callable[[int], Any]


def text(length: int) -> Any:
    return sb.Text(a(length), type_=sb.TextType.PLAINTEXT)


def options(count: int) -> list[Any]:
    return [sb.Option(sb.PlainText(str(number)), str(number)) for number in range(count)]


def rows(count: int, columns: int = 1, length: int = 1) -> list[Any]:
    return [[sb.RawText(a(length)) for _ in range(columns)] for _ in range(count)]


def with_buttons(**facts: Any) -> Any:
    return sb.ActionsBlock([sb.Button(**{"text": "Go", "action_id": "go", **facts})])


def line(series: int = 1, points: int = 1, **axis: Any) -> Any:
    labels = [str(number) for number in range(points)]
    data = [sb.DataPoint(label=label, value=7) for label in labels]
    drawn = [sb.DataSeries(name=f"s{number}", data=data) for number in range(series)]
    return sb.DataVisualizationBlock("Health", sb.LineChart(drawn, sb.AxisConfig(categories=labels, **axis)))


def confirmed(**changes: Any) -> Any:
    words = {"title": "Sure?", "text": "Really?", "confirm": "Yes", "deny": "No", **changes}
    return with_buttons(confirm=sb.ConfirmationDialogue(**words))


def card(**facts: Any) -> Any:
    return sb.CardBlock(**{"title": "Acme", **facts})


def container(**facts: Any) -> Any:
    return sb.ContainerBlock(**{"child_blocks": [sb.DividerBlock()], "title": "Today", **facts})


def static(**facts: Any) -> Any:
    return sb.ActionsBlock([sb.StaticSelectMenu(**{"action_id": "s", "options": options(1), **facts})])


BLOCK_LIMITS: dict[str, tuple[int, Built]] = {
    "section text": (3000, lambda n: sb.SectionBlock(text(n))),
    "section fields": (10, lambda n: sb.SectionBlock(fields=[text(1)] * n)),
    "section field": (2000, lambda n: sb.SectionBlock(fields=[text(n)])),
    "block_id": (255, lambda n: sb.DividerBlock(block_id=a(n))),
    "actions elements": (25, lambda n: sb.ActionsBlock([sb.Button("Go", action_id=f"b{i}") for i in range(n)])),
    "context elements": (10, lambda n: sb.ContextBlock([text(1) for _ in range(n)])),
    "header text": (150, lambda n: sb.HeaderBlock(a(n))),
    "image url": (3000, lambda n: sb.ImageBlock(a(n), alt_text="A")),
    "image alt text": (2000, lambda n: sb.ImageBlock("https://x", alt_text=a(n))),
    "image title": (2000, lambda n: sb.ImageBlock("https://x", alt_text="A", title=text(n))),
    "markdown": (12_000, lambda n: sb.MarkdownBlock(a(n))),
    "card title": (150, lambda n: card(title=text(n))),
    "card subtitle": (150, lambda n: card(subtitle=text(n))),
    "card body": (200, lambda n: card(body=text(n))),
    "card subtext": (200, lambda n: card(subtext=text(n))),
    "card buttons": (3, lambda n: card(actions=[sb.Button("Go", action_id=f"b{i}") for i in range(n)])),
    "cards of a carousel": (10, lambda n: sb.CarouselBlock([card() for _ in range(n)])),
    "container children": (10, lambda n: container(child_blocks=[sb.DividerBlock() for _ in range(n)])),
    "container title": (150, lambda n: container(title=text(n))),
    "container subtitle": (150, lambda n: container(subtitle=text(n))),
    "data table rows with the header": (201, lambda n: sb.DataTableBlock(rows(n), caption="C")),
    "data table columns": (20, lambda n: sb.DataTableBlock(rows(2, n), caption="C")),
    "data table page size": (100, lambda n: sb.DataTableBlock(rows(2), caption="C", page_size=n)),
    "data table row header": (2, lambda n: sb.DataTableBlock(rows(2, 3), caption="C", row_header_column_index=n)),
    "table rows": (100, lambda n: sb.TableBlock(rows(n))),
    "table columns": (20, lambda n: sb.TableBlock(rows(1, n))),
    "table column settings": (20, lambda n: sb.TableBlock(rows(1, 20), [sb.ColumnSettings(align="right")] * n)),
    "chart title": (50, lambda n: sb.DataVisualizationBlock(a(n), sb.PieChart([sb.ChartSegment("x", 1)]))),
    "pie segments": (12, lambda n: sb.DataVisualizationBlock("H", sb.PieChart([sb.ChartSegment(str(i), 1) for i in range(n)]))),
    "series": (12, line),
    "points and categories": (20, lambda n: line(1, n)),
    "axis label": (50, lambda n: line(x_label=a(n))),
}  # fmt: skip
ELEMENT_LIMITS: dict[str, tuple[int, Built]] = {
    "button text": (75, lambda n: with_buttons(text=a(n))),
    "button value": (2000, lambda n: with_buttons(value=a(n))),
    "button url": (3000, lambda n: with_buttons(url=a(n))),
    "button accessibility label": (75, lambda n: with_buttons(accessibility_label=a(n))),
    "action_id": (255, lambda n: with_buttons(action_id=a(n))),
    "confirm title": (100, lambda n: confirmed(title=a(n))),
    "confirm text": (300, lambda n: confirmed(text=a(n))),
    "confirm button": (30, lambda n: confirmed(confirm=a(n))),
    "deny button": (30, lambda n: confirmed(deny=a(n))),
    "overflow entries": (5, lambda n: sb.ActionsBlock([sb.OverflowMenu("o", options(n))])),
    "checkboxes": (10, lambda n: sb.ActionsBlock([sb.CheckboxGroup("c", options(n))])),
    "radio_buttons": (10, lambda n: sb.ActionsBlock([sb.RadioButtonGroup("r", options(n))])),
    "options": (100, lambda n: static(options=options(n))),
    "option groups": (100, lambda n: static(options=None, option_groups=[sb.OptionGroup("G", options(1))] * n)),
    "options of a group": (100, lambda n: static(options=None, option_groups=[sb.OptionGroup("G", options(n))])),
    "group label": (75, lambda n: static(options=None, option_groups=[sb.OptionGroup(a(n), options(1))])),
    "option text": (75, lambda n: static(options=[sb.Option(text(n), "v")])),
    "option value": (150, lambda n: static(options=[sb.Option(text(1), a(n))])),
    "option description": (75, lambda n: static(options=[sb.Option(text(1), "v", description=a(n))])),
    "placeholder of static_select": (150, lambda n: static(placeholder=a(n))),
    "placeholder of datepicker": (150, lambda n: sb.ActionsBlock([sb.DatePicker("d", placeholder=a(n))])),
    "input label": (2000, lambda n: sb.InputBlock(a(n), sb.PlainTextInput("p"))),
    "input hint": (2000, lambda n: sb.InputBlock("L", sb.PlainTextInput("p"), hint=a(n))),
    "most characters": (3000, lambda n: sb.InputBlock("L", sb.PlainTextInput("p", max_length=n))),
    "least characters": (3000, lambda n: sb.InputBlock("L", sb.PlainTextInput("p", min_length=n))),
    "feedback value": (2000, lambda n: sb.ContextActionsBlock(
        [sb.FeedbackButtons(sb.FeedbackButton("Yes", a(n)), sb.FeedbackButton("No", "n"))])),
    "icon button value": (2000, lambda n: sb.ContextActionsBlock([sb.IconButton("Remove", value=a(n))])),
    "icon button's people": (10, lambda n: sb.ContextActionsBlock(
        [sb.IconButton("Remove", visible_to_user_ids=["U1"] * n)])),
}  # fmt: skip


OURS = {
    limit.name: limit
    for limit in (
        *blocks.BLOCKS,
        *blocks.TABLES,
        *blocks.CHARTS,
        *elements.BUTTONS,
        *elements.OPTIONS,
        *elements.FIELDS,
    )
}


def rendered(built: Any) -> Any:
    return built._resolve()


def message(*blocks: Any) -> list[Json]:
    """The blocks of a message as slackblocks sends them."""
    found: list[Json] = rendered(sb.Message(channel="C1", blocks=list(blocks)))["blocks"]
    return found


@pytest.mark.parametrize("name", [*BLOCK_LIMITS, *ELEMENT_LIMITS])
def test_both_accept_what_is_at_a_limit_and_refuse_one_past_it(name: str) -> None:
    most, built = (BLOCK_LIMITS | ELEMENT_LIMITS)[name]
    assert problems_on("message", message(built(most))) == []
    assert OURS[name].most == most
    assert crossed(OURS[name], "message") == ""
    with pytest.raises(sb.InvalidUsageError):
        built(most + 1)


def test_both_know_how_much_a_message_or_view_holds() -> None:
    hundred: list[Any] = [sb.DividerBlock() for _ in range(100)]
    fifty = hundred[:50]
    assert problems_on("message", message(*fifty)) == []
    with pytest.raises(sb.InvalidUsageError):
        message(*fifty, sb.DividerBlock())
    for view in (sb.ModalView("T", hundred), sb.HomeTabView(hundred)):
        assert judge_view(rendered(view)) == []
    for make in (partial(sb.ModalView, "T"), sb.HomeTabView):
        with pytest.raises(sb.InvalidUsageError):
            make([*hundred, sb.DividerBlock()])


@pytest.mark.parametrize(
    "most, facts",
    [
        (24, lambda n: {"title": a(n)}),
        (24, lambda n: {"title": "T", "submit": a(n)}),
        (24, lambda n: {"title": "T", "close": a(n)}),
        (3000, lambda n: {"title": "T", "private_metadata": a(n)}),
        (255, lambda n: {"title": "T", "callback_id": a(n)}),
        (255, lambda n: {"title": "T", "external_id": a(n)}),
    ],
)
def test_both_know_the_limits_of_a_modal(most: int, facts: Callable[[int], Json]) -> None:
    assert judge_view(rendered(sb.ModalView(blocks=[sb.DividerBlock()], **facts(most)))) == []
    with pytest.raises(sb.InvalidUsageError):
        sb.ModalView(blocks=[sb.DividerBlock()], **facts(most + 1))


@pytest.mark.parametrize(
    "most, built",
    [
        (6000, lambda n: [sb.MarkdownBlock(a(n)), sb.MarkdownBlock(a(6000))]),
        (6000, lambda n: [sb.DataTableBlock(rows(2, 1, length), caption="C") for length in (n, 4000)]),
    ],
)
def test_both_count_over_the_whole_message(most: int, built: Built) -> None:
    assert problems_on("message", message(*built(most))) == []
    assert problems_on("message", [rendered(each) for each in built(most + 1)])
    with pytest.raises(sb.InvalidUsageError):
        message(*built(most + 1))


def test_both_allow_two_charts() -> None:
    assert problems_on("message", message(line(), line())) == []
    assert problems_on("message", [rendered(line()) for _ in range(3)])
    with pytest.raises(sb.InvalidUsageError):
        message(line(), line(), line())


@pytest.mark.parametrize(
    "theirs",
    [
        sb.SectionBlock,
        lambda: sb.CardBlock(subtitle="x"),
        lambda: sb.CardBlock(title="x", icon=sb.Image("A", "https://x"), slack_icon=sb.SlackIcon("bot")),
        lambda: sb.ContainerBlock([sb.DividerBlock()]),
        lambda: container(default_collapsed=True),
        lambda: container(is_collapsible=True, has_header_divider=True),
        lambda: container(child_blocks=[container()]),
        lambda: container(width="huge"),
        lambda: sb.DataTableBlock([[sb.RawText("a")], [sb.RawText("b"), sb.RawText("c")]], caption="C"),
        lambda: sb.DataTableBlock([[sb.RawText("")], [sb.RawText("b")]], caption="C"),
        lambda: sb.PieChart([sb.ChartSegment("x", 0)]),
        lambda: sb.LineChart([sb.DataSeries("s", [sb.DataPoint("a", 1)])], sb.AxisConfig(["b"])),
        lambda: sb.IconButton("Remove", icon="star"),  # type: ignore[arg-type]  # that is the point
        lambda: sb.SlackIcon("dragon"),  # type: ignore[arg-type]  # as above
        lambda: sb.SlackFile(url=None, id="F1"),
        lambda: sb.ModalView("T", [sb.InputBlock("L", sb.PlainTextInput("p"))]),
        lambda: sb.ModalView("T", [sb.MarkdownBlock("x")]),
        lambda: sb.HomeTabView([sb.AlertBlock("x")]),
        lambda: message(sb.AlertBlock("x")),
    ],
)
def test_slackblocks_refuses_what_ours_refuses_in_test_rules(theirs: Callable[[], Any]) -> None:
    with pytest.raises(sb.InvalidUsageError):
        theirs()


# --- Where the two differ ---------------------------------------------------------------------------------------------


def test_slackblocks_lets_pass_what_slack_refuses() -> None:
    """It does not look across a message or at what is offered; we do, since Slack does."""
    twice = [sb.DividerBlock(block_id="b"), sb.DividerBlock(block_id="b")]
    assert [each.message for each in problems_on("message", message(*twice))] == ["`block_id` b already exists"]
    buttons = sb.ActionsBlock([sb.Button("One", action_id="x"), sb.Button("Two", action_id="x")])
    assert [each.message for each in problems_on("message", message(buttons))] == ["`action_id` x already exists"]
    unknown = static(initial_option=sb.Option(sb.PlainText("Elsewhere"), "e"))
    assert [each.message for each in problems_on("message", message(unknown))] == [
        "initial option must exactly match an option that is offered"
    ]
    for empty in (sb.ActionsBlock([]), sb.ContextBlock([])):
        assert [each.message for each in problems_on("message", message(empty))] == ["no less than 1 items required"]
    heavy = [sb.SectionBlock(text(3000)) for _ in range(5)]
    assert [each.code for each in judge_message("x", message(*heavy))] == ["msg_blocks_too_long"]
    wide = sb.TableBlock([[sb.RawText(a(10_001))]])
    assert [each.message for each in problems_on("message", message(wide))] == [
        "tables must be less than 10001 characters in all"
    ]
    two = [sb.TableBlock([[sb.RawText("x")]]), sb.TableBlock([[sb.RawText("x")]])]
    assert [each.message for each in problems_on("message", message(*two))] == ["only one table is allowed"]
    unnamed = sb.ContextActionsBlock([sb.IconButton(a(76))])
    assert [each.message for each in problems_on("message", message(unnamed))] == ["must be less than 76 characters"]


def test_charts_on_the_home_tab() -> None:
    """slackblocks allows them there; Slack's changelog speaks of messages only, and so do we."""
    view = rendered(sb.HomeTabView([line()]))
    assert [each.message for each in judge_view(view)] == ["unsupported type: data_visualization"]


def test_what_is_newer_than_what_we_checked() -> None:
    """Buttons that prompt an agent, plans and tasks, videos: slackblocks has them; ours refuse what nobody has checked here."""
    prompting = with_buttons(agent_prompt="Summarise")
    assert [each.message for each in problems_on("message", message(prompting))] == [
        "invalid additional property: agent_prompt"
    ]
    plan = sb.PlanBlock("Plan", [sb.TaskCardBlock("t", "Task", status="pending")])
    assert [each.message for each in problems_on("message", message(plan))] == ["unsupported type: plan"]


def test_what_slackblocks_cannot_say() -> None:
    """A header's level; a number without a text beside it; numbers in a plain table; a menu of groups with one of them picked at first.
    Slack's reference has them, so ours accept them.
    """
    header = {"type": "header", "text": plain("x"), "level": 2}
    number = {"type": "raw_number", "value": 7}
    picked = select(initial_option=option())
    grouped: Json = {"type": "static_select", "action_id": "g", "initial_option": option()}
    grouped["option_groups"] = [{"label": plain("G"), "options": [option()]}]
    for accepted in (
        [header],
        [{"type": "table", "rows": [[number]]}],
        [BLOCKS["data_table"] | {"rows": [[{"type": "raw_text", "text": "x"}], [number]]}],
        [actions(picked, grouped)],
        [section(expand=True)],
    ):
        assert problems_on("message", accepted) == []
