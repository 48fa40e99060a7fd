"""What Slack tells of people: a name, a zone or a standing has changed."""

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers import Json
from bot.directory import Directory


def register(bolt: AsyncApp, directory: Directory) -> None:
    @bolt.event("user_change")
    async def changed(ack: AsyncAck, body: Json, event: Json) -> None:
        await ack()
        await directory.described(body["team_id"], event["user"], is_new=False)

    @bolt.event("team_join")
    async def joined(ack: AsyncAck, body: Json, event: Json) -> None:
        await ack()
        await directory.described(body["team_id"], event["user"], is_new=True)
