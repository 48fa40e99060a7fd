"""A customer moved to a smaller plan."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from store.domain.activity import Value
from store.domain.nudge import Account, Nudge, NudgeKind, Thresholds
from store.domain.query import HistoryQuery
from store.domain.rules.wording import NOT_KEPT, advised, day, days_from, rule, titled

NAME: Final = "plan_downgraded"
SEATS: Final = " × "
"""What Stripe's plans end in, where there is more than one of them: `Growth × 5`."""


def find(account: Account, _: datetime, thresholds: Thresholds) -> Nudge | None:
    """Plans that the settings do not list are neither larger nor smaller than others."""
    moved = account.plan_moved
    if moved is None:
        return None
    before, after = _size(moved.old, thresholds.plans), _size(account.plan, thresholds.plans)
    if before is None or after is None or after >= before:
        return None
    return Nudge(
        rule=NAME,
        kind=NudgeKind.RISK,
        episode=str(moved.seq),
        since=moved.at,
        reason=f"The plan went down from {titled(str(moved.old))} to {titled(str(account.plan))} on {day(account, moved.at)}.",
        advice=advised(account, "ask them what they no longer need, before the next renewal."),
        evidence=(moved.seq,),
        about=HistoryQuery(fields=("plan",), window=days_from(account, moved.at)),
    )


def cleared(account: Account) -> str:
    if account.plan_moved is None and account.forgotten:
        return NOT_KEPT
    return f"the plan is {titled(account.plan)} now" if account.plan else "there is no plan any more"


def _size(plan: Value, plans: Sequence[str]) -> int | None:
    if not isinstance(plan, str):
        return None
    names = [each.casefold() for each in plans]
    wanted = [plan.casefold(), plan.casefold().partition(SEATS)[0]]
    return next((names.index(name) for name in wanted if name in names), None)


RULE: Final = rule(NAME, "Plan downgraded", NudgeKind.RISK, find, cleared)
