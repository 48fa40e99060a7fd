"""Recording: every activity has its place, once, and comes back as it was said."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import Store
from store.domain.activity import EARLIEST, HUBSPOT, PI, ActorType, Change, NewActivity, Ref, Source, Value
from store.domain.errors import NotFound
from store.domain.query import HistoryQuery
from store.engine import Database
from tests.builders import a_customer, an_activity, another_workspace, history

SAM = Ref(ActorType.USER, "usr_sam")


async def recorded(store: Store, workspace: str, *new: NewActivity) -> list[NewActivity]:
    """What the history has of these, oldest first, as a writer would state it."""
    customer = await a_customer(store, workspace, f"Customer {uuid4()}")
    await store.record(workspace, customer, new)
    assert (await store.verify(workspace, customer)).faults == ()
    page = await history(store, workspace, HistoryQuery(customer))
    return [
        NewActivity(
            kind=found.kind,
            actor=found.actor,
            source=found.source,
            changes=found.changes,
            text=found.text,
            subject=found.subject,
            onboarding_id=found.onboarding_id,
            edit_id=found.edit_id,
            refs=found.refs,
        )
        for found in sorted(page.entries, key=lambda entry: entry.seq)
    ]


@pytest.mark.promise(id="R6")
async def test_writers_at_once_leave_no_gap_and_lose_nothing(
    store: Store, elsewhere: Database, workspace: str, full: bool
) -> None:
    stores = [store, Store(elsewhere)]
    customers = [await a_customer(stores[0], workspace, name) for name in ("Acme", "Globex")]

    async def writes(writer: int) -> list[tuple[str, int | None]]:
        given = []
        for turn in range(200 if full else 15):
            customer = customers[(writer + turn) % 2 if turn % 3 else 0]
            new = [an_activity(text=f"{writer} {turn} {part}") for part in range(1 + turn % 2)]
            given += [(customer, seq) for seq in await stores[writer % 2].record(workspace, customer, new)]
        return given

    given = list(chain.from_iterable(await asyncio.gather(*map(writes, range(10)))))
    for customer in customers:
        seqs = sorted(seq for one, seq in given if one == customer and seq is not None)
        assert seqs == list(range(1, len(seqs) + 1))
        page = await history(stores[0], workspace, HistoryQuery(customer))
        assert sorted(entry.seq for entry in page.entries) == seqs
        assert len({entry.text for entry in page.entries}) == len(seqs)
    checked = await stores[1].verify(workspace)
    assert checked.activities == len(given)
    assert checked.faults == ()


@pytest.mark.promise(id="R6")
async def test_a_key_counts_once_however_many_bring_it_at_once(
    store: Store, elsewhere: Database, workspace: str, full: bool
) -> None:
    stores = [store, Store(elsewhere)]
    customer = await a_customer(store, workspace)
    keys = [f"event {number}" for number in range(100 if full else 12)]

    async def brings(key: str, copy: int) -> tuple[str, int | None]:
        new = [an_activity(text=f"{key} {copy}", dedupe_key=key)]
        if copy % 3 == 2:
            new.append(an_activity(text="alongside", dedupe_key=f"{key} alongside"))
        return key, (await stores[copy % 2].record(workspace, customer, new))[0]

    answers: list[tuple[str, int | None]] = []
    for start in range(0, len(keys), 3):  # three keys of six copies each, all in flight together
        some = keys[start : start + 3]
        answers += await asyncio.gather(*(brings(key, copy) for copy in range(6) for key in some))
    assert Counter(key for key, seq in answers if seq is not None) == dict.fromkeys(keys, 1)
    texts = [entry.text for entry in (await history(store, workspace, HistoryQuery(customer))).entries]
    assert len(texts) == 2 * len(keys)
    assert (await store.verify(workspace)).faults == ()


async def test_a_key_counts_once_per_source_and_workspace(store: Store, database: Database, workspace: str) -> None:
    theirs = await another_workspace(database)
    acme, globex = await a_customer(store, workspace, "Acme"), await a_customer(store, workspace, "Globex")
    initech = await a_customer(store, theirs, "Initech")
    one = an_activity(dedupe_key="evt_1", source=Source.STRIPE)
    other = an_activity(dedupe_key="evt_1", source=Source.HUBSPOT)
    assert await store.record(workspace, acme, [one]) == [1]
    assert await store.record(workspace, acme, [one]) == [None]
    assert await store.record(workspace, globex, [one]) == [None]
    assert await store.record(workspace, globex, [other, other, an_activity()]) == [1, None, 2]
    assert await store.record(theirs, initech, [one]) == [1]


async def test_nothing_is_recorded_for_a_customer_who_is_not_there(
    store: Store, database: Database, workspace: str
) -> None:
    """And its key stays free for the right one."""
    theirs = await another_workspace(database)
    acme = await a_customer(store, workspace)
    for new in (an_activity(), an_activity(dedupe_key="evt_1")):
        for missing in ("cus_nobody", await a_customer(store, theirs, "Initech")):
            with pytest.raises(NotFound):
                await store.record(workspace, missing, [new])
            with pytest.raises(NotFound):
                await store.record(workspace, missing, [new, new])
    assert await store.record(workspace, acme, [an_activity(dedupe_key="evt_1")]) == [1]


async def test_several_activities_are_recorded_together_or_not_at_all(store: Store, workspace: str) -> None:
    customer = await a_customer(store, workspace)
    impossible = an_activity(changes=[Change("health_score", 1, float("nan"))])
    with pytest.raises(ValueError, match="JSON"):
        await store.record(workspace, customer, [an_activity(dedupe_key="evt_1"), impossible])
    assert (await history(store, workspace, HistoryQuery(customer))).entries == ()
    assert await store.record(workspace, customer, [an_activity(dedupe_key="evt_1")]) == [1]


async def test_the_source_says_when_it_happened_but_not_that_it_will(store: Store, workspace: str) -> None:
    customer = await a_customer(store, workspace)
    berlin = timezone(timedelta(hours=2))
    times = [
        None,
        EARLIEST,
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=berlin),
        datetime.now(UTC) + timedelta(hours=1),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
    started = datetime.now(UTC)
    await store.record(workspace, customer, [an_activity(occurred_at=time) for time in times])
    ended = datetime.now(UTC)
    page = await history(store, workspace, HistoryQuery(customer))
    entries = {entry.seq: entry for entry in page.entries}
    for seq, asked in enumerate(times, 1):
        entry = entries[seq]
        assert started - timedelta(milliseconds=1) <= entry.recorded_at <= ended + timedelta(milliseconds=1)
        assert entry.occurred_at == (asked if asked is not None and asked < started else entry.recorded_at)
        assert entry.occurred_at.tzinfo is UTC or entry.occurred_at.utcoffset() == timedelta(0)


ODD_TEXTS = (
    "O'Brien & Sons <script>",
    "100 %",
    "_under_",
    "back\\slash",
    '"quoted"',
    "tab\tand\nnew line\r\n",
    " outer spaces ",
    "zwj family 👩‍👩‍👧‍👦 and flag 🇩🇪",
    "שלום עולם",
    "\u202eright to left\u202c",
    "e\u0301 is not \u00e9",
    "ﷺ",
    "\ufeff\u200b",
    "\U0010fffd last private",
    "\x01\x1f\x7f\x85\u2028\u2029",
    "null",
    "{}",
    '{"ref": "user:usr_sam"}',
    "x" * 4000,
    "🦄" * 4000,
)


async def test_odd_text_comes_back_to_the_letter(store: Store, workspace: str) -> None:
    new = [
        an_activity(
            changes=[Change(text[:60].strip() or "field", text, f"{text}!"), Change("tags", (text, "a"), ())],
            text=text,
            subject=text,
            onboarding_id=text,
            edit_id=text,
            refs={"of": [text], "n": 1},
            actor=SAM,
        )
        for text in ODD_TEXTS
    ]
    assert await recorded(store, workspace, *new) == new


async def test_numbers_lists_references_and_nothing_keep_their_kind(store: Store, workspace: str) -> None:
    values: list[Value] = [
        None, True, False, 0, 1, -1, 10**30, 1.0, 0.1, -0.0, 1e-300, 1e300, 2**53 + 1, "", "1", "true", "None",
        (), ("b", "a"), ("",), SAM, Ref(ActorType.CONTACT, "con_1"), Ref(ActorType.API, "key:with:colons"),
    ]  # fmt: skip
    new = [
        an_activity("customer.field_changed", changes=[Change("f", one, values[-1 - at])])
        for at, one in enumerate(values)
    ]
    found = await recorded(store, workspace, *new)
    assert found == new
    assert [repr(one.changes) for one in found] == [repr(one.changes) for one in new]  # 1 == 1.0 == True


@pytest.mark.parametrize("bad", ["\0", "\ud800", "a\0b\udc00"])
async def test_what_no_database_keeps_reads_as_a_replacement(store: Store, workspace: str, bad: str) -> None:
    said = an_activity(
        changes=[Change(bad, bad, (bad, "a"))], text=bad, subject=bad, onboarding_id=bad, edit_id=bad, dedupe_key=bad
    )
    kept = "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in bad)
    (found,) = await recorded(store, workspace, said)
    assert found == an_activity(
        changes=[Change(kept, kept, (kept, "a"))], text=kept, subject=kept, onboarding_id=kept, edit_id=kept
    )


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9), max_size=4).map(
        tuple
    ),
    st.sampled_from([SAM, HUBSPOT, PI]),
)


@given(sides=st.lists(st.tuples(VALUES, VALUES), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_value_comes_back(store: Store, workspace: str, sides: list[tuple[Value, Value]]) -> None:
    new = an_activity(changes=[Change(f"field {at}", old, to) for at, (old, to) in enumerate(sides)])
    (found,) = await recorded(store, workspace, new)
    assert repr(found.changes) == repr(new.changes)
