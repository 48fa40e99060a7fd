"""Tenants: what belongs to one workspace does not exist for another, whatever is asked and however it is named."""

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from store import Store, tables
from store.actors import Person
from store.domain.activity import PI, ActorType, Ref, Source
from store.domain.customer import Assignment
from store.domain.errors import BadLine, NotFound
from store.domain.query import HistoryQuery
from store.domain.record import By
from store.engine import Database
from store.records import Records
from tests.builders import a_customer, a_line, a_reader, an_activity, another_workspace, imported

pytestmark = pytest.mark.promise(id="S6")

SECRET = "zyxsecret"
"""Stands in everything of the other workspace."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the other workspace has, by its ids, which somebody here has got hold of."""

    workspace: str
    customer: str
    person: str
    slack_user: str
    contact: str
    onboarding: str
    task: str
    comment: str


@pytest.fixture
async def theirs(store: Store, database: Database, workspace: str) -> Theirs:
    other = await another_workspace(database, "T0THEIRS")
    person = await store.remember(other, Person(slack_user_id="U0THEIRS", name=f"{SECRET} Sam"))
    customer = await a_customer(
        store, other, f"{SECRET} Corp", ref=SECRET, domain=f"{SECRET}.com", tags=[SECRET], fields={SECRET: SECRET}
    )
    await imported(
        store,
        other,
        {"type": "contact", "customer": SECRET, "ref": "ann", "name": f"{SECRET} Ann", "email": f"a@{SECRET}.com"},
        {"type": "onboarding", "customer": SECRET, "ref": "case", "name": f"{SECRET} case", "phase": "Kick-off"},
        {"type": "task", "customer": SECRET, "onboarding": "case", "ref": "t", "title": f"{SECRET} task"},
        a_line(customer=SECRET, text=SECRET, actor={"type": "contact", "id": "ann"}, event_type=f"{SECRET}.happened"),
    )
    await store.record(other, customer, [an_activity(text=SECRET, actor=Ref.parse(person.ref), dedupe_key="evt_1")])
    await store.keep_queries(other, {"hash": f"{SECRET} --actor pi"})
    await store.enqueue(other, key="nudge", kind="nudge", channel="C0THEIRS", body={"of": SECRET})
    by = By(actor=Ref.parse(person.ref), source=Source.SLACK)
    await store.records.link(other, "C0THEIRS", customer, by)
    await store.records.add_comment(other, customer, SECRET, by)
    card = await store.records.card(other, customer)
    return Theirs(
        workspace=other,
        customer=customer,
        person=person.ref,
        slack_user="U0THEIRS",
        contact=card.contacts[0].id,
        onboarding=card.onboardings[0].id,
        task=card.open_tasks[0].id,
        comment=card.comments[0].id,
    )


@pytest.fixture
async def ours(store: Store, workspace: str, theirs: Theirs) -> str:
    """A customer of the workspace that asks, of another name, with one activity."""
    customer = await a_customer(store, workspace, "Acme", ref="acme")
    await store.record(workspace, customer, [an_activity()])
    return customer


def said(answer: Any) -> str:
    """Everything in an answer, as text."""
    if is_dataclass(answer) and not isinstance(answer, type):
        return " ".join(said(getattr(answer, field.name)) for field in fields(answer))
    if isinstance(answer, dict):
        return " ".join(f"{said(key)} {said(value)}" for key, value in answer.items())
    if isinstance(answer, Sequence) and not isinstance(answer, str | bytes):
        return " ".join(map(said, answer))
    return str(answer)


async def everything_of(database: Database, workspace: str) -> dict[str, list[Any]]:
    def work(connection: sa.Connection) -> dict[str, list[Any]]:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table).where(table.c.workspace_id == workspace))))
            for table in tables.metadata.tables.values()
            if "workspace_id" in table.c
        }

    return await database.read(work)


Ask = Callable[[Store, str, Theirs], Awaitable[Any]]


def by_each_name(ask: Callable[[Store, str, str], Awaitable[Any]]) -> dict[str, Ask]:
    """Their customer by its id, ref, slug, domain, name, and the beginning of its name."""

    def of(name: str | None) -> Ask:
        return lambda store, workspace, theirs: ask(store, workspace, name or theirs.customer)

    return {
        f"by {name or 'id'}": of(name)
        for name in (None, SECRET, f"{SECRET}-corp", f"{SECRET}.com", f"{SECRET} Corp", SECRET[:4])
    }


REFUSED: dict[str, Ask] = {
    **{f"find {way}": ask for way, ask in by_each_name(lambda s, w, name: s.find_customer(w, name)).items()},
    **{f"write {way}": ask for way, ask in by_each_name(lambda s, w, name: s.find_customer(w, name, writing=True)).items()},
    **{f"history {way}": ask for way, ask in by_each_name(lambda s, w, name: s.history(w, HistoryQuery(name), a_reader())).items()},
    **{f"verify {way}": ask for way, ask in by_each_name(lambda s, w, name: s.verify(w, name)).items()},
    "record": lambda s, w, t: s.record(w, t.customer, [an_activity()]),
    "record two": lambda s, w, t: s.record(w, t.customer, [an_activity(), an_activity()]),
    "record with a key": lambda s, w, t: s.record(w, t.customer, [an_activity(dedupe_key="evt_2")]),
    "who": lambda s, w, _: s.who(w, f"{SECRET} Sam"),
    "history by their person's name": lambda s, w, _: s.history(w, HistoryQuery("acme", actors=(f"{SECRET} Sam",)), a_reader()),
    "history by their mention": lambda s, w, t: s.history(w, HistoryQuery("acme", actors=(f"<@{t.slack_user}>",)), a_reader()),
    "history of their type": lambda s, w, _: s.history(w, HistoryQuery("acme", types=(f"{SECRET}.happened",)), a_reader()),
    "history of their field": lambda s, w, _: s.history(w, HistoryQuery("acme", fields=(SECRET,)), a_reader()),
    "import into it": lambda s, w, _: imported(s, w, a_line(customer=SECRET)),
}  # fmt: skip
NOTHING: dict[str, Ask] = {
    "customer_choices": lambda s, w, _: s.customer_choices(w, SECRET),
    "linked_customer": lambda s, w, _: s.linked_customer(w, "C0THEIRS"),
    "person": lambda s, w, t: s.person(w, t.slack_user),
    "people": lambda s, w, _: s.people(w, SECRET),
    "names": lambda s, w, t: s.names(w, [t.person, f"contact:{t.contact}"]),
    "kept_query": lambda s, w, _: s.kept_query(w, "hash"),
    "type_choices": lambda s, w, t: s.type_choices(w, t.customer, ""),
    "workspace_of": lambda s, _, __: s.workspace_of("T0UNKNOWN"),
}
SILENT: dict[str, Ask] = {
    "actor_choices": lambda s, w, t: s.actor_choices(w, t.customer, ""),
    "history": lambda s, w, t: s.history(w, HistoryQuery("acme", actors=(t.person, f"contact:{t.contact}")), a_reader(person=t.person)),
    "verify": lambda s, w, _: s.verify(w),
    "heads": lambda s, w, _: s.heads(w),
    "settings": lambda s, w, _: s.settings(w),
    "set_settings": lambda s, w, _: s.set_settings(w, {}),
    "remember": lambda s, w, t: s.remember(w, Person(slack_user_id=t.slack_user, name="Somebody else")),
    "keep_queries": lambda s, w, _: s.keep_queries(w, {"hash": "acme"}),
    "enqueue": lambda s, w, _: s.enqueue(w, key="nudge", kind="nudge", channel="C0OURS", body={}),
    "import_lines": lambda s, w, _: imported(s, w, {"type": "customer", "ref": SECRET, "name": "Ours"}),
    "records.owned": lambda s, w, t: s.records.owned(w, t.person, 10),
    "records.lately_changed": lambda s, w, _: s.records.lately_changed(w, 10),
    "records.fields": lambda s, w, _: s.records.fields(w),
}  # fmt: skip
OF_NO_ONE_WORKSPACE = {
    *("close", "default_workspace", "bind_workspace", "claim", "doubtful", "attempting", "settle"),
    "figures",
}
"""Start-up, a worker that sends for all, whose deliveries carry their workspace, and counts for whoever runs Pivotal."""


async def test_another_workspaces_customer_is_as_unknown_as_none(
    store: Store, elsewhere: Database, workspace: str, theirs: Theirs, ours: str
) -> None:
    before = await everything_of(elsewhere, theirs.workspace)
    for what, ask in REFUSED.items():
        with pytest.raises((NotFound, BadLine)) as raised:
            await ask(store, workspace, theirs)
        assert SECRET not in beside_what_was_typed(str(raised.value)), what
    for what, ask in NOTHING.items():
        assert not await ask(store, workspace, theirs), what
    for what, ask in SILENT.items():
        answer = said(await ask(store, workspace, theirs))
        for word in (SECRET, theirs.customer, theirs.workspace):
            assert word not in answer, what
    assert await everything_of(elsewhere, theirs.workspace) == before
    assert (await store.verify(workspace)).faults == ()


def test_every_method_is_asked_from_the_wrong_workspace() -> None:
    asked = {name.partition(" ")[0] for name in (*REFUSED, *NOTHING, *SILENT)} | {"find_customer"}
    methods = {
        name for name, method in vars(Store).items() if not name.startswith("_") and inspect.iscoroutinefunction(method)
    }
    assert methods - asked == OF_NO_ONE_WORKSPACE


async def test_records_of_another_workspace_are_neither_read_nor_written(
    store: Store, elsewhere: Database, workspace: str, theirs: Theirs, ours: str
) -> None:
    """Every method of the record, with their customer under our workspace; and with our customer and their contact, task, comment."""
    await imported(
        store, workspace, {"type": "onboarding", "customer": "acme", "ref": "case", "name": "ours", "phase": "Kick-off"}
    )
    before = await everything_of(elsewhere, theirs.workspace)
    given: dict[str, Any] = {
        "by": By(actor=PI, source=Source.SLACK),
        "asked": [Assignment("plan", "Growth")],
        "at": datetime.now(UTC) + timedelta(days=1),
        "channel": "C0OURS",
        "due": date(2026, 12, 1),
        "email": None,
        "name": "Ours",
        "phase": "Live",
        "primary": False,
        "seqs": [1],
        "text": "ours",
        "title": "ours",
        "assignee": None,
    }
    tried = 0
    for name, method in vars(Records).items():
        wanted = inspect.signature(method).parameters if inspect.iscoroutinefunction(method) else {}
        if "customer_id" not in wanted:
            continue
        for customer, which in (
            (theirs.customer, SECRET),
            (theirs.customer, "1"),
            *((ours, i) for i in ids_of(theirs)),
        ):
            if customer == ours and not wanted.keys() & {"which", "task_id", "contact_id", "comment_id"}:
                continue
            ids = dict.fromkeys(("which", "task_id", "contact_id", "comment_id"), which)
            arguments = {"workspace": workspace, "customer_id": customer, **ids, **given}
            missing = {key for key, each in wanted.items() if each.default is each.empty} - arguments.keys() - {"self"}
            assert not missing, f"{name} wants {missing}: give it something here"
            call = {key: value for key, value in arguments.items() if key in wanted}
            answer = await answered(getattr(store.records, name)(**call))
            assert theirs.customer not in answer
            assert SECRET not in beside_what_was_typed(answer), name
            tried += 1
    assert tried > 60
    assert await everything_of(elsewhere, theirs.workspace) == before


def beside_what_was_typed(sentence: str) -> str:
    return re.sub("`[^`]*`", "", sentence)


async def answered(asked: Awaitable[Any]) -> str:
    """What comes back, or the sentence that nothing of that name is known. Any other error is one."""
    try:
        return said(await asked)
    except NotFound as unknown:
        return str(unknown)


def ids_of(theirs: Theirs) -> tuple[str, ...]:
    return theirs.contact, theirs.task, theirs.comment, theirs.onboarding


async def test_the_same_key_counts_once_in_each_workspace(
    store: Store, workspace: str, theirs: Theirs, ours: str
) -> None:
    """Also what goes out, what is kept, and people whom Slack calls the same."""
    assert await store.record(workspace, ours, [an_activity(dedupe_key="evt_1")]) == [2]
    assert await store.enqueue(workspace, key="nudge", kind="nudge", channel="C0OURS", body={}) is not None
    await store.keep_queries(workspace, {"hash": "ours"})
    assert await store.kept_query(workspace, "hash") == "ours"
    assert await store.kept_query(theirs.workspace, "hash") == f"{SECRET} --actor pi"
    person = await store.remember(workspace, Person(slack_user_id=theirs.slack_user, name="Ours"))
    assert person.ref != theirs.person
    assert Ref.parse(person.ref).type is ActorType.USER
    known = await store.person(theirs.workspace, theirs.slack_user)
    assert known is not None
    assert known.name == f"{SECRET} Sam"
    assert await store.workspace_of("T0THEIRS") == theirs.workspace
