"""`pivotal import`: lines of a file, or of the sample, into the store, in batches, with a progress bar."""

import asyncio
import errno
import gc
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, Self, cast

from bot.cli import terminal
from bot.cli.database import opened
from store import sample
from store.domain.errors import BadLine, NotFound, PivotalError, UsageError
from store.importing import Imported, Importer, Numbered, parse_line

BATCH: Final = 5000
"""Lines of one transaction."""
PAUSE: Final = 0.02
"""Seconds between two transactions in which whoever waits for the lock of an SQLite file has their turn (store/decisions/0057-the-lock-of-a-file.md)."""
OBJECTS: Final = 500_000
"""More than several batches come to."""
MAX_LINE: Final = 4 * 1024 * 1024
"""Bytes; the longest that fits the format is far below."""
GZIP: Final = b"\x1f\x8b"
MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark with which some editors begin a file."""


def run(file: Path | None, *, sample: bool) -> None:
    if (file is None) is not sample:
        raise UsageError("I need either a FILE or `--sample`.", "Try `pivotal import --sample`.")
    imported = terminal.run(_import_sample() if file is None else _import_file(file))
    terminal.output().print(f"{_summed_up(imported)}.")


async def _import_sample() -> Imported:
    return await _import(enumerate(sample.lines(datetime.now(UTC)), start=1), lambda _lines: None)


async def _import_file(file: Path) -> Imported:
    try:
        source = Source(file)
    except OSError as error:
        raise NotFound(f"Can't read {file}: {error.strerror}.") from None
    with source, _progress(source) as moved:
        return await _import(source.lines(), moved)


async def _import(lines: Iterator[tuple[int, bytes]], moved: Callable[[int], None]) -> Imported:
    imported = Imported()
    async with opened(for_import=True) as at:
        importer = Importer(at.workspace)
        pause = PAUSE if at.dialect == "sqlite" else 0.0
        try:
            async for batch, misread in _ahead(batches(lines)):
                some, misfit = await at.store.import_lines(importer, batch)
                imported += some
                moved(imported.lines)
                if bad := misfit or misread:
                    raise bad
                await asyncio.sleep(pause)
        except PivotalError as error:
            if imported.lines or isinstance(error, BadLine):
                raise Stopped(error, imported) from error
            raise
    return imported


Batch = tuple[list[Numbered], BadLine | None]


async def _ahead(read: Iterator[Batch]) -> AsyncIterator[Batch]:
    """Each batch, while a thread already reads the next: the database has most to do when this process has least."""
    with _seldom_looking_for_cycles():
        following = await asyncio.to_thread(next, read, None)
        while following:
            reading = asyncio.create_task(asyncio.to_thread(next, read, None))
            try:
                yield following
            finally:
                following = await reading


@contextmanager
def _seldom_looking_for_cycles() -> Iterator[None]:
    """Lines and rows are many, and none of them refers to itself: to look for cycles among them as often as usual takes a third of an import."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


class Stopped(PivotalError):
    """An import that ended before its file did. Each batch is kept as a whole, and counts once: the same file can be imported again."""

    def __init__(self, by: PivotalError, imported: Imported) -> None:
        hint = "Correct that line" if isinstance(by, BadLine) else "See to that"
        super().__init__(
            f"{terminal.sentence(by)} What stands before it is kept: {_summed_up(imported)}.",
            f"{hint}, and import the whole file again.",
        )


def _summed_up(imported: Imported) -> str:
    known = f", {imported.repeated:,} were there already" if imported.repeated else ""
    lines = "1 line" if imported.lines == 1 else f"{imported.lines:,} lines"
    activities = "1 activity" if imported.activities == 1 else f"{imported.activities:,} activities"
    return f"{lines} read, {activities} added{known}"


def batches(lines: Iterator[tuple[int, bytes]]) -> Iterator[Batch]:
    """Lines as values, BATCH at a time; with the last batch, what is wrong with the line behind it."""
    batch: list[Numbered] = []
    try:
        for number, line in lines:
            batch.append(parse_line(number, line))
            if len(batch) == BATCH:
                yield batch, None
                batch = []
    except BadLine as bad:
        yield batch, bad
        return
    if batch:
        yield batch, None


class Source:
    """A file of lines, plain or gzipped: its first bytes say which. Opening raises OSError."""

    def __init__(self, file: Path) -> None:
        with ExitStack() as stack:
            self._raw = stack.enter_context(file.open("rb"))
            if not self._raw.seekable():
                raise OSError(errno.ESPIPE, "it is a pipe, and not a file")
            self.size = file.stat().st_size
            zipped = self._raw.read(2) == GZIP
            self._raw.seek(0)
            content = stack.enter_context(gzip.GzipFile(fileobj=self._raw)) if zipped else self._raw
            self._content = cast("IO[bytes]", content)
            self._opened = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def read(self) -> int:
        """Bytes of the file that have been read."""
        return self._raw.tell()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line with its number, blank ones left out. Raises BadLine where the file is damaged, or no file of lines."""
        number = 0
        while line := self._line(number + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(MARK)
            if line.strip():
                yield number, line

    def _line(self, number: int) -> bytes:
        try:
            line = self._content.readline(MAX_LINE + 1)
        except (EOFError, zlib.error, OSError) as error:
            raise BadLine(number, f"the file cannot be read from there on ({error}).") from None
        if len(line) > MAX_LINE:
            raise BadLine(number, f"it has more than {MAX_LINE:,} bytes.")
        return line


@contextmanager
def _progress(source: Source) -> Iterator[Callable[[int], None]]:
    """Gives a function that is told how many lines are imported."""
    with terminal.progress("lines") as moved:
        yield lambda lines: moved(source.read, source.size, lines)
