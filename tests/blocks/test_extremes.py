"""Whatever people and programs have written, Slack takes the message, and what has to be cut is cut where it shows least."""

from dataclasses import replace

import pytest
from hypothesis import given

from bot import limits
from bot.blocks import kit
from bot.blocks.feed import feed, shared
from bot.blocks.fit import shares
from bot.blocks.kit import Message
from bot.blocks.picker import customer_options
from bot.blocks.problem import problem
from bot.sandbox.reading import read
from bot.sandbox.rules import judge_options
from store.domain.errors import UsageError, code
from store.domain.query import CustomerName, HistoryQuery, Page
from tests.blocks.extremes import LIVE, LONG, NEWLINES, long, many_fields, pages, ten, the_worst
from tests.blocks.pages import ACME, NOW, a_page, an_activity, an_ordinary_page, in_the_middle
from tests.blocks.slack_rules import checked, controls

HARD = limits.MESSAGE_JSON_HARD


def words(message: Message) -> str:
    return read(message.blocks, message.text, {})


@pytest.mark.parametrize(
    "kind, opened", [*((kind, opened) for kind in LONG for opened in (0, 10)), ("emoji", 1), ("emoji", 2)]
)
def test_ten_entries_of_4000_characters_below_100_of_every_filter(kind: str, opened: int) -> None:
    message = checked(feed(the_worst(kind, opened=opened), "m1", sharing=True), bytes_at_most=HARD)
    assert opened == 0 or "by way of" in words(message)


@pytest.mark.parametrize("kind", ["ASCII", "emoji"])
@pytest.mark.parametrize("count", [1, 3, 12, 13])
def test_a_filter_as_long_as_selects_hold(kind: str, count: int) -> None:
    checked(feed(the_worst(kind, count=count), "m1", sharing=True), bytes_at_most=HARD)


@pytest.mark.parametrize("kind", LONG)
def test_the_worst_page_as_a_table_and_in_a_channel(kind: str) -> None:
    page = the_worst(kind)
    checked(feed(replace(page, query=replace(page.query, table=True)), "m1", sharing=True), bytes_at_most=HARD)
    checked(shared(page, "m1", long(kind, 100)), bytes_at_most=HARD)


@pytest.mark.parametrize("kind", LONG)
def test_the_worst_last_page_of_a_history_that_is_kept_for_a_time(kind: str) -> None:
    page = replace(the_worst(kind), older=None, kept_since=NOW)
    told = "What was recorded up to 20 Nov 2026, 13:00 is no longer kept."
    assert told in words(checked(feed(page, "m1", sharing=True), bytes_at_most=HARD))
    table = feed(replace(page, query=replace(page.query, table=True)), "m1", sharing=True)
    checked(table, bytes_at_most=HARD)
    assert told in words(checked(shared(page, "m1", long(kind, 100)), bytes_at_most=HARD))


@pytest.mark.parametrize("count", [0, 1, 10])
@pytest.mark.parametrize("kind", LONG)
def test_pages_of_no_one_and_ten_entries(kind: str, count: int) -> None:
    checked(feed(a_page(*ten(kind, 4000)[:count]), "m1", sharing=True))


@pytest.mark.parametrize("length", [0, 1, 30, 139, 140, 141, 1000, 3999, 4000])
@pytest.mark.parametrize("kind", ["ASCII", "emoji"])
def test_values_of_any_length(kind: str, length: int) -> None:
    entry = an_activity("customer.field_changed", ("plan", long(kind, length), long(kind, length)[::-1]), seq=1)
    checked(feed(in_the_middle([entry], query=HistoryQuery(opened=(1,))), "m1", sharing=True))


@pytest.mark.parametrize("length", [1, 20, 200, 4000])
@pytest.mark.parametrize("kind", ["ASCII", "emoji", "quotes"])
def test_an_edit_of_100_fields(kind: str, length: int) -> None:
    page = a_page(many_fields(100, length, kind), query=HistoryQuery(opened=(50,)))
    told = words(checked(feed(page, "m1", sharing=True)))
    assert "changed 100 fields (field_0, field_1" in told
    if (kind, length) == ("ASCII", 20):
        assert all(f"\nfield_{number}  {long('ASCII', 20)}  →" in told for number in range(100))
    checked(feed(replace(page, query=HistoryQuery("cus_1", table=True)), "m1", sharing=True))


def test_what_could_not_be_shown_is_counted() -> None:
    told = words(feed(a_page(many_fields(900, 4000), query=HistoryQuery(opened=(50,))), "m1", sharing=True))
    assert "[3,986 more characters]" in told
    assert "more fields\n" in told


def test_a_long_entry_gets_the_message_to_itself_and_a_way_back() -> None:
    entries = (an_activity(seq=2), an_activity("comment.added", ("comment", None, long("ASCII", 9000)), seq=1))
    message = checked(feed(a_page(*entries, query=HistoryQuery(opened=(1,))), "m1", sharing=True))
    assert long("ASCII", 9000) in words(message)
    assert [each["text"]["text"] for each in controls(message)] == ["Back to the list", "Revert entry 1"]
    assert controls(message)[0]["value"] == ACME.id


def test_six_can_be_opened_with_their_lines_whole_and_all_ten_with_their_details() -> None:
    told = words(checked(feed(an_ordinary_page(query=HistoryQuery(opened=tuple(range(11, 17)))), "m1", sharing=True)))
    assert told.count("by way of") == 6
    assert "…" not in told
    told = words(checked(feed(an_ordinary_page(query=HistoryQuery(opened=tuple(range(11, 21)))), "m1", sharing=True)))
    assert told.count("by way of") == 10
    assert "more characters" not in told


def test_where_not_all_can_be_opened_those_opened_last_are() -> None:
    page = the_worst("ASCII", opened=10, count=1)
    message = feed(page, "m1", sharing=True)
    labels = [each["text"]["text"] for each in controls(message) if each["action_id"].startswith("history:go:open")]
    assert sorted(labels, reverse=True) == labels
    assert 1 <= labels.count("Close") < 10
    assert labels[-1] == "Close"


@pytest.mark.promise(id="S12")
@pytest.mark.parametrize("live", [*LIVE, NEWLINES])
def test_nothing_that_people_wrote_mentions_links_or_formats(live: str) -> None:
    """S12: names, values, fields, texts, onboardings, the customer, the filters, the sharer, and what a sentence repeats."""
    entries = (
        an_activity("customer.field_changed", (live, live, live), ("tags", (live,), (live, "b")), seq=3, text=live),
        an_activity("comment.added", ("comment", None, live), seq=2, onboarding_id=live),
        an_activity("usage.limit", seq=1, text=live),
    )
    names = {ref: live for each in entries for ref in [str(each.actor)]} | {"user:usr_1": live}
    query = HistoryQuery(actors=("user:usr_1",), fields=(live,), opened=(3, 2, 1))
    page = a_page(*entries, query=query, names=names, customer=CustomerName("cus_1", "x", live, live))
    checked(feed(page, "m1", sharing=True))
    checked(feed(replace(page, query=replace(page.query, table=True)), "m1", sharing=True))
    checked(shared(page, "m1", live))
    checked(problem(UsageError(f"I don't know {code(live)}.", "Try `/pivotal history`.")))
    checked(feed(replace(page, entries=(), total=0), "m1", sharing=True))


@given(pages())
def test_any_page_can_be_sent(page: Page) -> None:
    checked(feed(page, "m1", sharing=True), bytes_at_most=HARD)
    checked(shared(page, "m1", page.customer.name), bytes_at_most=HARD)


@pytest.mark.parametrize("kind", LONG)
def test_long_customer_names_can_be_chosen_from(kind: str) -> None:
    found = [CustomerName(f"cus_{n}", f"c-{n}", long(kind, 1000), long(kind, 200)) for n in range(limits.OPTIONS)]
    assert judge_options({"options": customer_options(found)}) == []


@pytest.mark.parametrize("length", [0, 100, 4000, 8000])
@pytest.mark.parametrize("kind", LONG)
def test_sentences_of_any_length(kind: str, length: int) -> None:
    checked(problem(UsageError(f"I read {long(kind, length)}`.", f"`{long(kind, 100)}")), bytes_at_most=HARD)


def test_who_wants_little_gets_it_and_the_others_share_the_rest() -> None:
    assert shares([100, 100, 100], 1000) == [100, 100, 100]
    assert shares([5000, 100, 5000], 1100) == [500, 100, 500]
    assert shares([5000, 5000], 101) == [50, 51]
    assert shares([10], 0) == [0]
    assert shares([10, 20], -5) == [0, 0]
    assert shares([], 10) == []


def test_spoken_text_is_cut_to_what_slack_wants_however_much_escaping_adds() -> None:
    for text in ("&" * 5000, "<!channel>" * 1000, "a" * 4000, "a" * 4001, "&" + "é" * 6000, ""):
        said = kit.spoken(text)
        assert len(said) <= limits.TEXT_SOFT
        assert "<" not in said
        assert not said.rstrip("…").endswith(("&", "&a", "&am", "&amp", "&l", "&lt", "&g", "&gt"))
    assert kit.spoken("a" * 4000) == "a" * 4000
