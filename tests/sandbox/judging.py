"""One limit, one case: what is accepted at it and refused one past it. And one example of every block and element."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from bot.sandbox.rules import Problem, judge_message, judge_view
from tests.sandbox.toy import Json, actions, button, entry, home, modal, mrkdwn, option, plain, section

Surface = Literal["message", "modal", "home"]
EVERYWHERE: Sequence[Surface] = ("message", "modal", "home")
MESSAGE_AND_HOME: Sequence[Surface] = ("message", "home")
MESSAGE: Sequence[Surface] = ("message",)
MODAL: Sequence[Surface] = ("modal",)
VIEWS: Sequence[Surface] = ("modal", "home")


def problems_on(surface: Surface, blocks: Any) -> list[Problem]:
    """What is wrong with the blocks there, but for their size as JSON: that has tests of its own."""
    if surface == "message":
        return [each for each in judge_message("x", blocks) if each.code != "msg_blocks_too_long"]
    return judge_view((modal if surface == "modal" else home)(*blocks))


@dataclass(frozen=True)
class Limit:
    """`built(n)` are blocks with n of something, of which at most `most` and at least `least` are allowed."""

    name: str
    most: int
    built: Callable[[int], list[Json]]
    least: int = 0
    surfaces: Sequence[Surface] = EVERYWHERE


def each_of(limits: Sequence[Limit]) -> list[Any]:
    """A case for each limit on each of its surfaces."""
    return [
        pytest.param(limit, surface, id=f"{limit.name}, {surface}") for limit in limits for surface in limit.surfaces
    ]


def crossed(limit: Limit, surface: Surface) -> str:
    """How the rules differ from the limit: empty when they keep to it exactly."""
    refused = {"invalid_blocks" if surface == "message" else "invalid_arguments"}
    counts: list[tuple[int, set[str]]] = [(limit.most, set()), (limit.most + 1, refused)]
    if limit.least:
        counts += [(limit.least, set()), (limit.least - 1, refused)]
    return "; ".join(
        f"{count}: {problems}"
        for count, expected in counts
        for problems in [problems_on(surface, limit.built(count))]
        if {each.code for each in problems} != expected
    )


def a(length: int) -> str:
    return "a" * length


def options(count: int) -> list[Json]:
    return [option(str(number)) for number in range(count)]


def in_input(element: Json) -> list[Json]:
    return [entry("Label", element)]


def in_actions(element: Json) -> list[Json]:
    return [actions(element)]


def raw(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def rich(text: str = "x") -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def table(rows: int = 1, columns: int = 1, **more: Any) -> Json:
    return {"type": "table", "rows": [[raw()] * columns for _ in range(rows)], **more}


def data_table(rows: int = 2, columns: int = 1, **more: Any) -> Json:
    cells = [[raw()] * columns for _ in range(rows)]
    return {"type": "data_table", "caption": "Changes", "rows": cells, **more}


def pie(segments: int = 1, **more: Any) -> Json:
    parts = [{"label": str(number), "value": number + 1} for number in range(segments)]
    return {"type": "data_visualization", "title": "Health", "chart": {"type": "pie", "segments": parts}, **more}


def line(series: int = 1, points: int = 2, kind: str = "line", **axis: Any) -> Json:
    labels = [str(number) for number in range(points)]
    data = [{"label": label, "value": 7} for label in labels]
    drawn = [{"name": f"s{number}", "data": data} for number in range(series)]
    chart = {"type": kind, "series": drawn, "axis_config": {"categories": labels, **axis}}
    return {"type": "data_visualization", "title": "Health", "chart": chart}


def container(*children: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain("Today"), "child_blocks": list(children) or [section()], **more}


def card(**more: Any) -> Json:
    return {"type": "card", **(more or {"title": plain("Acme")})}


def carousel(cards: int = 1) -> Json:
    return {"type": "carousel", "elements": [card() for _ in range(cards)]}


def alert(text: str = "Careful", **more: Any) -> Json:
    return {"type": "alert", "text": plain(text), **more}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://x.dev/a.png", "alt_text": "A", **more}


def feedback(**more: Any) -> Json:
    return {
        "type": "feedback_buttons",
        "action_id": "f",
        "positive_button": {"text": plain("Yes"), "value": "y", **more},
        "negative_button": {"text": plain("No"), "value": "n"},
    }


def icon(**more: Any) -> Json:
    return {"type": "icon_button", "icon": "trash", "text": plain("Remove"), "action_id": "i", **more}


def context_actions(*elements: Json) -> Json:
    return {"type": "context_actions", "elements": list(elements) or [feedback()]}


def context(elements: int = 1) -> Json:
    return {"type": "context", "elements": [mrkdwn("x")] * elements}


BLOCKS: dict[str, Json] = {
    "actions": actions(button()),
    "alert": alert(),
    "card": card(),
    "carousel": carousel(),
    "container": container(),
    "context": context(),
    "context_actions": context_actions(),
    "data_table": data_table(),
    "data_visualization": pie(),
    "divider": {"type": "divider"},
    "header": {"type": "header", "text": plain("Acme")},
    "image": image(),
    "input": entry("Name", {"type": "plain_text_input", "action_id": "it"}),
    "markdown": {"type": "markdown", "text": "**Acme**"},
    "rich_text": rich(),
    "section": section(),
    "table": table(),
}
"""One of each, and all that are modelled."""
