"""Who may talk to the page: this machine's browser, from the page itself. Any web site could otherwise reach a port of loopback."""

import secrets
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

TOKEN_HEADER: Final = "X-Page-Token"  # noqa: S105 - a header's name
NAMES: Final = ("127.0.0.1", "localhost")

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def guarded(token: str) -> Middleware:
    """A middleware. Every request names this very address as its host, so that no other name can be made to lead here (DNS rebinding);
    what changes something comes from the page's own origin and carries its token.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in _hosts(request):
            raise web.HTTPMisdirectedRequest(text="this page answers to 127.0.0.1 and localhost only", headers=HEADERS)
        if request.method not in {"GET", "HEAD"} and not _from_the_page(request, token):
            raise web.HTTPForbidden(text="only the page itself may do that", headers=HEADERS)
        return await handler(request)

    return guard


async def with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: the headers stand on every answer, a stream's and an error's too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _hosts(request: web.Request) -> set[str]:
    sockname = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return {f"{name}:{sockname[1]}" for name in NAMES} if sockname else set()


def _from_the_page(request: web.Request, token: str) -> bool:
    given = request.headers.get(TOKEN_HEADER, "")
    return request.headers.get("Origin") == f"http://{request.host}" and secrets.compare_digest(
        given.encode(), token.encode()
    )
