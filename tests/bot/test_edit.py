"""Edits typed in Slack: they change the record, are recorded, and can be taken back."""

import asyncio
from functools import partial

import pytest

from store.domain.activity import Source
from store.domain.query import HistoryQuery
from tests.bot.conftest import Pivotal
from tests.bot.edits import ACME, GLOBEX, an_admin, kinds
from tests.waiting import until

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
