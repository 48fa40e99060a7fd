"""structlog set-up: events with fields, never payloads. What came in or goes out is not logged, and what must not be seen is dropped."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

SECRET: Final = frozenset(
    {
        "authorization",
        "body",
        "client_secret",
        "code",
        "cookie",
        "database_url",
        "headers",
        "password",
        "payload",
        "response_url",
        "signature",
        "signing_secret",
        "state",
        "text",
        "token",
        "trigger_id",
        "x-slack-signature",
    }
)
"""Keys whose values never reach the log, at any depth."""

QUIET: Final = ("slack_bolt", "slack_sdk", "aiohttp.access", "alembic", "apscheduler", "sqlalchemy")
"""Libraries that write bodies, addresses or SQL at INFO and below. A failed signature, for one, is logged there with its body."""


def set_up(
    level: str = "INFO", *, form: Literal["json", "console"] | None = None, stream: TextIO | None = None
) -> None:
    """form: JSON lines for programs, colours for people; None decides by whether a terminal reads along. stream: standard error."""
    form = form or ("console" if sys.stderr.isatty() else "json")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        redacted,
        without_parameters,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]  # a traceback without locals: they hold what was sent
        if form == "json"
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    handler.addFilter(_may_be_said)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _may_be_said(record: logging.LogRecord) -> bool:
    """Bolt gives each of its loggers the root's level, whatever that of `slack_bolt` is: so it is asked here once more."""
    return record.levelno >= logging.WARNING or not record.name.startswith(QUIET)


def redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor: the same event without the values of SECRET keys."""
    return {key: _without_secrets(key, value) for key, value in event.items()}


def without_parameters(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor: a database's error tells its statement, and not the values that people have typed into it."""
    error, seen = event.get("exc_info"), set[int]()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        if hasattr(error, "hide_parameters"):
            error.hide_parameters = True
        error = error.__cause__ or error.__context__
    return event


def _without_secrets(key: str, value: Any) -> Any:
    if key.lower() in SECRET:
        return "(redacted)"
    if isinstance(value, MutableMapping):
        return {str(inner): _without_secrets(str(inner), held) for inner, held in value.items()}
    return value
