"""The contact that everything went through is gone, and there is no other."""

from datetime import datetime
from typing import Final

from store.domain.nudge import Account, Nudge, NudgeKind, Thresholds
from store.domain.query import HistoryQuery
from store.domain.rules.wording import NOT_KEPT, advised, day, days_from, rule

NAME: Final = "primary_contact_gone"


def find(account: Account, _: datetime, __: Thresholds) -> Nudge | None:
    """It does not say who: a contact that was erased is named nowhere."""
    gone = account.primary_gone
    if gone is None or account.has_primary:
        return None
    return Nudge(
        rule=NAME,
        kind=NudgeKind.RISK,
        episode=str(gone.seq),
        since=gone.at,
        reason=f"The primary contact has been gone since {day(account, gone.at)}, and there is no other.",
        advice=advised(account, "ask them who decides now, and make that person the primary contact."),
        evidence=(gone.seq,),
        about=HistoryQuery(types=("contact",), window=days_from(account, gone.at)),
    )


def cleared(account: Account) -> str:
    return "there is a primary contact again" if account.has_primary or not account.forgotten else NOT_KEPT


RULE: Final = rule(NAME, "Primary contact gone", NudgeKind.RISK, find, cleared)
