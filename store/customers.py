"""SQL of customers: find one by what a person typed, or offer some to choose from."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from unicodedata import combining, normalize

import sqlalchemy as sa
from rapidfuzz import fuzz, process, utils

from store import settings, tables
from store.actors import folded
from store.domain.errors import Ambiguous, NotFound, code
from store.domain.query import CustomerName
from store.prepared import Prepared
from store.settings import WorkspaceSettings
from store.tables import plain

NEAREST = 3
LISTED = 5
"""Names repeated in a sentence."""
SLUG_LENGTH = 100
"""Characters: one letter of a name may become eighteen, and an index has its limits."""


def slug_of(name: str) -> str:
    """Accents folded, lower case, other runs of characters become `-`, cut to 100; `customer` where nothing is left."""
    bare = "".join(c for c in normalize("NFKD", name.casefold()) if not combining(c))
    return re.sub(r"[\W_]+", "-", bare).strip("-")[:SLUG_LENGTH].strip("-") or "customer"


def free_slug(connection: sa.Connection, workspace: str, name: str) -> str:
    """The name's slug, or the first of `-2`, `-3`, … that nobody has."""
    wanted = slug_of(name)
    c = tables.customer.c
    taken = set(
        connection.execute(sa.select(c.slug).where(c.workspace_id == workspace, _starts(c.slug, wanted))).scalars()
    )
    if wanted not in taken:
        return wanted
    return next(slug for n in range(2, len(taken) + 3) if (slug := f"{wanted}-{n}") not in taken)


Allow = Callable[[WorkspaceSettings], None]
"""Raises Refused where a workspace's settings do not let somebody do what they want to."""


def find(
    connection: sa.Connection, workspace: str, words: str, *, writing: bool = False, allow: Allow | None = None
) -> tuple[CustomerName, bool]:
    """The one customer that these words name.

    In order: id, slug, import ref, domain, name to the letter, name case-folded; for reading also the only customer whose name or
    slug begins with the words.

    allow    is asked first, of the settings of the same moment
    returns  the customer, and whether it was found by its beginning only
    raises   Ambiguous, listing those that fit; NotFound, with the nearest names
    """
    words, key = plain(words), folded(words)
    fitting = _FITTING.all(connection, {"workspace": workspace, "words": words, "key": key})
    if allow is not None:
        allow(WorkspaceSettings.model_validate(fitting[0][-1]) if fitting else settings.read(connection, workspace))
    if fitting:
        first = fitting[0][5]
        return _only([CustomerName(*one) for *one, way, _ in fitting if way == first], words), False
    c = tables.customer.c
    if key and not writing:
        begins = sa.or_(_starts(c.name_key, key), _starts(c.slug, key))
        if found := _named(connection, workspace, begins, LISTED + 1):
            return _only(found, words), True
    raise NotFound(f"I don't know a customer {code(words)}.", _did_you_mean(nearest(connection, workspace, words)))


def _fitting() -> sa.Select[Any]:
    """Customers that the words name exactly, with the way in which they do, best first, and the workspace's settings: a history asks for
    both. One reading of each index.
    """
    c, x, w = tables.customer.c, tables.external_id.c, tables.workspace.c
    workspace, words, key = (sa.bindparam(name, type_=tables.Key) for name in ("workspace", "words", "key"))
    imported = sa.select(x.customer_id).where(
        x.workspace_id == workspace, x.provider == "import", x.account == "", x.external_id == words
    )
    ways = (
        c.id == words,
        c.slug == key,
        c.id == imported.scalar_subquery(),
        c.domain == key,
        c.name == words,
        c.name_key == key,
    )
    way = sa.case(*((same, number) for number, same in enumerate(ways))).label("way")
    # To the letter is case-folded, too: `name` itself is in no index.
    known = sa.or_(*(same for same in ways if same is not ways[4]))
    settings_ = sa.select(w.settings).where(w.workspace_id == workspace).scalar_subquery()
    return (
        sa.select(c.id, c.slug, c.name, c.domain, c.last_seq, way, settings_)
        .where(c.workspace_id == workspace, known)
        .order_by(way, c.name_key, c.slug)
        .limit(LISTED + 1)
    )


_FITTING = Prepared(_fitting())


def by_id(connection: sa.Connection, workspace: str, customer_id: str) -> CustomerName | None:
    found = _named(connection, workspace, tables.customer.c.id == customer_id, 1)
    return found[0] if found else None


def search(connection: sa.Connection, workspace: str, typed: str, limit: int) -> Sequence[CustomerName]:
    """Customers to choose from: names, slugs and domains that begin with what was typed, then names that contain it."""
    c = tables.customer.c
    key = folded(typed)
    if not key:
        return _named(connection, workspace, sa.true(), limit)
    begins = sa.or_(_starts(c.name_key, key), _starts(c.slug, key), _starts(c.domain, key))
    found = _named(connection, workspace, begins, limit)
    if len(found) < limit:
        inside = sa.and_(c.name_key.contains(key, autoescape=True), sa.not_(sa.func.coalesce(begins, sa.false())))
        found = [*found, *_named(connection, workspace, inside, limit - len(found))]
    return found


def nearest(connection: sa.Connection, workspace: str, words: str) -> Sequence[CustomerName]:
    """The customers whose names look most like these words, best first."""
    everyone = _named(connection, workspace, sa.true(), None)
    best = process.extract(
        words,
        [one.name for one in everyone],
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=NEAREST,
        score_cutoff=60,
    )
    return [everyone[index] for _, _, index in best]


def _named(
    connection: sa.Connection, workspace: str, which: sa.ColumnElement[bool], limit: int | None
) -> list[CustomerName]:
    c = tables.customer.c
    rows = connection.execute(
        sa.select(c.id, c.slug, c.name, c.domain, c.last_seq)
        .where(c.workspace_id == workspace, which)
        .order_by(c.name_key, c.slug)
        .limit(limit)
    )
    return [CustomerName(*row) for row in rows]


def _only(found: Sequence[CustomerName], words: str) -> CustomerName:
    if len(found) == 1:
        return found[0]
    more = " and more" if len(found) > LISTED else ""
    raise Ambiguous(
        f"{code(words)} fits several customers: {_listed(found[:LISTED])}{more}.", "Say which one, by its slug."
    )


def _listed(customers: Iterable[CustomerName]) -> str:
    return ", ".join(f"{one.name} ({code(one.slug)})" for one in customers)


def _did_you_mean(near: Sequence[CustomerName]) -> str:
    if near:
        return f"Did you mean {_listed(near)}?"
    return "Type `/pivotal history` and choose one from the list."


def _starts(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    """A prefix as a range, which an index that sorts by bytes can read. Nothing sorts behind the last code point."""
    return sa.and_(column >= prefix, column < prefix + "\U0010ffff")
