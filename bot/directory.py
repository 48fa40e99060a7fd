"""Who is asking: a verified request → its workspace, the person, and their day. Nobody gets an answer who did not come through here."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final, Generic, TypeVar
from zoneinfo import ZoneInfo

import structlog

from bot.slack import Json, Slack, SlackError, Sort, Unreachable
from store import Store
from store.actors import KnownPerson, Person, Standing, zone_named
from store.domain.errors import PivotalError, Refused, Unavailable
from store.domain.query import Reader

log = structlog.get_logger()

Clock = Callable[[], datetime]
T = TypeVar("T")

FRESH: Final = timedelta(hours=24)
"""How long what Slack said of a person is believed without asking again; `user_change` tells us sooner."""
IN_GROUP: Final = timedelta(seconds=60)
"""How long it is believed who is in a user group: whoever was taken out may act as long."""
PATIENCE: Final = timedelta(seconds=1)
"""How long Slack may take to say who somebody is, while they wait."""

UTC_ZONE: Final = ZoneInfo("UTC")


class Cache(Generic[T]):
    """A bounded memory of what was looked up a moment ago. Beyond its bound, what was put in first goes first."""

    def __init__(self, lifetime: timedelta, bound: int = 10_000) -> None:
        self._lifetime = lifetime.total_seconds()
        self._bound = bound
        self._held: dict[tuple[str, ...], tuple[float, T]] = {}

    def get(self, *key: str) -> T | None:
        until, value = self._held.get(key, (0.0, None))
        return value if monotonic() < until else None

    def put(self, value: T, *key: str) -> None:
        self._held.pop(key, None)
        if len(self._held) >= self._bound:
            del self._held[next(iter(self._held))]
        self._held[key] = (monotonic() + self._lifetime, value)

    def drop(self, *key: str) -> None:
        self._held.pop(key, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """One request, admitted: the workspace it belongs to, who made it, and what `me` and a day mean to them.

    team     the Slack team, by which people are looked up
    channel  where it was made; None, where that is not said
    """

    workspace: str
    team: str
    person: KnownPerson
    reader: Reader
    channel: str | None


REFUSALS: Final[Mapping[Standing, str]] = {
    Standing.GUEST: "Guests cannot see customers' histories. Ask a full member of this workspace.",
    Standing.BOT: "Only people can ask me.",
    Standing.OUTSIDER: "Only members of the workspace that I am installed in can see its customers' histories.",
    Standing.GONE: "Your account is deactivated.",
}


class Directory:
    """People and workspaces, as Slack knows them and as we remember them."""

    def __init__(self, store: Store, slack: Slack, clock: Clock, patience: timedelta = PATIENCE) -> None:
        self._store = store
        self._slack = slack
        self._clock = clock
        self._patience = patience
        self._workspaces: Cache[str] = Cache(timedelta(seconds=60))
        self._people: Cache[KnownPerson] = Cache(timedelta(minutes=5))
        self._groups: Cache[frozenset[str]] = Cache(IN_GROUP, bound=1_000)
        self._asking: dict[tuple[str, str], asyncio.Task[KnownPerson]] = {}

    async def admitted(self, body: Json) -> Asker:
        """Who made this request.

        body    a command's or an interaction's payload, its signature verified
        raises  Refused, for anybody who is not a full member of the workspace that we are installed in
        """
        team, user_team, user = _origin(body)
        if user_team != team:
            raise Refused(REFUSALS[Standing.OUTSIDER])
        workspace = await self.workspace(team)
        person = await self.person(workspace, team, user)
        if person.standing is not Standing.MEMBER:
            raise Refused(REFUSALS[person.standing])
        zone = zone_named(person.zone) or UTC_ZONE
        return Asker(
            workspace=workspace,
            team=team,
            person=person,
            reader=Reader(now=self._clock(), zone=zone, person=person.ref),
            channel=_channel(body),
        )

    async def workspace(self, team: str) -> str:
        """The workspace of a team. Raises Refused for a team that we are not installed in."""
        if (known := self._workspaces.get(team)) is not None:
            return known
        found = await self._store.workspace_of(team)
        if found is None:
            raise Refused("I am not installed in this workspace.", "Ask whoever runs Pivotal to connect it.")
        self._workspaces.put(found, team)
        return found

    def forget(self, team: str) -> None:
        """The team has left: whoever asks next is looked up."""
        self._workspaces.drop(team)

    async def person(self, workspace: str, team: str, user: str) -> KnownPerson:
        """The person: from memory, from the store while that is fresh, from Slack. One look-up at a time for each."""
        if (known := self._people.get(workspace, user)) is not None:
            return known
        key = (workspace, user)
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._looked_up(workspace, team, user))
            self._asking[key].add_done_callback(lambda _: self._asking.pop(key))
        # Several may wait for the same look-up; that one of them stops waiting must not end it.
        return await asyncio.shield(self._asking[key])

    async def is_in(self, workspace: str, group: str, user: str) -> bool:
        """Whether somebody is in a user group. Nobody has a right by guess.

        raises  Refused, where Slack does not let us see; else what passes, so that whoever waits for it asks again
        """
        known = self._groups.get(workspace, group)
        if known is None:
            try:
                async with asyncio.timeout(self._patience.total_seconds()):
                    known = frozenset(await self._slack.in_group(workspace, group))
            except TimeoutError as error:
                raise Unreachable from error
            except SlackError as error:
                if error.sort is Sort.RETRY:
                    raise
                log.warning("slack did not tell a user group", group=group, error=error.code)
                raise Refused(
                    "Slack does not say who is in the user group that may do that. Nothing was done.",
                    "An admin can look at `/pivotal settings`, and at `pivotal doctor`.",
                ) from error
            self._groups.put(known, workspace, group)
        return user in known

    async def groups(self, workspace: str) -> Sequence[tuple[str, str]]:
        """The user groups, (id, handle); none where Slack does not say in time."""
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._slack.groups(workspace)
        except (TimeoutError, PivotalError):
            return ()

    async def _looked_up(self, workspace: str, team: str, user: str) -> KnownPerson:
        stored = await self._store.person(workspace, user)
        if stored is None or self._clock() - stored.refreshed_at > FRESH:
            stored = await self._asked_slack(workspace, team, user, stored)
        self._people.put(stored, workspace, user)
        return stored

    async def _asked_slack(self, workspace: str, team: str, user: str, stored: KnownPerson | None) -> KnownPerson:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                described = await self._slack.user(workspace, user)
        except (TimeoutError, PivotalError) as error:
            log.warning(
                "slack did not describe a person", user=user, error=getattr(error, "code", type(error).__name__)
            )
            if stored is not None:
                return stored
            if isinstance(error, SlackError):
                raise
            raise PivotalError("Slack did not say in time who you are. Nothing was changed.", "Try again.") from error
        seen = person_from(described, team)
        try:
            return await self._store.remember(workspace, seen)
        except Unavailable:
            if stored is None:
                raise
            return replace(
                stored, **asdict(seen)
            )  # nothing can be written at this moment; who only reads need not notice

    async def described(self, team: str, user: Json, *, is_new: bool) -> None:
        """Take in what an event says of a person. Those who never asked us anything are not kept, unless they are new to the workspace.

        That this may come twice, or late, does no harm: it says how somebody is, not what happened, and is believed for a day.
        """
        workspace = await self.workspace(team)
        seen = person_from(user, team)
        stored = await self._store.person(workspace, seen.slack_user_id)
        if stored is not None or is_new:
            self._people.put(await self._store.remember(workspace, seen), workspace, seen.slack_user_id)


def person_from(user: Json, team: str) -> Person:
    """Slack's user object → a Person. team: the workspace we look from; in an Enterprise Grid a person may belong to several."""
    profile: Mapping[str, Any] = user.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
    return Person(
        slack_user_id=user["id"],
        name=name or user["id"],
        zone=user.get("tz"),
        standing=_standing(user, team),
        is_admin=any(user.get(mark) for mark in ("is_admin", "is_owner", "is_primary_owner")),
    )


def _standing(user: Json, team: str) -> Standing:
    teams = (user.get("enterprise_user") or {}).get("teams") or [user.get("team_id", team)]
    if user.get("is_stranger") or team not in teams:
        return Standing.OUTSIDER
    if user.get("deleted"):
        return Standing.GONE
    if user.get("is_bot") or user["id"] == "USLACKBOT":
        return Standing.BOT
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    return Standing.MEMBER


def _origin(body: Json) -> tuple[str, str, str]:
    """(team the request came from, team of the person, the person). Commands are flat, interactions nested."""
    if "command" in body:
        return body["team_id"], body["team_id"], body["user_id"]
    user = body["user"]
    team = (body.get("team") or {}).get("id") or user["team_id"]
    return team, user.get("team_id", team), user["id"]


def _channel(body: Json) -> str | None:
    found: str | None = body.get("channel_id") or (body.get("channel") or {}).get("id")
    return found
