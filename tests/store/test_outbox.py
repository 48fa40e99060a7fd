"""The outbox: what is to be sent is held by one worker at a time, and settled by whoever holds it."""

import asyncio
from datetime import timedelta

import sqlalchemy as sa

from store import Store, tables
from store.engine import Database
from store.outbox import Delivery, GivenUp, Released, Sent
from tests.builders import another_workspace

NOW, BRIEF, LONG = timedelta(0), timedelta(milliseconds=1), timedelta(minutes=1)


async def put(store: Store, workspace: str, key: str = "nudge", channel: str = "C1") -> str | None:
    return await store.enqueue(workspace, key=key, kind="nudge", channel=channel, body={"of": key})


async def one_claimed(store: Store, worker: str = "w1", lease: timedelta = LONG) -> Delivery:
    (delivery,) = await store.claim(worker, lease, 10)
    return delivery


async def states(database: Database) -> list[tuple[str, str | None, str | None]]:
    """(state, ts, error) of all deliveries, oldest first."""
    o = tables.outbox.c

    def work(connection: sa.Connection) -> list[tuple[str, str | None, str | None]]:
        return [
            (row[0], row[1], row[2])
            for row in connection.execute(sa.select(o.state, o.ts, o.error).order_by(o.created_at, o.key))
        ]

    return await database.read(work)


async def test_what_is_put_in_twice_is_there_once(store: Store, workspace: str) -> None:
    first = await put(store, workspace)
    assert first is not None
    assert await put(store, workspace) is None
    delivery = await one_claimed(store)
    assert (delivery.id, delivery.workspace, delivery.kind, delivery.channel) == (first, workspace, "nudge", "C1")
    assert (delivery.body, delivery.attempt, delivery.possible_duplicate) == ({"of": "nudge"}, 1, False)
    assert await put(store, workspace) is None
    assert await store.settle(delivery, "w1", Sent("1.1"))
    assert await put(store, workspace) is None


async def test_it_goes_out_in_its_order_and_never_to_two(store: Store, database: Database, workspace: str) -> None:
    other = await another_workspace(database)
    for number in range(5):
        await put(store, workspace if number % 2 else other, f"{number}")
        await asyncio.sleep(0.002)
    first = await store.claim("w1", LONG, 2)
    second = await store.claim("w2", LONG, 2)
    third = await store.claim("w1", LONG, 9)
    assert [delivery.body["of"] for delivery in (*first, *second, *third)] == ["0", "1", "2", "3", "4"]
    assert {delivery.workspace for delivery in first} == {workspace, other}
    assert await store.claim("w2", LONG, 9) == ()


async def test_workers_at_once_share_without_a_loss_or_a_repeat(
    store: Store, elsewhere: Database, workspace: str, full: bool
) -> None:
    count = 1000 if full else 80
    for number in range(count):
        await put(store, workspace, f"{number}")
    taken: list[str] = []

    async def works(worker: str, mine: Store) -> None:
        while deliveries := await mine.claim(worker, LONG, 3):
            taken.extend(delivery.id for delivery in deliveries)
            for delivery in deliveries:
                assert await mine.settle(delivery, worker, Sent("1.1"))

    await asyncio.gather(*(works(f"w{number}", (store, Store(elsewhere))[number % 2]) for number in range(6)))
    assert len(taken) == len(set(taken)) == count


async def test_only_who_holds_it_settles_it_and_once(store: Store, workspace: str) -> None:
    await put(store, workspace)
    delivery = await one_claimed(store, "w1", BRIEF)
    assert not await store.settle(delivery, "w2", Sent("1.1"))
    await asyncio.sleep(0.02)
    (doubtful,) = await store.doubtful("w2", LONG, NOW, 10)
    assert not await store.settle(delivery, "w1", Sent("1.1"))  # its lease was taken over
    assert not await store.attempting(delivery, "w1", LONG, marked=False)
    assert await store.settle(doubtful, "w2", Sent("1.2"))
    assert not await store.settle(doubtful, "w2", Sent("1.3"))


async def test_what_was_never_settled_is_in_doubt_and_not_sent_again_by_itself(store: Store, workspace: str) -> None:
    """Until its lease has ended and the wait has passed; then it is one worker's to find out."""
    await put(store, workspace)
    delivery = await one_claimed(store, "dead", timedelta(seconds=2))
    assert await store.doubtful("w2", LONG, NOW, 10) == ()
    await asyncio.sleep(2.1)
    assert await store.claim("w2", LONG, 10) == ()
    assert await store.doubtful("w2", LONG, LONG, 10) == ()
    (taken,) = await store.doubtful("w2", LONG, NOW, 10)
    assert (taken.id, taken.attempt, taken.attempted_at) == (delivery.id, 1, delivery.attempted_at)
    assert await store.doubtful("w3", LONG, NOW, 10) == ()
    assert await store.attempting(taken, "w2", BRIEF, marked=True)
    await asyncio.sleep(0.02)
    (again,) = await store.doubtful("w3", LONG, NOW, 10)
    assert (again.attempt, again.possible_duplicate) == (2, True)
    assert again.attempted_at == delivery.attempted_at  # where the search for it begins
    assert await store.attempting(again, "w3", LONG, marked=False)
    assert await store.settle(again, "w3", Sent("1.1"))


async def test_workers_at_once_take_up_a_doubtful_one_once(store: Store, elsewhere: Database, workspace: str) -> None:
    for number in range(10):
        await put(store, workspace, f"{number}")
    await store.claim("dead", BRIEF, 10)
    await asyncio.sleep(0.02)
    stores = (store, Store(elsewhere))
    taken = await asyncio.gather(*(stores[number % 2].doubtful(f"w{number}", LONG, NOW, 4) for number in range(6)))
    ids = [delivery.id for some in taken for delivery in some]
    assert len(ids) == len(set(ids)) == 10


async def test_what_was_released_waits_and_counts_only_what_was_an_attempt(store: Store, workspace: str) -> None:
    await put(store, workspace)
    delivery = await one_claimed(store)
    assert await store.settle(delivery, "w1", Released(timedelta(seconds=2), counted=False))
    assert await store.claim("w1", LONG, 10) == ()
    await asyncio.sleep(2.1)
    delivery = await one_claimed(store)
    assert delivery.attempt == 1
    assert await store.settle(delivery, "w1", Released(NOW, counted=True))
    assert (await one_claimed(store)).attempt == 2


async def test_what_was_given_up_may_be_asked_for_again(store: Store, database: Database, workspace: str) -> None:
    """And then goes where it is asked to go now."""
    first = await put(store, workspace, channel="C_ARCHIVED")
    delivery = await one_claimed(store)
    assert await store.settle(delivery, "w1", GivenUp("is_archived"))
    assert await states(database) == [("failed", None, "is_archived")]
    assert await store.claim("w1", LONG, 10) == ()
    assert await put(store, workspace, channel="C_OTHER") == first
    again = await one_claimed(store)
    assert (again.id, again.channel, again.attempt) == (first, "C_OTHER", 1)
    assert await store.settle(again, "w1", Sent("1.1"))
    assert await states(database) == [("sent", "1.1", None)]


async def test_what_may_be_there_already_is_not_asked_for_again(store: Store, workspace: str) -> None:
    await put(store, workspace)
    delivery = await one_claimed(store)
    assert await store.attempting(delivery, "w1", LONG, marked=True)
    assert await store.settle(delivery, "w1", GivenUp("channel_not_found"))
    assert await put(store, workspace) is None


async def test_an_odd_body_comes_back(store: Store, workspace: str) -> None:
    body = {"text": "🦄\u202e", "list": [1, 1.5, None, True], "deep": {"a": {"b": []}}}
    await store.enqueue(workspace, key="🦄", kind="nudge", channel="C1", body=body)
    assert (await one_claimed(store)).body == body
