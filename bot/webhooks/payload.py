"""Bytes → JSON of a bounded depth, and what is said of a payload that does not fit."""

import json
import re
from typing import Any, Final

from store.domain.errors import PivotalError

MAX_DEPTH: Final = 32
MAX_ID: Final = 200
"""Characters of a provider's id, or of the name of a property."""
UNKEEPABLE: Final = re.compile("[\0\ud800-\udfff]")


class PayloadError(PivotalError):
    """A delivery that we cannot read. It names the first part that does not fit, never what stands there."""


def decoded(body: bytes) -> Any:
    """raises PayloadError, for what is no JSON, not UTF-8, or nested deeper than 32."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise PayloadError("The body is not UTF-8.") from None
    if _depth(text) > MAX_DEPTH:
        raise PayloadError(f"The body is nested deeper than {MAX_DEPTH}.")
    try:
        return _keepable(json.loads(text))
    except ValueError:
        raise PayloadError("The body is not JSON.") from None


def _keepable(value: Any) -> Any:
    """The same, with what no database keeps (NUL, half of a surrogate pair) as `�`."""
    match value:
        case str():
            return UNKEEPABLE.sub("\ufffd", value)
        case list():
            return [_keepable(each) for each in value]
        case dict():
            return {_keepable(name): _keepable(each) for name, each in value.items()}
    return value


def _depth(text: str) -> int:
    """How deep brackets are open, those within strings left out. A parser that recurses must not see more."""
    deepest = depth = 0
    quoted = escaped = False
    for char in text:
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted, escaped = True, False
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
