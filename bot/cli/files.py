"""Files that a command writes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from store.domain.errors import PivotalError


@contextmanager
def written(output: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """A file that is there under its name only when it is whole. private: for its owner's eyes.

    raises  PivotalError, when it cannot be written
    """
    part = output.with_name(f".{output.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666), "wb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(output)
    except OSError as error:
        raise PivotalError(f"Can't write {output}: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
