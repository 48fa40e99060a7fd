"""Tokens that expire: exchanged in time, by one of several processes, and never so that somebody is left without."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.bot.test_log import Lines
from tests.install.conftest import Many


async def rotating(many: Many, lifetime: timedelta) -> None:
    """The app is installed with a token that ends after this time; those that follow last for twelve hours."""
    many.acme.oauth.rotates = True
    many.acme.oauth.lifetime = lifetime
    await many.browser().installs(many.acme)
    many.acme.oauth.lifetime = timedelta(hours=12)
    await many.remembers(many.acme, "Initech", 3)


async def exchanged(many: Many) -> None:
    """What the job of every process does at a tick, at the same time."""
    await asyncio.gather(*(many.does(app, "exchange tokens") for app in many.apps))


def exchanges(many: Many) -> int:
    return len([each for each in many.acme.calls_of("oauth.v2.access") if "refresh_token" in each.arguments])


async def test_one_of_two_processes_exchanges_a_token_that_ends_soon(many: Many) -> None:
    await many.starts()
    await rotating(many, timedelta(hours=1))
    before = dict(many.acme.core.tokens)
    await asyncio.gather(*(exchanged(many) for _ in range(3)))
    assert exchanges(many) == 1
    assert len(many.acme.core.tokens) == len(before) + 1
    many.acme.core.tokens = {token: ends for token, ends in many.acme.core.tokens.items() if token not in before}
    assert "Initech: 3 activities" in await many.reads(many.acme, "initech")


@pytest.mark.promise(id="S24")
async def test_no_secret_of_an_installation_reaches_the_log(many: Many, lines: Lines) -> None:
    await rotating(many, timedelta(hours=1))
    browser = many.browser()
    back = await browser.sets_out(many.acme)
    stranger = await many.browser().comes_back(back)
    many.acme.faults.refuse("oauth.v2.access", "bad_client_secret")
    refused = await browser.installs(many.acme)
    many.acme.faults.drop("oauth.v2.access")
    lost = await browser.installs(many.acme)
    assert [each.status for each in (stranger, refused, lost)] == [400, 503, 503]
    await exchanged(many)
    opening = {*many.acme.core.tokens, *many.acme.core.revoked, *many.acme.oauth._refresh, *many.acme.oauth._codes}
    opening |= {many.acme.oauth.client_secret, str(browser.cookie), *parse_qs(urlsplit(back).query)["state"]}
    text = "\n".join(map(str, lines()))
    assert "token exchanged" in text
    assert {each for each in opening if each in text} == set()


async def test_a_token_that_lasts_is_left_alone(many: Many) -> None:
    await rotating(many, timedelta(hours=12))
    await exchanged(many)
    assert exchanges(many) == 0


async def test_a_token_that_has_ended_is_exchanged_when_it_is_needed(many: Many) -> None:
    """No job was at work for hours."""
    await rotating(many, timedelta(0))
    assert "Initech: 3 activities" in await many.reads(many.acme, "initech")
    assert exchanges(many) == 1


async def test_while_slack_refuses_the_exchange_the_old_token_goes_on(many: Many) -> None:
    await rotating(many, timedelta(hours=1))
    many.acme.faults.refuse("oauth.v2.access", "internal_error")
    await exchanged(many)
    assert exchanges(many) == 1
    assert "Initech: 3 activities" in await many.reads(many.acme, "initech")
