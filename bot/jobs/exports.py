"""Exports that were asked for → files in Slack → recorded. Whatever dies meanwhile, each is delivered, and once.

    claimed ─▶ the CSV, made in an unnamed file ─▶ its bytes to Slack ─▶ `file_id` written down ─▶ shared ─▶ settled and recorded

Nothing can be seen before the file is shared. Whoever takes up a row with a `file_id` asks Slack first whether that file stands in its
channel. The lease is renewed while the work goes on; so is the look whether somebody cancelled.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import IO, Final

import structlog

from bot.blocks import export as blocks
from bot.blocks import kit
from bot.blocks.kit import Message
from bot.errors import explained, lost
from bot.exports import Caps, DiskFull, Tally, TooLarge, compressed, file_name, unnamed_file
from bot.jobs.audience import INSTEAD, Audience
from bot.slack import OutcomeUnknown, RateLimited, Slack, SlackError, Sort, Unreachable
from bot.uploads import NotSlacks, NotTaken, Uploads
from store import Store
from store.domain.errors import PivotalError, Refused, Unavailable
from store.domain.export import Cancelled, Delivered, Export, Failed, Made, Outcome, Released
from store.domain.query import Page

log = structlog.get_logger()

ATTEMPTS: Final = 8
TOLD_EVERY: Final = timedelta(seconds=3)
"""How often the message says how far it is; Slack takes about 50 edits a minute."""
LOOK_EVERY: Final = timedelta(seconds=10)
"""How often a worker that is busy looks whether it can take up more."""
LARGE: Final = 20_000
"""Rows from which on it does so."""


@dataclass(frozen=True, slots=True)
class Leases:
    """beat: how often it is renewed. doubt: how long after a share of unknown outcome Slack is asked for the file."""

    lease: timedelta = timedelta(seconds=60)
    beat: timedelta = timedelta(seconds=5)
    doubt: timedelta = timedelta(seconds=30)


class _Cancelled(Exception):
    """Somebody pressed Cancel."""


class _Lost(Exception):
    """Somebody else has taken it up."""


class Exporter:
    """One worker: up to `at_once` exports side by side."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        uploads: Uploads,
        audience: Audience,
        *,
        leases: Leases = Leases(),
        at_once: int = 4,
    ) -> None:
        self._store = store
        self._slack = slack
        self._uploads = uploads
        self._audience = audience
        self._leases = leases
        self._at_once = at_once
        self._worker = token_hex(8)
        self._running: set[asyncio.Task[None]] = set()
        self._more = asyncio.Event()
        self._closing = asyncio.Event()

    async def drain(self) -> None:
        """Take up all that is due, as many at a time as there may be. Returns when nothing is due any more."""
        while not self._closing.is_set():
            self._more.clear()
            free = self._at_once - len(self._running)
            claimed = await self._store.exports.claim(self._worker, self._leases.lease, free) if free else ()
            for export in claimed:
                if self._closing.is_set():  # it was told to stop while it claimed
                    await self._settle(export, Released(timedelta(), counted=False))
                    continue
                task = asyncio.create_task(self._deliver(export))
                self._running.add(task)
                task.add_done_callback(self._done)
            if not self._running:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                    await self._more.wait()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._more.set()
        lost(task)

    def look(self) -> None:
        """Look again for what is due: something was asked for."""
        self._more.set()

    async def close(self) -> None:
        """Stop at once, and leave what is not finished to whoever comes next."""
        self._closing.set()
        self._more.set()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    # --- one export ---

    async def _deliver(self, export: Export) -> None:
        with structlog.contextvars.bound_contextvars(workspace=export.workspace, export=export.id):
            try:
                async with self._held(export) as work:
                    made = await work.shared()
            except asyncio.CancelledError:
                await self._settle(export, Released(timedelta(), counted=False))
                raise
            except _Lost:
                return
            except _Cancelled:
                await self._settle(export, Cancelled())
                await self._say(export, blocks.cancelled)
            except Exception as error:  # noqa: BLE001 - the top of a job: whatever it is, somebody waits for a file
                outcome = self._failed(export, error)
                await self._settle(export, outcome)
                if isinstance(outcome, Failed):
                    told = explained(error)
                    await self._say(export, lambda page: blocks.failed(page, told))
            else:
                await self._settle(export, Delivered(made))
                await self._say(export, lambda page: blocks.delivered(page, made, work.aside))

    async def _settle(self, export: Export, outcome: Outcome) -> None:
        log.info("export settled", outcome=type(outcome).__name__)
        with suppress(Unavailable):  # its lease ends, and somebody takes it up again
            await asyncio.shield(asyncio.ensure_future(self._store.exports.settle(export, self._worker, outcome)))

    @asynccontextmanager
    async def _held(self, export: Export) -> AsyncIterator["_Work"]:
        """Its lease is renewed until the block ends; it ends early when somebody else has it, or it was cancelled."""
        caps = Caps.of((await self._store.settings(export.workspace)).caps)
        parts = _Parts(self._store, self._slack, self._uploads, self._audience, self._leases, caps, self._worker)
        work = _Work(parts, export)
        beating = asyncio.create_task(work.beat())
        try:
            yield work
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    def _failed(self, export: Export, error: Exception) -> Outcome:
        """Whether to try again, and when."""
        again = Released(timedelta(seconds=min(2**export.attempt, 300)), counted=True)
        match error:
            case RateLimited():
                return Released(error.retry_after, counted=False)
            case OutcomeUnknown():
                return Released(self._leases.doubt, counted=True) if export.attempt < ATTEMPTS else Failed("unknown")
            case Unavailable():
                return Released(timedelta(seconds=5), counted=False)
            case SlackError() if error.sort is not Sort.RETRY:
                return Failed(error.code)
            case TooLarge() | NotSlacks() | Refused():
                return Failed(type(error).__name__)
            case Unreachable() | SlackError() | NotTaken() | DiskFull() if export.attempt < ATTEMPTS:
                return again
        if isinstance(error, PivotalError) or export.attempt >= ATTEMPTS:
            return Failed(type(error).__name__)
        explained(error)
        return again

    async def _say(self, export: Export, message: Callable[[Page], Message]) -> None:
        """Tell whoever asked, in the message that they have, else in one of its own. Done as well as it goes."""
        try:
            current = await self._store.exports.one(export.workspace, export.id)
            said = message(await self._store.history(export.workspace, export.query, export.reader, limit=1))
            if current.message is not None:
                await self._slack.update(export.workspace, *current.message, said)
            elif export.slack_user_id is not None:
                channel = await self._slack.direct(export.workspace, export.slack_user_id)
                await self._slack.post(export.workspace, channel, said, export.id)
        except PivotalError as error:
            explained(error)


@dataclass(frozen=True, slots=True)
class _Parts:
    store: Store
    slack: Slack
    uploads: Uploads
    audience: Audience
    leases: Leases
    caps: Caps
    worker: str


class _Work:
    """One export, held."""

    def __init__(self, parts: _Parts, export: Export) -> None:
        self._parts = parts
        self._export = export
        self._ended: Exception | None = None
        self._rows = 0
        self._about: int | None = None
        self.aside: str | None = None
        """Why the file is not where it was asked to go."""

    async def beat(self) -> None:
        while self._ended is None:
            await asyncio.sleep(self._parts.leases.beat.total_seconds())
            with suppress(Unavailable):
                held = await self._parts.store.exports.hold(self._export, self._parts.worker, self._parts.leases.lease)
                if held is None or held.cancelled_by is not None:
                    self._ended = _Lost() if held is None else _Cancelled()

    async def shared(self) -> Made:
        """Make the file and share it, or find that this was done before.

        raises  _Cancelled, _Lost; anything that Slack, the database or the disk may do
        """
        parts, export = self._parts, self._export
        if export.cancelled_by is not None and export.file_id is None:
            raise _Cancelled
        await parts.audience.may_export(export)
        page = await parts.store.history(export.workspace, export.query, export.reader, limit=1)
        if export.file_id is not None and (made := await self._found(page)):
            return made
        message = await self._begun(page)
        with unnamed_file() as csv, unnamed_file() as archive:
            made = await self._written(csv, page, message)
            name = file_name(export.customer_id, export.reader.now)
            body, size_bytes = csv, made.size_bytes
            if size_bytes > parts.caps.compressed_above_bytes:
                await asyncio.to_thread(compressed, csv, archive, name)
                body, size_bytes, name = archive, archive.tell(), f"{name}.zip"
            url, file_id = await parts.slack.place_for_file(export.workspace, name, size_bytes)
            await parts.uploads.send(url, body, size_bytes)
        await parts.audience.may_export(export)
        channel, self.aside = await parts.audience.place(export)
        held = await parts.store.exports.hold(export, parts.worker, parts.leases.lease, file_id=file_id, made=made)
        if held is None:
            raise _Lost
        if held.cancelled_by is not None:
            raise _Cancelled
        comment = await self._comment(page, made)
        try:
            await parts.slack.share_file(export.workspace, file_id, name, channel, comment)
        except SlackError as refused:
            if export.channel is None or refused.sort is not Sort.GIVE_UP:
                raise
            self.aside = f"{INSTEAD} {refused.sentence}"
            direct = await parts.audience.direct(export)
            await parts.slack.share_file(export.workspace, file_id, name, direct, comment)
        return made

    async def _found(self, page: Page) -> Made | None:
        """What an earlier attempt made of it, when that is there, or can still be shared. None: it must be made anew."""
        parts, export = self._parts, self._export
        assert export.file_id is not None
        assert export.rows is not None
        assert export.size_bytes is not None
        assert export.sha256 is not None
        made = Made(rows=export.rows, size_bytes=export.size_bytes, sha256=export.sha256)
        known: bool | None = True
        try:
            known = await parts.slack.file_is_shared(export.workspace, export.file_id)
            if known:
                return made
        except SlackError as refused:
            if refused.sort is not Sort.GIVE_UP:
                raise
        channel, _ = await parts.audience.place(export)
        name = file_name(export.customer_id, export.reader.now)
        comment = await self._comment(page, made)
        try:
            await parts.slack.share_file(export.workspace, export.file_id, name, channel, comment)
        except SlackError as refused:
            # That it can be shared no more means that it has been, where Slack knows the file or we may not ask.
            if refused.code != "file_not_found":
                raise
            return None if known is None else made
        return made

    async def _comment(self, page: Page, made: Made) -> str:
        """What is said beside the file."""
        since = await self._parts.store.retention.kept_since(self._export.workspace, self._export.customer_id)
        return kit.spoken(blocks.receipt(self._export, page, made, since))

    async def _begun(self, page: Page) -> tuple[str, str]:
        """The message that tells how far it is: that of an earlier attempt, or a new one."""
        parts, export = self._parts, self._export
        if export.message is not None:
            return export.message
        channel = await parts.audience.direct(export)
        said = blocks.under_way(export, page, 0, None)
        message = (channel, await parts.slack.post(export.workspace, channel, said, export.id))
        await parts.store.exports.hold(export, parts.worker, parts.leases.lease, message=message)
        return message

    async def _written(self, csv: IO[bytes], page: Page, message: tuple[str, str]) -> Made:
        def check() -> None:
            self._rows = tally.rows
            if self._ended is not None:
                raise self._ended

        def told(rows: int) -> None:
            if rows > self._parts.caps.rows:
                raise TooLarge(self._parts.caps)
            self._about = rows

        tally = Tally(csv.write, self._parts.caps, check)
        export = self._export
        telling = asyncio.create_task(self._tell(page, message))
        try:
            await self._parts.store.exports.write(
                export.workspace, export.query, export.reader, tally, upto=export.upto, told=told
            )
            csv.flush()
        except OSError as error:
            raise DiskFull from error
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return tally.made

    async def _tell(self, page: Page, message: tuple[str, str]) -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY.total_seconds())
            if (self._about or 0) >= LARGE:
                with suppress(PivotalError):  # the next one tells it as well
                    said = blocks.under_way(self._export, page, self._rows, self._about)
                    await self._parts.slack.update(self._export.workspace, *message, said)
