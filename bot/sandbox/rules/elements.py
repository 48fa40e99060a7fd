"""Interactive elements: buttons, menus, pickers, inputs."""

from typing import Final

from bot import limits
from bot.sandbox.rules.objects import (
    choice_option,
    confirm,
    conversation_filter,
    dispatch_config,
    initial_is_an_option,
    menu_option,
    option_groups,
    options,
    options_or_groups,
    overflow_option,
    plain,
    text,
)
from bot.sandbox.rules.rich_text import rich_text
from bot.sandbox.rules.shapes import (
    A_LOT,
    Check,
    Fields,
    Node,
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

action_id = string(limits.ACTION_ID)

DATE: Final = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"

_common: Final[Fields] = {"action_id": action_id, "confirm": confirm}
_menu: Final[Fields] = {**_common, "placeholder": plain(limits.PLACEHOLDER), "focus_on_load": flag}
_static: Final[Fields] = {**_menu, "options": options, "option_groups": option_groups}
_external: Final[Fields] = {**_menu, "min_query_length": integer(0, limits.INPUT_TEXT)}
_many: Final[Fields] = {"max_selected_items": integer(1, A_LOT)}
_typed: Final[Fields] = {
    "action_id": action_id,
    "placeholder": plain(limits.PLACEHOLDER),
    "focus_on_load": flag,
    "dispatch_action_config": dispatch_config,
}


def _one_source(node: Node) -> None:
    if ("image_url" in node.value) == ("slack_file" in node.value):
        node.refuse("exactly one of `image_url` and `slack_file` is required")


def _one_of_id_and_url(node: Node) -> None:
    if ("id" in node.value) == ("url" in node.value):
        node.refuse("exactly one of `id` and `url` is required")


_slack_file = Shape(
    may={"id": matching(r"F[A-Z0-9]{8,}", "the id of a file"), "url": string(limits.IMAGE_URL)},
    also=(_one_of_id_and_url,),
)
image = Shape(
    {"alt_text": string(limits.IMAGE_ALT)},
    {"image_url": string(limits.IMAGE_URL), "slack_file": _slack_file},
    also=(_one_source,),
)


def _in_order(low: str, high: str) -> Check:
    def check(node: Node) -> None:
        least, most = node.get(low), node.get(high)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            node.refuse(f"`{low}` must not exceed `{high}`")

    return check


_bounds = _in_order("min_length", "max_length")
_lines = _in_order("min_lines", "max_lines")


def _within_max_selected(node: Node) -> None:
    most, chosen = node.get("max_selected_items"), node.get("initial_options")
    if isinstance(most, int) and isinstance(chosen, list) and len(chosen) > most:
        node.refuse("`initial_options` must not exceed `max_selected_items`")


_feedback = Shape(
    {"text": plain(limits.BUTTON_TEXT), "value": string(limits.BUTTON_VALUE)},
    {"accessibility_label": string(limits.ACCESSIBILITY_LABEL)},
)

ELEMENTS: Final[dict[str, Check]] = {
    "button": Shape(
        {"text": plain(limits.BUTTON_TEXT)},
        {
            **_common,
            "value": string(limits.BUTTON_VALUE),
            "url": string(limits.URL),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(limits.ACCESSIBILITY_LABEL),
        },
    ),
    "overflow": Shape({"options": listing(overflow_option, limits.OVERFLOW_OPTIONS)}, _common),
    "static_select": Shape(
        may={**_static, "initial_option": menu_option},
        also=(options_or_groups, initial_is_an_option),
    ),
    "multi_static_select": Shape(
        may={**_static, **_many, "initial_options": listing(menu_option, limits.OPTIONS)},
        also=(options_or_groups, initial_is_an_option, _within_max_selected),
    ),
    "external_select": Shape(may={**_external, "initial_option": menu_option}),
    "multi_external_select": Shape(
        may={**_external, **_many, "initial_options": listing(menu_option, limits.OPTIONS)},
        also=(_within_max_selected,),
    ),
    "users_select": Shape(may={**_menu, "initial_user": slack_id}),
    "multi_users_select": Shape(may={**_menu, **_many, "initial_users": listing(slack_id, A_LOT)}),
    "conversations_select": Shape(
        may={
            **_menu,
            "initial_conversation": slack_id,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": conversation_filter,
        }
    ),
    "multi_conversations_select": Shape(
        may={
            **_menu,
            **_many,
            "initial_conversations": listing(slack_id, A_LOT),
            "default_to_current_conversation": flag,
            "filter": conversation_filter,
        }
    ),
    "channels_select": Shape(may={**_menu, "initial_channel": slack_id, "response_url_enabled": flag}),
    "multi_channels_select": Shape(may={**_menu, **_many, "initial_channels": listing(slack_id, A_LOT)}),
    "datepicker": Shape(may={**_menu, "initial_date": matching(DATE, "a date, YYYY-MM-DD")}),
    "timepicker": Shape(
        may={**_menu, "initial_time": matching(TIME, "a time, HH:mm"), "timezone": string(limits.OPTION_VALUE)}
    ),
    "datetimepicker": Shape(may={**_common, "focus_on_load": flag, "initial_date_time": integer(10**9, 10**10 - 1)}),
    "checkboxes": Shape(
        {"options": listing(choice_option, limits.CHOICES)},
        {**_common, "focus_on_load": flag, "initial_options": listing(choice_option, limits.CHOICES)},
        also=(initial_is_an_option,),
    ),
    "radio_buttons": Shape(
        {"options": listing(choice_option, limits.CHOICES)},
        {**_common, "focus_on_load": flag, "initial_option": choice_option},
        also=(initial_is_an_option,),
    ),
    "plain_text_input": Shape(
        may={
            **_typed,
            "initial_value": string(limits.INPUT_TEXT, least=0),
            "multiline": flag,
            "min_length": integer(0, limits.INPUT_TEXT),
            "max_length": integer(1, limits.INPUT_TEXT),
        },
        also=(_bounds,),
    ),
    "number_input": Shape(
        {"is_decimal_allowed": flag},
        {
            **_typed,
            "initial_value": string(limits.INPUT_TEXT),
            "min_value": string(limits.INPUT_TEXT),
            "max_value": string(limits.INPUT_TEXT),
        },
    ),
    "email_text_input": Shape(may={**_typed, "initial_value": string(limits.INPUT_TEXT)}),
    "url_text_input": Shape(may={**_typed, "initial_value": string(limits.INPUT_TEXT)}),
    "rich_text_input": Shape(
        may={
            **_typed,
            "initial_value": by_type({"rich_text": rich_text}),
            "min_lines": integer(1, limits.INPUT_LINES),
            "max_lines": integer(1, limits.INPUT_LINES),
        },
        also=(_lines,),
    ),
    "file_input": Shape(
        may={
            "action_id": action_id,
            "filetypes": listing(string(limits.OPTION_VALUE), A_LOT),
            "max_files": integer(1, limits.INPUT_FILES),
        }
    ),
    "feedback_buttons": Shape({"positive_button": _feedback, "negative_button": _feedback}, {"action_id": action_id}),
    "icon_button": Shape(
        {"icon": one_of("trash"), "text": plain(limits.BUTTON_TEXT)},
        {
            **_common,
            "value": string(limits.BUTTON_VALUE),
            "accessibility_label": string(limits.ACCESSIBILITY_LABEL),
            "visible_to_user_ids": listing(slack_id, limits.VISIBLE_TO_USERS),
        },
    ),
    "image": image,
    "plain_text": text(limits.SECTION_TEXT),
    "mrkdwn": text(limits.SECTION_TEXT),
}

_MENUS: Final = (
    *("static_select", "multi_static_select", "external_select", "multi_external_select"),
    *("users_select", "multi_users_select", "conversations_select", "multi_conversations_select"),
    *("channels_select", "multi_channels_select"),
)
_CHOSEN: Final = ("checkboxes", "radio_buttons", "datepicker", "timepicker")
_TYPED: Final = ("plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input")

INTERACTIVE: Final = frozenset(
    {
        *("button", "overflow", "datetimepicker", "file_input", "feedback_buttons", "icon_button"),
        *(*_MENUS, *_CHOSEN, *_TYPED),
    }
)


def only(*kinds: str) -> Check:
    return by_type({kind: ELEMENTS[kind] for kind in kinds})


in_section = only("button", "overflow", "image", *_MENUS, *_CHOSEN)
in_actions = only("button", "overflow", "datetimepicker", "rich_text_input", *_MENUS, *_CHOSEN)
in_input = only("datetimepicker", "file_input", *_MENUS, *_CHOSEN, *_TYPED)
in_context = only("image", "plain_text", "mrkdwn")
in_context_actions = only("feedback_buttons", "icon_button")
in_card = only("button")
