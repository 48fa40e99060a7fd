"""The constructors: what they cut, and what they leave as it is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import kit
from tests.blocks.extremes import LONG

CLUSTERS = [
    "a",
    "é",
    "e\u0301",
    "👍🏽",
    "👩\u200d👩\u200d👧\u200d👦",
    "🇩🇪",
    "🇩🇪🇫🇷",
    "❤️\u200d🔥",
    "5\ufe0f\u20e3",
    "株",
    "🏴\u200d☠️",
    "می\u200cخ",
]
"""What readers see as one character, or as two flags."""


def clusters(text: str) -> list[str]:
    """The text in pieces that must not be parted: flags in pairs, joined and combining characters with those before them."""
    found: list[str] = []
    for char in text:
        pair = (
            found
            and len(found[-1]) == 1
            and "\U0001f1e6" <= found[-1] <= "\U0001f1ff"
            and "\U0001f1e6" <= char <= "\U0001f1ff"
        )
        joined = found and (char in kit.JOINERS or "\u0300" <= char <= "\u036f" or "\U0001f3fb" <= char <= "\U0001f3ff")
        if pair or joined or (found and found[-1].endswith("\u200d")):
            found[-1] += char
        else:
            found.append(char)
    return found


@given(st.lists(st.sampled_from(CLUSTERS), max_size=60).map("".join), st.integers(1, 40))
def test_a_cut_leaves_no_half_of_an_emoji_or_a_letter(text: str, most: int) -> None:
    shown = kit.cut(text, most)
    assert len(shown) <= most
    if len(text) <= most:
        assert shown == text
        return
    whole = clusters(text)
    assert shown.removesuffix("…") in {"".join(whole[:count]) for count in range(len(whole) + 1)}


@pytest.mark.promise(id="S13")
@pytest.mark.parametrize("kind", LONG)
def test_lengths_around_the_limit(kind: str) -> None:
    """S13: 0 to twice the limit."""
    for length in (*range(12), 19, 20, 21, 39, 40):
        text = (LONG[kind] * 40)[:length]
        shown = kit.plain(text, 20)["text"]
        assert 1 <= len(shown) <= 20
        assert shown == (text or " ") or shown.endswith("…")


@given(st.text(max_size=200))
def test_one_line_is_one_line_of_visible_characters(text: str) -> None:
    shown = kit.one_line(text)
    assert len(shown.splitlines()) <= 1
    assert shown == " ".join(shown.split())
    assert all(char.isprintable() or char in kit.JOINERS for char in shown)


@given(st.text(max_size=600), st.integers(1, 40))
def test_the_beginning_of_a_text_is_what_a_reader_of_all_of_it_would_see(text: str, most: int) -> None:
    shown = kit.beginning(text, most)
    assert len(shown) <= most
    if len(text) <= 4 * most:
        assert shown == kit.cut(kit.one_line(text), most)
    else:
        assert shown.endswith("…")


def test_emoji_and_joined_letters_stay_whole_on_one_line() -> None:
    assert kit.one_line("👩\u200d👧  می\u200cخواهم\n❤️") == "👩\u200d👧 می\u200cخواهم ❤️"


def test_a_moment_reads_in_each_readers_zone_and_in_words_before_1970() -> None:
    assert kit.moment(datetime(2026, 11, 20, 12, tzinfo=UTC), "20 Nov <12:00> UTC") == (
        "<!date^1795176000^{date_short_pretty} {time}|20 Nov &lt;12:00&gt; UTC>"
    )
    assert kit.moment(datetime(1969, 12, 31, 23, 59, tzinfo=UTC), "31 Dec 1969 & before") == "31 Dec 1969 &amp; before"


@given(st.text(max_size=50))
def test_escaping_leaves_no_markup_and_can_be_read_back(text: str) -> None:
    shown = kit.escaped(text)
    assert "<" not in shown
    assert ">" not in shown
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


def test_an_empty_text_is_a_space_for_slack_refuses_none() -> None:
    assert kit.plain("")["text"] == " "
