"""Records as large and odd as they may become, in all that Slack shows of them: within its limits, and nothing in it is markup."""

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import card as card_blocks
from bot.blocks import forms, record
from bot.blocks import home as home_blocks
from bot.blocks import unlinked as unlinked_blocks
from bot.blocks.kit import Message
from bot.blocks.receipt import erase_question, receipt
from bot.directory import Asker, Directory
from bot.listeners.form_kinds import form_kinds
from bot.listeners.forms import Form
from bot.listeners.typed import Writing
from bot.sandbox.rules import judge_message, judge_view
from bot.slack import Slack
from store.domain.customer import Assignment, FieldType
from store.domain.errors import Refused
from store.domain.query import Reader
from store.domain.sync import Parked
from tests.records.conftest import Edits

ZONE = ZoneInfo("Europe/Berlin")
TEXTS = {
    "emoji": "👩‍👩‍👧🏽",
    "right to left": "שלום ",
    "markup": '<!channel> *b* & <@U1> `c` "\\" a\n\tb\n',
}


def long(piece: str, most: int) -> str:
    return (piece * most)[:most].strip() or "x"


@pytest.fixture(params=TEXTS, ids=lambda name: name.replace(" ", "_"))
async def extreme(edits: Edits, request: pytest.FixtureRequest) -> str:
    """The id of a customer who has as much of everything as we take, of this kind of text."""
    piece = TEXTS[request.param]
    records, workspace, by = edits.records, edits.workspace, edits.by
    customer_id = await edits.customer(long(piece, 200))
    fields = [
        await records.define_field(workspace, f"{number} {long(piece, 50)}", FieldType.TEXT, ())
        for number in range(100)
    ]
    choices = [f"{number} {long(piece, 90)}" for number in range(99)]
    await records.define_field(workspace, "Segment", FieldType.CHOICE, choices)
    await records.define_field(workspace, "Ratio", FieldType.NUMBER, ())
    asked = [Assignment(each.name, long(piece, 4000 if number < 5 else 300)) for number, each in enumerate(fields)]
    tags = tuple(f"{number}{long(piece, 90)}" for number in range(50))
    asked += [Assignment("tags", ",".join(tags), tags), Assignment("plan", long(piece, 4000))]
    asked += [Assignment("Ratio", "0.000001"), Assignment("Segment", choices[5])]
    await records.edit(workspace, customer_id, asked, by)
    for number in range(22):
        await records.edit(workspace, customer_id, [Assignment("health", str(100 - 4 * number))], by)
    for number in range(51):
        await records.add_task(workspace, customer_id, f"{number} {long(piece, 490)}", by, due=date(2026, 12, 1))
        await records.add_contact(workspace, customer_id, f"{number} {long(piece, 190)}", "a@acme.com", by)
    for number in range(6):
        await records.add_comment(workspace, customer_id, long(piece, 4000 if number % 2 else 2900), by)
        await records.start_onboarding(workspace, customer_id, f"{number} {long(piece, 190)}", long(piece, 100), by)
    return customer_id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_everything_that_shows_a_record_stays_within_slacks_limits(edits: Edits, extreme: str) -> None:
    records, workspace = edits.records, edits.workspace
    shown = await records.card(workspace, extreme)
    messages = [card_blocks.card(shown, "m", ZONE)]
    messages += [each.fallback for each in messages if each.fallback]
    messages.append(record.blamed(await records.blame(workspace, extreme), ZONE))
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    messages += [
        record.as_it_was(await records.then(workspace, extreme, at), ZONE) for at in (earlier, datetime.now(UTC))
    ]
    messages.append(record.listed([shown.customer] * 30, "x" * 4000, True))
    messages.append(erase_question(shown.customer, shown.contacts[0]))
    waiting = [Parked(f"stripe:{'a' * 30}:{'c' * 190}", 5, earlier)] * 40
    messages.append(unlinked_blocks.unlinked(waiting, "abcd1234", ZONE))
    values = [Assignment(each.name, "") for each in shown.custom if each.type is FieldType.TEXT]
    messages.append(receipt(await records.edit(workspace, extreme, values, edits.by), ZONE))
    for message in messages:
        fits(message)
    views = [
        forms.told("Customer", card_blocks.in_modal(shown, ZONE)),
        home_blocks.home([shown.customer] * 10, [shown.customer] * 10),
    ]
    for view in views:
        assert judge_view(view) == []
    await every_form_fits(edits, extreme)


def fits(message: Message) -> None:
    assert judge_message(message.text, list(message.blocks)) == [], message.text[:80]


async def no_token(_workspace: str) -> str:
    raise Refused("Slack is not connected.")


async def every_form_fits(edits: Edits, extreme: str) -> None:
    """What a form puts aside holds ids and digests only."""
    shown = await edits.records.card(edits.workspace, extreme)
    nobody = Directory(edits.store, Slack(AsyncWebClient(), no_token), lambda: datetime.now(UTC))
    kinds = form_kinds(Writing(edits.store, nobody))
    await edits.records.complete_task(edits.workspace, extreme, shown.open_tasks[0].id, edits.by)
    await edits.records.archive_contact(edits.workspace, extreme, shown.contacts[0].id, edits.by)
    short = next(each for each in shown.comments if len(each.text) < 3000)
    ids = {"task_edit": shown.open_tasks[1].id, "contact_edit": shown.contacts[1].id, "comment_edit": short.id}
    for name, kind in kinds.items():
        view = await built(edits, name, kind, extreme, {"id": ids.get(name)})
        assert judge_view(view) == [], name
        assert len(view["private_metadata"]) <= 3000
        assert not any(each.name[:20] in view["private_metadata"] for each in shown.contacts)


async def built(edits: Edits, name: str, kind: Form, customer_id: str, given: dict[str, Any]) -> dict[str, Any]:
    reader = Reader(now=datetime.now(UTC), zone=ZONE, person=str(edits.by.actor))
    asker = Asker(workspace=edits.workspace, reader=reader, channel="C1", team="T1", person=None)  # type: ignore[arg-type]  # no form shows who asks
    blocks, extra = await kind.build(asker, customer_id, given)
    view = forms.modal(
        kind.title, f"form:save:{name}", blocks, {"customer": customer_id, "channel": "C1", **extra}, kind.submit
    )
    json.dumps(view)
    return view
