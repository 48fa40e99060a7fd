"""Odd commands: each gets its answer or its sentence, as typed and as Slack escapes it."""

import pytest

from bot.sandbox.payloads import escaped
from store.domain.errors import UsageError
from store.domain.grammar import parse_command, parse_history
from tests.domain.odd_commands import Outcome, odd_commands
from tests.domain.queries import a_workspace

ODD = tuple(odd_commands())


def understood(text: str) -> str:
    """The command's word, when all of it is understood."""
    command = parse_command(text)
    if command.word == "history":
        parse_history(command.rest)
    return command.word


def outcome_of(text: str) -> str:
    try:
        return understood(text)
    except UsageError as error:
        return error.sentence


def test_there_are_at_least_400_and_no_two_alike() -> None:
    assert len(ODD) >= 400
    assert len({text for text, _ in ODD}) == len(ODD)
    assert {outcome for _, outcome in ODD} == set(Outcome)


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.name)
def test_an_odd_command_gets_the_answer_it_deserves(outcome: Outcome) -> None:
    for text, expected in ODD:
        if expected is outcome:
            assert outcome.value in outcome_of(text), repr(text)


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.name)
def test_slacks_escaping_changes_no_outcome(outcome: Outcome) -> None:
    workspace = a_workspace()
    for text, expected in ODD:
        if expected is outcome:
            assert outcome.value in outcome_of(escaped(workspace, text)), repr(text)
