"""The feed's messages, as snapshots: what is ordinary, and each way in which it differs."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import pytest
from syrupy.assertion import SnapshotAssertion

from bot.blocks.feed import feed, shared
from bot.blocks.help import help_on
from bot.blocks.picker import picker
from store.domain.activity import ActorType, Ref, Source
from store.domain.query import HistoryQuery, Page, Window
from store.domain.usage import USAGE
from tests.blocks.conftest import as_sent
from tests.blocks.pages import GONE, MARA, NOW, SAM, a_page, an_activity, an_ordinary_page
from tests.blocks.slack_rules import checked

FILTERED: Final = HistoryQuery(
    actors=("me", "pi", str(MARA)),
    not_actors=("hubspot",),
    types=("nudge", "customer.field_changed"),
    not_types=("task",),
    fields=("plan", "status"),
    window=Window(days=45),
)

PAGES: Final[Mapping[str, Page]] = {
    "ordinary": an_ordinary_page(),
    "first page of few": a_page(an_activity(seq=2), an_activity("comment.added", ("comment", None, "Hi"), seq=1)),
    "one entry": a_page(an_activity(), query=HistoryQuery(window=Window(days=30))),
    "every filter": an_ordinary_page(query=FILTERED),
    "custom range": an_ordinary_page(query=HistoryQuery(window=Window(since=date(2026, 10, 1), until=date(2026, 10, 31)))),
    "open range": a_page(an_activity(), query=HistoryQuery(window=Window(since=date(2026, 10, 1)))),
    "opened": an_ordinary_page(query=HistoryQuery(opened=(17, 12))),
    "table": an_ordinary_page(query=HistoryQuery(table=True)),
    "nothing yet": a_page(),
    "nothing in this slice": a_page(query=FILTERED, widen=("type", "window"), last_at=NOW),
    "no single filter to blame": a_page(query=FILTERED, last_at=NOW),
    "erased contact": a_page(
        an_activity("contact.removed", ("contact", GONE, None), seq=3),
        an_activity("comment.added", seq=2, actor=GONE, source=Source.API, redacted=True, text="removed contact"),
        an_activity("contact.added", ("contact", None, GONE), seq=1),
        query=HistoryQuery(opened=(2,)),
    ),
    "recorded late, by the system": a_page(
        an_activity(
            "customer.field_changed", seq=1, actor=Ref(ActorType.SYSTEM, "pivotal"), source=Source.CLI,
            at=NOW - timedelta(days=30), recorded_at=NOW, onboarding_id="case-" + "7" * 80,
        ),
        query=HistoryQuery(opened=(1,)),
    ),
    "from right to left": a_page(an_activity("customer.field_changed", ("איש קשר", "שלום", "עולם"), seq=1, actor=SAM), query=HistoryQuery(opened=(1,))),
}  # fmt: skip


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_feed_for_its_reader(page: Page, messages: SnapshotAssertion) -> None:
    assert as_sent(checked(feed(page, "m1", sharing=True))) == messages


@pytest.mark.parametrize("page", [PAGES["ordinary"], PAGES["nothing yet"]], ids=["ordinary", "nothing"])
def test_the_feed_for_a_channel(page: Page, messages: SnapshotAssertion) -> None:
    assert as_sent(checked(shared(page, "m1", "Sam Lee"))) == messages


def test_where_there_is_no_channel_nothing_is_offered_to_be_shared() -> None:
    assert "Share to this channel" in str(feed(an_ordinary_page(), "m1", sharing=True).blocks)
    assert "Share to this channel" not in str(feed(an_ordinary_page(), "m1", sharing=False).blocks)


def test_the_picker(messages: SnapshotAssertion) -> None:
    assert as_sent(checked(picker(HistoryQuery(actors=("pi",), window=Window(days=30)), "m1"))) == messages


def test_help_can_be_sent_for_every_command() -> None:
    for usage in (None, *USAGE):
        checked(help_on(usage, "/pivotal"))
