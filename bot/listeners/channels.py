"""Where somebody may have something posted."""

from bot.directory import Asker
from bot.slack import Slack
from store.domain.errors import Refused


async def may_post(slack: Slack, asker: Asker, channel: str | None, shared: str) -> None:
    """shared: why nothing is posted where outsiders read.

    raises  Refused, for a channel that outsiders read, or that the asker is not in; SlackError, for one that we cannot see
    """
    if channel is None:
        return
    if await slack.is_shared_outside(asker.workspace, channel):
        raise Refused(shared, "Choose an internal channel.")
    # A private channel's id can be typed by whoever has seen it once.
    if channel != asker.channel and not await _is_in(slack, asker, channel):
        raise Refused("You are not in that channel.", "Join it first, or choose another.")


async def _is_in(slack: Slack, asker: Asker, channel: str) -> bool:
    async for member in slack.members(asker.workspace, channel):
        if member == asker.person.slack_user_id:
            return True
    return False
