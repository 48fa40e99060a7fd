"""HubSpot's deliveries → notices."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.webhooks.payload import MAX_ID, PayloadError, decoded
from store.domain.activity import Source
from store.domain.sync import Notice, What

OBJECTS: Final[Mapping[str, str]] = {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket"}
KINDS: Final[Mapping[str, What]] = {
    "creation": What.CREATED,
    "propertyChange": What.CHANGED,
    "deletion": What.DELETED,
    "restore": What.RESTORED,
    "privacyDeletion": What.ERASED,
    "merge": What.MERGED,
    "associationChange": What.ASSOCIATED,
}
KNOWN: Final = frozenset({"company", "contact"})
"""Objects that reach a customer. A deal or ticket does not say of which company it is."""

Id = Annotated[
    str,
    Field(max_length=MAX_ID),
    BeforeValidator(lambda value: str(value) if isinstance(value, int) and not isinstance(value, bool) else value),
]


class Given(BaseModel):
    """One notification, as far as we read it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    subscriptionType: str  # noqa: N815 - HubSpot's names
    portalId: Id  # noqa: N815
    occurredAt: int  # noqa: N815
    eventId: Id = ""  # noqa: N815
    subscriptionId: Id = ""  # noqa: N815
    objectId: Id = ""  # noqa: N815
    objectTypeId: str = ""  # noqa: N815
    propertyName: Annotated[str, Field(max_length=MAX_ID)] = ""  # noqa: N815
    propertyValue: str | None = None  # noqa: N815
    changeSource: str = ""  # noqa: N815
    sourceId: str = ""  # noqa: N815
    associationType: str = ""  # noqa: N815
    fromObjectId: Id = ""  # noqa: N815
    toObjectId: Id = ""  # noqa: N815
    associationRemoved: bool = False  # noqa: N815
    isPrimaryAssociation: bool = False  # noqa: N815
    primaryObjectId: Id = ""  # noqa: N815
    mergedObjectIds: tuple[Id, ...] = ()  # noqa: N815
    newObjectId: Id = ""  # noqa: N815


def notices(body: bytes) -> list[Notice]:
    """Translate one delivery, in its order.

    body     JSON array of notifications. `occurredAt` is epoch *milliseconds*; `propertyValue` is always text, "" when cleared; the
             previous value is never sent. Legacy (`company.propertyChange`) and generic (`object.propertyChange` with an `objectTypeId`)
             spellings mean the same.
    returns  one for each notification about a company or a contact; key from portal, subscription, object, property, occurredAt, eventId.
             Other objects are left out: that is not an error.
    raises   PayloadError, naming the first item that does not fit.
    source   HubSpot developer docs, "Webhooks" and "Generic webhook subscriptions"
    """
    found = decoded(body)
    if not isinstance(found, list):
        raise PayloadError("The body is not an array of notifications.")
    return [notice for number, item in enumerate(found, 1) for notice in _notices(number, item)]


def _notices(number: int, item: Any) -> Iterator[Notice]:
    try:
        given = Given.model_validate(item)
        at = datetime.fromtimestamp(given.occurredAt / 1000, UTC)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"]))
        raise PayloadError(f"Notification {number}: {where or 'it'} does not fit.") from None
    except (ValueError, OverflowError, OSError):
        raise PayloadError(f"Notification {number}: occurredAt does not fit.") from None
    kind, _, event = given.subscriptionType.partition(".")
    kind = OBJECTS.get(given.objectTypeId, kind) if kind == "object" else kind
    what = KINDS.get(event)
    if kind not in KNOWN or what is None:
        return
    yield _notice(given, kind, what, at)


def _notice(given: Given, kind: str, what: What, at: datetime) -> Notice:
    object_id = given.objectId
    customer = object_id if kind == "company" else None
    related: tuple[str, ...] = ()
    values: dict[str, str] = {}
    if what is What.CHANGED:
        values = {given.propertyName: given.propertyValue or ""}
    elif what is What.MERGED:
        object_id = given.newObjectId or given.primaryObjectId or given.objectId
        customer = object_id if kind == "company" else None
        related = tuple(each for each in (*given.mergedObjectIds, given.primaryObjectId) if each and each != object_id)
    elif what is What.ASSOCIATED:
        ends = (given.fromObjectId, given.toObjectId)
        object_id, customer = ends if given.associationType.startswith("CONTACT") else ends[::-1]
        kind = "contact"
        what = What.SEPARATED if given.associationRemoved else What.ASSOCIATED
        values = {"primary": "true"} if given.isPrimaryAssociation else {}
    key = (
        given.portalId,
        given.subscriptionId,
        object_id,
        customer or "",
        given.propertyName,
        str(given.occurredAt),
        given.eventId,
    )
    return Notice(
        provider=Source.HUBSPOT,
        account=given.portalId,
        object=kind,
        object_id=object_id,
        customer=customer,
        key=":".join(key),
        occurred_at=at,
        what=what,
        values=values,
        related=related,
        reason={name: said for name, said in (("change source", given.changeSource), ("by", given.sourceId)) if said},
    )
