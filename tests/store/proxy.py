"""A way to PostgreSQL that can be frozen, cut, or closed, at a chosen moment."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from store.engine import parse_url

Heard = Callable[[bytes], bool]


@dataclass
class Proxy:
    """The way to one database. url: of the database, by this way."""

    socket: str
    _database: sa.URL
    _server: asyncio.Server | None = None
    _port: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _cut_before: Heard | None = None
    _cut_after: Heard | None = None

    @property
    def url(self) -> str:
        way = self._database.set(host="127.0.0.1", port=self._port, query={})
        return way.render_as_string(hide_password=False)

    async def open(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse connections, and cut those there are."""
        assert self._server is not None
        self._server.close()
        self.cut()
        self._flowing.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def freeze(self) -> None:
        """Take everything and pass nothing on, like a server that was stopped, or a network that swallows."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        """Break all connections, as a restarted server does."""
        for writer in self._open:
            writer.transport.abort()

    def cut_at(self, words: bytes, *, delivered: bool) -> None:
        """Break the connection that next asks for this: before the server has heard it, or before the client hears the answer."""
        if delivered:
            self._cut_after = lambda heard: words in heard
        else:
            self._cut_before = lambda heard: words in heard

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_unix_connection(self.socket)
        both = {writer, to_there}
        self._open |= both
        deaf = asyncio.Event()
        ways = [
            asyncio.create_task(self._pass_on(reader, to_there, both, deaf, asks=True)),
            asyncio.create_task(self._pass_on(there, writer, both, deaf, asks=False)),
        ]
        self._tasks |= {*ways}
        await asyncio.gather(*ways, return_exceptions=True)
        self._tasks -= {*ways}
        for one in both:
            one.close()
        self._open -= both

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        both: set[asyncio.StreamWriter],
        deaf: asyncio.Event,
        *,
        asks: bool,
    ) -> None:
        while some := await reader.read(65536):
            await self._flowing.wait()
            if asks and self._cut_before is not None and self._cut_before(some):
                self._cut_before = None
                break
            if asks and self._cut_after is not None and self._cut_after(some):
                self._cut_after = None
                deaf.set()
            elif deaf.is_set():  # the answer to what was heard last
                break
            writer.write(some)
            await writer.drain()
        for one in both:
            one.transport.abort()


@asynccontextmanager
async def way_to(database_url: str) -> AsyncIterator[Proxy]:
    url = parse_url(database_url)
    proxy = Proxy(f"{url.query['host']}/.s.PGSQL.5432", url)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
