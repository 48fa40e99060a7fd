"""/metrics and /readyz: what whoever runs the app sees of it, who may, and that nobody's name is in there."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Final

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot.sandbox.methods import people
from store.domain.activity import Source
from store.domain.errors import Unavailable
from store.engine import T, Work, connect
from store.wall import NOBODYS
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.bot.slow import Held

KEY: Final = "a-key-of-thirty-two-characters-00"
CANARY: Final = "Zyxjane Qwertson"

Samples = Mapping[tuple[str, ...], float]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def asked(
    pivotal: Pivotal, http: aiohttp.ClientSession, path: str = "/metrics", **headers: str
) -> tuple[int, str]:
    url = pivotal.urls[-1].replace("/slack/events", path)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.get(url, headers=given) as answer:
        return answer.status, await answer.text()


async def samples(pivotal: Pivotal, http: aiohttp.ClientSession) -> Samples:
    """By the sample's name and the values of its labels."""
    status, text = await asked(pivotal, http)
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_each_kind_of_request_is_timed_to_its_ack(pivotal: Pivotal, http: aiohttp.ClientSession) -> None:
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    await shown.click("Older →")
    await shown.options("Actors")
    modal = await pivotal.says("/pivotal set acme")
    await pivotal.slack.event({"type": "user_change", "user": people.shape(pivotal.slack.core, pivotal.sam.user)})
    found = await samples(pivotal, http)
    counts = {kind: found["pivotal_ack_seconds_count", kind] for kind in ("command", "click", "options", "event")}
    assert counts["command"] == 2
    assert counts["click"] >= 1
    assert counts["options"] == 1
    assert counts["event"] == 1
    assert 0 < found["pivotal_ack_seconds_sum", "command"] < 60
    assert modal is not None


async def test_each_transaction_is_timed_by_who_asked_for_it(pivotal: Pivotal, http: aiohttp.ClientSession) -> None:
    await acme(pivotal)
    before = await samples(pivotal, http)
    assert ("pivotal_query_seconds_count", "Store.history") not in before
    for _ in range(3):
        await pivotal.says("/pivotal history acme")
    found = await samples(pivotal, http)
    assert found["pivotal_query_seconds_count", "Store.history"] == 3
    assert found["pivotal_query_seconds_count", "figures.figures"] >= 1


async def test_what_waits_is_counted_with_the_age_of_the_oldest(pivotal: Pivotal, http: aiohttp.ClientSession) -> None:
    await acme(pivotal)
    store, workspace = pivotal.store, pivotal.workspace
    quiet = await samples(pivotal, http)
    assert quiet["pivotal_outbox_oldest_seconds",] == quiet["pivotal_inbox_oldest_seconds",] == 0
    for number in range(3):
        await store.enqueue(workspace, key=f"k{number}", kind="test", channel="C1", body={})
    (taken,) = await store.claim("somebody", timedelta(hours=1), 1)
    await store.deliveries.receive(workspace, Source.STRIPE, b"{}")
    await asyncio.sleep(0.01)  # SQLite's clock knows milliseconds
    found = await samples(pivotal, http)
    assert found["pivotal_outbox_deliveries", "test", "pending"] == 2
    assert found["pivotal_outbox_deliveries", "test", "sending"] == 1
    assert 0 < found["pivotal_outbox_oldest_seconds",] < 60
    assert found["pivotal_inbox_deliveries", "stripe", "pending"] == 1
    assert found["pivotal_inbox_oldest_seconds",] > 0
    assert found["pivotal_database_up",] == 1
    assert abs(found["pivotal_clock_ahead_seconds",]) < 60
    assert taken.kind == "test"


async def test_a_request_that_nobody_signed_is_counted(pivotal: Pivotal, http: aiohttp.ClientSession) -> None:
    await pivotal.slack.send(b"command=/pivotal", headers={"X-Slack-Signature": "v0=" + "0" * 64})
    found = await samples(pivotal, http)
    assert found["pivotal_rejected_signatures_total", "slack"] == 1
    assert found["pivotal_rejected_signatures_total", "webhooks"] == 0


@pytest.mark.promise(id="S29")
async def test_no_customer_no_person_and_no_id_is_in_there(pivotal: Pivotal, http: aiohttp.ClientSession) -> None:
    await acme(pivotal)
    await pivotal.imports({"type": "customer", "ref": "zyx", "name": CANARY})
    await pivotal.says(f'/pivotal set "{CANARY}" plan=Growth')
    shown = await pivotal.says(f'/pivotal history "{CANARY}"')
    await shown.menu("Share to this channel")
    await pivotal.looks()
    for path in ("/metrics", "/healthz", "/readyz"):
        _, text = await asked(pivotal, http, path)
        told = (
            "Zyxjane",
            "zyx",
            "acme",
            "Acme",
            "Sam",
            "cus_",
            "wsp_",
            "usr_",
            "out_",
            pivotal.sam.id,
            pivotal.room.id,
        )
        assert [each for each in told if each in text] == []


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.promise(id="S29")
async def test_with_a_key_only_whoever_brings_it_is_told(installed: Pivotal, http: aiohttp.ClientSession) -> None:
    await installed.starts(metrics_key=SecretStr(KEY))
    for authorization in ("", KEY, "Bearer", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", "Bearer é"):
        status, text = await asked(installed, http, Authorization=authorization)
        assert (status, "pivotal_" in text) == (401, False)
    status, text = await asked(installed, http, Authorization=f"Bearer {KEY}")
    assert status == 200
    assert "pivotal_database_up 1.0" in text
    assert await asked(installed, http, "/healthz") == (200, '{"status": "up"}')


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X_Real_IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "pivotal.example.com"},
        {"Host": "evil.example:8080"},
    ],
)
async def test_without_a_key_only_this_machine_is_told(
    pivotal: Pivotal, http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    """Not who comes by a proxy on it, nor a page in its browser that leads a name of its own here."""
    assert (await asked(pivotal, http))[0] == 200
    status, text = await asked(pivotal, http, **headers)
    assert (status, text) == (403, "Set METRICS_KEY to see this from another machine.\n")


async def test_while_its_database_is_away_the_rest_is_told_and_here_why(
    installed: Pivotal, http: aiohttp.ClientSession
) -> None:
    class Away(Held):
        away = False

        async def read(self, work: Work[T], workspace: str = NOBODYS, *, brief: bool = False) -> T:
            if self.away:
                raise Unavailable
            return await super().read(work, workspace, brief=brief)

    database = Away(connect(installed.database_url))
    await installed.starts(database=database)
    await installed.says("/pivotal help")
    database.away = True
    found = await samples(installed, http)
    assert found["pivotal_database_up",] == 0
    assert found["pivotal_ack_seconds_count", "command"] == 1
    assert not any(name.startswith("pivotal_outbox") for name, *_ in found)
    here = '{"status": "not ready", "reason": "Can\'t reach the database. Nothing was changed."}'
    assert await asked(installed, http, "/readyz") == (503, here)
    assert await asked(installed, http, "/readyz", Via="1.1 proxy") == (503, '{"status": "not ready"}')
