"""What a writer states is hashed from texts that are made once; `verify` spells the whole row anew. Both must give the same bytes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from store import Store, activities, chain, tables
from store.domain.activity import Activity, ActorType, Change, NewActivity, Ref, Source, Value
from store.engine import Database, canonical
from store.stating import Stated, encoded, facts, stated_by
from store.tables import UNKEEPABLE, plain
from tests.builders import a_customer, an_activity

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
REFS = st.builds(Ref, st.sampled_from(ActorType), st.text("abc_09", min_size=1))
VALUES: st.SearchStrategy[Value] = st.none() | st.booleans() | NUMBERS | TEXTS | st.lists(TEXTS).map(tuple) | REFS
ACTIVITIES = st.builds(
    NewActivity,
    kind=st.sampled_from(("customer.field_changed", "acme.rang_up")),
    actor=REFS,
    source=st.sampled_from(Source),
    changes=st.lists(st.builds(Change, TEXTS, VALUES, VALUES), max_size=3).map(tuple),
    text=st.none() | TEXTS,
    subject=st.none() | TEXTS,
    onboarding_id=st.none() | TEXTS,
    edit_id=st.none() | TEXTS,
    refs=st.dictionaries(st.text("abc"), st.integers() | st.text('äöü\n"\\')),
)


@given(ACTIVITIES)
def test_what_is_hashed_of_texts_is_what_is_hashed_of_values(new: NewActivity) -> None:
    row = stated_by(new)
    changes = [{"field": plain(c.field), "old": encoded(c.old), "new": encoded(c.new)} for c in new.changes] or None
    assert row.changes == (None if changes is None else canonical(changes))
    assert row.commitment == chain.commitment(row.salt, changes, row.text)
    assert facts("cus_1", row) == chain.facts({**row._asdict(), "customer_id": "cus_1", "refs": dict(new.refs) or None})


@given(TEXTS)
def test_text_that_can_be_kept_stays_as_it_is(text: str) -> None:
    assert plain(text) == UNKEEPABLE.sub("\ufffd", text)


def test_what_is_stated_has_the_columns_of_the_log_in_their_order() -> None:
    columns = tables.activity.c.keys()
    assert columns == ["workspace_id", "customer_id", "seq", "occurred_at", "recorded_at", *Stated._fields, "hash"]


async def test_a_writer_is_told_of_an_activity_as_it_is_read_later(
    store: Store, database: Database, workspace: str
) -> None:
    customer = await a_customer(store, workspace)
    told = [
        an_activity(
            changes=(Change("tags", ("a", "b"), None), Change("owner", None, Ref(ActorType.USER, "usr_sam"))),
            text="said\0 so",
            subject="task:tsk_1",
            edit_id="edt_1",
            refs={"message": "1.2"},
            occurred_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
        ),
        an_activity(changes=(Change("arr", 1, 2.5),), dedupe_key="evt_1"),
        an_activity(changes=(), occurred_at=datetime.now(UTC) + timedelta(days=3)),
    ]

    def write(connection: sa.Connection) -> list[Activity | None]:
        return [activities.appended(connection, workspace, customer, new) for new in told]

    written = await database.write(write, workspace)
    read = await database.read(lambda c: activities.by_seq(c, workspace, customer, [1, 2, 3]), workspace)
    assert written == [read[1], read[2], read[3]]
    again = replace(told[1], text="once more")
    assert await database.write(lambda c: activities.appended(c, workspace, customer, again), workspace) is None
