"""A payment failed, and none has come in since.

source   the values of the field `payment`, as Stripe's events become them: `failed, attempt 2, 49.00 USD`, `paid 49.00 USD`
"""

import re
from datetime import datetime
from typing import Final

from store.domain.nudge import Account, Nudge, NudgeKind, Thresholds
from store.domain.query import HistoryQuery
from store.domain.rules.wording import NOT_KEPT, advised, day, days_from, rule

NAME: Final = "payment_failed"
AMOUNT: Final = r"-?[0-9][0-9.,]{0,30} [A-Z]{3}"
FAILED: Final = re.compile(rf"failed\b(?:, attempt ([0-9]{{1,4}}))?(?:, ({AMOUNT}))?.*", re.DOTALL)
PAID: Final = re.compile(rf"paid ({AMOUNT})")


def find(account: Account, _: datetime, __: Thresholds) -> Nudge | None:
    """Each attempt is an episode of its own: that one more has failed is news."""
    told = account.payment
    failed = FAILED.fullmatch(told.new) if told is not None and isinstance(told.new, str) else None
    if told is None or failed is None:
        return None
    attempt, amount = failed.groups()
    of = f" of {amount}" if amount else ""
    again = f", attempt {attempt}" if attempt and attempt != "1" else ""
    return Nudge(
        rule=NAME,
        kind=NudgeKind.RISK,
        episode=str(told.seq),
        since=told.at,
        reason=f"A payment{of} failed on {day(account, told.at)}{again}.",
        advice=advised(account, "tell their billing contact, and ask for a card or an account that works."),
        evidence=(told.seq,),
        about=HistoryQuery(fields=("payment",), window=days_from(account, told.at)),
    )


def cleared(account: Account) -> str:
    told = account.payment
    if told is None and account.forgotten:
        return NOT_KEPT
    paid = PAID.fullmatch(told.new) if told is not None and isinstance(told.new, str) else None
    if told is None or paid is None:
        return "no payment is failed any more"
    return f"{paid[1]} was paid on {day(account, told.at)}"


RULE: Final = rule(NAME, "Payment failed", NudgeKind.RISK, find, cleared)
