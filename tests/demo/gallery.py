"""Every block and element that the stand-in knows, as an app may send them; and words that try to be more than words."""

from typing import Any, Final

Block = dict[str, Any]

HOSTILE: Final = '<script>window.broken=1</script><img src=x onerror="window.broken=1">'


def plain(words: str) -> Block:
    return {"type": "plain_text", "text": words}


def mrkdwn(words: str) -> Block:
    return {"type": "mrkdwn", "text": words}


def option(words: str, value: str | None = None, **more: Any) -> Block:
    return {"text": plain(words), "value": value or words.casefold(), **more}


PLANS: Final = [option(each) for each in ("Starter", "Growth", "Scale")]
FRUIT: Final = [option(f"Fruit {number}") for number in range(1, 13)]

WORDS: Final[list[Block]] = [
    {"type": "header", "text": plain(":sparkles: Words")},
    {
        "type": "section",
        "text": mrkdwn("*bold* _italic_ ~struck~ `code` *_both_* snake_case_stays <https://example.com|a link> :tada:"),
    },
    {
        "type": "section",
        "text": mrkdwn("&gt; quoted *words*\n&gt; on two lines\nand after it\n```\nfenced *code*\n```\nend"),
    },
    {
        "type": "section",
        "text": mrkdwn(
            "Met <@U000000001> in <#C000000001|acme> on <!date^1767225600^{date_short} at {time}|a day> &amp; <!here>"
        ),
        "fields": [
            mrkdwn("*Plan*\nGrowth"),
            mrkdwn("*Owner*\nSam Lee"),
            mrkdwn("*Health*\n72"),
            plain("Plain *stays* plain"),
        ],
        "accessory": {"type": "button", "text": plain("Open"), "action_id": "open"},
    },
    {
        "type": "context",
        "elements": [
            {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "a logo"},
            mrkdwn("*73 activities* · Europe/Berlin"),
        ],
    },
    {"type": "divider"},
    {
        "type": "image",
        "image_url": "https://example.com/chart.png",
        "alt_text": "A chart of last week",
        "title": plain("Last week"),
    },
    {"type": "section", "text": mrkdwn("A long one. " * 90)},
]

RICH: Final[list[Block]] = [
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Rich ", "style": {"bold": True}},
                    {"type": "emoji", "name": "wave"},
                    {"type": "text", "text": " by "},
                    {"type": "user", "user_id": "U000000001"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "link", "url": "https://example.com", "text": "two"}],
                    },
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "indent": 1,
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": "within", "style": {"code": True}}],
                    }
                ],
            },
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "plan: Growth → Scale"}]},
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "date", "timestamp": 1767225600, "format": "{date_long}", "fallback": "New Year"},
                    {"type": "text", "text": " "},
                    {"type": "color", "value": "#0b6b60"},
                    {"type": "text", "text": " "},
                    {"type": "broadcast", "range": "here"},
                ],
            },
        ],
    },
    {
        "type": "markdown",
        "text": "## Markdown\n\n- *soft* and **strong**\n- ~~gone~~ `code`\n\n1. first\n2. [second](https://example.com)\n\n> quoted\n\n| Field | Old | New |\n|---|:-:|--:|\n| plan | Starter | Growth |\n\n```\nfence\n```\n\n<b>not bold</b>",
    },
]

CONTROLS: Final[list[Block]] = [
    {
        "type": "actions",
        "block_id": "buttons",
        "elements": [
            {"type": "button", "text": plain("Plain"), "action_id": "plain", "value": "1"},
            {"type": "button", "text": plain("Primary"), "style": "primary", "action_id": "primary"},
            {
                "type": "button",
                "text": plain("Danger"),
                "style": "danger",
                "action_id": "danger",
                "confirm": {
                    "title": plain("Are you sure?"),
                    "text": mrkdwn("This *cannot* be undone."),
                    "confirm": plain("Delete"),
                    "deny": plain("Keep"),
                    "style": "danger",
                },
            },
            {
                "type": "overflow",
                "action_id": "more",
                "options": [option("Export to CSV", "csv"), option("Share", "share")],
            },
        ],
    },
    {
        "type": "actions",
        "block_id": "menus",
        "elements": [
            {"type": "static_select", "action_id": "plan", "placeholder": plain("Plan"), "options": PLANS},
            {
                "type": "multi_static_select",
                "action_id": "fruit",
                "placeholder": plain("Fruit"),
                "options": FRUIT,
                "initial_options": FRUIT[:2],
                "max_selected_items": 3,
            },
            {
                "type": "multi_external_select",
                "action_id": "actors",
                "placeholder": plain("Actors"),
                "min_query_length": 0,
            },
            {"type": "external_select", "action_id": "customer", "placeholder": plain("Customer")},
            {
                "type": "static_select",
                "action_id": "grouped",
                "placeholder": plain("Grouped"),
                "option_groups": [
                    {"label": plain("People"), "options": [option("Sam Lee"), option("Ann Chu")]},
                    {"label": plain("Integrations"), "options": [option("HubSpot")]},
                ],
            },
            {"type": "users_select", "action_id": "person", "placeholder": plain("Person")},
            {"type": "multi_users_select", "action_id": "people", "placeholder": plain("People")},
            {
                "type": "conversations_select",
                "action_id": "where",
                "placeholder": plain("Where"),
                "filter": {"include": ["public"], "exclude_external_shared_channels": True},
            },
            {"type": "channels_select", "action_id": "channel", "placeholder": plain("Channel")},
        ],
    },
    {
        "type": "actions",
        "block_id": "pickers",
        "elements": [
            {"type": "datepicker", "action_id": "from", "placeholder": plain("From"), "initial_date": "2026-03-31"},
            {"type": "timepicker", "action_id": "at", "initial_time": "09:30"},
            {"type": "datetimepicker", "action_id": "moment", "initial_date_time": 1767225600},
        ],
    },
    {
        "type": "actions",
        "block_id": "choices",
        "elements": [
            {
                "type": "checkboxes",
                "action_id": "ticks",
                "options": [option("Quiet hours", description=mrkdwn("_none_ at night")), option("Weekends")],
                "initial_options": [option("Weekends")],
            },
            {
                "type": "radio_buttons",
                "action_id": "radio",
                "options": [option("Daily"), option("Weekly")],
                "initial_option": option("Daily"),
            },
        ],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "useful",
                "positive_button": {"text": plain("Useful"), "value": "yes"},
                "negative_button": {"text": plain("Not useful"), "value": "no"},
            },
            {"type": "icon_button", "icon": "trash", "text": plain("Remove"), "action_id": "remove"},
        ],
    },
]


def _cell(value: str | float) -> Block:
    return (
        {"type": "raw_text", "text": value}
        if isinstance(value, str)
        else {"type": "raw_number", "value": value, "text": f"{value:,}"}
    )


TABLES: Final[list[Block]] = [
    {
        "type": "table",
        "rows": [
            [_cell("Field"), _cell("Old"), _cell("New")],
            [_cell("plan"), _cell("Starter"), _cell("Growth")],
            [_cell("health"), _cell(81), _cell(62)],
        ],
        "column_settings": [{"align": "left"}, {"align": "center"}, {"align": "right"}],
    },
    {
        "type": "data_table",
        "caption": "Activities",
        "row_header_column_index": 0,
        "page_size": 4,
        "rows": [
            [_cell("Customer"), _cell("Events")],
            *([_cell(f"Customer {number}"), _cell(number * 37 % 101)] for number in range(1, 12)),
        ],
    },
]


def _series(name: str, *values: float) -> Block:
    return {
        "name": name,
        "data": [
            {"label": label, "value": value}
            for label, value in zip(("Mon", "Tue", "Wed", "Thu", "Fri"), values, strict=True)
        ],
    }


def _axes(kind: str) -> Block:
    return {
        "type": kind,
        "series": [_series("Pi", 3, 5, 2, 8, 6), _series("People", 12, 9, 14, 4, -3)],
        "axis_config": {"categories": ["Mon", "Tue", "Wed", "Thu", "Fri"], "x_label": "Day", "y_label": "Events"},
    }


CHARTS: Final[list[list[Block]]] = [
    [
        {"type": "data_visualization", "title": "Bars", "chart": _axes("bar")},
        {"type": "data_visualization", "title": "Lines", "chart": _axes("line")},
    ],
    [
        {"type": "data_visualization", "title": "Areas", "chart": _axes("area")},
        {
            "type": "data_visualization",
            "title": "Shares",
            "chart": {
                "type": "pie",
                "segments": [
                    {"label": "Pi", "value": 30},
                    {"label": "HubSpot", "value": 50},
                    {"label": "People", "value": 20},
                ],
            },
        },
    ],
]

HOLDERS: Final[list[Block]] = [
    {
        "type": "container",
        "title": plain("Monday"),
        "subtitle": plain("4 activities"),
        "is_collapsible": True,
        "child_blocks": [
            {"type": "section", "text": mrkdwn("Pi nudged *Sam Lee*")},
            {"type": "actions", "elements": [{"type": "button", "text": plain("Details"), "action_id": "details"}]},
        ],
    },
    {
        "type": "container",
        "title": plain("Sunday"),
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": [{"type": "section", "text": mrkdwn("Nothing *much*")}],
    },
    {
        "type": "container",
        "title": plain("Always open"),
        "width": "narrow",
        "child_blocks": [{"type": "section", "text": mrkdwn("It does not fold")}],
    },
    {
        "type": "card",
        "title": mrkdwn("Acme Corp"),
        "subtitle": plain("Growth"),
        "body": mrkdwn("Health *72*, owner Sam Lee"),
        "subtext": plain("since 2021"),
        "actions": [{"type": "button", "text": plain("History"), "action_id": "history"}],
    },
    {
        "type": "carousel",
        "elements": [
            {"type": "card", "title": plain(f"Customer {number}"), "body": mrkdwn("Three *open* tasks")}
            for number in range(1, 6)
        ],
    },
]

HARM: Final[list[Block]] = [
    {"type": "header", "text": plain(HOSTILE)},
    {
        "type": "section",
        "text": mrkdwn(
            f'{HOSTILE.replace("<", "&lt;").replace(">", "&gt;")} <javascript:window.broken=1|run> <https://example.com/?a="onmouseover=1|{"x" * 5}> <!date^0^{{date}}|<b>>'
        ),
    },
    {
        "type": "section",
        "text": mrkdwn(f"raw {HOSTILE}"),
        "accessory": {
            "type": "button",
            "text": plain(HOSTILE[:70]),
            "url": "javascript:window.broken=1",
            "action_id": "harm",
        },
    },
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": HOSTILE},
                    {"type": "link", "url": "javascript:window.broken=1", "text": "run"},
                ],
            }
        ],
    },
    {
        "type": "markdown",
        "text": f"{HOSTILE}\n\n[run](javascript:window.broken=1) ![x](data:text/html,hi) <a href='javascript:1'>a</a>",
    },
    {"type": "data_table", "caption": HOSTILE, "rows": [[_cell(HOSTILE)], [_cell(HOSTILE)]]},
    {
        "type": "data_visualization",
        "title": "<svg onload=broken=1>",
        "chart": {"type": "pie", "segments": [{"label": "<b>x</b>", "value": 1}]},
    },
]

EVERY: Final[dict[str, list[Block]]] = {
    "words": WORDS,
    "rich": RICH,
    "controls": CONTROLS,
    "tables": TABLES,
    "charts": CHARTS[0],
    "more charts": CHARTS[1],
    "holders": HOLDERS,
    "harm": HARM,
}

MODAL: Final[Block] = {
    "type": "modal",
    "callback_id": "edit",
    "private_metadata": '{"customer":"acme"}',
    "title": plain("Edit Acme Corp"),
    "submit": plain("Save"),
    "close": plain("Cancel"),
    "blocks": [
        {"type": "alert", "level": "warning", "text": plain("This changes the record for all.")},
        {
            "type": "input",
            "block_id": "name",
            "label": plain("Name"),
            "hint": plain("As on the contract"),
            "element": {"type": "plain_text_input", "action_id": "value", "initial_value": "Acme Corp"},
        },
        {
            "type": "input",
            "block_id": "health",
            "label": plain("Health score"),
            "element": {"type": "number_input", "is_decimal_allowed": False, "action_id": "value"},
        },
        {
            "type": "input",
            "block_id": "plan",
            "label": plain("Plan"),
            "element": {"type": "static_select", "action_id": "value", "options": PLANS, "initial_option": PLANS[1]},
        },
        {
            "type": "input",
            "block_id": "renews",
            "label": plain("Renews on"),
            "optional": True,
            "element": {"type": "datepicker", "action_id": "value"},
        },
        {
            "type": "input",
            "block_id": "notes",
            "label": plain("Notes"),
            "optional": True,
            "element": {
                "type": "plain_text_input",
                "action_id": "value",
                "multiline": True,
                "placeholder": plain("What should others know?"),
            },
        },
        {
            "type": "input",
            "block_id": "tags",
            "label": plain("Tags"),
            "optional": True,
            "element": {"type": "checkboxes", "action_id": "value", "options": [option("vip"), option("trial")]},
        },
        {"type": "actions", "elements": [{"type": "button", "text": plain("More…"), "action_id": "push"}]},
    ],
}
