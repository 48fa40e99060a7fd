"""Where PUBLIC_URL is https, nothing is said over anything else.

The proxy in front of us has the certificate, and tells by what the request came. That can only make us refuse: whoever claims `https` gains
nothing over who says nothing, so no list of proxies has to be kept.
"""

import re
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

A_YEAR: Final = "max-age=31536000"
PROTO: Final = re.compile(r'(?:^|[;,]\s*)proto="?([a-z]+)', re.IGNORECASE)
"""In `Forwarded`, RFC 7239."""


@web.middleware
async def refused_in_the_clear(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A key or a signed body that came in the clear may have been read by others: whoever sends it is to notice at once."""
    if _came_by(request) - {"https"}:
        raise web.HTTPForbidden(text="This address is reached by https only. Nothing was changed.\n")
    return await handler(request)


def _came_by(request: web.Request) -> set[str]:
    """The schemes by which it came from one proxy to the next, as far as they say so."""
    said = request.headers.getall("X-Forwarded-Proto", [])
    found = {each.strip().casefold() for line in said for each in line.split(",")}
    found |= {each.casefold() for line in request.headers.getall("Forwarded", []) for each in PROTO.findall(line)}
    return found - {""}


async def told_to_stay(_request: web.Request, response: web.StreamResponse) -> None:
    """Browsers come by https from here on."""
    response.headers["Strict-Transport-Security"] = A_YEAR
