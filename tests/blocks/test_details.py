"""An opened entry: its values exactly as they were typed, and what belongs to them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import activity, kit
from bot.blocks.activity import LEAST
from bot.blocks.fit import FITS
from bot.blocks.kit import Block
from store.domain.activity import Activity, Change, Source
from tests.blocks.extremes import LIVE, LONG, NEWLINES, activities, long, many_fields
from tests.blocks.pages import ANN, BERLIN, GONE, MARA, NAMES, NOW, SAM, an_activity
from tests.blocks.slack_rules import checked

TYPED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=4000)


def opened(entry: Activity, room: int | None = None) -> Block:
    return activity.details(entry, NAMES, BERLIN, room)


def runs(block: Block) -> Iterator[dict[str, Any]]:
    for section in block["elements"]:
        yield from section["elements"]


def text(block: Block) -> str:
    return "".join(run["text"] for run in runs(block))


def styled(block: Block) -> list[tuple[str, frozenset[str]]]:
    return [(run["text"], frozenset(run.get("style", {}))) for run in runs(block)]


def test_a_channel_is_shown_by_the_name_that_slack_knows() -> None:
    linked = an_activity("customer.channel_linked", ("channel", None, "C000000005"))
    assert {"type": "channel", "channel_id": "C000000005"} in runs(opened(linked))
    line, about = activity.entry(linked, NAMES, BERLIN, FITS[0])
    assert "C000000005" not in line["text"]["text"]
    assert kit.mrkdwn("<#C000000005>") in about["elements"]


@given(TYPED, TYPED)
def test_values_come_back_exactly_as_they_were_typed(old: str, new: str) -> None:
    assert {(old, frozenset({"strike"})), (new, frozenset())} <= set(
        styled(opened(an_activity("customer.field_changed", ("plan", old, new))))
    )


@pytest.mark.parametrize("typed", [*LIVE, NEWLINES, *(long(kind, 4000) for kind in LONG)])
def test_odd_values_too(typed: str) -> None:
    shown = styled(opened(an_activity("customer.field_changed", ("plan", typed, f"{typed}.")), room=40_000))
    assert [piece for piece, _ in shown].count(typed) == 1
    assert [piece for piece, _ in shown].count(f"{typed}.") == 1


def test_a_cleared_value_and_a_first_one_read_as_none() -> None:
    assert text(opened(an_activity("customer.field_changed", ("plan", "Pro", None)))).startswith("plan  Pro  →  (none)")
    assert text(opened(an_activity("customer.field_changed", ("plan", "", 0)))).startswith("plan  (none)  →  0")


def test_what_a_field_only_names_stands_alone() -> None:
    assert text(opened(an_activity("comment.added", ("comment", None, "Hi")))).startswith("comment  Hi\n")
    assert text(opened(an_activity("comment.deleted", ("comment", "Hi", None)))).startswith("comment  Hi\n")
    assert text(opened(an_activity("comment.edited", ("comment", "Hi", "Ho")))).startswith("comment  Hi  →  Ho\n")


def test_people_and_contacts_read_by_their_names() -> None:
    entry = an_activity("customer.field_changed", ("owner", SAM, MARA), ("sponsor", ANN, GONE))
    assert text(opened(entry)).startswith("owner  Sam Lee  →  Mara Núñez\nsponsor  Ann Lee  →  removed contact\n")


def test_lists_tell_what_came_what_went_and_what_stayed() -> None:
    entry = an_activity(
        "customer.field_changed", ("tags", ("trial", "emea"), ("emea", "vip")), ("teams", ("a",), ("a",))
    )
    assert text(opened(entry)).startswith("tags  +vip, −trial  (kept: emea)\nteams  nothing changed  (kept: a)\n")


def test_values_written_from_right_to_left_keep_their_sides() -> None:
    shown = text(opened(an_activity("customer.field_changed", ("plan", "שלום", "עולם"))))
    assert shown.startswith("plan  \u2068שלום\u2069  →  \u2068עולם\n")


def test_a_late_record_tells_both_times() -> None:
    entry = an_activity(seq=7, at=NOW - timedelta(days=30), recorded_at=NOW, source=Source.HUBSPOT)
    assert text(opened(entry)).endswith(
        "Entry 7 · by way of HubSpot · happened 2026-10-21 14:00:00 Europe/Berlin · recorded 2026-11-20 13:00:00 Europe/Berlin"
    )


def test_an_erased_entry_says_so_and_nothing_else() -> None:
    shown = text(opened(an_activity("comment.added", redacted=True, text="removed contact")))
    assert shown.startswith("This named somebody who asked to be forgotten.")
    assert "text  " not in shown


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("room", [LEAST, 1000, 3000, 9000])
def test_it_keeps_to_its_room(kind: str, room: int) -> None:
    for entry in (
        many_fields(1, 4000, kind),
        many_fields(100, 40, kind),
        an_activity(
            "comment.added", ("comment", None, long(kind, 9000)), text=long(kind, 100), onboarding_id=long(kind, 200)
        ),
    ):
        assert kit.size([opened(entry, room)]) <= room


def test_letters_go_before_values_do() -> None:
    entry = many_fields(20, 30)
    least, most = activity.needs(entry, NAMES, BERLIN)
    assert least < most
    assert text(opened(entry, least)) == text(opened(entry))
    assert {style for _, style in styled(opened(entry, least))[:-1]} == {frozenset()}


def test_what_is_cut_is_counted() -> None:
    entry = an_activity("customer.field_changed", ("plan", "x" * 5000, "y" * 5000))
    shown = text(opened(entry, 5000))
    assert f"{'x' * 2199}… [2,801 more characters]" in shown
    assert f"{'y' * 2199}… [2,801 more characters]" in shown
    assert "and 98 more fields" in text(opened(many_fields(100, 4000), 700))


@given(activities(1), st.integers(LEAST, 12_000))
def test_any_entry_keeps_to_its_room_and_can_be_sent(entry: Activity, room: int) -> None:
    block = activity.details(entry, {}, BERLIN, room)
    assert kit.size([block]) <= room
    checked(kit.Message("opened", (block,)))


def test_a_change_is_told_with_its_field_however_long() -> None:
    entry = an_activity("customer.field_changed", *(("f" * 200, "a", "b"),) * 3)
    assert [Change(*each) for each in [("f" * 200, "a", "b")] * 3] == list(entry.changes)
    assert text(opened(entry)).count("f" * 200) == 3
