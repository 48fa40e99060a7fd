"""Every parse has its format: through text, through Slack's escaping, and back."""

import re

import pytest
from hypothesis import assume, example, given

from bot.sandbox.payloads import escaped
from store.domain.errors import UsageError
from store.domain.grammar import format_filter, format_history, parse_filter, parse_history
from store.domain.grammar.history import MAX_WRITTEN
from store.domain.query import HistoryQuery
from store.domain.words import MAX_LENGTH, words
from tests.domain.odd_commands import odd_commands
from tests.domain.queries import a_workspace, filters, queries, text

WORKSPACE = a_workspace()
SLACK_REWRITES = re.compile(r"://|@|(?:^|\s)#")
"""What reads like a link, a handle or a channel: Slack makes it into one (bot/sandbox/payloads.py `escaped`)."""


@given(queries())
@example(HistoryQuery(actors=("api:a=b", "user:a b", "@pi", "pi")))
@example(HistoryQuery(customer="&lt;", actors=("<@U1>", "<@U1> and <@U2>")))
def test_what_is_written_reads_the_same(query: HistoryQuery) -> None:
    """So does what a control carries: nobody has escaped that."""
    assert parse_history(format_history(query)) == query
    assert parse_history(words(format_history(query), escaped=False, most=MAX_WRITTEN)) == query


@given(filters)
def test_what_is_written_for_an_export_reads_the_same(query: HistoryQuery) -> None:
    assert parse_filter(format_filter(query)) == query


@given(queries())
def test_a_copied_command_reads_the_same_when_slack_has_escaped_it(query: HistoryQuery) -> None:
    written = format_history(query)
    assume(not SLACK_REWRITES.search(written))
    assert parse_history(words(escaped(WORKSPACE, written), most=MAX_WRITTEN)) == query


@pytest.mark.parametrize(
    "query",
    [
        HistoryQuery(customer="acme.com", actors=("sam@acme.com", "pi")),
        HistoryQuery(customer="Acme.com Inc", actors=("kim.lee", "a.com&b.com")),
        HistoryQuery(customer="https://acme.com/a?b&c#d"),
        HistoryQuery(actors=("<@U123>", "user:usr_1"), types=("customer.field_changed",)),
        HistoryQuery(customer="&amp;.com <b.com> \\<c.com"),
    ],
    ids=format_history,
)
def test_domains_addresses_and_mentions_come_back_as_they_were(query: HistoryQuery) -> None:
    sent = escaped(WORKSPACE, format_history(query))
    assert sent != format_history(query)
    assert parse_history(sent) == query


@pytest.mark.parametrize(
    "typed, arrives",
    [
        ("acme --actor @sam", HistoryQuery(customer="acme", actors=("<@U000000001>",))),
        ("https://acme.com,pi", HistoryQuery(customer="https://acme.com,pi")),
        ("acme --actor https://acme.com,pi", HistoryQuery(customer="acme", actors=("https://acme.com,pi",))),
    ],
)
def test_what_slack_makes_of_handles_and_links_is_known(typed: str, arrives: HistoryQuery) -> None:
    """A handle becomes the person; a link swallows the comma and what follows."""
    assert parse_history(escaped(WORKSPACE, typed)) == arrives


@given(text)
def test_whatever_is_understood_can_be_written(typed: str) -> None:
    """The text is a normal form: written again, it does not change; and it is never more than three times as long."""
    for command in (typed, f"acme --actor {typed}", f'"{typed}" --field a,{typed}'):
        try:
            query = parse_history(command)
        except UsageError:
            continue
        written = format_history(query)
        assert parse_history(written) == query
        assert len(written) <= 3 * len(command) + 2


def test_every_odd_command_that_is_understood_can_be_written() -> None:
    for command, _ in odd_commands():
        try:
            query = parse_history(words(command))
        except UsageError:
            continue
        assert parse_history(format_history(query)) == query, repr(command)


def test_the_longest_query_that_can_be_typed_can_be_written() -> None:
    """Backslashes, quotes and `<` double in quotes, so what was typed in 4,000 characters may take twice as many."""
    for typed in ("=" + "\\" * (MAX_LENGTH - 1), "a" + '" ' * 1999 + "b", "<" * MAX_LENGTH, "= " * 2000):
        query = parse_history(words(typed))
        assert len(format_history(query)) <= 2 * MAX_LENGTH + 2
        assert parse_history(format_history(query)) == query


def test_a_full_filter_takes_some_11000_characters() -> None:
    """100 people in each actor filter as references, 100 types, 100 fields of 20 characters: more than a button's 2,000."""
    people = [f"user:usr_{number:012}" for number in range(200)]
    kinds = [f"namespace{number:03}.some_event_happened" for number in range(200)]
    query = HistoryQuery(
        customer="cus_k3v9x2m4q7wt",
        actors=tuple(people[:100]),
        not_actors=tuple(people[100:]),
        types=tuple(kinds[:100]),
        not_types=tuple(kinds[100:]),
        fields=tuple(f"Field of {number:011}" for number in range(100)),
        opened=tuple(range(10**6, 10**6 + 100)),
    )
    assert 2_000 < len(format_history(query)) < MAX_WRITTEN
    assert parse_history(format_history(query)) == query
    few = HistoryQuery(customer="cus_k3v9x2m4q7wt", actors=tuple(people[:80]), window=None)
    assert len(format_history(few)) < 2_000
