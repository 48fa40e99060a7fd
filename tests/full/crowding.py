"""S22 and S23: who sends far too much, or far too slowly, is held off, and nobody else waits for that."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from statistics import quantiles
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from bot.api.doors import PER_MINUTE
from bot.connections import HEADER_TIME
from bot.sandbox import StandInSlack
from bot.web import BODY_TIME
from store import Store
from store.access import Scope
from store.engine import connect
from tests.bench.places import Place, opened
from tests.builders import a_customer, a_line, another_workspace, imported
from tests.full.processes import environment, server

SLOW: Final = {"quick": 50, "full": 500}
COMMAND_SECONDS: Final = 3.0
SPARE: Final = 3.0
"""Seconds by which a connection may be closed late, on a machine that has much to do."""
WINDOWS: Final = {"quick": 1, "full": 6}
"""How often the quiet workspace is measured alone and with a noisy neighbour, in turn."""
WINDOW_SECONDS: Final = 5
PERCENTILE: Final = {"quick": 50, "full": 99}
"""What is compared. A dozen answers have no 99th percentile: the slowest of them tells of the machine."""
NOISE: Final = 20
"""Times what a key may ask for in a minute."""
FLOOR_MS: Final = 150.0
"""A few milliseconds double by chance; this much is not noticed."""
ROWS: Final = 200


@asynccontextmanager
async def _served(url: str) -> AsyncIterator[tuple[StandInSlack, Store, str, str]]:
    """`pivotal serve` with a customer, Acme Corp. Gives Slack, the store, the workspace and the server's address."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandInSlack())
        store, workspace = await stack.enter_async_context(opened(url, job=True))
        await store.bind_workspace(slack.workspace.team_id, None)
        await _filled(store, workspace)
        serving = await stack.enter_async_context(server(environment(slack, url)))
        slack.connect_app(f"{serving.address}/slack/events")
        yield slack, store, workspace, serving.address


async def _filled(store: Store, workspace: str) -> None:
    await a_customer(store, workspace, ref="acme")
    await imported(store, workspace, *(a_line() for _ in range(ROWS)))


# --- S23 ---


async def slow(place: Place, size: str, _seed: int) -> str:
    """Half of the connections send a header byte by byte, half a body, and commands are answered all the while."""
    count = SLOW[size]
    async with _served(await place.fresh()) as (slack, _, _, address):
        sam = slack.as_user(slack.add_user("Sam Lee", tz="UTC"))
        kinds = [each(address) for _ in range(count // 2) for each in (_slow_header, _slow_body)]
        crowd = [asyncio.create_task(each) for each in kinds]
        await asyncio.sleep(1)
        took: list[float] = []
        while not all(each.done() for each in crowd):
            began = time.monotonic()
            assert "Acme Corp" in (await sam.says("/pivotal history acme")).text
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.3)
        lasted = [await each for each in crowd]
    headers, bodies = lasted[::2], lasted[1::2]
    assert max(took) < COMMAND_SECONDS, f"a command took {max(took):.1f} s"
    assert max(headers) < HEADER_TIME.total_seconds() + SPARE, f"a slow header was waited for {max(headers):.1f} s"
    assert max(bodies) < BODY_TIME.total_seconds() + SPARE, f"a slow body was waited for {max(bodies):.1f} s"
    return (
        f"{count} slow connections, {len(took)} commands in {max(took) * 1000:.0f} ms at most; "
        f"headers cut off after {max(headers):.1f} s, bodies after {max(bodies):.1f} s"
    )


async def _slow_header(address: str) -> float:
    return await _until_cut_off(address, b"POST /slack/events HTTP/1.1\r\nX-", b"a")


async def _slow_body(address: str) -> float:
    header = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    return await _until_cut_off(address, header, b"a")


async def _until_cut_off(address: str, begin: bytes, then: bytes) -> float:
    """Send this, then the rest a byte at a time. Returns after how many seconds it was answered or the connection closed."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    began = time.monotonic()
    answer = asyncio.create_task(reader.read(1))
    with suppress(ConnectionError):
        writer.write(begin)
        while not answer.done():
            writer.write(then)
            await asyncio.wait([answer], timeout=0.5)
    lasted = time.monotonic() - began
    answer.cancel()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return lasted


# --- S22 ---


async def noisy(place: Place, size: str, _seed: int) -> str:
    """A workspace's key asks twenty times as often as it may, and has used up its minute; another workspace's stays within its limit."""
    url = await place.fresh()
    async with _served(url) as (_, store, workspace, address), aiohttp.ClientSession() as http:
        database = connect(url)
        theirs = await another_workspace(database, "T0NOISY")
        await database.close()
        await _filled(store, theirs)
        _, quiet_key = await store.access.create(workspace, "Quiet", [Scope.READ])
        _, noisy_key = await store.access.create(theirs, "Noisy", [Scope.READ])
        asked = f"{address}/v1/customers/acme-corp/activity"
        alone: list[float] = []
        beside: list[float] = []
        refused = count = 0
        for _ in range(WINDOWS[size]):
            alone += await _times(http, asked, quiet_key)
            with _noise(asked, noisy_key) as statuses:
                await _over_its_limit(statuses)
                beside += await _times(http, asked, quiet_key)
            refused += statuses.count(429)
            count += len(statuses)
    percentile = PERCENTILE[size]
    before, during = (quantiles(each, n=100)[percentile - 1] for each in (alone, beside))
    assert refused, f"nobody was refused of {count}"
    assert during <= 2 * before + FLOOR_MS, (
        f"p{percentile} of the other workspace went from {before:.0f} to {during:.0f} ms"
    )
    return f"{count} requests of the noisy workspace, {refused} refused; p{percentile} of the other {before:.0f} ms alone, {during:.0f} ms beside it"


async def _times(http: aiohttp.ClientSession, url: str, key: str) -> list[float]:
    """Milliseconds of each answer, at a rate that stays below the limit."""
    found: list[float] = []
    for _ in range(PER_MINUTE // 60 * WINDOW_SECONDS // 2):
        began = time.perf_counter()
        async with http.get(url, headers=_by(key)) as answer:
            assert answer.status == 200, f"answered {answer.status}"
            await answer.read()
        found.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(max(0.0, 2 * 60 / PER_MINUTE - found[-1] / 1000))
    return found


async def _over_its_limit(statuses: Sequence[int]) -> None:
    async with asyncio.timeout(60):
        while not statuses or statuses[-1] != 429:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


@contextmanager
def _noise(url: str, key: str) -> Iterator[list[int]]:
    """Gives the statuses of what was sent until the block ends."""
    statuses: list[int] = []

    async def send() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
            while True:
                group.create_task(one(http))
                due += 60 / PER_MINUTE / NOISE
                await asyncio.sleep(due - loop.time())

    async def one(http: aiohttp.ClientSession) -> None:
        async with http.get(url, headers=_by(key)) as answer:
            await answer.read()
            statuses.append(answer.status)

    sending = asyncio.create_task(send())
    try:
        yield statuses
    finally:
        sending.cancel()


def _by(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}
