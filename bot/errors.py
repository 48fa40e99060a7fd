"""Any exception → one sentence to the person, one line in the log; both carry the same reference, which is the request's id."""

import asyncio
import random
from typing import Final

import structlog

from store.domain.errors import PivotalError

log = structlog.get_logger()

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Nothing that a person who reads it out could mistake: no 0 and O, 1, I and L, U and V."""


class Failed(PivotalError):
    """Our side failed. The reference leads to the traceback in the log, which nobody else gets to see."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"That failed on our side and nothing was changed. Reference `{reference}`.")
        self.reference = reference


def explained(error: Exception) -> PivotalError:
    """What to tell the person. Logs the error, once: an expected one by its name, any other with its traceback."""
    if isinstance(error, PivotalError):
        log.info("refused", reason=type(error).__name__)
        return error
    reference = request_id()
    log.error("failed", reference=reference, exc_info=error)
    return Failed(reference)


def new_reference() -> str:
    """Six characters: enough to find one request among those of a few days. It is no secret."""
    return "".join(random.choices(ALPHABET, k=6))  # noqa: S311


def request_id() -> str:
    """The id of the request that is being answered, which every line of the log carries meanwhile; a new one where there is none."""
    found: str | None = structlog.contextvars.get_contextvars().get("request")
    return found or new_reference()


def is_identified() -> bool:
    """Whether the request that is being answered has an id."""
    return "request" in structlog.contextvars.get_contextvars()


def lost(task: "asyncio.Task[object]") -> None:
    """For a task whose result nobody awaits: its exception, if it has one, goes to the log."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task failed", reference=request_id(), exc_info=error)
