"""Stripe's events → notices."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.webhooks.payload import MAX_ID, PayloadError, decoded
from store.domain.activity import Source
from store.domain.sync import Notice, What

WHOLE: Final = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)
"""Currencies without minor units: their amounts are whole."""
TOO_MUCH: Final = 10**15
THOUSANDTHS: Final = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    object: dict[str, Any]


class Event(BaseModel):
    """The envelope, as far as we read it. `created` is epoch *seconds*."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: Annotated[str, Field(min_length=1, max_length=MAX_ID)]
    type: str
    created: int
    data: Data
    account: Annotated[str, Field(max_length=MAX_ID)] | None = None
    request: dict[str, Any] | str | None = None
    """An object; an id alone in versions of their API before 2017."""


def notices(body: bytes) -> list[Notice]:
    """Translate one event.

    body     an event object; `data.object` is the object as it is now, amounts are in minor units of their currency.
    returns  one notice, its key the event's id; none for an object that names no customer.
    raises   PayloadError, naming the part that does not fit.
    source   Stripe API reference, "The Event object"
    """
    try:
        event = Event.model_validate(decoded(body))
        at = datetime.fromtimestamp(event.created, UTC)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"]))
        raise PayloadError(f"{where or 'The event'} does not fit.") from None
    except (ValueError, OverflowError, OSError):
        raise PayloadError("created does not fit.") from None
    told = event.data.object
    customer = _text(
        told.get("id")
        if event.type.startswith(("customer.created", "customer.updated", "customer.deleted"))
        else _id(told.get("customer"))
    )
    if not customer:
        return []
    if len(customer) > MAX_ID:
        raise PayloadError("customer does not fit.")
    what, values = _meaning(event.type, told)
    reason = {"event": event.type}
    if request := _text(_id(event.request)):
        reason["request"] = request
    elif event.request is not None:
        reason["by"] = "Stripe itself"
    return [
        Notice(
            provider=Source.STRIPE,
            account=event.account or "",
            object=_text(told.get("object")) or event.type.rpartition(".")[0],
            object_id=_text(told.get("id"))[:MAX_ID] or customer,
            customer=customer,
            key=event.id,
            occurred_at=at,
            what=what,
            values=values,
            reason=reason,
        )
    ]


def _meaning(kind: str, told: Mapping[str, Any]) -> tuple[What, dict[str, str]]:
    """What an event changes, as the properties that a mapping can name."""
    match kind:
        case "customer.created" | "customer.updated":
            values = {"delinquent": _flag(told.get("delinquent"))}
            return What.CREATED if kind.endswith("created") else What.CHANGED, values | _named(told)
        case "customer.deleted":
            return What.DELETED, {}
        case "customer.subscription.deleted":
            return What.CHANGED, {
                "subscription_status": "canceled",
                "cancel_at_period_end": _flag(told.get("cancel_at_period_end")),
            }
        case _ if kind.startswith("customer.subscription."):
            values = {
                "subscription_status": _text(told.get("status")),
                "cancel_at_period_end": _flag(told.get("cancel_at_period_end")),
            }
            plan = _plan(told)
            return What.CHANGED, {**values, **({"plan": plan} if plan else {})}
        case "invoice.paid" | "invoice.payment_succeeded":
            return What.CHANGED, {"payment": f"paid {_money(told, 'amount_paid')}"}
        case "invoice.payment_failed":
            return What.CHANGED, {
                "payment": f"failed, attempt {told.get('attempt_count', 1)}, {_money(told, 'amount_due')}"
            }
        case "charge.refunded":
            return What.CHANGED, {"charge": f"refunded {_money(told, 'amount_refunded')}"}
        case "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed":
            return What.CHANGED, {"charge": f"disputed {_money(told, 'amount')}, {_text(told.get('status'))}"}
        case _:
            return What.TOLD, {}


def _named(told: Mapping[str, Any]) -> dict[str, str]:
    """The name is taken when a customer is created from it; whether it feeds a field later is the mapping's to say."""
    return {"stripe_name": name} if (name := _text(told.get("name"))) else {}


def _plan(subscription: Mapping[str, Any]) -> str | None:
    """The nickname of its price, else the product's name, else its id; and how many, where that is not one."""
    items = _object(subscription.get("items")).get("data")
    if not isinstance(items, list) or not items:
        return None
    item = _object(items[0])
    price = _object(item.get("price")) or _object(item.get("plan"))
    product = price.get("product")
    told = (price.get("nickname"), _object(product).get("name"), price.get("lookup_key"), _id(product), price.get("id"))
    name = next((each for each in map(_text, told) if each), None)
    quantity = item.get("quantity")
    return f"{name} × {quantity}" if name and isinstance(quantity, int) and quantity > 1 else name


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _money(told: Mapping[str, Any], name: str) -> str:
    """Minor units → `10.00 USD`."""
    amount, currency = told.get(name), _text(told.get("currency")).lower()
    if not isinstance(amount, int) or abs(amount) >= TOO_MUCH:
        return currency.upper()
    digits = 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2
    return f"{amount / 10**digits:,.{digits}f} {currency.upper()}"


def _flag(value: Any) -> str:
    return "yes" if value is True else "no" if value is False else ""


def _id(value: Any) -> Any:
    """Stripe gives an id, or with `expand` the object itself."""
    return value.get("id") if isinstance(value, Mapping) else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
