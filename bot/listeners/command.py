"""/pivotal: the first word → its handler; anything else gets the nearest command, or help."""

from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Answers, Json
from bot.blocks.help import help_on
from bot.blocks.kit import Message
from bot.directory import Asker
from bot.listeners.typed import Handler, Typed
from store.domain.errors import UsageError
from store.domain.grammar import parse_command
from store.domain.usage import PROGRAM, USAGE


def helping(program: str) -> Handler:
    """`help [COMMAND]`, in the words of usage.py."""

    async def helped(typed: Typed) -> Message:
        if not typed.words:
            return help_on(None, program)
        word = typed.words[0].text.casefold()
        found = next((usage for usage in USAGE if usage.word == word), None)
        if found is None:
            raise UsageError(
                f"I read {typed.words[0].shown}, which is not a command.", f"`{PROGRAM} help` lists what I know."
            )
        return help_on(found, program)

    return helped


def register(bolt: AsyncApp, name: str, answers: Answers, handlers: Mapping[str, Handler]) -> None:
    """name: how the command is called in Slack. handlers: one for each word of usage.py."""

    @bolt.command(name)
    async def asked(ack: AsyncAck, command: Json) -> None:
        async def work(asker: Asker) -> Message | None:
            text = command.get("text", "")
            found = parse_command(text)
            typed = Typed(asker=asker, words=found.rest, text=text, trigger_id=command["trigger_id"])
            return await handlers[found.word](typed)

        await answers.answer(ack, command, work)
