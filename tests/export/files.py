"""What an export looks like to whoever asked for it."""

import csv as standard
import hashlib
import io
import re
import zipfile
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

from bot.sandbox.workspace import Channel, File, Message
from store.domain import csv
from store.domain.query import HistoryQuery
from store.domain.rows import COLUMNS, Row, rows
from tests.bot.conftest import Pivotal


@dataclass(frozen=True)
class Received:
    """A file in a channel, and the message that came with it."""

    file: File
    message: Message

    @property
    def content(self) -> bytes:
        assert self.file.content is not None
        if not self.file.name.endswith(".zip"):
            return self.file.content
        with zipfile.ZipFile(io.BytesIO(self.file.content)) as archive:
            (name,) = archive.namelist()
            return archive.read(name)

    @property
    def rows(self) -> list[Row]:
        text = self.content.removeprefix(csv.MARK).decode()
        header, *found = standard.reader(io.StringIO(text, newline=""), strict=True)
        assert tuple(header) == COLUMNS
        return [Row(*map(csv.original, row)) for row in found]

    def is_told_by_its_receipt(self) -> bool:
        """Whether the message says how many rows it has and which bytes."""
        counted = re.search(r"([0-9,]+) rows?", self.message.text)
        assert counted is not None
        digest = hashlib.sha256(self.content).hexdigest()
        return int(counted[1].replace(",", "")) == len(self.rows) and f"SHA-256 {digest}" in self.message.text


def files_in(pivotal: Pivotal, channel: Channel | None = None) -> list[Received]:
    """All files that stand in a channel; in Sam's DM with the app when none is given."""
    place = channel or pivotal.slack.workspace.dm(pivotal.sam.id)
    return [
        Received(pivotal.slack.workspace.files[each], message)
        for message in pivotal.slack.messages_in(place)
        for each in message.files
    ]


async def received(pivotal: Pivotal, channel: Channel | None = None, many: int = 1, within: int = 60) -> list[Received]:
    """Wait for the files."""
    await pivotal.slack.until(lambda: len(files_in(pivotal, channel)) >= many, within=timedelta(seconds=within))
    return files_in(pivotal, channel)


async def shown(pivotal: Pivotal, query: HistoryQuery) -> list[Row]:
    """The rows that the feed would show."""
    page = await pivotal.page(query)
    return [row for each in page.entries for row in rows(each, page.names)]


def told(pivotal: Pivotal) -> str:
    """What stands in Sam's DM, as one text."""
    return "\n".join(each.plain for each in pivotal.sam.sees())


async def reads(pivotal: Pivotal, words: str) -> None:
    """Wait until these words stand in Sam's DM."""
    await pivotal.slack.until(lambda: words in told(pivotal), within=timedelta(seconds=20))


def at_work(pivotal: Pivotal) -> AbstractAsyncContextManager[None]:
    """The process looks for what is due as a worker does, and more often."""
    return pivotal.app.workers.jobs.ticking(timedelta(milliseconds=200))
