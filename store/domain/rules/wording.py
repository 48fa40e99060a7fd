"""What all rules share: whom they leave alone, and how they say days, people and titles."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from store.domain.activity import ActorType, mention
from store.domain.nudge import Account, Nudge, NudgeKind, Rule, Thresholds
from store.domain.query import Window

LEFT_ALONE: Final = {"churned": "the customer has churned", "archived": "the customer is archived"}
"""Statuses of those of whom Pi says nothing, and why it says so no more."""
NOT_KEPT: Final = "what it rested on is no longer kept"
"""Why a nudge ends that may be true still: its workspace keeps its histories for so long only."""
TITLE_LENGTH: Final = 80
"""Characters of a title in a sentence; the rest is cut."""

Find = Callable[[Account, datetime, Thresholds], Nudge | None]


def rule(name: str, title: str, kind: NudgeKind, find: Find, cleared: Callable[[Account], str]) -> Rule:
    """A rule that leaves churned and archived customers alone."""

    def found(account: Account, now: datetime, thresholds: Thresholds) -> Nudge | None:
        return None if account.status in LEFT_ALONE else find(account, now, thresholds)

    def why(account: Account) -> str:
        return LEFT_ALONE.get(account.status) or cleared(account)

    return Rule(name, title, kind, found, why)


def day(account: Account, at: datetime) -> str:
    """`3 Mar`; with its year, where that is not this one."""
    local = at.astimezone(account.zone).date()
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[local.month - 1]
    return f"{local.day} {month}" + (f" {local.year}" if local.year != account.today.year else "")


def days(span: timedelta) -> str:
    """Whole days that have passed."""
    return count(span.days, "day")


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def titled(text: str) -> str:
    """A title or name as it was typed, in quotes and on one line."""
    line = " ".join(text.split())
    return f"“{line[:TITLE_LENGTH]}…”" if len(line) > TITLE_LENGTH else f"“{line}”"


def asked(account: Account) -> str:
    """Whom the advice speaks to, at the beginning of a sentence: `@Sam, `; nobody, where there is no owner."""
    owner = account.owner
    return f"{mention(owner)}, " if owner is not None and owner.type is ActorType.USER else ""


def advised(account: Account, advice: str) -> str:
    """The advice as a sentence, to the owner where there is one."""
    to = asked(account)
    return to + advice if to else advice[:1].upper() + advice[1:]


def days_from(account: Account, at: datetime) -> Window:
    """Every day from the one before: who reads it further west still sees what happened then."""
    return Window(since=at.astimezone(account.zone).date() - timedelta(days=1))
