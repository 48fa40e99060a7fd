"""The file of a backup: gzipped JSON Lines.

{"pivotal": "backup", "format": 1, "schema": "0004", "made_at": "…"}
{"table": "workspace", "columns": ["workspace_id", …]}      then that table's rows, each a list of values (values.py); tables come in an
["wsp_…", …]                                                order in which every row finds what it belongs to
{"rows": {"workspace": 1, …}, "sha256": "…"}                of all bytes before this line
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Self

from store.domain.errors import NotFound, PivotalError, SchemaUnknown
from store.schema import HEAD
from store.tables import metadata

FORMAT: Final = 1
MAX_LINE: Final = 64 * 1024 * 1024
"""Bytes; a delivery of 1 MiB is the longest that a row holds."""
LOOK: Final = 5000
"""Lines after which somebody is told how far it is."""
BATCH: Final = 2000

_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class NotABackup(PivotalError):
    """No backup, or not all of one."""


class Writer:
    """What is written reaches raw, which stays open, by the end of its `with`; without `end`, it is half a backup."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._zipped = gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=3, mtime=0)
        self._digest = hashlib.sha256()
        self._counts: dict[str, int] = {}
        self._table = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zipped.close()

    def begin(self, schema: str) -> None:
        made = datetime.now(UTC).isoformat(timespec="seconds")
        self._write([{"pivotal": "backup", "format": FORMAT, "schema": schema, "made_at": made}])

    def table(self, name: str, columns: Sequence[str]) -> None:
        self._table = name
        self._counts[name] = 0
        self._write([{"table": name, "columns": columns}])

    def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        self._counts[self._table] += len(rows)
        self._write(rows)

    def end(self) -> None:
        self._write([{"rows": self._counts, "sha256": self._digest.hexdigest()}])

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by table."""
        return self._counts

    def _write(self, lines: Sequence[Any]) -> None:
        written = "".join(f"{_JSON.encode(line)}\n" for line in lines).encode()
        self._digest.update(written)
        self._zipped.write(written)


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that was read once, to its end, and is whole. counts: rows by table."""

    path: Path
    schema: str
    made_at: str
    counts: Mapping[str, int]

    def batches(self, moved: Callable[[int], None]) -> Iterator[tuple[str, Sequence[str], list[list[Any]]]]:
        """Its rows: the table, the columns, and up to BATCH rows of them. moved: told how many bytes of the file are read."""
        table, columns, batch = "", (), list[list[Any]]()
        with _Source(self.path) as source:
            for line in source.lines(moved):
                read = json.loads(line)
                if isinstance(read, list):
                    batch.append(read)
                if batch and (len(batch) == BATCH or isinstance(read, dict)):
                    yield table, columns, batch
                    batch = []
                if isinstance(read, dict) and "table" in read:
                    table, columns = read["table"], read["columns"]


def whole(path: Path, moved: Callable[[int], None]) -> Backup:
    """Read the file to its end, and say what it is. moved: told how many bytes of it are read.

    raises  NotFound, it cannot be read; NotABackup, it is none, damaged or cut off; SchemaUnknown, a newer program made it
    """
    digest, counts, table, last = hashlib.sha256(), dict[str, int](), "", b""
    with _Source(path) as source:
        lines = source.lines(moved)
        head = _heading(path, next(lines, b""))
        digest.update(head[1])
        for line in lines:
            digest.update(last)
            last = line
            if line.startswith(b"["):
                counts[table] = counts.get(table, 0) + 1
            elif line.startswith(b'{"table"'):
                table = _object(path, line)["table"]
                counts[table] = 0
    foot = _object(path, last)
    if "sha256" not in foot:
        raise NotABackup(f"{path} ends in the middle: it was cut off.", "Take another backup.")
    if foot["sha256"] != digest.hexdigest() or foot["rows"] != counts:
        raise _damaged(path)
    _known(path, head[0], counts)
    return Backup(path, head[0]["schema"], head[0]["made_at"], counts)


def _heading(path: Path, line: bytes) -> tuple[Mapping[str, Any], bytes]:
    try:
        head = json.loads(line)
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("pivotal") != "backup":
        raise NotABackup(f"{path} is not a backup of Pivotal.", "`pivotal backup FILE` makes one.")
    if head.get("format") != FORMAT or str(head.get("schema")) > HEAD:
        raise SchemaUnknown(
            f"{path} was made by a newer Pivotal, at schema {head.get('schema')}; this one knows {HEAD}.",
            "Install the newer Pivotal.",
        )
    return head, line


def _known(path: Path, head: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    if unknown := counts.keys() - metadata.tables.keys():
        raise SchemaUnknown(
            f"{path} has a table {min(unknown)}, which this program does not know any more.",
            f"Restore it by the Pivotal of schema {head['schema']}, then run `pivotal migrate` by this one.",
        )


def _object(path: Path, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        raise _damaged(path) from None
    return found if isinstance(found, dict) else {}


def _damaged(path: Path) -> NotABackup:
    return NotABackup(f"{path} is damaged: it is not as it was written.", "Take another backup.")


class _Source:
    """The lines of a gzipped file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._raw = path.open("rb")
        except OSError as error:
            raise NotFound(f"Can't read {path}: {error.strerror}.") from None
        self._zipped = gzip.GzipFile(fileobj=self._raw, mode="rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zipped.close()
        self._raw.close()

    def lines(self, moved: Callable[[int], None]) -> Iterator[bytes]:
        for number in range(1, 2**62):
            try:
                line = self._zipped.readline(MAX_LINE)
            except EOFError:
                raise NotABackup(f"{self._path} ends in the middle: it was cut off.", "Take another backup.") from None
            except (gzip.BadGzipFile, zlib.error, OSError):
                if number == 1:
                    raise NotABackup(
                        f"{self._path} is not a backup of Pivotal.", "`pivotal backup FILE` makes one."
                    ) from None
                raise _damaged(self._path) from None
            if not line:
                break
            yield line
            if number % LOOK == 0:
                moved(self._raw.tell())
        moved(self._raw.tell())
