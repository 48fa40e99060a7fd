"""What a provider told us, whatever its own words for it: a delivery is translated into notices, and these are applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from store.domain.activity import HUBSPOT, STRIPE, Ref, Source


class What(StrEnum):
    CHANGED = "changed"
    CREATED = "created"
    DELETED = "deleted"
    RESTORED = "restored"
    ERASED = "erased"
    MERGED = "merged"
    ASSOCIATED = "associated"
    SEPARATED = "separated"
    TOLD = "told"
    """Something happened that changes no field of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that a provider told, about one of its objects.

    provider   hubspot or stripe
    account    the provider's own tenant: HubSpot's portal, Stripe's connected account, "" where it has none
    object     its kind of object: company, contact, subscription, invoice …
    customer   the provider's id of the customer concerned; None, where it does not say
    key        the same notice always has the same one: it counts once
    values     the provider's property → its value as text; "" when it was cleared
    related    ids of other objects: those merged into this one, the contact that was associated
    reason     why, in the provider's words, to be kept with what it caused
    """

    provider: Source
    account: str
    object: str
    object_id: str
    customer: str | None
    key: str
    occurred_at: datetime
    what: What
    values: Mapping[str, str] = field(default_factory=dict)
    related: tuple[str, ...] = ()
    reason: Mapping[str, str] = field(default_factory=dict)


NAMES: Final[Mapping[Source, str]] = {Source.HUBSPOT: "HubSpot", Source.STRIPE: "Stripe"}
ACTORS: Final[Mapping[Source, Ref]] = {Source.HUBSPOT: HUBSPOT, Source.STRIPE: STRIPE}

DEFAULT_MAPPING: Final[Mapping[str, Mapping[str, str]]] = {
    "hubspot": {
        "name": "name",
        "domain": "domain",
        "hubspot_owner_id": "owner",
        "plan": "plan",
        "health_score": "health_score",
    },
    "stripe": {"plan": "plan"},
}
"""Which property feeds which of our fields; any other one feeds a custom field of its own name."""

IGNORE: Final = "-"
"""As a mapping's field: this property is not kept."""


def field_for(provider: Source, name: str, own: Mapping[str, Mapping[str, str]]) -> str | None:
    """The field that a property feeds. own: the workspace's mapping, which comes before the default. None: not kept."""
    found = own.get(provider.value, {}).get(name) or DEFAULT_MAPPING[provider.value].get(name) or name
    return None if found == IGNORE else found


def link(notice: Notice) -> str | None:
    """The provider's page of the object."""
    if notice.provider is Source.HUBSPOT and notice.object in {"company", "contact"}:
        kind = "0-2" if notice.object == "company" else "0-1"
        return f"https://app.hubspot.com/contacts/{notice.account}/record/{kind}/{notice.object_id}"
    if notice.provider is Source.STRIPE and notice.customer:
        return f"https://dashboard.stripe.com/customers/{notice.customer}"
    return None


@dataclass(frozen=True, slots=True)
class Parked:
    """What waits for one customer that is not known. known_as: `provider:account:id`."""

    known_as: str
    deliveries: int
    since: datetime
