"""Somebody who edits records, through the real store."""

import base64
import json
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from store import Store
from store.actors import Person
from store.domain.activity import Ref, Source
from store.domain.query import HistoryQuery, Page, Reader
from store.domain.record import By, Receipt
from store.importing import Importer, parse_line
from store.records import Records


@dataclass
class Edits:
    store: Store
    workspace: str
    by: By

    @property
    def records(self) -> Records:
        return self.store.records

    async def customer(self, name: str) -> str:
        """Make a customer. Returns its id."""
        return (await self.records.add_customer(self.workspace, name, (), self.by)).customer.id

    def keyed(self, key: str) -> By:
        """The same writer with a request's key."""
        return replace(self.by, key=key)

    async def somebody_else(self) -> By:
        known = await self.store.remember(self.workspace, Person(slack_user_id="U2", name="Kim Berg"))
        return By(actor=Ref.parse(known.ref), source=Source.SLACK)

    async def page(self, query: HistoryQuery) -> Page:
        reader = Reader(now=datetime.now(UTC), zone=ZoneInfo("UTC"), person=str(self.by.actor))
        return await self.store.history(self.workspace, query, reader, limit=1000)

    async def imports(self, *lines: str) -> None:
        parsed = [parse_line(number, line) for number, line in enumerate(lines, 1)]
        _, bad = await self.store.import_lines(Importer(self.workspace), parsed)
        assert bad is None

    def forms(self, *texts: str) -> list[bytes]:
        """Every spelling in which these must not be found among bytes."""
        spelled = [
            each for text in texts for each in (text, unicodedata.normalize("NFD", text), ascii_only(text), quote(text))
        ]
        spelled += [json.dumps(text).strip('"') for text in texts]
        found = [text.encode() for text in spelled] + [text.encode("utf-16-le") for text in texts]
        return found + [base64.b64encode(text.encode())[2:-4] for text in texts]


def ascii_only(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def told(receipt: Receipt) -> list[tuple[str, list[tuple[str, object, object]]]]:
    """What was recorded: (kind, [(field, old, new)])."""
    return [(each.kind, [(one.field, one.old, one.new) for one in each.changes]) for each in receipt.recorded]


@pytest.fixture
async def edits(store: Store, workspace: str) -> Edits:
    known = await store.remember(workspace, Person(slack_user_id="U1", name="Sam Lee"))
    return Edits(store, workspace, By(actor=Ref.parse(known.ref), source=Source.SLACK, refs={"channel": "C1"}))
