"""A customer's record, its editable fields, and what an edit changes in it: values and pure functions."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from store.domain.activity import Change, Ref, Value
from store.domain.errors import UsageError, code

STATUSES: Final = ("active", "at_risk", "churned", "archived")
HEALTH_DROP: Final = 10
"""Points by which the health score has fallen when it counts as dropped."""
MAX_TEXT: Final = 4000
MAX_TAGS: Final = 50


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    PERSON = "person"
    LINK = "link"
    LIST = "list"
    SCORE = "score"
    STATUS = "status"
    DOMAIN = "domain"


CUSTOM_TYPES: Final = (
    FieldType.TEXT,
    FieldType.NUMBER,
    FieldType.DATE,
    FieldType.CHOICE,
    FieldType.PERSON,
    FieldType.LINK,
)
"""What `field add` offers."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the record. choices: of a choice, in their order."""

    name: str
    type: FieldType
    choices: tuple[str, ...] = ()


BUILT_IN: Final = (
    Field("name", FieldType.TEXT),
    Field("status", FieldType.STATUS, STATUSES),
    Field("owner", FieldType.PERSON),
    Field("plan", FieldType.TEXT),
    Field("health_score", FieldType.SCORE),
    Field("domain", FieldType.DOMAIN),
    Field("tags", FieldType.LIST),
    Field("hubspot_id", FieldType.TEXT),
    Field("stripe_id", FieldType.TEXT),
)
ALIASES: Final[Mapping[str, str]] = {"health": "health_score", "tag": "tags", "state": "status"}
PROVIDER_IDS: Final[Mapping[str, str]] = {"hubspot_id": "hubspot", "stripe_id": "stripe"}
"""Fields that hold a provider's own id of the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The record as it is now.

    health_high  the highest score since it last counted as dropped
    fields       custom fields by their name
    version      moves by one with every write
    """

    id: str
    slug: str
    name: str
    status: str
    domain: str | None = None
    owner: Ref | None = None
    plan: str | None = None
    health_score: int | None = None
    health_high: int | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    external_ids: Mapping[str, str] = field(default_factory=dict)
    """By provider."""
    version: int = 0
    last_seq: int = 0

    def value(self, name: str) -> Value:
        """What a field holds now; None, when it is empty."""
        if name in PROVIDER_IDS:
            return self.external_ids.get(PROVIDER_IDS[name])
        if any(each.name == name for each in BUILT_IN):
            held: Value = getattr(self, name)
            return held if held != () else None
        return self.fields.get(name)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One `field=value` as it was asked for.

    value  the whole text, "" to clear; people come as references
    items  the same between its commas, for a list: `+vip`, `-trial`, or plain ones that replace the list
    """

    field: str
    value: str
    items: tuple[str, ...] = ()


def key_of(name: str) -> str:
    """How field names are compared: `Contract value`, `contract-value` and `contract_value` are one."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def read(wanted: Field, asked: Assignment, now: Value) -> Value:
    """The value that an assignment leads to, by the field's type. People are resolved before.

    now     what the field holds
    raises  UsageError: what we read, what is wrong, what to type
    """
    text = asked.value.strip()
    if wanted.type is FieldType.LIST:
        return _list(asked, now if isinstance(now, tuple) else ())
    if not text:
        if wanted.name in {"name", "status"}:
            raise UsageError(f"A customer has to have a {wanted.name}.", f"Write `{wanted.name}=…`.")
        return None
    match wanted.type:
        case FieldType.SCORE:
            return _score(text)
        case FieldType.NUMBER:
            return _number(wanted, text)
        case FieldType.DATE:
            return day(text, wanted.name).isoformat()
        case FieldType.CHOICE | FieldType.STATUS:
            return _choice(wanted, text)
        case FieldType.LINK:
            return _link(wanted, text)
        case FieldType.DOMAIN:
            return _domain(text)
        case FieldType.PERSON:
            return Ref.parse(text)
        case _:
            return within(asked.value, wanted.name)


def within(text: str, name: str, most: int = MAX_TEXT) -> str:
    """The text itself. Raises UsageError, when it is longer than that."""
    if len(text) > most:
        raise UsageError(f"The {name} has {len(text):,} characters; I keep up to {most:,}.", "Shorten it.")
    return text


def _list(asked: Assignment, now: tuple[str, ...]) -> tuple[str, ...] | None:
    signed = [each for each in asked.items if each[:1] in {"+", "-", "−"} and len(each) > 1]
    if signed and len(signed) < len(asked.items):
        raise UsageError(
            f"In `{asked.field}=` some values have a sign and some have none.",
            f"Write `{asked.field}=+vip,-trial` to change the list, or `{asked.field}=vip,new` to replace it.",
        )
    if not signed:
        tags = {each.strip() for each in asked.items if each.strip()}
    else:
        added = {each[1:].strip() for each in signed if each[0] == "+"}
        removed = {each[1:].strip().casefold() for each in signed if each[0] != "+"}
        tags = {each for each in now if each.casefold() not in removed} | added
    if len(tags) > MAX_TAGS or any(len(each) > 100 for each in tags):
        raise UsageError(
            f"I keep up to {MAX_TAGS} {asked.field} of up to 100 characters.", "Use fewer or shorter ones."
        )
    return tuple(sorted(tags)) or None


def _score(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 100:
        raise UsageError(
            f"I read {code(text)} as health, which is no score.", "Write a whole number from 0 to 100: `health=72`."
        )
    return int(text)


def _number(wanted: Field, text: str) -> int | float:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?", text):
        raise UsageError(
            f"{wanted.name} is a number; I read {code(text)}.",
            f"Write digits, with a point for decimals: `{key_of(wanted.name)}=1200.5`.",
        )
    return float(text) if "." in text else int(text)


def day(text: str, name: str) -> date:
    """raises UsageError, for what is not YYYY-MM-DD."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise UsageError(
                f"There is no day {code(text)}.", "Write year, month and day, such as `2026-02-28`."
            ) from None
    raise UsageError(
        f"{name} is a date; I read {code(text)}, which I cannot be sure of.",
        "Write year, month and day, such as `2026-02-28`.",
    )


def _choice(wanted: Field, text: str) -> str:
    found = next((each for each in wanted.choices if key_of(each) == key_of(text)), None)
    if found is None:
        offered = ", ".join(code(each) for each in wanted.choices)
        raise UsageError(f"{wanted.name} cannot be {code(text)}.", f"Choose one of {offered}.")
    return found


def _link(wanted: Field, text: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]{1,2000}", text):
        raise UsageError(f"{wanted.name} is a link; I read {code(text)}.", "Write it with https:// in front.")
    return text


def _domain(text: str) -> str:
    bare = re.sub(r"^(https?://)?(www\.)?|/.*$", "", text.casefold())
    if not re.fullmatch(r"[\w-]{1,63}(\.[\w-]{1,63})+", bare):
        raise UsageError(f"I read {code(text)} as a domain, which it is not.", "Write it like `acme.com`.")
    return bare


def digest(*values: Value | date) -> str:
    """What a form keeps of the values that it showed: enough to see that they have changed, and nothing to read."""
    said = json.dumps([str(each) if each is not None else None for each in values], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def diff(customer: Customer, wanted: Mapping[str, Value]) -> tuple[Change, ...]:
    """The real difference: a change for each field that would hold something else."""
    return tuple(
        Change(name, customer.value(name), value)
        for name, value in wanted.items()
        if not same(customer.value(name), value)
    )


def same(one: Value, other: Value) -> bool:
    return one == other and type(one) is type(other)


@dataclass(frozen=True, slots=True)
class Health:
    """What a new score means. dropped: from the highest since the last drop, or None where it did not fall far enough."""

    high: int | None
    dropped: Change | None


def health(before: int | None, high: int | None, score: int | None) -> Health:
    """A fall by 10 or more counts once, whether it came at once or by sliding."""
    if score is None:
        return Health(None, None)
    top = max(each for each in (before, high, score) if each is not None)
    if top - score >= HEALTH_DROP:
        return Health(score, Change("health_score", top, score))
    return Health(top, None)


def field_named(name: str, custom: Sequence[Field]) -> Field | None:
    """The field that a person means: built-in ones by name or alias, custom ones however they are spaced."""
    key = key_of(name)
    return _by_key(custom).get(ALIASES.get(key, key))


def nameable(custom: Sequence[Field]) -> list[Field]:
    """Every field that can be meant by a name, built-in ones first. An import may have brought others, whose names say the same."""
    return [each for key, each in _by_key(custom).items() if key not in ALIASES]


def _by_key(custom: Sequence[Field]) -> dict[str, Field]:
    built_in = {each.name: each for each in BUILT_IN}
    return built_in | {key_of(each.name): each for each in custom} | built_in
