"""S30: where PUBLIC_URL is https, what comes in the clear is refused, and browsers are told to come by https."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import aiohttp
import pytest

from bot.web import application, listening

pytestmark = pytest.mark.promise(id="S30")


async def ready() -> None:
    return None


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=[True, False], ids=["https", "http"])
async def address(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, bool]]:
    """A server, and whether it is reached by https only."""
    async with AsyncExitStack() as stack:
        app = application(ready, https=request.param)
        url = await stack.enter_async_context(listening(app, "127.0.0.1", 0, timedelta(seconds=1)))
        yield f"{url}/healthz", request.param


@pytest.mark.parametrize(
    "said, clear",
    [
        ([], False),
        ([("X-Forwarded-Proto", "https")], False),
        ([("X-Forwarded-Proto", "HTTPS, https")], False),
        ([("Forwarded", 'for=192.0.2.1;proto="https";by=203.0.113.43')], False),
        ([("X-Forwarded-Proto", "http")], True),
        ([("X-Forwarded-Proto", "https, http")], True),
        ([("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")], True),
        ([("Forwarded", "for=192.0.2.1;proto=https, for=10.0.0.1;Proto=http")], True),
        ([("X-Forwarded-Proto", "gopher")], True),
    ],
)
async def test_what_a_proxy_had_in_the_clear_is_refused(
    address: tuple[str, bool], http: aiohttp.ClientSession, said: list[tuple[str, str]], clear: bool
) -> None:
    url, only_https = address
    async with http.get(url, headers=said) as answer:
        assert answer.status == (403 if clear and only_https else 200)
        assert ("Strict-Transport-Security" in answer.headers) == only_https
        if answer.status == 403:
            assert await answer.text() == "This address is reached by https only. Nothing was changed.\n"
            assert answer.headers["X-Request-Id"]
