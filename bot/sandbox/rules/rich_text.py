"""Rich text: sections, lists, quotes and code, and what stands in them."""

from typing import Final

from bot import limits
from bot.sandbox.rules.shapes import (
    A_LOT,
    Check,
    Fields,
    Shape,
    by_type,
    flag,
    integer,
    listing,
    matching,
    one_of,
    slack_id,
    string,
)

_styles = Shape(
    may=dict.fromkeys(
        ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), flag
    ),
)
_styled: Final[Fields] = {"style": _styles}
_words: Final[Check] = string(limits.TEXT_HARD)

_PARTS: Final[dict[str, Check]] = {
    "text": Shape({"text": _words}, _styled),
    "link": Shape({"url": string(limits.URL)}, {**_styled, "text": _words, "unsafe": flag}),
    "emoji": Shape(
        {"name": string(limits.OPTION_VALUE)},
        {**_styled, "unicode": string(limits.OPTION_VALUE), "skin_tone": integer(1, 6)},
    ),
    "user": Shape({"user_id": slack_id}, _styled),
    "usergroup": Shape({"usergroup_id": slack_id}, _styled),
    "team": Shape({"team_id": slack_id}, _styled),
    "channel": Shape({"channel_id": slack_id}, _styled),
    "date": Shape(
        {"timestamp": integer(0, 10**10 - 1), "format": string(limits.OPTION_VALUE)},
        {**_styled, "url": string(limits.URL), "fallback": _words},
    ),
    "broadcast": Shape({"range": one_of("here", "channel", "everyone")}, _styled),
    "color": Shape({"value": matching(r"#[0-9A-Fa-f]{6}", "a colour, #RRGGBB")}, _styled),
}
_parts = listing(by_type(_PARTS), A_LOT, least=0)
_code = listing(by_type({kind: _PARTS[kind] for kind in ("text", "link")}), A_LOT)
_section = Shape({"elements": _parts})
_indented: Final[Fields] = {"indent": integer(0, 8), "border": integer(0, 1)}

rich_text = Shape(
    {
        "elements": listing(
            by_type(
                {
                    "rich_text_section": _section,
                    "rich_text_list": Shape(
                        {
                            "elements": listing(by_type({"rich_text_section": _section}), A_LOT),
                            "style": one_of("bullet", "ordered"),
                        },
                        {**_indented, "offset": integer(0, A_LOT)},
                    ),
                    "rich_text_preformatted": Shape(
                        {"elements": _code},
                        {"border": integer(0, 1), "language": string(limits.OPTION_VALUE)},
                    ),
                    "rich_text_quote": Shape({"elements": _parts}, {"border": integer(0, 1)}),
                }
            ),
            A_LOT,
        )
    },
    {"block_id": string(limits.BLOCK_ID)},
)
