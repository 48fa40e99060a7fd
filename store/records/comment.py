"""SQL that writes comments, on a customer or one of its onboardings."""

import re

import sqlalchemy as sa

from store import tables
from store.actors import folded, new_id
from store.domain.activity import MENTION, ActorType, Change, Ref, mention
from store.domain.customer import digest, within
from store.domain.errors import Conflict, NotFound, UsageError
from store.domain.record import By, Comment, Receipt
from store.engine import database_clock
from store.records.contact import contacts
from store.records.onboarding import chosen_onboarding
from store.records.recording import activity, counts, locked, name_of, record, repeated

NAMED = re.compile(r"(?<![\w@.])@(?=\w)")


def add(
    connection: sa.Connection, workspace: str, customer_id: str, text: str, by: By, *, onboarding: str | None = None
) -> Receipt:
    """text: as it was typed; `@Ann` in it becomes a reference, when that is a contact's name or a person's."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    text = with_references(connection, workspace, customer_id, _said(text))
    of = None if onboarding is None else chosen_onboarding(connection, workspace, customer_id, onboarding)
    ident = new_id("cmt")
    row = {
        "workspace_id": workspace,
        "id": ident,
        "customer_id": customer_id,
        "onboarding_id": None if of is None else of.id,
        "author": str(by.actor),
        "text": text,
        "created_at": database_clock(connection),
    }
    connection.execute(tables.comment.insert(), row)
    said = activity(
        by,
        "comment.added",
        Change("comment", None, text),
        subject=f"comment:{ident}",
        onboarding_id=of.label if of else None,
    )
    return record(connection, workspace, customer_id, [said])


def _said(text: str) -> str:
    if not text.strip():
        raise UsageError("The comment is empty.", "Try `/pivotal comment acme Called them, all is well`.")
    return within(text.strip(), "comment")


def edit(
    connection: sa.Connection,
    workspace: str,
    customer_id: str,
    comment_id: str,
    text: str,
    by: By,
    *,
    expected: str | None = None,
) -> Receipt:
    """expected: the digest of the text that the form showed."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    now = one(connection, workspace, customer_id, comment_id)
    text = with_references(connection, workspace, customer_id, _said(text))
    if expected is not None and now.text != text and digest(now.text) != expected:
        raise Conflict(
            f"Somebody changed this comment meanwhile: it reads “{now.text[:200]}” now. Nothing was changed.",
            "Open the form again to see what it is.",
        )
    if text == now.text:
        return Receipt(customer=name_of(connection, workspace, customer_id))
    c = tables.comment.c
    connection.execute(tables.comment.update().where(c.workspace_id == workspace, c.id == now.id).values(text=text))
    edited = activity(
        by,
        "comment.edited",
        Change("comment", now.text, text),
        subject=f"comment:{now.id}",
        onboarding_id=now.onboarding,
    )
    return record(connection, workspace, customer_id, [edited])


def delete(connection: sa.Connection, workspace: str, customer_id: str, comment_id: str, by: By) -> Receipt:
    """Take a comment off the record. The log keeps that it was there."""
    locked(connection, workspace, customer_id)
    if not counts(connection, workspace, by):
        return repeated(connection, workspace, customer_id)
    now = one(connection, workspace, customer_id, comment_id)
    c = tables.comment.c
    gone = tables.comment.update().where(c.workspace_id == workspace, c.id == now.id)
    connection.execute(gone.values(deleted_at=database_clock(connection)))
    deleted = activity(
        by,
        "comment.deleted",
        Change("comment", now.text, None),
        subject=f"comment:{now.id}",
        onboarding_id=now.onboarding,
    )
    return record(connection, workspace, customer_id, [deleted])


def one(connection: sa.Connection, workspace: str, customer_id: str, comment_id: str) -> Comment:
    found = [each for each in comments(connection, workspace, customer_id, None) if each.id == comment_id]
    if not found:
        raise NotFound("That comment is not there any more.", "Nothing was changed.")
    return found[0]


def comments(connection: sa.Connection, workspace: str, customer_id: str, limit: int | None) -> list[Comment]:
    """Those that stand, newest first."""
    c, o = tables.comment.c, tables.onboarding.c
    of = sa.and_(o.workspace_id == c.workspace_id, o.id == c.onboarding_id)
    rows = connection.execute(
        sa.select(c.id, c.author, c.text, c.created_at, sa.func.coalesce(o.import_ref, o.id))
        .select_from(tables.comment.outerjoin(tables.onboarding, of))
        .where(c.workspace_id == workspace, c.customer_id == customer_id, c.deleted_at.is_(None))
        .order_by(c.created_at.desc(), c.id)
        .limit(limit)
    )
    return [Comment(ident, Ref.parse(author), text, at, label) for ident, author, text, at, label in rows]


def with_references(connection: sa.Connection, workspace: str, customer_id: str, text: str) -> str:
    """The text with `@Ann Lee` as a reference, where that is the name of a contact of this customer, else of a person.

    The longest name wins; a first name counts when only one contact has it.
    """
    if not NAMED.search(text):
        return text
    names = _nameable(connection, workspace, customer_id)
    longest = sorted(names, key=len, reverse=True)
    parts, at = [], 0
    for sign in NAMED.finditer(text):
        if sign.start() < at:
            continue
        rest = text[sign.end() :]
        name = next((each for each in longest if _begins(rest, each)), None)
        if name is not None:
            parts += [text[at : sign.start()], mention(names[name])]
            at = sign.end() + len(name)
    return "".join([*parts, text[at:]])


def _begins(text: str, name: str) -> bool:
    after = text[len(name) : len(name) + 1]
    return folded(text[: len(name)]) == folded(name) and not (after.isalnum() or after == "_")


def _nameable(connection: sa.Connection, workspace: str, customer_id: str) -> dict[str, Ref]:
    a = tables.actor.c
    people = connection.execute(
        sa.select(a.name, a.id).where(a.workspace_id == workspace, a.type == ActorType.USER.value)
    )
    found = {name: Ref.parse(ref) for name, ref in people}
    known = contacts(connection, workspace, customer_id)
    firsts = [each.name.split(maxsplit=1)[0] for each in known]
    found |= {
        first: each.ref
        for first, each in zip(firsts, known, strict=True)
        if firsts.count(first) == 1 and first not in found
    }
    return found | {each.name: each.ref for each in known}


def unmentioned(text: str) -> str:
    """The text without its references: what of it was typed."""
    return MENTION.sub("", text)
