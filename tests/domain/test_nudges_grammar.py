"""What people type about Pi's nudges, and that what is written reads the same."""

from datetime import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.domain.errors import UsageError
from store.domain.grammar.nudges import (
    Asked,
    Health,
    Listed,
    NewSchedule,
    RunNow,
    Turn,
    format_cadence,
    format_nudges,
    parse_cadence,
    parse_nudges,
)
from store.domain.grammar.scope import channel_of
from store.domain.nudge import NudgeKind
from store.domain.schedule import Cadence, Every
from store.domain.scope import Scope
from store.domain.words import EDGES, words

RISK, ATTENTION = NudgeKind.RISK, NudgeKind.ATTENTION
NINE = time(9)
DAILY = Cadence(Every.DAILY, NINE)
MONDAY = Cadence(Every.WEEKLY, NINE, 0)

TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
CADENCES = st.one_of(
    st.just(Cadence(Every.HOURLY)),
    st.builds(Cadence, st.sampled_from([Every.DAILY, Every.WEEKDAYS]), TIMES),
    st.builds(Cadence, st.just(Every.WEEKLY), TIMES, st.integers(0, 6)),
)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30).filter(
    lambda text: bool(text.strip(EDGES))
)
OWNERS = st.one_of(st.just("me"), NAMES.filter(lambda text: text.casefold() != "me"))
SCOPES = st.builds(
    Scope,
    customer=st.one_of(st.none(), NAMES),
    owner=st.one_of(st.none(), OWNERS),
    tag=st.one_of(st.none(), NAMES),
)
CHANNELS = st.one_of(st.none(), st.from_regex(r"[CG][A-Z0-9]{8,10}", fullmatch=True))
KINDS = st.sampled_from([(), (RISK,), (ATTENTION,), (RISK, ATTENTION)])
ASKED = st.one_of(
    st.sampled_from([Listed(), Health()]),
    st.builds(NewSchedule, CADENCES, st.booleans(), CHANNELS, KINDS, SCOPES),
    st.builds(RunNow, CHANNELS, KINDS, SCOPES),
    st.builds(Turn, st.sampled_from(["pause", "resume", "delete"]), st.integers(1, 999_999_999)),
)


@given(ASKED)
@example(NewSchedule(DAILY, scope=Scope(customer="#general")))
@example(NewSchedule(DAILY, scope=Scope(customer="<#C123>", owner="@me", tag="--risk")))
@example(RunNow(scope=Scope(customer="Acme, Inc.", owner="<@U123>", tag='two "words"')))
def test_what_is_written_reads_the_same(asked: Asked) -> None:
    assert parse_nudges(words(format_nudges(asked), escaped=False)) == asked


@given(CADENCES)
def test_a_cadence_alone(cadence: Cadence) -> None:
    assert parse_cadence(format_cadence(cadence)) == cadence


@pytest.mark.parametrize(
    "typed, asked",
    [
        ("", Listed()),
        ("health", Health()),
        ("Health", Health()),
        ("hourly", NewSchedule(Cadence(Every.HOURLY))),
        ("daily 09:00", NewSchedule(DAILY)),
        ("Daily 9:00", NewSchedule(DAILY)),
        ("daily 00:00", NewSchedule(Cadence(Every.DAILY, time(0)))),
        ("daily 23:59", NewSchedule(Cadence(Every.DAILY, time(23, 59)))),
        ("weekdays 17:30", NewSchedule(Cadence(Every.WEEKDAYS, time(17, 30)))),
        ("weekly Mon 09:00", NewSchedule(MONDAY)),
        ("weekly MONDAY 09:00", NewSchedule(MONDAY)),
        ("weekly sunday 09:00", NewSchedule(Cadence(Every.WEEKLY, NINE, 6))),
        ("digest weekly Mon 09:00", NewSchedule(MONDAY, digest=True)),
        ("daily 09:00 <#C123|general>", NewSchedule(DAILY, channel="C123")),
        ("daily 09:00 <#C123>", NewSchedule(DAILY, channel="C123")),
        ("daily 09:00 <#C123|>", NewSchedule(DAILY, channel="C123")),
        ("daily 09:00 --risk <#C123|general>", NewSchedule(DAILY, channel="C123", kinds=(RISK,))),
        ("daily 09:00 --attention", NewSchedule(DAILY, kinds=(ATTENTION,))),
        ("daily 09:00 --attention --risk", NewSchedule(DAILY, kinds=(RISK, ATTENTION))),
        ("daily 09:00 —risk", NewSchedule(DAILY, kinds=(RISK,))),
        ("daily 09:00 --owner me", NewSchedule(DAILY, scope=Scope(owner="me"))),
        ("daily 09:00 --owner ME", NewSchedule(DAILY, scope=Scope(owner="me"))),
        ('daily 09:00 --owner "me"', NewSchedule(DAILY, scope=Scope(owner="@me"))),
        ("daily 09:00 --owner <@U123|sam>", NewSchedule(DAILY, scope=Scope(owner="<@U123>"))),
        ("daily 09:00 --tag=vip", NewSchedule(DAILY, scope=Scope(tag="vip"))),
        ("daily 09:00 --customer “Acme Corp”", NewSchedule(DAILY, scope=Scope(customer="Acme Corp"))),
        ("daily 09:00 --customer <http://acme.com|acme.com>", NewSchedule(DAILY, scope=Scope(customer="acme.com"))),
        ("run now", RunNow()),
        ("run now <#C123|general> --risk --tag vip", RunNow("C123", (RISK,), Scope(tag="vip"))),
        ("pause 2", Turn("pause", 2)),
        ("resume #2", Turn("resume", 2)),
        ("DELETE 12", Turn("delete", 12)),
    ],
)
def test_what_people_type(typed: str, asked: Asked) -> None:
    assert parse_nudges(words(typed)) == asked


@pytest.mark.parametrize(
    "typed, read, hint",
    [
        ("daily", "At what time?", "`/pivotal nudges daily 09:00`"),
        ("daily 9am", "`9am` where the time", "`/pivotal nudges daily 09:00`?"),
        ("daily 9 am", "`9 am` where the time", "`/pivotal nudges daily 09:00`?"),
        ("daily 5.30pm", "`5.30pm`", "`/pivotal nudges daily 17:30`?"),
        ("daily 12am", "`12am`", "daily 00:00`?"),
        ("daily 0900", "`0900`", "daily 09:00`?"),
        ("daily 9", "`9`", "daily 09:00`?"),
        ("daily 24:00", "`24:00`", "daily 00:00`?"),
        ("daily 25:00", "`25:00`", "Hours and minutes, as in `/pivotal nudges daily 09:00`."),
        ("daily 13pm", "`13pm`", "Hours and minutes"),
        ("daily 09:60", "`09:60`", "Hours and minutes"),
        ("daily 09:00:00", "`09:00:00`", "Hours and minutes"),
        ("daily noon", "`noon`", "Hours and minutes"),
        ("daily ０９:００", "where the time should stand", ""),
        ("daily 09:00 10:00", "`10:00` behind the time", "Leave it out."),
        ("daily 09:00 acme", "`acme` behind the time", '--customer "Acme Corp"'),
        ("hourly 09:00", "`09:00` behind `hourly`", "Leave it out."),
        ("weekly", "On which day?", "weekly Mon 09:00"),
        ("weekly Mon", "At what time?", "`/pivotal nudges weekly Mon 09:00`"),
        ("weekly 09:00", "`09:00` where the day", "weekly Mon 09:00"),
        ("weekly tues 09:00", "`tues`", "Did you mean `Tue`?"),
        ("weekly Montag 09:00", "`Montag`", "Did you mean `Mon`?"),
        ("weekly someday 09:00", "`someday`", "Mon, Tue, Wed, Thu, Fri, Sat or Sun"),
        ("weekly fri 9am", "`9am`", "`/pivotal nudges weekly Fri 09:00`?"),
        ("digest", "I did not find when", "`/pivotal nudges digest weekly Mon 09:00`"),
        ("digest digest daily 09:00", "two `digest`", "Leave one out."),
        ("digest health", "`health`, which is no schedule", "`/pivotal nudges digest weekly Mon 09:00`"),
        ("digest daily 9am", "`9am`", "`/pivotal nudges digest daily 09:00`?"),
        ("dayly 09:00", "`dayly`", "Did you mean `/pivotal nudges daily 09:00`?"),
        ("digest dayly 09:00", "`dayly`", "Did you mean `/pivotal nudges digest daily 09:00`?"),
        ("helth", "`helth`", "Did you mean `/pivotal nudges health`?"),
        ("puase 2", "`puase`", "Did you mean `/pivotal nudges pause 2`?"),
        ("monthly 09:00", "`monthly`", "nudges weekly Mon 09:00"),
        ("09:00", "but not how often", "daily 09:00"),
        ("acme", "`acme`, which is no schedule", "Say `daily`"),
        ("--risk", "I did not find when", "weekly Mon 09:00"),
        ("health acme", "`acme` behind `health`", "Leave it out."),
        ("daily 09:00 #general", "`#general`, but not which channel", "pick the channel from the list"),
        ("daily 09:00 <#C1> <#C2>", "2 channels", "all but one"),
        ("daily 09:00 -risk", "two dashes", "Did you mean `--risk`?"),
        ("daily 09:00 --riks", "`--riks`, which is not a filter", "Did you mean `--risk`?"),
        ("daily 09:00 --window 3", "`--window`, which is not a filter", "--tag vip"),
        ("daily 09:00 --risk=yes", "takes no value", "`--risk` alone"),
        ("daily 09:00 --risk --risk", "two `--risk`", "Leave one out."),
        ("daily 09:00 --owner", "`--owner` needs a value", "--owner me"),
        ("daily 09:00 --owner me,sam", "takes one value; I read 2", "--owner me"),
        ('daily 09:00 --owner ""', "empty value", "--owner me"),
        ("daily 09:00 --tag a --tag b", "two `--tag`", "Leave one out."),
        ("daily 09:00 --customer Acme Corp", "`Corp` where a filter", '--customer "Acme Corp"'),
        ("run", "`run`", "`/pivotal nudges run now`?"),
        ("run later", "`run later`", "`/pivotal nudges run now`?"),
        ("run now please", "`please` behind `run now`", "Leave it out."),
        ("pause", "Which schedule shall I pause?", "`/pivotal nudges pause 2`"),
        ("delete all", "`all`", "`/pivotal nudges delete 2`"),
        ("delete 0", "`0`", "number"),
        ("delete -1", "`-1`", "number"),
        ("delete 12345678901", "`12345678901`", "number"),
        ("delete ２", "where a schedule's number should stand", ""),
        ("delete 1 2", "`2` behind the number", "Leave it out."),
    ],
)
def test_what_is_wrong_is_said_with_what_to_type(typed: str, read: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_nudges(words(typed))
    assert read in caught.value.sentence
    assert hint in (caught.value.hint or "")
    assert caught.value.hint
    assert "history" not in caught.value.hint


@given(st.text(max_size=60))
@example("weekly")
@example("daily 09:00 --")
@example('digest "" ""')
def test_any_text_is_understood_or_refused(typed: str) -> None:
    for text in (
        typed,
        f"daily {typed}",
        f"weekly {typed}",
        f"run now {typed}",
        f"daily 09:00 {typed}",
        f"delete {typed}",
    ):
        try:
            asked = parse_nudges(words(text))
        except UsageError:
            continue
        assert parse_nudges(words(format_nudges(asked), escaped=False)) == asked


@pytest.mark.parametrize(
    "typed, channel",
    [
        ("<#C123|general>", "C123"),
        ("<#C123>", "C123"),
        ("#general", None),
        ("<@U123>", None),
        ("&lt;#C123&gt;", "C123"),
        ("x<#C123>", None),
        ("C123", None),
    ],
)
def test_a_channel_is_one_that_slack_names(typed: str, channel: str | None) -> None:
    assert channel_of(words(typed)[0]) == channel
