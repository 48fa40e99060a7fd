"""The addresses of the API."""

from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from aiohttp import web

from bot.api import openapi, problems
from bot.api.doors import PER_MINUTE, Clock, Doors, Handler
from bot.api.problems import Problem
from bot.api.reading import Reading
from bot.api.writing import Writing
from bot.limiter import Limiter
from store import Store
from store.access import Scope

HISTORY: Final = "/v1/customers/{customer}/activity"


def routes(
    store: Store,
    clock: Clock,
    wake: Callable[[], None],
    *,
    per_minute: int = PER_MINUTE,
) -> list[web.RouteDef]:
    """wake: something is to be posted in Slack. per_minute: requests of one key; 0: no limit."""
    doors = Doors(store, Limiter(), per_minute)
    reading, writing = Reading(store, clock), Writing(store, wake)
    described = openapi.document(_version())

    async def document(_request: web.Request) -> web.Response:
        return web.json_response(described)

    return [
        web.get("/v1/openapi.json", document),
        web.get("/v1/customers", doors.behind(Scope.READ, reading.customers)),
        web.get(HISTORY, doors.behind(Scope.READ, reading.activity)),
        web.post(HISTORY, doors.behind(Scope.WRITE, writing.activity)),
        web.route("*", "/v1/openapi.json", _other_method("GET, HEAD")),
        web.route("*", "/v1/customers", _other_method("GET, HEAD")),
        web.route("*", HISTORY, _other_method("GET, HEAD, POST")),
        web.route("*", "/v1/{rest:.*}", _nothing_here),
    ]


def _other_method(allowed: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        problem = Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"There is no {request.method} here.", {"Allow": allowed})
        return problems.answer(problem)

    return handle


async def _nothing_here(_request: web.Request) -> web.StreamResponse:
    return problems.answer(
        Problem(HTTPStatus.NOT_FOUND, "There is nothing here; `/v1/openapi.json` tells what there is.")
    )


def _version() -> str:
    try:
        return version("pivotal-for-slack")
    except PackageNotFoundError:
        return "0"
