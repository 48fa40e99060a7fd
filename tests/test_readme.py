"""README tells the truth: every command in it is one, its tables are those of the program. `python -m tests.test_readme` writes the generated ones."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from store import Store
from store.domain.usage import FILTERS, PROGRAM, USAGE
from store.importing import Importer, parse_line
from tests.cli.commands import parsed

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text()


def fenced(language: str) -> Iterator[str]:
    for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL):
        yield from (line.strip() for line in block.splitlines())


def commands() -> list[str]:
    """Everything that is said to be typed: in code, and in blocks for a shell, by whatever path the program is called."""
    shell = [part for line in fenced("sh") for part in re.split(r" && ", line)]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))
    typed = [command.removeprefix(".venv/bin/") for command in [*shell, *spans]]
    return sorted({one.replace("\\|", "|") for one in typed if re.match(r"/?pivotal ", one)})


def synopses() -> set[str]:
    return {f"{PROGRAM} {usage.synopsis}" for usage in USAGE}


@pytest.mark.parametrize("command", [one for one in commands() if one not in synopses()])
def test_every_command_can_be_typed(command: str) -> None:
    parsed(command)


def test_there_are_commands_of_both_kinds() -> None:
    assert "/pivotal history acme --actor pi --30d" in commands()
    assert "pivotal import --sample" in commands()
    assert len(commands()) > 20


# --- tables -----------------------------------------------------------------------------------------------------------


def _table(heads: tuple[str, str], rows: Iterator[tuple[str, str]]) -> str:
    lines = [f"| {heads[0]} | {heads[1]} |", "| --- | --- |"]
    lines += [f"| `{typed.replace('|', chr(92) + '|')}` | {means} |" for typed, means in rows]
    return "\n".join(lines)


GENERATED = {
    "commands": _table(
        ("Command", "What it does"), ((f"{PROGRAM} {usage.synopsis}", usage.purpose) for usage in USAGE)
    ),
    "filters": _table(("Filter", "What it keeps"), ((each.synopsis, each.purpose) for each in FILTERS)),
}


def between(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", TEXT, re.DOTALL)
    assert found is not None
    return found[1].strip()


@pytest.mark.parametrize("name", GENERATED)
def test_the_grammar_is_that_of_help(name: str) -> None:
    assert between(name) == GENERATED[name], "python -m tests.test_readme writes it"


def test_every_setting_is_there_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| .+ \|$", TEXT, re.MULTILINE)
    defaults = {
        name.upper(): "" if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
    }
    assert dict(rows) == defaults
    assert len(rows) == len(defaults)


async def test_its_import_format_can_be_imported(store: Store, workspace: str) -> None:
    lines = [parse_line(number, line) for number, line in enumerate(fenced("jsonl"), 1)]
    assert {type(line).__name__ for _, line in lines} == {
        "CustomerLine",
        "ContactLine",
        "OnboardingLine",
        "TaskLine",
        "ActivityLine",
    }
    imported, bad = await store.import_lines(Importer(workspace), lines)
    assert bad is None
    assert imported.activities == 2


def test_the_first_command_sets_up_and_opens_the_demo() -> None:
    first = next(fenced("sh"))
    assert first.startswith("python3 -m venv .venv && ")
    assert "--require-hashes -r requirements.txt" in first
    assert first.endswith(" && .venv/bin/pivotal demo")


def test_the_command_after_the_mark_runs_the_tests() -> None:
    """.ci/run reads it from there."""
    marked = TEXT.partition("<!-- test -->\n```sh\n")[2].partition("\n")[0]
    assert marked.startswith("python3 -m venv .venv && ")
    assert "--require-hashes -r requirements-dev.txt" in marked
    assert " -m pytest" in marked


def written(text: str) -> str:
    for name, table in GENERATED.items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda found, table=table: f"{found[1]}{table}\n{found[2]}",  # type: ignore[misc]  # mypy cannot infer a lambda's default
            text,
            flags=re.DOTALL,
        )
    return text


if __name__ == "__main__":
    README.write_text(written(TEXT))
    sys.exit()
