"""What a full member may do: by the workspace's settings, and by the user group of Slack that these may name. Admins may everything."""

from collections.abc import Mapping
from typing import Final, Literal

from bot.directory import Asker, Directory
from store.actors import KnownPerson
from store.domain.errors import Refused
from store.settings import ADMINS, EVERYONE, WorkspaceSettings

Right = Literal["view", "edit", "export"]
WHAT: Final[Mapping[Right, str]] = {"view": "see histories", "edit": "change records", "export": "export histories"}


class NotInGroup(Refused):
    """Only Slack can tell whether somebody is in the user group that has this right; as long as nobody has asked, nobody is."""

    def __init__(self, right: Right) -> None:
        super().__init__(
            f"In this workspace only a certain user group, and admins, may {WHAT[right]}.",
            "Ask an admin to add you to it in Slack.",
        )


def allowed(asker: Asker, right: Right, settings: WorkspaceSettings) -> None:
    """As far as can be told without asking Slack. Raises Refused; NotInGroup, where Slack has to be asked."""
    who = getattr(settings, right)
    if who == EVERYONE or asker.person.is_admin:
        return
    if who == ADMINS:
        raise Refused(f"In this workspace only admins may {WHAT[right]}.", "Ask one of them.")
    raise NotInGroup(right)


async def may(
    directory: Directory, workspace: str, person: KnownPerson, right: Right, settings: WorkspaceSettings
) -> bool:
    """Whether a full member has this right."""
    who = getattr(settings, right)
    if who == EVERYONE or person.is_admin:
        return True
    return who != ADMINS and await directory.is_in(workspace, who, person.slack_user_id)
