"""/pivotal: the first word → its handler; anything else gets the nearest command, or help."""

from collections.abc import Awaitable, Callable, Sequence

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks.help import help_on
from bot.blocks.kit import Message
from bot.directory import Asker
from bot.listeners.history import History
from store.domain.errors import UsageError
from store.domain.grammar import parse_command
from store.domain.usage import USAGE
from store.domain.words import Word

Handler = Callable[[Asker, Sequence[Word]], Awaitable[Message]]


def register(bolt: AsyncApp, name: str, answers: Answers, history: History) -> None:
    """name: how the command is called in Slack."""

    async def helped(_asker: Asker, typed: Sequence[Word]) -> Message:
        if not typed:
            return help_on(None, name)
        word = typed[0].text.casefold()
        found = next((usage for usage in USAGE if usage.word == word), None)
        if found is None:
            raise UsageError(f"I read {typed[0].shown}, which is not a command.", "`/pivotal help` lists what I know.")
        return help_on(found, name)

    handlers: dict[str, Handler] = {"history": history.asked, "help": helped}

    @bolt.command(name)
    async def asked(ack: AsyncAck, command: Json) -> None:
        async def work(asker: Asker) -> Message:
            typed = parse_command(command.get("text", ""))
            return await handlers[typed.word](asker, typed.rest)

        await answers.answer(ack, command, work)
