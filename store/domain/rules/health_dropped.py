"""The health score fell, and has not come back."""

from datetime import datetime
from typing import Final

from store.domain.activity import Value
from store.domain.nudge import Account, Nudge, NudgeKind, Thresholds
from store.domain.query import HistoryQuery
from store.domain.rules.wording import NOT_KEPT, advised, day, days_from, rule

NAME: Final = "health_dropped"


def find(account: Account, _: datetime, thresholds: Thresholds) -> Nudge | None:
    drop, score = account.dropped, account.health_score
    if drop is None or score is None:
        return None
    high, low = _number(drop.old), _number(drop.new)
    if high is None or low is None or high - score < thresholds.health_drop:
        return None
    now_at = "has not recovered" if score == low else f"is at {score} now"
    return Nudge(
        rule=NAME,
        kind=NudgeKind.RISK,
        episode=str(drop.seq),
        since=drop.at,
        reason=f"Health fell from {high} to {low} on {day(account, drop.at)} and {now_at}.",
        advice=advised(account, "look at what happened in the days before, and ask them about it this week."),
        evidence=(drop.seq,),
        about=HistoryQuery(fields=("health_score",), window=days_from(account, drop.at)),
    )


def cleared(account: Account) -> str:
    if account.health_score is None:
        return "there is no health score any more"
    return f"health is back at {account.health_score}" if account.dropped or not account.forgotten else NOT_KEPT


def _number(value: Value) -> int | float | None:
    return value if isinstance(value, int | float) else None


RULE: Final = rule(NAME, "Health dropped", NudgeKind.RISK, find, cleared)
