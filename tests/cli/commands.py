"""Written commands, read as a shell, typer and the grammar read them."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from typer.main import get_command

from bot.cli.program import app
from store.domain.grammar import parse_command, parse_filter, parse_history
from store.domain.words import Word, from_arguments

READERS: Final[Mapping[str, Callable[[Sequence[Word]], object]]] = {"history": parse_history, "export": parse_filter}
"""By the command's word, what reads the rest."""


def parsed(command: str) -> None:
    """Raises, when `pivotal …` or `/pivotal …` is not a command that we understand."""
    if command.startswith("/"):
        typed = parse_command(command.removeprefix("/pivotal"))
        if typed.word in READERS:
            READERS[typed.word](typed.rest)
        return
    program, *arguments = shlex.split(command.partition(" | ")[0])
    assert program == "pivotal"
    group: Any = get_command(app)
    with group.make_context("pivotal", list(arguments)) as root:
        # Without the options that stand in front of the command.
        name, found, rest = group.resolve_command(root, [*root._protected_args, *root.args])
        with found.make_context(name, list(rest), parent=root) as inner:
            if name in READERS:
                READERS[name](from_arguments(inner.args))
