"""Who asks too often is told when to come back. Nothing is done for them, and nobody else notices."""

import re
from datetime import timedelta
from typing import Any

import pytest

from bot import gate
from bot.sandbox import Shown
from tests.bot.acme import ACME
from tests.bot.conftest import Pivotal

pytestmark = pytest.mark.promise(id="S22")

TOLD = re.compile(r"than ([0-9,]+) times within a minute\. Nothing was done\. Try again in ([0-9]+) seconds?\.")


async def limited(pivotal: Pivotal, **limits: int) -> None:
    await pivotal.store.set_settings(
        pivotal.workspace, {f"limits.{name}": per_minute for name, per_minute in limits.items()}
    )


def is_refused(answer: Shown, per_minute: int) -> bool:
    found = TOLD.search(answer.plain)
    return found is not None and int(found[1]) == per_minute and 1 <= int(found[2]) <= 60


async def plan(pivotal: Pivotal) -> Any:
    found = await pivotal.store.find_customer(pivotal.workspace, "acme")
    return (await pivotal.store.records.customer(pivotal.workspace, found.id)).value("plan")


async def test_one_noisy_person_is_limited_and_others_are_not(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    mara = pivotal.joins("Mara Núñez")
    await limited(pivotal, user_per_minute=3)
    for number in range(3):
        assert "→" in (await pivotal.says(f"/pivotal set acme plan=P{number}")).plain
    assert is_refused(await pivotal.says("/pivotal set acme plan=Never"), 3)
    assert await plan(pivotal) == "P2"
    assert "→" in (await pivotal.says("/pivotal set acme plan=Hers", person=mara)).plain


async def test_a_click_too_many_leaves_the_message_as_it_is(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await limited(pivotal, user_per_minute=2)
    await pivotal.says("/pivotal set acme plan=First")
    receipt = await pivotal.says("/pivotal set acme plan=Pro")
    said = await receipt.click("Undo")
    assert is_refused(said, 2)
    assert not said.replaces(receipt)
    assert await plan(pivotal) == "Pro"


async def test_a_workspace_has_a_limit_of_its_own(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    mara = pivotal.joins("Mara Núñez")
    await limited(pivotal, workspace_per_minute=2)
    await pivotal.says("/pivotal history acme")
    await pivotal.says("/pivotal history acme", person=mara)
    for person in (pivotal.sam, mara):
        said = await pivotal.says("/pivotal history acme", person=person)
        assert is_refused(said, 2)
        assert "The people of this workspace" in said.plain


async def test_zero_is_no_limit(pivotal: Pivotal) -> None:
    await limited(pivotal, user_per_minute=0, workspace_per_minute=0)
    for _ in range(70):
        assert "times within a minute" not in (await pivotal.says("/pivotal help undo")).plain


async def test_a_changed_limit_holds_without_a_restart(pivotal: Pivotal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FRESH", timedelta(0))
    await pivotal.restarts()
    await limited(pivotal, user_per_minute=1)
    await pivotal.says("/pivotal help")
    assert is_refused(await pivotal.says("/pivotal help"), 1)
    await limited(pivotal, user_per_minute=2)
    assert not TOLD.search((await pivotal.says("/pivotal help")).plain)
    assert is_refused(await pivotal.says("/pivotal help"), 2)


async def test_typing_into_a_search_does_not_count(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await limited(pivotal, user_per_minute=2)
    form = await pivotal.says("/pivotal set")
    for typed in ("a", "ac", "acm", "acme"):
        assert await form.options("Customer", typed=typed) == ["Acme Corp (acme.com)"]
