"""`pivotal serve` and `pivotal worker`: the processes that stay."""

import gc
from collections.abc import Coroutine
from typing import Any

from bot import log, processes, settings
from bot.cli import terminal
from bot.cli.database import located
from bot.settings import Settings
from store.domain.errors import PivotalError


def run(*, socket: bool, host: str | None, port: int | None, worker: bool | None) -> None:
    environment = _environment(host, port)
    _run(environment, processes.serve(environment, socket=socket, worker=worker))


def work(*, host: str | None, port: int | None) -> None:
    """The jobs. Only with a port it answers, and tells how it is."""
    environment = _environment(host, port)
    _run(environment, processes.work(environment, monitored=port is not None))


def _environment(host: str | None, port: int | None) -> Settings:
    given: dict[str, Any] = {"host": host, "port": port}
    environment = settings.read().model_copy(update={name: value for name, value in given.items() if value is not None})
    located("DATABASE_URL", environment.database_url, new=True)
    log.set_up(environment.log_level)
    return environment


def _run(environment: Settings, work: Coroutine[Any, Any, None]) -> None:
    # What the imports have made stays for good. To look through all of it stops every request for a tenth of a second, every few seconds
    # under load (bot/decisions/0050-a-request-again.md).
    gc.freeze()
    try:
        terminal.run(work)
    except OSError as error:
        raise PivotalError(
            f"Can't listen on {environment.host}, port {environment.port}: {error.strerror or error}."
        ) from error
