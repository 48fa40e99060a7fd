"""Edits by command, form and button, as people in Slack meet them."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from bot.sandbox import Person, Shown
from store.domain.activity import Source
from store.domain.query import HistoryQuery
from tests.bot.conftest import Pivotal
from tests.waiting import until

ACME = '{"type":"customer","ref":"c-1","name":"Acme Corp","domain":"acme.com","plan":"Starter"}'
GLOBEX = '{"type":"customer","ref":"c-2","name":"Globex"}'


async def kinds(pivotal: Pivotal, customer: str = "acme-corp") -> list[str]:
    """What the history says, newest first."""
    return [each.kind for each in (await pivotal.page(HistoryQuery(customer))).entries]


# --- by text ----------------------------------------------------------------------------------------------------------

COMMANDS = [
    ('set "Acme Corp" plan=Growth health=80', "Starter  →  Growth", "customer.field_changed"),
    ("set acme-corp owner=@sam", "owner", "customer.field_changed"),
    ("set acme-corp tags=+vip,+eu", "eu, vip", "customer.field_changed"),
    ("status acme-corp at risk their champion left", "active  →  at_risk", "customer.status_changed"),
    (
        "comment acme-corp Called   them: *all* is <!channel> well",
        "Called   them: *all* is <!channel> well",
        "comment.added",
    ),
    ("onboarding start acme-corp", "Acme Corp onboarding", "onboarding.started"),
    ('task add acme-corp "Send contract" due=2026-12-01 @sam', "Send contract", "task.created"),
    ("contact add acme-corp Ann Lee ann@acme.com primary", "Ann Lee", "contact.added"),
    ("link acme-corp", "This channel is Acme Corp's now", "customer.channel_linked"),
]


@pytest.mark.parametrize("text, says, kind", COMMANDS, ids=[text.split(maxsplit=1)[0] for text, _, _ in COMMANDS])
async def test_a_command_changes_the_record_and_answers_with_the_difference(
    pivotal: Pivotal, text: str, says: str, kind: str
) -> None:
    await pivotal.imports(ACME)
    shown = await pivotal.says(f"/pivotal {text}")
    assert says in shown.plain
    assert shown.ephemeral
    assert shown.delivery is not None
    assert shown.delivery.text, "the answer rides in the ack"
    page = await pivotal.page(HistoryQuery("acme-corp"))
    assert page.entries[0].kind == kind
    assert page.entries[0].source is Source.SLACK
    assert page.entries[0].refs["channel"] == pivotal.room.id


async def test_in_a_linked_channel_the_customer_may_be_left_out(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME, GLOBEX)
    await pivotal.says("/pivotal link acme-corp")
    for text in (
        "set plan=Pro",
        "status churned",
        "comment no customer named here",
        "onboarding start",
        "task add Call them",
    ):
        await pivotal.says(f"/pivotal {text}")
    assert await kinds(pivotal) == [
        "task.created",
        "onboarding.started",
        "comment.added",
        "customer.status_changed",
        "customer.field_changed",
        "customer.channel_linked",
    ]
    await pivotal.says("/pivotal status globex at_risk")
    assert await kinds(pivotal, "globex") == ["customer.status_changed"]
    assert "not Acme Corp's any more" in (await pivotal.says("/pivotal unlink")).plain
    assert "not linked" in (await pivotal.says("/pivotal unlink")).plain


@pytest.mark.parametrize(
    "text, says",
    [
        ("set acme-corp heath=72", "There is no field `heath`. Did you mean `health`"),
        ("set acme-corp plan=Growth Plus", "I read `Plus` where `field=value` should stand"),
        ("set nobody plan=Growth", "I don't know a customer `nobody`"),
        ("set acme plan=Growth", "I don't know a customer `acme`"),
        ("set acme-corp health=many", "whole number from 0 to 100"),
        ("set acme-corp owner=nobody", "I don't know a person `nobody`"),
        ("status acme-corp gone", "`gone` is not a status"),
        ("phase acme-corp Training", "This customer has no onboarding"),
        ("task acme-corp done", "one of `add`, `done`, `reopen`"),
        ("task done acme-corp nothing", "I don't know a task `nothing`"),
        ("contact add acme-corp Ann not@mail", "e-mail address, which it is not"),
        ("contact archive acme-corp Ann", "I don't know a contact `Ann`"),
        ("blame acme-corp nothing", "There is no field `nothing`"),
        ("show acme-corp", "As of which day?"),
        ("show acme-corp --at 01/02/2026", "cannot be sure"),
        ("undo", "nothing of yours to undo"),
        ("undo it", "takes nothing else"),
        ("customer add Acme Corp", "There is a customer Acme Corp already"),
        ("sett acme-corp plan=x", "Did you mean `/pivotal set`"),
    ],
)
async def test_what_does_not_fit_gets_a_sentence_and_changes_nothing(pivotal: Pivotal, text: str, says: str) -> None:
    await pivotal.imports(ACME)
    shown = await pivotal.says(f"/pivotal {text}")
    assert says.replace("`", "") in shown.plain.replace("`", "")
    assert await kinds(pivotal) == []


async def test_the_same_edit_again_says_that_nothing_changed(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    assert "nothing changed" in (await pivotal.says("/pivotal set acme-corp plan=Starter")).plain
    assert await kinds(pivotal) == []


async def test_a_replayed_request_has_one_effect(pivotal: Pivotal) -> None:
    """Slack does not repeat commands, but a signed request can be sent again within five minutes."""
    await pivotal.imports(ACME)
    shown = await pivotal.says("/pivotal comment acme-corp Once")
    assert shown.delivery is not None
    for _ in range(3):
        again = await pivotal.slack.replay(shown.delivery)
        assert "was done already" in again.text
    assert await kinds(pivotal) == ["comment.added"]


# --- taking back ------------------------------------------------------------------------------------------------------


async def test_undo_on_a_receipt_takes_the_edit_back_once(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    receipt = await pivotal.says("/pivotal set acme-corp plan=Pro")
    pressed = await asyncio.gather(receipt.press("Undo"), receipt.press("Undo"))
    assert all(each.acked for each in pressed)
    await pivotal.slack.until(lambda: len(pivotal.sam.sees(pivotal.room)) >= 2)
    assert await kinds(pivotal) == ["customer.field_changed", "customer.field_changed"]
    page = await pivotal.page(HistoryQuery("acme-corp"))
    assert page.entries[0].changes[0].new == "Starter"


async def test_undo_by_command(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says("/pivotal status acme-corp churned")
    assert "churned  →  active" in (await pivotal.says("/pivotal undo")).plain


@pytest.mark.promise(id="R7")
async def test_buttons_pressed_twice_in_two_processes_have_one_effect_each(pivotal: Pivotal) -> None:
    await pivotal.starts()
    await pivotal.imports(ACME)
    receipts = [await pivotal.says(f"/pivotal comment acme-corp Number {number}") for number in range(8)]
    for number, receipt in enumerate(receipts, 1):
        assert all(each.acked for each in await asyncio.gather(receipt.press("Undo"), receipt.press("Undo")))
        await until(partial(_are_deleted, pivotal, number))
    await pivotal.stops()  # with all that they still had to do
    assert (await kinds(pivotal)).count("comment.deleted") == len(receipts)
    assert (await pivotal.store.verify(pivotal.workspace)).faults == ()


async def _are_deleted(pivotal: Pivotal, number: int) -> bool:
    return (await kinds(pivotal)).count("comment.deleted") >= number


# --- forms ------------------------------------------------------------------------------------------------------------


async def chooses_acme(form: Shown) -> Shown:
    await form.choose("Customer", "Acme Corp (acme.com)", typed="acme")
    return await form.submit()


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


# --- the card, the Home tab, the shortcuts ----------------------------------------------------------------------------


async def test_the_card_shows_the_customer_and_its_buttons_change_it(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    for score in ("80", "75", "68"):
        await pivotal.says(f"/pivotal set acme-corp health={score}")
    await pivotal.says('/pivotal task add acme-corp "Send contract"')
    card = await pivotal.says("/pivotal customer acme")
    assert "Health score" in card.plain
    assert "Send contract" in card.plain
    form = await card.click("Comment")
    await form.fill("Comment", "From the card")
    await form.submit()
    edit = await card.choose("Change one of these", "Task: Send contract")
    await edit.fill("Task", "Send the contract")
    await edit.submit()
    assert (await kinds(pivotal))[:2] == ["task.updated", "comment.added"]
    assert "80" in (await card.click("History")).plain


async def test_a_workspace_without_charts_gets_the_card_with_a_sparkline(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    for score in ("80", "20"):
        await pivotal.says(f"/pivotal set acme-corp health={score}")
    pivotal.slack.core.unsupported_blocks = frozenset({"data_visualization"})
    card = await pivotal.says("/pivotal customer acme")
    assert "▇▂" in card.plain
    pivotal.slack.refusals.clear()


async def test_the_home_tab_finds_mine_and_lately_changed(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME, GLOBEX)
    await pivotal.says("/pivotal set globex owner=me")
    home = await pivotal.sam.opens_home()
    assert "Globex" in home.plain
    card = await home.choose("Choose a customer", "Acme Corp (acme.com)", typed="acme")
    assert "Starter" in card.plain


async def test_a_message_becomes_a_comment_with_its_permalink(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says("/pivotal link acme-corp")
    await pivotal.says("/pivotal history acme-corp")
    message = pivotal.sam.sees(pivotal.room)[-1]
    shared = await message.menu("Share to this channel")
    assert shared.text
    posted = next(each for each in pivotal.sam.sees(pivotal.room) if not each.ephemeral)
    form = await pivotal.sam.shortcut("comment_add", on=posted)
    await form.submit()
    page = await pivotal.page(HistoryQuery("acme-corp"))
    assert page.entries[0].kind == "comment.added"
    assert "/archives/" in str(page.entries[0].refs["permalink"])


async def test_the_global_shortcut_opens_a_customer(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    form = await pivotal.sam.shortcut("customer_open")
    card = await chooses_acme(form)
    assert "Starter" in card.plain


# --- rights -----------------------------------------------------------------------------------------------------------


async def an_admin(pivotal: Pivotal) -> Person:
    return pivotal.slack.as_user(pivotal.slack.add_user("Ada Min", admin=True))


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


# --- erasing ----------------------------------------------------------------------------------------------------------


async def test_a_linked_channel_is_told_by_its_name(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says("/pivotal link acme-corp")
    feed = await pivotal.says("/pivotal history acme-corp --type channel_linked")
    assert f"<#{pivotal.room.id}>" in str(feed.blocks)


async def test_deleting_a_contact_asks_first_and_then_removes_the_name_everywhere(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says('/pivotal contact add acme-corp "Zyxjane Qwertson" zyx@acme.com')
    await pivotal.says("/pivotal comment acme-corp Met Zyxjane Qwertson today")
    feed = await pivotal.says("/pivotal history acme-corp")
    await feed.menu("Share to this channel")
    question = await pivotal.says('/pivotal contact delete acme-corp "Zyxjane Qwertson"')
    assert "out of reach" in question.plain
    done = await question.click("Remove Zyxjane Qwertson for good")
    assert "removed contact" in done.plain
    await pivotal.recalls()
    again = await pivotal.says("/pivotal history acme-corp")
    assert "Zyxjane" not in again.plain
    assert "removed contact" in again.plain
    public = [each for each in pivotal.sam.sees(pivotal.room) if not each.ephemeral]
    assert public
    assert all("Zyxjane" not in each.plain for each in public)
    assert (await pivotal.store.verify(pivotal.workspace)).faults == ()


@pytest.mark.promise(id="R24")
async def test_two_people_removed_at_once_are_gone_from_all_that_slack_keeps(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME, GLOBEX)
    people = {"acme-corp": "Zyxjane Qwertson", "globex": "Qobert Vandermole"}
    for at, name in people.items():
        await pivotal.says(f'/pivotal contact add {at} "{name}" {name.split()[0].lower()}@canary.example primary')
    for at in people:
        for name in people.values():
            await pivotal.says(f"/pivotal comment {at} Met {name} and @{name}")
            await pivotal.says(f'/pivotal task add {at} "Call {name}"')
        await pivotal.says(f'/pivotal set {at} plan="{" and ".join(people.values())}"')
        feed = await pivotal.says(f"/pivotal history {at}")
        await feed.menu("Share to this channel")
    asked = [await pivotal.says(f'/pivotal contact delete {at} "{name}"') for at, name in people.items()]
    pressed = [shown.press(f"Remove {name} for good") for shown, name in zip(asked, people.values(), strict=True)]
    await asyncio.gather(*pressed)

    async def all_are_removed() -> bool:
        told = [each for at in people for each in await kinds(pivotal, at)]
        return told.count("contact.removed") == 4  # each is told of at both customers

    await until(all_are_removed)
    await pivotal.stops()
    await pivotal.starts()
    await pivotal.recalls()
    public = [each for each in pivotal.slack.workspace.messages.values() if each.ephemeral_to is None]
    assert len(public) >= 2
    for name in ("Qwertson", "Vandermole", "Zyxjane", "Qobert"):
        assert name not in str(public)
        for at in people:
            for text in (
                f"history {at}",
                f"customer {at}",
                f"blame {at}",
                f"show {at} --at {pivotal.clock():%Y-%m-%d}",
            ):
                assert name not in (await pivotal.says(f"/pivotal {text}")).plain
    assert (await pivotal.store.verify(pivotal.workspace)).faults == ()


async def test_a_contact_to_delete_is_chosen_in_a_form_that_says_what_it_means(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says('/pivotal contact add acme-corp "Zyxjane Qwertson" zyx@acme.com')
    form = await pivotal.says("/pivotal contact delete acme-corp")
    assert "cannot come back" in form.plain
    await form.choose("Whose name is taken out for good?", "Zyxjane Qwertson zyx@acme.com")
    assert "the contact is removed" in (await form.submit()).plain
    assert "Zyxjane" not in (await pivotal.says("/pivotal customer acme-corp")).plain


async def test_an_opened_entry_can_be_reverted_long_after(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says("/pivotal set acme-corp plan=Pro")
    feed = await pivotal.says("/pivotal history acme-corp --open 1")
    done = await feed.click("Revert entry 1")
    assert "Pro  →  Starter" in done.plain
    opened = await pivotal.says("/pivotal history acme-corp --open 2")
    assert "takes back entry 1" in opened.plain
    again = await feed.click("Revert entry 1")
    assert "taken back already" in again.plain
    assert await kinds(pivotal) == ["customer.field_changed", "customer.field_changed"]


# --- whatever is typed ------------------------------------------------------------------------------------------------

ODD = (
    "",
    "acme-corp",
    "acme-corp =",
    "acme-corp =x",
    "acme-corp plan=",
    "acme-corp name= status=",
    "acme-corp owner=foo:bar",
    "acme-corp owner=user:",
    "acme-corp owner=contact:con_x",
    "acme-corp owner=<@U0NOBODY> plan=<@USLACKBOT>",
    "acme-corp health=²",
    "acme-corp health=007",
    "acme-corp tags=+,-",
    "acme-corp tags=,,,",
    "acme-corp domain=.. stripe_id=x hubspot_id=",
    'acme-corp "a" "b" "c" "d"',
    "acme-corp ''",
    'acme-corp ""',
    "acme-corp #",
    "acme-corp #x due=2026-13-01",
    "acme-corp due=2026-12-01",
    "acme-corp @",
    "acme-corp @nobody",
    "acme-corp primary",
    "acme-corp <mailto:a@b.co|a@b.co> primary",
    "acme-corp at risk",
    "acme-corp \u202eevil \u0661\u0662 ＝x",
    "acme-corp --at 0001-01-01",
    "acme-corp --at 9999-12-31",
    "acme-corp --at=2026-02-30",
    "add",
    "add acme-corp",
    "add =",
    'add ""',
    "add Segment choice",
    "add Segment choice ,,",
    "add text text a",
    "done acme-corp",
    "delete acme-corp",
    "reopen acme-corp #tsk_x",
    "archive acme-corp ''",
    "start",
    "list",
    "list %_\\",
    "; DROP TABLE customer",
    "a " * 1900,
    "x" * 3900,
    "acme-corp plan=" + "😀" * 3900,
)


@pytest.mark.parametrize(
    "command",
    [
        "set", "status", "comment", "phase", "onboarding", "task", "contact", "undo", "customer", "link", "unlink", "field",
        "settings", "blame", "show", "unlinked",
    ],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_odd_words_after_a_command_are_our_failure(pivotal: Pivotal, command: str) -> None:
    await pivotal.imports(ACME)
    ada = await an_admin(pivotal)
    pivotal.room.members.add(ada.id)
    for text in ODD:
        shown = await pivotal.says(f"/pivotal {command} {text}", person=ada)
        assert shown.plain, text
        assert "failed on our side" not in shown.plain, text[:80]
    assert (await pivotal.store.verify(pivotal.workspace)).faults == ()
