"""Cursors: a page of something that is in order, and where the next one begins."""

import base64
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from bot.sandbox.core import Core, SlackError
from bot.sandbox.web_api import Arguments

T = TypeVar("T")

MAX_PAGE: Final = 999
DEFAULT: Final = 100


def page(
    core: Core, items: Sequence[T], arguments: Arguments, key: Callable[[T], str], *, descending: bool = False
) -> tuple[list[T], dict[str, Any]]:
    """One page, and the `response_metadata` with the cursor of the next, empty at the end.

    items   in the order of their keys, texts of one length. The cursor names the next page's first key, so that what is added or deleted
            meanwhile neither repeats anything nor leaves it out.
    raises  SlackError `invalid_cursor`, `invalid_limit`
    """
    limit = arguments.number("limit", DEFAULT)
    if limit < 1:
        raise SlackError("invalid_limit")
    start = 0
    if cursor := arguments.text("cursor", ""):
        first = _decoded(cursor)
        passed = (key(each) > first if descending else key(each) < first for each in items)
        start = sum(passed)
    end = start + min(limit, MAX_PAGE, core.faults.page_limit)
    following = _encoded(key(items[end])) if end < len(items) else ""
    return [*items[start:end]], {"next_cursor": following}


def _encoded(key: str) -> str:
    return base64.b64encode(f"next:{key}".encode()).decode()


def _decoded(cursor: str) -> str:
    try:
        word, _, key = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
    if word != "next":
        raise SlackError("invalid_cursor")
    return key
