"""Where a file may go (S15): to Slack's own hosts by https, and to the stand-in on this machine."""

import io

import aiohttp
import pytest

from bot.sandbox import StandInSlack
from bot.slack import RateLimited, Unreachable
from bot.uploads import NotSlacks, NotTaken, Uploads

pytestmark = pytest.mark.promise(id="S15")

SLACKS = (
    "https://files.slack.com/upload/v1/ABC",
    "https://slack-files.slack.com/upload/v1/ABC?x=1&y=%20",
    "https://files.slack-gov.com/upload/v1/ABC",
)
OTHERS = (
    *("http://files.slack.com/upload", "https://slack.com.evil.com/upload", "https://files.slack.com.evil/upload"),
    *("https://files.slack.com@evil.com/", "https://evil.com/files.slack.com/", "https://files.slack.com:8443/upload"),
    *("https://user@files.slack.com/", "https://files.slack.com\\@evil.com/", "https://files.slack.com\\.evil.com/"),
    *("https://files.slаck.com/upload", "https://files.slack。com/upload", "https://127.0.0.1/", "https://[::1]/"),
    *("ftp://files.slack.com/", "//files.slack.com/", "files.slack.com", "", "https://", "https://.slack.com/"),
    *(
        "https://files.slack.com",
        "https://files.slack.com?/",
        "https://files.slack.com#/",
        "https://files.slack.com/#x",
    ),
    *(
        "https://files.slack.com/\n",
        "https://files.slack.com/ x",
        "https://files.slack.com/\t",
        "HTTPS://FILES.EVIL.COM/",
    ),
    *("https://xslack.com/upload", "https://files.slack.community/", "https://files%2eslack.com/", "https://1.1.1.1/"),
    *("http://127.0.0.1:1/upload", "http://127.0.0.1:99999/upload", "http://localhost/upload", "https://0x7f000001/"),
    *(None, 7, b"https://files.slack.com/", ["https://files.slack.com/"], "https://files.slack.com/" + "a" * 4000),
)


def test_there_are_forty_of_them() -> None:
    assert len(OTHERS) >= 40


@pytest.mark.parametrize("url", SLACKS)
async def test_slacks_own_hosts_are_taken(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        assert Uploads(http, ()).may_send(url)


@pytest.mark.parametrize("url", OTHERS)
async def test_nothing_goes_anywhere_else(url: object) -> None:
    async with aiohttp.ClientSession() as http:
        uploads = Uploads(http, ("http://127.0.0.1:8065/",))
        assert not uploads.may_send(url)
        with pytest.raises(NotSlacks):
            await uploads.send(url, io.BytesIO(b"x"), 1)


async def test_what_the_other_side_does_is_told_apart() -> None:
    async with StandInSlack() as slack, aiohttp.ClientSession() as http:
        uploads = Uploads(http, (f"{slack.origin}/",))
        url = f"{slack.origin}/upload/v1/F1"
        with pytest.raises(NotTaken):  # there is no such file
            await uploads.send(url, io.BytesIO(b"x"), 1)
        slack.faults.rate_limit("upload", retry_after_seconds=7)
        with pytest.raises(RateLimited) as limited:
            await uploads.send(url, io.BytesIO(b"x"), 1)
        assert limited.value.retry_after.total_seconds() == 7
        slack.faults.drop("upload")
        with pytest.raises(Unreachable):
            await uploads.send(url, io.BytesIO(b"x"), 1)
