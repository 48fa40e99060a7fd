"""Tables and charts."""

from collections.abc import Iterator
from typing import Any, Final

from bot import limits
from bot.sandbox.rules.rich_text import rich_text
from bot.sandbox.rules.shapes import (
    Block,
    Check,
    Node,
    Shape,
    by_type,
    flag,
    integer,
    items,
    listing,
    number,
    one_of,
    string,
    unique,
)

_raw: Final[dict[str, Check]] = {
    "raw_text": Shape({"text": string(limits.DATA_TABLE_CHARS)}),
    "raw_number": Shape({"value": number}, {"text": string(limits.DATA_TABLE_CHARS)}),
}
_cell = by_type({**_raw, "rich_text": rich_text})
_header_cell = by_type(_raw)


def _header_column(node: Node) -> None:
    rows, column = node.get("rows"), node.get("row_header_column_index")
    if isinstance(column, int) and isinstance(rows, list) and rows and isinstance(rows[0], list):
        integer(0, len(rows[0]) - 1)(node.at("row_header_column_index"))


def _equal_rows(node: Node) -> None:
    rows = node.get("rows")
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        node.at("rows").refuse("every row must have the same number of cells")


def _plain_header(node: Node) -> None:
    if isinstance(node.get("rows"), list) and node.value["rows"]:
        for cell in node.at("rows").at(0).each():
            _header_cell(cell)


table = Shape(
    {"rows": listing(listing(_cell, limits.TABLE_COLUMNS), limits.TABLE_ROWS)},
    {
        "block_id": string(limits.BLOCK_ID),
        "column_settings": listing(
            Shape(may={"align": one_of("left", "center", "right"), "is_wrapped": flag}),
            limits.TABLE_COLUMNS,
        ),
    },
)
data_table = Shape(
    {
        "caption": string(limits.TEXT_SOFT),
        "rows": listing(listing(_cell, limits.DATA_TABLE_COLUMNS), limits.DATA_TABLE_ROWS, least=2),
    },
    {
        "block_id": string(limits.BLOCK_ID),
        "page_size": integer(1, limits.DATA_TABLE_PAGE),
        "row_header_column_index": integer(0, limits.DATA_TABLE_COLUMNS - 1),
    },
    also=(_equal_rows, _plain_header, _header_column),
)


def cell_characters(value: Any) -> int:
    """What counts towards a table's total: the text of its cells, rich text with all its parts."""
    return sum(len(text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        if isinstance(text := value.get("text"), str):
            yield text
        elif value.get("type") == "raw_number":
            yield str(value.get("value"))
        yield from _texts(value.get("elements"))


def _positive(node: Node) -> None:
    number(node)
    if isinstance(node.value, int | float) and node.value <= 0:
        node.refuse("must be more than 0")


_label = string(limits.CHART_LABEL)
_pie = Shape({"segments": listing(Shape({"label": _label, "value": _positive}), limits.CHART_SERIES)})


def _every_category(node: Node) -> None:
    """Each series has one point for each category, in any order, and no two series share a name."""
    series, axis = node.get("series"), node.get("axis_config")
    if not (isinstance(series, list) and isinstance(axis, dict)):
        return
    named = [each for each in series if isinstance(each, dict)]
    unique(node.at("series"), [each.get("name") for each in named], "name")
    categories = _words(axis.get("categories"))
    for index, each in enumerate(series):
        points = each.get("data") if isinstance(each, dict) else None
        labels = _words([point.get("label") for point in items(points) if isinstance(point, dict)])
        if labels != categories:
            node.at("series").at(index).refuse("data must have one point for each category")


def _words(given: Any) -> list[str]:
    return sorted(each for each in items(given) if isinstance(each, str))


_axes = Shape(
    {
        "series": listing(
            Shape(
                {
                    "name": _label,
                    "data": listing(Shape({"label": _label, "value": number}), limits.CHART_POINTS),
                }
            ),
            limits.CHART_SERIES,
        ),
        "axis_config": Shape(
            {"categories": listing(_label, limits.CHART_POINTS)},
            {"x_label": string(limits.CHART_AXIS_LABEL), "y_label": string(limits.CHART_AXIS_LABEL)},
        ),
    },
    also=(_every_category,),
)
data_visualization = Shape(
    {
        "title": string(limits.CHART_TITLE),
        "chart": by_type({"pie": _pie, "bar": _axes, "line": _axes, "area": _axes}),
    },
    {"block_id": string(limits.BLOCK_ID)},
)


def totals(blocks: list[Block], node: Node) -> None:
    """What a message may hold over all its blocks."""
    kinds = [block.get("type") for block in blocks]

    def characters(kind: str) -> int:
        return sum(cell_characters(block.get("rows")) for block in blocks if block.get("type") == kind)

    if kinds.count("table") > 1:
        node.refuse("only one table is allowed")
    if characters("table") > limits.TABLE_CHARS:
        node.refuse(f"tables must be less than {limits.TABLE_CHARS + 1} characters in all")
    if characters("data_table") > limits.DATA_TABLE_CHARS:
        node.refuse(f"data tables must be less than {limits.DATA_TABLE_CHARS + 1} characters in all")
    if kinds.count("data_visualization") > limits.CHARTS_PER_MESSAGE:
        node.refuse(f"no more than {limits.CHARTS_PER_MESSAGE} charts allowed")
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if markdown > limits.MARKDOWN_TOTAL:
        node.refuse(f"markdown must be less than {limits.MARKDOWN_TOTAL + 1} characters in all")
