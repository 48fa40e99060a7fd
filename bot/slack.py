"""The one file that calls Slack's Web API, and the one table of what its errors mean. Bodies are never logged."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.blocks.kit import Message, spoken
from bot.turns import elsewhere
from store.domain.errors import PivotalError

TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
EVENT_TYPE: Final = "pivotal_delivery"
"""Of the metadata on everything that is posted by way of the outbox."""

Json = Mapping[str, Any]


class Sort(Enum):
    """What an error code of Slack's means to us."""

    RETRY = auto()
    """It will pass: try again later."""
    GIVE_UP = auto()
    """It will not, until somebody changes something in Slack."""
    OURS = auto()
    """We asked for something wrong: a bug."""


GONE: Final = ("file_not_found", "file_deleted")
"""What Slack says of a file that is not there any more."""
ERRORS: Final[Mapping[str, tuple[Sort, str]]] = {
    "ratelimited": (Sort.RETRY, "Slack wants us to wait a moment."),
    "internal_error": (Sort.RETRY, "Slack has trouble at the moment."),
    "fatal_error": (Sort.RETRY, "Slack has trouble at the moment."),
    "service_unavailable": (Sort.RETRY, "Slack has trouble at the moment."),
    "request_timeout": (Sort.RETRY, "Slack has trouble at the moment."),
    "not_in_channel": (Sort.GIVE_UP, "I am not in that channel. Invite me with `/invite`, then try again."),
    "channel_not_found": (Sort.GIVE_UP, "I cannot see that channel. Invite me with `/invite`, then try again."),
    "is_archived": (Sort.GIVE_UP, "That channel is archived."),
    "restricted_action": (Sort.GIVE_UP, "Your workspace does not let me post in that channel."),
    "restricted_action_read_only_channel": (Sort.GIVE_UP, "Your workspace does not let me post in that channel."),
    "restricted_action_thread_only_channel": (Sort.GIVE_UP, "Your workspace does not let me post in that channel."),
    "restricted_action_non_threadable_channel": (Sort.GIVE_UP, "Your workspace does not let me post in that channel."),
    "file_not_found": (Sort.RETRY, "Slack does not have the file any more."),
    "cant_delete_file": (Sort.GIVE_UP, "Slack does not let me delete that file."),
    "storage_limit_reached": (Sort.GIVE_UP, "Your workspace has no room left for files in Slack."),
    "file_uploads_disabled": (Sort.GIVE_UP, "Your workspace does not let me upload files."),
    "file_uploads_except_images": (Sort.GIVE_UP, "Your workspace does not let me upload files."),
    "user_disabled": (Sort.GIVE_UP, "That account is deactivated."),
    "user_not_found": (Sort.GIVE_UP, "Slack does not know that person."),
    "user_not_visible": (Sort.GIVE_UP, "Slack does not let me see that person."),
    "missing_scope": (
        Sort.GIVE_UP,
        "I lack a permission in Slack for that. An admin can install me again to grant it.",
    ),
    "access_denied": (Sort.GIVE_UP, "Slack does not let me do that."),
    "not_authed": (Sort.GIVE_UP, "Slack does not accept my token any more."),
    "invalid_auth": (Sort.GIVE_UP, "Slack does not accept my token any more."),
    "account_inactive": (Sort.GIVE_UP, "Slack does not accept my token any more."),
    "token_revoked": (Sort.GIVE_UP, "Slack does not accept my token any more."),
    "token_expired": (Sort.GIVE_UP, "Slack does not accept my token any more."),
    "org_login_required": (Sort.GIVE_UP, "Your Slack workspace is being moved."),
    "team_access_not_granted": (Sort.GIVE_UP, "I am not installed in that workspace."),
    "not_installed": (Sort.GIVE_UP, "I am not installed in that workspace."),  # ours: there is no token to ask with
    "invalid_code": (Sort.GIVE_UP, "Slack does not know that installation."),
    "code_already_used": (Sort.GIVE_UP, "That installation was finished before."),
    "invalid_refresh_token": (Sort.GIVE_UP, "Slack does not accept my token any more."),
    "bad_client_secret": (Sort.GIVE_UP, "Slack does not accept the SLACK_CLIENT_SECRET that is set here."),
    "invalid_client_id": (Sort.GIVE_UP, "Slack does not know the SLACK_CLIENT_ID that is set here."),
    "bad_redirect_uri": (Sort.GIVE_UP, "The Slack app does not list this address under its redirect URLs."),
    "invalid_blocks": (Sort.OURS, "Slack did not take the message."),
    "msg_blocks_too_long": (Sort.OURS, "Slack did not take the message."),
    "msg_too_long": (Sort.OURS, "Slack did not take the message."),
    "metadata_too_large": (Sort.OURS, "Slack did not take the message."),
}


class SlackError(PivotalError):
    """Slack answered, and said no: nothing was done."""

    def __init__(self, code: str) -> None:
        self.sort, sentence = ERRORS.get(code, (Sort.OURS, "Slack refused that."))
        super().__init__(sentence)
        self.code = code


class RateLimited(SlackError):
    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class Unreachable(PivotalError):
    """Slack could not be reached: nothing was done."""

    def __init__(self) -> None:
        super().__init__("Can't reach Slack. Nothing was changed.")


class OutcomeUnknown(PivotalError):
    """The connection was lost after the request had left, or Slack answered 5xx: it may have been done."""

    def __init__(self) -> None:
        super().__init__("Slack did not say whether that worked. I will check, and see to it.")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token it is."""

    team_id: str
    enterprise_id: str | None
    bot_user_id: str


@dataclass(frozen=True, slots=True)
class Installed:
    """scopes: those that were granted. at: Slack's time when it answered."""

    identity: Identity
    scopes: frozenset[str]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """By which the app itself is known to Slack, in whichever workspace it is installed."""

    client_id: str
    client_secret: str


def web_client(base_url: str, http: aiohttp.ClientSession) -> AsyncWebClient:
    """All retries are ours: the SDK's own would post a second time when the connection drops after Slack has accepted a message."""
    return AsyncWebClient(base_url=base_url, session=http, retry_handlers=[])


class Slack:
    """Slack's Web API, as far as we call it, on behalf of a workspace.

    Every method raises SlackError (RateLimited among them), Unreachable or OutcomeUnknown.
    """

    def __init__(self, client: AsyncWebClient, token_of: Callable[[str], Awaitable[str]]) -> None:
        self._client = client
        self._token_of = token_of

    async def identity(self, token: str) -> Identity:
        found = await self._asked("auth.test", json={"token": token})
        return Identity(found["team_id"], found.get("enterprise_id"), found["user_id"])

    async def installed(self, token: str) -> Installed:
        """Whose token it is, what it may do, and Slack's time."""
        try:
            answer = await self._client.api_call("auth.test", json={"token": token})
        except SlackApiError as error:
            raise _sorted_out(error) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable from error
        scopes = _headers(answer).get("x-oauth-scopes", "")
        granted = frozenset(filter(None, scopes.replace(" ", "").split(",")))
        identity = Identity(answer["team_id"], answer.get("enterprise_id"), answer["user_id"])
        return Installed(identity, granted, _time(answer))

    async def user(self, workspace: str, slack_user_id: str) -> Json:
        found: Json = (await self._read(workspace, "users.info", user=slack_user_id))["user"]
        return found

    async def is_shared_outside(self, workspace: str, channel: str) -> bool:
        """Whether people of other companies read this channel, or are invited to."""
        found = (await self._read(workspace, "conversations.info", channel=channel))["channel"]
        return bool(found.get("is_ext_shared") or found.get("is_pending_ext_shared"))

    async def post(self, workspace: str, channel: str, message: Message, delivery_id: str) -> str:
        """Post for all to see, marked with the delivery's id. Returns the message's ts."""
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": delivery_id}}
        try:
            return await self._post(workspace, channel, message, metadata)
        except SlackError as refused:
            if refused.code != "invalid_blocks" or message.fallback is None:
                raise
            return await self._post(workspace, channel, message.fallback, metadata)

    async def _post(self, workspace: str, channel: str, message: Message, metadata: Json) -> str:
        posted = await self._write(
            workspace,
            "chat.postMessage",
            channel=channel,
            text=spoken(message.text),
            blocks=message.blocks,
            metadata=metadata,
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
        )
        ts: str = posted["ts"]
        return ts

    async def update(self, workspace: str, channel: str, ts: str, message: Message) -> str:
        """Put a message in place of one that we posted. Done twice, it is the same. Returns its ts."""
        updated = await self._write(
            workspace, "chat.update", channel=channel, ts=ts, text=spoken(message.text), blocks=message.blocks
        )
        found: str = updated["ts"]
        return found

    async def open_view(self, workspace: str, trigger_id: str, view: Json, *, onto: bool = False) -> None:
        """Open a modal; onto: on top of the one that is open. Within 3 s of what the person did."""
        await self._write(workspace, "views.push" if onto else "views.open", trigger_id=trigger_id, view=view)

    async def publish_home(self, workspace: str, slack_user_id: str, view: Json) -> None:
        await self._write(workspace, "views.publish", user_id=slack_user_id, view=view)

    async def permalink(self, workspace: str, channel: str, ts: str) -> str:
        found: str = (await self._read(workspace, "chat.getPermalink", channel=channel, message_ts=ts))["permalink"]
        return found

    async def find_delivery(self, workspace: str, channel: str, delivery_id: str, since: datetime) -> str | None:
        """The ts of the message that carries this delivery's id, among those posted since; None, when none does."""
        async for message in self._messages(workspace, channel, since):
            marked = message.get("metadata") or {}
            if (
                marked.get("event_type") == EVENT_TYPE
                and marked.get("event_payload", {}).get("delivery_id") == delivery_id
            ):
                ts: str = message["ts"]
                return ts
        return None

    async def _messages(self, workspace: str, channel: str, since: datetime) -> AsyncIterator[Json]:
        cursor = ""
        while True:
            page = await self._read(
                workspace,
                "conversations.history",
                channel=channel,
                oldest=f"{since.timestamp():.6f}",
                limit=200,
                include_all_metadata=True,
                cursor=cursor,
            )
            for message in page["messages"]:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    # --- files ---

    async def direct(self, workspace: str, slack_user_id: str) -> str:
        """The channel of our direct messages with this person."""
        found: str = (await self._write(workspace, "conversations.open", users=slack_user_id))["channel"]["id"]
        return found

    async def members(self, workspace: str, channel: str) -> AsyncIterator[str]:
        """The ids of everybody who is in a channel, people and bots."""
        cursor = ""
        while True:
            page = await self._read(workspace, "conversations.members", channel=channel, limit=200, cursor=cursor)
            for member in page["members"]:
                yield member
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    async def in_group(self, workspace: str, group: str) -> list[str]:
        """The ids of the people in a user group."""
        users: list[str] = (await self._read(workspace, "usergroups.users.list", usergroup=group))["users"]
        return users

    async def groups(self, workspace: str) -> list[tuple[str, str]]:
        """The user groups: (id, handle)."""
        found = (await self._read(workspace, "usergroups.list"))["usergroups"]
        return [(each["id"], each["handle"]) for each in found]

    async def place_for_file(self, workspace: str, name: str, size_bytes: int) -> tuple[str, str]:
        """(where to send the bytes, the file's id). The file is nowhere to be seen before `share_file`."""
        found = await self._read(workspace, "files.getUploadURLExternal", filename=name, length=size_bytes)
        return found["upload_url"], found["file_id"]

    async def share_file(self, workspace: str, file_id: str, title: str, channel: str, comment: str) -> None:
        """Post a file whose bytes are there. comment: as `escaped` writes it."""
        files = [{"id": file_id, "title": title}]
        await self._write(
            workspace, "files.completeUploadExternal", files=files, channel_id=channel, initial_comment=comment
        )

    async def file_is_shared(self, workspace: str, file_id: str) -> bool | None:
        """Whether the file stands in a channel; None: there is no such file."""
        try:
            found = (await self._read(workspace, "files.info", file=file_id))["file"]
        except SlackError as refused:
            if refused.code in GONE:
                return None
            raise
        return any(found.get(kind) for kind in ("channels", "groups", "ims", "shares"))

    async def delete_file(self, workspace: str, file_id: str) -> None:
        """Delete a file that we uploaded. That it is gone already is as well."""
        try:
            await self._write(workspace, "files.delete", file=file_id)
        except SlackError as refused:
            if refused.code not in GONE:
                raise

    async def _read(self, workspace: str, method: str, **parameters: Any) -> Json:
        return await self._asked(
            method, http_verb="GET", params=parameters | {"token": await self._token_of(workspace)}
        )

    async def _write(self, workspace: str, method: str, **parameters: Any) -> Json:
        return await self._asked(method, json=parameters | {"token": await self._token_of(workspace)})

    async def _asked(self, method: str, **request: Any) -> Json:
        async with elsewhere():
            return _told(await _answer(self._client, method, **request))


class SlackOAuth:
    """What the app asks Slack for in its own name. Raises as `Slack` does."""

    def __init__(self, client: AsyncWebClient, credentials: Credentials) -> None:
        self._client = client
        # What the SDK's `oauth_v2_access` does, but for a class of aiohttp's that is on its way out.
        who = aiohttp.encode_basic_auth(credentials.client_id, credentials.client_secret)
        self._header = {"Authorization": who}

    async def access(self, **given: str) -> tuple[Json, datetime | None]:
        """A code, with the redirect_uri that it was given for, or a refresh_token, for a token. Returns the answer, and Slack's time."""
        answer = await _answer(self._client, "oauth.v2.access", headers=self._header, data=given)
        return _told(answer), _time(answer)

    async def revoke(self, token: str) -> None:
        """Give a token back that we have no use for."""
        await _answer(self._client, "auth.revoke", json={"token": token})


async def _answer(client: AsyncWebClient, method: str, **request: Any) -> AsyncSlackResponse:
    try:
        return await client.api_call(method, **request)
    except SlackApiError as error:
        raise _sorted_out(error) from error
    except aiohttp.ClientConnectorError as error:
        raise Unreachable from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise OutcomeUnknown from error


def _told(answer: AsyncSlackResponse) -> Json:
    found: Json = answer.data if isinstance(answer.data, dict) else {}
    return found


def _headers(answer: AsyncSlackResponse) -> Mapping[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _time(answer: AsyncSlackResponse) -> datetime | None:
    """Slack's own, when it answered."""
    date = _headers(answer).get("date")
    return None if date is None else parsedate_to_datetime(date)


def _sorted_out(error: SlackApiError) -> PivotalError:
    status = int(getattr(error.response, "status_code", None) or getattr(error.response, "status", None) or 0)
    if status == 429:
        return RateLimited(timedelta(seconds=_seconds(error.response.headers.get("Retry-After"))))
    data = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    if status >= 500 or code is None:
        return OutcomeUnknown()
    return SlackError(code)


def _seconds(retry_after: str | None) -> int:
    """At least one, at most an hour, whatever the header says."""
    return min(max(int(retry_after), 1), 3600) if retry_after and retry_after.isascii() and retry_after.isdigit() else 1
