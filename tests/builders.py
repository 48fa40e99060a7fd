"""Small pieces of test data, made the way people and programs make them: through the Store."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from store import Store, tables
from store.actors import KnownPerson, Person
from store.domain.activity import PI, Change, NewActivity, Ref, Source
from store.domain.query import HistoryQuery, Page, Reader
from store.engine import Database
from store.importing import Imported, Importer, parse_line

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def an_activity(
    kind: str = "customer.field_changed",
    *,
    actor: Ref = PI,
    source: Source = Source.API,
    changes: Sequence[Change] = (Change("plan", "Starter", "Growth"),),
    **more: Any,
) -> NewActivity:
    return NewActivity(kind=kind, actor=actor, source=source, changes=tuple(changes), **more)


NEVER_QUIET = {"nudges.quiet_from": "08:00", "nudges.quiet_to": "08:00", "nudges.quiet_weekends": False}
"""Settings by which a nudge is posted at whatever hour, and on whatever day, the tests run."""


def a_line(**said: Any) -> dict[str, Any]:
    """An activity line of an import file. said: its members; the customer's ref is `acme` unless they say otherwise."""
    return {
        "type": "activity",
        "customer": "acme",
        "occurred_at": "2026-03-01T09:00:00.000000Z",
        "actor": {"type": "user", "id": "sam", "name": "Sam Lee"},
        "source": "import",
        "event_type": "customer.field_changed",
        **said,
    }


async def imported(store: Store, workspace: str, *lines: Mapping[str, Any]) -> Imported:
    """Import these lines in one batch. Raises BadLine, as `pivotal import` would report it."""
    numbered = [parse_line(number, json.dumps(line)) for number, line in enumerate(lines, 1)]
    done, bad = await store.import_lines(Importer(workspace), numbered)
    if bad is not None:
        raise bad
    return done


async def a_customer(store: Store, workspace: str, name: str = "Acme Corp", **line: Any) -> str:
    """A customer's id. line: more members of its import line; its ref is its name unless they say otherwise."""
    ref = line.pop("ref", name)
    await imported(store, workspace, {"type": "customer", "ref": ref, "name": name, **line})
    return (await store.find_customer(workspace, ref)).id


async def a_person(store: Store, workspace: str, name: str, **seen: Any) -> KnownPerson:
    """A person who has been seen in Slack."""
    return await store.remember(workspace, Person(slack_user_id=f"U{uuid4().hex[:8].upper()}", name=name, **seen))


async def another_workspace(database: Database, team_id: str | None = None) -> str:
    """A second tenant's id. From then on there is no default workspace."""
    ident = f"wsp_{uuid4().hex[:12]}"
    row: dict[str, Any] = {
        "workspace_id": ident,
        "name": "second",
        "slack_team_id": team_id,
        "settings": {},
        "erasure_key": secrets.token_bytes(32),
        "created_at": NOW,
    }

    def work(connection: sa.Connection) -> None:
        connection.execute(tables.workspace.insert(), row)

    await database.write(work)
    return ident


def a_reader(person: str | None = None, zone: str = "UTC", now: datetime = NOW) -> Reader:
    return Reader(now=now, zone=ZoneInfo(zone), person=person)


async def history(store: Store, workspace: str, query: HistoryQuery, reader: Reader | None = None) -> Page:
    """All of a query's activities on one page."""
    return await store.history(workspace, query, reader or a_reader(now=datetime.now(UTC)), limit=100_000)
