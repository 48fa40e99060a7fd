"""Whatever we tell people to type can be typed."""

import re

import pytest

from store.domain.errors import UsageError, code
from store.domain.grammar import parse_command, parse_filter, parse_history
from store.domain.grammar.history import FILTERS as TAKEN
from store.domain.grammar.history import PLACES
from store.domain.usage import ELSEWHERE, EXAMPLE, FILTERS, USAGE, called, example_of, typed
from tests.domain.odd_commands import Outcome, odd_commands

CODE = re.compile(r"`([^`]*)`")
PAGES_ONLY = re.compile(r" --(table|before|after|open)\b")


def understood(line: str) -> None:
    """raises UsageError, when the program would"""
    command = parse_command(line)
    if command.word == "history":
        parse_history(command.rest)


@pytest.mark.parametrize(
    "example", [*(e for usage in USAGE for e in usage.examples), *(f.example for f in FILTERS), EXAMPLE]
)
def test_every_example_is_understood(example: str) -> None:
    understood(example)
    assert typed(example) == f"`/pivotal {example}`"


def test_every_command_shows_how_it_is_typed() -> None:
    for usage in USAGE:
        assert usage.synopsis.startswith(usage.word)
        assert all(example.startswith(usage.word) for example in usage.examples)
        assert parse_command(usage.word).word == usage.word


def test_every_flag_has_an_example_that_uses_it() -> None:
    for name in (*TAKEN, *PLACES, "30d", "table"):
        used = example_of(name)
        assert used in {each.example for each in FILTERS}
        assert f"--{name.removeprefix('not-').replace('after', 'before')}" in used
    assert {name for each in FILTERS for name in each.flags} == {*TAKEN, *PLACES, "30d", "table"}
    assert example_of("nothing of ours") == example_of(None) == EXAMPLE


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_what_a_flag_is_called_elsewhere_leads_to_ours(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_filter(f"acme --{name} x")
    assert f"Did you mean `--{ELSEWHERE[name]}`?" in str(refused.value)


def hints() -> dict[str, str]:
    """The hints that odd commands get, each with a command that gets it."""
    found = {}
    for line, _ in odd_commands():
        for read in (understood, lambda line: parse_filter(parse_command(line).rest)):
            try:
                read(line)
            except UsageError as refused:
                found[refused.hint or ""] = line
    return found


def test_whatever_a_hint_tells_to_type_is_understood() -> None:
    """A whole command, a filter to add, or the name of one; and that a hint is missing nowhere."""
    assert "" not in hints()
    names = {f"--{name}" for name in (*TAKEN, *PLACES)}
    for hint, line in hints().items():
        for shown in CODE.findall(hint):
            if shown.startswith("/pivotal "):
                understood(shown.removeprefix("/pivotal "))
            elif shown not in names:
                assert parse_history(shown) != parse_history(""), (shown, line)
                assert shown.startswith("--"), (shown, line)


def test_an_export_is_told_nothing_that_only_a_feed_takes() -> None:
    for line in ("--table", "--before 1.1", "--bfore 1", "--opn 1", "--tabel", "--x", "acme --actor", "--30d acme"):
        with pytest.raises(UsageError) as refused:
            parse_filter(line)
        assert refused.value.hint
        assert not PAGES_ONLY.search(refused.value.hint)


def test_sentences_are_short_and_end() -> None:
    """They say what was read, on one line, and stay readable whatever was typed."""
    for line, outcome in odd_commands():
        if outcome in {Outcome.HELP, Outcome.HISTORY}:
            continue
        with pytest.raises(UsageError) as refused:
            understood(line)
        said = str(refused.value)
        assert len(said) <= 320, said
        assert "\n" not in said
        assert "``" not in said
        assert said.count("`") % 2 == 0
        assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize(
    "sentence, expected",
    [
        ("Try `/pivotal history acme --30d`", "Try `pivotal history acme --30d`"),
        ("`/pivotal help` lists what I know.", "`pivotal help` lists what I know."),
        ("I read `/pivotal`, which is not a command.", "I read `pivotal`, which is not a command."),
        ("Nothing of /pivotal here.", "Nothing of /pivotal here."),
        ("`/pivotals` and `a /pivotal b`", "`/pivotals` and `a /pivotal b`"),
    ],
)
def test_a_sentence_names_the_program_as_it_is_called(sentence: str, expected: str) -> None:
    assert called(sentence, "pivotal") == expected


@pytest.mark.parametrize(
    "text, shown",
    [
        ("acme", "`acme`"),
        ("  a \n\t b\xa0c ", "`a b c`"),
        ("`reboot`", "`ˋrebootˋ`"),
        ("x" * 80, f"`{'x' * 80}`"),
        ("x" * 81, f"`{'x' * 80}…`"),
    ],
)
def test_typed_text_stands_between_back_ticks_on_one_line(text: str, shown: str) -> None:
    assert code(text) == shown
