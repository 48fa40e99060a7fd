"""The workspace that was named by `--workspace`, in front of the command. By itself, so that `pivotal --help` stays quick."""

from contextvars import ContextVar
from typing import Final

WORKSPACE: Final[ContextVar[str | None]] = ContextVar("workspace", default=None)
