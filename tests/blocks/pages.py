"""Pages to render: activities and what stands around them, believable unless a test says otherwise."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from store.domain.activity import (
    HUBSPOT,
    PI,
    STRIPE,
    Activity,
    ActorType,
    Change,
    Ref,
    Source,
    Value,
)
from store.domain.query import Cursor, CustomerName, HistoryQuery, Page, Reader

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
BERLIN: Final = ZoneInfo("Europe/Berlin")
ACME: Final = CustomerName("cus_acmeacmeacme", "acme-corp", "Acme Corp", "acme.com")

SAM: Final = Ref(ActorType.USER, "usr_samsamsamsam")
MARA: Final = Ref(ActorType.USER, "usr_maramaramara")
ANN: Final = Ref(ActorType.CONTACT, "con_annannannann")
GONE: Final = Ref(ActorType.CONTACT, "con_gonegonegone")
USAGE: Final = Ref(ActorType.API, "usage-feed")
NAMES: Final[Mapping[str, str]] = {
    str(SAM): "Sam Lee",
    str(MARA): "Mara Núñez",
    str(ANN): "Ann Lee",
    str(PI): "Pi",
    str(HUBSPOT): "HubSpot",
    str(STRIPE): "Stripe",
    str(USAGE): "Usage feed",
}


def an_activity(
    kind: str = "customer.field_changed",
    *changes: tuple[str, Value, Value],
    seq: int = 1,
    actor: Ref = SAM,
    source: Source = Source.SLACK,
    **facts: Any,
) -> Activity:
    """Without changes, and where no other fact tells what happened, an edit of the plan."""
    at = facts.pop("at", NOW - timedelta(hours=5 * (100 - seq % 100)))
    if kind == "customer.field_changed" and not changes and "text" not in facts:
        changes = (("plan", "Starter", "Growth"),)
    return Activity(
        seq=seq,
        occurred_at=at,
        recorded_at=facts.pop("recorded_at", at),
        kind=kind,
        actor=actor,
        source=source,
        changes=tuple(Change(*change) for change in changes),
        **facts,
    )


def a_page(*entries: Activity, **facts: Any) -> Page:
    """Newest first, as they are given. query: without the customer."""
    query: HistoryQuery = facts.pop("query", HistoryQuery())
    customer: CustomerName = facts.pop("customer", ACME)
    reader = Reader(now=NOW, zone=facts.pop("zone", BERLIN), person=str(SAM))
    window = query.window.resolve(NOW, reader.zone) if query.window else (None, None)
    given: dict[str, Any] = {
        "names": NAMES,
        "total": len(entries),
        "since": window[0],
        "until": window[1],
        "last_at": entries[0].occurred_at if entries else None,
    }
    placed = HistoryQuery(**{name: getattr(query, name) for name in query.__slots__} | {"customer": customer.id})
    return Page(query=placed, customer=customer, reader=reader, entries=entries, **given | facts)


def in_the_middle(entries: Sequence[Activity], **facts: Any) -> Page:
    """A page with newer and older ones around it."""
    return a_page(*entries, older=Cursor.of(entries[-1]), newer=Cursor.of(entries[0]), total=1001, **facts)


def an_ordinary_page(**facts: Any) -> Page:
    """Ten entries such as any customer has."""
    late = NOW - timedelta(days=1)
    entries = (
        an_activity("pi.nudge", ("nudge", None, "Risk: no login for 9 days. Suggest a call."), seq=20, actor=PI, source=Source.PI),
        an_activity("customer.status_changed", ("status", "active", "at_risk"), seq=19, actor=MARA, text="NPS down to 31"),
        an_activity("customer.field_changed", ("plan", "Starter", "Growth"), ("seats", 120, 150), seq=18, actor=STRIPE, source=Source.STRIPE),
        an_activity("customer.field_changed", ("tags", ("emea",), ("emea", "vip")), ("owner", SAM, MARA), ("renewal", None, "March"), seq=17),
        an_activity("integration.sync_write", seq=16, actor=HUBSPOT, source=Source.HUBSPOT, text="HubSpot company 8812: 3 fields", recorded_at=late),
        an_activity("onboarding.phase_moved", ("phase", "Kickoff", "Pilot"), seq=15, onboarding_id="acme-eu"),
        an_activity("task.created", ("task", None, "Map the 14 custom fields"), seq=14, onboarding_id="acme-eu"),
        an_activity("contact.added", ("contact", None, ANN), seq=13),
        an_activity("comment.added", ("comment", None, "Tom sent the list.\n\n*Three* are formulas & <b>one</b> is empty."), seq=12, actor=MARA),
        an_activity("usage.limit_reached", seq=11, actor=USAGE, source=Source.API, text="Nightly export used 100 % of its 2 GB"),
    )  # fmt: skip
    return in_the_middle(entries, **facts)
