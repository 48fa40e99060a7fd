"""Type words: a full name, its last part, or its family."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain import kinds
from store.domain.activity import KINDS

open_kinds = st.from_regex(r"[a-z][a-z0-9_]{0,5}(\.[a-z][a-z0-9_]{0,5}){1,3}", fullmatch=True)


@pytest.mark.parametrize(
    "word, expected",
    [
        ("pi.nudge", {"pi.nudge"}),
        ("nudge", {"pi.nudge"}),
        ("pi", {kind for kind in KINDS if kind.startswith("pi.")}),
        ("task", {"task.created", "task.completed", "task.reopened", "task.updated"}),
        ("created", {"customer.created", "task.created"}),
        ("field_changed", {"customer.field_changed"}),
        ("customer", {kind for kind in KINDS if kind.startswith("customer.")}),
        ("changed", set()),
        ("field", set()),
        ("cust", set()),
        ("customer.", set()),
        (".nudge", set()),
        ("", set()),
        ("%", set()),
    ],
)
def test_a_word_means_a_name_its_last_part_or_its_family(word: str, expected: set[str]) -> None:
    assert kinds.expand([word], KINDS) == expected


def test_a_type_of_three_parts_has_two_families_and_one_last_part() -> None:
    for word in ("acme.app.opened", "acme.app", "acme", "opened"):
        assert kinds.matches(word, "acme.app.opened")
    for word in ("app", "app.opened", "acme.ap", "acme.app.", "pened"):
        assert not kinds.matches(word, "acme.app.opened")


@given(
    st.lists(open_kinds, max_size=6), st.lists(open_kinds | st.from_regex(r"[a-z.]{0,6}", fullmatch=True), max_size=4)
)
def test_several_words_mean_what_each_of_them_means(every: list[str], words: list[str]) -> None:
    assert kinds.expand(words, every) == {kind for word in words for kind in kinds.expand([word], every)}


@given(st.lists(open_kinds, min_size=1, max_size=6), st.from_regex(r"[a-z.]{0,6}", fullmatch=True))
def test_the_words_on_offer_are_those_that_mean_something(every: list[str], other: str) -> None:
    offered = kinds.words_for(every)
    assert all(kinds.expand([word], every) for word in offered)
    assert (other in offered) is bool(kinds.expand([other], every))
    assert set(every) <= offered
