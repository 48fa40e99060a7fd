"""Edits: the record changes and the log tells, in one transaction."""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest

from store import Store
from store.domain.customer import Assignment, FieldType, digest
from store.domain.errors import Ambiguous, Conflict, NotFound, PivotalError, Refused, UsageError
from store.domain.query import HistoryQuery
from store.engine import Database
from store.records import Records
from tests.records.conftest import Edits, told
from tests.records.replay import on_record, replayed


def a(field: str, value: str, *items: str) -> Assignment:
    return Assignment(field, value, items or ((value,) if value else ()))


# --- fields -----------------------------------------------------------------------------------------------------------


async def test_an_edit_of_several_fields_is_one_activity_with_a_change_each(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    asked = [a("plan", "Growth"), a("tags", "+vip,+eu", "+vip", "+eu"), a("domain", "https://www.Acme.com/")]
    done = await edits.records.edit(edits.workspace, acme, asked, edits.by)
    assert told(done) == [
        (
            "customer.field_changed",
            [("plan", None, "Growth"), ("tags", None, ("eu", "vip")), ("domain", None, "acme.com")],
        )
    ]


async def test_status_and_fields_together_are_two_activities_under_one_edit(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    asked = [a("status", "At risk"), a("plan", "Growth")]
    done = await edits.records.edit(edits.workspace, acme, asked, edits.by, reason="their champion left")
    assert [each.kind for each in done.recorded] == ["customer.field_changed", "customer.status_changed"]
    assert len({each.edit_id for each in done.recorded}) == 1
    assert done.recorded[1].text == "their champion left"


async def test_nothing_is_recorded_when_nothing_changes(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    asked = [a("plan", "Growth"), a("owner", "me"), a("health", "80"), a("tags", "a,b", "a", "b")]
    await edits.records.edit(edits.workspace, acme, asked, edits.by)
    again = await edits.records.edit(edits.workspace, acme, asked, edits.by)
    assert again.recorded == ()
    assert not again.repeated


async def test_a_request_that_comes_twice_has_one_effect(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    by = edits.keyed("command:1")
    twice = await asyncio.gather(
        *(edits.records.edit(edits.workspace, acme, [a("tags", f"+t{n}", f"+t{n}")], by) for n in range(2)),
        return_exceptions=True,
    )
    receipts = [each for each in twice if not isinstance(each, BaseException)]
    assert [len(each.recorded) for each in receipts].count(1) == 1
    late = await edits.records.edit(edits.workspace, acme, [a("plan", "X")], by)
    assert late.repeated
    assert (await edits.records.customer(edits.workspace, acme)).plan is None


@pytest.mark.parametrize(
    "scores, dropped",
    [
        ((80, 70), [(80, 70)]),
        ((80, 71), []),
        ((80, 75, 70), [(80, 70)]),
        ((80, 75, 70, 65), [(80, 70)]),
        ((80, 70, 60), [(80, 70), (70, 60)]),
        ((80, 75, 85, 76), []),
        ((80, 75, 85, 75), [(85, 75)]),
    ],
)
async def test_health_drops_once_at_once_or_by_sliding(
    edits: Edits, scores: Sequence[int], dropped: list[tuple[int, int]]
) -> None:
    acme = await edits.customer("Acme Corp")
    for score in scores:
        await edits.records.edit(edits.workspace, acme, [a("health", str(score))], edits.by)
    page = await edits.page(HistoryQuery("acme", types=("health_score_dropped",)))
    assert [(each.changes[0].old, each.changes[0].new) for each in reversed(page.entries)] == dropped


@pytest.mark.parametrize(
    "asked, error, says",
    [
        (a("helth", "1"), NotFound, "Did you mean `health`"),
        (a("health", "101"), UsageError, "whole number from 0 to 100"),
        (a("health", "72.5"), UsageError, "whole number"),
        (a("status", "gone"), UsageError, "Choose one of `active`, `at_risk`, `churned`, `archived`"),
        (a("name", ""), UsageError, "has to have a name"),
        (a("domain", "not a domain"), UsageError, "like `acme.com`"),
        (a("owner", "Sma Lee"), NotFound, "Did you mean Sam Lee?"),
        (a("tags", "+a,b", "+a", "b"), UsageError, "some values have a sign"),
        (a("plan", "x" * 4001), UsageError, "4,001 characters"),
        (a("renewal", "01/02/2026"), UsageError, "cannot be sure"),
        (a("renewal", "2026-02-30"), UsageError, "There is no day"),
        (a("seats", "many"), UsageError, "seats is a number"),
        (a("segment", "Tiny"), UsageError, "Choose one of `SMB`, `Enterprise`"),
        (a("site", "acme.com"), UsageError, "https://"),
    ],
)
async def test_what_does_not_fit_is_said_and_changes_nothing(
    edits: Edits, asked: Assignment, error: type[PivotalError], says: str
) -> None:
    acme = await edits.customer("Acme Corp")
    for name, kind in (("renewal", FieldType.DATE), ("seats", FieldType.NUMBER), ("site", FieldType.LINK)):
        await edits.records.define_field(edits.workspace, name, kind, ())
    await edits.records.define_field(edits.workspace, "segment", FieldType.CHOICE, ("SMB", "Enterprise"))
    before = await edits.records.customer(edits.workspace, acme)
    with pytest.raises(error) as said:
        await edits.records.edit(edits.workspace, acme, [asked], edits.by)
    assert says in str(said.value)
    assert await edits.records.customer(edits.workspace, acme) == before


async def test_custom_fields_are_typed_and_found_however_they_are_spaced(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await edits.records.define_field(edits.workspace, "Contract value", FieldType.NUMBER, ())
    await edits.records.define_field(edits.workspace, "Sponsor", FieldType.PERSON, ())
    asked = [a("contract_value", "1200.5"), a("SPONSOR", "sam lee")]
    done = await edits.records.edit(edits.workspace, acme, asked, edits.by)
    assert told(done)[0][1] == [("Contract value", None, 1200.5), ("Sponsor", None, edits.by.actor)]
    with pytest.raises(Conflict, match="There is a field `Contract value` already"):
        await edits.records.define_field(edits.workspace, "contract-VALUE", FieldType.TEXT, ())
    with pytest.raises(Conflict, match="already"):
        await edits.records.define_field(edits.workspace, "Health", FieldType.TEXT, ())


async def test_values_come_back_exactly_as_typed(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    for value in ("=SUM(A1)", "*bold* _it_ <!channel> & <b>", "😀👩‍👩‍👧 שלום", "x" * 4000, "  spaced  "):
        await edits.records.edit(edits.workspace, acme, [a("plan", value)], edits.by)
        assert (await edits.records.customer(edits.workspace, acme)).plan == value
        page = await edits.page(HistoryQuery("acme"))
        assert page.entries[0].changes[0].new == value


async def test_an_edit_from_a_stale_form_is_refused_with_both_values(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    shown = digest(None)
    await edits.records.edit(edits.workspace, acme, [a("plan", "Growth")], edits.by)
    with pytest.raises(Conflict) as said:
        await edits.records.edit(edits.workspace, acme, [a("plan", "Pro")], edits.by, expected={"plan": shown})
    assert "you wrote “Pro”, it is “Growth” now" in str(said.value)
    done = await edits.records.edit(
        edits.workspace, acme, [a("domain", "acme.com"), a("plan", "Growth")], edits.by, expected={"plan": shown}
    )
    assert told(done)[0][1] == [("domain", None, "acme.com")]


async def test_two_people_at_once_both_land(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await asyncio.gather(
        *(edits.records.edit(edits.workspace, acme, [a("tags", f"+t{n}", f"+t{n}")], edits.by) for n in range(8))
    )
    assert (await edits.records.customer(edits.workspace, acme)).tags == tuple(f"t{n}" for n in range(8))
    assert (await edits.store.verify(edits.workspace)).faults == ()


async def test_a_provider_id_belongs_to_one_customer(edits: Edits) -> None:
    acme, globex = await edits.customer("Acme Corp"), await edits.customer("Globex")
    await edits.records.edit(edits.workspace, acme, [a("stripe_id", "cus_1")], edits.by)
    with pytest.raises(Conflict, match="belongs to Acme Corp"):
        await edits.records.edit(edits.workspace, globex, [a("stripe_id", "cus_1")], edits.by)
    await edits.records.edit(edits.workspace, acme, [a("stripe_id", "")], edits.by)
    await edits.records.edit(edits.workspace, globex, [a("stripe_id", "cus_1")], edits.by)


# --- what belongs to a customer ---------------------------------------------------------------------------------------


async def test_tasks_are_found_by_title_or_id_and_several_are_listed(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await edits.records.add_task(edits.workspace, acme, "Send contract", edits.by)
    await edits.records.add_task(edits.workspace, acme, "Send invoice", edits.by)
    with pytest.raises(Ambiguous, match=r"Send contract .*, Send invoice"):
        await edits.records.complete_task(edits.workspace, acme, "send", edits.by)
    with pytest.raises(NotFound, match=r"There are Send contract, Send invoice\."):
        await edits.records.complete_task(edits.workspace, acme, "nothing", edits.by)
    done = await edits.records.complete_task(edits.workspace, acme, "SEND INVOICE", edits.by)
    assert told(done) == [("task.completed", [("task", None, "Send invoice")])]
    again = await edits.records.complete_task(edits.workspace, acme, "Send invoice", edits.by)
    assert again.recorded == ()


async def test_a_comment_names_contacts_and_people_by_reference(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    added = await edits.records.add_contact(edits.workspace, acme, "Ann Lee", "ann@acme.com", edits.by)
    ann = added.recorded[0].changes[0].new
    said = await edits.records.add_comment(
        edits.workspace, acme, "Spoke to @Ann Lee and @sam lee; write to me@acme.com, @nobody", edits.by
    )
    assert (
        said.recorded[0].changes[0].new == f"Spoke to @<{ann}> and @<{edits.by.actor}>; write to me@acme.com, @nobody"
    )
    assert said.names[str(ann)] == "Ann Lee"


async def test_moving_to_the_last_phase_finishes_an_onboarding(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await edits.records.start_onboarding(edits.workspace, acme, "", "Kickoff", edits.by)
    moved = await edits.records.move_phase(edits.workspace, acme, None, "Done", edits.by)
    assert told(moved) == [("onboarding.phase_moved", [("phase", "Kickoff", "Done")])]
    assert [each.state for each in await edits.records.onboardings(edits.workspace, acme)] == ["done"]
    back = await edits.records.revert(edits.workspace, acme, [moved.recorded[0].seq], edits.by)
    assert [each.state for each in await edits.records.onboardings(edits.workspace, acme)] == ["open"]
    await edits.records.revert(edits.workspace, acme, [back.recorded[0].seq], edits.by)
    assert [each.state for each in await edits.records.onboardings(edits.workspace, acme)] == ["done"]


async def test_two_people_who_link_channels_crosswise_at_once_both_land(edits: Edits, elsewhere: Database) -> None:
    acme, globex = await edits.customer("Acme Corp"), await edits.customer("Globex")
    here, there = edits.records, Store(elsewhere).records
    await here.link(edits.workspace, "C1", acme, edits.by)
    await here.link(edits.workspace, "C2", globex, edits.by)
    await asyncio.gather(
        here.link(edits.workspace, "C1", globex, edits.by), there.link(edits.workspace, "C2", acme, edits.by)
    )
    for customer in (acme, globex):
        page = await edits.page(HistoryQuery(customer, types=("channel_linked",)))
        told = [(one.old, one.new) for each in page.entries for one in each.changes]
        assert sorted(told, key=str) == sorted(
            [(None, "C1"), (None, "C2"), (("C1" if customer == acme else "C2"), None)], key=str
        )


async def test_the_same_customer_or_field_made_twice_at_once_is_made_once(edits: Edits, elsewhere: Database) -> None:
    here, there = edits.records, Store(elsewhere).records
    makings: Sequence[Callable[[Records], Awaitable[object]]] = (
        lambda records: records.add_customer(edits.workspace, "Acme Corp", (), edits.by),
        lambda records: records.define_field(edits.workspace, "Seats", FieldType.NUMBER, ()),
    )
    for making in makings:
        done = await asyncio.gather(making(here), making(there), making(here), return_exceptions=True)
        assert sorted(type(each).__name__ for each in done).count("Conflict") == 2, done


@pytest.mark.promise(id="R5")
async def test_the_record_is_what_the_log_says_whoever_was_cut_off(edits: Edits, elsewhere: Database) -> None:
    """Several clients on a few customers, in two processes, their requests cut off at any moment. What was saved is there once."""
    dice = random.Random(20260101)
    customers = [await edits.customer(f"Customer {n}") for n in range(3)]
    saved: list[tuple[str, str]] = []

    async def client(number: int, records: Records) -> None:
        for turn in range(12):
            customer, tag = dice.choice(customers), f"t{number}-{turn}"
            asked = [a("plan", tag), a("tags", f"+{tag}", f"+{tag}"), a("health", str(dice.randint(0, 100)))]
            request = asyncio.create_task(records.edit(edits.workspace, customer, asked, edits.keyed(tag)))
            if dice.random() < 0.4:
                await asyncio.sleep(dice.uniform(0, 0.01))
                request.cancel()
            done = (await asyncio.gather(request, return_exceptions=True))[0]
            if not isinstance(done, BaseException):
                saved.append((customer, tag))

    here, there = edits.records, Store(elsewhere).records
    await asyncio.gather(*(client(number, here if number % 2 else there) for number in range(4)))
    for customer in customers:
        # A request that was cut off while it committed is still committing: this edit waits for it, since both lock the customer.
        await edits.records.edit(edits.workspace, customer, [a("health", "50")], edits.by)
        page = await edits.page(HistoryQuery(customer))
        assert replayed(reversed(page.entries)) == await on_record(edits.records, edits.workspace, customer)
        plans = [one.new for each in page.entries for one in each.changes if one.field == "plan"]
        assert len(plans) == len(set(plans))
        assert {tag for of, tag in saved if of == customer} <= set(plans)
    assert (await edits.store.verify(edits.workspace)).faults == ()


# --- taking back ------------------------------------------------------------------------------------------------------


async def test_a_revert_is_a_new_activity_that_names_the_one_it_reverts(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await edits.records.edit(edits.workspace, acme, [a("plan", "Growth")], edits.by)
    changed = await edits.records.edit(edits.workspace, acme, [a("plan", "Pro"), a("status", "at_risk")], edits.by)
    seqs = [each.seq for each in changed.recorded]
    back = await edits.records.revert(edits.workspace, acme, seqs, edits.by)
    assert told(back) == [
        ("customer.field_changed", [("plan", "Pro", "Growth")]),
        ("customer.status_changed", [("status", "at_risk", "active")]),
    ]
    assert {tuple(each.refs["reverts"]) for each in back.recorded} == {tuple(seqs)}  # type: ignore[arg-type]  # a list of seqs
    with pytest.raises(Conflict, match="taken back already"):
        await edits.records.revert(edits.workspace, acme, seqs, edits.by)


async def test_a_link_is_not_taken_back_from_whom_the_channel_belongs_to_since(edits: Edits) -> None:
    acme, globex = await edits.customer("Acme Corp"), await edits.customer("Globex")
    linked = await edits.records.link(edits.workspace, "C1", acme, edits.by)
    assert linked is not None
    await edits.records.link(edits.workspace, "C1", globex, await edits.somebody_else())
    with pytest.raises(Conflict, match="linked again since"):
        await edits.records.revert(edits.workspace, acme, [linked.recorded[0].seq], edits.by)
    assert await edits.store.linked_customer(edits.workspace, "C1") is not None


async def test_a_revert_of_what_has_changed_since_is_refused_with_both_values(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    changed = await edits.records.edit(edits.workspace, acme, [a("plan", "Pro")], edits.by)
    await edits.records.edit(edits.workspace, acme, [a("plan", "Max")], edits.by)
    with pytest.raises(Conflict, match="this entry set “Pro”, it is “Max” now"):
        await edits.records.revert(edits.workspace, acme, [changed.recorded[0].seq], edits.by)


async def test_undo_takes_the_last_edit_back_and_nothing_older_than_an_hour(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await edits.records.edit(edits.workspace, acme, [a("plan", "Pro")], edits.by)
    undone = await edits.records.undo(edits.workspace, edits.by)
    assert told(undone) == [("customer.field_changed", [("plan", "Pro", None)])]
    stranger = await edits.somebody_else()
    with pytest.raises(NotFound, match="nothing of yours"):
        await edits.records.undo(edits.workspace, stranger)


# --- over time --------------------------------------------------------------------------------------------------------


async def test_undo_twice_takes_the_last_two_edits_back(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    for plan in ("Starter", "Growth", "Max"):
        await edits.records.edit(edits.workspace, acme, [a("plan", plan)], edits.by)
    for left in ("Growth", "Starter", None):
        await edits.records.undo(edits.workspace, edits.by)
        assert (await edits.records.customer(edits.workspace, acme)).plan == left


async def test_blame_tells_who_last_set_each_field_and_from_what(edits: Edits) -> None:
    acme = await edits.customer("Acme Corp")
    await edits.records.edit(edits.workspace, acme, [a("plan", "Growth")], edits.by)
    other = await edits.somebody_else()
    await edits.records.edit(edits.workspace, acme, [a("plan", "Pro")], other)
    found = await edits.records.blame(edits.workspace, acme, "Plan")
    assert [(each.field, each.value) for each in found.fields] == [("plan", "Pro")]
    by = found.fields[0].by
    assert by is not None
    assert (by.actor, by.changes[0].old) == (other.actor, "Growth")
    with pytest.raises(NotFound, match="There is no field"):
        await edits.records.blame(edits.workspace, acme, "nothing")


async def test_show_rebuilds_the_record_of_a_day_from_the_log(edits: Edits) -> None:
    lines = (
        '{"type":"customer","ref":"c","name":"Acme Corp","plan":"Pro","status":"at_risk"}',
        _changed("2026-01-10", "plan", "Starter", "Growth"),
        _changed("2026-03-10", "plan", "Growth", "Pro"),
        _changed("2026-04-10", "status", "active", "at_risk", "customer.status_changed"),
    )
    await edits.imports(*lines)
    acme = (await edits.store.find_customer(edits.workspace, "acme-corp")).id
    for day, plan, status in (
        ("01-01", "Starter", "active"),
        ("02-01", "Growth", "active"),
        ("05-01", "Pro", "at_risk"),
    ):
        then = await edits.records.then(edits.workspace, acme, datetime.fromisoformat(f"2026-{day}T00:00:00+00:00"))
        assert (then.values["plan"], then.values["status"]) == (plan, status)
        assert bool(then.changes) == (day != "05-01")


def _changed(day: str, field: str, old: str, new: str, kind: str = "customer.field_changed") -> str:
    return (
        f'{{"type":"activity","customer":"c","occurred_at":"{day}T10:00:00Z","actor":{{"type":"user","id":"x"}},"source":"import",'
        f'"event_type":"{kind}","changes":[{{"field":"{field}","old":"{old}","new":"{new}"}}],"dedupe_key":"{day}"}}'
    )


# --- no way round the log ---------------------------------------------------------------------------------------------

READING = {
    "card",
    "customer",
    "fields",
    "tasks",
    "onboardings",
    "contacts",
    "contact",
    "comment",
    "owned",
    "lately_changed",
    "blame",
    "then",
}
WITHOUT_A_CUSTOMER = {"define_field"}
"""It changes no customer's record."""


async def test_no_write_skips_the_log(edits: Edits) -> None:
    """Every public writing method is called; after each, the log replayed is the record."""
    records, workspace, by = edits.records, edits.workspace, edits.by
    acme = await edits.customer("Acme Corp")
    ids: dict[str, str] = {}

    async def contact(name: str) -> Any:
        done = await records.add_contact(
            workspace, acme, name, f"{name[:3].lower()}@acme.com", by, primary=name == "Bob Day"
        )
        ids[name] = str(done.recorded[0].changes[0].new).removeprefix("contact:")
        return done

    async def comment() -> Any:
        done = await records.add_comment(workspace, acme, "Called them", by)
        ids["comment"] = str(done.recorded[0].subject).removeprefix("comment:")
        return done

    async def task() -> Any:
        done = await records.add_task(workspace, acme, "Send contract", by, due=date(2026, 12, 1), assignee="me")
        ids["task"] = str(done.recorded[0].subject).removeprefix("task:")
        return done

    steps: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
        ("add_customer", lambda: records.add_customer(workspace, "Globex", [a("plan", "Starter")], by)),
        (
            "edit",
            lambda: records.edit(workspace, acme, [a("plan", "Pro"), a("health", "50"), a("status", "at_risk")], by),
        ),
        ("link", lambda: records.link(workspace, "C9", acme, by)),
        ("start_onboarding", lambda: records.start_onboarding(workspace, acme, "Rollout", "Kickoff", by)),
        ("move_phase", lambda: records.move_phase(workspace, acme, None, "Training", by)),
        ("add_task", task),
        (
            "update_task",
            lambda: records.update_task(workspace, acme, ids["task"], by, title="Send it", due=None, assignee=None),
        ),
        ("complete_task", lambda: records.complete_task(workspace, acme, ids["task"], by)),
        ("reopen_task", lambda: records.reopen_task(workspace, acme, ids["task"], by)),
        ("add_contact", lambda: contact("Ann Lee")),
        ("add_contact", lambda: contact("Bob Day")),
        (
            "update_contact",
            lambda: records.update_contact(
                workspace, acme, ids["Ann Lee"], by, name="Ann Day", email=None, primary=True
            ),
        ),
        ("archive_contact", lambda: records.archive_contact(workspace, acme, ids["Ann Lee"], by)),
        ("restore_contact", lambda: records.restore_contact(workspace, acme, ids["Ann Lee"], by)),
        ("add_comment", comment),
        ("edit_comment", lambda: records.edit_comment(workspace, acme, ids["comment"], "Called them twice", by)),
        ("delete_comment", lambda: records.delete_comment(workspace, acme, ids["comment"], by)),
        ("undo", lambda: records.edit(workspace, acme, [a("plan", "Max")], by)),
        ("undo", lambda: records.undo(workspace, by)),
        ("revert", lambda: records.revert(workspace, acme, [2], by)),
        ("erase_contact", lambda: records.erase_contact(workspace, acme, ids["Bob Day"], by)),
    ]
    public = {name for name, _ in inspect.getmembers(Records, inspect.iscoroutinefunction) if not name.startswith("_")}
    assert {name for name, _ in steps} == public - READING - WITHOUT_A_CUSTOMER
    for name, step in steps:
        try:
            done = await step()
        except Refused:
            assert name == "revert"
            continue
        assert done.recorded, name
        page = await edits.page(HistoryQuery("acme-corp"))
        assert replayed(reversed(page.entries)) == await on_record(edits.records, edits.workspace, acme), name
    assert (await edits.store.verify(workspace)).faults == ()
