"""What is offered while one types a command."""

from collections.abc import Sequence

import pytest

from bot.sandbox.page import Completion, Vocabulary
from bot.sandbox.page.completion import words


async def _names(typed: str) -> Sequence[Completion]:
    return [Completion(each) for each in ("acme", "acorn", "globex") if each.startswith(typed.casefold())]


VOCABULARY = Vocabulary(
    command="/pivotal",
    words=[Completion("history"), Completion("help")],
    flags={"history": [Completion("--actor"), Completion("--not-actor"), Completion("--30d")]},
    values={"--actor": _names},
    about=frozenset({"history"}),
    customers=_names,
)


@pytest.mark.parametrize(
    "typed, offered",
    [
        ("/", ["/pivotal"]),
        ("/piv", ["/pivotal"]),
        ("", []),
        ("hello", []),
        ("/other h", []),
        ("/pivotal ", ["history", "help"]),
        ("/pivotal H", ["history", "help"]),
        ("/pivotal hi", ["history"]),
        ("/pivotal history", []),
        ("/pivotal history ", ["acme", "acorn", "globex"]),
        ("/pivotal history ac", ["acme", "acorn"]),
        ('/pivotal history "AC', ["acme", "acorn"]),
        ("/pivotal history acme ", ["--actor", "--not-actor", "--30d"]),
        ("/pivotal history acme --", ["--actor", "--not-actor", "--30d"]),
        ("/pivotal history acme --a", ["--actor"]),
        ("/pivotal history --n", ["--not-actor"]),
        ("/pivotal history acme --actor ", ["acme", "acorn", "globex"]),
        ("/pivotal history acme --actor glo", ["globex"]),
        ("/pivotal history acme --actor acme,g", ["acme,globex"]),
        ("/pivotal history acme --actor acme ", ["--actor", "--not-actor", "--30d"]),
        ("/pivotal help ", []),
    ],
)
async def test_what_may_come_next(typed: str, offered: list[str]) -> None:
    assert [each.text for each in await VOCABULARY.complete(typed)] == offered


@pytest.mark.parametrize(
    "line, split",
    [
        ("", [""]),
        ("a", ["a"]),
        ("a ", ["a", ""]),
        ('a "b c" d', ["a", '"b c"', "d"]),
        ('a "b ', ["a", '"b ']),
        ('a "b"', ["a", '"b"']),
    ],
)
def test_a_line_is_words_and_the_last_may_be_unfinished(line: str, split: list[str]) -> None:
    assert words(line) == split
