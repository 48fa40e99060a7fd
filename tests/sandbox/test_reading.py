"""What a person reads of a message: words without markup, names instead of ids, dates in their own zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, Person, StandInSlack
from bot.sandbox.dates import written
from bot.sandbox.reading import mrkdwn, read
from tests.sandbox.judging import (
    alert,
    card,
    carousel,
    container,
    context,
    context_actions,
    data_table,
    in_actions,
    line,
    pie,
    rich,
    table,
)
from tests.sandbox.toy import Json, MovableClock, actions, button, entry, option, plain, section, select
from tests.sandbox.toy import written as text_input

NAMES = {"U1": "Sam Lee", "C1": "cs-acme", "S1": "success"}
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
EARLIER = 1_772_360_000  # 1 March 2026, 11:13:20 in Berlin


@pytest.mark.parametrize(
    "text, seen",
    [
        ("*Plan* _was_ ~Starter~ `Growth`", "Plan was Starter Growth"),
        ("2*3*4 and snake_case_word", "2*3*4 and snake_case_word"),
        ("*_both_*", "both"),
        ("a &amp; b &lt;c&gt; &copy; &amp;lt;", "a & b <c> &copy; &lt;"),
        ("<https://acme.com|Acme>", "Acme"),
        ("<https://acme.com>", "https://acme.com"),
        ("<mailto:a@b.c|a@b.c>", "a@b.c"),
        ("<@U1> and <@U1|sam> and <@U2>", "@Sam Lee and @Sam Lee and @U2"),
        ("<#C1> <#C1|old-name> <#C2|>", "#cs-acme #cs-acme #C2"),
        ("<!here> <!channel> <!subteam^S1> <!subteam^S1|@x>", "@here @channel @success @success"),
        ("at <!date^1772360000^{date_num} {time}|2026-03-01 10:13 UTC>", "at 2026-03-01 10:13 UTC"),
        ("<!date^1772360000^{date}^https://x.dev|1 March>", "1 March"),
    ],
)
def test_mrkdwn_reads_as_words(text: str, seen: str) -> None:
    assert mrkdwn(text, NAMES) == seen


@pytest.mark.parametrize(
    "tokens, seen",
    [
        ("{date_num}", "2026-03-01"),
        ("{date}", "March 1st, 2026"),
        ("{date_short}", "Mar 1, 2026"),
        ("{date_long}", "Sunday, March 1st, 2026"),
        ("{time}", "11:13 AM"),
        ("{time_secs}", "11:13:20 AM"),
        ("{date_pretty}", "Yesterday"),
        ("{date_short_pretty} at {time}", "Yesterday at 11:13 AM"),
        ("since {date_long_pretty}", "since yesterday"),
        ("{ago}", "22 hours ago"),
        ("{unknown}", "{unknown}"),
    ],
)
def test_a_date_reads_as_the_person_sees_it(tokens: str, seen: str) -> None:
    assert written(EARLIER, tokens, BERLIN, NOW) == seen


@pytest.mark.parametrize(
    "moment, tokens, seen",
    [
        ("2026-03-02T23:30+01:00", "{date_pretty}", "Today"),
        ("2026-03-03T00:30+01:00", "{date_pretty}", "Tomorrow"),
        ("2026-03-04T00:30+01:00", "{date_short_pretty}", "Mar 4, 2026"),
        ("2026-02-22T12:00+01:00", "{date}", "February 22nd, 2026"),
        ("2026-02-23T12:00+01:00", "{date}", "February 23rd, 2026"),
        ("2026-02-12T12:00+01:00", "{date}", "February 12th, 2026"),
        ("2026-02-12T00:05+01:00", "{time}", "12:05 AM"),
        ("2026-02-12T12:05+01:00", "{time}", "12:05 PM"),
        ("2026-03-02T09:59:30+00:00", "{ago}", "in 59 minutes"),
        ("2026-03-02T08:59:00+00:00", "{ago}", "1 minute ago"),
        ("2026-03-02T08:59:59+00:00", "{ago}", "just now"),
        ("2025-12-30T09:00:00+00:00", "{ago}", "2 months ago"),
        ("2024-01-01T09:00:00+00:00", "{ago}", "2 years ago"),
    ],
)
def test_dates_of_all_kinds(moment: str, tokens: str, seen: str) -> None:
    epoch = int(datetime.fromisoformat(moment).timestamp())
    assert written(epoch, tokens, BERLIN, NOW) == seen


async def test_everybody_reads_a_date_in_their_own_zone(
    slack: StandInSlack, client: AsyncWebClient, clock: MovableClock, channel: Channel, sam: Person
) -> None:
    date = "<!date^1772442000^{date_num} {time}|2 March, 09:00 UTC>"
    element = {"type": "date", "timestamp": 1_772_442_000, "format": "{time}", "fallback": "09:00"}
    section_ = {"type": "rich_text_section", "elements": [element]}
    blocks = [section(f"*At* {date}"), {"type": "rich_text", "elements": [section_]}]
    await client.chat_postMessage(channel=channel.id, text=date, blocks=blocks)
    ann = slack.as_user(slack.add_user("Ann", tz="America/New_York"))
    bot = slack.as_user(slack.add_user("Bot", tz=None))
    assert sam.sees(channel)[0].plain.splitlines() == ["At 2026-03-02 10:00 AM", "10:00 AM"]
    assert ann.sees(channel)[0].plain.splitlines() == ["At 2026-03-02 4:00 AM", "4:00 AM"]
    assert bot.sees(channel)[0].plain.splitlines() == ["At 2026-03-02 9:00 AM", "9:00 AM"]


RICH: list[Json] = [
    {"type": "text", "text": "Plan ", "style": {"bold": True}},
    {"type": "user", "user_id": "U1"},
    {"type": "usergroup", "usergroup_id": "S1"},
    {"type": "channel", "channel_id": "C1"},
    {"type": "emoji", "name": "tada"},
    {"type": "broadcast", "range": "here"},
    {"type": "link", "url": "https://x.dev", "text": "docs"},
    {"type": "link", "url": "https://y.dev"},
    {"type": "date", "timestamp": 1, "format": "{date}", "fallback": "then"},
    {"type": "color", "value": "#ff0000"},
]


@pytest.mark.parametrize(
    "block, seen",
    [
        (section("*A* b", fields=[plain("*c*"), {"type": "mrkdwn", "text": "_d_"}]), "A b\n*c*\nd"),
        ({"type": "header", "text": plain("*Acme*")}, "*Acme*"),
        (context(2), "x\nx"),
        (alert("Careful"), "Careful"),
        (card(title=plain("T"), subtitle=plain("S"), body=plain("B"), subtext=plain("x"), actions=[button()]), "T\nS\nB\nx\nGo"),
        (carousel(2), "Acme\nAcme"),
        (container(section("One"), in_actions(button())[0], subtitle=plain("Two things")), "Today\nTwo things\nOne\nGo"),
        ({"type": "container", "rich_text_title": rich("Rich"), "child_blocks": [section("One")]}, "Rich\nOne"),
        (table(2, 2), "x\tx\nx\tx"),
        (data_table(2, 2), "Changes\nx\tx\nx\tx"),
        ({**data_table(), "rows": [[{"type": "raw_number", "value": 7}], [rich("r")]]}, "Changes\n7\nr"),
        (pie(2), "Health\n0\t1\n1\t2"),
        (line(1, 2), "Health\ns0\t0\t7\ns0\t1\t7"),
        ({"type": "image", "image_url": "https://x", "alt_text": "A", "title": plain("Chart")}, "Chart"),
        ({"type": "markdown", "text": "**Acme**"}, "**Acme**"),
        ({"type": "divider"}, ""),
        (entry("Name", text_input(initial_value="Acme"), hint=plain("In full")), "Name\nIn full\nAcme"),
        (entry("Name", text_input()), "Name"),
        (actions(button(), select(placeholder=plain("Pick"))), "Go\nPick"),
        (actions(select(initial_option=option())), "One"),
        (actions({"type": "multi_users_select", "action_id": "u", "initial_users": ["U1", "U9"]}), "Sam Lee, U9"),
        (actions({"type": "channels_select", "action_id": "c", "initial_channel": "C1"}), "cs-acme"),
        (actions({"type": "overflow", "action_id": "o", "options": [option()]}), "⋯"),
        (context_actions(), "Yes\nNo"),
        (entry("Text", {"type": "rich_text_input", "action_id": "r", "initial_value": rich("Rich")}), "Text\nRich"),
        (
            {
                "type": "rich_text",
                "elements": [
                    {"type": "rich_text_section", "elements": RICH},
                    {"type": "rich_text_list", "style": "bullet", "elements": rich("a")["elements"] + rich("b")["elements"]},
                    {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q"}]},
                    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "*p*"}]},
                ],
            },
            "Plan @Sam Lee@success#cs-acme:tada:@heredocshttps://y.devthen#ff0000\na\nb\nq\n*p*",
        ),
    ],
)  # fmt: skip
def test_every_block_reads_as_lines(block: Json, seen: str) -> None:
    kept = {"block_id": "b", **block}
    assert read([kept], "", NAMES) == seen


def test_controls_can_be_left_out_and_a_text_is_seen_without_blocks_only() -> None:
    blocks = [section("Words", block_id="a"), actions(button(), block_id="b")]
    assert read(blocks, "unseen", NAMES, with_controls=False) == "Words"
    assert read([], "*seen*", NAMES) == "seen"
