"""Each kind of activity as a line of words: who, what, old → new."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import pytest
from hypothesis import given

from bot.blocks import phrases
from store.domain.activity import HUBSPOT, KINDS, PI, STRIPE, Activity, ActorType, Ref, Source
from store.domain.query import CustomerName, HistoryQuery, Page, Window
from tests.blocks.extremes import activities, pages
from tests.blocks.pages import ACME, ANN, BERLIN, GONE, MARA, NAMES, NOW, SAM, USAGE, a_page, an_activity

LINES: Final[Mapping[str, Activity]] = {
    "Sam Lee created the customer: 3 fields (name, domain, owner)": an_activity(
        "customer.created", ("name", None, "Acme"), ("domain", None, "acme.com"), ("owner", None, SAM)
    ),
    "Sam Lee created the customer: name: Acme": an_activity("customer.created", ("name", None, "Acme")),
    "Sam Lee changed plan: Starter → Growth": an_activity(),
    "Sam Lee changed plan: (none) → Growth; seats: 120 → (none)": an_activity(
        "customer.field_changed", ("plan", None, "Growth"), ("seats", 120, None)
    ),
    "Stripe changed 3 fields (plan, seats, arr)": an_activity(
        "customer.field_changed", ("plan", 1, 2), ("seats", 1, 2), ("arr", 1, 2), actor=STRIPE
    ),
    "HubSpot changed owner: Sam Lee → Mara Núñez": an_activity("customer.field_changed", ("owner", SAM, MARA), actor=HUBSPOT),
    "Sam Lee changed tags: emea, vip → emea": an_activity("customer.field_changed", ("tags", ("vip", "emea"), ("emea",))),
    "Sam Lee changed sso: false → true": an_activity("customer.field_changed", ("sso", False, True)),
    "Mara Núñez changed status: active → at_risk": an_activity("customer.status_changed", ("status", "active", "at_risk"), actor=MARA),
    "Mara Núñez changed status: active → at_risk; reason: NPS is down to 31": an_activity(
        "customer.status_changed", ("status", "active", "at_risk"), actor=MARA, text="NPS is down to 31"
    ),
    "HubSpot recorded a drop of the health score: 84 → 72": an_activity(
        "customer.health_score_dropped", ("health_score", 84, 72), actor=HUBSPOT
    ),
    "Sam Lee linked a channel: #acme-eu": an_activity("customer.channel_linked", ("channel", None, "#acme-eu")),
    "Sam Lee linked a channel": an_activity("customer.channel_linked", ("channel", None, "C000000005")),
    "Sam Lee unlinked a channel": an_activity("customer.channel_linked", ("channel", "C000000005", None)),
    "Sam Lee unlinked a channel: #acme-eu": an_activity("customer.channel_linked", ("channel", "#acme-eu", None)),
    "Sam Lee started an onboarding: EU rollout (phase: Kickoff)": an_activity(
        "onboarding.started", ("onboarding", None, "EU rollout"), ("phase", None, "Kickoff")
    ),
    "Sam Lee moved phase: Kickoff → Pilot": an_activity("onboarding.phase_moved", ("phase", "Kickoff", "Pilot")),
    "Sam Lee moved phase: (none) → Kickoff": an_activity("onboarding.phase_moved", ("phase", None, "Kickoff")),
    "Sam Lee created a task": an_activity("task.created"),
    "Sam Lee created a task: Map the fields": an_activity("task.created", ("task", None, "Map the fields")),
    "Sam Lee completed a task: Map the fields": an_activity("task.completed", ("task", None, "Map the fields")),
    "Sam Lee reopened a task: Map the fields": an_activity("task.reopened", ("task", None, "Map the fields")),
    "Sam Lee updated a task: Map the fields (assignee: Sam Lee → Mara Núñez)": an_activity(
        "task.updated", ("task", None, "Map the fields"), ("assignee", SAM, MARA)
    ),
    "Sam Lee updated a task: Map it → Map the fields": an_activity("task.updated", ("task", "Map it", "Map the fields")),
    "Sam Lee added a contact: Ann Lee": an_activity("contact.added", ("contact", None, ANN)),
    "Sam Lee added a contact: removed contact": an_activity("contact.added", ("contact", None, GONE)),
    "Sam Lee updated a contact: Ann Lee (primary: false → true)": an_activity(
        "contact.updated", ("contact", None, ANN), ("primary", False, True)
    ),
    "Sam Lee archived a contact: Ann Lee": an_activity("contact.archived", ("contact", ANN, None)),
    "Sam Lee restored a contact: Ann Lee": an_activity("contact.restored", ("contact", None, ANN)),
    "Sam Lee removed a contact for good": an_activity("contact.removed", ("contact", GONE, None)),
    "Ann Lee commented: Two lines, one line": an_activity("comment.added", ("comment", None, "Two lines,\n\n one\tline"), actor=ANN),
    "removed contact commented: removed contact": an_activity("comment.added", actor=GONE, redacted=True),
    "Sam Lee edited a comment: Hi → Ho": an_activity("comment.edited", ("comment", "Hi", "Ho")),
    "Sam Lee deleted a comment: Hi": an_activity("comment.deleted", ("comment", "Hi", None)),
    "HubSpot synced company 8812: 3 fields": an_activity(
        "integration.sync_write", actor=HUBSPOT, text="HubSpot company 8812: 3 fields"
    ),
    "Stripe synced invoice in_1QgK: paid, 4,800.00 EUR": an_activity(
        "integration.sync_write", ("sync", None, "Stripe invoice in_1QgK: paid, 4,800.00 EUR"), actor=STRIPE
    ),
    "HubSpot synced": an_activity("integration.sync_write", actor=HUBSPOT),
    "Pi nudged: Risk: nobody has logged in for 9 days": an_activity(
        "pi.nudge", ("nudge", None, "Risk: nobody has logged in for 9 days"), actor=PI, text="Risk: nobody has logged in for 9 days"
    ),
    "Sam Lee settled a nudge: Health fell to 60": an_activity("pi.nudge_done", ("nudge", "Health fell to 60", None)),
    "Sam Lee snoozed a nudge: Health fell to 60 → 2026-11-26": an_activity(
        "pi.nudge_snoozed", ("nudge", "Health fell to 60", "2026-11-26")
    ),
    "Sam Lee dismissed a nudge: Health fell to 60; they moved seats": an_activity(
        "pi.nudge_dismissed", ("nudge", "Health fell to 60", None), text="they moved seats"
    ),
    "Sam Lee assigned a nudge: assignee: (none) → Mara Núñez": an_activity("pi.nudge_assigned", ("assignee", None, MARA)),
    "Pi saw a nudge resolve itself: Health fell to 60; health is back at 82": an_activity(
        "pi.nudge_cleared", ("nudge", "Health fell to 60", None), actor=PI, text="health is back at 82"
    ),
    "Sam Lee exported the history: last 90 days: 118 rows": an_activity(
        "history.exported", ("export", None, "last 90 days: 118 rows")
    ),
    "Usage feed recorded usage.limit_reached: 100 % of 2 GB": an_activity("usage.limit_reached", actor=USAGE, text="100 % of 2 GB"),
    "Usage feed recorded usage.limit_moved: limit: 1 → 2; on request": an_activity(
        "usage.limit_moved", ("limit", 1, 2), actor=USAGE, text="on request"
    ),
    "billing recorded usage.limit_reached": an_activity("usage.limit_reached", actor=Ref(ActorType.SYSTEM, "billing")),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_it_reads_as_a_person_would_say_it(line: str) -> None:
    assert phrases.line(LINES[line], NAMES) == line


def test_a_channel_has_its_id_where_nothing_else_shows_it() -> None:
    entry = LINES["Sam Lee linked a channel"]
    assert phrases.line(entry, NAMES, ids=True) == "Sam Lee linked a channel: C000000005"


def test_every_kind_that_we_record_has_its_words() -> None:
    assert set(phrases.VERBS) == set(KINDS)
    assert {entry.kind for entry in LINES.values()} >= set(KINDS)


def test_long_lists_tell_their_difference_where_both_sides_would_look_the_same() -> None:
    tags = tuple(f"tag-{number:03d}" for number in range(60))
    entry = an_activity("customer.field_changed", ("tags", tags, (*tags[1:], "vip")))
    assert phrases.line(entry, NAMES) == "Sam Lee changed tags: +vip, −tag-000"


def test_values_are_cut_and_the_cut_is_seen() -> None:
    entry = an_activity("customer.field_changed", ("plan", "a" * 141, "b" * 140))
    assert phrases.line(entry, NAMES) == f"Sam Lee changed plan: {'a' * 139}… → {'b' * 140}"


@given(activities(1))
def test_any_activity_is_one_line(entry: Activity) -> None:
    told = phrases.line(entry, {str(entry.actor): "Sam"})
    assert len(told.splitlines()) == 1
    assert len(told) < 1500


SUMMARIES: Final[Mapping[str, tuple[HistoryQuery, int]]] = {
    "No activities, all time (times in Europe/Berlin)": (HistoryQuery(), 0),
    "1 activity, all time (times in Europe/Berlin)": (HistoryQuery(), 1),
    "73 activities, all time (times in Europe/Berlin)": (HistoryQuery(), 73),
    "1,000 activities, all time (times in Europe/Berlin)": (HistoryQuery(), 1000),
    "1,000+ activities, all time (times in Europe/Berlin)": (HistoryQuery(), 1001),
    "73 activities by Pi, last 30 days (21 Oct 2026, 14:00 to now, Europe/Berlin)": (HistoryQuery(actors=("pi",), window=Window(days=30)), 73),
    "2 activities, last day (19 Nov 2026, 13:00 to now, Europe/Berlin)": (HistoryQuery(window=Window(days=1)), 2),
    "2 activities by you, Mara Núñez or anybody via Slack, not by the API or HubSpot, all time (times in Europe/Berlin)": (
        HistoryQuery(actors=("me", str(MARA), "slack"), not_actors=("api", "hubspot")), 2,
    ),
    "2 activities of type task or pi.nudge, not of type comment, that changed plan, from 1 Oct 2026 on (Europe/Berlin)": (
        HistoryQuery(types=("task", "pi.nudge"), not_types=("comment",), fields=("plan",), window=Window(since=date(2026, 10, 1))), 2,
    ),
    "2 activities, 1 Oct 2026 to 31 Oct 2026 (Europe/Berlin)": (
        HistoryQuery(window=Window(since=date(2026, 10, 1), until=date(2026, 10, 31))), 2,
    ),
    "2 activities, up to 31 Oct 2026 (Europe/Berlin)": (HistoryQuery(window=Window(until=date(2026, 10, 31))), 2),
}  # fmt: skip


@pytest.mark.parametrize("words", SUMMARIES)
def test_the_summary_tells_count_filters_days_and_zone(words: str) -> None:
    query, total = SUMMARIES[words]
    assert phrases.summary(a_page(query=query, total=total)) == f"Acme Corp: {words}"


def test_the_summary_names_the_customer_in_full() -> None:
    name = "The " + "Very " * 198 + "Long"
    page = replace(a_page(), customer=CustomerName(ACME.id, ACME.slug, name))
    assert phrases.summary(page).startswith(f"{name}: ")


@given(pages(most=0))
def test_any_summary_holds_the_count_and_is_one_line(page: Page) -> None:
    told = phrases.summary(page)
    assert phrases.count(page.total) in told
    assert len(told.splitlines()) == 1


def test_the_icon_says_who_or_by_which_way() -> None:
    def icon(actor: Ref, source: Source = Source.API) -> str:
        return phrases.icon(an_activity(actor=actor, source=source))[1]

    assert [icon(PI), icon(HUBSPOT), icon(STRIPE)] == ["robot_face", "large_orange_circle", "large_purple_circle"]
    assert [icon(SAM, Source.SLACK), icon(SAM, Source.IMPORT)] == ["speech_balloon", "bust_in_silhouette"]
    assert [icon(ANN), icon(USAGE)] == ["card_index", "electric_plug"]
    assert icon(Ref(ActorType.INTEGRATION, "zapier")) == "link"
    assert icon(Ref(ActorType.SYSTEM, "billing")) == "gear"


def test_advice_when_there_is_nothing() -> None:
    asked = HistoryQuery(actors=("pi",), window=Window(days=7))
    assert phrases.advice(a_page()) == "Nothing has been recorded for this customer yet."
    assert phrases.advice(a_page(query=asked, last_at=NOW, widen=("window",))) == (
        "The last activity was on 20 Nov 2026, 13:00. Widen the dates to see more."
    )
    assert phrases.advice(a_page(query=asked, last_at=NOW)).endswith("No single filter is to blame: remove several.")


def test_moments_are_told_in_the_readers_zone() -> None:
    assert phrases.when(NOW, BERLIN) == "20 Nov 2026, 13:00"
