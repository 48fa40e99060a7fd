"""When Pi speaks of a customer, what it says, and when it is silent."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from store.domain.activity import ActorType, Ref
from store.domain.grammar.history import format_filter, parse_filter
from store.domain.nudge import Account, Fact, Nudge, NudgeKind, OpenOnboarding, OpenTask, Thresholds
from store.domain.query import CustomerName, HistoryQuery, Window
from store.domain.rules import RULES, due, rule_named

NOW: Final = datetime(2026, 3, 20, 12, tzinfo=UTC)
SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
SAM: Final = Ref(ActorType.USER, "usr_1")
THRESHOLDS: Final = Thresholds(plans=("Starter", "Growth", "Enterprise"))


def before(days: float) -> datetime:
    return NOW - timedelta(days=days)


def march(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def an_account(**known: Any) -> Account:
    """A customer of whom there is nothing to say, but for what is given."""
    calm: dict[str, Any] = {
        "customer": CustomerName("cus_1", "acme", "Acme Corp"),
        "status": "active",
        "owner": None,
        "plan": "Growth",
        "health_score": 80,
        "since": SINCE,
        "today": NOW.date(),
        "last": Fact(1, before(1)),
        "has_primary": True,
    }
    return Account(**calm | known)


def told(account: Account, now: datetime = NOW, thresholds: Thresholds = THRESHOLDS) -> list[tuple[str, str]]:
    return [(nudge.rule, nudge.reason) for nudge in due(account, now, thresholds)]


def found(rule: str, account: Account, now: datetime = NOW) -> Nudge | None:
    return rule_named(rule).find(account, now, THRESHOLDS)


def dropped(seq: int = 5, old: int = 84, new: int = 70) -> Fact:
    return Fact(seq, march(3), old, new)


def onboarding(
    days: float | None, *, seq: int = 7, ident: str = "onb_1", phase: str | None = "Kickoff"
) -> OpenOnboarding:
    return OpenOnboarding(ident, "Launch", phase, None if days is None else Fact(seq, before(days)))


def task(due_on: date, *, ident: str = "tsk_1", title: str = "Send the contract", **more: Any) -> OpenTask:
    return OpenTask(ident, title, due_on, more.get("assignee"), more.get("created"))


MAR: Final = [date(2026, 3, number + 1) for number in range(31)]
"""Days of March; MAR[0] is the first."""

HEALTH: Final = {"dropped": dropped(), "health_score": 70}
RISK: Final = {"status": "at_risk", "at_risk": Fact(4, march(3), "active", "at_risk"), "touched": Fact(4, march(3))}
STALLED: Final = {"onboardings": (onboarding(20),)}
OVERDUE: Final = {"tasks": (task(MAR[10]),)}
SILENT: Final = {"last": Fact(9, before(40))}
GONE: Final = {"primary_gone": Fact(6, march(3)), "has_primary": False}
SMALLER: Final = {"plan_moved": Fact(8, march(3), "Enterprise", "Growth"), "plan": "Growth"}
UNPAID: Final = {"payment": Fact(8, march(3), None, "failed, attempt 1, 49.00 USD")}

SPEAKING: Final[dict[str, dict[str, Any]]] = {
    "health_dropped": HEALTH,
    "at_risk_untouched": RISK,
    "payment_failed": UNPAID,
    "plan_downgraded": SMALLER,
    "primary_contact_gone": GONE,
    "onboarding_stalled": STALLED,
    "tasks_overdue": OVERDUE,
    "silence": SILENT,
}


@pytest.mark.parametrize(
    "rule, known, reason",
    [
        ("health_dropped", HEALTH, "Health fell from 84 to 70 on 3 Mar and has not recovered."),
        ("health_dropped", HEALTH | {"health_score": 61}, "Health fell from 84 to 70 on 3 Mar and is at 61 now."),
        ("health_dropped", HEALTH | {"health_score": 74}, "Health fell from 84 to 70 on 3 Mar and is at 74 now."),
        ("at_risk_untouched", RISK, "At risk since 3 Mar, and nobody has done anything here for 17 days."),
        (
            "at_risk_untouched",
            RISK | {"touched": Fact(9, march(10))},
            "At risk since 3 Mar, and nobody has done anything here for 10 days, since 10 Mar.",
        ),
        (
            "at_risk_untouched",
            {"status": "at_risk", "since": march(1)},
            "At risk, and nobody has done anything here for 19 days.",
        ),
        (
            "at_risk_untouched",
            RISK | {"touched": Fact(9, before(7))},
            "At risk since 3 Mar, and nobody has done anything here for 7 days, since 13 Mar.",
        ),
        ("payment_failed", UNPAID, "A payment of 49.00 USD failed on 3 Mar."),
        (
            "payment_failed",
            {"payment": Fact(8, march(3), None, "failed, attempt 3, 1,249.00 USD")},
            "A payment of 1,249.00 USD failed on 3 Mar, attempt 3.",
        ),
        (
            "payment_failed",
            {"payment": Fact(8, march(3), None, "failed, attempt 2, USD")},
            "A payment failed on 3 Mar, attempt 2.",
        ),
        ("payment_failed", {"payment": Fact(8, march(3), None, "failed")}, "A payment failed on 3 Mar."),
        ("plan_downgraded", SMALLER, "The plan went down from “Enterprise” to “Growth” on 3 Mar."),
        (
            "plan_downgraded",
            {"plan_moved": Fact(8, march(3), "enterprise × 5", "starter × 2"), "plan": "starter × 2"},
            "The plan went down from “enterprise × 5” to “starter × 2” on 3 Mar.",
        ),
        ("primary_contact_gone", GONE, "The primary contact has been gone since 3 Mar, and there is no other."),
        ("onboarding_stalled", STALLED, "“Launch” has been in “Kickoff” for 20 days, since 28 Feb."),
        (
            "onboarding_stalled",
            {"onboardings": (onboarding(14),)},
            "“Launch” has been in “Kickoff” for 14 days, since 6 Mar.",
        ),
        (
            "onboarding_stalled",
            {"onboardings": (onboarding(20, phase=None),)},
            "“Launch” has been without a phase for 20 days, since 28 Feb.",
        ),
        (
            "onboarding_stalled",
            {"onboardings": (onboarding(15, ident="onb_2"), onboarding(20), onboarding(3, ident="onb_3"))},
            "“Launch” has been in “Kickoff” for 20 days, since 28 Feb, and 1 other stalled too.",
        ),
        ("tasks_overdue", OVERDUE, "1 task is overdue: “Send the contract” for 9 days."),
        ("tasks_overdue", {"tasks": (task(MAR[18]),)}, "1 task is overdue: “Send the contract” for 1 day."),
        (
            "tasks_overdue",
            {"tasks": (task(MAR[10], assignee=SAM), task(MAR[11], ident="tsk_2"), task(MAR[30], ident="tsk_3"))},
            "2 tasks are overdue: “Send the contract” for 9 days, assigned to @<user:usr_1>.",
        ),
        ("silence", SILENT, "Nothing has happened for 40 days, since 8 Feb."),
        ("silence", {"last": Fact(9, before(30))}, "Nothing has happened for 30 days, since 18 Feb."),
        ("silence", {"last": None, "since": before(31)}, "Nothing has happened for 31 days, since 17 Feb."),
        (
            "silence",
            {"last": Fact(9, datetime(2025, 11, 5, tzinfo=UTC)), "since": before(30)},
            "Nothing has happened for 135 days, since 5 Nov 2025.",
        ),
    ],
)
def test_it_speaks(rule: str, known: dict[str, Any], reason: str) -> None:
    assert told(an_account(**known)) == [(rule, reason)], "this rule, and no other"


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"health_score": 0},  # low, but it did not fall
        HEALTH | {"health_score": 75},  # nine below
        HEALTH | {"health_score": 84},
        HEALTH | {"health_score": None},
        HEALTH | {"dropped": Fact(5, march(3), "high", "low")},
        RISK | {"status": "active"},
        RISK | {"touched": Fact(9, before(6.99))},
        RISK | {"at_risk": Fact(9, before(6.99))},
        {"payment": Fact(8, march(3), "failed, attempt 1, 49.00 USD", "paid 49.00 USD")},
        {"payment": Fact(8, march(3), "failed, attempt 1, 49.00 USD", None)},
        {"payment": Fact(8, march(3), None, "failover")},
        {"plan_moved": Fact(8, march(3), "Starter", "Growth")},
        {"plan_moved": Fact(8, march(3), "Growth × 5", "growth")},
        {"plan_moved": Fact(8, march(3), "Custom", "Growth")},
        {"plan_moved": Fact(8, march(3), "Enterprise", "Custom"), "plan": "Custom"},
        {"plan_moved": Fact(8, march(3), "Enterprise", None), "plan": None},
        {"plan_moved": Fact(8, march(3), None, "Starter"), "plan": "Starter"},
        GONE | {"has_primary": True},
        {"has_primary": False},
        {"onboardings": (onboarding(13.99),)},
        {"tasks": (task(MAR[19]),)},  # due today
        {"tasks": (task(MAR[30]),)},
        {"last": Fact(9, before(29.99))},
    ],
)
def test_it_is_silent_at_the_border(known: dict[str, Any]) -> None:
    assert told(an_account(**known)) == []


@pytest.mark.parametrize(
    "known",
    [
        {"status": "at_risk", "since": before(6.99)},
        {"status": "at_risk", "since": before(6.99), "touched": Fact(3, before(400))},
        {"since": before(13.99), "onboardings": (onboarding(None),)},
        {"since": before(13.99), "onboardings": (onboarding(300),)},
        {"since": march(12), "tasks": (task(MAR[10]), task(date(2025, 3, 1)))},
        {"since": before(29.99), "last": Fact(9, before(400))},
        {"since": before(29.99), "last": None},
    ],
)
def test_what_was_imported_makes_nobody_speak(known: dict[str, Any]) -> None:
    assert told(an_account(**known)) == []


@pytest.mark.parametrize(
    "known, rule",
    [
        ({"status": "at_risk", "since": before(7), "touched": Fact(3, before(400))}, "at_risk_untouched"),
        ({"since": before(14), "onboardings": (onboarding(None),)}, "onboarding_stalled"),
        ({"since": before(14), "onboardings": (onboarding(300),)}, "onboarding_stalled"),
        ({"since": march(11, 23), "tasks": (task(MAR[10]),)}, "tasks_overdue"),  # due on the very day
        ({"since": before(30), "last": Fact(9, before(400))}, "silence"),
    ],
)
def test_what_stays_as_it_was_imported_is_told_in_time(known: dict[str, Any], rule: str) -> None:
    assert [name for name, _ in told(an_account(**known))] == [rule]


def test_the_day_on_which_pi_was_switched_on_is_the_readers() -> None:
    """23:30 in UTC on the tenth is the eleventh in Berlin."""
    switched = replace(an_account(tasks=(task(MAR[9]),)), since=datetime(2026, 3, 10, 23, 30, tzinfo=UTC))
    assert [name for name, _ in told(switched)] == ["tasks_overdue"]
    assert told(replace(switched, zone=ZoneInfo("Europe/Berlin"))) == []


def test_days_are_named_in_the_readers_zone() -> None:
    late = an_account(dropped=Fact(5, datetime(2026, 3, 2, 23, 30, tzinfo=UTC), 84, 70), health_score=70)
    ((_, reason),) = told(replace(late, zone=ZoneInfo("Europe/Berlin")))
    assert "on 3 Mar" in reason


@pytest.mark.parametrize("status", ["churned", "archived"])
def test_churned_and_archived_customers_are_left_alone(status: str) -> None:
    everything = {name: value for known in SPEAKING.values() for name, value in known.items()}
    assert told(an_account(**everything | {"status": status})) == []
    assert {rule.cleared(an_account(status=status)) for rule in RULES} == {
        {"churned": "the customer has churned", "archived": "the customer is archived"}[status]
    }


def test_thresholds_are_the_settings() -> None:
    patient = Thresholds(
        health_drop=20, untouched=timedelta(60), stalled=timedelta(60), overdue=timedelta(30), silence=timedelta(60)
    )
    for rule, known in SPEAKING.items():
        still = told(an_account(**known), thresholds=patient)
        assert bool(still) == (rule in {"payment_failed", "primary_contact_gone"}), "these have none"


@pytest.mark.parametrize(
    "rule, known, why",
    [
        ("health_dropped", HEALTH | {"health_score": 82}, "health is back at 82"),
        ("health_dropped", HEALTH | {"health_score": None}, "there is no health score any more"),
        ("at_risk_untouched", {"status": "active"}, "the customer is not at risk any more"),
        ("at_risk_untouched", RISK | {"touched": Fact(9, march(19))}, "somebody was on it on 19 Mar"),
        ("payment_failed", {"payment": Fact(9, march(9), "failed", "paid 49.00 USD")}, "49.00 USD was paid on 9 Mar"),
        ("payment_failed", {"payment": Fact(9, march(9), "failed", None)}, "no payment is failed any more"),
        ("plan_downgraded", {"plan": "Enterprise"}, "the plan is “Enterprise” now"),
        ("plan_downgraded", {"plan": None}, "there is no plan any more"),
        ("primary_contact_gone", {}, "there is a primary contact again"),
        ("onboarding_stalled", {"onboardings": (onboarding(1),)}, "no onboarding is stalled"),
        ("onboarding_stalled", {}, "there is no open onboarding any more"),
        ("tasks_overdue", {"tasks": (task(MAR[30]),)}, "no task is overdue"),
        ("tasks_overdue", {}, "there is no open task with a due day any more"),
        ("silence", {"last": Fact(9, march(19))}, "there was activity on 19 Mar"),
    ],
)
def test_it_says_why_it_is_resolved(rule: str, known: dict[str, Any], why: str) -> None:
    account = an_account(**known)
    assert found(rule, account) is None, "it is"
    assert rule_named(rule).cleared(account) == why


@pytest.mark.parametrize(
    "rule, known, later",
    [
        ("health_dropped", HEALTH, HEALTH | {"health_score": 65}),
        ("at_risk_untouched", RISK, RISK | {"last": Fact(30, march(19))}),
        ("payment_failed", UNPAID, UNPAID | {"last": Fact(30, march(19))}),
        ("plan_downgraded", SMALLER, SMALLER | {"last": Fact(30, march(19))}),
        ("primary_contact_gone", GONE, GONE | {"last": Fact(30, march(19))}),
        ("onboarding_stalled", STALLED, {"onboardings": (onboarding(20), onboarding(1, ident="onb_2", seq=20))}),
        (
            "tasks_overdue",
            OVERDUE,
            {"tasks": (task(MAR[10], title="Sign it", assignee=SAM), task(MAR[30], ident="tsk_2"))},
        ),
        ("tasks_overdue", {"tasks": (task(MAR[9], ident="tsk_2"), task(MAR[10]))}, OVERDUE),  # the older one was closed
        ("silence", SILENT, SILENT | {"health_score": 60}),
    ],
)
def test_the_same_thing_is_the_same_episode(rule: str, known: dict[str, Any], later: dict[str, Any]) -> None:
    one, other = found(rule, an_account(**known)), found(rule, an_account(**later), NOW + timedelta(hours=20))
    assert one is not None
    assert other is not None
    assert one.episode == other.episode


@pytest.mark.parametrize(
    "rule, known, later",
    [
        ("health_dropped", HEALTH, HEALTH | {"dropped": dropped(seq=12)}),
        ("at_risk_untouched", RISK, RISK | {"touched": Fact(9, march(10))}),
        ("at_risk_untouched", RISK, RISK | {"at_risk": Fact(9, march(10))}),
        ("payment_failed", UNPAID, {"payment": Fact(12, march(6), None, "failed, attempt 2, 49.00 USD")}),
        ("plan_downgraded", SMALLER, {"plan_moved": Fact(12, march(6), "Growth", "Starter"), "plan": "Starter"}),
        ("primary_contact_gone", GONE, GONE | {"primary_gone": Fact(12, march(6))}),
        ("onboarding_stalled", STALLED, {"onboardings": (onboarding(15, seq=12),)}),
        ("onboarding_stalled", STALLED, {"onboardings": (onboarding(20), onboarding(15, ident="onb_2"))}),
        ("tasks_overdue", OVERDUE, {"tasks": (task(MAR[10]), task(MAR[15], ident="tsk_2"))}),
        ("tasks_overdue", OVERDUE, {"tasks": (task(MAR[15]),)}),  # put off, and overdue again
        ("silence", SILENT, {"last": Fact(12, before(35))}),
    ],
)
def test_something_new_is_another_episode(rule: str, known: dict[str, Any], later: dict[str, Any]) -> None:
    one, other = found(rule, an_account(**known)), found(rule, an_account(**later))
    assert one is not None
    assert other is not None
    assert one.episode != other.episode


@pytest.mark.parametrize(
    "rule, known, evidence, about",
    [
        ("health_dropped", HEALTH, (5,), HistoryQuery(fields=("health_score",), window=Window(since=MAR[1]))),
        (
            "at_risk_untouched",
            RISK | {"touched": Fact(9, march(10))},
            (4, 9),
            HistoryQuery(window=Window(since=MAR[1])),
        ),
        ("payment_failed", UNPAID, (8,), HistoryQuery(fields=("payment",), window=Window(since=MAR[1]))),
        ("plan_downgraded", SMALLER, (8,), HistoryQuery(fields=("plan",), window=Window(since=MAR[1]))),
        ("primary_contact_gone", GONE, (6,), HistoryQuery(types=("contact",), window=Window(since=MAR[1]))),
        (
            "onboarding_stalled",
            STALLED,
            (7,),
            HistoryQuery(types=("onboarding", "task"), window=Window(since=date(2026, 2, 27))),
        ),
        ("tasks_overdue", {"tasks": (task(MAR[10], created=Fact(3, march(1))),)}, (3,), HistoryQuery(types=("task",))),
        ("silence", SILENT, (9,), HistoryQuery(window=Window(since=date(2026, 2, 7)))),
    ],
)
def test_it_shows_its_evidence(
    rule: str, known: dict[str, Any], evidence: tuple[int, ...], about: HistoryQuery
) -> None:
    nudge = found(rule, an_account(**known))
    assert nudge is not None
    assert nudge.evidence == evidence
    assert nudge.about == about
    assert parse_filter(format_filter(nudge.about)) == nudge.about, "it can be typed"


def test_since_when_tasks_are_overdue_is_the_day_after() -> None:
    late = replace(an_account(**OVERDUE), zone=ZoneInfo("Europe/Berlin"))
    nudge = found("tasks_overdue", late)
    assert nudge is not None
    assert nudge.since == datetime(2026, 3, 11, 23, tzinfo=UTC)


def test_the_owner_is_addressed_by_reference() -> None:
    for rule, known in SPEAKING.items():
        nudge, alone = found(rule, an_account(**known | {"owner": SAM})), found(rule, an_account(**known))
        assert nudge is not None
        assert alone is not None
        assert nudge.advice.startswith("@<user:usr_1>, "), "lower case follows"
        assert alone.advice[0].isupper()
        assert alone.advice[1:] in nudge.advice


def test_every_rule_keeps_its_form() -> None:
    assert sorted(rule.name for rule in RULES) == sorted(SPEAKING)
    for rule in RULES:
        nudge = found(rule.name, an_account(**SPEAKING[rule.name]))
        assert nudge is not None
        assert (nudge.rule, nudge.kind) == (rule.name, rule.kind)
        assert re.fullmatch(r"[a-z0-9_.-]{1,80}", nudge.episode), "opaque"
        assert SINCE - timedelta(days=1) < nudge.since <= NOW
        assert nudge.reason.endswith(".")
        assert nudge.advice.endswith(".")
        assert rule.title
        assert rule_named(rule.name) is rule
    attention = {rule.name for rule in RULES if rule.kind is NudgeKind.ATTENTION}
    assert attention == {"onboarding_stalled", "tasks_overdue", "silence"}


def test_a_long_title_is_cut_and_kept_on_one_line() -> None:
    ((_, reason),) = told(an_account(tasks=(task(MAR[10], title="Send\nthe contract " * 30),)))
    assert "\n" not in reason
    assert len(reason) < 140
    assert "…”" in reason


LOST: Final[dict[str, dict[str, Any]]] = {
    "health_dropped": {"dropped": None},
    "at_risk_untouched": {"at_risk": None, "touched": None},
    "payment_failed": {"payment": None},
    "plan_downgraded": {"plan_moved": None},
    "primary_contact_gone": {"primary_gone": None},
    "onboarding_stalled": {"onboardings": (onboarding(None),)},
    "silence": {"last": None},
}
"""What is no longer known, where the log is kept for so long only. Tasks are on the record."""


@pytest.mark.parametrize("rule", LOST)
def test_what_it_rested_on_may_not_be_kept_any_more(rule: str) -> None:
    """Then there is nothing to say, and the nudge that said it does not end as if all were well."""
    account = an_account(**{**SPEAKING[rule], **LOST[rule], "forgotten": 40})
    assert found(rule, account) is None
    assert rule_named(rule).cleared(account) == "what it rested on is no longer kept"
    assert sorted([*LOST, "tasks_overdue"]) == sorted(SPEAKING)


@pytest.mark.parametrize("rule", SPEAKING)
def test_what_it_rests_on_may_be_kept_where_something_else_is_not(rule: str) -> None:
    account = an_account(**SPEAKING[rule])
    assert found(rule, replace(account, forgotten=1)) == found(rule, account)


def test_rules_are_told_in_their_order() -> None:
    everything = {name: value for known in SPEAKING.values() for name, value in known.items()}
    names = [name for name, _ in told(an_account(**everything))]
    assert names == [rule.name for rule in RULES]
