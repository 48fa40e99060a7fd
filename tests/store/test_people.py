"""People: who is seen in Slack keeps one reference, under whatever name, however many see them first."""

import asyncio
from dataclasses import replace

import pytest

from store import Store, tables
from store.actors import Person, Standing, folded, zone_named
from store.domain.activity import ActorType, Ref
from store.domain.errors import Ambiguous, NotFound
from store.domain.query import HistoryQuery
from store.engine import Database
from tests.builders import a_customer, a_line, a_person, a_reader, imported

SAM = Person(slack_user_id="U1", name="Sam Lee", zone="Europe/Berlin", standing=Standing.MEMBER, is_admin=True)


async def test_a_person_is_remembered_as_slack_last_described_them(store: Store, workspace: str) -> None:
    assert await store.person(workspace, "U1") is None
    first = await store.remember(workspace, SAM)
    assert Ref.parse(first.ref).type is ActorType.USER
    assert await store.person(workspace, "U1") == first
    changed = replace(SAM, name="Sam Low", zone=None, standing=Standing.GUEST, is_admin=False)
    again = await store.remember(workspace, changed)
    assert again.ref == first.ref
    assert again.refreshed_at >= first.refreshed_at
    assert await store.person(workspace, "U1") == again
    assert (again.name, again.zone, again.standing, again.is_admin) == ("Sam Low", None, Standing.GUEST, False)


async def test_a_person_whom_many_see_first_at_once_is_one(store: Store, elsewhere: Database, workspace: str) -> None:
    seen = [
        one.remember(workspace, replace(SAM, slack_user_id=user))
        for user in ("U1", "U2", "U3")
        for one in (store, Store(elsewhere), store, Store(elsewhere))
    ]
    known = await asyncio.gather(*seen)
    assert len({one.ref for one in known}) == len({one.slack_user_id for one in known}) == 3


async def test_a_name_means_the_one_person_who_has_it(store: Store, workspace: str) -> None:
    sam = await a_person(store, workspace, "Sam Lee")
    await a_person(store, workspace, "Dana")
    await imported(store, workspace, {"type": "customer", "ref": "a", "name": "A", "owner": "Dana"})
    for name in ("Sam Lee", " sam  LEE "):
        assert await store.who(workspace, name) == sam.ref
    with pytest.raises(NotFound, match="Sam"):
        await store.who(workspace, "Sam")
    with pytest.raises(NotFound):
        await store.who(workspace, "%")
    with pytest.raises(Ambiguous, match="2 people"):
        await store.who(workspace, "dana")


async def test_odd_names_are_kept(store: Store, workspace: str) -> None:
    for at, name in enumerate(("O'Brien", "🦄", "שלום", "a" * 400, "\ud800x\0")):
        seen = await store.remember(workspace, Person(slack_user_id=f"U{at}", name=name))
        assert seen.name == name.replace("\ud800", "\ufffd").replace("\0", "\ufffd")
        assert (await store.person(workspace, f"U{at}")) == seen
        assert await store.who(workspace, name) == seen.ref


@pytest.mark.parametrize(
    "one, other",
    [("Straße", "STRASSE"), ("e\u0301", "É"), ("  a \t b ", "A B"), ("ﬁ", "FI"), ("Ω", "ω"), ("", " ")],
)
def test_names_are_compared_without_case_composition_and_spaces(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    "name", [None, "", "Berlin", "Europe/Nowhere", "../etc/passwd", "/etc/localtime", "\0", "x" * 5000]
)
def test_a_zone_that_is_none_is_none(name: str | None) -> None:
    assert zone_named(name) is None
    assert zone_named("Europe/Berlin") is not None


IN_SLACK = "U024BE7LH"


@pytest.mark.parametrize("first", ["slack", "file", "a file without the id"])
async def test_a_person_of_a_file_who_is_called_by_their_id_in_slack_is_that_person(
    store: Store, database: Database, workspace: str, first: str
) -> None:
    line = a_line(actor={"type": "user", "id": IN_SLACK, "name": "Samuel"})
    if first == "slack":
        await store.remember(workspace, replace(SAM, slack_user_id=IN_SLACK))
    customer = await a_customer(store, workspace, ref="acme", owner=IN_SLACK)
    if first == "a file without the id":
        await database.write(
            lambda c: c.execute(tables.actor.update().values(slack_user_id=None)), workspace
        )  # as it was imported before ids of Slack's counted
    await imported(store, workspace, line)
    if first != "slack":
        assert await store.person(workspace, IN_SLACK) is None, "only Slack says what somebody is there"
    mentioned = HistoryQuery(customer, actors=(f"<@{IN_SLACK}>",))
    [entry] = (await store.history(workspace, mentioned, a_reader())).entries
    sam = await store.remember(workspace, replace(SAM, slack_user_id=IN_SLACK))
    assert str(entry.actor) == sam.ref
    page = await store.history(workspace, HistoryQuery(customer, actors=("me",)), a_reader(person=sam.ref))
    assert [each.seq for each in page.entries] == [entry.seq]
    assert page.names[sam.ref] == "Sam Lee"
    assert await store.who(workspace, "Sam Lee") == sam.ref
    await imported(store, workspace, {**line, "text": "again"})
    assert (await store.person(workspace, IN_SLACK)) == sam, "a file says nothing new of whom Slack has described"
