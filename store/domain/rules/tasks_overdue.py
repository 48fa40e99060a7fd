"""Tasks should have been done by now."""

from datetime import datetime, timedelta
from typing import Final

from store.domain.activity import mention
from store.domain.nudge import Account, Nudge, NudgeKind, Thresholds
from store.domain.query import HistoryQuery, day_start
from store.domain.rules.wording import advised, count, rule, titled

NAME: Final = "tasks_overdue"


def find(account: Account, _: datetime, thresholds: Thresholds) -> Nudge | None:
    """One more that becomes overdue begins a new episode. What was due before Pi was switched on is left alone."""
    begun = account.since.astimezone(account.zone).date()
    overdue = [task for task in account.tasks if task.due >= begun and account.today - task.due >= thresholds.overdue]
    if not overdue:
        return None
    longest, newest = overdue[0], max(overdue, key=lambda task: (task.due, task.id))
    late = f"{titled(longest.title)} for {count((account.today - longest.due).days, 'day')}"
    several = f"{count(len(overdue), 'task')} are overdue: {late}" if len(overdue) > 1 else f"1 task is overdue: {late}"
    whose = f", assigned to {mention(longest.assignee)}" if longest.assignee else ""
    since = day_start(longest.due + timedelta(days=1), account.zone)
    return Nudge(
        rule=NAME,
        kind=NudgeKind.ATTENTION,
        episode=f"{newest.id}.{newest.due}",
        since=since,
        reason=f"{several}{whose}.",
        advice=advised(account, f"close {titled(longest.title)}, or agree on a new day with them and write it down."),
        evidence=tuple(sorted(task.created.seq for task in overdue if task.created)),
        about=HistoryQuery(types=("task",)),
    )


def cleared(account: Account) -> str:
    return "no task is overdue" if account.tasks else "there is no open task with a due day any more"


RULE: Final = rule(NAME, "Tasks overdue", NudgeKind.ATTENTION, find, cleared)
