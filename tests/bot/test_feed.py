"""`/pivotal history` as a person in Slack meets it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.sandbox import Shown
from store.domain.activity import HUBSPOT, PI, NewActivity, Source
from tests.bot.acme import GLOBEX, USAGE, Known, acme, fields
from tests.bot.conftest import Pivotal
from tests.bot.feeds import command, count, seqs, table, to_the_end
from tests.builders import a_customer, a_line, an_activity

Clicks = Callable[[Shown], Awaitable[Shown]]


async def test_the_command_shows_the_newest_first_to_its_asker_alone(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    assert shown.ephemeral
    assert count(shown) == str(known.count())
    assert "all time (times in Europe/Berlin)" in shown.text
    assert seqs(shown) == list(range(1, 11))  # the first recorded is the newest, as `acme` makes them
    assert shown.delivery is not None
    assert shown.delivery.answer["response_type"] == "ephemeral"


async def test_every_part_of_an_entry_can_be_read(pivotal: Pivotal) -> None:
    await acme(pivotal)
    lines = (await pivotal.says("/pivotal history acme --type field_changed,nudge,status_changed,limit_reached")).prose
    when = (pivotal.clock() - timedelta(hours=1)).astimezone(ZoneInfo("Europe/Berlin"))
    assert "Sam Lee changed plan: Plan 0 → Plan 1\n:speech_balloon: " in lines
    assert f"{when.hour % 12 or 12}:{when:%M %p}\ncustomer.field_changed" in lines
    assert "HubSpot changed 3 fields (seats, plan, arr)\n:large_orange_circle: " in lines
    assert "Pi nudged: Risk: nudge 0\n:robot_face: " in lines
    assert "Stripe changed status: active → at_risk; reason: payment failed\n:large_purple_circle: " in lines
    assert "Usage feed recorded usage.limit_reached: 0 of 12 seats\n:electric_plug: " in lines


# --- a click is a command ---------------------------------------------------------------------------------------------


def by(*actors: object) -> Callable[[Known, NewActivity], bool]:
    return lambda _, each: each.actor in actors


JOURNEYS: dict[str, tuple[list[Clicks], str, Callable[[Known, NewActivity], bool]]] = {
    "one actor": ([lambda s: s.choose("Actors", ["Pi"])], "--actor pi", by(PI)),
    "several actors": ([lambda s: s.choose("Actors", ["HubSpot", "Usage feed"])], '--actor hubspot,"Usage feed"', by(HUBSPOT, USAGE)),
    "me": ([lambda s: s.choose("Actors", ["Me"])], "--actor me", lambda known, each: str(each.actor) == known.sam),
    "a person": ([lambda s: s.choose("Actors", ["Mara Núñez"])], "--actor 'mara núñez'", lambda known, each: str(each.actor) == known.mara),
    "by way of Slack": ([lambda s: s.choose("Actors", ["Anybody, via Slack"])], "--actor slack", lambda _, each: each.source is Source.SLACK),
    "by way of the API": ([lambda s: s.choose("Actors", ["Anything, via the API"])], "--actor api", by(USAGE)),
    "one type": ([lambda s: s.choose("Event types", ["pi.nudge"])], "--type PI.nudge", lambda _, each: each.kind == "pi.nudge"),
    "a family": ([lambda s: s.choose("Event types", ["task (all)"])], "--type task", lambda _, each: each.kind.startswith("task.")),
    "7 days": ([lambda s: s.choose("Dates", "Last 7 days")], "--7d", lambda known, each: known.days(each) <= 7),
    "30 days": ([lambda s: s.choose("Dates", "Last 30 days")], "--30d", lambda known, each: known.days(each) <= 30),
    "90 days": ([lambda s: s.choose("Dates", "Last 90 days")], "—90d", lambda known, each: known.days(each) <= 90),
    "all time again": ([lambda s: s.choose("Dates", "Last 7 days"), lambda s: s.choose("Dates", "All time")], "", lambda *_: True),
    "stacked": (
        [
            lambda s: s.choose("Actors", ["Me", "Mara Núñez"]),
            lambda s: s.choose("Event types", ["task (all)"]),
            lambda s: s.choose("Dates", "Last 30 days"),
        ],
        "--30d --type task --actor me,'Mara Núñez'",
        lambda known, each: str(each.actor) in {known.sam, known.mara} and each.kind.startswith("task.") and known.days(each) <= 30,
    ),
    "stacked, then one removed": (
        [
            lambda s: s.choose("Actors", ["Pi"]),
            lambda s: s.choose("Dates", "Last 90 days"),
            lambda s: s.choose("Event types", ["pi.nudge"]),
            lambda s: s.choose("Actors", []),
        ],
        "--90d --type pi.nudge",
        lambda known, each: each.kind == "pi.nudge" and known.days(each) <= 90,
    ),
    "cleared": ([lambda s: s.choose("Actors", ["Pi"]), lambda s: s.choose("Dates", "Last 7 days"), lambda s: s.click("Clear filters")], "", lambda *_: True),
}  # fmt: skip


async def test_every_click_shows_the_rows_of_its_command_typed_by_hand(pivotal: Pivotal) -> None:
    """And both those of a plain count; the message is replaced; the command to copy leads there too."""
    await pivotal.asks_without_end()
    known = await acme(pivotal)
    for journey, (clicks, flags, counts) in JOURNEYS.items():
        first = shown = await pivotal.says("/pivotal history acme")
        for click in clicks:
            shown = await click(shown)
            assert shown.replaces(first), journey
        typed = await pivotal.says(f"/pivotal history acme {flags}")
        assert (shown.text, seqs(shown)) == (typed.text, seqs(typed)), journey
        assert count(shown) == str(known.count(lambda each, counts=counts: counts(known, each))), journey  # type: ignore[misc]  # bound at once
        copied = await pivotal.says(command(await shown.menu("Copy as command")))
        assert (copied.text, seqs(copied)) == (shown.text, seqs(shown)), journey
    assert pivotal.slack.messages_in(pivotal.room) == []


async def test_filters_that_no_menu_shows_can_be_removed_one_by_one(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    shown = await pivotal.says(
        "/pivotal history acme --not-actor pi,stripe --not-type limit_reached --field plan,status --90d"
    )
    assert {"✕ not by Pi or Stripe", "✕ not limit_reached", "✕ field plan or status"} <= set(shown.buttons)
    expected = known.count(lambda each: known.days(each) <= 90 and "plan" in fields(each))
    assert count(shown) == str(expected)
    shown = await shown.click("✕ not by Pi or Stripe")
    more = known.count(lambda each: known.days(each) <= 90 and bool({"plan", "status"} & fields(each)))
    assert count(shown) == str(more)
    shown = await shown.click("✕ field plan or status")
    rest = known.count(lambda each: known.days(each) <= 90 and each.kind != "usage.limit_reached")
    assert count(shown) == str(rest)
    shown = await shown.click("✕ not limit_reached")
    assert count(shown) == str(known.count(lambda each: known.days(each) <= 90))
    assert seqs(shown) == seqs(await pivotal.says("/pivotal history acme --90d"))


async def test_a_custom_range_begins_with_the_last_month_and_takes_two_dates(pivotal: Pivotal) -> None:
    await acme(pivotal)
    today = pivotal.clock().astimezone(ZoneInfo("Europe/Berlin")).date()
    shown = await (await pivotal.says("/pivotal history acme --actor pi")).choose("Dates", "Custom…")
    assert seqs(shown) == seqs(
        await pivotal.says(f"/pivotal history acme --actor pi --from {today - timedelta(days=30)} --to {today}")
    )
    first, last = today - timedelta(days=80), today - timedelta(days=40)
    shown = await (await shown.pick_date("history:filter:from", f"{first}")).pick_date("history:filter:to", f"{last}")
    typed = await pivotal.says(f"/pivotal history acme --actor pi --from {first} --to {last}")
    assert (shown.text, seqs(shown)) == (typed.text, seqs(typed))
    assert (await shown.choose("Dates", "Last 7 days")).text == (
        await pivotal.says("/pivotal history acme --actor pi --7d")
    ).text


async def test_a_range_that_ends_before_it_begins_gets_a_sentence_beside_the_feed(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme --from 2026-05-01 --to 2026-05-31")
    refused = await shown.pick_date("history:filter:from", "2026-06-15")
    assert not refused.replaces(shown)
    assert refused.plain == (
        "That range ends before it begins: --from 2026-06-15 --to 2026-05-31. Try --from 2026-05-31 --to 2026-06-15."
    )
    assert shown.now().text == shown.text


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.promise(id="R15")
async def test_pages_lead_to_the_end_and_back_without_gap_or_repeat_while_rows_are_added(pivotal: Pivotal) -> None:
    """R15."""
    known = await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme")
    found = seqs(shown)
    while "Older →" in shown.buttons:
        await pivotal.remembers("acme", an_activity(), an_activity(occurred_at=pivotal.clock() - timedelta(days=1)))
        shown = await shown.click("Older →")
        assert "← Newer" in shown.buttons
        found += seqs(shown)
    old = [seq for seq in found if seq <= known.count()]
    assert old == list(range(1, known.count() + 1))
    assert len(set(found)) == len(found)
    back = [seqs(shown)]
    while "← Newer" in shown.buttons:
        shown = await shown.click("← Newer")
        back.insert(0, seqs(shown))
    newest_first = [activity.seq for activity in await pivotal.history("acme")]
    top, rest = back[0], [seq for page in back[1:] for seq in page]
    assert top == newest_first[:10], "the last step leads to the top, however few were left"
    assert rest == newest_first[-len(rest) :]
    assert len(top) + len(rest) >= len(newest_first)


async def test_a_filter_from_a_later_page_starts_again_at_the_newest(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await (await pivotal.says("/pivotal history acme")).click("Older →")
    shown = await shown.choose("Actors", ["Pi"])
    assert seqs(shown) == seqs(await pivotal.says("/pivotal history acme --actor pi"))


async def test_a_thousand_activities_are_counted_and_more_are_1000_plus(pivotal: Pivotal) -> None:
    at = {"occurred_at": "2026-01-01T00:00:00Z", "actor": {"type": "pi", "id": "pi"}}
    await pivotal.imports(GLOBEX, *[a_line(customer="globex", dedupe_key=f"{number}", **at) for number in range(1000)])
    assert count(await pivotal.says("/pivotal history globex")) == "1,000"
    await pivotal.remembers("globex", an_activity(changes=()))
    assert count(await pivotal.says("/pivotal history globex")) == "1,000+"


# --- details and the table --------------------------------------------------------------------------------------------


async def test_an_edit_of_many_fields_opens_to_its_full_diff_and_closes_again(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await (await pivotal.says("/pivotal history acme --actor hubspot")).click("Older →")
    line = "HubSpot changed 3 fields (seats, plan, arr)"
    opened = await shown.click("Details", beside=line, nth=1)
    assert opened.replaces(shown)
    assert "seats  10  →  11" in opened.prose
    assert "arr  1  →  2" in opened.prose
    assert seqs(opened) == seqs(shown)
    both = await opened.click("Details", beside=line, nth=1)
    assert "seats  11  →  12" in both.prose
    assert both.buttons.count("Close") == 2
    closed = await (await both.click("Close", nth=1)).click("Close")
    assert closed.prose == shown.prose


async def test_the_table_view_has_a_row_for_each_change_and_leads_back(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme --actor hubspot,pi")
    as_table = await shown.menu("Table view")
    assert as_table.replaces(shown)
    assert [row[1:6] for row in table(as_table)[:4]] == [
        ["HubSpot", "customer.field_changed", "seats", "0", "1"],
        ["HubSpot", "customer.field_changed", "plan", "a", "b"],
        ["HubSpot", "customer.field_changed", "arr", "1", "2"],
        ["Pi", "pi.nudge", "nudge", "–", "Risk: nudge 0"],
    ]
    rows = table(as_table)
    while "Older →" in as_table.buttons:
        as_table = await as_table.click("Older →")
        rows += table(as_table)
    asked = [each for each in known.happened if each.actor in {HUBSPOT, PI}]
    assert len(rows) == sum(len(each.changes) for each in asked)
    listed = await as_table.menu("List view")
    assert (listed.text, seqs(listed)) == (shown.text, seqs(shown))


async def test_where_slack_has_no_tables_yet_sections_tell_the_same(pivotal: Pivotal) -> None:
    await acme(pivotal)
    pivotal.slack.core.unsupported_blocks = frozenset({"data_table"})
    shown = await pivotal.says("/pivotal history acme --actor pi")
    told = await shown.menu("Table view")
    assert told.replaces(shown)
    assert told.prose.count("Pi nudged: Risk: nudge") == 12
    assert "List view" in str(told.blocks)
    typed = await pivotal.says("/pivotal history acme --actor pi --table")
    assert typed.prose == told.prose
    refused = [each for each in pivotal.slack.refusals if "data_table" not in str(each)]
    assert refused == []
    pivotal.slack.refusals.clear()


# --- nothing, and nobody ----------------------------------------------------------------------------------------------


async def test_no_result_says_which_filter_to_widen_and_does_it_for_a_click(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme --actor pi --type task")
    assert count(shown) == "No"
    last = (pivotal.clock() - timedelta(hours=1)).astimezone(ZoneInfo("Europe/Berlin"))
    assert (
        f"The last activity was on {last.day} {last:%b %Y, %H:%M}. Widen the actors or the types to see more."
        in shown.prose
    )
    assert {"Any actor", "Any type"} <= set(shown.buttons)
    wider = await shown.click("Any actor")
    assert wider.replaces(shown)
    assert seqs(wider) == seqs(await pivotal.says("/pivotal history acme --type task"))
    assert seqs(await shown.click("Any type")) == seqs(await pivotal.says("/pivotal history acme --actor pi"))


async def test_beyond_the_end_are_the_newest_again(pivotal: Pivotal) -> None:
    await acme(pivotal)
    shown = await pivotal.says("/pivotal history acme --before 0.1")
    assert seqs(shown) == list(range(1, 11))


async def test_a_customer_without_a_history_is_told_apart_from_an_unknown_one(pivotal: Pivotal) -> None:
    await a_customer(pivotal.store, pivotal.workspace, "Acme Corp")
    assert "Nothing has been recorded for this customer yet." in (await pivotal.says("/pivotal history acme")).prose
    unknown = await pivotal.says("/pivotal history amce")
    assert unknown.plain == "I don't know a customer amce. Did you mean Acme Corp (acme-corp)?"
    assert "I don't know a customer %." in (await pivotal.says("/pivotal history %")).plain


async def test_two_customers_that_fit_are_listed_and_none_is_picked(pivotal: Pivotal) -> None:
    for ref in ("one", "two"):
        await a_customer(pivotal.store, pivotal.workspace, "Acme Corp", ref=ref)
    shown = await pivotal.says('/pivotal history "acme corp"')
    assert (
        shown.plain
        == "acme corp fits several customers: Acme Corp (acme-corp), Acme Corp (acme-corp-2). Say which one, by its slug."
    )


async def test_the_beginning_of_a_name_is_enough_and_the_answer_names_it_in_full(pivotal: Pivotal) -> None:
    await a_customer(pivotal.store, pivotal.workspace, "Müller & Söhne GmbH")
    shown = await pivotal.says("/pivotal history müller & s --30d")
    assert shown.text.startswith("Müller &amp; Söhne GmbH: No activities, last 30 days")


async def test_everybody_reads_it_by_their_own_day(pivotal: Pivotal) -> None:
    await acme(pivotal)
    aoi = pivotal.joins("Aoi Tanaka", tz="Asia/Tokyo")
    assert "Asia/Tokyo" in (await pivotal.says("/pivotal history acme --7d", person=aoi)).text
    nowhere = pivotal.joins("Nemo", tz=None)
    assert "times in UTC" in (await pivotal.says("/pivotal history acme", person=nowhere)).text


async def test_all_is_read_to_the_end(pivotal: Pivotal) -> None:
    known = await acme(pivotal)
    assert await to_the_end(await pivotal.says("/pivotal history acme")) == list(range(1, known.count() + 1))
