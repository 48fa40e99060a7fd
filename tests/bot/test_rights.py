"""Who may do what, asked when it is done."""

from collections.abc import Sequence

import pytest

from tests.bot.conftest import Pivotal
from tests.bot.edits import ACME, an_admin, kinds


async def test_settings_are_for_admins_and_decide_who_may_edit(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    assert "Only admins" in (await pivotal.says("/pivotal settings")).plain
    ada = await an_admin(pivotal)
    form = await ada.says("/pivotal settings")
    await form.choose("Who may change records", "Admins")
    assert "saved" in (await form.submit()).plain
    assert "only admins may change records" in (await pivotal.says("/pivotal set acme-corp plan=Pro")).plain
    assert "Starter  →  Pro" in (await ada.says("/pivotal set acme-corp plan=Pro")).plain


async def test_settings_decide_what_becomes_of_the_data_once_the_app_is_gone(pivotal: Pivotal) -> None:
    form = await (await an_admin(pivotal)).says("/pivotal settings")
    await form.choose("The data, once the app is taken out of this Slack workspace", "Delete all of it, for good")
    assert "saved" in (await form.submit()).plain
    assert (await pivotal.store.settings(pivotal.workspace)).on_uninstall == "delete"


async def test_a_right_is_checked_when_the_button_is_pressed(pivotal: Pivotal) -> None:
    """The button was drawn while the person still had the right."""
    await pivotal.imports(ACME)
    receipt = await pivotal.says("/pivotal set acme-corp plan=Pro")
    form = await pivotal.says("/pivotal comment acme-corp")
    await pivotal.store.set_settings(pivotal.workspace, {"edit": "admins"})
    assert "only admins may change records" in (await receipt.click("Undo")).plain
    await form.fill("Comment", "Too late")
    assert any("only admins" in each for each in (await form.submit()).errors.values())
    assert await kinds(pivotal) == ["customer.field_changed"]


READING = ("customer acme-corp", "customer list", "blame acme-corp", "show acme-corp --at 2026-01-01", "field list")
WRITING = (
    "set acme-corp plan=Max",
    "status acme-corp churned",
    "comment acme-corp hi",
    "phase acme-corp Setup",
    "onboarding start acme-corp",
    "task add acme-corp Call",
    "task done acme-corp Call",
    "task reopen acme-corp Call",
    "contact add acme-corp Ann",
    "contact archive acme-corp Ann",
    "contact restore acme-corp Ann",
    "contact delete acme-corp Ann",
    "customer add Initech",
    "link acme-corp",
    "unlink",
    "unlinked",
    "undo",
)
ADMINISTERING = ("field add Seats number", "settings")
REFUSED = ("only admins", "Only admins", "Guests", "Only members")
ROLES: dict[str, tuple[dict[str, object], dict[str, str], Sequence[Sequence[str]]]] = {
    "member": ({}, {}, (READING, WRITING)),
    "viewer": ({}, {"edit": "admins"}, (READING,)),
    "member where only admins view": ({}, {"view": "admins", "edit": "admins"}, ()),
    "admin": ({"admin": True}, {"view": "admins", "edit": "admins"}, (READING, WRITING, ADMINISTERING)),
    "guest": ({"restricted": True}, {}, ()),
    "single-channel guest": ({"ultra_restricted": True}, {}, ()),
    "outsider": ({"team_id": "T0OTHER"}, {}, ()),
}


@pytest.mark.promise(id="S8")
@pytest.mark.parametrize("role", ROLES)
async def test_every_role_may_do_what_it_may_and_nothing_else(pivotal: Pivotal, role: str) -> None:
    facts, rights, allowed = ROLES[role]
    await pivotal.imports(ACME)
    if rights:
        await pivotal.store.set_settings(pivotal.workspace, rights)
    person = pivotal.joins("Ro Lee", **facts)
    may = [text for texts in allowed for text in texts]
    for text in (*READING, *WRITING, *ADMINISTERING):
        shown = await pivotal.says(f"/pivotal {text}", person=person)
        assert any(each in shown.plain for each in REFUSED) == (text not in may), (text, shown.plain)
        assert "failed on our side" not in shown.plain
    if WRITING not in allowed:
        assert await kinds(pivotal) == []


@pytest.mark.promise(id="S8")
async def test_a_right_is_given_to_a_user_group(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    cara, dan = pivotal.joins("Cara Diaz"), pivotal.joins("Dan Ek")
    admin = pivotal.joins("Ada Byron", admin=True)
    group = pivotal.slack.add_group("Success", members=[cara.user])
    form = await pivotal.says("/pivotal settings", person=admin)
    await form.choose("Who may change records", "@success")
    await form.choose("Who may see histories", "@success")
    assert "saved" in (await form.submit()).plain
    for person in (cara, admin):
        changed = await pivotal.says(f"/pivotal set acme-corp plan=Pro-{person.id}", person=person)
        assert person.id in changed.plain
        assert "Acme Corp" in (await pivotal.says("/pivotal history acme-corp", person=person)).plain
    refused = await pivotal.says("/pivotal set acme-corp plan=Max", person=dan)
    assert "only a certain user group, and admins, may change records" in refused.plain
    assert "may see histories" in (await pivotal.says("/pivotal history acme-corp", person=dan)).plain
    assert await kinds(pivotal) == ["customer.field_changed"] * 2
    await pivotal.store.set_settings(pivotal.workspace, {"edit": f"<!subteam^{group.id}|@success>"})
    assert (await pivotal.store.settings(pivotal.workspace)).edit == group.id
    assert f"The user group {group.id}" not in str((await pivotal.says("/pivotal settings", person=admin)).blocks)


@pytest.mark.promise(id="S8")
async def test_where_slack_does_not_say_who_is_in_the_group_nobody_has_its_right(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.store.set_settings(pivotal.workspace, {"edit": "S0UNKNOWN"})
    assert "Slack does not say" in (await pivotal.says("/pivotal set acme-corp plan=Max")).plain
    assert await kinds(pivotal) == []
    admin = pivotal.joins("Ada Byron", admin=True)
    assert "The user group S0UNKNOWN" in str((await pivotal.says("/pivotal settings", person=admin)).blocks)


@pytest.mark.parametrize("facts", [{"restricted": True}, {"ultra_restricted": True}, {"team_id": "T0OTHER"}])
async def test_guests_and_outsiders_are_refused(pivotal: Pivotal, facts: dict[str, object]) -> None:
    await pivotal.imports(ACME)
    guest = pivotal.slack.as_user(pivotal.slack.add_user("Gus Guest", **facts))
    receipt = await pivotal.says("/pivotal set acme-corp plan=Pro")
    for text in ("set acme-corp plan=Max", "comment acme-corp hi", "customer acme", "blame acme", "undo"):
        shown = await guest.says(f"/pivotal {text}", channel=pivotal.room)
        assert "Guests" in shown.plain or "Only members" in shown.plain
    assert receipt.text
    assert await kinds(pivotal) == ["customer.field_changed"]
