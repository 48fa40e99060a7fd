"""auth.test and users.info."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.core import Core, SlackError
from bot.sandbox.web_api import Arguments
from bot.sandbox.workspace import User


def auth_test(core: Core, _arguments: Arguments) -> dict[str, Any]:
    workspace = core.workspace
    return {
        "url": f"https://{workspace.team_domain}.slack.com/",
        "team": workspace.team_domain,
        "user": workspace.bot_user.handle,
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user.id,
        "bot_id": workspace.bot_id,
        "enterprise_id": workspace.enterprise_id,
        "is_enterprise_install": False,
    }


def users_info(core: Core, arguments: Arguments) -> dict[str, Any]:
    user = core.workspace.users.get(arguments.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": shape(user, core.workspace.clock())}


def shape(user: User, now: datetime) -> dict[str, Any]:
    """A stranger's profile is reduced, and no zone is known of it."""
    profile = {"real_name": user.name, "display_name": user.handle}
    found: dict[str, Any] = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.handle,
        "real_name": user.name,
        "profile": profile,
    }
    if user.stranger:
        return found | {"is_stranger": True}
    found |= {
        "deleted": user.deleted,
        "is_admin": user.admin,
        "is_owner": user.owner,
        "is_restricted": user.restricted,
        "is_ultra_restricted": user.ultra_restricted,
        "is_bot": user.bot,
    }
    if user.tz is not None:
        offset = now.astimezone(ZoneInfo(user.tz)).utcoffset()
        assert offset is not None
        found |= {"tz": user.tz, "tz_label": user.tz, "tz_offset": int(offset.total_seconds())}
    return found
