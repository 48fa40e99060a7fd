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
from bot.sandbox.rules.shapes import (
    Check,
    Node,
    Shape,
    by_type,
    flag,
    integer,
    listing,
    matching,
    one_of,
    string,
)

action_id = string(limits.ACTION_ID)
slack_id = matching(r"[A-Z0-9]{2,}", "an id")
Fields = dict[str, Check]

A_LOT: Final = 1_000
"""Where Slack documents no upper bound."""

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


image = Shape(
    {"alt_text": string(limits.IMAGE_ALT)},
    {"image_url": string(limits.IMAGE_URL), "slack_file": Shape(may={"id": slack_id, "url": string(limits.IMAGE_URL)})},
    also=(_one_source,),
)


def _bounds(node: Node) -> None:
    least, most = node.get("min_length"), node.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        node.refuse("`min_length` must not exceed `max_length`")


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
    "channels_select": Shape(may={**_menu, "initial_channel": slack_id, "response_url_enabled": flag}),
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
    *("users_select", "multi_users_select", "conversations_select", "channels_select"),
)
_CHOSEN: Final = ("checkboxes", "radio_buttons", "datepicker", "timepicker")
_TYPED: Final = ("plain_text_input", "number_input", "email_text_input", "url_text_input")

INTERACTIVE: Final = frozenset(
    {"button", "overflow", "datetimepicker", "feedback_buttons", "icon_button", *_MENUS, *_CHOSEN, *_TYPED}
)


def only(*kinds: str) -> Check:
    return by_type({kind: ELEMENTS[kind] for kind in kinds})


in_section = only("button", "overflow", "image", *_MENUS, *_CHOSEN)
in_actions = only("button", "overflow", "datetimepicker", *_MENUS, *_CHOSEN)
in_input = only("datetimepicker", *_MENUS, *_CHOSEN, *_TYPED)
in_context = only("image", "plain_text", "mrkdwn")
in_context_actions = only("feedback_buttons", "icon_button")
in_card = only("button")
