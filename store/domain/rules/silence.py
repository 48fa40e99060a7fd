"""Nothing has happened for long."""

from datetime import datetime
from typing import Final

from store.domain.nudge import Account, Nudge, NudgeKind, Thresholds
from store.domain.query import HistoryQuery
from store.domain.rules.wording import NOT_KEPT, advised, day, days, days_from, rule

NAME: Final = "silence"


def find(account: Account, now: datetime, thresholds: Thresholds) -> Nudge | None:
    """Where the last activity is no longer kept, this has been said, or the workspace keeps less than it wants to be told of."""
    last = account.last
    if last is None and account.forgotten:
        return None
    since = account.since if last is None else max(last.at, account.since)
    if now - since < thresholds.silence:
        return None
    begun = since if last is None else last.at
    return Nudge(
        rule=NAME,
        kind=NudgeKind.ATTENTION,
        episode=str(last.seq if last else 0),
        since=begun,
        reason=f"Nothing has happened for {days(now - begun)}, since {day(account, begun)}.",
        advice=advised(account, "ask them how it goes, and write the answer down as a comment."),
        evidence=(last.seq,) if last else (),
        about=HistoryQuery(window=days_from(account, begun)),
    )


def cleared(account: Account) -> str:
    if account.last is None and account.forgotten:
        return NOT_KEPT
    return f"there was activity on {day(account, account.last.at)}" if account.last else "there is activity again"


RULE: Final = rule(NAME, "Silence", NudgeKind.ATTENTION, find, cleared)
