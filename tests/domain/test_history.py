"""Text → HistoryQuery: what is understood, and the exact sentence where it is not."""

from datetime import date

import pytest

from store.domain.errors import UsageError
from store.domain.grammar import format_filter, format_history, parse_command, parse_export, parse_filter, parse_history
from store.domain.query import EPOCH, MICROSECOND, Cursor, HistoryQuery, Window
from store.domain.words import from_arguments, words

MONTH = Window(days=30)
PLACE = Cursor(EPOCH + 1_763_900_000_123_456 * MICROSECOND, 12)


@pytest.mark.parametrize(
    "typed, expected",
    [
        ("", HistoryQuery()),
        ("acme", HistoryQuery(customer="acme")),
        ("acme --actor pi --30d", HistoryQuery(customer="acme", actors=("pi",), window=MONTH)),
        ("Acme “Sam Lee” —30d", HistoryQuery(customer="Acme Sam Lee", window=MONTH)),
        ("—30d", HistoryQuery(window=MONTH)),
        # customers
        ("Acme Corp, Inc. --30d", HistoryQuery(customer="Acme Corp, Inc.", window=MONTH)),
        ("“Acme Corp”", HistoryQuery(customer="Acme Corp")),
        ("O’Brien's Bar", HistoryQuery(customer="O’Brien's Bar")),
        ("Smith – Jones —30d", HistoryQuery(customer="Smith – Jones", window=MONTH)),
        ("AT&amp;T", HistoryQuery(customer="AT&T")),
        ("<http://acme.com|acme.com> --30d", HistoryQuery(customer="acme.com", window=MONTH)),
        ("<mailto:sam@acme.com|sam@acme.com>", HistoryQuery(customer="sam@acme.com")),
        ("acme\xa0\u3000--30d\u200b", HistoryQuery(customer="acme", window=MONTH)),
        ('"--30d"', HistoryQuery(customer="--30d")),
        ("Catch -22", HistoryQuery(customer="Catch -22")),
        ("acme -x", HistoryQuery(customer="acme -x")),
        # actors
        ("--actor me,PI,HubSpot", HistoryQuery(actors=("me", "pi", "hubspot"))),
        ("--actor stripe,slack,api", HistoryQuery(actors=("stripe", "slack", "api"))),
        ("--actor “Sam Lee”,O'Brien", HistoryQuery(actors=("Sam Lee", "O'Brien"))),
        ('--actor "Lee, Sam",pi', HistoryQuery(actors=("Lee, Sam", "pi"))),
        ("--actor=pi", HistoryQuery(actors=("pi",))),
        ('--actor="Sam Lee",pi', HistoryQuery(actors=("Sam Lee", "pi"))),
        ("--ACTOR pi", HistoryQuery(actors=("pi",))),
        ("—actor pi", HistoryQuery(actors=("pi",))),
        ("--actor pi, sam , kim ,lee", HistoryQuery(actors=("pi", "sam", "kim", "lee"))),
        ("--actor pi --actor sam,pi", HistoryQuery(actors=("pi", "sam"))),
        ("--actor sam,sam,Sam", HistoryQuery(actors=("sam", "Sam"))),
        ("--not-actor pi --actor sam", HistoryQuery(actors=("sam",), not_actors=("pi",))),
        ("--actor <@U123|sam>,<@U124>", HistoryQuery(actors=("<@U123>", "<@U124>"))),
        ("--actor @sam", HistoryQuery(actors=("@sam",))),
        ("--actor user:usr_k3v9x2m4q7wt", HistoryQuery(actors=("user:usr_k3v9x2m4q7wt",))),
        ('--actor "api:My key, old"', HistoryQuery(actors=("api:My key, old",))),
        ("--actor pi=sam", HistoryQuery(actors=("pi=sam",))),
        ("--actor pi,--30d", HistoryQuery(actors=("pi", "--30d"))),
        ("--actor -30d", HistoryQuery(actors=("-30d",))),
        # a keyword in quotes is a name, and so is one after @
        ('--actor "pi"', HistoryQuery(actors=("@pi",))),
        ("--actor 'Me',pi", HistoryQuery(actors=("@Me", "pi"))),
        ("--actor @pi", HistoryQuery(actors=("@pi",))),
        ('--actor "Pi Lot"', HistoryQuery(actors=("Pi Lot",))),
        # types and fields
        ("--type Nudge,TASK", HistoryQuery(types=("nudge", "task"))),
        ("--type nudge --not-type Pi.Nudge", HistoryQuery(types=("nudge",), not_types=("pi.nudge",))),
        ('--field plan,"Service level"', HistoryQuery(fields=("plan", "Service level"))),
        ("--field Plan", HistoryQuery(fields=("Plan",))),
        # windows
        ("--7d", HistoryQuery(window=Window(days=7))),
        ("--90D", HistoryQuery(window=Window(days=90))),
        ("--1d", HistoryQuery(window=Window(days=1))),
        ("--3650d", HistoryQuery(window=Window(days=3650))),
        ("--007d", HistoryQuery(window=Window(days=7))),
        ("--from 2026-01-31", HistoryQuery(window=Window(since=date(2026, 1, 31)))),
        ("--to=2026-01-31", HistoryQuery(window=Window(until=date(2026, 1, 31)))),
        (
            "--to 2999-12-31 --from 1900-01-01",
            HistoryQuery(window=Window(since=date(1900, 1, 1), until=date(2999, 12, 31))),
        ),
        (
            "--from 2024-02-29 --to 2024-02-29",
            HistoryQuery(window=Window(since=date(2024, 2, 29), until=date(2024, 2, 29))),
        ),
        # where the reader stands
        ("acme --before 1763900000123456.12", HistoryQuery(customer="acme", before=PLACE)),
        ("acme --after 1763900000123456.12", HistoryQuery(customer="acme", after=PLACE)),
        ("--before -1.3", HistoryQuery(before=Cursor(EPOCH - MICROSECOND, 3))),
        ("--open 12,15,12", HistoryQuery(opened=(12, 15))),
        ("--table --table", HistoryQuery(table=True)),
    ],
)
def test_it_is_understood(typed: str, expected: HistoryQuery) -> None:
    assert parse_history(typed) == expected
    assert parse_history(format_history(expected)) == expected


TRY = "Try `/pivotal history acme"
SEVERAL = f"{TRY} --actor pi --30d`"
ACTOR = f'{TRY} --actor pi,"Sam Lee"`'
DATES = f"{TRY} --from 2026-02-01 --to 2026-02-28`"
PLACES = f"{TRY} --before 1763900000123456.12`"
ORDER = (
    "The customer comes first, commas go between values, and a value of several words goes in quotes: "
    '`/pivotal history acme --actor pi,"Sam Lee"`'
)
DATE = "Write year, month and day:"
EARLIER, LATER = "2026-01-31", "2026-02-01"
COMMANDS = "For a customer's history type `/pivotal history acme`; `/pivotal help` lists what I know."


@pytest.mark.parametrize(
    "typed, sentence",
    [
        # unknown flags
        ("acme --actr pi", f"I read `--actr`, which is not a filter. Did you mean `--actor`? {ACTOR}"),
        (
            "acme --Types=task",
            f"I read `--Types`, which is not a filter. Did you mean `--type`? {TRY} --type nudge,task`",
        ),
        ("acme --since 2026-01-01", f"I read `--since`, which is not a filter. Did you mean `--from`? {DATES}"),
        ("acme --until 2026-01-01", f"I read `--until`, which is not a filter. Did you mean `--to`? {DATES}"),
        ("acme --last 30", f"I read `--last`, which is not a filter. Did you mean `--30d`? {TRY} --30d`"),
        ("acme --tabel", f"I read `--tabel`, which is not a filter. Did you mean `--table`? {TRY} --30d --table`"),
        ("acme --pi", f"I read `--pi`, which is not a filter. Did you mean `--actor`? {ACTOR}"),
        ("acme --widow", f"I read `--widow`, which is not a filter. {SEVERAL}"),
        ("acme --", f"I read `--`, which is not a filter. {SEVERAL}"),
        ("acme --30", "I read `--30`, which is not a filter. Did you mean `--30d`?"),
        ("acme --007 d", "I read `--007`, which is not a filter. Did you mean `--7d`?"),
        ("acme -30d", "I read `-30d`; filters begin with two dashes. Did you mean `--30d`?"),
        ("acme -Actor=pi", "I read `-Actor=pi`; filters begin with two dashes. Did you mean `--actor`?"),
        # words where none should be
        ("--30d acme", f"I read `acme` where a filter should stand. {ORDER}"),
        ("acme --actor Sam Lee", f"I read `Lee` where a filter should stand. {ORDER}"),
        ('acme --30d ""', f'I read `""` where a filter should stand. {ORDER}'),
        ("acme --7d -actor pi", "I read `-actor` where a filter should stand. Did you mean `--actor`?"),
        # values
        ("acme --actor", f"`--actor` needs a value. {ACTOR}"),
        ("acme --actor --30d", f"`--actor` needs a value. {ACTOR}"),
        ("acme --from —30d", f"`--from` needs a value. {DATES}"),
        ("acme --actor pi,", f"There is an empty value in `--actor`. {ACTOR}"),
        ("acme --not-actor=", f"There is an empty value in `--not-actor`. {ACTOR}"),
        ('acme --field plan,""', f"There is an empty value in `--field`. {TRY} --field plan,status`"),
        ("acme --30d=5", "`--30d` takes no value. Write `--30d` alone."),
        ("acme --table=yes", "`--table` takes no value. Write `--table` alone."),
        ("acme --from 2026-01-01,2026-01-02", f"`--from` takes one value; I read 2. {DATES}"),
        (
            f"acme --actor {','.join(map(str, range(101)))}",
            "`--actor` has 101 values; I take up to 100. Leave some out.",
        ),
        ("acme --to 2026-01-01 --to 2026-01-01", "There are two `--to`. Leave one out."),
        # windows
        ("acme --7d --30d", "There are two windows: `--7d` and `--30d`. Leave one out."),
        ("acme --30d --007d", "There are two windows: `--30d` and `--7d`. Leave one out."),
        ("acme --to 2026-01-01 --7d", "There are two windows: `--7d` and `--to`. Leave one out."),
        ("acme --0d", "I read `--0d`, which is no window. Say `--1d` to `--3650d`."),
        ("acme --3651d", "I read `--3651d`, which is no window. Say `--1d` to `--3650d`."),
        ("acme --3651", "I read `--3651`, which is no window. Say `--1d` to `--3650d`."),
        (f"acme --{'9' * 99}d", f"I read `--{'9' * 78}…`, which is no window. Say `--1d` to `--3650d`."),
        (
            "acme --from 2026-02-01 --to 2026-01-31",
            f"That range ends before it begins: `--from {LATER} --to {EARLIER}`. Try `--from {EARLIER} --to {LATER}`.",
        ),
        # dates
        (
            "acme --from 01/02/2026",
            f"I read `01/02/2026` after `--from`, which is not a date I can be sure of. {DATE} `--from 2026-02-28`.",
        ),
        (
            "acme --to yesterday",
            f"I read `yesterday` after `--to`, which is not a date I can be sure of. {DATE} `--to 2026-02-28`.",
        ),
        (
            "acme --from 2026-02-29",
            f"I read `2026-02-29` after `--from`; there is no such day. {DATE} `--from 2026-02-28`.",
        ),
        (
            "acme --from 1899-12-31",
            "I read `1899-12-31` after `--from`, which is out of reach. I know the days from 1900-01-01 to 2999-12-31.",
        ),
        (
            "acme --to 3000-01-01",
            "I read `3000-01-01` after `--to`, which is out of reach. I know the days from 1900-01-01 to 2999-12-31.",
        ),
        # places
        ("acme --before x", f"I read `x` after `--before`, which is not a place in a history. {PLACES}"),
        (
            "acme --before 2026-01-01",
            "I read `2026-01-01` after `--before`, which is not a place in a history. For days type `--to 2026-02-28`.",
        ),
        (
            "acme --after 2026-01-01",
            "I read `2026-01-01` after `--after`, which is not a place in a history. For days type `--from 2026-02-28`.",
        ),
        ("acme --before 1.1 --after 1.1", "`--before` and `--after` lead to different pages. Leave one out."),
        ("acme --open 0", f"I read `0` after `--open`, which is not an entry's number. {TRY} --open 12,15`"),
        (
            f"acme --open {','.join(map(str, range(1, 102)))}",
            "`--open` has 101 entries; I open up to 100. Leave some out.",
        ),
        # the customer
        ('""', f"The customer's name is empty. {SEVERAL}"),
        ('" " "\u200b" --30d', f"The customer's name is empty. {SEVERAL}"),
    ],
)
def test_it_says_what_is_wrong_and_what_to_type(typed: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_history(typed)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ("histroy acme", "I read `histroy`, which is not a command. Did you mean `/pivotal history`?"),
        ("acme --30d", f"I read `acme`, which is not a command. {COMMANDS}"),
        ('"" acme', f'I read `""`, which is not a command. {COMMANDS}'),
        (
            "x" * 4001,
            "That command has 4,001 characters; I read up to 4,000. Shorten it, and send it again.",
        ),
        (
            "history a\0b",
            "There is a character in that command that is not text. Type it instead of pasting it.",
        ),
        (
            "history 'Tis",
            "The quote that opens at `'Tis` is not closed. Close it before a space or a comma, or leave it out.",
        ),
    ],
)
def test_a_command_that_is_none_says_what_to_type(typed: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_command(typed)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "help", "HELP", "--help", "—help", "“help”"])
def test_nothing_at_all_asks_for_help(typed: str) -> None:
    assert parse_command(typed).word == "help"


def test_the_words_after_a_command_are_its_query() -> None:
    command = parse_command('History "Acme Corp" --actor "pi",pi —30d')
    assert command.word == "history"
    assert parse_history(command.rest) == HistoryQuery(customer="Acme Corp", actors=("@pi", "pi"), window=MONTH)


def test_a_terminal_reads_the_same_query() -> None:
    typed = ["Acme Corp", "--actor", "Sam Lee, pi", "--field=Service level", "--30d"]
    expected = HistoryQuery(customer="Acme Corp", actors=("Sam Lee", "pi"), fields=("Service level",), window=MONTH)
    assert parse_history(from_arguments(typed)) == expected
    assert parse_filter(from_arguments(typed)) == expected


def test_an_empty_argument_is_no_customer() -> None:
    with pytest.raises(UsageError, match="The customer's name is empty"):
        parse_history(from_arguments([""]))
    with pytest.raises(UsageError, match="There is an empty value"):
        parse_history(from_arguments(["acme", "--actor", ""]))


@pytest.mark.parametrize(
    "flag, hint",
    [
        ("--table", SEVERAL),
        ("--open 1", SEVERAL),
        ("--before 2026-01-01", f"Did you mean `--to`? {DATES}"),
        ("--after 1.1", f"Did you mean `--from`? {DATES}"),
    ],
)
def test_an_export_has_no_pages_and_is_not_offered_any(flag: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_filter(f"acme {flag}")
    assert str(refused.value) == f"I read `{flag.split(maxsplit=1)[0]}`, which is not a filter. {hint}"


def test_an_export_takes_the_filter_of_a_feed_and_leaves_the_page() -> None:
    shown = parse_history('acme --actor pi,"pi" --type nudge --30d --before 1.1 --open 3 --table')
    assert format_filter(shown) == "acme --actor pi,@pi --type nudge --30d"
    assert parse_filter(format_filter(shown)) == shown.bare()


@pytest.mark.parametrize("typed", ["acme --foo", "acme --actor"])
def test_what_is_wrong_with_an_export_is_shown_by_one_that_is_right(typed: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_export(words(typed))
    assert "`/pivotal export acme --actor" in str(raised.value)


@pytest.mark.parametrize(
    "query, written",
    [
        (HistoryQuery(), ""),
        (HistoryQuery(customer="acme", actors=("pi",), window=MONTH), "acme --actor pi --30d"),
        (HistoryQuery(customer="Acme Corp"), '"Acme Corp"'),
        (HistoryQuery(customer="O'Brien"), "O'Brien"),
        (HistoryQuery(customer='say "x"'), r'"say \"x\""'),
        (HistoryQuery(customer="株式会社"), "株式会社"),
        (HistoryQuery(actors=("<@U123>", "@pi", "Lee, Sam")), '--actor <@U123>,@pi,"Lee, Sam"'),
        (
            HistoryQuery(window=Window(since=date(2026, 1, 1), until=date(2026, 1, 31))),
            "--from 2026-01-01 --to 2026-01-31",
        ),
        (
            HistoryQuery(not_actors=("pi",), not_types=("task",), fields=("plan",), opened=(2, 1), table=True),
            "--not-actor pi --not-type task --field plan --table --open 2,1",
        ),
        (HistoryQuery(before=PLACE), "--before 1763900000123456.12"),
    ],
)
def test_a_query_is_written_as_a_person_would_type_it(query: HistoryQuery, written: str) -> None:
    assert format_history(query) == written
