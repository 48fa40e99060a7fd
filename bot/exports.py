"""The file of an export: counted and hashed as its bytes come, kept without a name while it is needed, compressed when it is large.

Slack wants to know the length before the first byte, and no transaction stays open while something is sent: so the CSV is made first, in a
temporary file that has no name and is gone with the process (decisions/0021-spooled.md).
"""

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from store.domain.errors import NotFound, PivotalError, Refused
from store.domain.export import Made
from store.settings import ExportCaps

PIECE: Final = 1024 * 1024
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What one file may have. compressed_above: from that size on it is sent as a ZIP."""

    rows: int = 2_000_000
    size_bytes: int = 1_000 * MEGABYTE
    compressed_above_bytes: int = 20 * MEGABYTE

    @classmethod
    def of(cls, decided: ExportCaps) -> "Caps":
        """As a workspace has decided."""
        return cls(
            rows=decided.rows,
            size_bytes=decided.megabytes * MEGABYTE,
            compressed_above_bytes=decided.compressed_above_megabytes * MEGABYTE,
        )


class TooLarge(Refused):
    def __init__(self, caps: Caps) -> None:
        super().__init__(
            f"That is more than one file may have: {caps.rows:,} rows or {caps.size_bytes // MEGABYTE:,} MB.",
            "Ask for fewer days: `/pivotal export acme --from 2026-01-01 --to 2026-03-31`.",
        )


class Tally:
    """Passes bytes on, and counts them. Raises TooLarge as soon as there are more than the caps allow.

    check  called for each piece; what it raises ends the export
    """

    def __init__(
        self,
        pass_on: Callable[[bytes], object],
        caps: Caps | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._pass_on = pass_on
        self._caps = caps
        self._check = check
        self._digest = hashlib.sha256()
        self.rows = 0
        self.size_bytes = 0

    def __call__(self, piece: bytes, rows: int) -> None:
        self._check()
        self.rows += rows
        self.size_bytes += len(piece)
        if self._caps is not None and (self.rows > self._caps.rows or self.size_bytes > self._caps.size_bytes):
            raise TooLarge(self._caps)
        self._digest.update(piece)
        self._pass_on(piece)

    @property
    def made(self) -> Made:
        return Made(rows=self.rows, size_bytes=self.size_bytes, sha256=self._digest.hexdigest())


class DiskFull(PivotalError):
    def __init__(self) -> None:
        super().__init__("The disk of this machine is full.", "Ask whoever runs Pivotal to make room, then try again.")


@contextmanager
def unnamed_file() -> Iterator[IO[bytes]]:
    """A file that nobody else can find, and that is gone afterwards, however the process ends. Raises DiskFull."""
    try:
        with tempfile.TemporaryFile() as file:
            yield file
    except OSError as error:
        if error.errno is None:
            raise
        raise DiskFull from error


def compressed(csv: IO[bytes], into: IO[bytes], name: str) -> None:
    """Write a ZIP of one file of that name. Takes as long as it takes: call it in a thread."""
    csv.seek(0)
    with (
        zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        archive.open(name, "w") as member,
    ):
        shutil.copyfileobj(csv, member, PIECE)


def file_name(customer_id: str, asked_at: datetime) -> str:
    """Of ids and the date only: whatever a customer is called, it cannot steer who receives the file."""
    return f"pivotal-history-{customer_id}-{asked_at.astimezone(UTC):%Y-%m-%d}.csv"


def digest_of(path: Path) -> str:
    """The SHA-256 of a CSV, or of the one in a ZIP. Raises NotFound, when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with _opened(path) as content:
            while piece := content.read(PIECE):
                digest.update(piece)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise NotFound(f"Can't read {path}: {getattr(error, 'strerror', None) or error}.") from None
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as content:
            yield content
        return
    with zipfile.ZipFile(path) as archive:
        if len(archive.namelist()) != 1:
            raise zipfile.BadZipFile("it holds more than one file")
        with archive.open(archive.namelist()[0]) as content:
            yield content
