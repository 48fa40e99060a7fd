"""What a writer states of an activity: the columns of its row but place and times. JSON stands here as the text that is stored.

Each value is spelled once, and its text put into all that is hashed of it. `verify` (chain.py) spells the whole anew: the two must agree.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from store.domain.activity import NewActivity, Ref, Value
from store.engine import canonical
from store.tables import plain


class Stated(NamedTuple):
    """The columns of `activity` between its times and its hash, in their order, as both drivers take them."""

    type: str
    actor: str
    source: str
    subject: str | None
    onboarding_id: str | None
    edit_id: str | None
    refs: str | None
    changes: str | None
    text: str | None
    salt: bytes
    commitment: bytes


def stated(
    kind: str,
    actor: str,
    source: str,
    changes: str | None,
    text: str | None,
    *,
    subject: str | None = None,
    onboarding_id: str | None = None,
    edit_id: str | None = None,
    refs: str | None = None,
) -> Stated:
    """changes, refs: as they are spelled."""
    salt = secrets.token_bytes(16)
    promised = committed(salt, changes, text)
    return Stated(kind, actor, source, subject, onboarding_id, edit_id, refs, changes, text, salt, promised)


def stated_by(new: NewActivity) -> Stated:
    return stated(
        new.kind,
        str(new.actor),
        str(new.source),
        spelled((plain(one.field), encoded(one.old), encoded(one.new)) for one in new.changes),
        kept(new.text),
        subject=kept(new.subject),
        onboarding_id=kept(new.onboarding_id),
        edit_id=kept(new.edit_id),
        refs=canonical(dict(new.refs)) if new.refs else None,
    )


def spelled(changes: Iterable[tuple[str, object, object]]) -> str | None:
    """Changes as they are stored and hashed, each given as field, old and new value (encoded); None, when there is none."""
    each = [f'{{"field":{quoted(field)},"new":{_value(new)},"old":{_value(old)}}}' for field, old, new in changes]
    return f"[{','.join(each)}]" if each else None


def fields_of(new: NewActivity) -> list[str]:
    """What `activity_field` has of it: each changed field once, in their order."""
    return list(dict.fromkeys(plain(one.field) for one in new.changes))


def encoded(value: Value) -> object:
    """One side of a change as JSON has it."""
    match value:
        case str():
            return plain(value)
        case Ref():
            return {"ref": str(value)}
        case tuple():
            return [plain(item) for item in value]
        case _:
            return value


def kept(text: str | None) -> str | None:
    return None if text is None else plain(text)


def committed(salt: bytes, changes: str | None, text: str | None) -> bytes:
    """What `chain.commitment` is of the same values."""
    return hmac.digest(salt, f"[{changes or 'null'},{_value(text)}]".encode(), "sha256")


def facts(customer_id: str, row: Stated) -> bytes:
    """What `chain.facts` is of the same row."""
    said = ",".join(map(_value, (customer_id, *row[:6])))
    return hashlib.sha256(f'[{said},{row.refs or "null"},"{row.commitment.hex()}"]'.encode()).digest()


def _value(value: object) -> str:
    """What `canonical` gives, in a fifth of the time for what values mostly are."""
    if value is None:
        return "null"
    return quoted(value) if type(value) is str else canonical(value)
