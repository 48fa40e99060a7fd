"""One shape of error for the whole API, and which of our errors is which of HTTP's."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from bot.api.schemas import ProblemDetails
from bot.errors import explained
from bot.exports import TooLarge
from store.domain.errors import (
    Ambiguous,
    Conflict,
    MaybeSaved,
    NotFound,
    PivotalError,
    Refused,
    Unavailable,
    UsageError,
)
from store.programs import AnotherRequest

STATUS: Final[Mapping[type[PivotalError], HTTPStatus]] = {
    TooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    AnotherRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    UsageError: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Ambiguous: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.FORBIDDEN,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    MaybeSaved: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problem(Exception):
    """An answer other than what was asked for."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def answer(error: Exception) -> web.Response:
    """Any exception as the answer it deserves. What is our fault carries a reference, and nothing else."""
    match error:
        case Problem():
            return _said(error.status, error.detail, error.headers)
        case web.HTTPException():
            return _said(HTTPStatus(error.status), HTTPStatus(error.status).description or error.reason, {})
    told = explained(error)
    status = next((each for kind, each in STATUS.items() if isinstance(told, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    return _said(status, told.sentence, {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {})


def _said(status: HTTPStatus, detail: str, headers: Mapping[str, str]) -> web.Response:
    body = ProblemDetails(title=status.phrase, status=status, detail=detail)
    return web.Response(
        text=body.model_dump_json(), status=status, content_type="application/problem+json", headers=headers
    )
