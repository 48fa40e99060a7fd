"""Ways to tamper with a history, by somebody who holds the database and has taken its triggers away."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from store import chain, tables
from store.chain import GENESIS

A, F, C = tables.activity, tables.activity_field, tables.customer


def without_triggers(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ALTER TABLE activity DISABLE TRIGGER USER")
    else:
        for trigger in ("activity_no_update", "activity_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")


@dataclass(frozen=True, slots=True)
class Victim:
    """One customer's history of `length` rows, and where chance strikes in it."""

    connection: sa.Connection
    workspace: str
    customer: str
    length: int
    random: Random

    @property
    def on_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def row(self, seq: int) -> sa.ColumnElement[bool]:
        return sa.and_(A.c.workspace_id == self.workspace, A.c.customer_id == self.customer, A.c.seq == seq)

    def field_rows(self, seq: int) -> sa.ColumnElement[bool]:
        return sa.and_(F.c.workspace_id == self.workspace, F.c.customer_id == self.customer, F.c.seq == seq)

    def anywhere(self, last: int | None = None) -> int:
        return self.random.randint(1, last or self.length)

    def read(self, seq: int) -> dict[str, Any]:
        return dict(self.connection.execute(sa.select(A).where(self.row(seq))).mappings().one())

    def set(self, seq: int, **values: Any) -> int:
        self.connection.execute(A.update().where(self.row(seq)).values(**values))
        return seq

    def move(self, seq: int, to: int) -> None:
        self.connection.execute(A.update().where(self.row(seq)).values(seq=to))

    def delete(self, seq: int) -> int:
        self.connection.execute(A.delete().where(self.row(seq)))
        self.connection.execute(F.delete().where(self.field_rows(seq)))
        return seq

    def set_head(self, seq: int) -> None:
        """Let the customer's record say that its history ends here."""
        end = self.read(seq)["hash"] if seq else GENESIS
        mine = sa.and_(C.c.workspace_id == self.workspace, C.c.id == self.customer)
        self.connection.execute(C.update().where(mine).values(last_seq=seq, last_hash=end))

    def seal(self, row: dict[str, Any], before: bytes) -> dict[str, Any]:
        """The row with hashes that fit, as whoever knows the scheme can compute them."""
        row["commitment"] = chain.commitment(row["salt"], row["changes"], row["text"])
        row["hash"] = chain.seal(before, row["seq"], row["occurred_at"], row["recorded_at"], chain.facts(row))
        return row


Tamper = Callable[[Victim], int]
"""Does it, and returns the seq that must be reported."""


def edits(column: str, value: Any) -> Tamper:
    return lambda victim: victim.set(victim.anywhere(), **{column: value})


def changes_a_value(victim: Victim) -> int:
    seq = victim.anywhere()
    changes = victim.read(seq)["changes"]
    changes[0]["new"] = "Enterprise"
    return victim.set(seq, changes=changes)


def changes_a_time(victim: Victim) -> int:
    seq = victim.anywhere()
    column = victim.random.choice(["occurred_at", "recorded_at"])
    return victim.set(seq, **{column: victim.read(seq)[column] - timedelta(microseconds=1)})


def changes_a_bit_of_a_digest(victim: Victim) -> int:
    seq = victim.anywhere()
    column = victim.random.choice(["salt", "commitment", "hash"])
    digest = bytearray(victim.read(seq)[column])
    digest[victim.random.randrange(len(digest))] ^= 1 << victim.random.randrange(8)
    return victim.set(seq, **{column: bytes(digest)})


def changes_text_and_commitment(victim: Victim) -> int:
    row = victim.read(victim.anywhere())
    row["text"] = "it was never so"
    return victim.set(row["seq"], text=row["text"], commitment=victim.seal(row, GENESIS)["commitment"])


def spells_json_otherwise(victim: Victim) -> int:
    """With a second `field`, which some readers of JSON take and others do not."""
    seq = victim.anywhere()
    stored = json.dumps(victim.read(seq)["changes"], separators=(",", ":")).replace("{", '{"field":"owner",', 1)
    return victim.set(seq, changes=sa.cast(sa.literal(stored, sa.Text), sa.Text if victim.on_sqlite else sa.JSON))


def deletes_a_row(victim: Victim) -> int:
    return victim.delete(victim.anywhere())


def swaps_two_rows(victim: Victim) -> int:
    first, second = sorted(victim.random.sample(range(1, victim.length + 1), 2))
    victim.move(first, -1)
    victim.move(second, first)
    victim.move(-1, second)
    return first


def inserts_a_row(victim: Victim) -> int:
    """In the middle, everything after it one further."""
    seq = victim.anywhere()
    forged = {**victim.read(seq), "text": "forged"}
    insert(victim, forged)
    return seq


def inserts_a_row_that_fits_what_is_before(victim: Victim) -> int:
    """Then what comes after it no longer does."""
    seq = victim.anywhere()
    before = victim.read(seq - 1)["hash"] if seq > 1 else GENESIS
    insert(victim, victim.seal({**victim.read(seq), "text": "forged"}, before))
    return seq + 1


def insert(victim: Victim, forged: dict[str, Any]) -> None:
    for later in range(victim.length, forged["seq"] - 1, -1):
        victim.move(later, later + 1)
    victim.connection.execute(A.insert(), forged)
    victim.set_head(victim.length + 1)


def adds_a_row_at_the_end(victim: Victim) -> int:
    last = victim.read(victim.length)
    victim.connection.execute(A.insert(), victim.seal({**last, "seq": victim.length + 1}, last["hash"]))
    return victim.length + 1


def gives_a_row_to_another_customer(victim: Victim) -> int:
    seq = victim.anywhere()
    theirs = {"id": f"{victim.customer}-2", "workspace_id": victim.workspace}
    mine = sa.and_(C.c.workspace_id == victim.workspace, C.c.id == victim.customer)
    copied = [sa.literal(theirs[c.name]) if c.name in theirs else c for c in C.c if c.name != "slug"]
    names = [c.name for c in C.c if c.name != "slug"]
    rows = sa.select(*copied, sa.literal(theirs["id"])).where(mine)
    victim.connection.execute(C.insert().from_select([*names, "slug"], rows))
    return victim.set(seq, customer_id=theirs["id"])


def cuts_the_tail(victim: Victim) -> int:
    first = victim.anywhere()
    for seq in range(first, victim.length + 1):
        victim.delete(seq)
    return first


def fakes_an_erasure(victim: Victim) -> int:
    return victim.set(victim.anywhere(), salt=None, changes=None, text="removed contact")


def fakes_an_erasure_that_says_more(victim: Victim) -> int:
    return victim.set(victim.anywhere(), salt=None, changes=None, text="removed contacts")


def moves_the_head(victim: Victim) -> int:
    seq = victim.anywhere(victim.length - 1)
    victim.set_head(seq)
    return seq + 1


# --- the derived rows of the field filter ---


def drops_a_field(victim: Victim) -> int:
    seq = victim.anywhere()
    victim.connection.execute(F.delete().where(victim.field_rows(seq), F.c.field == "plan"))
    return seq


def adds_a_field(victim: Victim) -> int:
    seq = victim.anywhere()
    row = dict(victim.connection.execute(sa.select(F).where(victim.field_rows(seq)).limit(1)).mappings().one())
    victim.connection.execute(F.insert(), {**row, "field": "owner"})
    return seq


def adds_a_field_of_no_row(victim: Victim) -> int:
    row = dict(victim.connection.execute(sa.select(F).where(victim.field_rows(1)).limit(1)).mappings().one())
    seq = victim.random.choice([0, -7, victim.length + 1, 2**40])
    victim.connection.execute(F.insert(), {**row, "seq": seq})
    return 1 if seq < 1 else victim.length + 1


def copies_wrongly(column: str, value: Any) -> Tamper:
    def tamper(victim: Victim) -> int:
        seq = victim.anywhere()
        victim.connection.execute(
            F.update().where(victim.field_rows(seq), F.c.field == "plan").values(**{column: value})
        )
        return seq

    return tamper


EVERYWHERE: dict[str, Tamper] = {
    "edits the type": edits("type", "customer.deleted"),
    "edits the actor": edits("actor", "user:usr_mallory"),
    "edits the source": edits("source", "cli"),
    "edits the subject": edits("subject", "task:tsk_2"),
    "empties the subject": edits("subject", None),
    "edits the onboarding": edits("onboarding_id", "case-2"),
    "edits the edit": edits("edit_id", "edt_2"),
    "edits the refs": edits("refs", {"of": [2]}),
    "edits the text": edits("text", "it was never so"),
    "empties the text": edits("text", None),
    "empties the changes": edits("changes", None),
    "changes a value": changes_a_value,
    "changes a time": changes_a_time,
    "changes a bit of a digest": changes_a_bit_of_a_digest,
    "changes text and commitment": changes_text_and_commitment,
    "spells JSON otherwise": spells_json_otherwise,
    "deletes a row": deletes_a_row,
    "swaps two rows": swaps_two_rows,
    "inserts a row": inserts_a_row,
    "inserts a row that fits what is before": inserts_a_row_that_fits_what_is_before,
    "adds a row at the end": adds_a_row_at_the_end,
    "gives a row to another customer": gives_a_row_to_another_customer,
    "cuts the tail": cuts_the_tail,
    "fakes an erasure": fakes_an_erasure,
    "fakes an erasure that says more": fakes_an_erasure_that_says_more,
    "moves the head": moves_the_head,
    "drops a field": drops_a_field,
    "adds a field": adds_a_field,
    "adds a field of no row": adds_a_field_of_no_row,
    "copies another field": copies_wrongly("field", "owner"),
    "copies another actor": copies_wrongly("actor", "user:usr_mallory"),
    "copies another type": copies_wrongly("type", "customer.deleted"),
    "copies another source": copies_wrongly("source", "cli"),
    "copies another time": copies_wrongly("occurred_at", datetime(2020, 1, 1, tzinfo=UTC)),
}

ON_SQLITE: dict[str, Tamper] = {
    f"writes {what} into {column}": edits(column, sa.text(literal))
    for what, literal in {
        "no text": "CAST(x'ff' AS TEXT)",
        "bytes": "x'00'",
        "a number": "12.5",
        "words": "'abc'",
    }.items()
    for column in ("occurred_at", "recorded_at", "changes", "text", "actor", "refs", "salt", "hash", "commitment")
}
"""What only SQLite lets into a column."""


# --- what only an anchor shows ---


def cuts_the_tail_and_fixes_the_head(victim: Victim) -> int:
    first = cuts_the_tail(victim)
    victim.set_head(first - 1)
    return first


def cuts_the_tail_and_writes_another(victim: Victim) -> int:
    """A chain that fits in itself; it differs from the true one at the latest where the anchor is."""
    first = victim.anywhere()
    before = victim.read(first - 1)["hash"] if first > 1 else GENESIS
    for seq in range(first, victim.length + 1):
        row = victim.seal({**victim.read(seq), "text": f"another {seq}"}, before)
        victim.set(seq, text=row["text"], commitment=row["commitment"], hash=row["hash"])
        before = row["hash"]
    victim.set_head(victim.length)
    return victim.length


ANCHORED: dict[str, Tamper] = {
    "cuts the tail and fixes the head": cuts_the_tail_and_fixes_the_head,
    "cuts the tail and writes another": cuts_the_tail_and_writes_another,
}
