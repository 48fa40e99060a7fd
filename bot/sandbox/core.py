"""What every part of the stand-in shares: the workspace, the faults, the interactions under way, and what was refused."""

import secrets
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot import limits
from bot.sandbox.faults import Faults
from bot.sandbox.rules import Problem, judge_message, judge_view
from bot.sandbox.scopes import GRANTED
from bot.sandbox.workspace import Change, Channel, Message, User, View, Workspace


class SlackError(Exception):
    """One of Slack's error codes, and what else the answer says."""

    def __init__(self, code: str, problems: Sequence[Problem] = (), **details: Any) -> None:
        super().__init__(code, *map(str, problems))
        self.code = code
        self.problems = problems
        self.details = details

    def body(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"ok": False, "error": self.code, **self.details}
        if self.problems:
            answer["errors"] = [str(each) for each in self.problems]
            answer["response_metadata"] = {"messages": [f"[ERROR] {each}" for each in self.problems]}
        return answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Slack refused for its content, and where it came in: a Web API method, `response_url`, `ack` or `options`."""

    where: str
    problems: tuple[Problem, ...]
    body: Any
    interaction: str | None = None

    def __str__(self) -> str:
        return f"{self.where} refused: {'; '.join(f'{each.code}: {each}' for each in self.problems)}"


@dataclass(slots=True)
class Hook:
    """A response_url: where its answers go, and how often it was used."""

    secret: str
    """The last part of the address."""
    interaction: "Interaction"
    channel: Channel | None
    message: Message | None = None
    """What `replace_original` and `delete_original` mean."""
    uses: int = 0


@dataclass(slots=True)
class Interaction:
    """One thing that a person did, and what came of it."""

    id: str
    did: str
    user: User
    trigger_id: str
    started_at: datetime
    channel: Channel | None = None
    message: Message | None = None
    """The message whose control was used."""
    view: View | None = None
    hook: Hook | None = None
    """Its response_url, where Slack gives one."""
    trigger_used: bool = False
    answers: list[Change] = field(default_factory=list)


class Core:
    def __init__(
        self, workspace: Workspace, *, bot_token: str, app_token: str, scopes: Iterable[str] = GRANTED
    ) -> None:
        self.workspace = workspace
        self.app_token = app_token
        self.faults = Faults()
        self.refusals: list[Refusal] = []
        self.interactions: dict[str, Interaction] = {}
        self.hooks: dict[str, Hook] = {}
        """By secret."""
        self.scopes: set[str] = set(scopes)
        """What the app was granted; a call that needs another is answered `missing_scope`."""
        self._triggers: dict[str, Interaction] = {}
        self._recent: deque[Interaction] = deque(maxlen=64)
        self.tokens: dict[str, datetime | None] = {bot_token: None}
        """The bot's tokens that Slack has given, and when each ends; None: it does not."""
        self.revoked: set[str] = set()
        self.unsupported_blocks: frozenset[str] = frozenset()
        """Block types that this workspace refuses, as one that a roll-out has not reached yet."""
        self.origin = ""
        """Where the stand-in listens, http://127.0.0.1:PORT."""
        workspace.watchers.append(self._note)

    def knows(self, token: str | None) -> bool:
        """Whether it is, or was, one of this workspace's."""
        return token is not None and (token in self.tokens or token in self.revoked or token == self.app_token)

    def _note(self, change: Change) -> None:
        """An answer is what an interaction caused, or what the app did to the message or the person by itself meanwhile."""
        if change.cause is not None:
            self.interactions[change.cause].answers.append(change)
            return
        for each in self._recent:
            if _concerns(change, each):
                each.answers.append(change)

    def begin(
        self,
        did: str,
        user: User,
        *,
        channel: Channel | None = None,
        message: Message | None = None,
        view: View | None = None,
        responds: bool = True,
    ) -> Interaction:
        """A person does something: a new trigger, and a new response_url where `responds`."""
        interaction = Interaction(
            id=self.workspace.new_id("I"),
            did=did,
            user=user,
            trigger_id=f"{self.workspace.new_id('')}.{secrets.token_hex(8)}",
            started_at=self.workspace.clock(),
            channel=channel,
            message=message,
            view=view,
        )
        if responds:
            interaction.hook = self.hook(interaction, channel, message)
        self.interactions[interaction.id] = interaction
        self._triggers[interaction.trigger_id] = interaction
        self._recent.append(interaction)
        return interaction

    def hook(self, interaction: Interaction, channel: Channel | None, message: Message | None = None) -> Hook:
        hook = Hook(secrets.token_urlsafe(18), interaction, channel, message)
        self.hooks[hook.secret] = hook
        return hook

    def response_url(self, hook: Hook | None) -> str:
        assert hook is not None
        return f"{self.origin}/hooks/{self.workspace.team_id}/{hook.interaction.id}/{hook.secret}"

    def exchange(self, trigger_id: str) -> Interaction:
        """The interaction of a trigger, which is used up by this. Three seconds, once."""
        found = self._triggers.get(trigger_id)
        if found is None:
            raise SlackError("invalid_trigger_id")
        if found.trigger_used:
            raise SlackError("exchanged_trigger_id")
        if self.workspace.clock() - found.started_at > limits.TRIGGER_LIFETIME:
            raise SlackError("expired_trigger_id")
        found.trigger_used = True
        return found

    def check_message(
        self, where: str, text: Any, blocks: Any, *, metadata: Any = None, interaction: Interaction | None = None
    ) -> None:
        """raises SlackError with the first problem's code; the refusal is recorded."""
        problems = judge_message(text, blocks, metadata=metadata, unsupported=self.unsupported_blocks)
        self._check(where, problems, blocks or text, interaction)

    def check_view(self, where: str, view: Any, *, interaction: Interaction | None = None) -> None:
        self._check(where, judge_view(view), view, interaction)

    def _check(self, where: str, problems: list[Problem], body: Any, interaction: Interaction | None) -> None:
        if problems:
            self.refuse(where, problems, body, interaction)
            raise SlackError(problems[0].code, problems)

    def refuse(self, where: str, problems: Sequence[Problem], body: Any, interaction: Interaction | None) -> None:
        self.refusals.append(Refusal(where, tuple(problems), body, interaction.id if interaction else None))


def _concerns(change: Change, interaction: Interaction) -> bool:
    """Whether what the app did by itself may be its answer: it touched the surface in use, or showed the person something.

    Where there is a response_url, a message in the DM is news rather than the answer.
    """
    mine = change.user == interaction.user.id
    if change.kind in {"edited", "deleted"}:
        return interaction.message is not None and change.message == interaction.message.key
    if change.kind == "view":
        return interaction.view is not None and mine
    if change.kind == "posted":
        return mine and not (interaction.hook and change.direct)
    return change.kind == "home" and mine
