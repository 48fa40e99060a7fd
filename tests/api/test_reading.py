"""Rows over HTTP: the same as in the feed and the export, by pages, as CSV, and for followers that must miss nothing."""

import hashlib
from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from store.domain.query import HistoryQuery
from store.domain.rows import COLUMNS, Row
from tests.api.conftest import NOW, Program
from tests.builders import a_customer, a_reader, an_activity
from tests.export.slices import filters
from tests.export.test_slices import Bytes, exported

ACME = "/v1/customers/acme/activity"
CSV = {"Accept": "text/csv"}


def parameters(query: HistoryQuery) -> dict[str, str]:
    """The same filter in an address. A window becomes the instants it begins and ends with."""
    listed = {
        "actor": query.actors,
        "not_actor": query.not_actors,
        "type": query.types,
        "not_type": query.not_types,
        "field": query.fields,
    }
    found = {name: ",".join(f'"{each}"' for each in values) for name, values in listed.items() if values}
    since, until = query.window.resolve(NOW, a_reader().zone) if query.window else (None, None)
    if since is not None:
        found["from"] = since.isoformat()
    if until is not None:
        found["to"] = (until - timedelta(microseconds=1)).isoformat()
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(query=filters)
async def test_pages_and_csv_are_the_rows_of_the_export(program: Program, query: HistoryQuery) -> None:
    expected = await exported(program.store, program.workspace, query, a_reader(now=NOW))
    found = await program.follows(ACME, limit=7, **parameters(query))
    assert [Row(*(each[name] for name in COLUMNS)) for each in found] == expected
    file = await program.gets(ACME, headers=CSV, params=parameters(query))
    taken = Bytes()
    taken(file.body, 0)
    assert taken.read == expected


async def test_a_page_never_splits_an_activity(program: Program) -> None:
    said = await program.gets(ACME, params={"limit": 3})
    following = await program.gets(ACME, params={"limit": 3, "cursor": said.json["next_cursor"]})
    assert {each["seq"] for each in said.data}.isdisjoint(each["seq"] for each in following.data)
    assert len(said.data) <= 3 or len({each["seq"] for each in said.data}) == 1


async def test_a_row_has_the_columns_of_the_csv_and_says_where_it_stands(program: Program) -> None:
    row = (await program.gets(ACME, params={"limit": 1})).data[0]
    assert list(row) == [*COLUMNS, "actor_id", "source", "seq"]
    assert row["timestamp"].endswith("Z")


async def test_csv_comes_with_its_length_its_name_and_its_digest(program: Program) -> None:
    said = await program.gets(ACME, headers=CSV)
    assert said.headers["Content-Type"].startswith("text/csv")
    assert said.headers["Content-Length"] == str(len(said.body))
    assert said.headers["ETag"] == f'"{hashlib.sha256(said.body).hexdigest()}"'
    assert "pivotal-history-cus_" in said.headers["Content-Disposition"]
    again = await program.gets(ACME, headers={**CSV, "If-None-Match": said.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_csv_has_no_pages(program: Program) -> None:
    said = await program.gets(ACME, headers=CSV, params={"limit": 5})
    assert said.status == 400
    assert "CSV has no pages" in said.problem


async def test_more_than_a_file_may_have_is_refused_in_words(program: Program) -> None:
    await program.store.set_settings(program.workspace, {"caps.rows": 10})
    said = await program.gets(ACME, headers=CSV)
    assert said.status == 422
    assert "10 rows" in said.problem


async def test_a_follower_misses_nothing_however_late_it_happened(program: Program) -> None:
    customer = await program.store.find_customer(program.workspace, "acme")
    seen = await program.follows(ACME, after_seq=0, limit=50)
    assert [each["seq"] for each in seen] == sorted(each["seq"] for each in seen)
    assert {each["seq"] for each in seen} == set(range(1, 121))
    late = an_activity("acme.rang_up", occurred_at=NOW - timedelta(days=300))
    await program.store.record(program.workspace, customer.id, [late])
    said = await program.gets(ACME, params={"after_seq": 120})
    assert [each["event_type"] for each in said.data] == ["acme.rang_up"]
    assert said.json["next_cursor"] is None
    assert (await program.gets(ACME, params={"after_seq": 121})).data == []


async def test_a_follower_may_filter(program: Program) -> None:
    seen = await program.follows(ACME, after_seq=0, type="nudge", limit=5)
    expected = await exported(program.store, program.workspace, HistoryQuery("acme", types=("nudge",)), a_reader())
    assert len(seen) == len(expected) > 0
    assert {each["event_type"] for each in seen} == {"pi.nudge"}


async def test_what_a_caller_has_already_is_not_sent_again(program: Program) -> None:
    first = await program.gets(ACME)
    again = await program.gets(ACME, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_a_long_answer_is_compressed_for_whoever_takes_it(program: Program) -> None:
    plain = await program.gets(ACME, headers={"Accept-Encoding": "identity"})
    small = await program.gets(ACME, headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.body == plain.body


async def test_customers_are_found_by_what_their_names_begin_with(program: Program) -> None:
    await a_customer(program.store, program.workspace, "Umbrella", ref="u", domain="umbrella.example")
    found = (await program.gets("/v1/customers", params={"q": "umb"})).data
    assert [(each["slug"], each["name"], each["domain"]) for each in found] == [
        ("umbrella", "Umbrella", "umbrella.example")
    ]
    every = await program.follows("/v1/customers", limit=1)
    assert {each["name"] for each in every} == {"Acme Corp", "Umbrella"}


async def test_a_customer_has_several_addresses(program: Program) -> None:
    customer = await program.store.find_customer(program.workspace, "acme")
    for address in (customer.id, "acme-corp", "acme.com", "Acme%20Corp"):
        assert (await program.gets(f"/v1/customers/{address}/activity", params={"limit": 1})).data


async def test_what_is_not_understood_is_said_in_one_shape(program: Program) -> None:
    cases = {
        "/v1/customers/nobody/activity": (404, "nobody"),
        f"{ACME}?color=red": (400, "`color`"),
        f"{ACME}?limit=0": (400, "`limit`"),
        f"{ACME}?limit=1001": (400, "`limit`"),
        f"{ACME}?cursor=x": (400, "next_cursor"),
        f"{ACME}?from=01/02/2026": (400, "`from`"),
        f"{ACME}?from=2026-02-01&to=2026-01-01": (400, "`from` is after `to`"),
        f"{ACME}?actor=zebra": (400, "zebra"),
        f"{ACME}?actor=me": (400, "`me`"),
        f"{ACME}?type=": (400, "`type`"),
        f"{ACME}?limit=1&limit=2": (400, "more than once"),
        f"{ACME}?actor=%00": (400, "no text"),
        "/v1/customers/%00/activity": (404, "customer"),
        "/v1/nothing": (404, "openapi.json"),
    }
    for address, (status, words) in cases.items():
        said = await program.gets(address)
        assert said.status == status, address
        assert words in said.problem, address


async def test_other_methods_are_named_as_such(program: Program) -> None:
    said = await program.calls("DELETE", ACME)
    assert said.status == 405
    assert said.headers["Allow"] == "GET, HEAD, POST"
