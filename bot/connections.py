"""A connection of the web server: whoever begins a request has to say within a time what it is."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

HEADER_TIME: Final = timedelta(seconds=5)
"""From the first byte of a request to the end of its header."""
IDLE_TIME: Final = timedelta(seconds=75)
"""After which a silent connection is closed, before its first request too."""


HOW: Final[Mapping[str, Any]] = {
    "access_log": None,
    "auto_decompress": False,
    "keepalive_timeout": IDLE_TIME.total_seconds(),
}


class Connection(RequestHandler):
    """aiohttp's own, which waits for the rest of a header as long as a connection may be silent, and a drop now and then is no silence."""

    __slots__ = ("_header_time", "_late")

    def __init__(self, server: web.Server, header_time: timedelta) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **HOW)
        self._header_time = header_time.total_seconds()
        self._late: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        waited = self._waits_for_request()
        super().data_received(data)
        if not self._waits_for_request():
            self._in_time()
        elif waited and self._late is None and data.strip(b"\r\n"):  # an empty line in front of a request is none yet
            self._late = asyncio.get_running_loop().call_later(self._header_time, self.force_close)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def _waits_for_request(self) -> bool:
        """Whether no request is under way: then what comes is the header of the next."""
        return self._waiter is not None and not self._waiter.done()

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
