"""What people type about watches, and that what is written reads the same."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.domain.errors import UsageError
from store.domain.grammar.watches import EXAMPLE, NewWatch, format_watch, parse_unwatch, parse_watch
from store.domain.query import HistoryQuery
from store.domain.scope import Scope
from store.domain.usage import USAGE
from store.domain.words import words
from tests.domain.queries import filters, names

NO_FILTER = HistoryQuery()
TYPES = replace(NO_FILTER, types=("status_changed", "pi.nudge"))
OWNERS = st.one_of(st.just("me"), names.filter(lambda text: text.casefold() != "me"))
SCOPES = st.builds(Scope, customer=st.none() | names, owner=st.none() | OWNERS, tag=st.none() | names)
CHANNELS = st.none() | st.from_regex(r"[CG][A-Z0-9]{8,10}", fullmatch=True)
QUERIES = filters.map(lambda query: replace(query, customer=None, window=None))
ASKED = st.one_of(
    st.builds(NewWatch, QUERIES, SCOPES, st.just(False), CHANNELS),
    st.builds(NewWatch, QUERIES, st.just(Scope()), st.just(True), CHANNELS),
)


@given(ASKED)
@example(NewWatch(NO_FILTER, Scope(customer="#general")))
@example(NewWatch(NO_FILTER, Scope(customer="<#C012345678>", owner="<#C012345678>"), channel="C1"))
@example(NewWatch(TYPES, Scope(customer="--all")))
def test_what_is_written_reads_the_same(asked: NewWatch) -> None:
    text = format_watch(asked)
    assert parse_watch(words(text, most=100_000)) == asked
    assert parse_watch(words(text, most=100_000, escaped=False)) == asked


@pytest.mark.parametrize(
    "typed, asked",
    [
        ("acme --type status_changed,pi.nudge", NewWatch(TYPES, Scope(customer="acme"))),
        ("Acme Corp <#C01|cs> --actor pi", NewWatch(replace(NO_FILTER, actors=("pi",)), Scope(customer="Acme Corp"), channel="C01")),
        ("--owner me --type status_changed,pi.nudge", NewWatch(TYPES, Scope(owner="me"))),
        ("--tag vip <#C01>", NewWatch(NO_FILTER, Scope(tag="vip"), channel="C01")),
        ("<#C01> --all", NewWatch(NO_FILTER, everything=True, channel="C01")),
        ("", NewWatch(NO_FILTER)),
    ],
)  # fmt: skip
def test_what_people_type(typed: str, asked: NewWatch) -> None:
    assert parse_watch(words(typed)) == asked


@pytest.mark.parametrize(
    "typed, says",
    [
        ("acme --30d", "takes no dates"),
        ("acme --from 2026-01-01", "takes no dates"),
        ("acme --to 2026-01-01", "takes no dates"),
        ("acme --all", "`--all` is every customer"),
        ("--all --tag vip", "`--all` is every customer"),
        ("--tag vip --tag trial", "two `--tag`"),
        ("--tag vip,trial", "takes one value"),
        ("--all=yes", "takes no value"),
        ("acme #cs", "not which channel"),
        ("acme <#C01> <#C02>", "2 channels"),
        ("acme --typo nudge", "Did you mean `--type`?"),
        ("acme --since monday", EXAMPLE),
        ("acme --table", "not a filter"),
        ("--owner me acme", "where a filter should stand"),
        ("--owner", "needs a value"),
    ],
)
def test_what_does_not_fit_is_named(typed: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_watch(words(typed))
    assert says in str(refused.value)


@pytest.mark.parametrize("typed, number", [("2", 2), ("#12", 12)])
def test_a_watch_is_named_by_its_number(typed: str, number: int) -> None:
    assert parse_unwatch(words(typed)) == number


@pytest.mark.parametrize("typed", ["", "two", "0", "2 3", "-1"])
def test_what_is_no_number_is_named(typed: str) -> None:
    with pytest.raises(UsageError):
        parse_unwatch(words(typed))


def test_every_example_is_understood() -> None:
    examples = {usage.word: usage.examples for usage in USAGE}
    for each in examples["watch"]:
        parse_watch(words(each)[1:])
    for each in examples["unwatch"]:
        parse_unwatch(words(each)[1:])
    parse_watch(words(EXAMPLE.strip("`"))[2:])
