"""Who there is: auth.*, users.*, usergroups.*, and the team."""

from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.core import Core, SlackError
from bot.sandbox.methods.paging import page
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


def auth_revoke(_core: Core, _arguments: Arguments) -> dict[str, Any]:
    """The token that it was called with is worth nothing any more."""
    return {"revoked": True}


def team_info(core: Core, _arguments: Arguments) -> dict[str, Any]:
    workspace = core.workspace
    team = {"id": workspace.team_id, "name": workspace.team_domain, "domain": workspace.team_domain}
    if workspace.enterprise_id:
        team |= {"enterprise_id": workspace.enterprise_id, "enterprise_name": workspace.team_domain}
    return {"team": team}


def users_info(core: Core, arguments: Arguments) -> dict[str, Any]:
    user = core.workspace.users.get(arguments.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": shape(core, user)}


def users_list(core: Core, arguments: Arguments) -> dict[str, Any]:
    """Deactivated people and bots, too; of other companies' people nobody."""
    here = sorted((each for each in core.workspace.users.values() if not each.stranger), key=lambda user: user.id)
    found, following = page(core, here, arguments, key=lambda user: user.id)
    return {"members": [shape(core, each) for each in found], "response_metadata": following}


def lookup_by_email(core: Core, arguments: Arguments) -> dict[str, Any]:
    wanted = arguments.text("email").casefold()
    for user in core.workspace.users.values():
        if user.email.casefold() == wanted and not (user.deleted or user.stranger):
            return {"user": shape(core, user)}
    raise SlackError("users_not_found")


def usergroups_list(core: Core, arguments: Arguments) -> dict[str, Any]:
    """Disabled ones, members and their number only when asked for."""
    all_of_them, with_users = arguments.flag("include_disabled"), arguments.flag("include_users")
    with_count = arguments.flag("include_count")
    found = []
    for group in core.workspace.groups.values():
        if group.disabled and not all_of_them:
            continue
        told: dict[str, Any] = {
            "id": group.id,
            "team_id": core.workspace.team_id,
            "name": group.name,
            "handle": group.handle,
        }
        if with_users:
            told["users"] = sorted(group.members)
        if with_count:
            told["user_count"] = len(group.members)
        found.append(told)
    return {"usergroups": found}


def usergroups_users_list(core: Core, arguments: Arguments) -> dict[str, Any]:
    group = core.workspace.groups.get(arguments.text("usergroup"))
    if group is None or (group.disabled and not arguments.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": sorted(group.members)}


def shape(core: Core, user: User) -> dict[str, Any]:
    """A stranger's profile is reduced, and no zone is known of it. The address is only told with users:read.email."""
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
    if user.email and "users:read.email" in core.scopes:
        profile["email"] = user.email
    found |= {
        "deleted": user.deleted,
        "is_admin": user.admin,
        "is_owner": user.owner,
        "is_restricted": user.restricted,
        "is_ultra_restricted": user.ultra_restricted,
        "is_bot": user.bot,
    }
    if core.workspace.enterprise_id:
        enterprise = {"id": user.id, "enterprise_id": core.workspace.enterprise_id, "teams": [user.team_id]}
        found["enterprise_user"] = enterprise
    if user.tz is not None:
        offset = core.workspace.clock().astimezone(ZoneInfo(user.tz)).utcoffset()
        assert offset is not None
        found |= {"tz": user.tz, "tz_label": user.tz, "tz_offset": int(offset.total_seconds())}
    return found
