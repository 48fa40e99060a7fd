"""Programs write through the same door: one event or many, each for itself, and never twice."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from store import Store
from tests.api.conftest import Program
from tests.api.test_reading import ACME

RANG = {"event_type": "acme.rang_up", "text": "They want to talk about the plan"}


async def newest(program: Program) -> dict[str, Any]:
    return (await program.gets(ACME, params={"type": "rang_up", "after_seq": 120})).data[-1]


async def test_an_event_of_ones_own_kind_is_recorded_and_found_again(program: Program) -> None:
    said = await program.posts(ACME, {**RANG, "changes": [{"field": "mood", "old": None, "new": ["good", "calm"]}]})
    assert said.data == [{"index": 0, "status": "recorded", "seq": 121, "error": None}]
    row = await newest(program)
    assert (row["actor"], row["actor_type"], row["source"]) == ("Till", "api", "api")
    assert (row["field"], row["old_value"], row["new_value"]) == ("mood", "", "calm, good")
    assert (await program.gets(ACME, params={"actor": "Till"})).data[0]["seq"] == 121


async def test_what_is_to_happen_in_the_future_happens_now(program: Program) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    await program.posts(ACME, {**RANG, "occurred_at": ahead})
    assert (await newest(program))["timestamp"] <= datetime.now(UTC).isoformat()


async def test_a_time_without_a_zone_is_utc(program: Program) -> None:
    await program.posts(ACME, {**RANG, "occurred_at": "2026-11-01T08:00:00"})
    assert (await newest(program))["timestamp"] == "2026-11-01T08:00:00.000000Z"


async def test_of_many_events_each_counts_for_itself(program: Program) -> None:
    events: list[Any] = [
        {**RANG, "dedupe_key": "a"},
        {"event_type": "Not A Kind"},
        {**RANG, "dedupe_key": "a"},
        {**RANG, "colour": "red"},
        7,
        {"event_type": "contact.removed"},
        {**RANG, "occurred_at": "0001-01-01T00:00:00+14:00"},
        {**RANG, "dedupe_key": "b"},
    ]
    results = (await program.posts(ACME, events)).data
    assert [each["status"] for each in results] == [
        *("recorded", "rejected", "repeated", "rejected", "rejected", "rejected", "rejected", "recorded")
    ]
    assert [each["seq"] for each in results if each["status"] == "recorded"] == [121, 122]
    assert "`event_type`" in results[1]["error"]
    assert "only Pivotal itself" in results[5]["error"]


async def test_a_thousand_events_fit_into_one_request_and_no_more(program: Program) -> None:
    assert len((await program.posts(ACME, [RANG] * 1000)).data) == 1000
    said = await program.posts(ACME, [RANG] * 1001)
    assert said.status == 422
    assert "1,001" in said.problem
    assert (await program.posts(ACME, [])).status == 422


async def test_a_request_that_names_itself_has_one_effect(program: Program) -> None:
    named = {"Idempotency-Key": "4711"}
    first = await program.posts(ACME, RANG, headers=named)
    again = await program.posts(ACME, RANG, headers=named)
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await program.posts(ACME, {**RANG, "text": "Something else"}, headers=named)
    assert other.status == 422
    assert "Idempotency-Key" in other.problem
    assert len((await program.gets(ACME, params={"type": "rang_up", "after_seq": 120})).data) == 1


async def test_the_same_request_from_many_sides_at_once_has_one_effect(program: Program) -> None:
    named = {"Idempotency-Key": "at once"}
    said = await asyncio.gather(*(program.posts(ACME, [RANG, RANG], headers=named) for _ in range(8)))
    assert {json.dumps(each.data) for each in said} == {json.dumps(said[0].data)}
    assert len((await program.gets(ACME, params={"type": "rang_up", "after_seq": 120})).data) == 2


async def test_another_key_may_use_the_same_name(program: Program, store: Store) -> None:
    other = await program.key_with(*("read", "write"))  # type: ignore[arg-type]  # the words of the scopes
    named = {"Idempotency-Key": "1"}
    await program.posts(ACME, RANG, headers=named)
    assert (await program.posts(ACME, RANG, headers=named, key=other)).data[0]["seq"] == 122


async def test_a_body_that_is_too_large_is_refused_before_all_of_it_is_read(program: Program) -> None:
    json_type = {"Content-Type": "application/json"}
    padding = "x" * (64 * 1024 - len('{"event_type":"a.b","text":""}') + 1)
    one = f'{{"event_type":"a.b","text":"{padding}"}}'.encode()
    assert len(one) == 64 * 1024 + 1
    assert (await program.calls("POST", ACME, data=one, headers=json_type)).status == 413
    assert (
        await program.calls("POST", ACME, data=io.BytesIO(b"[" + b" " * 1024 * 1024), headers=json_type)
    ).status == 413

    async def endless() -> Any:
        for _ in range(64):
            yield b" " * 64 * 1024

    assert (await program.calls("POST", ACME, data=endless(), headers=json_type)).status == 413


async def test_what_is_no_event_is_said_in_one_shape(program: Program) -> None:
    json_type = {"Content-Type": "application/json"}
    cases: list[tuple[bytes, dict[str, str], int]] = [
        (b"{", json_type, 400),
        (b"\xff", json_type, 400),
        (b"", json_type, 400),
        (b"7", json_type, 422),
        (b"{}", json_type, 422),
        (b'{"event_type":"a.b","text":NaN}', json_type, 400),
        (b'{"event_type":"a.b","changes":' + b"[" * 40 + b"]" * 40 + b"}", json_type, 400),
        (b"[" * 100_000, json_type, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {**json_type, "Content-Encoding": "gzip"}, 415),
        (b'{"event_type":"a.b"}', {**json_type, "Idempotency-Key": "x" * 201}, 400),
    ]
    for body, headers, status in cases:
        said = await program.calls("POST", ACME, data=body, headers=headers)
        assert said.status == status, (body[:40], said.body)
        assert said.problem
    assert (await program.posts("/v1/customers/nobody/activity", RANG)).status == 404


async def test_no_text_breaks_the_log(program: Program) -> None:
    odd = ["\0", "=1+1", "\u202e", "👩\u200d👧", "'", '"', "<!channel>", "a" * 10_000]
    events = [{**RANG, "text": text, "changes": [{"field": text[:200] or "x", "new": text}]} for text in odd]
    assert {each["status"] for each in (await program.posts(ACME, events)).data} == {"recorded"}
    found = (await program.gets(ACME, params={"type": "rang_up", "after_seq": 120})).data
    assert [each["new_value"] for each in found] == [text.replace("\0", "\ufffd") for text in odd]
    assert not (await program.store.verify(program.workspace)).faults
