"""Acme's history, as large as filters need it, and a plain count over it to compare with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from store.actors import Person as KnownToSlack
from store.domain.activity import HUBSPOT, PI, STRIPE, ActorType, Change, NewActivity, Ref, Source
from tests.bot.conftest import Pivotal
from tests.builders import a_person

USAGE: Final = Ref(ActorType.API, "usage-feed")
ACME: Final = {"type": "customer", "ref": "acme", "name": "Acme Corp", "domain": "acme.com"}
GLOBEX: Final = {"type": "customer", "ref": "globex", "name": "Globex"}
NAMED: Final = {
    "type": "activity",
    "customer": "globex",
    "occurred_at": "2026-01-01T00:00:00Z",
    "actor": {"type": "api", "id": "usage-feed", "name": "Usage feed"},
    "source": "api",
    "event_type": "usage.limit_reached",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What was recorded for Acme, and who took part."""

    sam: str
    mara: str
    happened: Sequence[NewActivity]
    now: datetime

    def count(self, counts: Callable[[NewActivity], bool] = lambda _: True) -> int:
        return sum(map(counts, self.happened))

    def days(self, each: NewActivity) -> float:
        """How long ago it was."""
        assert each.occurred_at is not None
        return (self.now - each.occurred_at) / timedelta(days=1)


def fields(each: NewActivity) -> set[str]:
    return {change.field for change in each.changes}


async def acme(pivotal: Pivotal) -> Known:
    """84 activities, from an hour to 125 days ago, by Sam and Mara through Slack, Pi, HubSpot, Stripe and an API key."""
    await pivotal.imports(ACME, GLOBEX, NAMED)
    seen = KnownToSlack(slack_user_id=pivotal.sam.id, name="Sam Lee", zone="Europe/Berlin")
    sam = (await pivotal.store.remember(pivotal.workspace, seen)).ref
    mara = (await a_person(pivotal.store, pivotal.workspace, "Mara Núñez")).ref
    happened = tuple(_happened(Ref.parse(sam), Ref.parse(mara), pivotal.clock()))
    await pivotal.remembers("acme", *happened)
    return Known(sam, mara, happened, pivotal.clock())


def _happened(sam: Ref, mara: Ref, now: datetime) -> list[NewActivity]:
    def one(
        kind: str, actor: Ref, source: Source, *changes: tuple[str, object, object], text: str | None = None
    ) -> NewActivity:
        made = tuple(Change(*change) for change in changes)  # type: ignore[arg-type]  # texts and numbers
        return NewActivity(kind=kind, actor=actor, source=source, changes=made, text=text)

    found = []
    for round_ in range(12):
        found += [
            one("customer.field_changed", sam, Source.SLACK, ("plan", f"Plan {round_}", f"Plan {round_ + 1}")),
            one("customer.field_changed", HUBSPOT, Source.HUBSPOT, ("seats", round_, round_ + 1), ("plan", "a", "b"), ("arr", 1, 2)),
            one("pi.nudge", PI, Source.PI, ("nudge", None, f"Risk: nudge {round_}")),
            one("task.created", mara, Source.SLACK, ("task", None, f"Task {round_}")),
            one("task.completed", sam, Source.IMPORT, ("task", None, f"Task {round_}")),
            one("customer.status_changed", STRIPE, Source.STRIPE, ("status", "active", "at_risk"), text="payment failed"),
            one("usage.limit_reached", USAGE, Source.API, text=f"{round_} of 12 seats"),
        ]  # fmt: skip
    at = [now - timedelta(hours=1) - timedelta(hours=36) * number for number in range(len(found))]
    return [
        NewActivity(kind=each.kind, actor=each.actor, source=each.source, changes=each.changes, text=each.text, occurred_at=when)
        for each, when in zip(found, at, strict=True)
    ]  # fmt: skip
