"""R6: the same request twice, at once or later, to one process or to two, has one effect; and its answers do not contradict each other."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.sandbox import Person
from bot.sandbox.payloads import command, escaped
from bot.sandbox.transport import Delivery
from tests.bot.acme import acme
from tests.bot.conftest import Pivotal
from tests.bot.feeds import count

OURS = "failed on our side"


async def at_once(pivotal: Pivotal, text: str, times: int, person: Person | None = None) -> Sequence[Delivery]:
    """One command, sent so many times at once: the same trigger, to all processes in turn."""
    core = pivotal.slack.core
    who = person or pivotal.sam
    interaction = core.begin(text, who.user, channel=pivotal.room)
    form = command(core, interaction, "/pivotal", escaped(core.workspace, text))
    return await asyncio.gather(*(pivotal.slack.transport.deliver("command", form) for _ in range(times)))


def said(delivery: Delivery) -> str:
    """What the ack says."""
    assert delivery.status == 200
    return str(delivery.answer["text"])


@pytest.mark.promise(id="R6")
async def test_a_question_repeated_gets_the_same_answer_each_time(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.starts()
    before = await pivotal.history("acme")
    for text in ("history acme --30d", "history nobody", "help", "history acme --type nonsense"):
        answers = await at_once(pivotal, text, 4)
        answers = [*answers, await pivotal.slack.replay(answers[0]), await pivotal.slack.replay(answers[0])]
        assert len({said(each) for each in answers}) == 1, text
    assert await pivotal.history("acme") == before


@pytest.mark.promise(id="R6")
async def test_a_person_who_asks_for_the_first_time_four_times_at_once_is_known_once(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.starts()
    for number in range(5):
        answers = await at_once(pivotal, "history acme --7d", 4, pivotal.joins(f"Newcomer {number}"))
        assert len({said(each) for each in answers}) == 1
        assert OURS not in said(answers[0])


@pytest.mark.promise(id="R6")
async def test_what_is_written_is_written_once(pivotal: Pivotal) -> None:
    """Each of these is sent one to four times at once, then once more, to two processes; between them come questions."""
    await acme(pivotal)
    await pivotal.says("/pivotal history acme")
    await pivotal.starts()
    before = len(await pivotal.history("acme"))
    texts = [
        text
        for number in range(4)
        for text in (
            f"comment acme-corp Word {number}",
            f"set acme-corp plan=P{number}",
            f'task add acme-corp "Job {number}"',
        )
    ]
    for number, text in enumerate(texts):
        answers = await at_once(pivotal, text, number % 4 + 1)
        await at_once(pivotal, "history acme --7d", 2)
        again = await pivotal.slack.replay(answers[0])
        assert not any(OURS in said(each) for each in [*answers, again]), text
    written = (await pivotal.history("acme"))[: -before or None]
    assert len(written) == len(texts)
    assert len({str(each.changes) for each in written}) == len(texts)
    assert (await pivotal.store.verify(pivotal.workspace)).faults == ()


@pytest.mark.promise(id="R6")
async def test_a_click_that_comes_again_shares_nothing_twice(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.starts()
    feed = await pivotal.says("/pivotal history acme --90d")
    await feed.menu("Share to this channel")
    click = pivotal.slack.deliveries[-1]
    await asyncio.gather(*(pivotal.slack.replay(click) for _ in range(3)))
    await feed.click("Older →")
    paged = pivotal.slack.deliveries[-1]
    await asyncio.gather(*(pivotal.slack.replay(paged) for _ in range(3)))
    await pivotal.stops()
    assert len(pivotal.slack.messages_in(pivotal.room)) == 1
    assert len(pivotal.slack.calls_of("chat.postMessage")) == 1
    assert feed.now().text == feed.text
    assert count(feed.now()) == count(feed)


@pytest.mark.promise(id="R6")
async def test_an_event_that_slack_sends_again_changes_nothing_more(pivotal: Pivotal) -> None:
    await acme(pivotal)
    await pivotal.starts()
    await pivotal.says("/pivotal history acme")
    told = await pivotal.slack.change_user(pivotal.sam.user, tz="Asia/Tokyo")
    known = await pivotal.store.person(pivotal.workspace, pivotal.sam.id)
    assert {each.status for each in await asyncio.gather(*(pivotal.slack.replay(told) for _ in range(4)))} == {200}
    again = await pivotal.store.person(pivotal.workspace, pivotal.sam.id)
    assert known is not None
    assert again is not None
    assert (again.ref, again.zone, again.name) == (known.ref, "Asia/Tokyo", known.name)
