"""A cursor's text, and the steps from one query to the next."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.domain.activity import PI, Activity, Source
from store.domain.query import EPOCH, MICROSECOND, Cursor, HistoryQuery, Window
from tests.domain.queries import cursors, queries, text, windows

HERE = Cursor(EPOCH + 5 * MICROSECOND, 7)


@given(cursors)
@example(Cursor(datetime(1900, 1, 1, tzinfo=UTC), 0))
@example(Cursor(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 1))
@example(Cursor(datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 10**18 - 1))
def test_a_cursor_comes_back_from_its_text(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor
    assert re.fullmatch(r"-?[0-9]+\.[0-9]+", str(cursor)), "safe in a URL"


@given(cursors, cursors)
def test_cursors_are_in_the_feeds_order(one: Cursor, other: Cursor) -> None:
    assert (one < other) == ((one.occurred_at, one.seq) < (other.occurred_at, other.seq))


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "1", "1.", ".1", "a.b", "1.a", "1.1.1", "1,1", " 1.1", "1.1 ", "1.1\n"),
        *("+1.1", "1.-1", "--1.1", "1e3.1", "0x1.1", "1_0.1", "١.١", "１.1", "²."),
        *(f"{'9' * 19}.1", f"1.{'9' * 19}", f"{'9' * 18}.1", f"-{'9' * 18}.1", f"{'0' * 5000}.1"),
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        Cursor.parse(text)


@given(text)
def test_any_text_is_a_cursor_or_refused(typed: str) -> None:
    for tried in (typed, f"{typed}.1", f"1.{typed}", f"-{typed}"):
        try:
            Cursor.parse(tried)
        except ValueError:
            continue
        assert re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}", tried)


def test_an_activitys_cursor_is_when_it_happened_and_its_number() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    late = at + timedelta(days=1)
    activity = Activity(seq=12, occurred_at=at, recorded_at=late, kind="pi.nudge", actor=PI, source=Source.PI)
    assert Cursor.of(activity) == Cursor(at, 12)


@given(queries(), windows)
def test_another_filter_begins_at_its_first_page_and_keeps_the_rest(query: HistoryQuery, window: Window | None) -> None:
    for changed in (query.filtered(actors=("pi",)), query.filtered(), query.within(window), query.first_page()):
        assert (changed.before, changed.after, changed.opened) == (None, None, ())
        assert (changed.customer, changed.table) == (query.customer, query.table)
    narrowed = query.filtered(actors=("pi",), not_types=())
    assert narrowed == HistoryQuery(
        customer=query.customer,
        actors=("pi",),
        not_actors=query.not_actors,
        types=query.types,
        fields=query.fields,
        window=query.window,
        table=query.table,
    )
    assert query.within(window).window == window


@given(queries())
def test_turning_a_page_keeps_the_filter_and_closes_what_was_open(query: HistoryQuery) -> None:
    older, newer = query.older_than(HERE), query.newer_than(HERE)
    assert (older.before, older.after, older.opened) == (HERE, None, ())
    assert (newer.before, newer.after, newer.opened) == (None, HERE, ())
    assert older.bare() == newer.bare() == query.bare()
    assert query.bare().table is False


@given(queries(), st.integers(1, 10**18 - 1))
def test_opening_an_entry_and_closing_it_again_changes_nothing(query: HistoryQuery, seq: int) -> None:
    once = query.toggled(seq)
    assert (seq in once.opened) is (seq not in query.opened)
    assert set(once.toggled(seq).opened) == set(query.opened)
    assert once.bare() == query.bare()
