"""Bolt looks into the environment by itself, where what is meant for us would be taken for its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.dispatch import MEANT_FOR_US
from tests.bot.test_log import Lines
from tests.install.conftest import Many


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is kept there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


async def test_bolt_keeps_nothing_and_complains_of_nothing(
    many: Many, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = many.acme
    given = (acme.bot_token, acme.signing_secret, acme.oauth.client_id, acme.oauth.client_secret)
    for name, value in zip(MEANT_FOR_US, given, strict=True):
        monkeypatch.setenv(name, value)
    app = await many.starts()
    assert app.bolt.oauth_flow is None
    assert app.bolt.installation_store is None
    assert (await many.browser().installs(acme)).status == 200
    await many.remembers(acme, "Acme Corp", 3)
    assert "3 activities" in await many.reads(acme, "acme-corp")
    assert [each for each in lines() if each["level"] == "warning"] == []
    assert tuple(os.environ[name] for name in MEANT_FOR_US) == given
