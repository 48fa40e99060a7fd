"""Contacts who are removed for good, and entries that are taken back from the history."""

import asyncio

import pytest

from tests.bot.conftest import Pivotal
from tests.bot.edits import ACME, GLOBEX, kinds
from tests.waiting import until


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
