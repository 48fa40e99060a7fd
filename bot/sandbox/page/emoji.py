"""Slack's short names of emoji → the characters. Rich keeps the table; a few of Slack's names are added."""

from collections.abc import Mapping
from typing import Final

from rich._emoji_codes import EMOJI

_SLACK: Final[Mapping[str, str]] = {
    "large_green_circle": "\N{LARGE GREEN CIRCLE}",
    "large_yellow_circle": "\N{LARGE YELLOW CIRCLE}",
    "large_orange_circle": "\N{LARGE ORANGE CIRCLE}",
    "large_purple_circle": "\N{LARGE PURPLE CIRCLE}",
    "large_brown_circle": "\N{LARGE BROWN CIRCLE}",
    "large_red_square": "\N{LARGE RED SQUARE}",
    "large_green_square": "\N{LARGE GREEN SQUARE}",
    "large_blue_square": "\N{LARGE BLUE SQUARE}",
    "large_yellow_square": "\N{LARGE YELLOW SQUARE}",
    "simple_smile": "\N{SLIGHTLY SMILING FACE}",
}

TABLE: Final[Mapping[str, str]] = {**EMOJI, **_SLACK}
