"""Who may ask, and how they are known: members only, by the name and the day that Slack gives them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from bot.sandbox import Shown
from bot.sandbox.methods import people
from store.domain.errors import Unavailable
from store.engine import Database, T, Work, connect
from store.wall import NOBODYS
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.bot.feeds import count
from tests.bot.slow import Held
from tests.builders import a_line, another_workspace, imported
from tests.conftest import STEADY

GUESTS = "Guests cannot see customers' histories. Ask a full member of this workspace."
OUTSIDE = "Only members of the workspace that I am installed in can see its customers' histories."


NO_MEMBERS: Final[Sequence[tuple[dict[str, Any], str]]] = [
    ({"restricted": True}, GUESTS),
    ({"ultra_restricted": True}, GUESTS),
    ({"bot": True}, "Only people can ask me."),
    ({"deleted": True}, "Your account is deactivated."),
    ({"stranger": True, "team_id": "T0OTHER"}, OUTSIDE),
    ({"team_id": "T0OTHER"}, OUTSIDE),
]


async def test_only_full_members_get_an_answer(pivotal: Pivotal) -> None:
    """By command, by a click on what others shared, and in a menu."""
    await acme(pivotal)
    feed = await pivotal.says("/pivotal history acme")
    await feed.menu("Share to this channel")
    (shared,) = pivotal.slack.messages_in(pivotal.room)
    assert feed.message is not None
    for facts, says in NO_MEMBERS:
        somebody = pivotal.joins("Somebody Else", **facts)
        assert (await pivotal.says("/pivotal history acme", person=somebody)).plain == says
        clicked = await Shown.of_message(somebody, shared).click("Open and filter")
        assert clicked.plain == says
        assert clicked.ephemeral
        assert await Shown.of_message(somebody, feed.message).options("Actors") == []


@pytest.mark.promise(id="S7")
async def test_a_click_from_another_team_is_refused_though_its_person_is_known(pivotal: Pivotal) -> None:
    """S7: the payload's own word for the person's team counts, whatever is in the message."""
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    await shown.click("Older →")
    click = next(each for each in reversed(pivotal.slack.deliveries) if each.kind == "block_actions")
    payload = {**click.payload, "user": {**click.payload["user"], "team_id": "T0OTHER"}}
    seen = len(pivotal.sam.sees(pivotal.room))
    await pivotal.slack.send({"payload": payload})
    await pivotal.slack.until(lambda: len(pivotal.sam.sees(pivotal.room)) > seen)
    assert pivotal.sam.sees(pivotal.room)[-1].plain == OUTSIDE


async def test_a_team_that_nobody_installed_it_in_is_told_so(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.says("/pivotal history acme")
    command = pivotal.slack.deliveries[-1]
    answer = await pivotal.slack.send({**command.payload, "team_id": "T0ELSEWHERE"})
    assert answer.answer["text"] == "I am not installed in this workspace. Ask whoever runs Pivotal to connect it."


@pytest.mark.promise(id="S6")
async def test_another_workspaces_customers_are_as_unknown_as_any(pivotal: Pivotal, database: Database) -> None:
    """S6: by id, slug, name, domain and import ref, in a command, a button, a row and a menu; same words, no row written."""
    await acme(pivotal)
    theirs = await another_workspace(database, "T0OTHER")
    await imported(
        pivotal.store, theirs, {"type": "customer", "ref": "hooli-1", "name": "Hooli", "domain": "hooli.com"}
    )
    hooli = await pivotal.store.find_customer(theirs, "hooli")
    for words in (hooli.id, "hooli", "Hooli", "hooli.com", "hooli-1"):
        told = (await pivotal.says(f"/pivotal history {words}")).plain
        unknown = (await pivotal.says(f"/pivotal history {words[:-1]}z")).plain
        assert told.replace(words, "…") == unknown.replace(f"{words[:-1]}z", "…")
    shown = await pivotal.says("/pivotal history acme")
    for block in shown.blocks:
        for element in block.get("elements", []):
            if "value" in element:
                element["value"] = f"{hooli.id} --table"
        if "|" in block.get("block_id", ""):
            block["block_id"] = block["block_id"].partition("|")[0] + f"|{hooli.id}"
    refused = f"I don't know a customer {hooli.id}. Type /pivotal history and choose one from the list."
    assert (await shown.click("Older →")).plain == refused
    assert (await shown.choose("Dates", "Last 7 days")).plain == refused
    assert (await shown.menu("Copy as command")).plain == refused
    assert (await shown.menu("Share to this channel")).plain != "Shared to this channel."
    assert pivotal.slack.messages_in(pivotal.room) == []
    assert await shown.options("Event types") == []
    assert "Hooli" not in str(await (await pivotal.says("/pivotal history")).options("Choose a customer"))


# --- names and zones --------------------------------------------------------------------------------------------------


async def test_a_new_name_and_zone_are_taken_in_as_slack_tells_them(pivotal: Pivotal) -> None:
    await acme(pivotal)
    assert "Europe/Berlin" in (await pivotal.says("/pivotal history acme --7d")).text
    told = await pivotal.slack.change_user(pivotal.sam.user, name="Samantha Lee", handle="samantha", tz="Asia/Tokyo")
    assert told.acked
    shown = await pivotal.says("/pivotal history acme --7d --actor me")
    assert "Asia/Tokyo" in shown.text
    assert "samantha changed plan" in shown.prose
    assert len(pivotal.slack.calls_of("users.info")) <= 1


async def test_whoever_is_made_a_guest_or_leaves_is_refused_from_then_on(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.says("/pivotal history acme")
    await pivotal.slack.change_user(pivotal.sam.user, restricted=True)
    assert (await pivotal.says("/pivotal history acme")).plain == GUESTS


async def test_people_who_never_asked_are_not_remembered(pivotal: Pivotal) -> None:
    stranger = pivotal.slack.add_user("Quiet Person")
    await pivotal.slack.change_user(stranger, tz="Asia/Tokyo")
    assert await pivotal.store.person(pivotal.workspace, stranger.id) is None
    joined = pivotal.slack.add_user("New Person")
    await pivotal.slack.event({"type": "team_join", "user": people.shape(pivotal.slack.core, joined)})
    known = await pivotal.store.person(pivotal.workspace, joined.id)
    assert known is not None


async def test_slack_is_asked_once_for_a_person_whom_several_requests_need(pivotal: Pivotal) -> None:
    await acme(pivotal)
    mara = pivotal.joins("Mara Núñez")
    await asyncio.gather(*(pivotal.says("/pivotal history acme", person=mara) for _ in range(5)))
    assert len([each for each in pivotal.slack.calls_of("users.info") if each.arguments["user"] == mara.id]) == 1


async def test_when_slack_says_why_it_does_not_tell_who_asks(pivotal: Pivotal) -> None:
    await acme(pivotal)
    for code, says in (
        ("user_not_found", "Slack does not know that person."),
        ("user_not_visible", "Slack does not let me see that person."),
        ("missing_scope", "I lack a permission in Slack for that. An admin can install me again to grant it."),
    ):
        pivotal.slack.faults.refuse("users.info", code)
        assert (await pivotal.says("/pivotal history acme", person=pivotal.joins("Mara Núñez"))).plain == says


async def test_when_slack_cannot_say_who_asks_they_may_try_again(pivotal: Pivotal) -> None:
    await acme(pivotal)
    mara = pivotal.joins("Mara Núñez")
    pivotal.slack.faults.fail("users.info")
    says = "Slack did not say in time who you are. Nothing was changed. Try again."
    assert (await pivotal.says("/pivotal history acme", person=mara)).plain == says
    assert count(await pivotal.says("/pivotal history acme", person=mara)) == "84"


async def test_whom_we_knew_yesterday_we_still_know_when_slack_is_away(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.says("/pivotal history acme")
    await pivotal.restarts()
    pivotal.clock.passes(timedelta(hours=25))
    pivotal.slack.faults.fail("users.info")
    assert "Europe/Berlin" in (await pivotal.says("/pivotal history acme")).text
    assert pivotal.slack.calls_of("users.info")[-1].status == 503


async def test_who_only_reads_need_not_notice_that_nothing_can_be_written(installed: Pivotal) -> None:
    """But what Slack says of them counts."""

    class ReadOnly(Held):
        full = False

        async def write(self, work: Work[T], workspace: str = NOBODYS, *, alone: bool = False) -> T:
            if self.full:
                raise Unavailable
            return await super().write(work, workspace, alone=alone)

    await acme(installed)
    await installed.starts()
    await installed.says("/pivotal history acme")
    database = ReadOnly(connect(installed.database_url, patience=STEADY))
    await installed.restarts(database=database)
    database.full = True
    installed.clock.passes(timedelta(hours=25))
    assert "Acme" in (await installed.says("/pivotal history acme")).plain
    await installed.stops()
    users = installed.slack.workspace.users
    users[installed.sam.id] = replace(users[installed.sam.id], restricted=True)
    database = ReadOnly(connect(installed.database_url, patience=STEADY))
    await installed.starts(database=database)
    database.full = True
    assert "Acme" not in (await installed.says("/pivotal history acme")).plain


# --- days -------------------------------------------------------------------------------------------------------------


DAYS: Final = [
    ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z"),
    ("Europe/Berlin", "2025-10-26", "2025-10-25T22:00:00Z", "2025-10-26T22:59:59.999999Z"),
    ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T20:59:59.999999Z"),
    ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59.999999Z"),
    ("Asia/Kathmandu", "2026-02-28", "2026-02-27T18:15:00Z", "2026-02-28T18:14:59.999999Z"),
]
"""A zone, a day there, and the first and last microsecond of it: of 23 hours, of 25, without a midnight."""


async def test_a_day_is_the_readers_own_however_long(pivotal: Pivotal) -> None:
    """Both ends are in it, and what lies beside them is not."""
    for number, (zone, day, first, last) in enumerate(DAYS):
        ends = [datetime.fromisoformat(each).astimezone(UTC) for each in (first, last)]
        beside = [ends[0] - timedelta(microseconds=1), ends[1] + timedelta(microseconds=1)]
        happened = [(ends[0], "first"), (ends[1], "last"), (beside[0], "before"), (beside[1], "after")]
        ref = f"customer-{number}"
        await pivotal.imports({"type": "customer", "ref": ref, "name": f"Customer {number}"}, *(
            a_line(customer=ref, occurred_at=at.isoformat(), changes=[{"field": "plan", "new": name}])
            for at, name in happened
        ))  # fmt: skip
        reader = pivotal.joins("Reader", tz=zone)
        shown = await pivotal.says(f"/pivotal history {ref} --from {day} --to {day}", person=reader)
        assert count(shown) == "2", zone
        assert "→ last" in shown.prose
        assert "→ first" in shown.prose
        assert count(await pivotal.says(f"/pivotal history {ref} --from {day}", person=reader)) == "3", zone


@pytest.mark.promise(id="S8")
async def test_admins_alone_may_look_where_a_workspace_says_so(pivotal: Pivotal) -> None:
    """S8: by what holds at the moment of the click, not when its button was drawn."""
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    await pivotal.store.set_settings(pivotal.workspace, {"view": "admins"})
    refused = "In this workspace only admins may see histories. Ask one of them."
    assert (await pivotal.says("/pivotal history acme")).plain == refused
    assert (await shown.click("Older →")).plain == refused
    assert (await shown.menu("Copy as command")).plain == refused
    assert (await shown.menu("Table view")).plain == refused
    assert (await shown.menu("Share to this channel")).plain == refused
    assert await shown.options("Actors") == []
    assert count(await pivotal.says("/pivotal history acme", person=pivotal.joins("Boss", admin=True))) == "84"
