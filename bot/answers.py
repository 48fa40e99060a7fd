"""Answers to a person: the ack and its budget, response_url, and what an exception turns into. Nobody else acks, and nobody else posts
to a response_url.

    a command   ready within 1.5 s: it rides in the ack. Otherwise the ack is empty and it follows by response_url; at 2.5 s the person
                gets a sentence meanwhile.
    a click     acked empty at once, for Slack ignores the body; the answer replaces the message by the click's own response_url. An
                error is posted beside it, so that the message clicked on stays.
    options     for a select: Slack shows no error there, so an error is an empty list and a line in the log.

Work that outlasts its request runs in tasks that are tracked here, and drained when the process stops.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiohttp
import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck

from bot.blocks import kit, problem
from bot.blocks.kit import Message
from bot.directory import PATIENCE, Asker
from bot.errors import explained, lost
from bot.turns import Turns
from store.domain.errors import MaybeSaved, PivotalError
from store.domain.usage import PROGRAM, called

log = structlog.get_logger()

HOOKS: Final = "https://hooks.slack.com/"
GOVERNMENT_HOOKS: Final = "https://hooks.slack-gov.com/"
MAX_URL: Final = 2000
"""Characters; Slack's own have about a hundred."""
JSON: Final = {"Content-Type": "application/json"}
POST_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
MAX_REPLY: Final = 64 * 1024
"""Bytes that are read of what a response_url answers."""

SLOW: Final = "This takes longer than usual. The answer follows as soon as it is there."

Json = dict[str, Any]
Work = Callable[[Asker], Awaitable[Message | None]]
"""None: the answer is a modal, which has been opened by then."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a person waits: for an answer in the ack, for any sentence at all, and for Slack to say who they are. Slack gives 3 s."""

    ack: timedelta = timedelta(seconds=1.5)
    sentence: timedelta = timedelta(seconds=2.5)
    person: timedelta = PATIENCE


class Tasks:
    """What runs on after its request was answered. Python itself keeps no hold of a task."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lost)
        return task

    async def drain(self, within: timedelta) -> None:
        """Wait for all of them, and for those that they start; cancel what is left after that time."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                while self._running:
                    await asyncio.wait(self._running)
        except TimeoutError:
            left = list(self._running)
            log.warning("tasks were cut short", count=len(left))
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


class Hooks:
    """Where an answer may be posted to: Slack's own host, by https, or the stand-in that SLACK_API_URL names on this machine.

    A response_url comes with a signed request, but neither Bolt nor the SDK looks at it; we never follow one elsewhere.
    """

    def __init__(self, http: aiohttp.ClientSession, origins: Sequence[str]) -> None:
        self._http = http
        self._origins = tuple(origins)

    def may_post(self, url: object) -> bool:
        """Compared as text, by its whole origin up to the first slash: then no two parsers can disagree about the host."""
        return (
            isinstance(url, str)
            and url.startswith(self._origins)
            and len(url) <= MAX_URL
            and url.isascii()
            and url.isprintable()
            and not any(char in url for char in " \\@#")
        )

    async def post(self, url: object, answer: bytes) -> str:
        """Post one answer, which is JSON. Returns what went wrong: "ok", "refused" for a url that is not Slack's, "unreachable", or Slack's
        own word.
        """
        if not (isinstance(url, str) and self.may_post(url)):
            log.warning("response_url is not Slack's: nothing was sent there")
            return "refused"
        try:
            async with self._http.post(
                url, data=answer, headers=JSON, allow_redirects=False, timeout=POST_TIMEOUT
            ) as reply:
                said = (await reply.content.read(MAX_REPLY)).decode(errors="replace")
                if reply.status == 200 and not said.replace(" ", "").startswith('{"ok":false'):
                    return "ok"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("an answer did not reach Slack", error=type(error).__name__)
            return "unreachable"
        word = "invalid_blocks" if "invalid_blocks" in said else f"status {reply.status}"
        log.warning("Slack did not take an answer", reason=word)
        return word


class Answers:
    """turns: whose turn it is to be worked on. program: how the command is called here. keep: stores the queries that were too long for a control, before a message shows that control."""

    def __init__(
        self,
        hooks: Hooks,
        tasks: Tasks,
        admitted: Callable[[Mapping[str, Any]], Awaitable[Asker]],
        keep: Callable[[str, Mapping[str, str]], Awaitable[None]],
        budget: Budget = Budget(),
        program: str = PROGRAM,
    ) -> None:
        self._hooks = hooks
        self._tasks = tasks
        self._admitted = admitted
        self._keep = keep
        self._budget = budget
        self._program = program
        self.turns = Turns(budget.ack)

    async def answer(self, ack: AsyncAck, body: Json, work: Work) -> None:
        """Answer a command, for its asker's eyes only."""
        made = self._tasks.start(self._made(body, work))
        await asyncio.wait({made}, timeout=self._budget.ack.total_seconds())
        message, _ = made.result() if made.done() else (None, None)
        if made.done() and message is None:
            await ack()
            return
        if message is not None and message.fallback is None:
            # What `ack(…)` does, but for Bolt's JSON: the page is written already.
            ack.response = BoltResponse(status=200, body=_ephemeral(message).decode())
            return
        await ack()
        self._tasks.start(self._follow(made, body, replace=False, waited=self._budget.ack))

    async def replace(self, ack: AsyncAck, body: Json, work: Work) -> None:
        """Answer a click in place of the message that was clicked on."""
        await self._clicked(ack, body, work, replace=True)

    async def add(self, ack: AsyncAck, body: Json, work: Work) -> None:
        """Answer a click by a message of its own."""
        await self._clicked(ack, body, work, replace=False)

    def later(self, body: Json, work: Callable[[Asker], Awaitable[None]]) -> None:
        """Do something for a person that nobody waits for, in a task that is drained when the process stops."""

        async def done() -> None:
            try:
                await work(await self._admitted(body))
            except Exception as error:  # noqa: BLE001 - nobody sees it; the log does
                explained(error)

        self._tasks.start(done())

    async def submitted(self, ack: AsyncAck, body: Json, work: Callable[[Asker], Awaitable[Json]]) -> None:
        """Answer a modal that was sent in: by the view that takes its place, or by what is wrong, below its first input."""
        try:
            async with asyncio.timeout(self._budget.sentence.total_seconds()), self.turns.taken():
                view = await work(await self._admitted(body))
        except TimeoutError:
            said: PivotalError = MaybeSaved()
        except Exception as error:  # noqa: BLE001 - whatever it is becomes a sentence in the form
            said = explained(error)
        else:
            await ack(response_action="update", view=view)
            return
        blocks = body["view"]["blocks"]
        first = next(each["block_id"] for each in blocks if each["type"] == "input")
        field = next((each["block_id"] for each in blocks if each["block_id"] == getattr(said, "field", None)), first)
        await ack(response_action="errors", errors={field: plain_sentence(said, self._program)})

    async def offer(self, ack: AsyncAck, body: Json, work: Callable[[Asker], Awaitable[Sequence[Json]]]) -> None:
        """Answer a select that asks for its options."""
        options: Sequence[Json] = ()
        try:
            async with asyncio.timeout(self._budget.sentence.total_seconds()), self.turns.taken():
                options = await work(await self._admitted(body))
        except Exception as error:  # noqa: BLE001 - whatever it is, Slack waits for a list
            explained(error)
        await ack(options=list(options))

    async def _clicked(self, ack: AsyncAck, body: Json, work: Work, *, replace: bool) -> None:
        await ack()
        made = self._tasks.start(self._made(body, work))
        self._tasks.start(self._follow(made, body, replace=replace, waited=timedelta()))

    async def _made(self, body: Json, work: Work) -> tuple[Message | None, bool]:
        """The message, and whether it is the answer; otherwise it says what went wrong. Never raises."""
        try:
            async with self.turns.taken():
                asker = await self._admitted(body)
                with structlog.contextvars.bound_contextvars(workspace=asker.workspace, actor=asker.person.ref):
                    message = await work(asker)
                    if message is not None and message.kept:
                        await self._keep(asker.workspace, message.kept)
        except Exception as error:  # noqa: BLE001 - the one place where any exception becomes a sentence
            return problem.problem(explained(error), self._program), False
        return message, True

    async def _follow(
        self, made: "asyncio.Task[tuple[Message | None, bool]]", body: Json, *, replace: bool, waited: timedelta
    ) -> None:
        url = body.get("response_url")
        rest = self._budget.sentence - waited
        await asyncio.wait({made}, timeout=rest.total_seconds())
        if not made.done():
            slow = problem.problem(PivotalError(SLOW))
            await self._hooks.post(url, _ephemeral(slow, replace_original=False))
        message, is_answer = await made
        if message is None:
            return
        replacing = replace and is_answer
        said = await self._hooks.post(url, _ephemeral(message, replace_original=replacing))
        if said == "invalid_blocks" and message.fallback is not None:
            await self._hooks.post(url, _ephemeral(message.fallback, replace_original=replacing))


def _ephemeral(message: Message, **placed: bool) -> bytes:
    """The JSON that Slack gets: what stands around the blocks, and these as they were written when they were measured."""
    around = kit.encoded({"response_type": "ephemeral", "text": kit.spoken(message.text), **placed})
    return b'%s,"blocks":%s}' % (around[:-1], message.json)


def plain_sentence(error: PivotalError, program: str) -> str:
    """An error below an input, where Slack shows plain text and cuts long ones."""
    return kit.cut(called(str(error), program).replace("`", ""), 300)
