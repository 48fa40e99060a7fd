"""Slack's limits, in one place: the blocks are built within them, and the stand-in Slack refuses what exceeds them.

Lengths are characters (code points), sizes are bytes of JSON as UTF-8, and what is neither says so. Numbers come from Slack's Block Kit and Web API
reference; those that Slack does not publish say so.
"""

from datetime import timedelta
from typing import Final

# Time.
ACK: Final = timedelta(seconds=3)
TRIGGER_LIFETIME: Final = timedelta(seconds=3)
RESPONSE_URL_USES: Final = 5
RESPONSE_URL_LIFETIME: Final = timedelta(minutes=30)
SIGNATURE_WINDOW: Final = timedelta(seconds=300)
OAUTH_STATE_LIFETIME: Final = timedelta(minutes=10)
TOKEN_ROTATION: Final = timedelta(hours=12)
POST_INTERVAL: Final = timedelta(seconds=1)
"""Between two posts to one channel."""

# Connections and events.
SOCKETS: Final = 10
EVENT_RETRIES: Final = 3
EVENTS_PER_HOUR: Final = 30_000

# Messages and views.
MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
VIEW_STACK: Final = 3
TEXT_SOFT: Final = 4_000
TEXT_HARD: Final = 40_000
MESSAGE_JSON_SOFT: Final = 12_000
"""Bytes of block JSON that we keep to."""
MESSAGE_JSON_HARD: Final = 13_000
"""Bytes of block JSON that others have seen pass; Slack answers `msg_blocks_too_long` somewhere above and publishes no number."""
VIEW_JSON_HARD: Final = 250_000
"""Bytes; beyond it Slack answers `view_too_large`."""
PRIVATE_METADATA: Final = 3_000
CALLBACK_ID: Final = 255
EXTERNAL_ID: Final = 255
VIEW_TITLE: Final = 24
"""Title, submit and close of a modal."""

# Ids.
ACTION_ID: Final = 255
BLOCK_ID: Final = 255

# Blocks.
SECTION_TEXT: Final = 3_000
SECTION_FIELDS: Final = 10
FIELD_TEXT: Final = 2_000
ACTIONS_ELEMENTS: Final = 25
CONTEXT_ELEMENTS: Final = 10
CONTEXT_ACTIONS: Final = 5
HEADER_TEXT: Final = 150
HEADER_LEVELS: Final = 4
INPUT_LABEL: Final = 2_000
"""Label and hint of an input block."""
MARKDOWN_TOTAL: Final = 12_000
"""Over all markdown blocks of one message."""
IMAGE_URL: Final = 3_000
IMAGE_ALT: Final = 2_000
ALERT_TEXT: Final = 200
CARD_TITLE: Final = 150
CARD_BODY: Final = 200
CARD_BUTTONS: Final = 3
CAROUSEL_CARDS: Final = 10
CONTAINER_CHILDREN: Final = 10
CONTAINER_TITLE: Final = 150

# Tables and charts.
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLE_CHARS: Final = 10_000
"""Over all cells of the message's one table."""
DATA_TABLE_ROWS: Final = 201
"""The header is one of them."""
DATA_TABLE_ROWS_OLD: Final = 101
"""What an older copy of Slack's page allows; to fall back to."""
DATA_TABLE_COLUMNS: Final = 20
DATA_TABLE_CHARS: Final = 20_000
"""Over all data tables of one message."""
DATA_TABLE_PAGE: Final = 100
CHARTS_PER_MESSAGE: Final = 2
CHART_TITLE: Final = 50
CHART_LABEL: Final = 20
CHART_AXIS_LABEL: Final = 50
CHART_SERIES: Final = 12
CHART_POINTS: Final = 20

# Elements.
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
URL: Final = 3_000
ACCESSIBILITY_LABEL: Final = 75
VISIBLE_TO_USERS: Final = 10
PLACEHOLDER: Final = 150
OPTIONS: Final = 100
OPTION_GROUPS: Final = 100
OPTION_TEXT: Final = 75
"""An option's text and description, and a group's label."""
OPTION_VALUE: Final = 150
OVERFLOW_OPTIONS: Final = 5
CHOICES: Final = 10
"""Options of checkboxes and radio buttons."""
MIN_QUERY_LENGTH_DEFAULT: Final = 3
INPUT_TEXT: Final = 3_000
INPUT_LINES: Final = 100
"""Of a rich text input."""
INPUT_FILES: Final = 10
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
