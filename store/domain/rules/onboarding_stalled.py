"""An onboarding has been in one phase for long."""

from datetime import datetime
from typing import Final

from store.domain.nudge import Account, Nudge, NudgeKind, OpenOnboarding, Thresholds
from store.domain.query import HistoryQuery
from store.domain.rules.wording import NOT_KEPT, advised, count, day, days, days_from, rule, titled

NAME: Final = "onboarding_stalled"


def find(account: Account, now: datetime, thresholds: Thresholds) -> Nudge | None:
    """It speaks of the one that has stood longest; one more that stalls begins a new episode. One whose beginning is no longer kept is
    left alone.
    """
    told = [each for each in account.onboardings if each.entered is not None or not account.forgotten]
    ages = sorted(((_entered(account, each), each.id, each) for each in told), key=lambda age: age[:2])
    stalled = [(since, each) for since, _, each in ages if now - since >= thresholds.stalled]
    if not stalled:
        return None
    since, longest = stalled[0]
    where = f"in {titled(longest.phase)}" if longest.phase else "without a phase"
    others = f", and {count(len(stalled) - 1, 'other')} stalled too" if len(stalled) > 1 else ""
    _, newest = stalled[-1]
    return Nudge(
        rule=NAME,
        kind=NudgeKind.ATTENTION,
        episode=f"{newest.id}.{newest.entered.seq if newest.entered else 0}",
        since=since,
        reason=f"{titled(longest.name)} has been {where} for {days(now - since)}, since {day(account, since)}{others}.",
        advice=advised(account, "find out what the next step waits for, and make it a task with a day and a name."),
        evidence=tuple(sorted(each.entered.seq for _, each in stalled if each.entered)),
        about=HistoryQuery(types=("onboarding", "task"), window=days_from(account, since)),
    )


def cleared(account: Account) -> str:
    if account.forgotten and any(each.entered is None for each in account.onboardings):
        return NOT_KEPT
    return "no onboarding is stalled" if account.onboardings else "there is no open onboarding any more"


def _entered(account: Account, each: OpenOnboarding) -> datetime:
    return account.since if each.entered is None else max(each.entered.at, account.since)


RULE: Final = rule(NAME, "Onboarding stalled", NudgeKind.ATTENTION, find, cleared)
