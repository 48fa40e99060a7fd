"""What is left out of a command is asked for in a form."""

from collections.abc import Sequence

import pytest

from tests.bot.conftest import Pivotal
from tests.bot.edits import ACME, chooses_acme, kinds


async def test_a_form_asks_for_what_was_left_out_and_keeps_what_was_understood(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    form = await pivotal.says("/pivotal set plan=Pro")
    assert "Which customer?" in form.plain
    form = await chooses_acme(form)
    await form.fill("Health score (0 to 100)", "77")
    saved = await form.submit()
    assert "Starter  →  Pro" in saved.plain
    assert await kinds(pivotal) == ["customer.field_changed"]


FORMS: Sequence[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("comment acme-corp", {"Comment": "Called them"}, {}, "comment.added"),
    ("status acme-corp", {"Reason": "quiet"}, {"Status": "at_risk"}, "customer.status_changed"),
    ("task add acme-corp", {"Task": "Send contract", "Due": "2026-12-01"}, {}, "task.created"),
    ("contact add acme-corp", {"Name": "Ann Lee", "E-mail": "ann@acme.com"}, {}, "contact.added"),
    ("onboarding start", {"Name": "Rollout"}, {}, "onboarding.started"),
]


@pytest.mark.parametrize("text, fills, picks, kind", FORMS, ids=[text.split(maxsplit=1)[0] for text, *_ in FORMS])
async def test_each_form_does_what_its_command_does(
    pivotal: Pivotal, text: str, fills: dict[str, str], picks: dict[str, str], kind: str
) -> None:
    await pivotal.imports(ACME)
    form = await pivotal.says(f"/pivotal {text}")
    if "Which customer?" in form.plain:
        form = await chooses_acme(form)
    for label, value in fills.items():
        await (form.pick_date(label, value) if label == "Due" else form.fill(label, value))
    for label, value in picks.items():
        await form.choose(label, value)
    saved = await form.submit()
    assert not saved.errors, saved.errors
    assert await kinds(pivotal) == [kind]


async def test_a_form_leaves_alone_what_was_not_changed_in_it(pivotal: Pivotal) -> None:
    """Two people at once: what one left as it was, the other may have changed meanwhile."""
    await pivotal.imports(ACME)
    form = await pivotal.says("/pivotal set acme-corp")
    await pivotal.says("/pivotal set acme-corp plan=Growth")
    await form.fill("Health score (0 to 100)", "77")
    assert "77" in (await form.submit()).plain
    record = await pivotal.store.records.customer(
        pivotal.workspace, (await pivotal.store.find_customer(pivotal.workspace, "acme-corp")).id
    )
    assert (record.plan, record.health_score) == ("Growth", 77)


async def test_a_comment_is_edited_with_the_names_that_it_mentions(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says('/pivotal contact add acme-corp "Ann Lee" ann@acme.com')
    await pivotal.says("/pivotal comment acme-corp Met @Ann Lee")
    for number in range(6):
        await pivotal.says(f"/pivotal set acme-corp plan=P{number}")
    card = await pivotal.says("/pivotal customer acme-corp")
    form = await card.choose("Change one of these", "Comment: Met @Ann Lee")
    assert "Met @Ann Lee" in form.plain
    assert "nothing changed" in (await form.submit()).plain
    assert (await kinds(pivotal))[0] == "customer.field_changed"


async def test_a_form_shows_what_is_wrong_below_its_input(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    form = await pivotal.says("/pivotal contact add acme-corp")
    await form.fill("Name", "Ann")
    await form.fill("E-mail", "not a mail")
    again = await form.submit()
    assert any("e-mail address" in each for each in again.errors.values())
    assert await kinds(pivotal) == []


async def test_a_stale_form_is_refused_with_both_values(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    form = await pivotal.says("/pivotal set acme-corp")
    await pivotal.says("/pivotal set acme-corp plan=Growth")
    await form.fill("Plan", "Pro")
    again = await form.submit()
    assert any("you wrote “Pro”, it is “Growth” now" in each for each in again.errors.values())
    assert await kinds(pivotal) == ["customer.field_changed"]
