"""Workspaces: one to begin with, bound to its Slack team once; the channels linked in it, and the long queries it keeps."""

import asyncio

import pytest
import sqlalchemy as sa

from store import Store, tables, workspaces
from store.domain.errors import NotFound, Refused
from store.engine import Database
from tests.builders import a_customer, another_workspace


async def test_there_is_one_workspace_from_the_first_migration_on(store: Store, elsewhere: Database) -> None:
    first = await store.default_workspace()
    assert (first.name, first.slack_team_id) == ("default", None)
    assert await Store(elsewhere).default_workspace() == first


async def test_of_several_none_is_the_default(store: Store, database: Database, workspace: str) -> None:
    await another_workspace(database)
    with pytest.raises(Refused, match="--workspace"):
        await store.default_workspace()
    with pytest.raises(Refused, match="none is of Slack team T1"):
        await store.bind_workspace("T1", None)


async def test_a_database_without_a_workspace_names_the_command(store: Store, database: Database) -> None:
    def deleted(connection: sa.Connection) -> None:
        connection.execute(tables.workspace.delete())

    await database.write(deleted)
    with pytest.raises(NotFound, match="pivotal migrate"):
        await store.default_workspace()


async def test_a_workspace_is_bound_to_its_team_once(store: Store, workspace: str) -> None:
    assert await store.workspace_of("T1") is None
    bound = await store.bind_workspace("T1", "E1")
    assert (bound.id, bound.slack_team_id) == (workspace, "T1")
    assert await store.bind_workspace("T1", None) == bound
    with pytest.raises(Refused, match="T1, and SLACK_BOT_TOKEN is of team T2"):
        await store.bind_workspace("T2", None)
    assert await store.workspace_of("T1") == workspace
    assert await store.workspace_of("T2") is None


async def test_two_processes_that_bind_at_once_agree(store: Store, elsewhere: Database, workspace: str) -> None:
    asked = [(one, team) for one in (store, Store(elsewhere)) for team in ("T1", "T2", "T1", "T2")]
    outcomes = await asyncio.gather(*(one.bind_workspace(team, None) for one, team in asked), return_exceptions=True)
    bound = await store.default_workspace()
    for (_, team), outcome in zip(asked, outcomes, strict=True):
        if team == bound.slack_team_id:
            assert outcome == bound
        else:
            assert isinstance(outcome, Refused)


async def test_a_channel_is_linked_to_one_customer_at_a_time(store: Store, database: Database, workspace: str) -> None:
    acme, globex = await a_customer(store, workspace, "Acme"), await a_customer(store, workspace, "Globex")

    async def link(channel: str, customer: str | None) -> bool:
        return await database.write(lambda connection: workspaces.link(connection, workspace, channel, customer))

    assert await store.linked_customer(workspace, "C1") is None
    assert not await link("C1", None)
    assert await link("C1", acme)
    assert not await link("C1", acme)
    assert await link("C2", acme)
    linked = await store.linked_customer(workspace, "C1")
    assert linked is not None
    assert (linked.id, linked.name) == (acme, "Acme")
    assert await link("C1", globex)
    linked = await store.linked_customer(workspace, "C1")
    assert linked is not None
    assert linked.id == globex
    assert await link("C1", None)
    assert await store.linked_customer(workspace, "C1") is None
    assert await store.linked_customer(workspace, "C2") is not None


async def test_a_channel_linked_by_two_at_once_is_linked(
    store: Store, database: Database, elsewhere: Database, workspace: str
) -> None:
    customers = [await a_customer(store, workspace, name) for name in ("Acme", "Globex")]

    async def link(one: Database, channel: str, customer: str) -> bool:
        return await one.write(lambda connection: workspaces.link(connection, workspace, channel, customer))

    both = list(zip((database, elsewhere), customers, strict=True))
    outcomes = await asyncio.gather(*(link(one, channel, who) for channel in ("C1", "C2", "C3") for one, who in both))
    assert outcomes == [True] * 6
    assert await store.linked_customer(workspace, "C3") is not None


async def test_a_channel_is_not_linked_to_nobody(database: Database, workspace: str) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await database.write(lambda connection: workspaces.link(connection, workspace, "C1", "cus_nobody"))


async def test_long_queries_are_kept_by_their_hash(store: Store, elsewhere: Database, workspace: str) -> None:
    await store.keep_queries(workspace, {})
    await store.keep_queries(workspace, {"a": "acme --actor pi", "b": "acme 🦄"})
    await store.keep_queries(workspace, {"a": "acme --actor pi", "c": "globex"})
    assert [await store.kept_query(workspace, name) for name in "abcd"] == [
        "acme --actor pi",
        "acme 🦄",
        "globex",
        None,
    ]
    many = {f"{number}": f"acme --open {number}" for number in range(50)}
    backwards = dict(reversed(many.items()))
    await asyncio.gather(
        *(one.keep_queries(workspace, kept) for kept in (many, backwards) for one in (store, Store(elsewhere)))
    )
    assert await store.kept_query(workspace, "49") == "acme --open 49"
