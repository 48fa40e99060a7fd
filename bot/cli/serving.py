"""`pivotal serve` and `pivotal worker`: the processes that stay."""

from typing import Any

from bot import app, log, settings
from bot.cli import terminal
from bot.cli.database import located
from store.domain.errors import PivotalError


def run(*, socket: bool, host: str | None, port: int | None, worker: bool | None) -> None:
    given: dict[str, Any] = {"host": host, "port": port}
    environment = settings.read().model_copy(update={name: value for name, value in given.items() if value is not None})
    located("DATABASE_URL", environment.database_url, new=True)
    log.set_up(environment.log_level)
    try:
        terminal.run(app.serve(environment, socket=socket, worker=worker))
    except OSError as error:
        raise PivotalError(
            f"Can't listen on {environment.host}, port {environment.port}: {error.strerror or error}."
        ) from error


def work() -> None:
    """The jobs without a server."""
    environment = settings.read()
    located("DATABASE_URL", environment.database_url, new=True)
    log.set_up(environment.log_level)
    terminal.run(app.work(environment))
