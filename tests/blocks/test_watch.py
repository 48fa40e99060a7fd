"""What a watch tells, at its fullest: Slack takes the message whatever people and programs have written."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.blocks.watch import Row, listed, refused, told
from bot.sandbox.reading import read
from store.domain.activity import Change
from store.domain.query import CustomerName, HistoryQuery
from store.domain.scope import Scope
from store.domain.watch import Seen, Told, Watch
from store.watching.collecting import TOLD
from tests.blocks.extremes import LIVE, LONG, long, ten
from tests.blocks.pages import an_activity
from tests.blocks.slack_rules import checked

BERLIN = ZoneInfo("Europe/Berlin")
ACME = CustomerName("cus_1", "acme-corp", "Acme Corp", None)


def watch(**facts: Any) -> Watch:
    plain = Watch(
        id="wch_1",
        number=7,
        query=HistoryQuery(),
        scope=Scope(customer=ACME.id),
        channel="C1",
        made_by="user:usr_1",
        state="active",
    )
    return replace(plain, **facts)


def message_of(*seen: Seen, more: int = 0, **facts: Any) -> Told:
    return Told(watch=watch(**facts), maker="U1", seen=seen, more=more, names={})


@pytest.mark.parametrize("kind", LONG)
def test_as_many_entries_of_as_many_customers_of_the_longest_names(kind: str) -> None:
    entries = ten(kind, 4000)
    many = [
        Seen(CustomerName(f"cus_{n}", f"customer-{n}", long(kind, 200), None), (entries[n % len(entries)],))
        for n in range(TOLD)
    ]
    checked(told(message_of(*many, more=400, scope=Scope()), BERLIN, "m1"))


@pytest.mark.parametrize("text", LIVE)
def test_nothing_that_was_typed_is_live(text: str) -> None:
    typed = an_activity("customer.field_changed", (text, text, text), seq=1, text=text)
    seen = Seen(replace(ACME, name=text), (typed, replace(typed, seq=2)))
    filtered = replace(HistoryQuery(), actors=(text,), fields=(text,))
    checked(told(message_of(seen, query=filtered, scope=Scope(tag=text)), BERLIN, "m1"))


def test_each_customer_has_its_heading_and_its_history() -> None:
    plan = an_activity("customer.field_changed", ("plan", "Starter", "Growth"), seq=1)
    other = Seen(CustomerName("cus_2", "globex", "Globex", None), (replace(plan, changes=(Change("mrr", "1", "2"),)),))
    message = checked(told(message_of(Seen(ACME, (plan, replace(plan, seq=2))), other, more=2), BERLIN, "m1"))
    said = read(message.blocks, message.text, {})
    assert message.text == "5 activities: Acme Corp and Globex"
    assert said.count("Acme Corp") == 1
    assert said.index("Acme Corp") < said.index("plan") < said.index("Globex") < said.index("mrr")
    assert said.rstrip().endswith("and 2 more in that minute. Watch 7: acme-corp")


@pytest.mark.parametrize("kind", LONG)
def test_two_hundred_watches_are_listed_as_far_as_they_fit(kind: str) -> None:
    rows = [
        Row(watch(number=n, scope=Scope(tag=long(kind, 50)), state="failed"), long(kind, 100), long(kind, 300), True)
        for n in range(1, 201)
    ]
    message = checked(listed(rows, {}, {}))
    assert "more; `/pivotal unwatch N` removes one" in str(message.blocks[-1])
    checked(listed([], {}, {}))
    checked(refused(7, "C1", long(kind, 300)))
