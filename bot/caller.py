"""Who may see how this process is: whoever brings METRICS_KEY; where none is set, whoever asks on this machine itself."""

from hmac import compare_digest
from typing import Final

from aiohttp import web
from pydantic import SecretStr

from bot.settings import is_loopback

PROXIED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""With one of these, a request from this machine was passed on by a proxy here: it came from anywhere."""


class Caller:
    def __init__(self, key: SecretStr | None) -> None:
        self._key = None if key is None else key.get_secret_value().encode()

    def admit(self, request: web.Request) -> None:
        """Raises 401, when a key is wanted and not brought; 403, when none is set and the request comes from elsewhere."""
        if self.may_see(request):
            return
        if self._key is None:
            raise web.HTTPForbidden(text="Set METRICS_KEY to see this from another machine.\n")
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})

    def may_see(self, request: web.Request) -> bool:
        if self._key is None:
            # By its name, too: a web page in a browser on this machine may lead any name of its own here.
            return (
                is_loopback(
                    f"http://[{request.remote}]/" if ":" in (request.remote or "") else f"http://{request.remote}/"
                )
                and is_loopback(f"http://{request.host}/")
                and not any(name in request.headers for name in PROXIED)
            )
        scheme, _, brought = request.headers.get("Authorization", "").partition(" ")
        return scheme.casefold() == "bearer" and compare_digest(brought.strip().encode(errors="replace"), self._key)
