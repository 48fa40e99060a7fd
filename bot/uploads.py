"""The bytes of a file → the address that Slack named for them, streamed; to Slack's own hosts and nowhere else."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import IO, Final

import aiohttp
import structlog

from bot.slack import RateLimited, Unreachable
from store.domain.errors import PivotalError

log = structlog.get_logger()

PIECE: Final = 256 * 1024
TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
"""A large file may take its time; silence may not."""
SLACK: Final = re.compile(r"https://(?:[a-z0-9-]+\.)+slack(?:-gov)?\.com/[!-\[\]-~]*")
"""An address of Slack's, compared as text: no port, no user part, no back-slash, nothing that two parsers could read otherwise."""
MAX_URL: Final = 4000


class NotSlacks(PivotalError):
    def __init__(self) -> None:
        super().__init__("Slack named an address for the file that is not Slack's. Nothing was sent there.")


class NotTaken(PivotalError):
    """The bytes were refused; nothing is there."""

    def __init__(self) -> None:
        super().__init__("Slack did not take the file.")


class Uploads:
    """origins: besides Slack's hosts, that of the stand-in on this machine."""

    def __init__(self, http: aiohttp.ClientSession, origins: Sequence[str]) -> None:
        self._http = http
        self._origins = tuple(origins)

    def may_send(self, url: object) -> bool:
        if not isinstance(url, str) or len(url) > MAX_URL or "@" in url or "#" in url:
            return False
        return SLACK.fullmatch(url) is not None or (
            bool(self._origins) and url.startswith(self._origins) and SAFE.fullmatch(url) is not None
        )

    async def send(self, url: object, file: IO[bytes], size_bytes: int) -> None:
        """Send the whole file. What fails may be done again, at a new address: nothing is seen of it yet.

        raises  NotSlacks, NotTaken, RateLimited, Unreachable
        """
        if not (isinstance(url, str) and self.may_send(url)):
            log.warning("an upload url is not Slack's: nothing was sent there")
            raise NotSlacks
        file.seek(0)
        headers = {"Content-Length": str(size_bytes), "Content-Type": "application/octet-stream"}
        try:
            async with self._http.post(
                url, data=_pieces(file), headers=headers, allow_redirects=False, timeout=TIMEOUT
            ) as reply:
                await reply.content.read(1024)
                status, retry_after = reply.status, reply.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("a file did not reach Slack", error=type(error).__name__)
            raise Unreachable from error
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited(timedelta(seconds=int(retry_after) if retry_after.isdecimal() else 1))
        if status != HTTPStatus.OK:
            log.warning("Slack did not take a file", status=status)
            raise NotTaken


SAFE: Final = re.compile(r"[!-\[\]-~]*")


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
