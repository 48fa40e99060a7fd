"""The terminal: text made safe to show, sentences on stderr, and what an exception turns into."""

import asyncio
import os
import re
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

from rich.console import Console

from bot import log
from bot.blocks.kit import END_ISOLATE, ISOLATE, JOINERS
from bot.errors import Failed, explained, new_reference
from store.domain.errors import PivotalError, Unavailable, UsageError
from store.domain.usage import called

T = TypeVar("T")

PROGRAM: Final = "pivotal"
KEPT: Final = JOINERS | {"\n", "\u200c", ISOLATE, END_ISOLATE}
"""Characters that print nothing, and still belong to what is shown."""
WIDE: Final = 10_000
"""Characters of a line where no terminal sets a width: each entry is then one."""


def shown(text: str) -> str:
    """Stored text as a terminal may have it: what would steer the terminal is written out; line breaks stay."""
    return "".join(
        char if char.isprintable() or char in KEPT else char.encode("unicode_escape").decode() for char in text
    )


def output() -> Console:
    """stdout. Piped, it is wide and has no colour, unless COLUMNS or FORCE_COLOR ask for something else."""
    narrow = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, markup=False, emoji=False, width=None if narrow else WIDE)


class Moved(Protocol):
    def __call__(self, done: int, of: int, count: int | None = None) -> None:
        """Tell how far it is, and of how much. count: what is shown for it, when that is something else."""


@contextmanager
def progress(what: str) -> Iterator[Moved]:
    """A bar on standard error, if a terminal is there, for work that may take long. what: is counted."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - most commands are quick

    columns = (TextColumn(f"{{task.fields[count]:,}} {what}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None, count=0)

        def moved(done: int, of: int, count: int | None = None) -> None:
            bar.update(task, completed=done, total=of or None, count=done if count is None else count)

        yield moved


def say(sentence: str) -> None:
    """Tell the person, on stderr, what is wrong. Commands in the sentence are written as a terminal has them."""
    sys.stdout.flush()
    print(shown(called(sentence, PROGRAM)), file=sys.stderr)  # noqa: T201 - the one place


def failed(error: Exception) -> int:
    """Say what went wrong. Returns what to exit with."""
    if isinstance(error, PivotalError):
        say(sentence(error))
        return 2 if isinstance(error, UsageError) else 1
    if os.environ.get("LOG_LEVEL") == "DEBUG":
        log.set_up("DEBUG")
        said = explained(error)
        assert isinstance(said, Failed)
        reference, hint = said.reference, "The log above shows where."
    else:
        reference, hint = new_reference(), "Run it again with LOG_LEVEL=DEBUG to see where."
    say(f"That failed on our side ({type(error).__name__}). Reference `{reference}`. {hint}")
    return 1


def sentence(error: PivotalError) -> str:
    """What to say of it; where the database cannot be used, with the database's own words, for whoever sits at a terminal may be able
    to help. SQL and passwords are not among them.
    """
    cause = error.__cause__ if isinstance(error, Unavailable) else None
    text = str(getattr(cause, "orig", None) or cause or "")
    said = re.sub(r"^<class '[^']*'>: ", "", text).partition("\n")[0].rstrip(".")
    return f"{error} The database says: {said}." if said else str(error)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on uvloop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - it does not exist on every platform
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)
