"""The feed: any stack of filters shows exactly the activities that it means, on pages that fit together."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from store import Store
from store.actors import KnownPerson
from store.domain.activity import HUBSPOT, PI, STRIPE, ActorType, Change, Ref, Source, printed
from store.domain.errors import Ambiguous, NotFound, UsageError
from store.domain.query import COUNTED, HistoryQuery, Page, Reader, Window
from tests.builders import NOW, a_customer, a_line, a_person, a_reader, an_activity, history, imported
from tests.store.feeds import COUNTED_UP_TO, PlainFeed, Row

KEY, OTHER_KEY = Ref(ActorType.API, "key_1"), Ref(ActorType.API, "key_2")
STRANGER = Ref(ActorType.INTEGRATION, "zendesk")
"""It has acted, and nobody ever gave it a name."""
KINDS = (
    "customer.field_changed",
    "customer.status_changed",
    "task.created",
    "task.completed",
    "pi.nudge",
    "acme.sales.call",
)
FIELDS = ("plan", "status", "Tier", "task")
ZONES = ("UTC", "Europe/Berlin", "America/Santiago", "Pacific/Kiritimati")


async def every_page(store: Store, workspace: str, query: HistoryQuery, reader: Reader, limit: int) -> list[Page]:
    """From the newest to the oldest by their buttons."""
    pages = [await store.history(workspace, query, reader, limit=limit)]
    while pages[-1].older:
        pages.append(await store.history(workspace, query.older_than(pages[-1].older), reader, limit=limit))
    return pages


def seqs(page: Page) -> list[int]:
    return [entry.seq for entry in page.entries]


async def checked(
    store: Store, workspace: str, plain: PlainFeed, query: HistoryQuery, reader: Reader, limit: int
) -> None:
    """Every page of the query, there and back again, is what plain Python says."""
    expected = plain.shown(query, reader)
    pages = await every_page(store, workspace, query, reader, limit)
    assert [seq for page in pages for seq in seqs(page)] == expected
    assert {page.total for page in pages} == {min(len(expected), COUNTED_UP_TO)}
    assert all(len(page.entries) == limit for page in pages[:-1])
    assert pages[0].newer is None
    if not expected:
        assert pages[0].last_at == max((row.occurred_at for row in plain.rows), default=None)
        assert set(pages[0].widen) == plain.widened(query, reader)
    back = pages[-1]
    for page in reversed(pages[:-1]):
        assert back.newer is not None
        back = await store.history(workspace, query.newer_than(back.newer), reader, limit=limit)
        assert (seqs(back), back.older, back.newer) == (seqs(page), page.older, page.newer)


@pytest.fixture
async def sam(store: Store, workspace: str) -> KnownPerson:
    return await a_person(store, workspace, "Sam Lee")


@pytest.fixture
async def dana(store: Store, workspace: str) -> KnownPerson:
    return await a_person(store, workspace, "Dana O'Brien")


Given = tuple[int, str, Source, timedelta, tuple[str, ...]]
"""A row to be: who (a number), what, how, how long ago, which fields."""

AGES = st.one_of(
    st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(days=7), timedelta(days=7, microseconds=1)]),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
GIVEN = st.tuples(
    st.integers(0, 7),
    st.sampled_from(KINDS),
    st.sampled_from(Source),
    AGES,
    st.lists(st.sampled_from(FIELDS), max_size=3).map(tuple),
)
DATES = st.none() | st.dates(date(2026, 11, 10), date(2026, 11, 21))
WINDOWS = st.one_of(
    st.none(),
    st.sampled_from([1, 7, 8, 3650]).map(lambda days: Window(days=days)),
    st.tuples(DATES, DATES).filter(any).map(lambda pair: Window(since=pair[0], until=pair[1])),
)


def several(*words: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | st.lists(st.sampled_from(words), max_size=3, unique=True).map(tuple)


ACTORS = several("me", "pi", "hubspot", "slack", "api", "sam lee", "dana o'brien", "<@SAM>", "user:DANA", "ZENDESK")
TYPES = several("customer", "task", "created", "customer.field_changed", "nudge", "acme.sales", "contact.added")
QUERIES = st.builds(
    HistoryQuery,
    actors=ACTORS,
    not_actors=ACTORS,
    types=TYPES,
    not_types=TYPES,
    fields=several("plan", "STATUS", "task", "tier", "owner"),
    window=WINDOWS,
)


@given(
    rows=st.lists(GIVEN, max_size=24),
    queries=st.lists(QUERIES, min_size=3, max_size=3),
    limit=st.integers(1, 6),
    zone=st.sampled_from(ZONES),
    since=st.timedeltas(timedelta(0), timedelta(days=2)),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_stack_of_filters_shows_what_it_means(
    store: Store,
    workspace: str,
    sam: KnownPerson,
    dana: KnownPerson,
    rows: list[Given],
    queries: list[HistoryQuery],
    limit: int,
    zone: str,
    since: timedelta,
) -> None:
    who = [Ref.parse(sam.ref), Ref.parse(dana.ref), PI, HUBSPOT, STRIPE, KEY, OTHER_KEY, STRANGER]
    names = {who[0]: sam.name, who[1]: dana.name, PI: "Pi", HUBSPOT: "HubSpot", STRIPE: "Stripe"}
    names |= {ref: ref.id for ref in (KEY, OTHER_KEY, STRANGER)}
    customer = await a_customer(store, workspace, f"Customer {uuid4()}")
    new = [
        an_activity(
            kind,
            actor=who[actor],
            source=source,
            occurred_at=NOW - ago,
            changes=[Change(field, None, at) for at, field in enumerate(fields)],
        )
        for actor, kind, source, ago, fields in [(7, KINDS[-1], Source.API, timedelta(days=3), ("Tier",)), *rows]
    ]
    await store.record(workspace, customer, new)
    plain = PlainFeed([Row.of(at, one) for at, one in enumerate(new, 1)], names, {sam.slack_user_id: who[0]})
    reader = a_reader(person=sam.ref, zone=zone, now=NOW + since)
    for query in queries:
        spelled = replace(
            query,
            customer=customer,
            actors=tuple(own(word, sam, dana) for word in query.actors),
            not_actors=tuple(own(word, sam, dana) for word in query.not_actors),
        )
        note(f"{spelled} for {reader}, {limit} to a page, of {plain.rows}")
        await checked(store, workspace, plain, spelled, reader, limit)


def own(word: str, sam: KnownPerson, dana: KnownPerson) -> str:
    return {"<@SAM>": f"<@{sam.slack_user_id}>", "user:DANA": dana.ref}.get(word, word)


async def test_more_combinations_than_a_compound_select_has_terms(store: Store, workspace: str) -> None:
    """30 actors times 25 types, times 3 fields."""
    random = Random(500)
    who = [Ref(ActorType.INTEGRATION, f"program{number}") for number in range(30)]
    kinds = [f"acme.verb{number}" for number in range(25)]
    fields = ["plan", "owner", "status"]
    new = [
        an_activity(
            random.choice(kinds),
            actor=random.choice(who),
            source=random.choice([*Source]),
            occurred_at=NOW - timedelta(minutes=random.randrange(500)),
            changes=[Change(field, 1, 2) for field in random.sample(fields, random.randint(0, 3))],
        )
        for _ in range(700)
    ]
    customer = await a_customer(store, workspace)
    await store.record(workspace, customer, new)
    names = {ref: ref.id for ref in who}
    plain = PlainFeed([Row.of(at, one) for at, one in enumerate(new, 1)], names, {})
    for query in (
        HistoryQuery(customer, actors=tuple(map(str, who[1:])), types=tuple(kinds[1:])),
        HistoryQuery(customer, actors=(*map(str, who[1:]), "slack"), types=tuple(kinds[1:])),
        HistoryQuery(customer, actors=tuple(map(str, who[1:])), types=tuple(kinds[1:]), fields=tuple(fields)),
        HistoryQuery(customer, not_actors=(str(who[0]),), not_types=(kinds[0],), fields=tuple(fields[1:])),
        HistoryQuery(customer, actors=("slack",), not_actors=tuple(map(str, who[:9])), not_types=tuple(kinds[:9])),
    ):
        await checked(store, workspace, plain, query, a_reader(), limit=97)


async def test_a_total_is_exact_up_to_a_thousand_and_then_says_more(store: Store, workspace: str) -> None:
    """Whatever overlaps: the same row by its actor and its source, or by two of its fields, counts once."""
    customer = await a_customer(store, workspace, ref="acme")
    line = {
        "actor": {"type": "pi", "id": "pi"},
        "source": "slack",
        "changes": [{"field": "plan", "old": 1, "new": 2}, {"field": "status", "old": 1, "new": 2}],
    }
    lines = [
        a_line(**line, event_type=kind, occurred_at=(NOW - timedelta(seconds=at)).isoformat())
        for at in range(COUNTED // 2 + 1)
        for kind in ("pi.nudge", "customer.field_changed")
    ]
    queries = [
        HistoryQuery(customer, **filters)
        for filters in (
            {},
            {"actors": ("pi",)},
            {"actors": ("pi", "slack")},
            {"not_actors": ("hubspot",)},
            {"types": ("nudge", "customer")},
            {"fields": ("plan",)},
            {"fields": ("plan", "status")},
            {"actors": ("pi", "slack"), "fields": ("plan", "status")},
            {"window": Window(days=3650)},
        )
    ]
    for added, total in ((lines[:COUNTED], COUNTED), (lines[COUNTED:-1], COUNTED + 1), (lines[-1:], COUNTED + 1)):
        await imported(store, workspace, *added)
        for query in queries:
            assert (await store.history(workspace, query, a_reader())).total == total, query
    shown = (await history(store, workspace, queries[0], a_reader())).entries
    assert len({entry.seq for entry in shown}) == len(shown) == COUNTED + 2


async def test_a_customer_to_whom_nothing_happened_yet(store: Store, workspace: str) -> None:
    customer = await a_customer(store, workspace)
    for query in (HistoryQuery(customer), HistoryQuery(customer, actors=("pi",), types=("nudge",), fields=("plan",))):
        page = await store.history(workspace, query, a_reader())
        assert (page.entries, page.total, page.older, page.newer, page.last_at, page.widen) == (
            (),
            0,
            None,
            None,
            None,
            (),
        )


async def test_every_printed_actor_is_a_word_of_the_filter(store: Store, workspace: str, sam: KnownPerson) -> None:
    """Programs without a name, contacts without one any more, people whose name is a keyword, names that two people share."""
    person = {"type": "user", "id": "a"}
    customer = await a_customer(store, workspace, ref="acme")
    await imported(
        store,
        workspace,
        {"type": "contact", "customer": "acme", "ref": "ann", "name": "Ann Lee"},
        {"type": "contact", "customer": "acme", "ref": "gone", "state": "removed"},
        a_line(actor={"type": "contact", "id": "ann"}),
        a_line(actor={"type": "contact", "id": "gone"}),
        a_line(actor={**person, "name": "Sam Lee"}),
        a_line(actor={"type": "integration", "id": "zendesk", "name": "Zendesk, Inc."}),
        a_line(actor={"type": "api", "id": "key_9", "name": "Nightly job"}),
        a_line(actor={"type": "system", "id": "clock"}),
    )
    await store.record(workspace, customer, [an_activity(actor=ref) for ref in (Ref.parse(sam.ref), PI, HUBSPOT, KEY)])
    page = await history(store, workspace, HistoryQuery(customer))
    printed_by = [(printed(entry.actor, page.names), entry.seq) for entry in page.entries]
    assert {name for name, _ in printed_by} == {
        "Ann Lee", "removed contact", "Sam Lee", "Zendesk, Inc.", "Nightly job", "clock", "Pi", "HubSpot", "key_1",
    }  # fmt: skip
    for name in {name for name, _ in printed_by}:
        for word in (name, name.upper(), f"@{name}"):
            shown = await history(store, workspace, HistoryQuery(customer, actors=(word,)))
            assert {entry.seq for entry in shown.entries} == {seq for by, seq in printed_by if by == name}
            assert all(actor.islower() or ":" in actor for actor in shown.query.actors)


@pytest.mark.parametrize(
    "filters, error, said",
    [
        ({"actors": ("Nobody",)}, NotFound, "Nobody"),
        ({"not_actors": ("Nobody",)}, NotFound, "Nobody"),
        ({"actors": ("<@U0NOBODY>",)}, NotFound, "mentioned"),
        ({"actors": ("sam",)}, Ambiguous, "Sam Lee, Sam Low"),
        ({"types": ("nugde",)}, NotFound, "nugde"),
        ({"not_types": ("nudges",)}, NotFound, "`pi.nudge`"),
        ({"fields": ("plam",)}, NotFound, "`plan`"),
        ({"actors": ("me",)}, UsageError, "--as"),
    ],
)
async def test_a_filter_that_names_nothing_says_so(
    store: Store, workspace: str, sam: KnownPerson, filters: dict[str, Any], error: type[Exception], said: str
) -> None:
    await a_person(store, workspace, "Sam Low")
    customer = await a_customer(store, workspace)
    await store.record(workspace, customer, [an_activity()])
    with pytest.raises(error, match=said):
        await store.history(workspace, HistoryQuery(customer, **filters), a_reader())


async def test_the_only_person_whose_name_begins_so_is_meant(store: Store, workspace: str, sam: KnownPerson) -> None:
    customer = await a_customer(store, workspace)
    await store.record(workspace, customer, [an_activity(), an_activity(actor=Ref.parse(sam.ref))])
    page = await store.history(workspace, HistoryQuery(customer, actors=("Sam",)), a_reader())
    assert seqs(page) == [2]
    assert page.query.actors == (sam.ref,)
    assert page.names[sam.ref] == "Sam Lee"


async def test_a_query_without_a_customer_asks_for_one(store: Store, workspace: str) -> None:
    with pytest.raises(UsageError, match="which customer"):
        await store.history(workspace, HistoryQuery(), a_reader())


async def test_choices_are_who_and_what_occurs(store: Store, workspace: str, sam: KnownPerson) -> None:
    customer = await a_customer(store, workspace)
    ways = ["Me", "Anybody, via Slack"]
    assert [choice.label for choice in await store.actor_choices(workspace, customer, "")] == ways
    assert await store.type_choices(workspace, customer, "") == []
    new = [
        an_activity("task.created", actor=Ref.parse(sam.ref)),
        an_activity("task.completed", actor=KEY),
        an_activity("pi.nudge"),
    ]
    await store.record(workspace, customer, new)
    actors = await store.actor_choices(workspace, customer, "")
    assert [choice.label for choice in actors] == [*ways, "Anything, via the API", "Pi", "key_1", "Sam Lee"]
    assert [choice.word for choice in actors] == ["me", "slack", "api", "pi", "api:key_1", sam.ref]
    types = await store.type_choices(workspace, customer, "")
    assert [choice.word for choice in types] == ["pi.nudge", "task", "task.completed", "task.created"]
    for choice in (*actors, *types):
        typed = choice.label[1:].upper()
        offered = [
            *await store.actor_choices(workspace, customer, typed),
            *await store.type_choices(workspace, customer, typed),
        ]
        assert choice in offered
    assert await store.actor_choices(workspace, customer, "%") == []
