"""Histories to measure on: many customers, one of them big, made by arithmetic and loaded by the Store's own import.

A tenth of everything happened to the big customer (more in a quick run, so that it has a page 1,000), a fifth to twenty middling ones, the
rest to many small ones. Of its history, three activities each have a rare actor, a rare pair of actor and type, and a rare field. Every
twentieth activity comes in a day late.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from store import Store
from store.importing import Importer, parse_line

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
EVERY = timedelta(seconds=3)
MIDDLING = 20
PEOPLE = 40
BATCH = 5000

KINDS = {
    "customer.field_changed": 250,
    "customer.status_changed": 80,
    "customer.health_score_dropped": 50,
    "onboarding.phase_moved": 50,
    "task.created": 130,
    "task.completed": 120,
    "contact.added": 60,
    "contact.archived": 40,
    "comment.added": 100,
    "integration.sync_write": 90,
    "pi.nudge": 30,
}
FIELDS = ("plan", "owner", "arr", "seats", "region", "industry", "csm", "tier", "segment", "renewal", "note", "website")
RARE_FIELD = "renewal_owner"
RARE_KIND = "contact.archived"

Acting = tuple[dict[str, str], str]
"""An actor as a line gives it, and the source that goes with it."""

HUBSPOT: Acting = ({"type": "integration", "id": "hubspot"}, "hubspot")
PI: Acting = ({"type": "pi", "id": "pi"}, "pi")
SCHEDULER: Acting = ({"type": "system", "id": "scheduler"}, "import")
LOADER: Acting = ({"type": "api", "id": "key_1", "name": "Loader"}, "api")
RARE: Acting = ({"type": "user", "id": "rare", "name": "Rare Person"}, "slack")
STAFF: list[Acting] = [
    ({"type": "user", "id": f"user-{n}", "name": f"Person {n}"}, "slack" if n % 3 else "import")
    for n in range(1, PEOPLE + 1)
]


@dataclass(frozen=True, slots=True)
class Size:
    """rows: activities in all; share: one of so many happened to the big customer."""

    rows: int
    share: int = 10

    @property
    def big(self) -> int:
        return self.rows // self.share

    @property
    def small_customers(self) -> int:
        return max(10, min(20_000, self.rows // 500))


async def load(store: Store, workspace: str, size: Size) -> None:
    importer = Importer(workspace)
    numbered = enumerate(lines(size), 1)
    while batch := [parse_line(*line) for line in islice(numbered, BATCH)]:
        await store.import_lines(importer, batch)


def lines(size: Size) -> Iterator[bytes]:
    """The lines of a file of this history."""
    names = ["Big", *(f"Middling {n}" for n in range(MIDDLING)), *(f"Small {n}" for n in range(size.small_customers))]
    for name in names:
        yield json.dumps({"type": "customer", "ref": name, "name": name}).encode()
    random = Random(7)  # the same history every time
    rare = {int(size.big * part): what for part, what in rarities()}
    mine = 0
    for number, usual in enumerate(random.choices(list(KINDS), list(KINDS.values()), k=size.rows)):
        chance = random.random()
        kind, doing = usual, acting(chance, number)
        fields: Sequence[str] = [FIELDS[(number + n) % len(FIELDS)] for n in range(1 + number % 4)]
        customer = names[1 + number % MIDDLING] if chance < 0.2 else names[1 + MIDDLING + number % size.small_customers]
        if number % size.share == 0:
            customer = "Big"
            doing, kind, fields = rarely(rare.get(mine), doing, kind, fields)
            mine += 1
        late = timedelta(seconds=random.randrange(86_400)) if number % 20 == 7 else timedelta()
        yield _activity(number, customer, BEGIN + number * EVERY - late, doing, kind, fields)


def _activity(number: int, customer: str, at: datetime, doing: Acting, kind: str, fields: Sequence[str]) -> bytes:
    actor, source = doing
    changes = [{"field": name, "old": f"old {number % 1000}", "new": f"new {number % 997}"} for name in fields]
    line = {
        "type": "activity",
        "customer": customer,
        "occurred_at": at.isoformat(),
        "actor": actor,
        "source": source,
        "event_type": kind,
        "changes": changes,
        "dedupe_key": str(number),
    }
    return json.dumps(line).encode()


_RARE = {"actor": (0.05, 0.4, 0.8), "pair": (0.1, 0.5, 0.9), "field": (0.15, 0.55, 0.85)}


def rarities() -> Iterator[tuple[float, str]]:
    """Where in the big customer's history, as a part of it, which of the three rare things stands."""
    return ((part, what) for what, parts in _RARE.items() for part in parts)


def acting(chance: float, number: int) -> Acting:
    """Who does what has this chance, from 0 to 1. number: which of the staff, where it is one of them."""
    if chance < 0.3:
        return HUBSPOT
    if chance < 0.45:
        return PI
    if chance < 0.55:
        return SCHEDULER
    return STAFF[number * 7 % PEOPLE] if chance < 0.98 else LOADER


def rarely(what: str | None, doing: Acting, kind: str, fields: Sequence[str]) -> tuple[Acting, str, Sequence[str]]:
    """What the big customer's history has there instead, so that rare things are as rare as they are meant to be."""
    match what:
        case "actor":
            return RARE, kind, fields
        case "pair":
            return PI, RARE_KIND, fields
        case "field":
            return doing, "customer.field_changed", [RARE_FIELD]
        case _ if doing == PI and kind == RARE_KIND:
            return doing, "comment.added", fields
        case _:
            return doing, kind, fields
