"""What Slack answers when it grants a token → what we keep of it. Pure."""

from datetime import datetime, timedelta

from bot.slack import Json
from store.domain.errors import Refused
from store.installing import Granted


def granted(answer: Json, at: datetime) -> Granted:
    """answer  of oauth.v2.access, for a code or for a refresh token. `expires_in` is in seconds.

    at      Slack's time
    raises  Refused, for what was granted for a whole organization, or not to a bot
    """
    team = answer.get("team") or {}
    if answer.get("is_enterprise_install") or not team.get("id"):
        raise Refused(
            "That was an installation for a whole Enterprise organization, and Pivotal keeps each workspace apart.",
            "Install it again, and choose one workspace.",
        )
    if answer.get("token_type") != "bot" or not answer.get("access_token"):
        raise Refused("Slack granted no bot's token.", "Look at the scopes in the Slack app's settings.")
    seconds = answer.get("expires_in")
    return Granted(
        team_id=team["id"],
        team_name=team.get("name") or team["id"],
        enterprise_id=(answer.get("enterprise") or {}).get("id"),
        bot_user_id=answer["bot_user_id"],
        scopes=tuple(filter(None, answer.get("scope", "").split(","))),
        token=answer["access_token"],
        refresh_token=answer.get("refresh_token"),
        lifetime=None if seconds is None else timedelta(seconds=int(seconds)),
        at=at,
    )
