"""Help: quick, complete, and every example in it can be typed."""

import subprocess
import sys

import pytest
from typer.main import get_command

from bot.cli.guide import EXAMPLES
from bot.cli.program import app
from store.domain.usage import FILTERS
from tests.cli.commands import parsed
from tests.cli.conftest import ROOT, Ran, Type

COMMANDS: tuple[str, ...] = (*getattr(get_command(app), "commands"),)  # noqa: B009 - typer's own class does not show it


@pytest.mark.parametrize("asked", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_command_and_how_to_begin(types: Type, asked: list[str]) -> None:
    ran = types(*asked)
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()] == [
        *COMMANDS
    ]
    assert "pivotal import --sample" in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_on_a_command_is_the_same_both_ways(types: Type, command: str) -> None:
    asked = types("help", command)
    assert asked == types(command, "--help")
    assert (asked.code, asked.err) == (0, "")
    assert f"Usage: pivotal {command}" in asked.out
    assert all(f"  pivotal {example}\n" in asked.out for example in EXAMPLES[command])


def test_the_filters_of_history_are_those_of_the_grammar(types: Type) -> None:
    told = " ".join(types("help", "history").out.split())
    assert all(each.synopsis in told and each.purpose in told for each in FILTERS)


@pytest.mark.parametrize("example", [example for examples in EXAMPLES.values() for example in examples])
def test_every_example_can_be_typed(example: str) -> None:
    parsed(f"pivotal {example}")


def test_every_command_has_examples() -> None:
    assert {"pivotal", *COMMANDS} == set(EXAMPLES)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["hsitory", "acme"], "Did you mean 'history'? Try `pivotal --help`."),
        (["help", "nosuch"], "No such command 'nosuch'. Try `pivotal --help`."),
        (["--verbose"], "No such option: --verbose. Try `pivotal --help`."),
        (["serve", "--port", "x"], "Try `pivotal serve --help`."),
        (["serve", "--port", "70000"], "Try `pivotal serve --help`."),
        (["verify", "a", "b"], "Try `pivotal verify --help`."),
        (["manifest", "--url"], "'--url' requires an argument. Try `pivotal"),
    ],
)
def test_what_is_not_understood_is_one_sentence_on_stderr(types: Type, arguments: list[str], said: str) -> None:
    ran = types(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


HEAVY = {"sqlalchemy", "asyncpg", "aiohttp", "slack_bolt", "slack_sdk", "pydantic", "alembic", "rich", "structlog"}


def test_help_loads_nothing_heavy() -> None:
    """That is what keeps `pivotal --help` under half a second."""
    program = "import sys; from bot.cli.program import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stderr.split()) == set()


def test_it_is_also_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "bot", "help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert Ran(done.returncode, done.stdout[:14], done.stderr) == Ran(0, "Usage: pivotal", "")
