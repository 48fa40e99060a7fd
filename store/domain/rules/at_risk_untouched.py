"""A customer is at risk, and nobody has done anything about it."""

from datetime import datetime
from typing import Final

from store.domain.nudge import Account, Nudge, NudgeKind, Thresholds
from store.domain.query import HistoryQuery
from store.domain.rules.wording import NOT_KEPT, advised, day, days, days_from, rule

NAME: Final = "at_risk_untouched"


def find(account: Account, now: datetime, thresholds: Thresholds) -> Nudge | None:
    """A new move to at_risk begins a new episode, as a touch does. Where neither is kept any more, nobody can tell for how long."""
    known = [fact for fact in (account.touched, account.at_risk) if fact is not None]
    if account.forgotten and not known:
        return None
    since = max([account.since, *(fact.at for fact in known)])
    if account.status != "at_risk" or now - since < thresholds.untouched:
        return None
    return Nudge(
        rule=NAME,
        kind=NudgeKind.RISK,
        episode=str(max((fact.seq for fact in known), default=0)),
        since=since,
        reason=_reason(account, now, since),
        advice=advised(account, "call them, and write down as a comment what was agreed."),
        evidence=tuple(sorted({fact.seq for fact in known})),
        about=HistoryQuery(window=days_from(account, min((fact.at for fact in known), default=since))),
    )


def _reason(account: Account, now: datetime, since: datetime) -> str:
    moved, touched = account.at_risk, account.touched
    risk = f"At risk since {day(account, moved.at)}" if moved else "At risk"
    if touched is None or (moved and touched.at <= moved.at):
        return f"{risk}, and nobody has done anything here for {days(now - since)}."
    return f"{risk}, and nobody has done anything here for {days(now - touched.at)}, since {day(account, touched.at)}."


def cleared(account: Account) -> str:
    if account.status != "at_risk":
        return "the customer is not at risk any more"
    if account.touched is None and account.at_risk is None and account.forgotten:
        return NOT_KEPT
    return f"somebody was on it on {day(account, account.touched.at)}" if account.touched else "somebody is on it"


RULE: Final = rule(NAME, "At risk and untouched", NudgeKind.RISK, find, cleared)
