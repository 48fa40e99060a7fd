"""Queries in controls: what is written into one is read out of it."""

from hypothesis import given

from bot import limits
from bot.blocks.links import KEPT, Links, carried
from store.domain.grammar import parse_history
from store.domain.query import HistoryQuery
from tests.domain.queries import queries


def read(value: str, links: Links) -> HistoryQuery:
    text = carried(value)
    return parse_history(links.kept[text.removeprefix(KEPT)] if text.startswith(KEPT) else text)


@given(queries())
def test_every_query_comes_back_from_a_button_and_from_a_row(query: HistoryQuery) -> None:
    """A page's query names its customer by id; one without stands in rows only, for a button of it leads to a choice first."""
    for most in (limits.BUTTON_VALUE, 60):
        links = Links("m1f2", most)
        row, button = links.block_id(query), links.value(query)
        assert read(row, links) == query
        assert 1 <= len(row) <= limits.BLOCK_ID
        assert 1 <= len(button) <= most
        assert read(button, links) == query


def test_rows_of_one_message_differ_though_their_query_is_the_same() -> None:
    links = Links("m1")
    assert links.block_id(HistoryQuery("cus_1")) != links.block_id(HistoryQuery("cus_1"))


def test_the_same_long_query_is_kept_once() -> None:
    links = Links("m1", most=20)
    query = HistoryQuery("cus_1", fields=tuple(f"field {number}" for number in range(50)))
    assert links.value(query) == links.value(query)
    assert len(links.kept) == 1
