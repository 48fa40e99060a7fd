"""`pivotal export`: a slice of a customer's history as CSV, to the byte what Slack is sent, or as JSON Lines."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from bot.blocks import phrases
from bot.cli import terminal
from bot.cli.database import opened
from bot.cli.files import written
from bot.cli.zone import system_zone
from bot.exports import Tally, digest_of
from store.domain.errors import NotFound, PivotalError, UsageError, code
from store.domain.grammar import parse_export
from store.domain.query import HistoryQuery, Reader
from store.domain.words import from_arguments

FORMATS = ("csv", "jsonl")


def run(arguments: Sequence[str], as_name: str | None, output: Path | None, format_: str) -> None:
    if format_ not in FORMATS:
        raise UsageError(f"`--format` is {' or '.join(FORMATS)}; I read {code(format_)}.")
    query = parse_export(from_arguments(arguments))
    if query.customer is None:
        raise UsageError("Which customer?", "Try `/pivotal export acme --30d -o acme.csv`.")
    terminal.run(_export(query, as_name, output, as_json=format_ == "jsonl"))


async def _export(query: HistoryQuery, as_name: str | None, output: Path | None, *, as_json: bool) -> None:
    async with opened() as at:
        person = None if as_name is None else await at.store.who(at.workspace, as_name)
        reader = Reader(now=datetime.now(UTC), zone=system_zone(), person=person)
        exports = at.store.exports
        with _written(output) as file, _progress() as bar:
            tally = Tally(file.write, check=lambda: bar.moved(tally.rows))
            what = await exports.write(at.workspace, query, reader, tally, as_json=as_json, told=bar.told)
        since = await at.store.retention.kept_since(at.workspace, what.customer.id)
        if not as_json:
            await exports.note(at.workspace, what, reader, tally.made)
    if output is not None:
        rows = "1 row" if tally.rows == 1 else f"{tally.rows:,} rows"
        terminal.output().print(f"{output}: {rows}, up to entry {what.upto}, SHA-256 {tally.made.sha256}")
        if since is not None and (what.slice.since is None or what.slice.since <= since):
            terminal.output().print(phrases.kept(since, reader.zone))


@contextmanager
def _written(output: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that is there under its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with written(output) as file:
        yield file


@dataclass(frozen=True, slots=True)
class _Bar:
    """told: how many rows there will be, where somebody looks on. moved: how many there are."""

    told: Callable[[int], None] | None
    moved: Callable[[int], None]


@contextmanager
def _progress() -> Iterator[_Bar]:
    """On stderr, if a terminal is there."""
    if not sys.stderr.isatty():
        yield _Bar(None, lambda _rows: None)
        return
    total = 0

    def told(rows: int) -> None:
        nonlocal total
        total = rows

    with terminal.progress("rows") as moved:
        yield _Bar(told, lambda rows: moved(rows, total))


# --- is this file one of ours? ----------------------------------------------------------------------------------------


def verify(file: Path, customer: str | None) -> None:
    if customer is not None:
        raise UsageError("`--file` takes no customer: the file says whose it is.")
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    terminal.run(_verify(file, digest_of(file)))


async def _verify(file: Path, digest: str) -> None:
    async with opened() as at:
        found = await at.store.exports.by_digest(at.workspace, digest)
        if found is None:
            raise NotOurs(file, digest)
        customer = await at.store.find_customer(at.workspace, found.customer_id)
    terminal.output().print(
        f"Complete and unaltered: {file} is the export of {customer.name} of {found.reader.now:%Y-%m-%d %H:%M} UTC, "
        f"{found.rows:,} {'row' if found.rows == 1 else 'rows'}, up to entry {found.upto}."
    )


class NotOurs(PivotalError):
    """It was altered or cut, or never exported from here."""

    def __init__(self, file: Path, digest: str) -> None:
        super().__init__(
            f"{file} is not a complete and unaltered export of this database: no export has the SHA-256 {digest}.",
            "A file that was opened and saved again, or sorted, is another one.",
        )
