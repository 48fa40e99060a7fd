"""Keys (S16): what lets a program in, how far, and how often."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from store import Store, tables
from store.access import KEY, Scope
from store.domain.errors import NotFound
from store.engine import Database
from tests.api.conftest import Program, Serve
from tests.api.test_reading import ACME
from tests.builders import a_customer, another_workspace

pytestmark = pytest.mark.promise(id="S16")


async def test_without_a_valid_key_nobody_gets_in(program: Program) -> None:
    _, ident, secret = program.key.split("_", 2)
    for header in (
        None,
        "",
        "Bearer",
        f"Basic {program.key}",
        "Bearer nonsense",
        f"Bearer pvk_{ident}_{secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}",
        f"Bearer pvk_{'a' * 12}_{secret}",
        f"Bearer {program.key}x",
    ):
        said = await program.gets(ACME, headers={"Authorization": header})
        assert said.status == 401, header
        assert said.headers["WWW-Authenticate"] == "Bearer"
        assert "API key" in said.problem


async def test_a_key_in_the_address_is_no_key(program: Program) -> None:
    said = await program.gets(f"{ACME}?key={program.key}", headers={"Authorization": None})
    assert said.status == 401


async def test_a_scope_that_is_missing_is_named(program: Program) -> None:
    reading, writing = await program.key_with(Scope.READ), await program.key_with(Scope.WRITE)
    refused = await program.posts(ACME, {"event_type": "acme.rang_up"}, key=reading)
    assert refused.status == 403
    assert "`write`" in refused.problem
    assert (await program.gets(ACME, key=writing)).status == 403
    assert (await program.gets(ACME, key=reading)).status == 200


async def test_a_key_of_one_customer_knows_no_other(program: Program) -> None:
    await a_customer(program.store, program.workspace, "Umbrella")
    key = await program.key_with(Scope.READ, Scope.WRITE, customer="Umbrella")
    other = await program.gets(ACME, key=key)
    nobody = await program.gets("/v1/customers/nobody/activity", key=key)
    assert (other.status, nobody.status) == (404, 404)
    assert (await program.posts(ACME, {"event_type": "acme.rang_up"}, key=key)).status == 404
    assert [each["name"] for each in (await program.gets("/v1/customers", key=key)).data] == ["Umbrella"]


async def test_a_key_of_another_workspace_sees_nothing_here(program: Program, database: Database, store: Store) -> None:
    other = await another_workspace(database)
    _, key = await store.access.create(other, "Theirs", [Scope.READ, Scope.WRITE])
    customer = await store.find_customer(program.workspace, "acme")
    for address in ("acme", customer.id, "acme.com"):
        assert (await program.gets(f"/v1/customers/{address}/activity", key=key)).status == 404
    assert (await program.gets("/v1/customers", key=key)).data == []


async def test_a_key_ends_when_it_expires_and_when_it_is_revoked(program: Program, store: Store) -> None:
    expired = await program.key_with(Scope.READ, lifetime=timedelta(0))
    assert (await program.gets(ACME, key=expired)).status == 401
    key, text = await store.access.create(program.workspace, "Short", [Scope.READ])
    assert (await program.gets(ACME, key=text)).status == 200
    await store.access.revoke(program.workspace, key.id)
    assert (await program.gets(ACME, key=text)).status == 401
    assert (await store.access.revoke(program.workspace, key.id)).revoked_at is not None
    with pytest.raises(NotFound):
        await store.access.revoke(program.workspace, "key_nobody")


async def test_the_database_holds_no_usable_key(program: Program, database: Database) -> None:
    def stored(connection: sa.Connection) -> str:
        return "".join(repr(connection.execute(sa.select(each)).all()) for each in (tables.api_key, tables.actor))

    found = KEY.fullmatch(program.key)
    assert found is not None
    assert found[2] not in await database.read(stored)


async def test_too_many_requests_are_told_when_to_come_back(serve: Serve, program: Program) -> None:
    busy: Program = await serve(per_minute=3)
    other = await busy.key_with(Scope.READ)
    assert [(await busy.gets(ACME)).status for _ in range(4)] == [200, 200, 200, 429]
    refused = await busy.gets(ACME)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (await busy.gets(ACME, key=other)).status == 200
