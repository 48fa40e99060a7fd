"""Every limit of Slack's blocks: accepted at it, refused one past it, on each surface where the block may stand.

The numbers are written out here as Slack's reference has them, not taken from `bot.limits`.
"""

import pytest

from tests.sandbox.judging import (
    EVERYWHERE,
    MESSAGE,
    MESSAGE_AND_HOME,
    MODAL,
    VIEWS,
    Limit,
    Surface,
    a,
    alert,
    card,
    carousel,
    container,
    context,
    context_actions,
    crossed,
    data_table,
    each_of,
    icon,
    image,
    in_input,
    line,
    pie,
    problems_on,
    raw,
    rich,
    table,
)
from tests.sandbox.toy import actions, button, mrkdwn, plain, section, written

BLOCKS = [
    Limit("blocks of a message", 50, lambda n: [section()] * n, surfaces=MESSAGE),
    Limit("blocks of a view", 100, lambda n: [section()] * n, surfaces=VIEWS),
    Limit("block_id", 255, lambda n: [section(block_id=a(n))], least=1),
    Limit("section text", 3000, lambda n: [section(a(n))], least=1),
    Limit("section fields", 10, lambda n: [{"type": "section", "fields": [mrkdwn("x")] * n}], least=1),
    Limit("section field", 2000, lambda n: [{"type": "section", "fields": [plain(a(n))]}], least=1),
    Limit("actions elements", 25, lambda n: [actions(*(button(action_id=f"b{i}") for i in range(n)))], least=1),
    Limit("context elements", 10, lambda n: [context(n)], least=1),
    Limit("header text", 150, lambda n: [{"type": "header", "text": plain(a(n))}], least=1),
    Limit("header level", 4, lambda n: [{"type": "header", "text": plain("x"), "level": n}], least=1),
    Limit("image url", 3000, lambda n: [image(image_url=a(n))], least=1),
    Limit("image alt text", 2000, lambda n: [image(alt_text=a(n))], least=1),
    Limit("image title", 2000, lambda n: [image(title=plain(a(n)))], least=1),
    Limit("input label", 2000, lambda n: [in_input(written())[0] | {"label": plain(a(n))}], least=1),
    Limit("input hint", 2000, lambda n: [in_input(written())[0] | {"hint": plain(a(n))}], least=1),
    Limit("markdown", 12_000, lambda n: [{"type": "markdown", "text": a(n)}], surfaces=MESSAGE, least=1),
    Limit("context actions", 5, lambda n: [context_actions(*[icon(action_id=f"i{i}") for i in range(n)])], surfaces=MESSAGE),
    Limit("alert", 200, lambda n: [alert(a(n))], surfaces=MODAL, least=1),
    Limit("card title", 150, lambda n: [card(title=plain(a(n)))], least=1),
    Limit("card subtitle", 150, lambda n: [card(title=plain("x"), subtitle=mrkdwn(a(n)))], least=1),
    Limit("card body", 200, lambda n: [card(body=mrkdwn(a(n)))], least=1),
    Limit("card subtext", 200, lambda n: [card(body=mrkdwn("x"), subtext=plain(a(n)))], least=1),
    Limit("card buttons", 3, lambda n: [card(actions=[button(action_id=f"b{i}") for i in range(n)])], least=1),
    Limit("cards of a carousel", 10, lambda n: [carousel(n)], surfaces=MESSAGE_AND_HOME, least=1),
    Limit("container children", 10, lambda n: [container() | {"child_blocks": [section()] * n}], surfaces=MESSAGE_AND_HOME, least=1),
    Limit("container title", 150, lambda n: [container(title=plain(a(n)))], surfaces=MESSAGE_AND_HOME, least=1),
    Limit("container subtitle", 150, lambda n: [container(subtitle=mrkdwn(a(n)))], surfaces=MESSAGE_AND_HOME, least=1),
]  # fmt: skip
TABLES = [
    Limit("table rows", 100, lambda n: [table(n)], surfaces=MESSAGE_AND_HOME, least=1),
    Limit("table columns", 20, lambda n: [table(1, n)], surfaces=MESSAGE_AND_HOME, least=1),
    Limit("table column settings", 20, lambda n: [table(1, 20, column_settings=[{"align": "right"}] * n)], surfaces=MESSAGE_AND_HOME),
    Limit("table characters", 10_000, lambda n: [table() | {"rows": [[raw(a(4000)), rich(a(4000))], [raw(a(n - 8000))]]}], surfaces=MESSAGE_AND_HOME),
    Limit("tables", 1, lambda n: [table()] * n, surfaces=MESSAGE_AND_HOME),
    Limit("data table rows with the header", 201, lambda n: [data_table(n)], surfaces=MESSAGE_AND_HOME, least=2),
    Limit("data table columns", 20, lambda n: [data_table(2, n)], surfaces=MESSAGE_AND_HOME, least=1),
    Limit("data table page size", 100, lambda n: [data_table(page_size=n)], surfaces=MESSAGE_AND_HOME, least=1),
    Limit("data table row header", 2, lambda n: [data_table(2, 3, row_header_column_index=n)], surfaces=MESSAGE_AND_HOME),
    Limit("data table characters", 20_000, lambda n: [data_table() | {"rows": [[raw(a(9000))], [rich(a(n - 9000))]]}], surfaces=MESSAGE_AND_HOME),
    Limit(
        "characters of all data tables", 20_000,
        lambda n: [data_table() | {"rows": [[raw("h")], [raw(a(9999))]]}, data_table() | {"rows": [[raw("h")], [raw(a(n - 10_001))]]}],
        surfaces=MESSAGE_AND_HOME,
    ),
]  # fmt: skip
CHARTS = [
    Limit("charts", 2, lambda n: [pie()] * n, surfaces=MESSAGE),
    Limit("chart title", 50, lambda n: [pie(title=a(n))], surfaces=MESSAGE, least=1),
    Limit("pie segments", 12, lambda n: [pie(n)], surfaces=MESSAGE, least=1),
    Limit("series", 12, lambda n: [line(n)], surfaces=MESSAGE, least=1),
    Limit("points and categories", 20, lambda n: [line(1, n)], surfaces=MESSAGE, least=1),
    Limit("axis label", 50, lambda n: [line(x_label=a(n))], surfaces=MESSAGE, least=1),
    Limit("other axis label", 50, lambda n: [line(kind="area", y_label=a(n))], surfaces=MESSAGE, least=1),
]  # fmt: skip


@pytest.mark.parametrize("limit, surface", each_of([*BLOCKS, *TABLES, *CHARTS]))
def test_a_limit_is_kept_to_and_not_beyond(limit: Limit, surface: Surface) -> None:
    assert crossed(limit, surface) == ""


@pytest.mark.parametrize("kind", ["bar", "line", "area"])
@pytest.mark.parametrize("length, fits", [(20, True), (21, False)])
def test_labels_of_charts(kind: str, length: int, *, fits: bool) -> None:
    def drawn(name: str, label: str) -> list[dict[str, object]]:
        chart = {
            "type": kind,
            "series": [{"name": name, "data": [{"label": label, "value": 1}]}],
            "axis_config": {"categories": [label]},
        }
        return [{"type": "data_visualization", "title": "Health", "chart": chart}]

    assert (problems_on("message", drawn(a(length), "x")) == []) is fits
    assert (problems_on("message", drawn("x", a(length))) == []) is fits
    segment = {"label": a(length), "value": 1}
    assert (problems_on("message", [pie() | {"chart": {"type": "pie", "segments": [segment]}}]) == []) is fits


def test_markdown_counts_over_all_its_blocks() -> None:
    half = {"type": "markdown", "text": a(6000)}
    assert problems_on("message", [half, half]) == []
    assert [each.message for each in problems_on("message", [half, half, half])] == [
        "markdown must be less than 12001 characters in all"
    ]


@pytest.mark.parametrize("surface", EVERYWHERE)
def test_an_empty_screen_is_allowed(surface: Surface) -> None:
    assert problems_on(surface, []) == []
